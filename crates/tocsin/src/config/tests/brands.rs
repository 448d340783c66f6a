//! Brands and their queries.

use expect_test::expect;

use super::*;

#[test]
fn brands_need_a_name_of_their_own_and_there_is_at_least_one() {
    check(
        "",
        expect![[r#"
        tocsin.toml:1:1: brand: there is none, so there is nothing to watch
          help: write [[brand]], and below it name = "山岚茶饮" and query = '山岚茶饮 OR "shanlan tea"'"#]],
    );
    check(
        "brand = []",
        expect![[r#"
        tocsin.toml:1:9: brand: there is none, so there is nothing to watch
          help: write [[brand]], and below it name = "山岚茶饮" and query = '山岚茶饮 OR "shanlan tea"'"#]],
    );
    check(
        &format!("{BRAND}{BRAND}"),
        expect![[r#"
        tocsin.toml:5:8: brand 山岚茶饮: name: there is another brand of the name "山岚茶饮"
          help: give each brand its own name, or join the two queries with OR"#]],
    );
    check(
        "[[brand]]\nname = ' '\nquery = 'a'",
        expect![[r#"
        tocsin.toml:2:8: brand 1: name: is empty
          help: write the name that people shall read, such as name = "山岚茶饮""#]],
    );
    check(
        "[[brand]]\n",
        expect![[r#"
        tocsin.toml:1:1: brand 1: `name` is missing
          help: write name = "山岚茶饮"
        tocsin.toml:1:1: brand 1: `query` is missing
          help: write query = '山岚茶饮 OR "shanlan tea"'"#]],
    );
    check(
        "[brand]\nname = 'a'",
        expect![[r#"
        tocsin.toml:1:1: brand: is a table and must be a list
          help: write [[brand]] and its keys below it"#]],
    );
}

#[test]
fn a_query_is_told_of_at_the_column_inside_its_string() {
    check(
        "[[brand]]\nname = 'a'\nquery = '山岚茶饮 OR'\n",
        expect![[r#"
        tocsin.toml:3:15: brand a: query: OR has nothing after it
          help: write a term after it, or take OR away"#]],
    );
    check(
        "[[brand]]\nname = 'a'\nquery = \"\\\"山岚\\\" AND )\"\n",
        expect![[r#"
        tocsin.toml:3:17: brand a: query: AND has nothing after it
          help: write a term after it, or take AND away
        tocsin.toml:3:21: brand a: query: this parenthesis closes nothing
          help: take it away, or open one before it"#]],
    );
    check(
        "[[brand]]\nname = 'a'\nquery = '''\n山岚 OR\n(茶'''\n",
        expect![[r#"
        tocsin.toml:5:1: brand a: query: this parenthesis is never closed
          help: put a ) where it ends"#]],
    );
}

#[test]
fn the_version_is_of_names_and_queries_in_any_order() {
    let version = |text: &str| read_with(text, &[]).unwrap().version();
    let a = "[[brand]]\nname = 'a'\nquery = 'x'\n";
    let b = "[[brand]]\nname = 'b'\nquery = 'y'\n";
    assert_eq!(version(&format!("{a}{b}")), version(&format!("{b}{a}[log]\nlevel = 'debug'")));
    assert_ne!(version(a), version("[[brand]]\nname = 'a'\nquery = 'y'\n"));
    assert_eq!(format!("{:016x}", version(a)), "ab8b9b820d8005fc", "the same for ever");
}

#[test]
fn a_time_zone_becomes_its_offsets() {
    let offsets = |name: &str| offsets(&jiff::tz::TimeZone::get(name).unwrap());
    assert_eq!(offsets("Asia/Shanghai").iter().map(|(_, minutes)| *minutes).collect::<Vec<_>>(), [480]);
    let berlin = offsets("Europe/Berlin");
    let at = |text: &str| {
        let hour = tocsin_model::Hour(tocsin_wire::parse_rfc3339(text).unwrap().div_euclid(3_600_000));
        berlin.iter().rev().find(|(from, _)| *from <= hour).unwrap().1
    };
    assert_eq!(
        [at("2026-03-29T00:00:00Z"), at("2026-03-29T01:00:00Z"), at("2040-01-01T00:00:00Z")],
        [60, 120, 60]
    );
}
