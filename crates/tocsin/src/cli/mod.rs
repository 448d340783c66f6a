//! The command line: what was typed ([`args`]), then what each command does, a file each.
//!
//! In: arguments, files, standard input. Out: what the command promises, on standard output; an exit
//! code from [`Exit`].
//! Never: a decision about posts, a fault without a word on what to do.

pub(crate) mod analyze; // a text a line in, what it says out
pub(crate) mod args; // what was typed
pub(crate) mod brands; // a query tried on posts
pub(crate) mod completions; // for shells
pub(crate) mod config; // check, show, schema, example
pub(crate) mod eval; // what it gets right on labelled texts
pub(crate) mod exit; // how a command ended
pub(crate) mod model; // which model reads
pub(crate) mod ready; // whether a running process is
pub(crate) mod schema; // the shapes of what goes over topics
pub(crate) mod train; // a model from labelled texts
pub(crate) mod version; // what this is

pub(crate) use args::{Args, Command};
pub(crate) use exit::{Exit, Stop};

/// `1 ring`, `2 rings`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
