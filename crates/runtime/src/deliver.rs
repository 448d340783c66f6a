//! The only loop over notices: each outlet has a queue of its own, so one that is slow or away holds up
//! nobody else; a notice is tried until it is delivered, given up by its receiver, or the process stops.

use std::collections::HashMap;
use std::sync::Arc;

use tocsin_flow::{Fault, Ledger, Outlet, Pending, Room, Stop, Undelivered};
use tocsin_model::OutletId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

/// Notices in one outlet's queue at most; the rest waits in the ledger.
const QUEUE_MAX: usize = 1_024;
/// How long to wait for the operator before the next try.
const OPERATOR: std::time::Duration = std::time::Duration::from_secs(300);

/// Delivers until `stop`; what is being tried is let go and comes again with the next start.
///
/// # Errors
/// When the ledger holds what cannot be read; one that is away is waited for.
pub async fn deliver(
    ledger: Arc<dyn Ledger>,
    outlets: Vec<Arc<dyn Outlet>>,
    room: Room,
    stop: Stop,
) -> Result<(), Fault> {
    let mut queues = HashMap::new();
    let mut workers = JoinSet::new();
    for outlet in outlets {
        let (queue, inbox) = mpsc::channel(QUEUE_MAX);
        queues.insert(outlet.name().to_owned(), queue);
        workers.spawn(work(outlet, inbox, Arc::clone(&ledger), room.clone(), stop.clone()));
    }
    let outcome = hand_out(ledger.as_ref(), &queues, &room, &stop).await;
    drop(queues);
    workers.abort_all();
    outcome
}

async fn hand_out(
    ledger: &dyn Ledger,
    queues: &HashMap<String, mpsc::Sender<Pending>>,
    room: &Room,
    stop: &Stop,
) -> Result<(), Fault> {
    let mut delays = room.backoff.delays();
    loop {
        let next = tokio::select! {
            next = ledger.next() => next,
            () = stop.wait() => return Ok(()),
        };
        let pending = match next {
            Ok(pending) => pending,
            Err(Fault::Unavailable { peer, why, .. }) => {
                warn!(%peer, fault = %why, "notices wait for it to come back");
                tokio::select! {
                    () = room.clock.wait(delays.next().unwrap_or(OPERATOR)) => continue,
                    () = stop.wait() => return Ok(()),
                }
            }
            Err(fault) => return Err(fault),
        };
        delays = room.backoff.delays();
        match queues.get(pending.notice.outlet.as_str()) {
            Some(queue) => {
                tokio::select! {
                    sent = queue.send(pending) => if sent.is_err() { return Ok(()) },
                    () = stop.wait() => return Ok(()),
                }
            }
            None => {
                let outlet: &OutletId = &pending.notice.outlet;
                warn!(%outlet, notice = %pending.notice.id, "given up: the config has no such outlet any more");
                let why = Undelivered::GiveUp { why: "the config has no such outlet any more".into() };
                ledger.failed(&pending.notice.id, &why, true)?;
            }
        }
    }
}

async fn work(
    outlet: Arc<dyn Outlet>,
    mut inbox: mpsc::Receiver<Pending>,
    ledger: Arc<dyn Ledger>,
    room: Room,
    stop: Stop,
) {
    while let Some(pending) = inbox.recv().await {
        if let Err(fault) = settle(outlet.as_ref(), &pending, ledger.as_ref(), &room, &stop).await {
            error!(outlet = outlet.name(), %fault, "the ledger cannot be written; the notice comes again");
        }
    }
}

/// Tries one notice until it is settled.
async fn settle(
    outlet: &dyn Outlet,
    pending: &Pending,
    ledger: &dyn Ledger,
    room: &Room,
    stop: &Stop,
) -> Result<(), Fault> {
    let id = &pending.notice.id;
    let mut delays = room.backoff.delays();
    let mut attempt = pending.attempts;
    loop {
        attempt += 1;
        let started = room.clock.steady();
        let outcome = outlet.deliver(&pending.notice).await;
        let took = room.clock.steady().saturating_sub(started);
        room.meters.delivery_tried(outlet.name(), name_of(&outcome), took);
        let why = match outcome {
            Ok(receipt) => {
                info!(outlet = outlet.name(), notice = %id, attempt, "notice delivered");
                return ledger.delivered(id, &receipt);
            }
            Err(why) => why,
        };
        let last = matches!(why, Undelivered::GiveUp { .. });
        warn!(outlet = outlet.name(), notice = %id, attempt, fault = %why, "notice delayed");
        ledger.failed(id, &why, last)?;
        if last {
            return Ok(());
        }
        let delay = delay_after(&why, delays.as_mut());
        tokio::select! {
            () = room.clock.wait(delay) => {}
            () = stop.wait() => return Ok(()),
        }
    }
}

fn delay_after(
    why: &Undelivered,
    delays: &mut (dyn Iterator<Item = std::time::Duration> + Send),
) -> std::time::Duration {
    match why {
        Undelivered::Retry { after: Some(after), .. } => *after,
        Undelivered::Retry { after: None, .. } => delays.next().unwrap_or(OPERATOR),
        Undelivered::Misconfigured { .. } | Undelivered::GiveUp { .. } => OPERATOR,
    }
}

fn name_of(outcome: &Result<tocsin_model::Receipt, Undelivered>) -> &'static str {
    match outcome {
        Ok(_) => "delivered",
        Err(Undelivered::Retry { .. }) => "retry",
        Err(Undelivered::GiveUp { .. }) => "given_up",
        Err(Undelivered::Misconfigured { .. }) => "misconfigured",
    }
}
