//! I1: advance is all or nothing, and records come in order until they are done.

use std::time::Duration;

use tocsin_flow::{Arrivals, Link, Outputs, RawRecord};

use crate::{Carrier, arrival, post, settle};

pub(crate) fn all<C: Carrier>(fresh: &impl Fn() -> C) {
    let posts: Vec<_> = (0..10).map(|i| arrival(&post(&i.to_string(), i))).collect();
    let sent: Vec<Vec<u8>> = posts.iter().map(|p| p.json.clone()).collect();
    let carrier = fresh();
    carrier.take(Arrivals { posts, ..Arrivals::default() });

    let carrier = carrier.crash();
    let mut link = carrier.link();
    let batch = settle(link.fetch(4, Duration::ZERO)).expect("a batch");
    assert_eq!(read(&batch.records), sent[..4], "I1: what was acknowledged is there, in order");
    drop(link);

    let carrier = carrier.crash();
    let mut link = carrier.link();
    let batch = settle(link.fetch(4, Duration::ZERO)).expect("a batch");
    assert_eq!(read(&batch.records), sent[..4], "I1: a crash before advance repeats the batch");
    settle(link.advance(batch.next().expect("four"), Outputs::default())).expect("advanced");
    drop(link);

    let carrier = carrier.crash();
    let mut link = carrier.link();
    let batch = settle(link.fetch(100, Duration::ZERO)).expect("a batch");
    assert_eq!(read(&batch.records), sent[4..], "I1: a crash after advance does not");
    settle(link.advance(batch.next().expect("six"), Outputs::default())).expect("advanced");
    assert_eq!(settle(link.fetch(100, Duration::ZERO)).expect("a batch").next(), None);
    assert_eq!(link.position().0, 10);
}

fn read(records: &[(tocsin_model::Position, RawRecord)]) -> Vec<Vec<u8>> {
    records.iter().map(|(_, record)| record.json.clone()).collect()
}
