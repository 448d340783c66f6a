//! `tocsin completions`: what makes a shell complete commands.

use std::io::{self, Write};

use clap::CommandFactory as _;

use super::Args;

/// Writes the script of a shell.
///
/// # Errors
/// When `output` cannot be written.
pub(crate) fn completions(shell: clap_complete::Shell, output: &mut impl Write) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "tocsin", &mut script);
    output.write_all(&script)
}
