//! From what the operator wrote to the files there are.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What can be seen of a file from outside: if it is the same as before, nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In the order of their names, each once.
    pub(super) files: BTreeMap<PathBuf, Stamp>,
    /// What the operator wrote that names nothing, with what was tried.
    pub(super) missing: Vec<(String, String)>,
}

/// All files that the paths name now. `-` is none of them.
pub(super) fn find(paths: &[String]) -> Found {
    let mut found = Found::default();
    for path in paths.iter().filter(|path| *path != "-") {
        if let Err(why) = find_one(path, &mut found.files) {
            found.missing.push((path.clone(), why));
        }
    }
    found
}

fn find_one(path: &str, files: &mut BTreeMap<PathBuf, Stamp>) -> Result<(), String> {
    if !is_glob(path) {
        return add(Path::new(path), files).map_err(|fault| fault.to_string());
    }
    let before = files.len();
    let matches = glob::glob(path).map_err(|fault| format!("not a pattern: {fault}"))?;
    // What vanishes or is forbidden while we look is met again at the next look.
    for path in matches.filter_map(Result::ok).filter(|path| path.is_file()) {
        add(&path, files).unwrap_or_else(|fault| tracing::debug!(path = %path.display(), %fault, "not read"));
    }
    if files.len() == before { Err("no file has such a name".to_owned()) } else { Ok(()) }
}

/// A file, or the files right in a folder that are not hidden.
fn add(path: &Path, files: &mut BTreeMap<PathBuf, Stamp>) -> io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_dir() {
        files.insert(path.to_owned(), Stamp::of(&metadata));
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?.path();
        let hidden = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if let (false, Ok(metadata)) = (hidden, std::fs::metadata(&entry))
            && metadata.is_file()
        {
            files.insert(entry, Stamp::of(&metadata));
        }
    }
    Ok(())
}

/// The folder to listen at for a path, and whether the folders in it matter, too.
pub(super) fn root(path: &str) -> (PathBuf, bool) {
    let whole = Path::new(path);
    if !is_glob(path) {
        return if whole.is_dir() { (whole.to_owned(), false) } else { (parent(whole), false) };
    }
    let fixed: PathBuf =
        whole.components().take_while(|c| !is_glob(&c.as_os_str().to_string_lossy())).collect();
    let deep = whole.components().count() > fixed.components().count() + 1;
    (if fixed.as_os_str().is_empty() { PathBuf::from(".") } else { fixed }, deep)
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A file whose name has such characters in it and exists is meant as it is.
fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[']) && !Path::new(path).exists()
}
