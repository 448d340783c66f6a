//! How posts come in: by HTTP, from files.
//!
//! In: what senders send and files hold. Out: [`Arrivals`](tocsin_flow::Arrivals) to the intake: posts that
//! `wire` has read once, and rejected records with their original bytes.
//! Never: an opinion about a post, an acknowledgement of what is not durable, a record dropped unseen.

pub mod file; // inlet `file`: JSON Lines and CSV, from paths, globs, folders, standard input
pub mod http; // inlet `http`: POST /v1/posts
mod kind; // what the config and its docs need to know of an inlet
pub mod records; // unpacking, lines, CSV rows: shared with a replay
#[cfg(test)]
mod rig; // an intake, a clock and meters in the hands of tests
mod tally; // what the meters are told of some arrivals

pub use crate::file::{FileConfig, FileInlet};
pub use crate::http::{HttpConfig, router};
pub use crate::kind::InletKind;

/// Every inlet. The list drives config, `--help` and docs: a new inlet is a folder and a line here.
pub const INLETS: &[InletKind] = &[http::KIND, file::KIND];
