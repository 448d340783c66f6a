//! `tocsin train`: a model from labelled texts.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use indicatif::{ProgressBar, ProgressStyle};
use tocsin_score::linear::{Model, NAME_BYTES_MAX};
use tocsin_train::{Part, Recipe, TUNE_ROWS_MIN, card, is_research_only, read_labels, read_sets, tune};

use super::{Stop, args, model};

/// Makes the model, writes it, and says what to do with it.
///
/// # Errors
/// The inner one when output fails; the outer one when what to learn from, or where to write, is not right.
pub(crate) fn train(typed: &args::Train, output: &mut impl Write) -> Result<io::Result<()>, Stop> {
    if let Some(name) = typed.name.as_ref().filter(|name| name.len() > NAME_BYTES_MAX) {
        return Err(Stop::usage(format_args!("--name {name}: write at most {NAME_BYTES_MAX} bytes")));
    }
    let bytes = match (&typed.from_labels, &typed.data) {
        (Some(labels), _) => from_labels(typed, labels)?,
        (None, Some(folder)) => from_sets(typed, folder)?,
        (None, None) => return Err(Stop::usage("name what to learn from: --data or --from-labels")),
    };
    write(&typed.out, &bytes)?;
    let made = model::read(&typed.out).map_err(Stop::failed)?;
    Ok(writeln!(
        output,
        "{} is written to {}.\nMeasure it:  tocsin eval --data DIR --model {1}\nUse it:      tocsin model use {1}",
        made.version(),
        typed.out.display(),
    ))
}

fn from_labels(typed: &args::Train, labels: &Path) -> Result<Vec<u8>, Stop> {
    let rows = read_labels(labels).map_err(Stop::usage)?;
    if rows.len() < TUNE_ROWS_MIN {
        return Err(Stop::usage(format_args!(
            "{} has {} rows: write at least {TUNE_ROWS_MIN}, better some hundred",
            labels.display(),
            rows.len()
        )));
    }
    let base = match &typed.base {
        Some(path) => Arc::new(model::read(path).map_err(Stop::usage)?),
        None => Model::shipped().clone(),
    };
    let name = typed.name.clone().unwrap_or_else(|| format!("{}-tuned", base.name()));
    tune(&base, &name, &rows, typed.seed).map_err(Stop::failed)
}

fn from_sets(typed: &args::Train, folder: &Path) -> Result<Vec<u8>, Stop> {
    let mut sets = read_sets(folder, Part::Train).map_err(Stop::usage)?;
    if let Some(wrong) = typed.without.iter().find(|name| sets.iter().all(|set| set.name != **name)) {
        return Err(Stop::usage(format_args!(
            "--without {wrong}: there is no such set in {}",
            folder.display()
        )));
    }
    sets.retain(|set| !typed.without.contains(&set.name) && (typed.all || !is_research_only(&set.name)));
    if sets.is_empty() {
        return Err(Stop::usage("no set is left to learn from"));
    }
    let recipe = Recipe { seed: typed.seed, ..Recipe::default() };
    let recipe = Recipe { name: typed.name.clone().unwrap_or_else(|| recipe.name.clone()), ..recipe };
    let progress = Progress::default();
    let trained = tocsin_train::train(&sets, &recipe, &|what, more, of| progress.tell(what, more, of))
        .map_err(Stop::failed)?;
    progress.end();
    let made = Model::from_bytes(trained.bytes.clone().into()).map_err(Stop::failed)?;
    let mut beside = typed.out.clone().into_os_string();
    beside.push(".md");
    write(&PathBuf::from(beside), card(&made, &trained, &sets, &recipe).as_bytes())?;
    Ok(trained.bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    std::fs::write(path, bytes)
        .map_err(|why| Stop::failed(format_args!("{} cannot be written: {why}", path.display())))
}

/// One bar for each thing that is done, on standard error, if that is a terminal.
#[derive(Default)]
pub(super) struct Progress {
    now: Mutex<Option<(String, ProgressBar)>>,
}

impl Progress {
    pub(super) fn tell(&self, what: &str, more: u64, of: u64) {
        let Ok(mut now) = self.now.lock() else { return };
        if now.as_ref().is_none_or(|(known, _)| known != what) {
            if let Some((_, bar)) = now.take() {
                bar.finish_and_clear();
            }
            let bar = ProgressBar::new(of).with_message(what.to_owned());
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left") {
                bar.set_style(style);
            }
            *now = Some((what.to_owned(), bar));
        }
        if let Some((_, bar)) = &*now {
            bar.inc(more);
        }
    }

    pub(super) fn end(&self) {
        if let Ok(mut now) = self.now.lock()
            && let Some((_, bar)) = now.take()
        {
            bar.finish_and_clear();
        }
    }
}
