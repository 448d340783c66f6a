//! I7: nothing is acknowledged before it is durable; a full pipeline pushes back, and nothing is dropped.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tocsin_flow::{Arrivals, Fault, Intake, Peer};
use tokio::sync::Notify;

use crate::Dice;
use crate::carrier::settle_with_network;

/// Posts that a law sends.
const POSTS: usize = 40;
/// Lives of the process after which a law no longer believes that everything will get in.
const LIVES: usize = 1_000;

/// Whoever sends posts to an inlet, seen from outside.
pub trait Sender {
    /// Whether a post may come twice when the sender could not know that it was in.
    const REPEATS: bool;

    /// Offers these posts to the inlet, which hands them to `intake`, and comes back when the inlet has
    /// answered for them or `intake` has died: those of which the inlet said that they are in.
    fn send(&mut self, ids: &[String], intake: Arc<Doubtful>) -> impl Future<Output = Vec<String>>;
}

/// What is durable: it outlives every intake.
#[derive(Default)]
struct Durable {
    ids: Vec<String>,
    cursors: BTreeMap<String, Vec<u8>>,
}

/// An intake that keeps what it is given, or is full, or is away, or dies before or after it has kept it.
pub struct Doubtful {
    durable: Arc<Mutex<Durable>>,
    dice: Mutex<Dice>,
    death: Notify,
}

impl Doubtful {
    /// Comes back when the process is gone: whatever ran in it is to be dropped.
    pub async fn dies(&self) {
        self.death.notified().await;
    }

    fn keep(&self, arrivals: Arrivals) {
        let mut durable = self.durable.lock().expect("nobody panics here");
        let id = |json: &[u8], at| tocsin_wire::read_post(json, at).map(|post| post.id.as_str().to_owned());
        durable
            .ids
            .extend(arrivals.posts.iter().map(|p| id(&p.json, p.arrived).expect("I7: only posts go in")));
        durable.cursors.extend(arrivals.cursor.map(|cursor| (cursor.key, cursor.at)));
    }

    async fn die(&self) -> Result<(), Fault> {
        self.death.notify_one();
        std::future::pending().await
    }
}

impl Intake for Doubtful {
    fn take(&self, arrivals: Arrivals) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + '_>> {
        let fate = self.dice.lock().expect("nobody panics here").below(8);
        Box::pin(async move {
            let away = |peer, seconds| {
                let retry_after = Some(Duration::from_secs(seconds));
                Err(Fault::Unavailable { peer, why: "drawn by the dice".to_owned(), retry_after })
            };
            match fate {
                0 => away(Peer::Pipeline, 1),
                1 => away(Peer::Store, 2),
                2 => self.die().await,
                3 => {
                    self.keep(arrivals);
                    self.die().await
                }
                _ => {
                    self.keep(arrivals);
                    Ok(())
                }
            }
        })
    }

    fn cursor(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.durable.lock().expect("nobody panics here").cursors.get(key).cloned())
    }
}

/// Sends posts again and again, to one process after the other, until all are acknowledged: at no time is one
/// acknowledged that is not durable, and in the end each is in; once, unless its sender had to repeat it.
pub fn inlet<S: Sender>(mut sender: S, seed: u64) {
    let mut dice = Dice::new(seed);
    let all: Vec<String> = (0..POSTS).map(|n| n.to_string()).collect();
    let mut waiting = all.clone();
    let durable = Arc::new(Mutex::new(Durable::default()));
    for _life in 0..LIVES {
        let dice = Mutex::new(Dice::new(dice.roll()));
        let intake = Arc::new(Doubtful { durable: durable.clone(), dice, death: Notify::new() });
        let acknowledged = settle_with_network(sender.send(&waiting, intake));
        let kept = durable.lock().expect("nobody panics here").ids.clone();
        for id in acknowledged {
            assert!(kept.contains(&id), "I7: {id} was acknowledged and is not durable (seed {seed})");
            waiting.retain(|w| *w != id);
        }
        if waiting.is_empty() {
            let mut kept = kept;
            kept.sort_by_key(|id| all.iter().position(|a| a == id));
            if S::REPEATS {
                kept.dedup();
            }
            assert_eq!(kept, all, "I7: seed {seed}");
            return;
        }
    }
    panic!("I7: {} posts never got in (seed {seed})", waiting.len());
}
