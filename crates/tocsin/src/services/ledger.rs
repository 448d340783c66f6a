//! Notices over Kafka: each outlet reads them in a group of its own, so one that is slow or away holds up nobody
//! else, and where it stands is where its group does.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tocsin_flow::{Fault, Ledger, Link as _, Outputs, Peer, Pending, Room, Stop, Undelivered};
use tocsin_kafka::{Brokers, Group, KafkaLink, Memory, Missing, Topic};
use tocsin_model::{Notice, NoticeId, Receipt};
use tokio::sync::{Mutex, Notify, mpsc};

/// How long a look for notices lasts.
const LOOK: Duration = Duration::from_millis(500);
/// An outlet that is new hears of what was told in so long a time before it came.
const NEWS: Duration = Duration::from_secs(3_600);

/// What one outlet has delivered.
pub(super) struct TopicLedger {
    pending: Mutex<mpsc::Receiver<Pending>>,
    settled: Arc<Notify>,
}

/// Hands out an outlet's notices, one after the other.
pub(super) struct Clerk {
    outlet: String,
    link: KafkaLink<Notice>,
    pending: mpsc::Sender<Pending>,
    settled: Arc<Notify>,
    room: Room,
}

/// An outlet's ledger, and who must [run](Clerk::run) for it.
///
/// # Errors
/// [`Fault::Misconfigured`] when the client does not take our settings.
pub(super) fn open(brokers: &Brokers, outlet: &str, room: Room) -> Result<(TopicLedger, Clerk), Fault> {
    let group = Group {
        name: format!("outlet-{outlet}"),
        topic: Topic::Notices,
        memory: Memory::Nothing,
        fences: None,
        missing: Missing::Latest(NEWS),
    };
    let link = KafkaLink::join(brokers, group, room.clone())?;
    let (sender, pending) = mpsc::channel(1);
    let settled = Arc::new(Notify::new());
    let ledger = TopicLedger { pending: Mutex::new(pending), settled: Arc::clone(&settled) };
    Ok((ledger, Clerk { outlet: outlet.to_owned(), link, pending: sender, settled, room }))
}

impl Clerk {
    /// Until `stop`. A notice that is being tried then comes again with the next start.
    ///
    /// # Errors
    /// [`Fault::Misconfigured`] only; everything else is waited for.
    pub(super) async fn run(mut self, stop: Stop) -> Result<(), Fault> {
        let mut delays = self.room.backoff.delays();
        while !stop.is_set() {
            match self.hand_out(&stop).await {
                Ok(()) => delays = self.room.backoff.delays(),
                Err(Fault::Unavailable { why, retry_after, .. }) => {
                    tracing::debug!(outlet = self.outlet, fault = %why, "notices wait");
                    self.link.abandon().await?;
                    let delay = retry_after.or_else(|| delays.next()).unwrap_or(LOOK);
                    tokio::select! {
                        () = self.room.clock.wait(delay) => {}
                        () = stop.wait() => {}
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// One notice: read, delivered or given up, committed.
    async fn hand_out(&mut self, stop: &Stop) -> Result<(), Fault> {
        let batch = self.link.fetch(1, LOOK).await?;
        let Some(to) = batch.next() else { return Ok(()) };
        let mut is_ours = false;
        for (_, notice) in
            batch.records.into_iter().filter(|(_, notice)| notice.outlet.as_str() == self.outlet)
        {
            is_ours = true;
            let pending = Pending { notice, attempts: 0 };
            if self.pending.send(pending).await.is_err() {
                // Nobody delivers any more.
                stop.wait().await;
                return Ok(());
            }
            tokio::select! {
                () = self.settled.notified() => {}
                () = stop.wait() => return Ok(()),
            }
        }
        self.link.advance(to, Outputs::default()).await?;
        if is_ours { self.link.settle().await } else { Ok(()) }
    }
}

impl Ledger for TopicLedger {
    fn next(&self) -> Pin<Box<dyn Future<Output = Result<Pending, Fault>> + Send + '_>> {
        Box::pin(async {
            let next = self.pending.lock().await.recv().await;
            next.ok_or_else(|| Fault::Unavailable {
                peer: Peer::Kafka,
                why: "notices are read no more".into(),
                retry_after: None,
            })
        })
    }

    fn delivered(&self, _: &NoticeId, _: &Receipt) -> Result<(), Fault> {
        self.settled.notify_one();
        Ok(())
    }

    fn failed(&self, _: &NoticeId, _: &Undelivered, last: bool) -> Result<(), Fault> {
        if last {
            self.settled.notify_one();
        }
        Ok(())
    }
}
