//! Records into arrivals, and arrivals into the intake: again and again until it takes them.

use tocsin_flow::{Arrivals, Cursor, Fault, Intake, Peer, Room, Stop};

use crate::records::RawRecord;
use crate::tally::Tally;

/// How handing in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handed {
    /// All of it is durable.
    In,
    /// It was time to stop before the intake had room: nothing was taken.
    Stopped,
}

/// Reads records that arrive now.
pub(super) fn arrivals(records: Vec<RawRecord>, path: &str, room: &Room, cursor: Option<Cursor>) -> Arrivals {
    let now = room.clock.now();
    let mut arrivals = Arrivals { cursor, ..Arrivals::default() };
    for record in records {
        let line = record.line;
        match record.arrive(now, || format!("file {path} line {line}")) {
            Ok(post) => arrivals.posts.push(post),
            Err(rejected) => arrivals.rejected.push(rejected),
        }
    }
    arrivals
}

/// Hands in, waiting for room as long as it takes. Records are tried at least once, also when it is time to
/// stop: standard input cannot give them a second time.
pub(super) async fn hand_in(
    arrivals: Arrivals,
    inlet: &str,
    intake: &dyn Intake,
    room: &Room,
    stop: &Stop,
) -> Result<Handed, Fault> {
    let tally = Tally::of(&arrivals);
    let mut delays = room.backoff.delays();
    loop {
        let fault = match intake.take(arrivals.clone()).await {
            Ok(()) => {
                tally.tell(&*room.meters, inlet);
                return Ok(Handed::In);
            }
            Err(fault) => fault,
        };
        let Fault::Unavailable { peer, retry_after, .. } = &fault else { return Err(fault) };
        room.meters.pushed_back(inlet);
        if *peer != Peer::Pipeline {
            tracing::warn!(inlet, %fault, "posts not taken; trying again");
        }
        let delay = retry_after.or_else(|| delays.next()).unwrap_or_default();
        tokio::select! {
            () = stop.wait() => return Ok(Handed::Stopped),
            () = room.clock.wait(delay) => {}
        }
    }
}
