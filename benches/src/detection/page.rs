//! The page and its marks: `<!-- nab -->`, a blank line, what was measured, `<!-- /nab -->`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Fault;

/// docs/detection.md.
pub(crate) struct Page {
    path: PathBuf,
}

impl Page {
    pub(crate) fn at(path: PathBuf) -> Page {
        Page { path }
    }

    /// Puts what was measured between the marks of this name. The page is read anew each time, so two runs of different
    /// parts do not undo each other.
    pub(crate) fn put(&self, mark: &str, measured: &str) -> Result<(), Fault> {
        let named = |why: std::io::Error| format!("{}: {why}", self.path.display());
        let mut text = fs::read_to_string(&self.path).map_err(named)?;
        let (from, to) = (format!("<!-- {mark} -->\n"), format!("<!-- /{mark} -->"));
        match (text.find(&from).map(|at| at + from.len()), text.find(&to)) {
            (Some(begin), Some(end)) if begin <= end => {
                text.replace_range(begin..end, &format!("\n{}\n\n", measured.trim()));
                Ok(fs::write(&self.path, text).map_err(named)?)
            }
            _ => Err(format!("{}: the marks {from:?} and {to:?} are missing", self.path.display()).into()),
        }
    }

    /// The folder of the page's pictures.
    pub(crate) fn pictures(&self) -> Result<PathBuf, Fault> {
        let folder = self.path.parent().unwrap_or(Path::new(".")).join("detection");
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

/// A table: the first row is its head. Columns after the first are numbers.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
        if number == 0 {
            let rule: Vec<&str> = (0..row.len()).map(|i| if i == 0 { "---" } else { "---:" }).collect();
            text.push_str(&format!("| {} |\n", rule.join(" | ")));
        }
    }
    text
}

/// A row of anything that can be shown.
#[macro_export]
macro_rules! row {
    ($($cell:expr),+ $(,)?) => { vec![$($cell.to_string()),+] };
}
