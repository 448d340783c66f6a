//! A query and a text in, whether it takes it out; and all brands at once against a plain reference.

use proptest::prelude::*;
use tocsin_model::BrandId;

use super::*;
use crate::Query;
use crate::clean::clean;
use crate::query::{Expr, Term};
use crate::samples;

fn set(queries: impl IntoIterator<Item = Query>) -> Arc<BrandSet> {
    let name = |number: usize| BrandId::new(&format!("{number:04}")).unwrap();
    let brands = queries.into_iter().enumerate().map(|(i, query)| (name(i), query)).collect();
    Arc::new(BrandSet::compile(brands, 1).unwrap())
}

fn mentions(query: &str, post: &Post) -> Vec<Mention> {
    let query = Query::parse(query).unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
    Matcher::new(set([query])).mentions(post, &clean(post))
}

#[track_caller]
fn check(query: &str, text: &str, expected: bool) {
    let found = !mentions(query, &samples::post(text)).is_empty();
    assert_eq!(found, expected, "{query} in {text}");
}

#[track_caller]
fn takes(query: &str, texts: &[&str]) {
    texts.iter().for_each(|text| check(query, text, true));
}

#[track_caller]
fn leaves(query: &str, texts: &[&str]) {
    texts.iter().for_each(|text| check(query, text, false));
}

#[test]
fn chinese_is_found_anywhere_in_either_script_and_width() {
    takes(
        "山岚茶饮",
        &["昨天的山岚茶饮店", "山嵐茶飲", "山\u{200B}岚\u{FEFF}茶饮", "山<em>岚</em>茶饮", "山&#23706;茶饮"],
    );
    takes("蘋果", &["苹果", "蘋果", "苹果园"]);
    leaves("山岚茶饮", &["山岚 茶饮", "山岚茶", "茶饮山岚", ""]);
}

#[test]
fn ascii_is_found_as_whole_words_in_any_case() {
    takes("tea", &["Tea", "a TEA.", "喝tea吧", "ｔｅａ", "#tea", "@tea", "milk-tea", "tea"]);
    leaves("tea", &["steam", "teas", "tea_time", "tea2", "théteaé"]);
    takes("Nestlé", &["nestlé", "NESTLÉ!"]);
    leaves("nestl", &["nestlé"]);
    takes("C++", &["c++", "C++11"]);
    leaves("C++", &["xc++"]);
}

#[test]
fn mixed_terms_have_a_boundary_at_their_ascii_end_only() {
    takes("shanlan茶", &["好shanlan茶饮", "Shanlan茶"]);
    leaves("shanlan茶", &["xshanlan茶", "shanlan 茶"]);
    takes("喝tea", &["爱喝tea"]);
    leaves("喝tea", &["喝teas"]);
}

#[test]
fn phrases_span_any_white_space_but_no_other_sign() {
    takes("\"shanlan tea\"", &["Shanlan  TEA", "shanlan\n\ttea", "shanlan\u{3000}tea", "shanlan&nbsp;tea"]);
    leaves("\"shanlan tea\"", &["shanlantea", "shanlan-tea", "shanlan teas", "tea shanlan"]);
}

#[test]
fn operators_mean_what_they_say() {
    let fruit = "(苹果 OR iPhone) NOT (果园 OR 水果)";
    takes(fruit, &["苹果手机", "iphone 15"]);
    leaves(fruit, &["苹果果园", "iPhone 水果", "手机"]);
    check("a b", "b a", true);
    check("a b", "a", false);
}

#[test]
fn near_counts_words_in_either_order() {
    takes("苹果 NEAR/2 爆炸", &["苹果手机爆炸", "爆炸的苹果", "苹果,爆炸", "苹果 iPhone15 又爆炸"]);
    leaves("苹果 NEAR/2 爆炸", &["苹果手机又爆炸", "苹果", "爆炸"]);
    takes("tea NEAR/1 bad", &["bad tea", "tea is bad", "tea... 🍵 bad"]);
    leaves("tea NEAR/1 bad", &["tea was very bad"]);
    takes("(山岚 OR tea) NEAR/0 (差 OR 坏)", &["tea 坏", "山岚差"]);
    check("茶 NEAR/0 茶饮", "茶饮", true);
    check("a NEAR/1 b", "a x x b b x x a x b", true);
}

