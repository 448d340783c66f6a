//! The carrier on one machine: a durable log and all state in one embedded store.
//!
//! In: records from inlets, what a chain of stages was told. Out: the same chain's records in order, its
//! state, its notices. Log, claims, kin, windows and incidents change in one atomic commit a batch.
//! Never: an opinion about posts. What is acknowledged is synced; a notice goes out after the sync that
//! holds its cause.

mod casebook; // incidents, and what was signalled
mod claims; // which ids are known
mod forget; // what goes by age
mod kin; // who descends from whom
mod layout; // spaces, keys, the version of the folder
mod ledger; // which notices have been delivered
mod log; // posts in order
mod moving; // what is remembered, as rows that move
mod office; // what people look up and change
mod store; // the folder, opened
mod syncer; // one sync for all who wait
mod tx; // what was told since the last commit
mod windows; // the buckets

pub use crate::forget::Keep;
pub use crate::ledger::EmbeddedLedger;
pub use crate::log::{EmbeddedIntake, EmbeddedLink};
pub use crate::office::{Delivery, HourRow, Office};
pub use crate::store::{EmbeddedState, Store};
