//! `tocsin schema`: the shapes of what goes over topics, for those downstream.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use tocsin_kafka::{TOPICS, Topic};

use super::Stop;
use crate::cli::args::Schema;

/// Writes the JSON Schema of one shape, the AsyncAPI document, or what there is.
///
/// # Errors
/// There is no such shape.
pub(crate) fn schema(typed: &Schema, output: &mut impl Write) -> Result<io::Result<()>, Stop> {
    if typed.asyncapi {
        return Ok(output.write_all(yaml(&asyncapi()).as_bytes()));
    }
    let schemas = tocsin_wire::schemas();
    let Some(name) = &typed.name else {
        return Ok(schemas.iter().try_for_each(|(name, _)| writeln!(output, "{name}")));
    };
    match schemas.iter().find(|(known, _)| known == name) {
        Some((_, schema)) => Ok(writeln!(output, "{schema:#}")),
        None => {
            let names: Vec<&str> = schemas.iter().map(|(name, _)| *name).collect();
            Err(Stop::usage(format_args!("{name:?}: no such shape; there are {}", names.join(", "))))
        }
    }
}

/// Topics that have a shape, and what their records are keyed by. `actions` has none yet.
fn carried(topic: Topic) -> Option<(&'static str, &'static str, &'static str)> {
    let (shape, key, what) = match topic {
        Topic::Raw => ("post", "Source and id of the post.", "Posts as they come in."),
        Topic::Kin => ("kin", "Source and id of the post that is spoken of.", "Who descends from whom."),
        Topic::Matched => {
            ("matched", "Source and id of the post.", "Posts with the brands that they mention.")
        }
        Topic::Tokenized => ("tokenized", "Source and id of the post.", "With their own words cut up."),
        Topic::Scored => ("scored", "Source and id of the post.", "With their moods read."),
        Topic::Signals => {
            ("signal", "The subject: `brand:NAME` or `source:NAME`.", "What is abnormal now, and why.")
        }
        Topic::Incidents => (
            "incident",
            "The id of the incident: the topic is compacted, the latest state of each stays.",
            "The life of each crisis.",
        ),
        Topic::Notices => ("notice", "The subject: `brand:NAME` or `source:NAME`.", "Messages to channels."),
        Topic::Rejected => ("rejected", "Where it came from.", "What is no post: the bytes, and why."),
        Topic::Actions => return None,
    };
    Some((shape, key, what))
}

/// What goes over topics, as AsyncAPI 3 says it.
fn asyncapi() -> Value {
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for (topic, (shape, key, what)) in TOPICS.into_iter().filter_map(|topic| Some((topic, carried(topic)?))) {
        let name = topic.name();
        channels.insert(
            name.to_owned(),
            json!({
                "address": format!("tocsin.{name}"),
                "description": what,
                "messages": { shape: { "$ref": format!("#/components/messages/{shape}") } },
            }),
        );
        operations.insert(
            format!("{name}.send"),
            json!({ "action": "send", "channel": { "$ref": format!("#/channels/{name}") } }),
        );
        messages.insert(
            shape.to_owned(),
            json!({
                "name": topic.kind(),
                "contentType": "application/json",
                "headers": { "$ref": "#/components/schemas/headers" },
                "payload": { "$ref": format!("./schemas/{shape}-v1.json") },
                "bindings": { "kafka": { "key": { "type": "string", "description": key } } },
            }),
        );
    }
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "tocsin",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What goes over Kafka. Addresses begin with the config's [kafka] prefix, tocsin. by default. \
                Records are written in transactions: read them with isolation.level=read_committed. An id may be seen \
                again after a failure; keep the first of it. Ignore fields that you do not know: a new one may come \
                with any version, and what one means never changes.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": { "headers": {
                "type": "object",
                "description": "CloudEvents 1.0 in the binary mode of its Kafka binding, and W3C traceparent.",
                "required": ["ce_specversion", "ce_type", "ce_source", "ce_id", "ce_time", "content-type"],
                "properties": {
                    "ce_specversion": { "type": "string", "const": "1.0" },
                    "ce_type": text("What it is, with its version: tocsin.signal.v1."),
                    "ce_source": text("Who made it: /tocsin/spike-detect."),
                    "ce_id": text("Unique among the records of its type."),
                    "ce_time": text("When it came about, RFC 3339; of a post, when it came in."),
                    "ce_subject": text("Whom it is about, where it is about one: brand:NAME or source:NAME."),
                    "content-type": { "type": "string", "const": "application/json" },
                    "traceparent": text("The trace that it is part of."),
                },
            } },
        },
    })
}

/// A value as YAML, in blocks; texts in quotes, so that none is taken for something else.
fn yaml(value: &Value) -> String {
    let mut out = "# Made by `tocsin schema --asyncapi`.\n".to_owned();
    block(value, 0, &mut out);
    out
}

fn block(value: &Value, depth: usize, out: &mut String) {
    let Value::Object(object) = value else { unreachable!("a block is an object") };
    for (key, value) in object {
        let is_plain = key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        let key = if is_plain { key.clone() } else { Value::from(key.as_str()).to_string() };
        out.push_str(&"  ".repeat(depth));
        match value {
            Value::Object(_) => {
                out.push_str(&format!("{key}:\n"));
                block(value, depth + 1, out);
            }
            // JSON on one line is YAML, too.
            _ => out.push_str(&format!("{key}: {value}\n")),
        }
    }
}
