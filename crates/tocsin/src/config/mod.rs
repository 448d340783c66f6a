//! The config: one TOML file, checked whole before anything starts.
//!
//! In: the file, the environment. Out: a [`Config`] without a doubtful value in it, or every fault at once,
//! each with its place and what to write instead.
//! Never: a fault at a time, a secret in anything that is printed.

mod at; // a place by its keys
mod check; // from what was written to what it means
mod checked; // what it means
pub(crate) mod defaults; // what holds where nothing is written, and why
mod document; // what was written, and where it stands
mod example; // a config to start from
mod faults; // what is wrong
mod lengths; // 90min, 7d
mod nearest; // did you mean …?
mod overrides; // TOCSIN__SECTION__KEY
mod raw; // what the operator wrote
mod secret; // what must never be shown
mod shape; // unknown keys, wrong types, missing keys
mod show; // what is in force
#[cfg(test)]
mod tests;
mod text; // lines and columns
pub(crate) mod watch; // when the file changes

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use checked::{
    Account, Beside, Brand, Config, Event, FileSource, Inlet, Keyword, Listed, LogFormat, Outlet, Servers,
    Way, hash, offsets,
};
pub(crate) use example::example;
pub(crate) use faults::{Fault, Faults, Place};
pub(crate) use secret::{Address, Secret};
pub(crate) use show::show;

use document::Document;

/// Reads and checks the config at `path`; without one, `tocsin.toml` in the current folder if it is there,
/// else the environment alone.
///
/// # Errors
/// All that is wrong, with places.
pub(crate) fn load(
    path: Option<&Path>,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Config, Faults> {
    let env: BTreeMap<String, String> = env.collect();
    let default = Path::new(defaults::FILE);
    match path {
        Some(path) => load_file(path, &env),
        None if default.exists() => load_file(default, &env),
        None if env.keys().any(|name| name.starts_with(overrides::PREFIX)) => {
            read("", b"", Path::new(""), &env)
        }
        None => Err(only(Fault {
            place: Place::Nowhere,
            what: format!("there is no {} here", defaults::FILE),
            help: format!("name one with --config, or write one: tocsin config example > {}", defaults::FILE),
        })),
    }
}

/// The environment of this process; what is not UTF-8 in it can't be meant for us.
pub(crate) fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The JSON Schema of the config, for editors.
pub(crate) fn schema() -> serde_json::Value {
    raw::schema()
}

fn load_file(path: &Path, env: &BTreeMap<String, String>) -> Result<Config, Faults> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|why| {
        only(Fault {
            place: Place::Nowhere,
            what: format!("{name} cannot be read: {why}"),
            help: format!("name another one with --config, or write it: tocsin config example > {name}"),
        })
    })?;
    let mut config = read(&name, &bytes, path.parent().unwrap_or(Path::new("")), env)?;
    config.file = Some(path.to_owned());
    Ok(config)
}

/// Reads and checks the bytes of a file called `name`; relative paths start from `folder`.
fn read(name: &str, bytes: &[u8], folder: &Path, env: &BTreeMap<String, String>) -> Result<Config, Faults> {
    let text = std::str::from_utf8(bytes).map_err(|why| {
        let valid = String::from_utf8_lossy(&bytes[..why.valid_up_to()]);
        let (line, column) = text::Lines::of(&valid).line_and_column(&valid, valid.len());
        only(Fault {
            place: Place::File { path: name.to_owned(), line, column },
            what: "not UTF-8".to_owned(),
            help: "save the file as UTF-8".to_owned(),
        })
    })?;
    // An editor's mark of UTF-8 is no part of the config.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut grammar = Vec::new();
    let mut document = Document::parse(name, text, &mut grammar);
    let schema = raw::schema();
    let mut faults = Vec::new();
    overrides::apply(&mut document, &schema, env, &mut faults);
    let fitted = shape::fit(&document, &schema, &mut faults);
    let folder = whole(folder);
    let around = check::Surroundings { document: &document, folder: &folder, env };
    let mut config = None;
    match serde_json::from_value(fitted) {
        Ok(raw) => config = check::check(raw, &around, &mut faults),
        // The shape allows nothing that the raw types refuse; should it ever, this is told, not swallowed.
        Err(why) => faults.push(Fault {
            place: Place::Nowhere,
            what: format!("cannot be taken in: {why}"),
            help: "please report this with the config that caused it".to_owned(),
        }),
    }
    if !grammar.is_empty() {
        keep_certain(&mut faults, &grammar, text);
        faults.append(&mut grammar);
    }
    match (Faults::of(faults), config) {
        (None, Some(mut config)) => {
            config.file_hash = checked::hash(bytes);
            Ok(config)
        }
        (Some(faults), _) => Err(faults),
        (None, None) => Err(only(Fault {
            place: Place::Nowhere,
            what: "refused without a reason".to_owned(),
            help: "please report this with the config that caused it".to_owned(),
        })),
    }
}

/// Where the grammar is broken, only what is there for certain is told of beside it: not what is missing
/// (it may stand in what could not be read), nothing of a line that could not be read, and nothing at
/// all where a `[section]` could not be read, because what follows may belong to it.
fn keep_certain(faults: &mut Vec<Fault>, grammar: &[Fault], text: &str) {
    let line_of = |fault: &Fault| match fault.place {
        Place::File { line, .. } => Some(line),
        Place::Nowhere | Place::Variable { .. } => None,
    };
    let broken: Vec<usize> = grammar.iter().filter_map(line_of).collect();
    let is_section = |line: &&str| line.trim_start().starts_with('[');
    if broken.iter().any(|line| text.lines().nth(line - 1).as_ref().is_some_and(is_section)) {
        faults.clear();
    }
    faults.retain(|fault| {
        let is_broken = line_of(fault).is_some_and(|line| broken.contains(&line));
        let is_absence = fault.what.ends_with("is missing") || fault.what.contains("there is no");
        !is_broken && !is_absence
    });
}

/// The folder as a whole path, so that what is shown can be found from anywhere.
fn whole(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    whole.components().collect()
}

fn only(fault: Fault) -> Faults {
    Faults::one(fault)
}

/// A length of time as people write it: `90min`, `7d`.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn length(text: &str) -> Result<tocsin_model::Span, String> {
    lengths::read(text)
}

/// Whether this says how much to log: a level, or several by part.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn log_level(text: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    for part in text.split(',') {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level).trim().to_lowercase();
        if !LEVELS.contains(&level.as_str()) {
            return Err(format!("{level:?} is no level"));
        }
    }
    Ok(())
}
