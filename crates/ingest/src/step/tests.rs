//! Posts and claims in; what goes on, what Kin hears, what stops out.

use std::sync::Arc;

use expect_test::{Expect, expect};
use tocsin_model::{ArrivalTime, BrandId, EventTime, Timing, Update};

use super::*;
use crate::samples;
use crate::{BrandSet, Query};

fn matcher() -> Matcher {
    let brand = |name: &str, query: &str| (BrandId::new(name).unwrap(), Query::parse(query).unwrap());
    let brands = vec![brand("岚", "山岚"), brand("茶", "茶饮 OR tea"), brand("源", "source:x")];
    Matcher::new(Arc::new(BrandSet::compile(brands, 7).unwrap()))
}

fn line(matched: &Matched) -> String {
    let mentions: Vec<_> =
        matched.mentions.iter().map(|m| format!("{} {:?} {:?}", m.brand, m.by, m.places)).collect();
    let minute = matched.at.minute().0;
    format!(
        "{} at {minute}: {:?} [{}] v{}",
        matched.position.0,
        matched.clean,
        mentions.join("; "),
        matched.brands_version
    )
}

#[track_caller]
fn check(posts: Vec<(Post, Sighting)>, expected: Expect) {
    let posts =
        posts.into_iter().zip(0..).map(|((post, sighting), at)| (Position(at), Box::new(post), sighting));
    let out = ingest(&mut matcher(), posts);
    let mut lines: Vec<String> = out.matched.iter().map(|m| format!("matched {}", line(m))).collect();
    for tell in &out.tells {
        let took: Vec<_> = tell.took.iter().map(|t| format!("{}@{}", t.brand, t.at.minute().0)).collect();
        lines.push(format!("tell {} {}: {}", tell.position.0, tell.id, took.join(" ")));
    }
    for ask in &out.asks {
        lines.push(format!("ask {} of {}: {}", ask.arrived.minute().0, ask.parent, line(&ask.child)));
    }
    lines.push(format!("unmatched {}\n", out.unmatched));
    expected.assert_eq(&lines.join("\n"));
}

fn first(post: Post) -> (Post, Sighting) {
    (post, Sighting::First(Timing::AsStated))
}

fn update(post: Post) -> (Post, Sighting) {
    let first_arrived = ArrivalTime::from_millis(30_000);
    let gain = Default::default();
    let update = Update { gain, gained_this_hour: 0, first_arrived, edited: false, taken_down: false };
    (post, Sighting::Update(update))
}

fn repost(text: &str) -> Post {
    Post { repost_of: Some(samples::id("0")), ..samples::post(text) }
}

#[test]
fn a_post_that_names_brands_goes_on_and_tells() {
    let post = samples::post("山嵐茶飲的 Tea，<b>山岚</b>");
    check(
        vec![first(post)],
        expect![[r#"
        matched 0 at 0: "山嵐茶飲的 Tea,山岚" [岚 Name [(0, 6), (20, 26)]; 茶 Name [(6, 12), (16, 19)]] v7
        tell 0 weibo/1: 岚@1 茶@1
        unmatched 0
    "#]],
    );
}

#[test]
fn a_post_that_names_nothing_stops() {
    check(
        vec![first(samples::post("咖啡")), update(samples::post("咖啡"))],
        expect![[r#"
        unmatched 2
    "#]],
    );
}

#[test]
fn a_post_with_a_parent_asks_whether_it_names_brands_or_not() {
    check(
        vec![first(repost("转发微博")), first(repost("山岚"))],
        expect![[r#"
        matched 1 at 0: "山岚" [岚 Name [(0, 6)]] v7
        tell 1 weibo/1: 岚@1
        ask 1 of weibo/0: 0 at 0: "转发微博" [] v7
        ask 1 of weibo/0: 1 at 0: "山岚" [岚 Name [(0, 6)]] v7
        unmatched 0
    "#]],
    );
}

#[test]
fn an_update_goes_on_and_asks_by_its_first_arrival_but_tells_nothing() {
    check(
        vec![update(repost("山岚")), update(repost("转发"))],
        expect![[r#"
        matched 0 at 0: "山岚" [岚 Name [(0, 6)]] v7
        ask 0 of weibo/0: 0 at 0: "山岚" [岚 Name [(0, 6)]] v7
        ask 0 of weibo/0: 1 at 0: "转发" [] v7
        unmatched 0
    "#]],
    );
}

#[test]
fn a_parent_carried_whole_is_matched_and_not_asked() {
    let mut own = repost("tea");
    own.parent = Some(samples::parent(Some(samples::id("0")), "山岚茶饮"));
    let mut other = repost("转发微博");
    other.parent = Some(samples::parent(Some(samples::id("9")), "山岚"));
    check(
        vec![first(own), first(other)],
        expect![[r#"
        matched 0 at 0: "tea" [岚 Name []; 茶 Name [(0, 3)]] v7
        matched 1 at 0: "转发微博" [岚 Name []] v7
        tell 0 weibo/1: 岚@1 茶@1
        tell 1 weibo/1: 岚@1
        ask 1 of weibo/0: 1 at 0: "转发微博" [岚 Name []] v7
        unmatched 0
    "#]],
    );
}

#[test]
fn a_post_is_not_its_own_parent() {
    let mut post = repost("山岚");
    post.repost_of = Some(post.id.clone());
    check(
        vec![first(post)],
        expect![[r#"
        matched 0 at 0: "山岚" [岚 Name [(0, 6)]] v7
        tell 0 weibo/1: 岚@1
        unmatched 0
    "#]],
    );
}

#[test]
fn dates_are_taken_as_the_claim_says_and_bounded_by_the_arrival() {
    let mut post = samples::post("山岚");
    post.created = EventTime::from_millis(600_000);
    let future = (post.clone(), Sighting::First(Timing::FutureDated));
    let old = (samples::post("山岚"), Sighting::First(Timing::Resurfaced));
    check(
        vec![future, old, update(post)],
        expect![[r#"
        matched 0 at 1: "山岚" [岚 Name [(0, 6)]] v7
        matched 1 at 1: "山岚" [岚 Name [(0, 6)]] v7
        matched 2 at 1: "山岚" [岚 Name [(0, 6)]] v7
        tell 0 weibo/1: 岚@1
        tell 1 weibo/1: 岚@1
        unmatched 0
    "#]],
    );
}

#[test]
fn what_is_gained_by_descent_has_no_places() {
    let post = Box::new(repost("山岚"));
    let out = ingest(&mut matcher(), [(Position(3), post, Sighting::First(Timing::AsStated))]);
    let child = out.asks[0].child.clone();
    let took = |name: &str| Took { brand: BrandId::new(name).unwrap(), at: child.post.arrived };
    let matched = gained(Gained { took: vec![took("茶"), took("源")], child: child.clone() });
    expect![[r#"3 at 0: "山岚" [源 Descent []; 茶 Descent []] v7"#]].assert_eq(&line(&matched));
}

#[test]
fn the_hash_of_a_text_never_changes() {
    let hash = |title: Option<&str>, text: &str| {
        text_hash(&Post { title: title.map(str::to_owned), ..samples::post(text) })
    };
    // These stand in stores: another value would make every known post an edited one.
    let known = [hash(None, ""), hash(None, "山岚茶饮"), hash(Some("a"), "b")].map(|h| format!("{h:016x}"));
    expect!["b867377adbcd7f84 3f936332e8f10057 d134abe25ad91294"].assert_eq(&known.join(" "));
    assert_ne!(hash(Some("ab"), "c"), hash(Some("a"), "bc"));
    assert_ne!(hash(None, "a"), hash(None, "a\0"));
}
