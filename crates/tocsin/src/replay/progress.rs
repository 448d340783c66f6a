//! The line that moves: posts a second, and how far recorded time is. On a terminal only.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use tocsin_model::ArrivalTime;

/// How often the recorded time is written anew: every so many posts.
const EVERY: u64 = 512;

/// A progress bar on standard error.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// For so many posts.
    pub(crate) fn new(posts: u64) -> Progress {
        if !std::io::stderr().is_terminal() {
            return Progress { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::new(posts);
        let shape = "{bar:30} {human_pos}/{human_len} posts  {per_sec}  {msg}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(shape) {
            bar.set_style(style);
        }
        Progress { bar }
    }
    /// One more was handed in.
    pub(crate) fn entry(&self, at: ArrivalTime) {
        self.bar.inc(1);
        if self.bar.position() % EVERY == 1 {
            self.bar.set_message(tocsin_wire::rfc3339(at.millis()));
        }
    }
    /// All are handed in; the chain finishes.
    pub(crate) fn reading_ends(&self) {
        self.bar.set_message("finishing");
    }
    /// Takes the line away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
