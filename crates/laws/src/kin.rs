//! I3: brands descend as the pure recursion says, in whatever order, batches and with whatever crashes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use tocsin_flow::{Arrivals, Kin, Link, Outputs};
use tocsin_model::{
    ArrivalTime, Ask, BrandId, Gained, Lane, Matched, Position, PostId, Tell, Took, took_from,
};

use crate::{Carrier, Dice, arrival, matched, post, settle};

/// The reference: which brands each post takes, and when, given all posts at once.
pub fn descent(posts: &[Matched]) -> BTreeMap<PostId, BTreeMap<BrandId, ArrivalTime>> {
    let by_id: BTreeMap<&PostId, &Matched> = posts.iter().map(|p| (&p.post.id, p)).collect();
    by_id.keys().map(|id| ((*id).clone(), taken(id, &by_id, &mut HashSet::new()))).collect()
}

fn taken<'a>(
    id: &'a PostId,
    posts: &BTreeMap<&'a PostId, &'a Matched>,
    above: &mut HashSet<&'a PostId>,
) -> BTreeMap<BrandId, ArrivalTime> {
    let mut took = BTreeMap::new();
    let Some(matched) = posts.get(id).filter(|_| above.insert(id)) else { return took };
    if let Some(parent) = matched.post.parent_id() {
        for (brand, at) in taken(parent, posts, above) {
            if let Some(at) = took_from(at, matched.post.arrived) {
                took.insert(brand, at);
            }
        }
    }
    for mention in &matched.mentions {
        took.insert(mention.brand.clone(), matched.post.arrived);
    }
    above.remove(id);
    took
}

pub(crate) fn descent_is_the_pure_recursion<C: Carrier>(fresh: &impl Fn() -> C, seed: u64) {
    let mut dice = Dice::new(seed);
    let posts = family(&mut dice);
    let expected: BTreeSet<(PostId, Took)> = descent(&posts)
        .into_iter()
        .flat_map(|(id, took)| {
            let named: BTreeSet<BrandId> = posts
                .iter()
                .filter(|p| p.post.id == id)
                .flat_map(|p| p.mentions.iter().map(|m| m.brand.clone()))
                .collect();
            took.into_iter()
                .filter(move |(brand, _)| !named.contains(brand))
                .map(move |(brand, at)| (id.clone(), Took { brand, at }))
        })
        .collect();
    let gained = run(fresh(), &posts, &mut dice);
    let mut answers = BTreeSet::new();
    for answer in gained {
        assert!(answer.child.mentions.iter().all(|m| answer.took.iter().all(|t| t.brand != m.brand)));
        for took in answer.took {
            let new = answers.insert((answer.child.post.id.clone(), took));
            assert!(new, "I3: a brand was gained twice, seed {seed}");
        }
    }
    assert_eq!(answers, expected, "I3: seed {seed}");
}

/// Posts of three days in a shuffled order, up to 40 min out of their arrival's: chains, forks, orphans, a ring.
fn family(dice: &mut Dice) -> Vec<Matched> {
    let size = 40;
    let mut order: Vec<(i64, u64)> = (0..size).map(|i| (dice.below(60 * 60) as i64, i)).collect();
    let mut minute = 0;
    for (jitter, _) in &mut order {
        minute += [1, 5, 25, 35, 500, 1_450][dice.below(6) as usize];
        *jitter += minute * 60;
    }
    let mut posts: Vec<Matched> = order
        .iter()
        .map(|(second, i)| {
            let mut post = post(&i.to_string(), *second);
            if !dice.one_in(4) {
                post.repost_of = Some(crate::post(&dice.below(size).to_string(), 0).id);
            }
            let brands: &[&str] = match dice.below(5) {
                0 => &["山岚"],
                1 => &["rival"],
                2 if dice.one_in(2) => &["山岚", "rival"],
                _ => &[],
            };
            matched(post, 0, brands)
        })
        .filter(|m| m.post.parent_id() != Some(&m.post.id))
        .collect();
    posts.sort_by_key(|m| m.post.arrived);
    // A little out of order, as sources that overtake each other are.
    for i in 1..posts.len() {
        let near = posts[i].post.arrived.after(posts[i - 1].post.arrived).minutes() < 40;
        if near && dice.one_in(2) {
            posts.swap(i - 1, i);
        }
    }
    for (place, matched) in posts.iter_mut().enumerate() {
        matched.position = Position(place as u64);
    }
    posts
}

fn run<C: Carrier>(mut carrier: C, posts: &[Matched], dice: &mut Dice) -> Vec<Gained> {
    let arrivals = posts.iter().map(|m| arrival(&m.post)).collect();
    carrier.take(Arrivals { posts: arrivals, ..Arrivals::default() });
    let mut gained = Vec::new();
    loop {
        let (mut link, mut state) = (carrier.link(), carrier.state());
        let max = 1 + dice.below(12) as usize;
        let batch = settle(link.fetch(max, Duration::ZERO)).expect("a batch");
        let Some(next) = batch.next() else { return gained };
        let these: Vec<&Matched> = batch.records.iter().map(|(p, _)| &posts[p.0 as usize]).collect();
        let now = these.iter().map(|m| m.post.arrived).min().expect("not empty");
        let answers = settle(state.meet(Lane(0), tells(&these), asks(&these), now)).expect("answers");
        match dice.below(5) {
            0 => {
                drop((link, state));
                carrier = carrier.crash();
            }
            1 => settle(link.abandon()).expect("abandoned"),
            _ => {
                settle(link.advance(next, Outputs::default())).expect("advanced");
                gained.extend(answers);
            }
        }
    }
}

fn tells(posts: &[&Matched]) -> Vec<Tell> {
    let tell = |m: &&Matched| Tell {
        id: m.post.id.clone(),
        position: m.position,
        took: m.mentions.iter().map(|n| Took { brand: n.brand.clone(), at: m.post.arrived }).collect(),
    };
    posts.iter().filter(|m| !m.mentions.is_empty()).map(tell).collect()
}

fn asks(posts: &[&Matched]) -> Vec<Ask> {
    let ask = |m: &&Matched| {
        let parent = m.post.parent_id()?.clone();
        Some(Ask { parent, arrived: m.post.arrived, child: (*m).clone() })
    };
    posts.iter().filter_map(ask).collect()
}
