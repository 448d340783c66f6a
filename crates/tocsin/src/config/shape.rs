//! Holds the document against the schema of the raw types: every unknown key, wrong type and missing
//! key is told at once, and what fits is handed on with a null in the place of what does not.

use serde_json::{Map, Value as Json};

use super::at::At;
use super::document::{Document, Node, Value};
use super::faults::Fault;
use super::nearest::nearest;

/// What of the document fits, as JSON that the raw types can read.
pub(super) fn fit(document: &Document, schema: &Json, faults: &mut Vec<Fault>) -> Json {
    Fitter { document, faults }.value(document.root(), schema, &At::top())
}

/// What may stand in a place.
#[derive(Clone, Copy, Default)]
pub(super) struct Wants {
    /// A text.
    pub(super) text: bool,
    /// A list.
    pub(super) list: bool,
    /// A table.
    pub(super) table: bool,
}

/// What may stand where any of these schemas applies.
pub(super) fn wants(schemas: &[&Json]) -> Wants {
    let mut wanted = Wants::default();
    for form in schemas.iter().flat_map(|s| forms(s)) {
        match kind_of(form) {
            "string" => wanted.text = true,
            "array" => wanted.list = true,
            "object" => wanted.table = true,
            _ => {}
        }
    }
    wanted
}

/// The schemas one step further down.
pub(super) fn below<'s>(schemas: &[&'s Json], part: &str) -> Vec<&'s Json> {
    let mut found = Vec::new();
    for form in schemas.iter().flat_map(|s| forms(s)) {
        found.extend(form.get("items"));
        match form.get("properties").and_then(|p| p.get(part)) {
            Some(property) => found.push(property),
            None => found.extend(form.get("additionalProperties").filter(|s| s.is_object())),
        }
    }
    found
}

/// The forms that a schema allows, each of one type.
fn forms(schema: &Json) -> Vec<&Json> {
    match schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Json::as_array) {
        Some(alternatives) => alternatives.iter().flat_map(forms).collect(),
        None => vec![schema],
    }
}

fn kind_of(form: &Json) -> &str {
    form.get("type").and_then(Json::as_str).unwrap_or("")
}

fn constant(form: &Json) -> Option<&str> {
    form.get("const").and_then(Json::as_str)
}

/// Which of several sorts a table is of, if its `kind` says so: `kind = "http"`.
fn kind_constant(form: &Json) -> Option<&str> {
    constant(form.get("properties")?.get("kind")?)
}

struct Fitter<'a> {
    document: &'a Document,
    faults: &'a mut Vec<Fault>,
}

