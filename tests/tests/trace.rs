//! What is done with a post is one trace, in one process or in five, and a collector gets it over OTLP.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;

use tocsin_tests::{Collector, LINES, Server, Servers, Span, Town, lines, now, post, until};

/// One post is enough to ring, so it goes the whole way.
const CONFIG: &str = "[[brand]]\nname = \"山岚茶饮\"\nquery = '山岚茶饮'\n\
    keyword = [{ words = [\"起火\"], severity = \"red\" }]\n[[inlet]]\nkind = \"http\"\n";

fn stage(span: &Span) -> Option<&str> {
    (span.name == "stage").then(|| span.attributes["stage"].as_str())
}

#[test]
fn the_way_of_a_post_through_one_process_is_one_trace_at_a_collector() {
    let collector = Collector::open();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("tocsin.toml");
    std::fs::write(&config, format!("{CONFIG}[trace]\notlp = \"{}\"\n", collector.url)).unwrap();
    let server = Server::start(&config, &folder.path().join("data"));
    let posts = lines(&[post("fire", "山岚茶饮门店起火了", now().millis())]);
    assert_eq!(server.connect().post("/v1/posts", LINES, &posts).unwrap().status, 202);
    server.has_read(1);
    until("it rings", || server.metric("tocsin_rings_total{severity=\"red\"}").filter(|rings| *rings == 1.0));
    // What waits is sent before the process ends.
    assert_eq!(server.stop(), Some(0));

    let spans = collector.spans();
    let batches: Vec<&Span> = spans.iter().filter(|span| span.name == "batch").collect();
    let [batch] = batches[..] else { panic!("one post is one batch: {spans:#?}") };
    assert_eq!((batch.trace.len(), batch.id.len(), batch.parent.as_slice()), (16, 8, &[][..]));
    assert_eq!((batch.attributes["records"].as_str(), batch.attributes["partition"].as_str()), ("1", "0"));

    let of_it: Vec<&Span> = spans.iter().filter(|span| span.trace == batch.trace).collect();
    let stages: BTreeSet<&str> = of_it.iter().filter_map(|span| stage(span)).collect();
    assert_eq!(stages, ["ingest", "notify", "score", "spike-detect", "tokenize"].into());
    let ids: BTreeSet<&[u8]> = of_it.iter().map(|span| span.id.as_slice()).collect();
    assert_eq!(ids.len(), of_it.len(), "each has an id of its own");
    for span in of_it.iter().filter(|span| span.id != batch.id) {
        assert!(ids.contains(span.parent.as_slice()), "part of something in the same trace: {span:?}");
    }
}

#[test]
fn the_way_of_a_post_through_five_services_is_one_trace() {
    let Some(servers) = Servers::shared(1) else { return };
    let collector = Collector::open();
    let config = format!("{CONFIG}[trace]\notlp = \"{}\"\n", collector.url);
    let town = Town::build(servers, "trace", 1, &config);
    let services =
        ["ingest", "tokenize", "score", "spike-detect", "notify"].map(|stage| town.run(stage, &[]));
    let posts = lines(&[post("fire", "山岚茶饮门店起火了", now().millis())]);
    until("it is taken", || {
        (services[0].connect().post("/v1/posts", LINES, &posts).unwrap().status == 202).then_some(())
    });
    let rings = || services[4].metric("tocsin_rings_total{severity=\"red\"}");
    until("it rings", || rings().filter(|rings| *rings == 1.0));
    for service in services {
        assert_eq!(service.stop(), Some(0));
    }

    let spans = collector.spans();
    // Each service has a batch, and ingest a second one of kin; all are part of the post as it was taken in. What is
    // done on a tick is nobody's.
    let batches: Vec<&Span> = spans.iter().filter(|span| span.name == "batch").collect();
    assert_eq!(batches.len(), 6, "{spans:#?}");
    let taken: BTreeSet<_> = batches.iter().map(|batch| (&batch.trace, &batch.parent)).collect();
    assert_eq!(taken.len(), 1, "{batches:#?}");
    let (trace, parent) = taken.first().unwrap();
    assert_eq!((trace.len(), parent.len()), (16, 8));
    let of_it = spans.iter().filter(|span| span.trace == **trace);
    let stages: BTreeSet<&str> = of_it.filter_map(stage).collect();
    assert_eq!(stages, ["ingest", "notify", "score", "spike-detect", "tokenize"].into());
}
