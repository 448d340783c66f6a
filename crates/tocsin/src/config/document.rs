//! The config as it was written: one tree of values from the file and the environment, in which
//! every value knows where it stands.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::at::{At, Step};
use super::faults::{Fault, Place};
use super::text::{Lines, inside_string};

/// Where a value comes from.
pub(super) enum Origin {
    /// The file, by its name.
    File(String),
    /// An environment variable, by its name.
    Variable(String),
}

/// A text with values in it.
struct Source {
    origin: Origin,
    lines: Lines,
    text: String,
}

impl Source {
    fn new(origin: Origin, text: &str) -> Source {
        Source { origin, lines: Lines::of(text), text: text.to_owned() }
    }
}

/// A stretch of one of the sources.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    source: usize,
    start: usize,
    end: usize,
}

/// A value and where it stands.
pub(super) struct Node {
    /// The key that leads to it.
    pub(super) key: Option<Stretch>,
    /// The value itself; of a table its header.
    pub(super) value_at: Stretch,
    /// What it is.
    pub(super) value: Value,
}

/// What is written.
pub(super) enum Value {
    /// `"…"`
    Text(String),
    /// `12`
    Integer(i64),
    /// `0.5`
    Float(f64),
    /// `true`
    Flag(bool),
    /// `2026-01-31`
    Date,
    /// `[…]`
    List(Vec<Node>),
    /// `{…}` or `[…]` on a line of its own
    Table(BTreeMap<String, Node>),
    /// A number that no computer here can hold.
    TooGreat,
    /// Something that could not be read, and was told of.
    Told,
}

/// The whole of it.
pub(super) struct Document {
    sources: Vec<Source>,
    root: Node,
}