#[test]
fn hashtags_are_whole() {
    takes("#茶#", &["#茶#", "好#茶#好", "#茶 好", "#其他##茶#", "＃茶＃"]);
    leaves("#茶#", &["茶", "#茶饮#", "#茶饮 好", "#奶茶#", "#别的#茶#别的#"]);
    takes("#Tea", &["I love #tea!", "#TEA", "#tea#"]);
    leaves("#Tea", &["#teatime", "tea"]);
    check("#\"山岚 新品\"", "#山岚 新品#", true);
}

#[test]
fn accounts_are_whole() {
    takes("@山岚", &["@山岚 好", "@山岚：好", "//@山岚:好", "看@山岚"]);
    leaves("@山岚", &["@山岚官方", "山岚", "@山岚_官方", "@山岚-1"]);
    takes("@shanlan", &["@Shanlan.", "@shanlan"]);
    leaves("@shanlan", &["@shanlan.bsky.social", "me@shanlan.com", "@shanlan2"]);
    check("@shanlan.bsky.social", "via @shanlan.bsky.social!", true);
}

#[test]
fn author_source_and_language_are_of_the_post() {
    takes("author:u1", &["任何话"]);
    takes("author:小王 OR author:别人", &["任何话"]);
    leaves("author:u2", &["u2"]);
    takes("source:Weibo", &["任何话"]);
    leaves("source:x", &["x"]);
    takes("lang:zh tea", &["我爱 tea 真的"]);
    leaves("lang:zh tea", &["I love tea, really"]);
    let mut post = samples::post("我爱茶");
    post.lang = Some("en-GB".into());
    assert_eq!(mentions("lang:en", &post).len(), 1);
    check("source:weibo NOT 茶", "咖啡", true);
    check("source:weibo NOT 茶", "茶", false);
}

#[test]
fn title_and_what_was_read_in_media_count() {
    let mut post = samples::post("看图");
    post.title = Some("山岚".into());
    post.media = vec![samples::media(Some("茶饮"))];
    assert_eq!(mentions("山岚 茶饮", &post)[0].places, [(0, 6), (14, 20)]);
    assert_eq!(mentions("山岚茶饮", &post), []);
}

#[test]
fn places_are_those_of_wanted_terms_in_order_without_nested_ones() {
    let places = |query: &str, text: &str| mentions(query, &samples::post(text))[0].places.clone();
    assert_eq!(places("山岚 OR 山岚茶饮 OR 茶 NOT 坏", "茶与山嵐茶飲"), [(0, 3), (6, 18)]);
    assert_eq!(places("茶", &"茶。".repeat(20)).len(), PLACES_MAX);
    assert_eq!(places("source:weibo", "茶"), []);
}

#[test]
fn a_post_has_the_brands_of_a_parent_that_it_carries() {
    let mut post = samples::post("转发微博 tea");
    post.parent = Some(samples::parent(None, "山<b>岚</b>"));
    let all = set(["tea", "山岚", "tea OR 山岚", "tea 山岚", "author:u9"].map(|q| Query::parse(q).unwrap()));
    let found = Matcher::new(all).mentions(&post, &clean(&post));
    let found: Vec<_> = found.iter().map(|m| (m.brand.as_str(), m.places.len())).collect();
    assert_eq!(found, [("0000", 1), ("0001", 0), ("0002", 1), ("0004", 0)]);
}

