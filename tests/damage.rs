//! Records that are no posts any more, or hardly: good ones, damaged in all the ways that we could think of.

use tocsin_laws::Dice;

/// Bytes of a record that may be just not too long, and one that is.
const MEBIBYTE: usize = 1024 * 1024;

/// A record as a list of fields, each with its raw JSON.
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn good(id: &str, text: &str, created: &str) -> Fields {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        Fields(vec![
            ("id", quoted(id)),
            ("source", quoted("weibo")),
            ("text", quoted(text)),
            ("created_at", quoted(created)),
            ("author", format!(r#"{{"id":{},"followers":12}}"#, quoted(&format!("author of {id}")))),
            ("engagement", r#"{"likes":3,"views":40}"#.to_owned()),
            ("deleted", "false".to_owned()),
        ])
    }
    fn any(&self, dice: &mut Dice) -> usize {
        dice.below(self.0.len() as u64) as usize
    }
    fn set(&mut self, name: &'static str, json: impl Into<String>) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, value)) => *value = json.into(),
            None => self.0.push((name, json.into())),
        }
    }
    fn write(&self) -> Vec<u8> {
        let fields: Vec<String> = self.0.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(",")).into_bytes()
    }
}

/// A good post with this id and text, damaged. It is one line, not blank, and it may still be a post: then `wire`
/// says so. It says nothing that `text` does not say, and `text` and `id` should need no escape.
pub fn damaged(dice: &mut Dice, id: &str, text: &str, created: &str) -> Vec<u8> {
    let mut fields = Fields::good(id, text, created);
    let mut bytes = match dice.below(18) {
        0 => cut(dice, fields.write()),
        1 => {
            let at = fields.any(dice);
            fields.0[at].1 = one_of(dice, WRONG).to_owned();
            fields.write()
        }
        2 => {
            let good = fields.write();
            let byte = 0x80 + dice.below(0x80) as u8;
            insert(dice, good, &[byte])
        }
        3 => brackets(dice),
        4 => {
            fields.set("created_at", format!("\"{}\"", one_of(dice, DATES)));
            fields.write()
        }
        5 => {
            let good = fields.write();
            let nul = one_of(dice, &["\0", "\\u0000", "\0\0\0\0"]);
            insert(dice, good, nul.as_bytes())
        }
        6 => {
            let number = one_of(dice, NUMBERS);
            match dice.below(3) {
                0 => fields.set("id", number),
                1 => fields.set("engagement", format!(r#"{{"likes":{number},"views":{number}}}"#)),
                _ => fields.set("author", format!(r#"{{"id":{number},"followers":{number}}}"#)),
            }
            fields.write()
        }
        7 => one_of(dice, NO_POSTS).as_bytes().to_vec(),
        8 => {
            let depth = 20 + dice.below(30) as usize;
            let field = one_of(dice, &["unknown", "text", "parent", "media"]);
            fields.set(field, format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
            fields.write()
        }
        9 => {
            let half = one_of(dice, &["\\ud83d", "\\udca9", "\\udca9\\ud83d", "\\u12", "\\x41"]);
            let field = one_of(dice, &["id", "text", "source", "title", "created_at"]);
            fields.set(field, format!("\"{text}{half}{text}\""));
            fields.write()
        }
        10 => {
            let good = fields.write();
            if dice.one_in(2) {
                [b"\xef\xbb\xbf", good.as_slice()].concat()
            } else {
                insert(dice, good, b"\xef\xbb\xbf")
            }
        }
        11 => {
            let at = fields.any(dice);
            let again = fields.0[at].clone();
            fields.0.push(again);
            fields.write()
        }
        12 => {
            long(dice, &mut fields);
            fields.write()
        }
        13 => flipped(dice, fields.write()),
        14 => {
            let good = String::from_utf8(fields.write()).unwrap();
            let tail = one_of(dice, TAILS);
            if dice.one_in(4) {
                good.replace('"', "'").into_bytes()
            } else {
                format!("{good}{tail}").into_bytes()
            }
        }
        15 => {
            let at = fields.any(dice);
            fields.0.remove(at);
            fields.write()
        }
        16 => {
            fields.set("repost_of", format!("\"{id}\""));
            fields.set("parent", one_of(dice, PARENTS));
            fields.set("media", one_of(dice, MEDIA));
            fields.write()
        }
        _ => {
            // Twice damaged.
            let cut = cut(dice, fields.write());
            flipped(dice, cut)
        }
    };
    // A record is a line: what would cut it in two, or be blank, is another byte.
    bytes.iter_mut().filter(|b| matches!(**b, b'\n' | b'\r')).for_each(|b| *b = b'?');
    if bytes.trim_ascii().is_empty() { b"{".to_vec() } else { bytes }
}

const WRONG: &[&str] = &[
    "null",
    "true",
    "17",
    "-1",
    "1.5",
    "\"\"",
    "\"x\"",
    "[]",
    "{}",
    "[1,[2]]",
    "{\"id\":{\"id\":1}}",
    "NaN",
    "nul",
    "",
];

const DATES: &[&str] = &[
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59",
    "10000-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0000-01-01T00:00:00+23:59",
    "-001-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-03-01T24:00:00Z",
    "2026-06-30T23:59:60Z",
    "2026-03-01T00:00:00+99:00",
    "2026-03-01T00:00:00.123456789123456789Z",
    "2026-03-01",
    "2026-03-01T00:00:00",
    "昨天",
];

const NUMBERS: &[&str] = &[
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "99999999999999999999999999999999999999999999",
    "1e308",
    "1e400",
    "-1e400",
    "0.1",
    "-0",
    "1000000000001",
    "12.0",
    "007",
    "0x10",
    "+1",
    "1_000",
];

const NO_POSTS: &[&str] = &[
    "{}",
    "[]",
    "null",
    "true",
    "42",
    "\"post\"",
    "[{}]",
    "{",
    "}",
    "\"",
    "{\"\":\"\"}",
    "{\"id\":\"\"}",
    "﻿",
    "id,text",
    "<html></html>",
    "\0",
];

const TAILS: &[&str] = &[",", "}", "]", " {}", "/* a comment */", "//", "\0", "x", ";", "{\"id\":\"2\"}"];

const PARENTS: &[&str] = &[
    "{}",
    "[]",
    "{\"id\":\"p\"}",
    "{\"text\":7}",
    "{\"author\":{}}",
    "{\"parent\":{\"parent\":{}}}",
    "\"p\"",
];

const MEDIA: &[&str] = &[
    "[]",
    "{}",
    "[null]",
    "[{}]",
    "[{\"type\":\"image\"}]",
    "[{\"type\":\"image\",\"text\":[]}]",
    "[{\"url\":\"x\"}]",
    "\"m\"",
];

fn one_of(dice: &mut Dice, all: &[&'static str]) -> &'static str {
    all[dice.below(all.len() as u64) as usize]
}

fn cut(dice: &mut Dice, mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(1 + dice.below(bytes.len() as u64 - 1) as usize);
    bytes
}

fn insert(dice: &mut Dice, mut bytes: Vec<u8>, what: &[u8]) -> Vec<u8> {
    let at = dice.below(bytes.len() as u64 + 1) as usize;
    bytes.splice(at..at, what.iter().copied());
    bytes
}

/// One to eight bytes become any other.
fn flipped(dice: &mut Dice, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..=dice.below(8) {
        let at = dice.below(bytes.len() as u64) as usize;
        bytes[at] = match dice.below(256) as u8 {
            // These two would make HTML of a text, of which cleaning takes away what the count looks for.
            b'<' | b'&' => b'?',
            byte => byte,
        };
    }
    bytes
}

/// Nothing but openings: mostly some, sometimes a mebibyte of them, or more.
fn brackets(dice: &mut Dice) -> Vec<u8> {
    let length = match dice.below(40) {
        0 => MEBIBYTE,
        1 => MEBIBYTE + 1 + dice.below(1_000) as usize,
        _ => 1 + dice.below(5_000) as usize,
    };
    let opening = one_of(dice, &["[", "{", "{\"a\":", "[{\"id\":"]);
    opening.bytes().cycle().take(length).collect()
}

/// Ids, texts, names and lists at their limits and past them.
fn long(dice: &mut Dice, fields: &mut Fields) {
    let quoted = |length: usize| format!("\"{}\"", "x".repeat(length));
    match dice.below(6) {
        0 => fields.set("id", quoted(one_size(dice, &[256, 257, 300, 70_000]))),
        1 => fields.set("text", quoted(one_size(dice, &[65_536, 65_537, 300_000]))),
        2 => fields.set("source", quoted(one_size(dice, &[64, 65, 10_000]))),
        3 => fields.set(
            "media",
            format!("[{}1]", "{\"type\":\"image\"},".repeat(one_size(dice, &[63, 64, 10_000]))),
        ),
        4 => fields.set("author", format!("{{\"id\":{}}}", quoted(one_size(dice, &[256, 257, 70_000])))),
        _ if dice.one_in(10) => fields.set("unknown", quoted(MEBIBYTE)),
        _ => fields.set("unknown", quoted(one_size(dice, &[1_000, 100_000]))),
    }
}

fn one_size(dice: &mut Dice, sizes: &[usize]) -> usize {
    sizes[dice.below(sizes.len() as u64) as usize]
}
