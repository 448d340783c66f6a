//! What is wrong with a config: all of it at once, each fault with its place and what to write instead.

use std::fmt;

/// Where a fault lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Nowhere in particular.
    Nowhere,
    /// In a file; line and column from 1, the column in characters.
    File {
        /// As it was named on the command line.
        path: String,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
    },
    /// In an environment variable; the column from 1, in characters of its value.
    Variable {
        /// Its name.
        name: String,
        /// From 1, in characters.
        column: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Nowhere => write!(f, "config"),
            Place::File { path, line, column } => write!(f, "{path}:{line}:{column}"),
            Place::Variable { name, column } => write!(f, "environment {name}:{column}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    /// Where.
    pub(crate) place: Place,
    /// What of the config, and what is wrong with it.
    pub(crate) what: String,
    /// What to write instead.
    pub(crate) help: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  help: {}", self.place, self.what, self.help)
    }
}

/// All that is wrong, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Sorted by place, each once; `None` if there are none.
    pub(super) fn of(mut faults: Vec<Fault>) -> Option<Faults> {
        faults.sort();
        faults.dedup();
        if faults.is_empty() { None } else { Some(Faults(faults)) }
    }
    /// A single one.
    pub(super) fn one(fault: Fault) -> Faults {
        Faults(vec![fault])
    }
    /// How many: at least one.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.0.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