impl Fitter<'_> {
    fn value(&mut self, node: &Node, schema: &Json, at: &At) -> Json {
        let forms = forms(schema);
        match &node.value {
            Value::Text(text) => self.text(text, &forms, schema, at),
            Value::Integer(n) if forms.iter().any(|f| matches!(kind_of(f), "integer" | "number")) => {
                Json::from(*n)
            }
            Value::Float(n) if n.is_finite() && forms.iter().any(|f| kind_of(f) == "number") => {
                Json::from(*n)
            }
            Value::Flag(flag) if forms.iter().any(|f| kind_of(f) == "boolean") => Json::from(*flag),
            Value::List(list) => match forms.iter().find(|f| kind_of(f) == "array") {
                Some(form) => self.list(list, form, at),
                None => self.wrong_type("a list", &forms, schema, at),
            },
            Value::Table(table) => {
                let tables: Vec<&Json> = forms.iter().filter(|f| kind_of(f) == "object").copied().collect();
                match (tables.as_slice(), table.get("kind").map(|kind| &kind.value)) {
                    ([], _) => self.wrong_type("a table", &forms, schema, at),
                    ([form], _) if kind_constant(form).is_none() => self.table(table, form, at),
                    (sorts, kind) => self.sort_of_table(table, kind, sorts, at),
                }
            }
            Value::Integer(_) => self.wrong_type("a whole number", &forms, schema, at),
            Value::Float(_) => self.wrong_type("a number with a fraction", &forms, schema, at),
            Value::Flag(_) => self.wrong_type("true or false", &forms, schema, at),
            Value::Date => self.wrong_type("a date", &forms, schema, at),
            Value::Told => Json::Null,
            Value::TooGreat => self.wrong_type("a number that is too great", &forms, schema, at),
        }
    }

    fn text(&mut self, text: &str, forms: &[&Json], schema: &Json, at: &At) -> Json {
        let texts: Vec<&&Json> = forms.iter().filter(|f| kind_of(f) == "string").collect();
        if texts.is_empty() {
            return self.wrong_type("a text", forms, schema, at);
        }
        let words: Vec<&str> = texts.iter().filter_map(|f| constant(f)).collect();
        if words.len() < texts.len() || words.contains(&text) {
            return Json::from(text);
        }
        self.unknown_word(text, &words, at)
    }

    fn unknown_word(&mut self, text: &str, words: &[&str], at: &At) -> Json {
        let known = words.iter().map(|w| format!("{w:?}")).collect::<Vec<_>>().join(", ");
        let help = match nearest(text, words.iter().copied()) {
            Some(word) => format!("did you mean {word:?}? Known are {known}"),
            None => format!("write one of {known}"),
        };
        self.faults.push(self.document.fault_at(at, &format!("{text:?} is not known here"), &help));
        Json::Null
    }

    fn list(&mut self, list: &[Node], form: &Json, at: &At) -> Json {
        let items = &form["items"];
        let fitted = list.iter().enumerate().map(|(n, node)| self.value(node, items, &at.index(n)));
        Json::Array(fitted.collect())
    }

    fn sort_of_table(
        &mut self,
        table: &std::collections::BTreeMap<String, Node>,
        kind: Option<&Value>,
        sorts: &[&Json],
        at: &At,
    ) -> Json {
        let kinds: Vec<&str> = sorts.iter().filter_map(|s| kind_constant(s)).collect();
        let known = kinds.iter().map(|k| format!("kind = {k:?}")).collect::<Vec<_>>().join(", ");
        match kind {
            Some(Value::Text(kind)) => match sorts.iter().find(|s| kind_constant(s) == Some(kind)) {
                Some(form) => self.table(table, form, at),
                None => self.unknown_word(kind, &kinds, &at.key("kind")),
            },
            Some(_) => {
                let fault = self.document.fault_at(
                    &at.key("kind"),
                    "must be a text",
                    &format!("write one of {known}"),
                );
                self.faults.push(fault);
                Json::Null
            }
            None => {
                self.faults.push(self.document.fault_at(
                    at,
                    "`kind` is missing",
                    &format!("write one of {known}"),
                ));
                Json::Null
            }
        }
    }

    fn table(&mut self, table: &std::collections::BTreeMap<String, Node>, form: &Json, at: &At) -> Json {
        let none = Map::new();
        let properties = form.get("properties").and_then(Json::as_object).unwrap_or(&none);
        let others = form.get("additionalProperties").filter(|s| s.is_object());
        let mut fitted = Map::new();
        for (key, node) in table {
            match properties.get(key).or(others) {
                Some(schema) => {
                    let value = self.value(node, schema, &at.key(key));
                    fitted.insert(key.clone(), value);
                }
                None => self.unknown_key(key, properties, at),
            }
        }
        for key in form.get("required").and_then(Json::as_array).into_iter().flatten() {
            let Some(key) = key.as_str().filter(|key| !table.contains_key(*key)) else { continue };
            let help = format!("write {}", example_of(key, properties.get(key)));
            self.faults.push(self.document.fault_at(at, &format!("`{key}` is missing"), &help));
        }
        Json::Object(fitted)
    }

    fn unknown_key(&mut self, key: &str, properties: &Map<String, Json>, at: &At) {
        let known = properties.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
        let help = match nearest(key, properties.keys().map(String::as_str)) {
            Some(word) => format!("did you mean `{word}`? Known here are {known}"),
            None => format!("leave it out; known here are {known}"),
        };
        let fault = self.document.fault_at_key(&at.key(key), &format!("`{key}` is not known here"), &help);
        self.faults.push(fault);
    }

    fn wrong_type(&mut self, found: &str, forms: &[&Json], schema: &Json, at: &At) -> Json {
        let mut wanted: Vec<&str> = forms.iter().map(|f| in_words(kind_of(f))).collect();
        wanted.dedup();
        let what = format!("is {found} and must be {}", wanted.join(" or "));
        let help = format!("write {}", example_of(at.last_key().unwrap_or(""), Some(schema)));
        self.faults.push(self.document.fault_at(at, &what, &help));
        Json::Null
    }
}

fn in_words(kind: &str) -> &'static str {
    match kind {
        "string" => "a text in quotes",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a table",
        _ => "something else",
    }
}

fn below_are_tables(schema: Option<&Json>) -> bool {
    schema
        .and_then(|s| s.get("items"))
        .is_some_and(|items| forms(items).iter().any(|f| kind_of(f) == "object"))
}

/// `key = example`, with the example of the raw type where it has one.
fn example_of(key: &str, schema: Option<&Json>) -> String {
    let forms = schema.map(forms).unwrap_or_default();
    let example = schema.and_then(|s| s.get("examples")).and_then(|e| e.get(0));
    let constant = forms.first().and_then(|f| constant(f)).map(Json::from);
    let value = match example.cloned().or(constant) {
        // Texts with quotes in them stand in single quotes, as people write queries.
        Some(Json::String(text)) if text.contains('"') => format!("'{text}'"),
        Some(value) => value.to_string(),
        None => match forms.first().map_or("", |f| kind_of(f)) {
            "object" => return format!("[{key}] and its keys below it"),
            "array" if below_are_tables(schema) => return format!("[[{key}]] and its keys below it"),
            "array" => "[ … ]".to_owned(),
            "boolean" => "true".to_owned(),
            "integer" | "number" => "1".to_owned(),
            _ => "\"…\"".to_owned(),
        },
    };
    format!("{key} = {value}")
}
