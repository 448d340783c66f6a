//! Counting, on records written as short words: see [`record`].

use std::collections::BTreeMap;
use std::sync::Arc;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tocsin_model::{
    ArrivalTime, Author, AuthorId, Emotions, Engagement, EventTime, Intent, Matched, MentionedBy, Milli,
    Position, Post, PostId, Span, Timing, Token, TokenKind, Tokenized,
};

use super::*;

mod apart; // triggers, and who is counted apart

const SECRET: AuthorSecret = AuthorSecret([7, 11]);

/// `ID@MINUTE` followed by `:NEGATIVE` (thousandths; a first sighting), `:bare` (a bare repost) or
/// `+LIKES` (an update), then, if it came late, `~MINUTES`. Authors are the last character of the id.
fn record(word: &str) -> Scored {
    let (word, late) = word.split_once('~').unwrap_or((word, "0"));
    let (id, rest) = word.split_once('@').unwrap();
    let at = rest.find([':', '+']).unwrap();
    let (minute, what) = rest.split_at(at);
    let made = EventTime::from_millis(minute.parse::<i64>().unwrap() * 60_000);
    let arrived = ArrivalTime::from_millis(made.millis()).plus(Span::from_minutes(late.parse().unwrap()));
    match (what, what[1..].parse::<u64>()) {
        (":bare", _) => scored(id, made, arrived, "转发微博//@林:山岚茶饮有虫子", "转发微博".len(), None, 0),
        (_, Ok(likes)) if what.starts_with('+') => {
            scored(id, made, arrived, "山岚茶饮有虫子", 21, Some(likes), 0)
        }
        (_, Ok(negative)) => scored(id, made, arrived, "山岚茶饮有虫子", 21, None, negative as u16),
        other => panic!("not a record: {other:?}"),
    }
}

fn scored(
    id: &str,
    made: EventTime,
    arrived: ArrivalTime,
    text: &str,
    own: usize,
    likes: Option<u64>,
    negative: u16,
) -> Scored {
    let source = SourceId::new("weibo").unwrap();
    let sighting = match likes {
        None => Sighting::First(Timing::AsStated),
        Some(likes) => Sighting::Update(Update {
            gain: Engagement { likes, ..Engagement::default() },
            gained_this_hour: likes,
            first_arrived: arrived,
            edited: false,
            taken_down: false,
        }),
    };
    let by_brand = ["山岚茶饮", "茶"].map(|name| {
        let mood = Sentiment {
            negative: Milli::new(negative),
            neutral: Milli::new(1000 - negative),
            positive: Milli::new(0),
        };
        (BrandId::new(name).unwrap(), if name == "茶" { Sentiment::NEUTRAL } else { mood })
    });
    let author = AuthorId::new(&id[id.len() - 1..]).unwrap();
    let mention = |brand: &BrandId, places| Mention { brand: brand.clone(), by: MentionedBy::Name, places };
    Scored {
        tokenized: Tokenized {
            matched: Matched {
                position: Position(0),
                post: Box::new(Post {
                    created: made,
                    arrived,
                    author: Author { name: Some("小林".to_owned()), ..Author::new(author.clone()) },
                    repost_of: (own < text.len()).then(|| PostId::new(source.clone(), "root").unwrap()),
                    ..Post::new(PostId::new(source, id).unwrap(), author, text)
                }),
                clean: text.to_owned(),
                own,
                at: made,
                sighting,
                mentions: vec![mention(&by_brand[0].0, vec![(0, 12)]), mention(&by_brand[1].0, Vec::new())],
                took_at: None,
                brands_version: 1,
            },
            tokens: [(0, 12), (12, 15), (15, 21)]
                .map(|(start, end)| Token { start, end, kind: TokenKind::Word })
                .to_vec(),
            fingerprint: u64::from(negative),
        },
        sentiment: by_brand[0].1,
        by_brand: by_brand.to_vec(),
        emotions: Emotions([Milli::new(negative / 2); 7]),
        irony: Milli::new(0),
        intent: Intent::Other,
        concerns: Vec::new(),
        reach: 100,
        model: Arc::from("test"),
    }
}

fn records(words: &str) -> Vec<Scored> {
    words.split_whitespace().map(record).collect()
}

/// What is not zero in the first brand's delta, a line a minute, then the evidence by hour.
fn shown(delta: &Delta) -> String {
    let names = [
        "posts", "heard", "negative", "squares", "angry", "reposts", "reach", "likes", "", "", "", "top_gain",
    ];
    let mut lines = String::new();
    for (minute, counts) in &delta.minutes {
        let fields = names.iter().zip(counts.to_array()).filter(|(_, n)| *n > 0);
        let fields: Vec<String> = fields.map(|(name, n)| format!("{name} {n}")).collect();
        lines += &format!("{}: {}\n", minute.0, fields.join(", "));
    }
    for (hour, detail) in &delta.details {
        let list = |list: &TopList| {
            let all: Vec<String> = list.entries().iter().map(|e| format!("{} {}", e.key, e.weight)).collect();
            all.join(", ")
        };
        lines += &format!(
            "hour {}: authors {}, texts {}; terms {}; posts {}; sources {}\n",
            hour.0,
            detail.authors.estimate(),
            detail.texts.estimate(),
            list(&detail.terms),
            list(&detail.posts),
            list(&detail.sources),
        );
    }
    lines
}

#[track_caller]
fn check(words: &str, expect: Expect) {
    let deltas = count(&records(words), &SECRET, &Watch::default());
    let of_the_house = deltas.iter().find(|d| d.subject.to_string() == "brand:山岚茶饮").unwrap();
    expect.assert_eq(&shown(of_the_house));
}

