//! Files of labelled texts: a label, a tab, a text, one a line, below a line `label<TAB>text`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::labels::{Question, meaning};

/// A text and what somebody says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// The label, as it stands in the file.
    pub label: String,
    /// The text.
    pub text: String,
}

/// Which half of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// To learn from.
    Train,
    /// To be measured by.
    Test,
}

/// A set of labelled texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Its name: what comes before `.train.tsv`.
    pub name: String,
    /// What its labels answer.
    pub question: Question,
    /// Its rows, in the order of the file.
    pub rows: Vec<Labelled>,
}

/// Why a set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetFault {
    /// A file or folder cannot be read.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// There is nothing to learn from, or to be measured by.
    #[error("{} has no file {pattern}: each set is a file of lines LABEL<TAB>TEXT", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
        /// What was looked for.
        pattern: &'static str,
    },
    /// A line that is not one label and one text.
    #[error("{}:{line}: {what}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it, and what to write.
        what: String,
    },
}

/// All sets of a folder that have this part, by name.
///
/// # Errors
/// When the folder or one of its files cannot be read, a line is not right, or there is no set.
pub fn read_sets(folder: &Path, part: Part) -> Result<Vec<Set>, SetFault> {
    let (ending, pattern) = match part {
        Part::Train => (".train.tsv", "*.train.tsv"),
        Part::Test => (".test.tsv", "*.test.tsv"),
    };
    let unreadable = |why| SetFault::Unreadable { path: folder.to_owned(), why };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.file_name();
        names.extend(file.to_str().and_then(|f| f.strip_suffix(ending)).map(str::to_owned));
    }
    names.sort();
    if names.is_empty() {
        return Err(SetFault::Empty { path: folder.to_owned(), pattern });
    }
    names.into_iter().map(|name| read_set(&folder.join(format!("{name}{ending}")), name)).collect()
}

/// A user's own labels: negative, neutral or positive.
///
/// # Errors
/// When the file cannot be read, or a line has another label.
pub fn read_labels(path: &Path) -> Result<Vec<Labelled>, SetFault> {
    let rows = read_rows(path)?;
    for (row, line) in rows.iter().zip(2..) {
        if meaning(&row.label).is_none_or(|m| m.question() != Question::Sentiment) {
            let what = format!("`{}` is no label here; write negative, neutral or positive", row.label);
            return Err(SetFault::Line { path: path.to_owned(), line, what });
        }
    }
    Ok(rows)
}

fn read_set(path: &Path, name: String) -> Result<Set, SetFault> {
    let rows = read_rows(path)?;
    for (row, line) in rows.iter().zip(2..) {
        if meaning(&row.label).is_none() {
            let what = format!("`{}` is a label that tocsin does not know", row.label);
            return Err(SetFault::Line { path: path.to_owned(), line, what });
        }
    }
    let question = Question::of(rows.iter().map(|row| row.label.as_str()));
    Ok(Set { name, question, rows })
}

fn read_rows(path: &Path) -> Result<Vec<Labelled>, SetFault> {
    let text = fs::read_to_string(path).map_err(|why| SetFault::Unreadable { path: path.to_owned(), why })?;
    let fault = |line: usize, what: &str| SetFault::Line { path: path.to_owned(), line, what: what.into() };
    let mut lines = text.lines();
    if lines.next().map(str::trim_end) != Some("label\ttext") {
        return Err(fault(1, "the first line must be: label<TAB>text"));
    }
    let mut rows = Vec::new();
    for (row, line) in lines.zip(2..).filter(|(row, _)| !row.is_empty()) {
        let (label, text) =
            row.split_once('\t').ok_or_else(|| fault(line, "there is no tab between label and text"))?;
        rows.push(Labelled { label: label.to_owned(), text: text.to_owned() });
    }
    if rows.is_empty() {
        return Err(fault(2, "there is no row below the head"));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
        folder
    }

    #[test]
    fn sets_are_read_by_name_and_part_and_know_their_question() {
        let here = folder(&[
            ("b.train.tsv", "label\ttext\nnegative\t差\npositive\t好\n"),
            ("a.train.tsv", "label\ttext\nhappy\tyes\tyes\nangry\tno\n"),
            ("c.test.tsv", "label\ttext\nirony\tsure\nnot_irony\tyes\n"),
        ]);
        let sets = read_sets(here.path(), Part::Train).unwrap();
        assert_eq!(sets.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(sets.iter().map(|s| s.question).collect::<Vec<_>>(), [Question::Emotion, Question::Lean]);
        assert_eq!(sets[0].rows[0].text, "yes\tyes");
        assert_eq!(read_sets(here.path(), Part::Test).unwrap()[0].question, Question::Irony);
    }

    #[test]
    fn a_line_that_is_not_right_is_told_with_its_number() {
        let here = folder(&[("a.train.tsv", "label\ttext\nnegative\t差\npositiv\t好\n")]);
        let fault = read_sets(here.path(), Part::Train).unwrap_err().to_string();
        assert!(fault.ends_with("a.train.tsv:3: `positiv` is a label that tocsin does not know"), "{fault}");
        let here = folder(&[("a.tsv", "label\ttext\nhappy\t好\n"), ("b.tsv", "text\n好\n")]);
        let fault = read_labels(&here.path().join("a.tsv")).unwrap_err().to_string();
        assert!(fault.contains("write negative, neutral or positive"), "{fault}");
        assert!(read_labels(&here.path().join("b.tsv")).unwrap_err().to_string().contains("b.tsv:1"));
        assert!(matches!(read_sets(here.path(), Part::Test), Err(SetFault::Empty { .. })));
    }
}
