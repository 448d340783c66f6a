//! `TOCSIN__SECTION__KEY=value`: the environment's word goes before the file's.
//!
//! Names are in capitals, parts joined by two underscores, entries of a list by their number from 0:
//! `TOCSIN__BRAND__0__NAME=山岚茶饮`. A value is taken as it stands where a text is wanted, else read as TOML.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::document::{Document, Node, Stretch, Value, read_value};
use super::faults::Fault;
use super::shape::{Wants, below, wants};

/// What the names of overrides start with.
pub(super) const PREFIX: &str = "TOCSIN__";

/// Puts every override of `env` into the document.
pub(super) fn apply(
    document: &mut Document,
    schema: &Json,
    env: &BTreeMap<String, String>,
    faults: &mut Vec<Fault>,
) {
    let mut overrides: Vec<(Vec<String>, &String, &String)> = env
        .iter()
        .filter_map(|(name, value)| Some((parts(name.strip_prefix(PREFIX)?), name, value)))
        .collect();
    // Entries of a list in the order of their numbers, so that 10 is appended after 9.
    overrides.sort_by_key(|(parts, ..)| {
        parts
            .iter()
            .map(|part| (part.parse::<usize>().unwrap_or(usize::MAX), part.clone()))
            .collect::<Vec<_>>()
    });
    for (parts, name, text) in overrides {
        let stretch = document.add_variable(name, text);
        if let Err((what, help, stretch)) = put(document.root_mut(), schema, &parts, text, stretch) {
            faults.push(document.fault(stretch, what, help));
        }
    }
}

fn parts(name: &str) -> Vec<String> {
    name.split("__").map(str::to_lowercase).collect()
}

type Refused = (String, String, Stretch);

fn put(
    root: &mut Node,
    schema: &Json,
    parts: &[String],
    text: &str,
    stretch: Stretch,
) -> Result<(), Refused> {
    let mut node = root;
    let mut shapes = vec![schema];
    for part in parts {
        let wanted = wants(&shapes);
        if part.is_empty() {
            let help = "write TOCSIN__SECTION__KEY, such as TOCSIN__HTTP__LISTEN".to_owned();
            return Err(("has an empty part in its name".to_owned(), help, stretch));
        }
        node = if wanted.list { into_list(node, part, stretch)? } else { into_table(node, part, stretch) };
        shapes = below(&shapes, part);
    }
    node.value_at = stretch;
    node.key = Some(stretch);
    let read = read(text, wants(&shapes), stretch);
    let (value, told) = match read {
        Ok(value) => (value, Ok(())),
        Err(refused) => (Value::Told, Err(refused)),
    };
    node.value = value;
    told
}

fn into_table<'a>(node: &'a mut Node, part: &str, stretch: Stretch) -> &'a mut Node {
    if !matches!(node.value, Value::Table(_)) {
        node.value = Value::Table(BTreeMap::new());
    }
    let Value::Table(table) = &mut node.value else { unreachable!("it was just made a table") };
    table.entry(part.to_owned()).or_insert_with(|| empty(stretch))
}

fn into_list<'a>(node: &'a mut Node, part: &str, stretch: Stretch) -> Result<&'a mut Node, Refused> {
    if !matches!(node.value, Value::List(_)) {
        node.value = Value::List(Vec::new());
    }
    let Value::List(list) = &mut node.value else { unreachable!("it was just made a list") };
    let there = list.len();
    match part.parse::<usize>() {
        Ok(index) if index <= there => {
            if index == there {
                list.push(empty(stretch));
            }
            Ok(&mut list[index])
        }
        Ok(index) => Err((
            format!("speaks of entry {index} of a list that has {there}"),
            format!("entries are counted from 0; the next one to add is {there}"),
            stretch,
        )),
        Err(_) => Err((
            format!("has {:?} where the number of an entry should be", part.to_uppercase()),
            "entries are counted from 0, as in TOCSIN__BRAND__0__NAME".to_owned(),
            stretch,
        )),
    }
}

fn empty(stretch: Stretch) -> Node {
    Node { key: Some(stretch), value_at: stretch, value: Value::Table(BTreeMap::new()) }
}

/// As it stands where a text is wanted; a table or a list in TOML where one is wanted too.
fn read(text: &str, wanted: Wants, stretch: Stretch) -> Result<Value, Refused> {
    let opens = |bracket: char| text.trim_start().starts_with(bracket);
    let as_toml = (opens('{') && wanted.table) || (opens('[') && wanted.list);
    if wanted.text && !as_toml {
        return Ok(Value::Text(text.to_owned()));
    }
    match read_value(text, stretch) {
        Ok(value) => Ok(value),
        // Unquoted words: what they should have been, the shape knows better than the grammar.
        Err(_) if !as_toml => Ok(Value::Text(text.to_owned())),
        Err((why, stretch)) => Err((
            format!("not a TOML value: {why}"),
            "write it as in the config file, such as [\"a\", \"b\"] or { env = \"NAME\" }".to_owned(),
            stretch,
        )),
    }
}
