//! The story of the tea house, looked at from outside.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, HashMap, HashSet};

use expect_test::expect;
use tocsin_model::{EventTime, Post, PostId, Span};
use tocsin_scenarios::{TEA_HOUSE_BRAND, tea_house, tea_house_crisis};

/// 2026-03-02T00:00 in Shanghai, a Monday.
const START: EventTime = EventTime::from_millis(1_772_380_800_000);

fn posts() -> Vec<Post> {
    tea_house(1, START)
}

fn names_the_brand(post: &Post) -> bool {
    post.text.contains(TEA_HOUSE_BRAND) || post.text.to_lowercase().contains("shanlan tea")
}

/// First records only: what the others add is likes.
fn first_records(posts: &[Post]) -> Vec<&Post> {
    let mut seen = HashSet::new();
    posts.iter().filter(|p| seen.insert(&p.id)).collect()
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_one_another() {
    assert_eq!(posts(), posts());
    assert_ne!(posts(), tea_house(2, START));
}

#[test]
fn posts_come_sorted_by_arrival_and_some_seconds_late() {
    let posts = posts();
    assert!(posts.is_sorted_by_key(|p| p.arrived));
    for post in first_records(&posts) {
        let late = post.arrived.since(post.created);
        assert!((Span::from_seconds(2)..Span::from_seconds(40)).contains(&late), "{post:?}");
    }
}

#[test]
fn what_a_post_descends_from_was_said_before() {
    let posts = posts();
    let firsts = first_records(&posts);
    let by_id: HashMap<&PostId, &Post> = firsts.iter().map(|p| (&p.id, *p)).collect();
    let children: Vec<&&Post> = firsts.iter().filter(|p| p.parent_id().is_some()).collect();
    assert!(children.len() > 500, "{}", children.len());
    for child in children {
        let parent = by_id[child.parent_id().unwrap()];
        assert!(parent.created <= child.created && parent.id.source == child.id.source, "{child:?}");
    }
}

#[test]
fn likes_of_a_known_post_only_grow() {
    let mut known: HashMap<PostId, Post> = HashMap::new();
    let mut updates = 0;
    for post in posts() {
        if let Some(before) = known.insert(post.id.clone(), post.clone()) {
            updates += 1;
            assert_eq!(before.engagement.max(post.engagement), post.engagement, "{post:?}");
            assert_eq!((&before.text, before.created), (&post.text, post.created));
        }
    }
    assert!(updates > 300, "{updates}");
}

#[test]
fn copies_do_not_dominate() {
    let posts = posts();
    let crisis = tea_house_crisis(1, START);
    for (name, is_in) in [("quiet", false), ("evening", true)] {
        let originals: Vec<&str> = first_records(&posts)
            .into_iter()
            .filter(|p| p.parent_id().is_none() && (p.created >= crisis.begins) == is_in)
            .map(|p| p.text.as_str())
            .collect();
        let different: HashSet<&&str> = originals.iter().collect();
        assert!(
            different.len() * 10 > originals.len() * 8,
            "{name}: {} of {}",
            different.len(),
            originals.len()
        );
    }
}

#[test]
fn the_crisis_stands_out_of_its_hours() {
    let posts = posts();
    let crisis = tea_house_crisis(1, START);
    assert_eq!(posts.iter().find(|p| p.id == crisis.video).unwrap().created, crisis.begins);
    let mut by_hour: BTreeMap<i64, u32> = BTreeMap::new();
    for post in first_records(&posts) {
        *by_hour.entry(post.created.hour().0).or_default() += 1;
    }
    let begins = crisis.begins.hour().0;
    assert_eq!(crisis.begins.plus(Span::from_hours(8)).minute().0.rem_euclid(1_440), 19 * 60 + 42);
    let quiet_most = by_hour.range(..begins).map(|(_, n)| *n).max().unwrap();
    let evening: Vec<u32> = by_hour.range(begins..).map(|(_, n)| *n).collect();
    expect!["at most 24 in a quiet hour, then [43, 371, 431, 136, 6]"]
        .assert_eq(&format!("at most {quiet_most} in a quiet hour, then {evening:?}"));
}

#[test]
fn what_the_story_holds() {
    let posts = posts();
    let firsts = first_records(&posts);
    let crisis = tea_house_crisis(1, START);
    let (evening, quiet): (Vec<&&Post>, Vec<&&Post>) =
        firsts.iter().partition(|p| p.created >= crisis.begins);
    let quiet_hours = (crisis.begins.millis() - START.millis()) as f64 / 3_600_000.0;
    let line = |name: &str, of: &[&&Post]| {
        let count = |f: &dyn Fn(&Post) -> bool| of.iter().filter(|p| f(p)).count();
        format!(
            "{name}: {} posts, {} name the brand, {} reposts ({} bare), {} comments, {} authors\n",
            of.len(),
            count(&names_the_brand),
            count(&|p| p.repost_of.is_some()),
            count(&|p| p.text == "转发微博"),
            count(&|p| p.reply_to.is_some()),
            of.iter().map(|p| &p.author.id).collect::<HashSet<_>>().len(),
        )
    };
    let story = [
        line("quiet", &quiet),
        line("evening", &evening),
        format!(
            "{:.1} posts in a quiet hour, {} records in all\n",
            quiet.len() as f64 / quiet_hours,
            posts.len()
        ),
        format!(
            "the video at last: {:?}\n",
            posts.iter().rfind(|p| p.id == crisis.video).unwrap().engagement
        ),
    ];
    expect![[r#"
        quiet: 4147 posts, 3115 name the brand, 333 reposts (155 bare), 334 comments, 599 authors
        evening: 972 posts, 614 name the brand, 242 reposts (94 bare), 195 comments, 925 authors
        7.9 posts in a quiet hour, 5475 records in all
        the video at last: Engagement { likes: 94000, reposts: 21000, comments: 12000, views: 3600000 }
    "#]]
    .assert_eq(&story.concat());
}
