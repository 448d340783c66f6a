//! Streams in, records out.

use std::io::{Cursor, Write};

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tocsin_model::limits::RECORD_BYTES_MAX;

use super::*;

const NO_COLUMNS: Columns =
    Columns { columns: std::collections::BTreeMap::new(), defaults: std::collections::BTreeMap::new() };

fn columns(columns: &[(&str, &str)], defaults: &[(&str, &str)]) -> Columns {
    let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    Columns { columns: map(columns), defaults: map(defaults) }
}

fn all(input: &[u8], format: Format, columns: &Columns) -> Vec<RawRecord> {
    Records::start(input, format, columns).unwrap().map(Result::unwrap).collect()
}

fn transcript(records: &[RawRecord]) -> String {
    let mut out = String::new();
    for r in records {
        let bytes = String::from_utf8_lossy(&r.bytes);
        let bytes = if bytes.len() > 200 { format!("{} bytes", bytes.len()) } else { bytes.into_owned() };
        let torn = if r.ended { "" } else { " torn" };
        let fault = r.fault.as_ref().map(|f| format!(" ({f})")).unwrap_or_default();
        out.push_str(&format!("{} {}..{}{torn}{fault}: {bytes:?}\n", r.line, r.offset, r.end));
    }
    out
}

#[track_caller]
fn check_lines(input: &[u8], expect: Expect) {
    expect.assert_eq(&transcript(&all(input, Format::Jsonl, &NO_COLUMNS)));
}

#[track_caller]
fn check_rows(input: &str, said: &Columns, expect: Expect) {
    expect.assert_eq(&transcript(&all(input.as_bytes(), Format::Csv, said)));
}

