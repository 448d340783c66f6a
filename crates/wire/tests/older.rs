//! Neighbouring versions of the program read each other. What a next one may add to a shape of version 1 is ignored, and
//! what an older one did not write yet is not missed: tried at every place of every golden file.

use serde_json::{Value, json};
use tocsin_model::{ArrivalTime, Position};
use tocsin_wire::{KinRecord, Unreadable, schemas};

/// Reads a record and writes it again; the reader is the one that services use.
type Again = fn(&[u8]) -> Result<Vec<u8>, Unreadable>;

/// A shape, what was recorded of it, and how it is read; then the members that may be absent in some records, but without
/// which these here would be none: a post of no words and of nobody else's, a ring without its number,
/// a reason without what it is about.
const SHAPES: [(&str, &str, Again, &[&str]); 9] = [
    ("post", include_str!("golden/post-v1.json"), post, &["/text", "/repost_of"]),
    ("matched", include_str!("golden/matched-v1.json"), matched, &["/post/text", "/post/repost_of"]),
    (
        "tokenized",
        include_str!("golden/tokenized-v1.json"),
        tokenized,
        &["/matched/post/text", "/matched/post/repost_of"],
    ),
    (
        "scored",
        include_str!("golden/scored-v1.json"),
        scored,
        &["/matched/post/text", "/matched/post/repost_of"],
    ),
    ("kin", include_str!("golden/kin-v1.json"), kin, &["/told", "/source", "/id", "/asks_since", "/matched"]),
    ("signal", include_str!("golden/signal-v1.json"), signal, &["/severity", "/evidence"]),
    ("incident", include_str!("golden/incident-v1.json"), incident, &[]),
    ("notice", include_str!("golden/notice-v1.json"), notice, &["/ring"]),
    ("rejected", include_str!("golden/rejected-v1.json"), rejected, &["/detail", "/field", "/number"]),
];

fn post(json: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let post = tocsin_wire::read_post(json, ArrivalTime::from_millis(7));
    Ok(tocsin_wire::write_post(&post.expect("a sender's post is read")))
}
fn matched(json: &[u8]) -> Result<Vec<u8>, Unreadable> {
    tocsin_wire::read_matched(json).map(|noun| tocsin_wire::write_matched(&noun))
}
fn tokenized(json: &[u8]) -> Result<Vec<u8>, Unreadable> {
    tocsin_wire::read_tokenized(json).map(|noun| tocsin_wire::write_tokenized(&noun))
}
fn scored(json: &[u8]) -> Result<Vec<u8>, Unreadable> {
    tocsin_wire::read_scored(json).map(|noun| tocsin_wire::write_scored(&noun))
}
fn kin(json: &[u8]) -> Result<Vec<u8>, Unreadable> {
    tocsin_wire::read_kin(json, Position(7)).map(|noun| match noun {
        KinRecord::Tells(tells) => tocsin_wire::write_tells(&tells),
        KinRecord::Asks(ask) => tocsin_wire::write_ask(&ask),
    })
}
fn signal(json: &[u8]) -> Result<Vec<u8>, Unreadable> {
    tocsin_wire::read_signal(json).map(|noun| tocsin_wire::write_signal(&noun))
}
fn incident(json: &[u8]) -> Result<Vec<u8>, Unreadable> {
    tocsin_wire::read_incident(json).map(|noun| tocsin_wire::write_incident(&noun))
}
fn notice(json: &[u8]) -> Result<Vec<u8>, Unreadable> {
    tocsin_wire::read_notice(json).map(|noun| tocsin_wire::write_notice(&noun))
}
fn rejected(json: &[u8]) -> Result<Vec<u8>, Unreadable> {
    tocsin_wire::read_rejected(json).map(|noun| tocsin_wire::write_rejected(&noun))
}

/// A place in a record where an object of our own stands, and those of its members that need not be there. Maps, whose
/// keys are data, and a choice of one member are none of these.
struct Place {
    pointer: String,
    optional: Vec<String>,
}

