//! The only loop over batches: fetch, step, advance. New state, outputs and position go in together or
//! not at all; on any fault the step is abandoned and the same records come again.

use std::sync::Arc;
use std::time::Duration;

use tocsin_flow::{Batch, Fault, Link, Outputs, Room, Stop};
use tocsin_model::ArrivalTime;
use tracing::{Instrument as _, error, info_span, warn};

use crate::metrics::Metrics;
use crate::telemetry;

/// Records in one batch at most.
const BATCH_MAX: usize = 5_000;
/// How long a fetch waits for records.
const FETCH_WAIT: Duration = Duration::from_millis(500);
/// How often a step is called while nothing comes: the tick of ARCHITECTURE.md.
const TICK: Duration = Duration::from_secs(10);

/// What a chain of stages does with a batch, on the state seams that it holds.
pub trait Step: Send {
    /// What comes in.
    type Record: Send;

    /// Decides on a batch. State changes and outputs count with the link's next advance.
    ///
    /// # Errors
    /// A seam's fault: the batch is abandoned and comes again.
    fn step(&mut self, batch: Batch<Self::Record>) -> impl Future<Output = Result<Outputs, Fault>> + Send;

    /// Goes over a batch again that is committed, so that what was forgotten of it is remembered; see
    /// [`Link::rehearses`].
    ///
    /// # Errors
    /// As [`Step::step`].
    fn rehearse(&mut self, batch: Batch<Self::Record>) -> impl Future<Output = Result<(), Fault>> + Send {
        async move { self.step(batch).await.map(drop) }
    }

    /// Looks at what stands, while nothing comes.
    ///
    /// # Errors
    /// As [`Step::step`].
    fn tick(&mut self, now: ArrivalTime) -> impl Future<Output = Result<Outputs, Fault>> + Send;

    /// What was told since the last advance is forgotten: the step forgets what it knew of it.
    fn abandoned(&mut self);
}

/// Who says what time it is while nothing comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticks {
    /// The clock: live.
    Clock,
    /// Nobody: in a replay time goes on with the records only.
    Records,
}

/// Runs until `stop`, or until `drain` is set and there are no more records. The batch at hand is
/// finished and committed first.
///
/// # Errors
/// [`Fault::Misconfigured`] only; everything else is waited for.
pub async fn run<L, S>(
    mut link: L,
    mut step: S,
    ticks: Ticks,
    room: Room,
    metrics: Arc<Metrics>,
    stop: Stop,
    drain: Stop,
) -> Result<(), Fault>
where
    L: Link,
    S: Step<Record = L::Record>,
{
    let mut delays = room.backoff.delays();
    let mut ticked = room.clock.steady();
    while !stop.is_set() {
        let draining = drain.is_set();
        match once(&mut link, &mut step, ticks, &room, &metrics, &mut ticked, draining).await {
            Ok(Went::On) => delays = room.backoff.delays(),
            Ok(Went::Dry) if draining => return Ok(()),
            Ok(Went::Dry) => {}
            Err(Fault::Unavailable { peer, why, retry_after }) => {
                let delay = retry_after.or_else(|| delays.next()).unwrap_or(TICK);
                warn!(%peer, fault = %why, delay_seconds = delay.as_secs_f64(), "waiting for it to come back");
                metrics.retried(&peer.to_string());
                link.abandon().await?;
                step.abandoned();
                tokio::select! {
                    () = room.clock.wait(delay) => {}
                    () = stop.wait() => {}
                }
            }
            Err(fault @ Fault::Misconfigured { .. }) => {
                error!(%fault, "stopping: somebody has to change something");
                return Err(fault);
            }
        }
    }
    Ok(())
}

/// What one round came to.
enum Went {
    /// Records were done.
    On,
    /// There were none.
    Dry,
}

async fn once<L, S>(
    link: &mut L,
    step: &mut S,
    ticks: Ticks,
    room: &Room,
    metrics: &Metrics,
    ticked: &mut Duration,
    draining: bool,
) -> Result<Went, Fault>
where
    L: Link,
    S: Step<Record = L::Record>,
{
    let wait = if draining { Duration::ZERO } else { FETCH_WAIT };
    let batch = link.fetch(BATCH_MAX, wait).await?;
    let (to, outputs, went) = match batch.next() {
        Some(next) if link.rehearses() => {
            step.rehearse(batch).await?;
            (next, Outputs::default(), Went::On)
        }
        Some(next) => {
            let span = info_span!("batch", partition = batch.lane.0, records = batch.records.len());
            telemetry::joins(&span, link.traces());
            (next, step.step(batch).instrument(span).await?, Went::On)
        }
        None => {
            let due = room.clock.steady().saturating_sub(*ticked) >= TICK;
            if ticks == Ticks::Records || !due {
                return Ok(Went::Dry);
            }
            *ticked = room.clock.steady();
            (link.position(), step.tick(room.clock.now()).await?, Went::Dry)
        }
    };
    let started = room.clock.steady();
    link.advance(to, outputs).await?;
    metrics.committed(room.clock.steady().saturating_sub(started));
    Ok(went)
}
