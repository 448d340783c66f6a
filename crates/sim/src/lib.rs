//! A world from a seed: posts, batches, clocks and crashes are drawn, the whole chain runs in one thread, and
//! somebody from outside recounts.
//!
//! In: a seed, a carrier, a way to make a step of its state. Out: the transcript of the run, or a panic that
//! names the seed. The same seed twice gives the same transcript.
//! Never in production.

mod fuse; // a crash between any two verbs
mod recount; // the plain reference
mod world; // what is drawn, and the run

pub use crate::fuse::Fused;
pub use crate::recount::{Recount, recount};
pub use crate::world::{Transcript, Watched, World};