fn places(schema: &Value) -> impl Fn(&Value) -> Vec<Place> + '_ {
    move |record| {
        let mut found = Vec::new();
        walk(schema, schema, record, String::new(), &mut found);
        found
    }
}

fn walk(root: &Value, schema: &Value, value: &Value, pointer: String, found: &mut Vec<Place>) {
    if let Some(name) = schema["$ref"].as_str() {
        let defined = root.pointer(name.trim_start_matches('#')).expect("what a schema names is in it");
        return walk(root, defined, value, pointer, found);
    }
    if let Some(ways) = schema["anyOf"].as_array() {
        let way = ways.iter().find(|way| way.get("$ref").is_some());
        return way.into_iter().for_each(|way| walk(root, way, value, pointer.clone(), found));
    }
    if let Value::Array(values) = value {
        for (n, value) in values.iter().enumerate() {
            walk(root, &schema["items"], value, format!("{pointer}/{n}"), found);
        }
    }
    let (Value::Object(members), Some(known)) = (value, schema["properties"].as_object()) else { return };
    let is_required =
        |name: &str| schema["required"].as_array().is_some_and(|names| names.contains(&name.into()));
    for (name, value) in members {
        let member = known.get(name).unwrap_or_else(|| panic!("{pointer}/{name} is not in the schema"));
        walk(root, member, value, format!("{pointer}/{name}"), found);
    }
    let optional = members.keys().filter(|name| !is_required(name)).cloned().collect();
    found.push(Place { pointer, optional });
}

fn object<'a>(record: &'a mut Value, pointer: &str) -> &'a mut serde_json::Map<String, Value> {
    record.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object stands there")
}

/// Each record of each golden file, with its places.
fn each(mut look: impl FnMut(&str, Again, &[&str], &Value, &[Place])) {
    let schemas = schemas();
    assert_eq!(schemas.iter().map(|s| s.0).collect::<Vec<_>>(), SHAPES.map(|s| s.0), "every shape is tried");
    for ((_, schema), (name, golden, again, never_without)) in schemas.iter().zip(SHAPES) {
        let golden: Value = serde_json::from_str(golden).expect("a golden file is JSON");
        let records = if let Value::Array(records) = golden { records } else { vec![golden] };
        for record in records {
            look(name, again, never_without, &record, &places(schema)(&record));
        }
    }
}

#[track_caller]
fn read(name: &str, again: Again, record: &Value, what: &str) -> Value {
    let bytes = again(record.to_string().as_bytes()).unwrap_or_else(|why| panic!("{name}: {what}: {why}"));
    serde_json::from_slice(&bytes).expect("what is written is JSON")
}

#[test]
fn what_a_next_version_adds_is_ignored_wherever_it_stands() {
    let mut tried = 0;
    each(|name, again, _, record, places| {
        for place in places {
            for new in [json!(null), json!("new"), json!([1, { "deep": {} }]), json!({ "v": 2 })] {
                let mut newer = record.clone();
                object(&mut newer, &place.pointer).insert("of_a_next_version".to_owned(), new);
                let what = format!("something new in {:?}", place.pointer);
                assert_eq!(read(name, again, &newer, &what), *record, "{name}: {what}");
                tried += 1;
            }
        }
    });
    assert!(tried > 200, "{tried} places");
}

#[test]
fn what_an_older_version_did_not_write_is_not_missed() {
    let mut tried = 0;
    each(|name, again, never_without, record, places| {
        for place in places {
            for member in &place.optional {
                let pointer = format!("{}/{member}", place.pointer);
                if never_without.contains(&pointer.as_str()) {
                    continue;
                }
                let mut older = record.clone();
                object(&mut older, &place.pointer).remove(member);
                // The rest is read as it stands; what is absent stays absent, or stands there as what it means.
                let mut read = read(name, again, &older, &format!("without {pointer}"));
                let stands = object(&mut read, &place.pointer).remove(member);
                assert_eq!(read, older, "{name} without {pointer}, which then is {stands:?}");
                tried += 1;
            }
        }
    });
    assert!(tried > 50, "{tried} members");
}
