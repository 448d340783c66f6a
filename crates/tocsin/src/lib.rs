//! The binary's rooms: the command line, the config, and the wiring of stages, carrier, inlets and outlets.
//!
//! In: what was typed. Out: a running pipeline, or an answer.
//! Never: an opinion about a post. The whole-system tests use [`pipeline`]; everybody else uses the program.

mod cli; // the command line, and the commands that need no pipeline
mod config; // one TOML file, checked whole
mod control; // commands that look things up: here, or in the running process
mod demo; // an example stream through the real pipeline
mod dispatch; // from what was typed to the command that does it
mod house; // what every command that runs the pipeline needs
pub mod pipeline; // each stage and its seams
mod replay; // recorded posts with recorded time
mod serve; // the living process

pub use crate::dispatch::main;
