//! A body into records. Elements of an array keep their own bytes, and one that is broken inside spoils no
//! other: so the cuts are found without reading what lies between them.

use serde::de::IgnoredAny;
use tocsin_model::{Reason, limits::RECORD_BYTES_MAX};

use crate::http::answer::Refusal;
use crate::http::body::Form;
use crate::records::{Columns, Format, RawRecord, Records};

/// Records of one request: a bound on what a body of nothing but commas can make.
const RECORDS_MAX: usize = 50_000;

/// One post, an array of posts, or JSON Lines.
pub(crate) fn split(body: &[u8], form: Form) -> Result<Vec<RawRecord>, Refusal> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match body.trim_ascii() {
        [] => Err(Refusal::empty()),
        _ if form.lines => lines(body),
        [b'[', ..] => array(body.trim_ascii()),
        trimmed if is_one_post(trimmed) => Ok(vec![RawRecord::of_bytes(trimmed)]),
        _ => lines(body),
    }
}

/// Not several lines of JSON: either the whole is JSON, or no line of it is an object by itself, so that it
/// must be one post over several lines, damaged.
fn is_one_post(body: &[u8]) -> bool {
    let is_json = |bytes: &[u8]| serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
    let is_object = |line: &[u8]| line.trim_ascii_start().starts_with(b"{") && is_json(line);
    !body.contains(&b'\n') || is_json(body) || !body.split(|b| *b == b'\n').any(is_object)
}

fn lines(body: &[u8]) -> Result<Vec<RawRecord>, Refusal> {
    let none = Columns::default();
    let records = Records::start(body, Format::Jsonl, &none).map_err(|_| Refusal::Broken)?;
    bounded(records.map_while(Result::ok))
}

fn array(body: &[u8]) -> Result<Vec<RawRecord>, Refusal> {
    match elements(body) {
        Some(elements) => bounded(elements.map(RawRecord::of_bytes)),
        None => {
            let mut whole = RawRecord::of_bytes(body);
            whole.fault = Some(Reason::Syntax(if body.len() > RECORD_BYTES_MAX {
                format!("the array is cut off or badly closed (the first {RECORD_BYTES_MAX} bytes are kept)")
            } else {
                "the array is cut off or badly closed".to_owned()
            }));
            Ok(vec![whole])
        }
    }
}

fn bounded(records: impl Iterator<Item = RawRecord>) -> Result<Vec<RawRecord>, Refusal> {
    let mut all = Vec::new();
    for record in records {
        if all.len() == RECORDS_MAX {
            return Err(Refusal::TooMany { records_max: RECORDS_MAX });
        }
        all.push(record);
    }
    Ok(all)
}

/// What stands between the commas of an array; `None` if the array does not end where the body ends.
fn elements(body: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let mut cuts = vec![0];
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for (at, byte) in body.iter().enumerate() {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    // A brace may not close what a bracket opened, and nothing may follow.
                    if *byte != b']' || at + 1 != body.len() {
                        return None;
                    }
                    cuts.push(at);
                }
            }
            // One more than may come in: enough to be refused by.
            b',' if depth == 1 && cuts.len() <= RECORDS_MAX + 1 => cuts.push(at),
            _ => {}
        }
    }
    if depth != 0 {
        return None;
    }
    let is_empty = cuts.len() == 2 && body[1..body.len() - 1].trim_ascii().is_empty();
    let count = if is_empty { 0 } else { cuts.len() - 1 };
    Some((0..count).map(move |i| &body[cuts[i] + 1..cuts[i + 1]]))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(body: &str, expect: Expect) {
        let form = Form::of(&axum::http::HeaderMap::new()).unwrap();
        let said = match split(body.as_bytes(), form) {
            Ok(records) => records.iter().map(transcript).collect::<Vec<_>>().join(" | "),
            Err(refusal) => refusal.to_string(),
        };
        expect.assert_eq(&said);
    }

    fn transcript(record: &RawRecord) -> String {
        let fault = record.fault.as_ref().map(|f| format!(" ({f})")).unwrap_or_default();
        format!("{}{fault}", String::from_utf8_lossy(&record.bytes))
    }

    #[test]
    fn a_post_by_itself_may_have_several_lines() {
        check("{\"id\":1}", expect![[r#"{"id":1}"#]]);
        check("{\n\"id\":\n1}\n", expect!["{\n\"id\":\n1}"]);
        check("{\n\"id\":\n1", expect!["{\n\"id\":\n1"]);
    }

    #[test]
    fn lines_are_told_by_one_that_is_whole() {
        check("{\"id\":1}\n{\"id\":2}\n", expect![[r#"{"id":1} | {"id":2}"#]]);
        check("{\"id\":\n{\"id\":2}\n\nrubbish", expect![[r#"{"id": | {"id":2} | rubbish"#]]);
    }

    #[test]
    fn an_array_is_cut_at_its_own_commas() {
        check(" [ ] ", expect![""]);
        check("[{\"a\":[1,2]} , {\"b\":\"],[\\\"\"}]", expect![[r#"{"a":[1,2]} | {"b":"],[\""}"#]]);
        check("[{\"a\":1,}, x, {\"b\":2]]", expect![[r#"{"a":1,} | x | {"b":2]"#]]);
        check("[1,]", expect!["1 | "]);
    }

    #[test]
    fn a_cut_array_is_one_record() {
        let fault = expect![[r#"[{"a":1}, (cannot be read: the array is cut off or badly closed)"#]];
        check("[{\"a\":1},", fault);
        check("[1] 2", expect!["[1] 2 (cannot be read: the array is cut off or badly closed)"]);
        check("[1}", expect!["[1} (cannot be read: the array is cut off or badly closed)"]);
        check("[\"1]", expect![[r#"["1] (cannot be read: the array is cut off or badly closed)"#]]);
    }

    #[test]
    fn too_many_records_are_refused() {
        let refused = expect!["more than 50000 posts in one request; send fewer at a time"];
        check(&format!("[{}1]", "1,".repeat(RECORDS_MAX)), refused);
        let form = Form::of(&axum::http::HeaderMap::new()).unwrap();
        let full = format!("[{}1]", "1,".repeat(RECORDS_MAX - 1));
        assert_eq!(split(full.as_bytes(), form).unwrap().len(), RECORDS_MAX);
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(serde_json::Value::from),
            ".{0,8}".prop_map(serde_json::Value::from),
            "[\\[\\]{},\"\\\\]{0,8}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                proptest::collection::btree_map(".{0,4}", inner, 0..4).prop_map(serde_json::Value::from_iter),
            ]
        })
    }

    proptest! {
        #[test]
        fn elements_come_out_as_they_went_in(values in proptest::collection::vec(json(), 0..6)) {
            let body = serde_json::to_vec(&values).unwrap();
            let cut: Vec<serde_json::Value> =
                elements(&body).unwrap().map(|e| serde_json::from_slice(e).unwrap()).collect();
            prop_assert_eq!(cut, values);
        }

        #[test]
        fn any_bytes_are_cut_or_refused(body in proptest::collection::vec(
            prop_oneof![Just(b'['), Just(b']'), Just(b','), Just(b'"'), Just(b'{'), any::<u8>()], 0..64)) {
            let form = Form::of(&axum::http::HeaderMap::new()).unwrap();
            let _records = split(&body, form);
        }
    }
}
