//! What a process does with a post is one trace, and a collector gets it over OTLP.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;

use tocsin_tests::{Collector, LINES, Server, Span, lines, now, post, until};

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
