//! Services, brokers and Redis die under load, one after the other in an order drawn from a seed: the counts are those
//! of one process that nothing happened to, and a notice that comes twice has the same id.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use serde_json::Value;
use tocsin_flow::Clock as _;
use tocsin_laws::Dice;
use tocsin_runtime::WallClock;
use tocsin_tests::{Desk, SECRET, Server, Servers, Town, program, said, seeds, stream, until};

/// How many posts a primary counts ahead of its replica, ...
const AHEAD: f64 = 500.0;
/// ... within what Redis may forget: what it has had for ten seconds is taken for safe.
const AHEAD_AT_MOST: Duration = Duration::from_secs(4);
const STAGES: [&str; 5] = ["ingest", "tokenize", "score", "spike-detect", "notify"];

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// SIGKILL of a service, and a new one.
    Service(usize),
    /// A service stands still until others have its partitions, then goes on as if nothing had been.
    Zombie(usize),
    /// SIGKILL of a broker, and the same again.
    Broker(u16),
    /// A broker stands still until the others strike it from their list, then goes on.
    Struck(u16),
    /// SIGKILL of Redis, which has lost its last seconds when it is there again.
    Redis(u64),
    /// SIGKILL of a primary of a Cluster, ahead of its replica, which takes over.
    Primary(usize),
}

/// All of them over one Redis, shuffled.
fn blows(seed: u64) -> Vec<Blow> {
    let mut dice = Dice::new(seed);
    let mut blows: Vec<Blow> = (0..STAGES.len()).map(Blow::Service).collect();
    blows.push(Blow::Zombie(dice.below(4) as usize));
    blows.push(Blow::Broker(1 + dice.below(3) as u16));
    blows.push(Blow::Struck(1 + dice.below(3) as u16));
    blows.extend([1, 2, 5].map(Blow::Redis));
    shuffled(blows, dice)
}

/// Those over a Cluster: what remembers there dies, too.
fn blows_on_a_cluster(seed: u64) -> Vec<Blow> {
    let services = ["ingest", "spike-detect", "notify"];
    let stage = |name: &str| STAGES.iter().position(|stage| *stage == name).unwrap();
    let blows = services.map(|name| Blow::Service(stage(name))).into_iter().chain((0..3).map(Blow::Primary));
    shuffled(blows.collect(), Dice::new(seed))
}

fn shuffled(mut blows: Vec<Blow>, mut dice: Dice) -> Vec<Blow> {
    for i in (1..blows.len()).rev() {
        blows.swap(i, dice.below(i as u64 + 1) as usize);
    }
    blows
}

/// Comes back when the brokers do not list one of theirs.
fn is_struck(servers: &Servers, number: u16) {
    let client: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", servers.brokers()).create().unwrap();
    until("the others strike it from their list", || {
        let listed = client.fetch_metadata(None, Duration::from_secs(5)).ok()?;
        listed.brokers().iter().all(|broker| broker.id() != i32::from(number)).then_some(())
    });
}

/// A primary's replica dies, the primary goes on alone for a while and dies as well, and the replica comes back and takes
/// over with what it had.
fn is_overtaken(servers: &Servers, number: usize, counts: &Server) {
    let told = |port: u16| servers.of_cluster("cli", port, &["info", "replication"]);
    let is_primary = |port: &u16| told(*port).contains("role:master");
    let primary = servers.cluster().filter(is_primary).nth(number).unwrap();
    let replica = until("the primary has a replica", || {
        let told = told(primary);
        let place = told.lines().find(|line| line.starts_with("slave0:") && line.contains("state=online"))?;
        place.split_once("port=")?.1.split(',').next()?.parse().ok()
    });
    servers.of_cluster("kill", replica, &[]);
    let before = has_read(counts, "spike-detect");
    let clock = WallClock::new();
    while has_read(counts, "spike-detect") < before + AHEAD && clock.steady() < AHEAD_AT_MOST {}
    servers.of_cluster("kill", primary, &[]);
    servers.of_cluster("restart", replica, &[]);
    until("the replica has taken over", || is_primary(&replica).then_some(()));
    servers.of_cluster("restart", primary, &[]);
}

fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

/// How many records a service has read.
fn has_read(service: &Server, stage: &str) -> f64 {
    service.metric(&format!("tocsin_stage_records_in_total{{stage=\"{stage}\"}}")).unwrap_or(0.0)
}

/// Whatever dies, nobody else ends.
#[track_caller]
fn all_live(services: &mut [Server]) {
    let stages = STAGES.into_iter().zip(services);
    let ended: Vec<&str> = stages.filter_map(|(stage, s)| s.has_ended().then_some(stage)).collect();
    assert!(ended.is_empty(), "ended by themselves: {ended:?}");
}