impl Document {
    /// Reads the file. Faults of its grammar are added to `faults`; what could be read all the same is kept.
    pub(super) fn parse(name: &str, text: &str, faults: &mut Vec<Fault>) -> Document {
        let source = Source::new(Origin::File(name.to_owned()), text);
        let top = Stretch { source: 0, start: 0, end: 0 };
        let root = Node { key: None, value_at: top, value: Value::Table(BTreeMap::new()) };
        let mut document = Document { sources: vec![source], root };
        let (table, errors) = DeTable::parse_recoverable(text);
        document.root.value = Value::Table(table_of(table.get_ref(), 0));
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let stretch = Stretch { source: 0, start: span.start, end: span.end };
            let help = "see https://toml.io, or compare with: tocsin config example";
            faults.push(document.fault(stretch, format!("not TOML: {}", error.message()), help.to_owned()));
        }
        document
    }

    /// The whole tree.
    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    /// The whole tree, to put overrides in.
    pub(super) fn root_mut(&mut self) -> &mut Node {
        &mut self.root
    }

    /// Takes in a variable: the place of its value.
    pub(super) fn add_variable(&mut self, name: &str, text: &str) -> Stretch {
        let source = self.sources.len();
        self.sources.push(Source::new(Origin::Variable(name.to_owned()), text));
        Stretch { source, start: 0, end: text.len() }
    }

    /// The value at `at`, if it is written.
    pub(super) fn find(&self, at: &At) -> Option<&Node> {
        let (found, missing) = self.walk(at);
        if missing { None } else { Some(found) }
    }

    /// A fault of the value at `at`, or of what it is missing in.
    pub(super) fn fault_at(&self, at: &At, what: &str, help: &str) -> Fault {
        let (node, _) = self.walk(at);
        self.fault(node.value_at, format!("{}{what}", self.label(at)), help.to_owned())
    }

    /// A fault of a key.
    pub(super) fn fault_at_key(&self, at: &At, what: &str, help: &str) -> Fault {
        let (node, _) = self.walk(at);
        let parent = At::top();
        let parent = at
            .steps()
            .split_last()
            .map_or(parent, |(_, steps)| steps.iter().fold(At::top(), |at, step| at.step(step.clone())));
        let what = format!("{}{what}", self.label(&parent));
        self.fault(node.key.unwrap_or(node.value_at), what, help.to_owned())
    }

    /// A fault at the n-th character (from 0) of the text at `at`.
    pub(super) fn fault_inside(&self, at: &At, nth: usize, what: &str, help: &str) -> Fault {
        let (node, _) = self.walk(at);
        let written = &self.sources[node.value_at.source];
        let whole = &written.text[node.value_at.start..node.value_at.end];
        let skipped = match written.origin {
            Origin::Variable(_) if !matches!(whole.as_bytes().first(), Some(b'"' | b'\'')) => {
                whole.char_indices().nth(nth).map_or(whole.len(), |(byte, _)| byte)
            }
            Origin::File(_) | Origin::Variable(_) => inside_string(whole, nth),
        };
        let start = node.value_at.start + skipped;
        let stretch = Stretch { start, ..node.value_at };
        self.fault(stretch, format!("{}{what}", self.label(at)), help.to_owned())
    }

    /// A fault at a stretch.
    pub(super) fn fault(&self, stretch: Stretch, what: String, help: String) -> Fault {
        let source = &self.sources[stretch.source];
        let (line, column) = source.lines.line_and_column(&source.text, stretch.start);
        let place = match &source.origin {
            Origin::File(path) => Place::File { path: path.clone(), line, column },
            Origin::Variable(name) => Place::Variable { name: name.clone(), column },
        };
        Fault { place, what, help }
    }

    /// How a person calls the value at `at`: `brand 山岚茶饮: query: `. Empty for the whole config.
    pub(super) fn label(&self, at: &At) -> String {
        let mut label = String::new();
        let mut so_far = At::top();
        for step in at.steps() {
            so_far = so_far.step(step.clone());
            match step {
                Step::Key(key) if label.is_empty() => label.push_str(key),
                Step::Key(key) => label.push_str(&format!(": {key}")),
                Step::Index(index) => match self.name_of(&so_far) {
                    Some(name) => label.push_str(&format!(" {name}")),
                    None => label.push_str(&format!(" {}", index + 1)),
                },
            }
        }
        if !label.is_empty() {
            label.push_str(": ");
        }
        label
    }

    fn name_of(&self, at: &At) -> Option<&str> {
        match &self.find(&at.key("name"))?.value {
            Value::Text(name) if !name.trim().is_empty() => Some(name),
            _ => None,
        }
    }

    /// The value at `at`, or the last one on the way to it; and whether it is missing.
    fn walk(&self, at: &At) -> (&Node, bool) {
        let mut node = &self.root;
        for step in at.steps() {
            let next = match (&node.value, step) {
                (Value::Table(table), Step::Key(key)) => table.get(key),
                (Value::List(list), Step::Index(index)) => list.get(*index),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => return (node, true),
            }
        }
        (node, false)
    }
}

/// Reads a TOML value that stands in source `stretch`.
///
/// # Errors
/// What the reader says, and where.
pub(super) fn read_value(text: &str, stretch: Stretch) -> Result<Value, (String, Stretch)> {
    match DeValue::parse(text) {
        Ok(value) => Ok(node_of(None, value.span(), value.get_ref(), stretch.source).value),
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            Err((error.message().to_owned(), Stretch { start, ..stretch }))
        }
    }
}

fn table_of(table: &DeTable<'_>, source: usize) -> BTreeMap<String, Node> {
    let mut nodes = BTreeMap::new();
    for (key, value) in table {
        let key_at = Stretch { source, start: key.span().start, end: key.span().end };
        nodes.insert(key.get_ref().to_string(), node_of(Some(key_at), value.span(), value.get_ref(), source));
    }
    nodes
}

fn node_of(key: Option<Stretch>, span: std::ops::Range<usize>, value: &DeValue<'_>, source: usize) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::TooGreat, Value::Integer)
        }
        DeValue::Float(number) => number.as_str().parse().map_or(Value::TooGreat, Value::Float),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(list) => Value::List(
            list.iter().map(|entry| node_of(None, entry.span(), entry.get_ref(), source)).collect(),
        ),
        DeValue::Table(table) => Value::Table(table_of(table, source)),
    };
    Node { key, value_at: Stretch { source, start: span.start, end: span.end }, value }
}
