//! The promises of ARCHITECTURE.md as a test kit: each law runs against every carrier.
//!
//! In: a carrier that can be opened, used and crashed. Out: a panic that says which promise was broken.
//! Never in production: carriers have this as a dev-dependency only. [`Memory`] is the model that the
//! others are held against; it is slow and plain on purpose.

mod carrier; // what a law needs of a carrier
mod casebook; // I5
mod claims; // I2
mod dice; // chance from a seed
mod inlet; // I7
mod kin; // I3
mod link; // I1
mod memory; // the model
mod outlet; // I6
mod posts; // posts to test with
mod remote; // a state that is asked elsewhere
mod room; // a room without time
mod windows; // I4

pub use crate::carrier::{Carrier, settle};
pub use crate::dice::Dice;
pub use crate::inlet::{Doubtful, Sender, inlet};
pub use crate::kin::descent;
pub use crate::memory::{Memory, MemoryLink, MemoryState};
pub use crate::outlet::{Channel, outlet};
pub use crate::posts::{arrival, matched, post, source};
pub use crate::remote::{Remote, settle_there, there};
pub use crate::room::{patient_room, still_room};

/// Every law against one carrier, with chance drawn from each of the seeds.
pub fn all<C: Carrier>(fresh: impl Fn() -> C, seeds: std::ops::Range<u64>) {
    claims::all(&fresh);
    casebook::all(&fresh);
    link::all(&fresh);
    windows::sources_are_known_once_merged(&fresh);
    for seed in seeds {
        claims::any_crash_any_cut(&fresh, seed);
        kin::descent_is_the_pure_recursion(&fresh, seed);
        windows::each_position_counts_once(&fresh, seed);
        windows::a_history_is_the_hours_added_up(&fresh, seed);
    }
}