impl Blow {
    fn strike(self, town: &Town, services: &mut [Server]) {
        let run = |stage: usize| town.run(STAGES[stage], &["--recorded-time"]);
        match self {
            Blow::Service(stage) => std::mem::replace(&mut services[stage], run(stage)).kill(),
            Blow::Zombie(stage) => {
                let other = run(stage);
                let pid = services[stage].pid();
                signal(pid, "-STOP");
                until("the other has all partitions", || {
                    let page = other.get("/metrics").text();
                    let group = format!("tocsin_link_lag_records{{group=\"{}\"", STAGES[stage]);
                    (page.lines().filter(|line| line.starts_with(&group)).count() == 6).then_some(())
                });
                signal(pid, "-CONT");
                assert_eq!(std::mem::replace(&mut services[stage], other).stop(), Some(0));
            }
            Blow::Broker(number) => {
                town.servers().broker("kill", number);
                town.servers().broker("restart", number);
            }
            Blow::Struck(number) => {
                town.servers().broker("pause", number);
                is_struck(town.servers(), number);
                town.servers().broker("resume", number);
            }
            Blow::Redis(seconds) => {
                town.servers().redis("kill", &[]);
                town.servers().redis("cut", &[&seconds.to_string()]);
                town.servers().redis("restart", &[]);
            }
            Blow::Primary(number) => is_overtaken(town.servers(), number, &services[3]),
        }
    }
}

#[test]
fn whatever_dies_under_load_the_counts_are_those_of_an_undisturbed_process() {
    let Some(servers) = Servers::shared(3) else { return };
    for seed in seeds(1) {
        survives(seed, &blows(seed), |config| Town::build(servers, &format!("kill-{seed}"), 6, config));
    }
}

#[test]
fn primaries_that_die_ahead_of_their_replicas_change_no_count() {
    let Some(servers) = Servers::shared(3) else { return };
    for seed in seeds(1) {
        let town = |config: &str| Town::over_cluster(servers, &format!("overtaken-{seed}"), 6, config);
        survives(seed, &blows_on_a_cluster(seed), town);
    }
}

/// The same is counted and told as if nothing had happened.
fn survives(seed: u64, blows: &[Blow], town: impl FnOnce(&str) -> Town) {
    let folder = tempfile::tempdir().unwrap();
    let Some((posts, brand)) = stream(&folder, "crisis_fast", seed, 20) else { return };
    let desk = Desk::open();
    let outlet = format!(
        "[[outlet]]\nkind = \"webhook\"\nname = \"desk\"\nurl = \"{}\"\nsecrets = [\"{SECRET}\"]\n",
        desk.url
    );
    let town = town(&(brand.config() + &outlet));
    let mut services: Vec<Server> =
        STAGES.iter().map(|stage| town.run(stage, &["--recorded-time"])).collect();
    let mut replay = program();
    replay.arg("replay").arg(&posts).arg("--config").arg(town.config());
    replay.args(["--carrier", "kafka", "--speed", "15000", "--counts"]).arg(town.file("kafka.jsonl"));
    let mut replay = replay.stdout(Stdio::null()).spawn().unwrap();
    let clock = WallClock::new();
    for &blow in blows {
        let at = clock.steady();
        blow.strike(&town, &mut services);
        println!("seed {seed}: {blow:?} took {:?}", clock.steady() - at);
        // It goes on, before the next.
        let before = has_read(&services[0], "ingest");
        until("posts are read again", || {
            all_live(&mut services);
            let is_over = replay.try_wait().unwrap().is_some();
            (is_over || has_read(&services[0], "ingest") > before).then_some(())
        });
    }
    let ended = loop {
        all_live(&mut services);
        // The answer sets the pace.
        has_read(&services[0], "ingest");
        if let Some(ended) = replay.try_wait().unwrap() {
            break ended;
        }
    };
    assert!(ended.success(), "seed {seed}: the replay through the services");

    let counts = town.file("embedded.jsonl");
    let mut undisturbed = program();
    undisturbed.arg("replay").arg(&posts).arg("--config").arg(town.config()).arg("--counts").arg(&counts);
    said(&mut undisturbed);
    let read = |name: &str| std::fs::read_to_string(town.file(name)).unwrap();
    assert_eq!(read("kafka.jsonl"), read("embedded.jsonl"), "seed {seed}");

    for service in services {
        assert_eq!(service.stop(), Some(0), "seed {seed}");
    }
    let mut bodies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let calls = desk.all();
    for call in &calls {
        let notice: Value = serde_json::from_slice(&call.body).unwrap();
        let what = format!("{} {} {}", notice["incident"]["id"], notice["news"], notice["ring"]);
        bodies.entry(call.id.clone()).or_default().insert(what);
    }
    assert!(bodies.values().all(|what| what.len() == 1), "seed {seed}: one id, one notice: {bodies:?}");
    // The desk refuses its first call; notify is killed once and stands still at most once.
    assert!(calls.len() <= bodies.len() + 3, "seed {seed}: {} calls, {} notices", calls.len(), bodies.len());
    assert!(!bodies.is_empty(), "seed {seed}: somebody was told");
}