#[test]
fn hostile_texts_take_no_longer_than_others() {
    // Many places of many nested terms, and near pairs that are never near enough.
    let nested = (1..30).map(|n| "哈".repeat(n)).collect::<Vec<_>>().join(" OR ");
    let queries =
        [&*nested, "哈 NEAR/1 茶", "哈 NEAR/100 茶", "(哈 OR 哈哈) NEAR/0 (茶 OR 饮)", "#哈", "@哈"];
    let mut matcher = Matcher::new(set(queries.map(|q| Query::parse(q).unwrap())));
    let marks = "!".repeat(30_000);
    for text in [
        "哈".repeat(20_000),
        format!("哈{marks}茶{marks}").repeat(20),
        "#哈 ".repeat(20_000),
        "哈哈。茶".repeat(9_000),
    ] {
        let post = samples::post(&text);
        assert!(!matcher.mentions(&post, &clean(&post)).is_empty());
    }
}

// === The plain reference ===

/// Every place of a term in a text, by looking everywhere.
fn reference_places(term: &Term, text: &str) -> Vec<(usize, usize)> {
    let folded = fold().text(text);
    let (mark, wanted) = match term.kind() {
        TermKind::Hashtag => ("#", term.folded()),
        TermKind::Account => ("@", term.folded()),
        _ => ("", term.folded()),
    };
    let wanted = format!("{mark}{wanted}");
    let mut tags = Vec::new();
    hashtags(text, &mut tags);
    let starts = folded.char_indices().map(|(at, _)| at).filter(|at| folded[*at..].starts_with(&wanted));
    let all = starts.map(|at| (at, at + wanted.len()));
    all.filter(|&(start, end)| match term.kind() {
        TermKind::Hashtag => tags.contains(&(start as u32 + 1, end as u32)),
        TermKind::Account => is_whole_account(text, start, end),
        _ => is_whole(text, start, end),
    })
    .collect()
}

fn reference(expr: &Expr, post: &Post, text: &str) -> bool {
    match expr {
        Expr::Not(inner) => !reference(inner, post, text),
        Expr::All(parts) => parts.iter().all(|part| reference(part, post, text)),
        Expr::Any(parts) => parts.iter().any(|part| reference(part, post, text)),
        Expr::Near { within, left, right } => left.iter().any(|left| {
            right.iter().any(|right| {
                let (left, right) = (reference_places(left, text), reference_places(right, text));
                left.iter().any(|l| {
                    right.iter().any(|r| {
                        let (first, second) = if l <= r { (l, r) } else { (r, l) };
                        first.1 >= second.0
                            || count_words(&text[first.1..second.0], usize::MAX) <= *within as usize
                    })
                })
            })
        }),
        Expr::Term(term) => match term.kind() {
            TermKind::Source => term.text().eq_ignore_ascii_case(post.id.source.as_str()),
            TermKind::Author => {
                term.text() == post.author.id.as_str() || post.author.name.as_deref() == Some(term.text())
            }
            TermKind::Lang => language(post.lang.as_deref(), text) == term.text(),
            _ => !reference_places(term, text).is_empty(),
        },
    }
}

fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "山", "岚", "嵐", "茶", "饮", "飲", "山岚", "tea", "te a", "te  a", "Te\na", "a", "A", "s", " ", "#",
        "@", "。", "x", "shanlan", "_", "\"", "\\", "or", "\u{200B}", "<b>", "&amp;", "🍵", ".",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn all_brands_at_once_find_what_a_plain_reference_finds(
        exprs in prop::collection::vec(crate::query::tests::exprs(), 1..20),
        texts in prop::collection::vec(texts(), 1..8),
    ) {
        let set = set(exprs.iter().cloned().map(Query::of));
        let mut matcher = Matcher::new(set);
        for text in texts {
            let post = samples::post(&text);
            let cleaned = clean(&post);
            let found = matcher.mentions(&post, &cleaned);
            let found: Vec<usize> = found.iter().map(|m| m.brand.as_str().parse().unwrap()).collect();
            let holds = |(_, expr): &(usize, &Expr)| reference(expr, &post, &cleaned.text);
            let expected: Vec<usize> = exprs.iter().enumerate().filter(holds).map(|(i, _)| i).collect();
            prop_assert_eq!(found, expected, "{:?} in {:?}", exprs, cleaned.text);
        }
    }
}
