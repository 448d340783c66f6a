//! An intake, a clock and meters in the hands of tests. Nothing here waits for real time.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tocsin_flow::{Arrivals, Backoff, Clock, Fault, Intake, Meters, Peer, Room, Stop, StopSource};
use tocsin_model::{ArrivalTime, Reason, SourceId};
use tokio::sync::watch;

/// 2026-01-05T00:00:00Z.
pub(crate) const START_MILLIS: i64 = 1_767_571_200_000;

/// One post as a line of JSON.
pub(crate) fn post(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","source":"weibo","text":"难喝 {id}","created_at":"2026-01-05T08:00:04+08:00","author":{{"id":"a"}}}}"#
    )
}

/// Keeps what it is given, unless it was told to refuse.
pub(crate) struct Kept {
    all: watch::Sender<Vec<Arrivals>>,
    refusals: Mutex<VecDeque<Fault>>,
    tries: watch::Sender<usize>,
    cursors: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Kept {
    pub(crate) fn new() -> Arc<Kept> {
        Arc::new(Kept {
            all: watch::Sender::new(Vec::new()),
            refusals: Mutex::default(),
            tries: watch::Sender::new(0),
            cursors: Mutex::default(),
        })
    }

    pub(crate) fn refuse(&self, peer: Peer, retry_after: Option<Duration>) {
        let fault = Fault::Unavailable { peer, why: "told so".to_owned(), retry_after };
        self.refusals.lock().unwrap().push_back(fault);
    }

    pub(crate) fn all(&self) -> Vec<Arrivals> {
        self.all.borrow().clone()
    }

    /// The ids of all posts in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        ids(&self.all.borrow())
    }

    /// Each rejected record: where it came from, why, and its bytes.
    pub(crate) fn rejected(&self) -> Vec<String> {
        let all = self.all.borrow();
        let rejected = all.iter().flat_map(|a| &a.rejected);
        rejected
            .map(|r| format!("{}: {}: {}", r.origin, r.reason, String::from_utf8_lossy(&r.bytes)))
            .collect()
    }

    pub(crate) async fn tried(&self, times: usize) {
        self.tries.subscribe().wait_for(|tries| *tries >= times).await.unwrap();
    }

    /// Until so many records are in.
    pub(crate) async fn reaches(&self, records: usize) {
        let count = |all: &Vec<Arrivals>| all.iter().map(|a| a.posts.len() + a.rejected.len()).sum::<usize>();
        self.all.subscribe().wait_for(|all| count(all) >= records).await.unwrap();
    }
}

fn ids(all: &[Arrivals]) -> Vec<String> {
    let posts = all.iter().flat_map(|a| &a.posts);
    posts.map(|p| tocsin_wire::read_post(&p.json, p.arrived).unwrap().id.as_str().to_owned()).collect()
}

impl Intake for Kept {
    fn take(&self, arrivals: Arrivals) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + '_>> {
        Box::pin(async move {
            self.tries.send_modify(|tries| *tries += 1);
            if let Some(fault) = self.refusals.lock().unwrap().pop_front() {
                return Err(fault);
            }
            if let Some(cursor) = &arrivals.cursor {
                self.cursors.lock().unwrap().insert(cursor.key.clone(), cursor.at.clone());
            }
            self.all.send_modify(|all| all.push(arrivals));
            Ok(())
        })
    }

    fn cursor(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.cursors.lock().unwrap().get(key).cloned())
    }
}

/// Stands still until it is moved.
pub(crate) struct HandClock {
    now: watch::Sender<i64>,
    /// How many waits are going on, and how many there ever were.
    waits: watch::Sender<(usize, u64)>,
}

impl HandClock {
    pub(crate) fn new() -> Arc<HandClock> {
        Arc::new(HandClock { now: watch::Sender::new(START_MILLIS), waits: watch::Sender::new((0, 0)) })
    }

