//! Who is ready, over three real brokers: whoever its group has let in, with or without partitions; and while no broker
//! can be reached, all but those that take posts in.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tocsin_tests::{LINES, Server, Servers, Town, lines, now, post, until};

const CONFIG: &str = "[[brand]]\nname = \"山岚茶饮\"\nquery = '山岚茶饮'\n[[inlet]]\nkind = \"http\"\n";

/// What `/readyz` says, and who is away by it.
fn ready(server: &Server) -> (u16, String) {
    let page = server.get("/readyz");
    (page.status, page.json()["away"].to_string())
}

/// Comes back when it is ready and misses nobody.
#[track_caller]
fn is_well(server: &Server) {
    until("it is ready, and nobody is away", || (ready(server) == (200, "[]".to_owned())).then_some(()));
}

/// How many partitions it has.
fn holds(server: &Server, group: &str) -> usize {
    let one = format!("tocsin_link_lag_records{{group=\"{group}\"");
    server.get("/metrics").text().lines().filter(|line| line.starts_with(&one)).count()
}

/// The number of the broker that leads the only partition of a topic.
fn leader(servers: &Servers, topic: &str) -> u16 {
    let client: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", servers.brokers()).create().unwrap();
    let metadata = client.fetch_metadata(Some(topic), Duration::from_secs(20)).unwrap();
    metadata.topics()[0].partitions()[0].leader().try_into().unwrap()
}

#[test]
fn without_partitions_one_is_ready_and_without_brokers_all_but_those_that_take_posts_in() {
    let Some(servers) = Servers::shared(3) else { return };
    let town = Town::build(servers, "ready", 1, CONFIG);
    let ingest = town.run("ingest", &[]);
    let old = town.run("score", &[]);
    is_well(&old);
    until("the only one has the only partition", || (holds(&old, "score") == 1).then_some(()));

    // More than there are partitions, as when a rolling update surges: ready at once, so the old one may go.
    let surging = [town.run("score", &[]), town.run("score", &[])];
    surging.iter().for_each(is_well);
    let idle = surging.iter().filter(|one| holds(one, "score") == 0).count();
    assert!(idle >= 1, "one partition for three");
    assert_eq!(old.stop(), Some(0));
    until("one of those that stay has it", || {
        (surging.iter().map(|one| holds(one, "score")).sum::<usize>() == 1).then_some(())
    });
    surging.iter().chain([&ingest]).for_each(is_well);

    // Two of three: nobody can choose another leader, but a broker answers. That is waited for.
    let leads = leader(servers, "ready.posts.raw");
    let (other, last) = (leads % 3 + 1, (leads + 1) % 3 + 1);
    servers.broker("kill", leads);
    servers.broker("kill", other);
    until("who is missed is named", || {
        let away = ready(&ingest).1;
        let names = [format!("\"kafka broker {leads}\""), "\"kafka leader of ready.posts.raw 0\"".to_owned()];
        names.iter().all(|name| away.contains(name)).then_some(())
    });
    assert_eq!(ready(&ingest).0, 200);
    let metric = format!("tocsin_peer_away{{peer=\"kafka broker {leads}\"}}");
    assert_eq!(ingest.metric(&metric), Some(1.0));

    // All of them.
    servers.broker("kill", last);
    until("it is said that nobody answers", || ready(&ingest).1.contains("\"kafka\"").then_some(()));
    until("the others say so, too", || {
        surging.iter().all(|one| ready(one).1.contains("\"kafka\"")).then_some(())
    });
    assert_eq!(ready(&ingest).0, 503, "posts cannot be kept now");
    assert_eq!(surging.each_ref().map(|one| ready(one).0), [200, 200], "they wait");
    for server in surging.iter().chain([&ingest]) {
        assert_eq!(server.get("/healthz").status, 200, "to start it again would help nobody");
    }
    // Each waits for the others before it is ready.
    std::thread::scope(|all| {
        (1..=3).for_each(|number| drop(all.spawn(move || servers.broker("restart", number))))
    });
    surging.iter().chain([&ingest]).for_each(is_well);
    assert_eq!(ingest.metric(&metric), Some(0.0));
    let posts = lines(&[post("after", "山岚茶饮", now().millis())]);
    until("posts are taken again", || {
        (ingest.connect().post("/v1/posts", LINES, &posts).unwrap().status == 202).then_some(())
    });
    ingest.has_read(1);
    for server in surging.into_iter().chain([ingest]) {
        assert_eq!(server.stop(), Some(0));
    }
}
