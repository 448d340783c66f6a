//! Folds signals into incidents, and says who must be told of them.
//!
//! In: the open incidents of a subject, a [`Signal`](tocsin_model::Signal) or a tick, the [`Plan`].
//! Out: the incident as it now is, and notices. What is already in changes nothing, and its notices are
//! made again under the same ids. Never: I/O, clocks, async, memory of its own.

mod fold; // an input to an incident
mod ids; // ids made from causes
mod incident; // how an incident opens, takes a signal, ends
mod plan; // what the operator can set
mod tell; // an incident to notices

pub use crate::fold::{Input, Told, due, fold};
pub use crate::plan::{Brands, Plan, Route};
