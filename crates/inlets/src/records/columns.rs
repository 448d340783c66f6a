//! From the columns of a CSV, and from defaults, to the fields of a post.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use tocsin_model::Reason;

/// What the cells of a column become in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A string.
    Text,
    /// A whole number, if the cell is one. What is not stays a string, so that the post is rejected with its
    /// field.
    Number,
    /// `true`, `1`, `yes`, `是`, or `false`, `0`, `no`, `否`, in any case.
    Flag,
}

/// The fields of a post that a column can fill. A dot goes one step in; `media.*` make one picture or video.
pub const FIELDS: &[(&str, FieldKind)] = &[
    ("id", FieldKind::Text),
    ("source", FieldKind::Text),
    ("text", FieldKind::Text),
    ("title", FieldKind::Text),
    ("created_at", FieldKind::Text),
    ("arrives_at", FieldKind::Text),
    ("author.id", FieldKind::Text),
    ("author.name", FieldKind::Text),
    ("author.followers", FieldKind::Number),
    ("author.verified", FieldKind::Flag),
    ("author.since", FieldKind::Text),
    ("url", FieldKind::Text),
    ("lang", FieldKind::Text),
    ("location", FieldKind::Text),
    ("repost_of", FieldKind::Text),
    ("reply_to", FieldKind::Text),
    ("parent.id", FieldKind::Text),
    ("parent.text", FieldKind::Text),
    ("parent.title", FieldKind::Text),
    ("engagement.likes", FieldKind::Number),
    ("engagement.reposts", FieldKind::Number),
    ("engagement.comments", FieldKind::Number),
    ("engagement.views", FieldKind::Number),
    ("media.type", FieldKind::Text),
    ("media.url", FieldKind::Text),
    ("media.text", FieldKind::Text),
    ("deleted", FieldKind::Flag),
];

/// What the operator says about the fields of posts in files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Field of a post (one of [`FIELDS`]) to column of a CSV. A field that is not here is filled by the
    /// column of its own name, if there is one.
    pub columns: BTreeMap<String, String>,
    /// Field of a post to the value it has where the record says nothing: of a row with an empty cell, of a
    /// line of JSON without that field (for `author.id`: without `author`).
    pub defaults: BTreeMap<String, String>,
}

impl Columns {
    /// Names that are no field of a post, each with where it stands: `columns` or `defaults`.
    pub fn unknown_fields(&self) -> Vec<(&'static str, &str)> {
        let unknown = |field: &&String| !FIELDS.iter().any(|(name, _)| *name == field.as_str());
        let of_columns = self.columns.keys().filter(unknown).map(|field| ("columns", field.as_str()));
        let of_defaults = self.defaults.keys().filter(unknown).map(|field| ("defaults", field.as_str()));
        of_columns.chain(of_defaults).collect()
    }

    /// Which cell goes where, by the names in a header.
    pub(crate) fn plan(&self, header: &[String]) -> io::Result<Plan> {
        let refuse = |why: String| Err(io::Error::new(io::ErrorKind::InvalidData, why));
        let at = |column: &str| header.iter().position(|name| name.trim() == column);
        let listed = || header.iter().map(|name| name.trim()).collect::<Vec<_>>().join(", ");
        let mut cells = Vec::new();
        for &(field, kind) in FIELDS {
            match self.columns.get(field) {
                Some(column) => match at(column) {
                    Some(place) => cells.push((place, field, kind)),
                    None => return refuse(format!("no column {column} for {field}; there are {}", listed())),
                },
                None => cells.extend(at(field).map(|place| (place, field, kind))),
            }
        }
        if cells.is_empty() {
            return refuse(format!(
                "no column is a field of a post; there are {}: say under columns which of them is text, \
                 which is id and so on",
                listed()
            ));
        }
        Ok(Plan { cells, defaults: self.default_fields(), width: header.len() })
    }

    /// A line of JSON with the defaults of the fields that it lacks in front; `None` where nothing is to be
    /// added, or nothing can be.
    pub(crate) fn complete_json(&self, line: &[u8]) -> Option<Vec<u8>> {
        if self.defaults.is_empty() {
            return None;
        }
        let json = line.trim_ascii();
        let inner = json.strip_prefix(b"{")?;
        let said: BTreeMap<Cow<'_, str>, IgnoredAny> = serde_json::from_slice(json).ok()?;
        let mut added = Map::new();
        for (field, kind, value) in self.default_fields() {
            if !said.contains_key(field.split('.').next().unwrap_or(field)) {
                put(&mut added, field, kind, &value);
            }
        }
        if added.is_empty() {
            return None;
        }
        let mut bytes = serde_json::to_vec(&finish(added)).ok()?;
        bytes.pop();
        bytes.extend_from_slice(if said.is_empty() { b"" } else { b"," });
        bytes.extend_from_slice(inner);
        Some(bytes)
    }

    fn default_fields(&self) -> Vec<(&'static str, FieldKind, String)> {
        let value = |&(field, kind)| self.defaults.get(field).map(|value| (field, kind, value.clone()));
        FIELDS.iter().filter_map(value).collect()
    }
}

/// Which cell of a row goes into which field.
#[derive(Debug)]
pub(crate) struct Plan {
    cells: Vec<(usize, &'static str, FieldKind)>,
    defaults: Vec<(&'static str, FieldKind, String)>,
    /// How many fields the header has.
    width: usize,
}

impl Plan {
    /// A row as the JSON of a post. A row with more or fewer fields than the header is refused: its cells
    /// may stand in the wrong columns.
    pub(crate) fn post(&self, fields: &[String]) -> Result<Vec<u8>, Reason> {
        if fields.len() != self.width {
            let (found, width) = (fields.len(), self.width);
            return Err(Reason::Syntax(format!("the row has {found} fields, the header {width}")));
        }
        let mut post = Map::new();
        for (field, kind, value) in &self.defaults {
            put(&mut post, field, *kind, value);
        }
        for (place, field, kind) in &self.cells {
            if !fields[*place].trim().is_empty() {
                put(&mut post, field, *kind, &fields[*place]);
            }
        }
        serde_json::to_vec(&finish(post)).map_err(|e| Reason::Syntax(e.to_string()))
    }
}

fn put(post: &mut Map<String, Value>, field: &str, kind: FieldKind, cell: &str) {
    let value = value(kind, cell);
    match field.split_once('.') {
        None => drop(post.insert(field.to_owned(), value)),
        Some((outer, inner)) => {
            let object = post.entry(outer).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(object) = object {
                object.insert(inner.to_owned(), value);
            }
        }
    }
}

fn value(kind: FieldKind, cell: &str) -> Value {
    let word = cell.trim();
    match kind {
        FieldKind::Text => Value::from(cell),
        FieldKind::Number => word.parse::<u64>().map_or_else(|_| Value::from(cell), Value::from),
        FieldKind::Flag => match word.to_lowercase().as_str() {
            "true" | "1" | "yes" | "是" => Value::from(true),
            "false" | "0" | "no" | "否" => Value::from(false),
            _ => Value::from(cell),
        },
    }
}

/// A post carries a list of media.
fn finish(mut post: Map<String, Value>) -> Map<String, Value> {
    if let Some(media) = post.remove("media") {
        post.insert("media".to_owned(), Value::Array(vec![media]));
    }
    post
}
