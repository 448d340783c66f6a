//! `tocsin model`: which model reads, and how another one is put in its place.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use tocsin_score::Scorer;
use tocsin_score::linear::Model;

use super::{Stop, args};
use crate::config::{Beside, Config};

/// Does what was asked.
///
/// # Errors
/// The inner one when output fails, the outer one when the file is no model.
pub(crate) fn model(command: &args::Model, output: &mut impl Write) -> Result<io::Result<()>, Stop> {
    Ok(match command {
        args::Model::Show { model: None } => show(Model::shipped(), output),
        args::Model::Show { model: Some(path) } => show(&read(path).map_err(Stop::usage)?, output),
        args::Model::Use { model: path } => {
            let model = read(path).map_err(Stop::usage)?;
            let path = std::path::absolute(path).map_err(Stop::usage)?;
            let line = toml::Value::String(path.display().to_string());
            writeln!(
                output,
                "{} can read. Write into tocsin.toml:\n\n[score]\nmodel = {line}",
                model.version()
            )
        }
    })
}

fn show(model: &Model, output: &mut impl Write) -> io::Result<()> {
    let calibration = model.calibration();
    writeln!(output, "version      {}", model.version())?;
    writeln!(output, "name         {}", model.name())?;
    writeln!(output, "features     {}", model.rows().count())?;
    writeln!(output, "temperature  polarity {:.2}", calibration.polarity)?;
    writeln!(output, "             emotion  {:.2}", calibration.emotion)?;
    writeln!(output, "             irony    {:.2}", calibration.irony)
}

/// Reads a model; what is wrong in words, with the file's name.
///
/// # Errors
/// When there is no such file, or it is no model.
pub(crate) fn read(path: &Path) -> Result<Model, String> {
    let bytes = std::fs::read(path).map_err(|why| format!("{} cannot be read: {why}", path.display()))?;
    Model::from_bytes(Cow::Owned(bytes))
        .map_err(|why| format!("{} cannot be used as a model: {why}", path.display()))
}

/// What lets a scorer read as a config says: by the rules alone, or with a model beside them.
///
/// # Errors
/// When the config's file is no longer a model.
pub(crate) fn beside(config: &Config) -> Result<impl FnOnce(Scorer) -> Scorer + Send + use<>, Stop> {
    let (is_shipped, own) = match &config.model {
        Beside::Nothing => (false, None),
        Beside::Shipped => (true, None),
        Beside::File(path) => (false, Some(Arc::new(read(path).map_err(Stop::usage)?))),
    };
    Ok(move |scorer: Scorer| match own.or_else(|| is_shipped.then(|| Model::shipped().clone())) {
        Some(model) => scorer.with_model(model),
        None => scorer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_model_is_told_by_name_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.model");
        assert!(read(&file).unwrap_err().contains("own.model cannot be read"));
        std::fs::write(&file, "PK").unwrap();
        let words = read(&file).unwrap_err();
        assert!(words.contains("own.model cannot be used") && words.contains("tocsin train"), "{words}");
    }

    #[test]
    fn what_is_shown_begins_with_the_version() {
        let mut output = Vec::new();
        model(&args::Model::Show { model: None }, &mut output).unwrap().unwrap();
        let words = String::from_utf8(output).unwrap();
        assert!(words.starts_with(&format!("version      {}\n", Model::shipped().version())), "{words}");
    }
}
