//! Queries in, their canonical form or their faults out.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(query: &str, canonical: &str) {
    let parsed = Query::parse(query).unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
    assert_eq!(parsed.to_string(), canonical);
    assert_eq!(Query::parse(canonical).unwrap(), parsed);
}

fn lines(faults: &[QueryFault]) -> String {
    faults.iter().map(|f| format!("{f}\n")).collect()
}

#[track_caller]
fn faults(query: &str, expected: Expect) {
    expected.assert_eq(&lines(&Query::parse(query).unwrap_err()));
}

#[track_caller]
fn cautions(query: &str, expected: Expect) {
    expected.assert_eq(&lines(Query::parse(query).unwrap().cautions()));
}

#[test]
fn terms_and_phrases() {
    check("山岚", "山岚");
    check("\"shanlan  tea\"", "\"shanlan tea\"");
    check("shanlan-tea C++ 7-11", "\"shanlan-tea\" AND \"C++\" AND \"7-11\"");
    check(r#""a \"b\" \\c""#, r#""a \"b\" \\c""#);
    check("\"AND\" \"山\u{200B}岚\"", "\"AND\" AND 山岚");
    check("Ｓｈａｎｌａｎ", "Shanlan");
    check("苹果：发布会", "\"苹果:发布会\"");
}

#[test]
fn operators_bind_not_then_near_then_and_then_or() {
    check("a b", "a AND b");
    check("a OR b AND c", "a OR (b AND c)");
    check("a OR b NOT c", "a OR (b AND NOT c)");
    check("(a OR b) NOT (c OR d)", "(a OR b) AND NOT (c OR d)");
    check("((a)) (b (c d))", "a AND b AND c AND d");
    check("a NOT NOT b NOT NOT NOT c", "a AND b AND NOT c");
    check("a NEAR/5 b c", "(a NEAR/5 b) AND c");
    check("x NOT a NEAR/5 b", "x AND NOT (a NEAR/5 b)");
    check("(a OR #b) NEAR/0 \"c d\"", "(a OR #b) NEAR/0 \"c d\"");
}

#[test]
fn marks_and_prefixes() {
    check("#茶# #tea #\"山岚 新品\" ＃茶＃", "#茶 AND #tea AND #\"山岚 新品\" AND #茶");
    check("@shanlan ＠山岚 @user@host", "@shanlan AND @山岚 AND @\"user@host\"");
    check(
        "author:u1 Author:\"山 岚\" source:weibo lang:zh-CN lang:CMN",
        "author:u1 AND author:\"山 岚\" AND source:weibo AND lang:zh AND lang:zh",
    );
    check("source：weibo", "source:weibo");
}

#[test]
fn full_width_signs_count_as_ascii_ones() {
    check("（苹果 OR “iPhone 15”） NOT ＂果 园＂", "(苹果 OR \"iPhone 15\") AND NOT \"果 园\"");
    check("”a b“ \"c “d” e\"", "\"a b\" AND \"c “d” e\"");
    check("a NEAR／3 b", "a NEAR/3 b");
}

#[test]
fn every_fault_is_told_with_its_column() {
    faults(
        "",
        expect![[r#"
        column 1: the query is empty; write at least one word, such as the brand's name
    "#]],
    );
    faults(
        "   ",
        expect![[r#"
        column 1: the query is empty; write at least one word, such as the brand's name
    "#]],
    );
    faults(
        "山岚 AND",
        expect![[r#"
        column 4: AND has nothing after it; write a term after it, or take AND away
    "#]],
    );
    faults(
        "OR 山岚 AND OR b )",
        expect![[r#"
        column 1: OR has nothing before it; write a term before it, or take OR away
        column 7: AND has nothing after it; write a term after it, or take AND away
        column 16: this parenthesis closes nothing; take it away, or open one before it
    "#]],
    );
    faults(
        "(山岚 AND (茶",
        expect![[r#"
        column 1: this parenthesis is never closed; put a ) where it ends
        column 9: this parenthesis is never closed; put a ) where it ends
    "#]],
    );
    faults(
        "() a NOT",
        expect![[r#"
        column 1: there is nothing in these parentheses; take them away
        column 6: NOT has nothing after it; write a term after it, or take NOT away
    "#]],
    );
    faults(
        "a ) b ) foo:bar (",
        expect![[r#"
        column 3: this parenthesis closes nothing; take it away, or open one before it
        column 7: this parenthesis closes nothing; take it away, or open one before it
        column 9: foo: is not known; write author:, source: or lang:, or put quotes around it if the text foo: is meant
        column 17: this parenthesis is never closed; put a ) where it ends
    "#]],
    );
    faults(
        "a NEAR b NEAR/x c NEAR/500 d",
        expect![[r#"
        column 3: NEAR has no number; write how many words may stand between: NEAR/5
        column 10: NEAR has no number; write how many words may stand between: NEAR/5
        column 19: NEAR/500 is too far; write at most NEAR/100, or AND for anywhere
    "#]],
    );
    faults(
        "NEAR/5 b",
        expect![[r#"
        column 1: NEAR has nothing before it; write a term before it, or take NEAR away
    "#]],
    );
    faults(
        "a NEAR/5",
        expect![[r#"
        column 3: NEAR has nothing after it; write a term after it, or take NEAR away
    "#]],
    );
    faults(
        "a NEAR/5 (b c)",
        expect![[r#"
        column 3: NEAR stands between words only; put a word, a phrase or (a OR b) on either side; join more of them by AND
    "#]],
    );
    faults(
        "a NEAR/5 source:x",
        expect![[r#"
        column 3: NEAR stands between words only; put a word, a phrase or (a OR b) on either side; join more of them by AND
    "#]],
    );
    faults(
        "茶 \"没有结尾",
        expect![[r#"
        column 3: this quote is never closed; put a " at the end of the phrase
    "#]],
    );
    faults(
        "# @ author: lang:中文 \"\" #a##b# <b>",
        expect![[r#"
        column 1: there is nothing to look for; write the hashtag without a space: #tea
        column 3: there is nothing to look for; write the account without a space: @shanlan
        column 5: there is nothing to look for; write an author's id or name without a space: author:u1
        column 13: 中文 is not the code of a language; write its two letters, as in lang:zh or lang:en
        column 21: there is nothing to look for; write a word or a phrase that has visible characters
        column 24: there are several hashtags in one; put a space or OR between them
        column 31: there is nothing to look for; write a word or a phrase that has visible characters
    "#]],
    );
    faults(
        "https://t.cn/x",
        expect![[r#"
        column 1: https: is not known; write author:, source: or lang:, or put quotes around it if the text https: is meant
    "#]],
    );
}

#[test]
fn a_query_of_what_is_not_there_is_refused() {
    faults(
        "NOT 山岚",
        expect![[r#"
        column 1: the query would match every post that has none of its words; say what it must have as well, as in 山岚 NOT 果园
    "#]],
    );
    faults(
        "a OR NOT b",
        expect![[r#"
        column 6: the query would match every post that has none of its words; say what it must have as well, as in 山岚 NOT 果园
    "#]],
    );
    check("NOT (NOT a)", "a");
    check("source:weibo NOT a", "source:weibo AND NOT a");
}

#[test]
fn limits_are_told() {
    let deep = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(Query::parse(&deep(DEPTH_MAX)).is_ok());
    faults(
        &deep(5000),
        expect![[r#"
        column 33: parentheses are nested more than 32 deep; take away those that are not needed
    "#]],
    );
    assert!(Query::parse(&vec!["a"; TERMS_MAX].join(" ")).is_ok());
    faults(
        &vec!["a"; TERMS_MAX + 1].join(" OR "),
        expect![[r#"
        column 5001: the query has 1001 terms, and 1000 is the most; make two brands of it
    "#]],
    );
    faults(
        &"a".repeat(QUERY_CHARS_MAX + 1),
        expect![[r#"
        column 20001: the query has 20001 characters, and 20000 is the most; make two brands of it
    "#]],
    );
    assert!(Query::parse(&format!("{} a b", "NOT ".repeat(4_000))).is_ok());
}

#[test]
fn what_may_not_be_meant_is_told_of() {
    cautions("(苹果 OR iPhone) NOT 果园", expect![""]);
    cautions(
        "a or b",
        expect![[r#"
        column 3: or is looked for as it stands; write OR if the operator is meant, "or" if the word is
    "#]],
    );
    cautions(
        "a -b near/5 c",
        expect![[r#"
        column 3: -b is looked for as it stands; write NOT b to leave it out
        column 6: near/5 is looked for as it stands; write NEAR/5 if the operator is meant, "near/5" if the word is
    "#]],
    );
    cautions(
        "a，b",
        expect![[r#"
        column 1: a，b is looked for as it stands; write a OR b if either is meant, "a，b" if the comma is
    "#]],
    );
    cautions(
        "苹果 OR iPhone NOT 果园",
        expect![[r#"
        column 1: AND and OR stand side by side, and AND binds tighter (a space is an AND); put parentheses around what belongs together, as in (苹果 OR iPhone) NOT 果园
    "#]],
    );
    cautions("\"or\" OR (a b)", expect![""]);
}

#[test]
fn terms_are_listed_with_what_is_wanted_of_them() {
    let query = Query::parse("(b OR a OR b) NOT (c NOT 山) #x NEAR/2 y").unwrap();
    let listed: Vec<_> = query.terms().iter().map(|(t, w)| format!("{t} {w:?}")).collect();
    assert_eq!(listed, ["a There", "b There", "c Absent", "y There", "山 There", "#x There"]);
}

/// Any expression that a query can mean.
pub(crate) fn exprs() -> impl Strategy<Value = Expr> {
    let words = prop::sample::select(vec![
        "山岚",
        "茶",
        "茶饮",
        "岚茶",
        "tea",
        "a",
        "te a",
        "shanlan茶",
        "嵐",
        "or",
        "x\"y\\",
    ]);
    let text = (prop::sample::select(vec![TermKind::Words, TermKind::Hashtag, TermKind::Account]), words)
        .prop_map(|(kind, text)| Term { kind, text: text.into() });
    let side = prop::collection::vec(text.clone(), 1..3);
    let meta = prop::sample::select(vec![
        (TermKind::Author, "u1"),
        (TermKind::Author, "小王"),
        (TermKind::Source, "Weibo"),
        (TermKind::Source, "x"),
        (TermKind::Lang, "zh"),
    ]);
    let leaf = prop_oneof![
        6 => text.prop_map(Expr::Term),
        1 => meta.prop_map(|(kind, text)| Expr::Term(Term { kind, text: text.into() })),
        2 => (0..4u32, side.clone(), side).prop_map(|(within, left, right)| Expr::Near { within, left, right }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Expr::not),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::all),
            prop::collection::vec(inner, 2..4).prop_map(Expr::any),
        ]
    })
}

proptest! {
    #[test]
    fn the_canonical_form_means_the_same(expr in exprs()) {
        let text = expr.to_string();
        match Query::parse(&text) {
            Ok(query) => {
                prop_assert_eq!(&query.expr, &expr);
                prop_assert_eq!(query.to_string(), text);
            }
            Err(faults) => {
                prop_assert_eq!(faults.len(), 1, "{:?}", faults);
                prop_assert!(faults[0].message.contains("every post"), "{:?}", faults);
            }
        }
    }

    #[test]
    fn anything_typed_is_read_or_refused_with_columns_inside_it(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "a", "山岚", " ", "(", ")", "（", "\"", "“", "”", "\\", "AND", "OR", "NOT", " NEAR/3 ", "NEAR", "#", "@",
            "lang:", "author:", "x:", "，", "<b>", "&amp;", "\u{200B}", "\n", "＂",
        ]), 0..16),
        spaces in any::<bool>(),
    ) {
        let text = pieces.join(if spaces { " " } else { "" });
        match Query::parse(&text) {
            Ok(query) => prop_assert_eq!(Query::parse(&query.to_string()).unwrap(), query),
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                let columns = 1..=text.chars().count().max(1);
                prop_assert!(faults.iter().all(|f| columns.contains(&f.column)), "{:?}", faults);
            }
        }
    }
}
