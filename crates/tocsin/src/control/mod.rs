//! Commands that look things up or change them: they ask the running process; where none runs they open the
//! folder.
//!
//! The process leaves its address and a token in the data folder, readable by its user alone.

mod answers; // what is asked, and the answers
mod door; // the running process's side
mod reasons; // why a signal was made
mod usual; // a brand's coming week
mod visit; // the command's side
mod words; // answers as text

pub(crate) use door::Door;
pub(crate) use visit::{baseline, explain, incidents, rejected};
