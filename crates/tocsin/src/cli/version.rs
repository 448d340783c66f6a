//! `tocsin version`: what this is.

use std::io::{self, Write};

/// The version in one line; with the commit that it was built from, where the build was told
/// (`TOCSIN_GIT_HASH`, as `make` does in a checkout).
pub(crate) fn line() -> String {
    match option_env!("TOCSIN_GIT_HASH") {
        Some(hash) if !hash.is_empty() => format!("{} ({hash})", env!("CARGO_PKG_VERSION")),
        _ => env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Writes the version of the program and of what reads the text.
///
/// # Errors
/// When `output` cannot be written.
pub(crate) fn version(output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "tocsin {}", line())?;
    writeln!(output, "rules  {}", tocsin_score::RULES)?;
    writeln!(output, "model  {}", tocsin_score::linear::Model::shipped().version())
}
