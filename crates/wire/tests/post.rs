//! What is a post and what is not, record by record; and that what is written is read back.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tocsin_model::{
    ArrivalTime, Author, AuthorId, BrandId, Engagement, EventTime, Matched, Media, Mention, MentionedBy,
    Parent, Position, Post, PostId, Reason, Sighting, SourceId, Timing, limits,
};
use tocsin_wire::{
    KNOWN_FIELDS, parse_rfc3339, read_matched, read_post, read_recorded, write_matched, write_post,
};

const NOW: ArrivalTime = ArrivalTime::from_millis(1_767_571_300_000);

/// A good post with some fields replaced or added: `edit` is JSON members, the last of a kind wins here.
fn edited(edit: &str) -> Vec<u8> {
    let mut post = serde_json::json!({
        "id": "w1", "source": "weibo", "text": "好喝", "created_at": "2026-01-05T08:00:04+08:00",
        "author": { "id": "u1" },
    });
    let edit: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{edit}}}")).expect("the test's edit is JSON");
    for (key, value) in edit {
        post[key] = value;
    }
    serde_json::to_vec(&post).expect("a value can be written")
}

/// Why the bytes are refused, with the source that they claim.
#[track_caller]
fn refused(bytes: &[u8]) -> String {
    let refused = read_post(bytes, NOW).expect_err("a bad record was read as a post");
    if let Reason::Missing(field) | Reason::Field(field, _) | Reason::Limit(field, _) = &refused.reason {
        assert!(KNOWN_FIELDS.contains(field), "{field} is not in KNOWN_FIELDS");
    }
    let source = refused.source.map_or("-".to_owned(), |s| s.to_string());
    format!("{} | {source} | {}", refused.reason.name(), refused.reason)
}

#[track_caller]
fn check(edits: &[&str], expect: Expect) {
    let lines: Vec<String> =
        edits.iter().map(|edit| format!("{edit}\n    {}\n", refused(&edited(edit)))).collect();
    expect.assert_eq(&lines.concat());
}

#[track_caller]
fn good(edit: &str) -> Post {
    let bytes = edited(edit);
    read_post(&bytes, NOW).unwrap_or_else(|refused| panic!("{edit}: {}", refused.reason))
}

