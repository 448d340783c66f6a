//! `tocsin config check|show|schema|example`.

use std::io::{self, Write};
use std::path::Path;

use crate::config::{self, Config};

/// Says that a config is right, what may not be meant all the same, and what it amounts to; what is wrong was told by loading it.
///
/// # Errors
/// When `output` cannot be written.
pub(crate) fn check(config: &Config, output: &mut impl Write) -> io::Result<()> {
    for caution in &config.cautions {
        writeln!(output, "caution: {caution}")?;
    }
    let from = config.file.as_deref().unwrap_or(Path::new("the environment")).display();
    let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    writeln!(
        output,
        "{from} is right: {}, {}, {}; version of the brands {:016x}",
        count(config.brands.len(), "brand"),
        count(config.inlets.len(), "inlet"),
        count(config.outlets.len(), "outlet"),
        config.version()
    )
}

/// Writes what is in force; secrets as `***`.
///
/// # Errors
/// When `output` cannot be written.
pub(crate) fn show(config: &Config, output: &mut impl Write) -> io::Result<()> {
    output.write_all(config::show(config).as_bytes())
}

/// Writes the JSON Schema.
///
/// # Errors
/// When `output` cannot be written.
pub(crate) fn schema(output: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *output, &config::schema())?;
    writeln!(output)
}

/// Writes a config to start from.
///
/// # Errors
/// When `output` cannot be written.
pub(crate) fn example(output: &mut impl Write) -> io::Result<()> {
    output.write_all(config::example().as_bytes())
}
