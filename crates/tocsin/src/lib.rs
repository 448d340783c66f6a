//! The binary's rooms: the command line, the config, and the wiring of stages, carrier, inlets and outlets.
//!
//! In: what was typed. Out: a running pipeline, or an answer.
//! Never: an opinion about a post. The whole-system tests use [`pipeline`] and [`Both`]; everybody else uses
//! the program.

mod backfill; // a brand's past from the posts that are kept
mod backtest; // what would have rung on what is recorded
mod cli; // the command line, and the commands that need no pipeline
mod config; // one TOML file, checked whole
mod control; // commands that look things up: here, or in the running process
mod demo; // an example stream through the real pipeline
mod dispatch; // from what was typed to the command that does it
mod drill; // a made-up crisis of one's own brand
mod house; // what every command that runs the pipeline needs
mod moving; // what is remembered, from one folder to another
pub mod pipeline; // each stage and its seams
mod replay; // recorded posts with recorded time
mod sandbox; // the pipeline in a place apart
mod serve; // the living process
mod servers; // commands about Kafka and Redis
mod services; // the stages over Kafka and Redis

pub use crate::dispatch::main;
pub use crate::services::Both;
