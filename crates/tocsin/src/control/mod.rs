//! Commands that look things up or change them: they ask the running process; where none runs they open the
//! folder. With `[kafka]` and `[redis]` in the config they look into the topics and into Redis.
//!
//! The process leaves its address and a token in the data folder, readable by its user alone.

mod answers; // what is asked, and the answers
mod authors; // who matters to a brand
mod door; // the running process's side
mod reasons; // why a signal was made
mod records; // what answers are made of, from either carrier
mod usual; // a brand's coming week
mod visit; // the command's side
mod words; // answers as text

pub(crate) use door::Door;
pub(crate) use visit::{baseline, explain, incidents, rejected};