#[test]
fn a_post_counts_in_its_minute() {
    check(
        "a@0:900 b@0:100 c@61:500",
        expect![[r#"
            0: posts 2, heard 2, negative 1000, squares 820, angry 500, reach 200
            61: posts 1, heard 1, negative 500, squares 250, angry 250, reach 100
            hour 0: authors 2, texts 2; terms 虫子 900; posts weibo/a 900, weibo/b 100; sources weibo 2
            hour 1: authors 1, texts 1; terms 虫子 500; posts weibo/c 500; sources weibo 1
        "#]],
    );
}

#[test]
fn a_bare_repost_is_a_post_that_is_not_heard() {
    check(
        "a@0:bare",
        expect![[r#"
            0: posts 1, reposts 1, reach 100
            hour 0: authors 1, texts 0; terms ; posts ; sources weibo 1
        "#]],
    );
}

#[test]
fn a_late_post_counts_and_is_not_heard() {
    check(
        "a@0:900~60 b@0:900~61",
        expect![[r#"
            0: posts 2, heard 1, negative 900, squares 810, angry 450, reach 200
            hour 0: authors 2, texts 1; terms 虫子 900; posts weibo/a 900; sources weibo 2
        "#]],
    );
}

#[test]
fn an_update_counts_only_what_it_gained() {
    check(
        "a@0:900 a@5+30 a@6+0 a@65+7",
        expect![[r#"
            0: posts 1, heard 1, negative 900, squares 810, angry 450, reach 100
            5: likes 30, top_gain 30
            65: likes 7, top_gain 7
            hour 0: authors 1, texts 1; terms 虫子 900; posts weibo/a 930; sources weibo 1
            hour 1: authors 0, texts 0; terms ; posts weibo/a 7; sources 
        "#]],
    );
}

#[test]
fn each_brand_has_its_own_mood_and_they_are_sorted() {
    let deltas = count(&records("a@0:900"), &SECRET, &Watch::default());
    let found: Vec<(String, u64)> =
        deltas.iter().map(|d| (d.subject.to_string(), d.minutes[&Minute(0)].negative)).collect();
    assert_eq!(found, [("brand:山岚茶饮".to_owned(), 900), ("brand:茶".to_owned(), 0)]);
}

#[test]
fn an_author_stands_in_evidence_with_source_id_and_name() {
    let deltas = count(&records("xa@0:900 ya@1:900"), &SECRET, &Watch::default());
    let authors = &deltas[0].details[&Hour(0)].top_authors;
    let key = SECRET.key(&SourceId::new("weibo").unwrap(), &AuthorId::new("a").unwrap());
    let voices = Voices { posts: 2, against: 2 }.weight();
    assert_eq!(authors.entries(), [entry(&key.to_string(), voices, Some("weibo\ta\t小林"))]);
}

fn some_records() -> impl Strategy<Value = Vec<String>> {
    let word =
        (0..40u32, 0..130i64, 0..1000u16, 0..3u8, 0..90i64).prop_map(
            |(id, minute, n, what, late)| match what {
                0 => format!("{id}@{minute}:{n}~{late}"),
                1 => format!("{id}@{minute}:bare"),
                _ => format!("{id}@{minute}+{n}"),
            },
        );
    proptest::collection::vec(word, 0..60)
}

/// Counters by minute; sketches of authors and texts by hour.
type Sums = (BTreeMap<(Subject, Minute), Counts>, BTreeMap<(Subject, Hour), (Sketch, Sketch)>);

/// Counters of all brands, added up as a store does; and the sketches.
fn sum(deltas: Vec<Delta>) -> Sums {
    let (mut counts, mut sketches) = (BTreeMap::new(), BTreeMap::new());
    for delta in deltas {
        for (minute, more) in delta.minutes {
            counts.entry((delta.subject.clone(), minute)).or_insert_with(Counts::default).add(&more);
        }
        for (hour, more) in delta.details {
            let (authors, texts): &mut (Sketch, Sketch) =
                sketches.entry((delta.subject.clone(), hour)).or_default();
            authors.merge(&more.authors);
            texts.merge(&more.texts);
        }
    }
    (counts, sketches)
}

proptest! {
    #[test]
    fn the_order_of_posts_changes_nothing(words in some_records(), seed in any::<u64>()) {
        let in_order: Vec<Scored> = words.iter().map(|w| record(w)).collect();
        let mut shuffled = in_order.clone();
        let mut state = seed;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        let (a, b) = (count(&in_order, &SECRET, &Watch::default()), count(&shuffled, &SECRET, &Watch::default()));
        prop_assert_eq!(&sum(a.clone()), &sum(b.clone()));
        // Within one batch not even the lists depend on it.
        let terms = |deltas: &[Delta]| -> Vec<TopList> {
            deltas.iter().flat_map(|d| d.details.values()).map(|detail| detail.terms.clone()).collect()
        };
        prop_assert_eq!(terms(&a), terms(&b));
    }

    #[test]
    fn where_batches_are_cut_changes_nothing(words in some_records(), cuts in proptest::collection::vec(0..60usize, 0..4)) {
        let all: Vec<Scored> = words.iter().map(|w| record(w)).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(all.len())).chain([0, all.len()]).collect();
        cuts.sort_unstable();
        let in_parts: Vec<Delta> = cuts.windows(2).flat_map(|w| count(&all[w[0]..w[1]], &SECRET, &Watch::default())).collect();
        prop_assert_eq!(sum(count(&all, &SECRET, &Watch::default())), sum(in_parts));
    }
}
