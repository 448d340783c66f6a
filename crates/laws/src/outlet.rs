//! I6: an outlet never claims a delivery that did not happen, and what is sent again is the same notice.

use std::future::Future;

use tocsin_flow::{Outlet, Undelivered};
use tocsin_model::{ArrivalTime, News, Notice, NoticeId, OutletId};

use crate::Dice;
use crate::carrier::settle_with_network;
use crate::casebook::incident;

/// Notices that a law delivers.
const NOTICES: u64 = 6;
/// Tries of all of them; fewer than the least that a channel allows in a minute.
const TRIES: usize = 18;

/// A channel and who is at its other end, in the hands of a law.
pub trait Channel: Sized {
    /// A receiver that takes its first, second, … delivery or fails at it, as `takes` says.
    fn open(takes: Vec<bool>) -> impl Future<Output = Self>;
    /// Our end.
    fn outlet(&self) -> &dyn Outlet;
    /// What the receiver took, in order, as it came.
    fn taken(&self) -> Vec<String>;
}

/// Delivers notices one after the other, each until it is in: a delivery is claimed exactly when it happened, a
/// failure that may pass asks to be tried again, and the tries of one notice differ in no word of it.
pub fn outlet<C: Channel>(seed: u64) {
    let mut dice = Dice::new(seed);
    let takes: Vec<bool> = (0..TRIES).map(|_| !dice.one_in(3)).collect();
    settle_with_network(async {
        let channel = C::open(takes.clone()).await;
        let mut tries = takes.into_iter();
        let mut expected: Vec<String> = Vec::new();
        for n in 0..NOTICES {
            let notice = notice(n);
            // The last one may run out of tries; what was delivered before it has been looked at.
            for takes in tries.by_ref() {
                let claimed = channel.outlet().deliver(&notice).await;
                let taken = channel.taken();
                match (takes, claimed) {
                    (true, Ok(_)) => {
                        assert_eq!(
                            taken.len(),
                            expected.len() + 1,
                            "I6: claimed and not taken (seed {seed})"
                        );
                        assert_eq!(taken[..expected.len()], expected, "I6: seed {seed}");
                        expected = taken;
                        break;
                    }
                    (false, Err(Undelivered::Retry { .. })) => {
                        assert_eq!(taken, expected, "I6: what failed left something (seed {seed})");
                    }
                    (takes, claimed) => panic!("I6: taken {takes}, claimed {claimed:?} (seed {seed})"),
                }
            }
        }
    });
}

fn notice(n: u64) -> Notice {
    Notice {
        id: NoticeId::new(&format!("notice-{n}")).expect("a good id"),
        outlet: OutletId::new("law").expect("a good name"),
        at: ArrivalTime::from_millis(60_000),
        news: News::Shown,
        incident: Box::new(incident(&format!("incident-{n}"), 1)),
    }
}
