//! The seams: what a carrier, an inlet, an outlet promises, and the faults they share.
//!
//! In: nothing. Out: traits (async), each with its promise; `laws` holds every implementation against them.
//! Never: anything that runs. Clock, backoff and meters are traits, too: runtime hands them in.

mod fault; // who must act
mod inlet; // posts come in
mod link; // records reach a stage and leave it
mod outlet; // notices go out
mod room; // what runtime hands in: clock, backoff, meters
mod state; // claims, kin, windows, casebook
mod trace; // which trace a record is part of

pub use crate::fault::{Fault, Peer};
pub use crate::inlet::{Arrival, Arrivals, Cursor, Inlet, Intake};
pub use crate::link::{Batch, Link, Outputs, RawRecord};
pub use crate::outlet::{Ledger, Outlet, Pending, Undelivered};
pub use crate::room::{Backoff, Clock, Meters, Room, Stop, StopSource};
pub use crate::state::{Casebook, Claims, Kept, Kin, Offer, Windows};
pub use crate::trace::Trace;