#[test]
fn fields_of_the_wrong_type_are_named_with_what_they_should_be() {
    check(
        &[
            r#""id": true"#,
            r#""id": 1.5"#,
            r#""id": [1]"#,
            r#""id": "a\u0000b""#,
            r#""source": 7"#,
            r#""source": "wei bo""#,
            r#""text": 7"#,
            r#""text": ["a"]"#,
            r#""title": {}"#,
            r#""created_at": 1767571204"#,
            r#""created_at": "yesterday""#,
            r#""created_at": "2026-02-30T00:00:00Z""#,
            r#""created_at": """#,
            r#""author": "u1""#,
            r#""author": []"#,
            r#""author": {"id": {}}"#,
            r#""author": {"id": "u", "followers": -1}"#,
            r#""author": {"id": "u", "followers": 0.5}"#,
            r#""author": {"id": "u", "followers": "7"}"#,
            r#""author": {"id": "u", "verified": 1}"#,
            r#""author": {"id": "u", "since": "2020"}"#,
            r#""repost_of": {"id": 1}"#,
            r#""parent": "w0""#,
            r#""parent": {"text": 1}"#,
            r#""parent": {"author": {"id": true}}"#,
            r#""parent": {"media": [{"type": "image", "text": 1}]}"#,
            r#""engagement": [1, 2]"#,
            r#""engagement": {"likes": -3}"#,
            r#""engagement": {"views": 1e300}"#,
            r#""media": {}"#,
            r#""media": ["a.jpg"]"#,
            r#""media": [null]"#,
            r#""media": [{"type": 1}]"#,
            r#""deleted": "yes""#,
        ],
        expect![[r#"
            "id": true
                field | weibo | id: should be a string or an integer, not true or false
            "id": 1.5
                field | weibo | id: should be a string, or an integer of at most 64 bits
            "id": [1]
                field | weibo | id: should be a string or an integer, not an array or an object
            "id": "a\u0000b"
                field | weibo | id: should have no control characters in it
            "source": 7
                field | - | source: should be a string, not a number
            "source": "wei bo"
                field | - | source: should have no white space and no control characters in it
            "text": 7
                field | weibo | text: should be a string, not a number
            "text": ["a"]
                field | weibo | text: should be a string, not an array or an object
            "title": {}
                field | weibo | title: should be a string, not an array or an object
            "created_at": 1767571204
                field | weibo | created_at: should be a time such as 2026-01-05T08:00:04+08:00 (RFC 3339), not a number
            "created_at": "yesterday"
                field | weibo | created_at: should be a time such as 2026-01-05T08:00:04+08:00 (RFC 3339)
            "created_at": "2026-02-30T00:00:00Z"
                field | weibo | created_at: should be a time such as 2026-01-05T08:00:04+08:00 (RFC 3339)
            "created_at": ""
                missing | weibo | created_at is missing
            "author": "u1"
                field | weibo | author: should be an object
            "author": []
                field | weibo | author: should be an object
            "author": {"id": {}}
                field | weibo | author.id: should be a string or an integer, not an array or an object
            "author": {"id": "u", "followers": -1}
                field | weibo | author.followers: should be a whole number from 0 on, not a negative number
            "author": {"id": "u", "followers": 0.5}
                field | weibo | author.followers: should be a whole number from 0 on, not a number with a fraction, or too great a one
            "author": {"id": "u", "followers": "7"}
                field | weibo | author.followers: should be a whole number from 0 on, not a string
            "author": {"id": "u", "verified": 1}
                field | weibo | author.verified: should be true or false, not a number
            "author": {"id": "u", "since": "2020"}
                field | weibo | author.since: should be a time such as 2026-01-05T08:00:04+08:00 (RFC 3339)
            "repost_of": {"id": 1}
                field | weibo | repost_of: should be a string or an integer, not an array or an object
            "parent": "w0"
                field | weibo | parent: should be an object
            "parent": {"text": 1}
                field | weibo | parent.text: should be a string, not a number
            "parent": {"author": {"id": true}}
                field | weibo | parent.author.id: should be a string or an integer, not true or false
            "parent": {"media": [{"type": "image", "text": 1}]}
                field | weibo | parent.media.text: should be a string, not a number
            "engagement": [1, 2]
                field | weibo | engagement: should be an object
            "engagement": {"likes": -3}
                field | weibo | engagement.likes: should be a whole number from 0 on, not a negative number
            "engagement": {"views": 1e300}
                limit | weibo | engagement.views is past its limit of 1000000000000
            "media": {}
                field | weibo | media: should be an array
            "media": ["a.jpg"]
                field | weibo | media: should hold objects and nothing else
            "media": [null]
                field | weibo | media: should hold objects and nothing else
            "media": [{"type": 1}]
                field | weibo | media.type: should be a string, not a number
            "deleted": "yes"
                field | weibo | deleted: should be true or false, not a string
        "#]],
    );
}

#[test]
fn fields_that_must_be_there_are_missed() {
    check(
        &[
            r#""id": null"#,
            r#""id": """#,
            r#""source": null"#,
            r#""source": """#,
            r#""text": null"#,
            r#""text": "", "reply_to": "w0", "media": [{"type": "image", "url": "a"}], "parent": {}"#,
            r#""created_at": null"#,
            r#""author": null"#,
            r#""author": {"name": "a"}"#,
            r#""media": [{"url": "a.jpg"}]"#,
            r#""parent": {"author": {"name": "a"}}"#,
        ],
        expect![[r#"
            "id": null
                missing | weibo | id is missing
            "id": ""
                missing | weibo | id is missing
            "source": null
                missing | - | source is missing
            "source": ""
                missing | - | source is missing
            "text": null
                missing | weibo | text is missing
            "text": "", "reply_to": "w0", "media": [{"type": "image", "url": "a"}], "parent": {}
                missing | weibo | text is missing
            "created_at": null
                missing | weibo | created_at is missing
            "author": null
                missing | weibo | author is missing
            "author": {"name": "a"}
                missing | weibo | author.id is missing
            "media": [{"url": "a.jpg"}]
                missing | weibo | media.type is missing
            "parent": {"author": {"name": "a"}}
                missing | weibo | parent.author.id is missing
        "#]],
    );
}

#[test]
fn limits_are_kept_to_the_byte() {
    let of = |n: usize| "a".repeat(n);
    let cases = [
        (r#""id": "X""#, limits::ID_BYTES_MAX, "id"),
        (r#""source": "X""#, limits::SOURCE_BYTES_MAX, "source"),
        (r#""text": "X""#, limits::TEXT_BYTES_MAX, "text"),
        (r#""title": "X""#, limits::TITLE_BYTES_MAX, "title"),
        (r#""url": "X""#, limits::URL_BYTES_MAX, "url"),
        (r#""lang": "X""#, limits::LANG_BYTES_MAX, "lang"),
        (r#""location": "X""#, limits::LOCATION_BYTES_MAX, "location"),
        (r#""repost_of": "X""#, limits::ID_BYTES_MAX, "repost_of"),
        (r#""reply_to": "X""#, limits::ID_BYTES_MAX, "reply_to"),
        (r#""author": {"id": "X"}"#, limits::ID_BYTES_MAX, "author.id"),
        (r#""author": {"id": "u", "name": "X"}"#, limits::NAME_BYTES_MAX, "author.name"),
        (r#""media": [{"type": "image", "url": "X"}]"#, limits::URL_BYTES_MAX, "media.url"),
        (r#""media": [{"type": "image", "text": "X"}]"#, limits::MEDIA_TEXT_BYTES_MAX, "media.text"),
        (r#""parent": {"text": "X"}"#, limits::TEXT_BYTES_MAX, "parent.text"),
        (r#""parent": {"title": "X"}"#, limits::TITLE_BYTES_MAX, "parent.title"),
        (r#""parent": {"id": "X"}"#, limits::ID_BYTES_MAX, "parent.id"),
    ];
    for (edit, max, field) in cases {
        good(&edit.replace('X', &of(max)));
        let past = read_post(&edited(&edit.replace('X', &of(max + 1))), NOW).unwrap_err();
        assert_eq!(past.reason, Reason::Limit(field, max as u64));
    }
}

#[test]
fn counts_media_and_depth_have_limits_too() {
    let max = limits::COUNT_MAX;
    assert_eq!(good(&format!(r#""engagement": {{"likes": {max}}}"#)).engagement.likes, max);
    let media = |n: usize| format!(r#""media": [{}]"#, vec![r#"{"type":"image"}"#; n].join(","));
    assert_eq!(good(&media(64)).media.len(), 64);
    let deep = |n: usize| format!(r#""other": {}1{}"#, "[".repeat(n), "]".repeat(n));
    good(&deep(limits::RECORD_DEPTH_MAX - 1));
    let past = [
        format!(r#""engagement": {{"likes": {}}}"#, max + 1),
        format!(r#""author": {{"id": "u", "followers": {}}}"#, u64::MAX),
        media(65),
        deep(limits::RECORD_DEPTH_MAX),
    ];
    check(
        &past.iter().map(String::as_str).collect::<Vec<_>>()[..2],
        expect![[r#"
        "engagement": {"likes": 1000000000001}
            limit | weibo | engagement.likes is past its limit of 1000000000000
        "author": {"id": "u", "followers": 18446744073709551615}
            limit | weibo | author.followers is past its limit of 1000000000000
    "#]],
    );
    assert_eq!(refused(&edited(&past[2])), "limit | weibo | media is past its limit of 64");
    assert_eq!(refused(&edited(&past[3])), "limit | - | depth is past its limit of 32");
}

/// Bytes that are no JSON at all.
#[track_caller]
fn check_bytes(records: &[&[u8]], expect: Expect) {
    let lines: Vec<String> = records
        .iter()
        .map(|bytes| format!("<{}>\n    {}\n", bytes[..bytes.len().min(60)].escape_ascii(), refused(bytes)))
        .collect();
    expect.assert_eq(&lines.concat());
}

#[test]
fn what_is_not_json_is_refused_with_its_place_and_none_of_its_letters() {
    let whole = edited("");
    let cut = &whole[..whole.len() - 5];
    let trailing = [&whole[..], b" x"].concat();
    let two = [&whole[..], &whole[..]].concat();
    let twice = br#"{"id":"a","id":"b"}"#;
    check_bytes(
        &[
            b"",
            b"   ",
            b"null",
            b"7",
            b"\"a\"",
            b"[]",
            br#"["w1","weibo","a"]"#,
            b"{",
            b"{\"id\":}",
            b"{id:1}",
            b"{'id':1}",
            b"{\"id\":1,}",
            b"{\"id\":01}",
            b"{\"id\":+1}",
            b"{\"id\":1.}",
            b"{\"id\":.5}",
            b"{\"id\":0x10}",
            b"{\"id\":NaN}",
            b"{\"id\":1e999}",
            b"{\"id\":tru}",
            b"{\"id\":\"a\nb\"}",
            b"{\"id\":\"a\0b\"}",
            b"{\"id\":\"\\x41\"}",
            b"{\"id\":\"\\ud800\"}",
            b"{\"id\":\"\\udc00\\ud800\"}",
            b"{\"id\":\"\\ud800\\u0041\"}",
            b"{\"other\":\"\\ud800\"}",
            b"{\"other\":[1,2}",
            b"{\"other\":{\"a\":01}}",
            b"{\"other\":tru}",
            b"{\"a\" 1}",
            b"\0\0\0\0",
            b"\x0c{}",
            b"{}\x0c",
            b"\xc2\xa0{}",
            cut,
            &trailing,
            &two,
            twice,
        ],
        expect![[r#"
            <>
                syntax | - | cannot be read: it is empty
            <   >
                syntax | - | cannot be read: it is empty
            <null>
                syntax | - | cannot be read: a post should be a JSON object
            <7>
                syntax | - | cannot be read: a post should be a JSON object
            <\"a\">
                syntax | - | cannot be read: a post should be a JSON object
            <[]>
                syntax | - | cannot be read: a post should be a JSON object
            <[\"w1\",\"weibo\",\"a\"]>
                syntax | - | cannot be read: a post should be a JSON object
            <{>
                syntax | - | cannot be read: the JSON ends too early
            <{\"id\":}>
                syntax | - | cannot be read: not JSON at byte 6
            <{id:1}>
                syntax | - | cannot be read: not JSON at byte 1
            <{\'id\':1}>
                syntax | - | cannot be read: not JSON at byte 1
            <{\"id\":1,}>
                syntax | - | cannot be read: not JSON at byte 8
            <{\"id\":01}>
                syntax | - | cannot be read: not JSON at byte 7
            <{\"id\":+1}>
                syntax | - | cannot be read: not JSON at byte 6
            <{\"id\":1.}>
                syntax | - | cannot be read: not JSON at byte 7
            <{\"id\":.5}>
                syntax | - | cannot be read: not JSON at byte 6
            <{\"id\":0x10}>
                syntax | - | cannot be read: not JSON at byte 7
            <{\"id\":NaN}>
                syntax | - | cannot be read: not JSON at byte 6
            <{\"id\":1e999}>
                syntax | - | cannot be read: not JSON at byte 10
            <{\"id\":tru}>
                syntax | - | cannot be read: not JSON at byte 9
            <{\"id\":\"a\nb\"}>
                syntax | - | cannot be read: not JSON at byte 7
            <{\"id\":\"a\x00b\"}>
                syntax | - | cannot be read: not JSON at byte 7
            <{\"id\":\"\\x41\"}>
                syntax | - | cannot be read: not JSON at byte 8
            <{\"id\":\"\\ud800\"}>
                syntax | - | cannot be read: not JSON at byte 12
            <{\"id\":\"\\udc00\\ud800\"}>
                syntax | - | cannot be read: not JSON at byte 12
            <{\"id\":\"\\ud800\\u0041\"}>
                syntax | - | cannot be read: not JSON at byte 18
            <{\"other\":\"\\ud800\"}>
                missing | - | source is missing
            <{\"other\":[1,2}>
                syntax | - | cannot be read: not JSON at byte 13
            <{\"other\":{\"a\":01}}>
                syntax | - | cannot be read: not JSON at byte 14
            <{\"other\":tru}>
                syntax | - | cannot be read: not JSON at byte 12
            <{\"a\" 1}>
                syntax | - | cannot be read: not JSON at byte 5
            <\x00\x00\x00\x00>
                syntax | - | cannot be read: not JSON at byte 0
            <\x0c{}>
                syntax | - | cannot be read: not JSON at byte 0
            <{}\x0c>
                syntax | - | cannot be read: not JSON at byte 2
            <\xc2\xa0{}>
                syntax | - | cannot be read: not JSON at byte 0
            <{\"author\":{\"id\":\"u1\"},\"created_at\":\"2026-01-05T08:00:04+08:0>
                syntax | - | cannot be read: the JSON ends too early
            <{\"author\":{\"id\":\"u1\"},\"created_at\":\"2026-01-05T08:00:04+08:0>
                syntax | - | cannot be read: not JSON at byte 107
            <{\"author\":{\"id\":\"u1\"},\"created_at\":\"2026-01-05T08:00:04+08:0>
                syntax | - | cannot be read: not JSON at byte 106
            <{\"id\":\"a\",\"id\":\"b\"}>
                syntax | - | cannot be read: a field stands there twice (seen at byte 14)
        "#]],
    );
}

#[test]
fn what_is_not_utf_8_is_refused_with_the_byte() {
    let whole = edited(r#""other": "xxxx", "text": "abcd""#);
    let place = |of: &[u8]| whole.windows(of.len()).position(|w| w == of).unwrap();
    for at in [place(b"xxxx"), place(b"abcd") + 2, place(b"weibo"), whole.len() - 1] {
        for bad in [0xff, 0xc0, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] = bad;
            assert_eq!(read_post(&bytes, NOW).unwrap_err().reason, Reason::Encoding(at));
        }
    }
    let bad: &[&[u8]] =
        &[b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\xaf", b"\xe4\xb8", b"\xf4\x90\x80\x80"];
    for bad in bad {
        let bytes = [br#"{"id":"1","text":""#, *bad, br#""}"#].concat();
        assert_eq!(read_post(&bytes, NOW).unwrap_err().reason, Reason::Encoding(18), "{bad:?}");
    }
}

#[test]
fn a_mebibyte_of_brackets_is_refused_and_costs_no_stack() {
    for open in ["[", "{\"a\":", "[[{\"a\":["] {
        let bytes = open.repeat((1 << 20) / open.len());
        assert!(refused(bytes.as_bytes()).starts_with("limit"));
    }
    let long = vec![b'['; limits::RECORD_BYTES_MAX + 1];
    assert_eq!(refused(&long), "too_long | - | the record is longer than 1048576 bytes");
}

#[test]
fn a_whole_post_is_read_to_the_last_field() {
    let post = good(
        r#""id": 4938475619283746, "text": "难喝\u0000\n😡 \ud83d\ude21", "title": "题", "url": "https://e/1",
        "lang": "zh", "repost_of": "w0", "reply_to": -5, "location": "上海", "deleted": true,
        "author": {"id": 7, "name": "春", "followers": 12.0, "verified": false, "since": "2020-01-01T00:00:00Z"},
        "parent": {"id": "w0", "text": "原文", "author": {"id": "u0"}, "media": [{"type": "image"}]},
        "engagement": {"likes": 1, "reposts": 2, "comments": 3, "views": null},
        "media": [{"type": "video", "url": "v", "text": "字幕", "more": [1]}],
        "arrives_at": "not looked at", "other": {"a": [null, {"b": 1.5e3}]}"#,
    );
    expect![[r#"
        Post {
            id: PostId {
                source: SourceId(
                    "weibo",
                ),
                id: "4938475619283746",
            },
            text: "难喝\0\n😡 😡",
            title: Some(
                "题",
            ),
            created: EventTime(
                1767571204000,
            ),
            arrived: ArrivalTime(
                1767571300000,
            ),
            author: Author {
                id: AuthorId(
                    "7",
                ),
                name: Some(
                    "春",
                ),
                followers: Some(
                    12,
                ),
                verified: Some(
                    false,
                ),
                since: Some(
                    EventTime(
                        1577836800000,
                    ),
                ),
            },
            url: Some(
                "https://e/1",
            ),
            lang: Some(
                "zh",
            ),
            repost_of: Some(
                PostId {
                    source: SourceId(
                        "weibo",
                    ),
                    id: "w0",
                },
            ),
            reply_to: Some(
                PostId {
                    source: SourceId(
                        "weibo",
                    ),
                    id: "-5",
                },
            ),
            parent: Some(
                Parent {
                    id: Some(
                        PostId {
                            source: SourceId(
                                "weibo",
                            ),
                            id: "w0",
                        },
                    ),
                    text: "原文",
                    title: None,
                    author: Some(
                        Author {
                            id: AuthorId(
                                "u0",
                            ),
                            name: None,
                            followers: None,
                            verified: None,
                            since: None,
                        },
                    ),
                    media: [
                        Media {
                            kind: "image",
                            url: None,
                            text: None,
                        },
                    ],
                },
            ),
            engagement: Engagement {
                likes: 1,
                reposts: 2,
                comments: 3,
                views: 0,
            },
            media: [
                Media {
                    kind: "video",
                    url: Some(
                        "v",
                    ),
                    text: Some(
                        "字幕",
                    ),
                },
            ],
            location: Some(
                "上海",
            ),
            deleted: true,
        }
    "#]]
    .assert_debug_eq(&post);
}

#[test]
fn null_and_an_empty_text_are_the_same_as_none() {
    let plain = good("");
    let null = r#""title": null, "url": null, "lang": null, "repost_of": null, "reply_to": null, "parent": null,
        "engagement": null, "media": null, "location": null, "deleted": null, "arrives_at": null"#;
    assert_eq!(good(null), plain);
    let empty = r#""title": "", "url": "", "lang": "", "repost_of": "", "reply_to": "", "parent": {},
        "engagement": {}, "media": [], "location": """#;
    assert_eq!(good(empty), plain);
}

#[test]
fn a_post_may_be_without_text_where_something_else_says_what_it_is() {
    for edit in [
        r#""title": "题""#,
        r#""media": [{"type": "image", "text": "图中字"}]"#,
        r#""parent": {"text": "原文"}"#,
        r#""repost_of": "w0""#,
        r#""deleted": true"#,
    ] {
        assert_eq!(good(&format!(r#"{edit}, "text": """#)).text, "");
        assert_eq!(good(&format!(r#"{edit}, "text": null"#)).text, "");
    }
}

#[test]
fn dates_from_year_0_to_year_9999_are_read() {
    for date in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999+14:00", "2026-01-05t00:00:04z"] {
        let post = good(&format!(r#""created_at": "{date}""#));
        assert_eq!(Some(post.created.millis()), parse_rfc3339(date));
    }
}

#[test]
fn a_recording_says_when_a_post_arrived_and_else_it_arrived_when_it_was_made() {
    let at = |edit: &str| read_recorded(&edited(edit)).map(|p| p.arrived.millis()).map_err(|r| r.reason);
    assert_eq!(at(""), Ok(parse_rfc3339("2026-01-05T00:00:04Z").unwrap()));
    let later = r#""arrives_at": "2026-01-05T00:00:09.25Z""#;
    assert_eq!(at(later), Ok(parse_rfc3339("2026-01-05T00:00:09.250Z").unwrap()));
    assert!(matches!(at(r#""arrives_at": 7"#), Err(Reason::Field("arrives_at", _))));
    assert_eq!(good(later).arrived, NOW);
}

#[test]
fn white_space_around_a_record_and_a_byte_order_mark_before_it_do_no_harm() {
    let whole = edited("");
    let expected = read_post(&whole, NOW).unwrap();
    for bytes in [
        [b" \t\r\n", &whole[..], b" \r\n"].concat(),
        [b"\xef\xbb\xbf", &whole[..]].concat(),
        serde_json::to_vec_pretty(&serde_json::from_slice::<serde_json::Value>(&whole).unwrap()).unwrap(),
    ] {
        assert_eq!(read_post(&bytes, NOW).unwrap(), expected);
    }
}

fn source() -> SourceId {
    SourceId::new("weibo").expect("a good name")
}

fn text(max: usize) -> impl Strategy<Value = String> {
    let hard = "[a-z山岚茶饮😡\u{301}\"\\\\/\n\t\u{0}\u{7f}\u{2028}]";
    let of = |letters: &str| {
        proptest::string::string_regex(&format!("{letters}{{1,{max}}}")).expect("a regular expression")
    };
    prop_oneof![4 => of(hard), 1 => of(".")]
}

fn maybe<T: std::fmt::Debug>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(some)
}

fn post_id() -> impl Strategy<Value = PostId> {
    "[a-zA-Z0-9 :/山-]{1,30}".prop_map(|id| PostId::new(source(), &id).expect("a good id"))
}

fn time() -> impl Strategy<Value = EventTime> {
    (-62_167_219_200_000i64..=253_402_300_799_999).prop_map(EventTime::from_millis)
}

fn author() -> impl Strategy<Value = Author> {
    let id = "[a-z0-9山]{1,20}".prop_map(|id| AuthorId::new(&id).expect("a good id"));
    (id, maybe(text(9)), maybe(0..=limits::COUNT_MAX), maybe(any::<bool>()), maybe(time()))
        .prop_map(|(id, name, followers, verified, since)| Author { id, name, followers, verified, since })
}

fn media() -> impl Strategy<Value = Vec<Media>> {
    let one =
        (text(9), maybe(text(9)), maybe(text(9))).prop_map(|(kind, url, text)| Media { kind, url, text });
    proptest::collection::vec(one, 0..4)
}

fn parent() -> impl Strategy<Value = Parent> {
    (maybe(post_id()), text(20), maybe(text(9)), maybe(author()), media())
        .prop_map(|(id, text, title, author, media)| Parent { id, text, title, author, media })
}

fn engagement() -> impl Strategy<Value = Engagement> {
    let count = || 0..=limits::COUNT_MAX;
    (count(), count(), count(), count()).prop_map(|(likes, reposts, comments, views)| Engagement {
        likes,
        reposts,
        comments,
        views,
    })
}

prop_compose! {
    fn post()(
        (id, text, title, created, arrived) in (post_id(), text(60), maybe(text(20)), time(), any::<i64>()),
        (author, url, lang) in (author(), maybe(text(20)), maybe(text(5))),
        (repost_of, reply_to, parent) in (maybe(post_id()), maybe(post_id()), maybe(parent())),
        (engagement, media, location, deleted) in (engagement(), media(), maybe(text(9)), any::<bool>()),
    ) -> Post {
        Post {
            id, text, title, created, arrived: ArrivalTime::from_millis(arrived), author, url, lang, repost_of,
            reply_to, parent: parent.map(Box::new), engagement, media, location, deleted,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(post in post()) {
        prop_assert_eq!(read_post(&write_post(&post), post.arrived), Ok(post));
    }

    #[test]
    fn a_matched_post_is_read_back(
        post in post(),
        arrived in time(),
        (clean, brand, position) in (text(40), "[a-z山岚茶饮]{1,9}", any::<u64>()),
        took_at in maybe(time()),
    ) {
        let post = Post { arrived: ArrivalTime::from_millis(arrived.millis()), ..post };
        let own = clean.chars().next().map_or(0, char::len_utf8);
        let by = MentionedBy::Name;
        let mention = Mention { brand: BrandId::new(&brand).unwrap(), by, places: vec![(0, own as u32)] };
        let matched = Matched {
            position: Position(position), at: post.created, post: Box::new(post), clean, own,
            took_at: took_at.map(|at| ArrivalTime::from_millis(at.millis())),
            sighting: Sighting::First(Timing::AsStated), mentions: vec![mention], brands_version: position,
        };
        prop_assert_eq!(read_matched(&write_matched(&matched)), Ok(matched));
    }

    #[test]
    fn a_damaged_post_is_refused_or_read_and_never_panics(
        post in post(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = write_post(&post);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read_post(&bytes, NOW);
        let _ = read_recorded(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn what_is_accepted_is_json_by_another_reader_too(
        post in post(),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(&b"{}[]\",:\\0-+.eEtfn \0\n\x1f\x80\xffu"[..]),
    ) {
        let mut bytes = write_post(&post);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if read_post(&bytes, NOW).is_ok() {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
        }
    }
}
