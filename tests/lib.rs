//! Whole-system tests: what they share.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod carrier; // the embedded carrier as the laws need it
mod process; // the program, as a user runs it

pub use crate::carrier::Embedded;
pub use crate::process::{Server, data, free_port, program, seeds, soak};
