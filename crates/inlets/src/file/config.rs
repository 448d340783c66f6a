//! What the operator decides about an inlet `file`.

use crate::records::{Columns, Format};

/// Which files, and how they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileConfig {
    /// The inlet's name: for logs and meters, and in the cursors, so a new name reads everything anew.
    pub name: String,
    /// Paths, globs (`posts/**/*.jsonl.gz`), folders (the files right in them), or `-` for standard input.
    pub paths: Vec<String>,
    /// Wait for new lines and new files. Otherwise the inlet ends when all there is has been read.
    pub follow: bool,
    /// How records are written.
    pub format: Format,
    /// Columns of CSV, and defaults.
    pub columns: Columns,
}