#[test]
fn lines_come_with_number_and_place_and_blank_ones_do_not() {
    check_lines(
        b"\xef\xbb\xbf{}\r\n\n  \n{\"a\":1}\n{\"b",
        expect![[r#"
            1 0..7: "{}"
            4 11..19: "{\"a\":1}"
            5 19..22 torn: "{\"b"
        "#]],
    );
}

#[test]
fn a_line_past_the_limit_is_cut_and_the_next_one_is_read() {
    let mut input = vec![b'['; RECORD_BYTES_MAX];
    input.extend_from_slice(b"\n");
    input.extend(vec![b'['; 3 * RECORD_BYTES_MAX]);
    input.extend_from_slice(b"\n{}\n");
    check_lines(
        &input,
        expect![[r#"
            1 0..1048577: "1048576 bytes"
            2 1048577..4194306 (the record is longer than 1048576 bytes): "1048576 bytes"
            3 4194306..4194309: "{}"
        "#]],
    );
}

#[test]
fn an_endless_line_is_not_held() {
    let reader = BufReader::new(std::io::repeat(b'[').take(64 << 20));
    let records: Vec<_> = Records::start(reader, Format::Jsonl, &NO_COLUMNS).unwrap().collect();
    let only = records.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(only.len(), 1);
    assert_eq!(only[0].bytes.len(), RECORD_BYTES_MAX);
    assert!(only[0].bytes.capacity() <= 4 * RECORD_BYTES_MAX);
}

#[test]
fn rows_become_posts_and_quotes_hold_newlines_and_commas() {
    check_rows(
        "\u{feff}id,source,text,author.id,author.followers,deleted,spare\r\n\
         1,weibo,\"一,二\n三 \"\"好\"\"\",a,12,否,x\r\n\
         \r\n\
         2,weibo,平,b,many,,\n",
        &NO_COLUMNS,
        expect![[r#"
            2 60..102: "{\"author\":{\"followers\":12,\"id\":\"a\"},\"deleted\":false,\"id\":\"1\",\"source\":\"weibo\",\"text\":\"一,二\\n三 \\\"好\\\"\"}"
            5 104..125: "{\"author\":{\"followers\":\"many\",\"id\":\"b\"},\"id\":\"2\",\"source\":\"weibo\",\"text\":\"平\"}"
        "#]],
    );
}

#[test]
fn columns_are_mapped_and_defaults_fill_what_is_empty() {
    check_rows(
        "编号,内容,点赞,来源\n7,难喝,3,\n8,好喝,,douyin\n",
        &columns(
            &[("id", "编号"), ("text", "内容"), ("engagement.likes", "点赞"), ("source", "来源")],
            &[("source", "weibo"), ("media.text", "牌")],
        ),
        expect![[r#"
            2 28..40: "{\"engagement\":{\"likes\":3},\"id\":\"7\",\"media\":[{\"text\":\"牌\"}],\"source\":\"weibo\",\"text\":\"难喝\"}"
            3 40..57: "{\"id\":\"8\",\"media\":[{\"text\":\"牌\"}],\"source\":\"douyin\",\"text\":\"好喝\"}"
        "#]],
    );
}

#[test]
fn a_row_that_cannot_be_read_keeps_its_bytes_and_spoils_no_other() {
    check_rows(
        "id,text\n1,a,b\n2,\"open\n3,c\n4,d\n",
        &NO_COLUMNS,
        expect![[r#"
            2 8..14 (cannot be read: the row has 3 fields, the header 2): "1,a,b"
            3 14..22 torn (cannot be read: a quote is opened and not closed): "2,\"open"
            4 22..26: "{\"id\":\"3\",\"text\":\"c\"}"
            5 26..30: "{\"id\":\"4\",\"text\":\"d\"}"
        "#]],
    );
    let records = all(b"id,text\n1,\xff\n2,b\n", Format::Csv, &NO_COLUMNS);
    assert_eq!(records[0].fault, Some(tocsin_model::Reason::Encoding(2)));
    assert_eq!(records[0].bytes, b"1,\xff");
    assert_eq!(records[1].fault, None);
}

#[test]
fn many_open_quotes_cost_bounded_work() {
    // From outside quotes this line opens one; from inside it closes one and opens another.
    let input = format!("id,text\n{}", "x\"y,\"\n".repeat(600_000));
    let records = all(input.as_bytes(), Format::Csv, &NO_COLUMNS);
    assert!(records.iter().all(|r| r.fault.is_some()));
    let bytes: usize = records.iter().map(|r| r.bytes.len() + 1).sum();
    assert_eq!(bytes + 8, input.len());
}

#[test]
fn a_header_without_the_columns_is_refused_with_their_names() {
    let refused = |header: &str, said: &Columns| {
        Records::start(header.as_bytes(), Format::Csv, said).err().map(|e| e.to_string())
    };
    expect!["no column 内容 for text; there are id, body"]
        .assert_eq(&refused("id,body\n", &columns(&[("text", "内容")], &[])).unwrap());
    expect!["no column is a field of a post; there are 编号, 内容: say under columns which of them is text, which is id and so on"]
        .assert_eq(&refused("编号,内容\n", &NO_COLUMNS).unwrap());
    assert_eq!(refused("", &NO_COLUMNS), None, "an empty file has no rows");
}

#[test]
fn unknown_fields_are_named_in_the_config() {
    let said = columns(&[("likes", "点赞"), ("text", "内容")], &[("sauce", "weibo")]);
    assert_eq!(said.unknown_fields(), [("columns", "likes"), ("defaults", "sauce")]);
}

#[test]
fn defaults_stand_in_front_of_a_line_that_lacks_them() {
    let said = columns(&[], &[("source", "weibo"), ("author.id", "nobody")]);
    let complete = |line: &str| said.complete_json(line.as_bytes()).map(|b| String::from_utf8(b).unwrap());
    expect![[r#"{"author":{"id":"nobody"},"source":"weibo","id":"1"}"#]]
        .assert_eq(&complete(r#" {"id":"1"}"#).unwrap());
    expect![[r#"{"source":"weibo","author":{}}"#]].assert_eq(&complete(r#"{"author":{}}"#).unwrap());
    expect![[r#"{"author":{"id":"nobody"},"source":"weibo"}"#]].assert_eq(&complete("{}").unwrap());
    assert_eq!(complete(r#"{"source":"x","author":null}"#), None);
    assert_eq!(complete(r#"{"id":"#), None);
    let records = all(b"{\"id\":\"1\"}\n", Format::Jsonl, &said);
    assert_eq!(records[0].original.as_deref(), Some(b"{\"id\":\"1\"}".as_slice()));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

fn unpacked(bytes: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    unpack(Cursor::new(bytes)).unwrap().read_to_end(&mut out).unwrap();
    out
}

#[test]
fn packing_is_told_by_the_first_bytes() {
    assert_eq!(unpacked(b"{}".to_vec()), b"{}");
    assert_eq!(unpacked(vec![]), b"");
    assert_eq!(unpacked([gzip(b"one "), gzip(b"two")].concat()), b"one two");
    let zst = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    assert_eq!(unpacked([zst(b"one "), zst(b"two")].concat()), b"one two");
}

#[test]
fn a_cut_archive_gives_what_it_holds_and_then_says_so() {
    let text: String = (0..2000).map(|i| format!("{{\"id\":\"{}\"}}\n", i * 7919)).collect();
    let packed = gzip(text.as_bytes());
    let cut = packed[..packed.len() / 2].to_vec();
    let reader = BufReader::new(unpack(Cursor::new(cut)).unwrap());
    let records: Vec<_> = Records::start(reader, Format::Jsonl, &NO_COLUMNS).unwrap().collect();
    assert!(records.len() > 100);
    assert!(records.last().unwrap().is_err());
}

#[test]
fn a_file_is_read_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let read = |path: &str| -> Vec<String> {
        let records = read_records(path, Format::Auto, &NO_COLUMNS).unwrap();
        records.map(|r| String::from_utf8(r.unwrap().bytes).unwrap()).collect()
    };
    assert_eq!(read(&write("a.jsonl", b"{}\n[]")), ["{}", "[]"]);
    assert_eq!(read(&write("a.csv", b"id\n1\n")), [r#"{"id":"1"}"#]);
    assert_eq!(read(&write("A.CSV.GZ", &gzip(b"id\n1\n"))), [r#"{"id":"1"}"#]);
    let fault = read_records("nowhere.jsonl", Format::Auto, &NO_COLUMNS).err().unwrap();
    assert!(fault.to_string().starts_with("nowhere.jsonl: "), "{fault}");
    let fault = read_records(&write("b.csv", b"x\n1\n"), Format::Auto, &NO_COLUMNS).err().unwrap();
    assert!(fault.to_string().contains("b.csv: no column is a field"), "{fault}");
}

fn cell() -> impl Strategy<Value = String> {
    "[a\"\n\r, 好]{0,6}"
}

proptest! {
    #[test]
    fn what_a_csv_writer_writes_is_read_back(rows in proptest::collection::vec((cell(), cell()), 0..8)) {
        // A carriage return by itself ends no row here, nor does one at the end of a cell lose anything.
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["id", "text"]).unwrap();
        for (id, text) in &rows {
            writer.write_record([id, text]).unwrap();
        }
        let written = writer.into_inner().unwrap();
        let records = all(&written, Format::Csv, &NO_COLUMNS);
        let mut expected = Vec::new();
        for (id, text) in &rows {
            let mut post = serde_json::Map::new();
            for (field, cell) in [("id", id), ("text", text)] {
                if !cell.trim().is_empty() {
                    post.insert(field.to_owned(), serde_json::Value::from(cell.as_str()));
                }
            }
            expected.push(serde_json::to_vec(&post).unwrap());
        }
        let read: Vec<Vec<u8>> = records.iter().map(|r| r.bytes.clone()).collect();
        prop_assert_eq!(read, expected);
        prop_assert!(records.iter().all(|r| r.fault.is_none()));
        if let Some(last) = records.last() {
            prop_assert_eq!(last.end, written.len() as u64);
        }
    }

    #[test]
    fn no_byte_is_lost_and_nothing_is_read_twice(input in proptest::collection::vec(
        prop_oneof![Just(b'"'), Just(b'\n'), Just(b','), Just(b'x'), any::<u8>()], 0..200)) {
        for format in [Format::Jsonl, Format::Csv] {
            let Ok(records) = Records::start(input.as_slice(), format, &columns(&[], &[])) else { continue };
            let mut end = 0;
            for record in records.map(Result::unwrap) {
                prop_assert!(record.offset >= end && record.end > record.offset);
                prop_assert!(record.end <= input.len() as u64);
                end = record.end;
            }
        }
    }
}