    /// Moves on as soon as somebody waits; how many waits there had been by then.
    pub(crate) async fn pass(&self, seconds: i64) -> u64 {
        let before = self.waits.subscribe().wait_for(|(going, _)| *going > 0).await.unwrap().1;
        self.now.send_modify(|now| *now += seconds * 1_000);
        before
    }

    /// Moves on by 10 s as soon as somebody waits, and comes back when somebody waits again.
    pub(crate) async fn tick(&self) {
        let before = self.pass(10).await;
        let mut waits = self.waits.subscribe();
        waits.wait_for(|(going, ever)| *going > 0 && *ever > before).await.unwrap();
    }

    /// Until so many records are in.
    pub(crate) async fn tick_until(&self, kept: &Kept, records: usize) {
        loop {
            tokio::select! {
                biased;
                () = kept.reaches(records) => return,
                () = self.tick() => {}
            }
        }
    }
}

impl Clock for HandClock {
    fn now(&self) -> ArrivalTime {
        ArrivalTime::from_millis(*self.now.borrow())
    }

    fn steady(&self) -> Duration {
        Duration::from_millis((*self.now.borrow() - START_MILLIS) as u64)
    }

    fn wait(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        struct Going<'a>(&'a HandClock);
        impl Drop for Going<'_> {
            fn drop(&mut self) {
                self.0.waits.send_modify(|(going, _)| *going -= 1);
            }
        }
        let due = *self.now.borrow() + span.as_millis() as i64;
        Box::pin(async move {
            self.waits.send_modify(|(going, ever)| (*going, *ever) = (*going + 1, *ever + 1));
            let _going = Going(self);
            self.now.subscribe().wait_for(|now| *now >= due).await.unwrap();
        })
    }
}

/// One second, for ever.
struct Seconds;

impl Backoff for Seconds {
    fn delays(&self) -> Box<dyn Iterator<Item = Duration> + Send> {
        Box::new(std::iter::repeat(Duration::from_secs(1)))
    }
}

/// Writes down what it is told.
#[derive(Default)]
pub(crate) struct Notes(Mutex<Vec<String>>);

impl Notes {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().join(", ")
    }
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Meters for Notes {
    fn posts_received(&self, inlet: &str, source: &SourceId, posts: u64) {
        self.note(format!("{inlet} received {posts} of {source}"));
    }
    fn record_rejected(&self, inlet: &str, reason: &Reason) {
        self.note(format!("{inlet} rejected {}", reason.name()));
    }
    fn pushed_back(&self, inlet: &str) {
        self.note(format!("{inlet} pushed back"));
    }
    fn synced(&self, _took: Duration, _waiting: usize) {}
    fn delivery_tried(&self, _outlet: &str, _outcome: &'static str, _took: Duration) {}
    fn peer_away(&self, _peer: &str, _away: bool) {}
}

/// Tells to stop when the test does.
pub(crate) struct Halt(watch::Sender<bool>);

impl Halt {
    pub(crate) fn now(&self) {
        self.0.send_replace(true);
    }
}

impl StopSource for Halt {
    fn is_set(&self) -> bool {
        *self.0.borrow()
    }
    fn wait(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            self.0.subscribe().wait_for(|set| *set).await.unwrap();
        })
    }
}

/// All of it, at rest.
pub(crate) struct Rig {
    pub(crate) kept: Arc<Kept>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) notes: Arc<Notes>,
    pub(crate) halt: Arc<Halt>,
}

impl Rig {
    pub(crate) fn new() -> Rig {
        Rig {
            kept: Kept::new(),
            clock: HandClock::new(),
            notes: Arc::default(),
            halt: Arc::new(Halt(watch::Sender::new(false))),
        }
    }

    pub(crate) fn room(&self) -> Room {
        Room { clock: self.clock.clone(), backoff: Arc::new(Seconds), meters: self.notes.clone() }
    }

    pub(crate) fn stop(&self) -> Stop {
        Stop::new(self.halt.clone())
    }
}
