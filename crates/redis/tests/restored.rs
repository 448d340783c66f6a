//! The index of incidents is made again from where they were written.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(unreachable_pub, dead_code, reason = "modules that several tests share")]

mod carrier;
mod servers;

use carrier::{LawState, open};
use servers::Servers;
use tocsin_flow::Casebook;
use tocsin_laws::{Remote, settle, settle_there as there};
use tocsin_model::Incident;

const GOLDEN: &str = include_str!("../../wire/tests/golden/incident-v1.json");

fn golden(version: u64) -> Incident {
    let all: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    let incident = tocsin_wire::read_incident(all[0].to_string().as_bytes()).unwrap();
    Incident { version, ended_at: None, ..incident }
}

fn restore(state: &LawState, incidents: Vec<Incident>) {
    let state = state.0.clone();
    there(async move { state.restore(incidents).await.unwrap() });
}

#[test]
fn what_redis_forgot_is_put_back_and_what_it_has_later_stays() {
    let Some(servers) = Servers::start("start") else { return };
    let mut state = Remote::plain(open(&servers.one()).unwrap().state("signals"));
    let subject = golden(1).subject;
    assert_eq!(settle(state.recall(&subject)).unwrap(), []);
    restore(&state, vec![golden(3)]);
    assert_eq!(settle(state.recall(&subject)).unwrap(), [golden(3)]);
    assert_eq!(settle(state.open()).unwrap(), std::slice::from_ref(&subject));

    restore(&state, vec![golden(2)]);
    assert_eq!(settle(state.recall(&subject)).unwrap(), [golden(3)], "an older version changes nothing");

    let over = Incident { ended_at: Some(golden(4).opened_at), ..golden(4) };
    restore(&state, vec![over]);
    assert_eq!((settle(state.recall(&subject)).unwrap(), settle(state.open()).unwrap()), (vec![], vec![]));
}
