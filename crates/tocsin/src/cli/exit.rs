//! How a command ended, for scripts and for people.

use std::fmt;
use std::process::ExitCode;

use crate::config::Faults;

/// How a command ended. The numbers are a contract; `tocsin --help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it says.
    Done = 0,
    /// Something went wrong on the way.
    Failed = 1,
    /// The command line, the config or a query is not right: nothing was done.
    Usage = 2,
    /// The data folder can't be had: another process uses it, or it is of another version.
    Occupied = 3,
    /// A drill's crisis was missed, or something else was called one.
    Missed = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// The same for people: the end of `tocsin --help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  it did what it says
  1  something went wrong on the way
  2  the command line, the config or a query is not right: nothing was done
  3  the data folder can't be had: another process uses it, or it is of another version
  4  a drill: its crisis was missed, or what is none was called one";

/// Why a command stopped: its last words on standard error, and the exit code.
#[derive(Debug)]
pub(crate) struct Stop {
    /// How it ended.
    pub(crate) exit: Exit,
    /// What went wrong, where, and what to do.
    pub(crate) words: String,
}

impl Stop {
    /// Something went wrong on the way.
    pub(crate) fn failed(words: impl fmt::Display) -> Stop {
        Stop { exit: Exit::Failed, words: words.to_string() }
    }
    /// What was asked is not right.
    pub(crate) fn usage(words: impl fmt::Display) -> Stop {
        Stop { exit: Exit::Usage, words: words.to_string() }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Stop {}

impl From<Faults> for Stop {
    fn from(faults: Faults) -> Stop {
        let count = match faults.count() {
            1 => "1 fault in the config".to_owned(),
            n => format!("{n} faults in the config"),
        };
        Stop::usage(format_args!("{faults}\n{count}: nothing was done"))
    }
}

/// What became of writing to standard output. A reader that has gone away (`| head`) wants no more: that is no failure.
///
/// # Errors
/// Any other failure to write or read.
pub(crate) fn quiet_on_broken_pipe(result: std::io::Result<()>) -> Result<(), Stop> {
    match result {
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(why) => Err(Stop::failed(why)),
        Ok(()) => Ok(()),
    }
}
