//! The plain reference: all posts at once, a map, and the rules as they are written down.

use std::collections::{BTreeMap, HashMap};

use tocsin_laws::{descent, matched};
use tocsin_model::{ArrivalTime, BrandId, Hour, KIN_BEFORE, Matched, Post, PostId, Span};

/// Posts and likes gained, by brand and hour.
pub type Recount = BTreeMap<(BrandId, Hour), (u64, u64)>;

/// Counts posts of which `names` says whom each names. For ids that come again within 48 h only.
pub fn recount(posts: &[Post], names: impl Fn(&Post) -> Vec<&'static str>) -> Recount {
    let mut firsts: Vec<Matched> = Vec::new();
    let mut known: HashMap<&PostId, ArrivalTime> = HashMap::new();
    for post in posts {
        if !known.contains_key(&post.id) {
            known.insert(&post.id, post.arrived);
            firsts.push(matched(post.clone(), 0, &names(post)));
        }
    }
    let took = descent(&firsts);
    let mut counts = Recount::new();
    for first in &firsts {
        for brand in took[&first.post.id].keys() {
            counts.entry((brand.clone(), hour(&first.post))).or_default().0 += 1;
        }
    }
    let mut greatest: HashMap<&PostId, u64> = HashMap::new();
    for post in posts {
        let likes = post.engagement.likes;
        let best = *greatest.entry(&post.id).and_modify(|best| *best = likes.max(*best)).or_insert(likes);
        let before = seen_before(posts, post);
        if let Some(before) = before
            && best > before
        {
            for brand in took[&post.id].keys() {
                counts.entry((brand.clone(), post.arrived.hour())).or_default().1 += best - before;
            }
        }
    }
    counts
}

/// The greatest likes of the records of the same id that stand before this one.
fn seen_before(posts: &[Post], post: &Post) -> Option<u64> {
    let earlier = posts.iter().take_while(|p| !std::ptr::eq(*p, post));
    earlier.filter(|p| p.id == post.id).map(|p| p.engagement.likes).max()
}

/// The hour in which a first sighting counts.
fn hour(post: &Post) -> Hour {
    let age = post.arrived.since(post.created);
    let as_stated = age >= Span::default() && age <= KIN_BEFORE;
    if as_stated { post.created.hour() } else { post.arrived.hour() }
}
