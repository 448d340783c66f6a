//! Triggers that posts pull, and posts that are not the public's.

use tocsin_model::{Concern, Kind};

use super::*;
use crate::watch::{Account, Enough, List, Watched};

fn house() -> BrandId {
    BrandId::new("山岚茶饮").unwrap()
}

fn account(id: &str) -> Account {
    Account { source: None, id: AuthorId::new(id).unwrap() }
}

/// Regulators are `r`, media `m` and all of `news.example`, the ignored `i`; the house's own account is `o`; `d`
/// is the desk of an employee; watched are 虫子 (of three posts) and 起火.
fn watch() -> Watch {
    let words = |word: &str, posts| (house(), vec![word.to_owned()], Enough { posts, ..Enough::ONE });
    Watch::new(Watched {
        authors: [("r", List::Regulators), ("m", List::Media), ("i", List::Ignored)]
            .map(|(id, list)| (account(id), list))
            .to_vec(),
        sites: vec![("news.example".to_owned(), List::Media)],
        desks: vec![(SourceId::new("desk").unwrap(), Enough::ONE)],
        words: vec![words("虫子", 3), words("起火", 1)],
        own: vec![(house(), account("o"))],
        ..Watched::default()
    })
}

/// What the house's posts pull, as `kind name posts@last minute`, hour by hour.
fn pulled(records: &[Scored]) -> Vec<String> {
    let deltas = count(records, &SECRET, &watch());
    let house = deltas.iter().find(|d| d.subject == Subject::Brand(house())).unwrap();
    let mut all = Vec::new();
    for detail in house.details.values() {
        for (trigger, pull) in &detail.pulls.0 {
            all.push(format!("{} {} {}@{}", trigger.kind, trigger.name, pull.posts, pull.last.0));
        }
    }
    all
}

#[test]
fn a_word_is_pulled_by_every_post_that_has_it_in_its_own_words() {
    assert_eq!(pulled(&records("a@0:900 b@2:0")), ["keyword 虫子 2@2"]);
    assert!(pulled(&records("a@0:bare")).is_empty(), "these are another's words");
    assert!(pulled(&records("a@0:900~61")).is_empty(), "what is not heard is not news");
    assert!(pulled(&records("a@0+30")).is_empty(), "an update says nothing");
}

#[test]
fn a_regulator_pulls_whatever_it_says_and_however_late() {
    assert_eq!(pulled(&records("r@0:0")), ["keyword 虫子 1@0", "author regulators 1@0"]);
    assert_eq!(pulled(&records("r@0:0~300")), ["author regulators 1@300"], "in the hour of its arrival");
    assert!(pulled(&records("m@0:100~300")).is_empty(), "news of a brand is no crisis of it");
    assert_eq!(pulled(&records("m@0:900~300")), ["author media 1@300"]);
}

#[test]
fn what_was_first_seen_two_days_late_pulls_nothing() {
    let mut old = record("r@0:900");
    old.tokenized.matched.sighting = Sighting::First(Timing::Resurfaced);
    assert!(pulled(&[old]).is_empty());
}

#[test]
fn a_site_is_known_with_all_below_it() {
    let at = |url: &str| {
        let mut record = record("a@0:900~300");
        record.tokenized.matched.post.url = Some(url.to_owned());
        pulled(&[record])
    };
    assert_eq!(at("https://www.News.example/a"), ["author media 1@300"]);
    assert!(at("https://fakenews.example/a").is_empty());
}

#[test]
fn one_with_ten_million_followers_against_the_brand_is_far_reaching() {
    let by = |followers, negative| {
        let mut record = record(&format!("a@0:{negative}~300"));
        record.tokenized.matched.post.author.followers = Some(followers);
        pulled(&[record])
    };
    assert_eq!(by(10_000_000, 900), ["author reach 1@300"]);
    assert!(by(9_999_999, 900).is_empty() && by(10_000_000, 100).is_empty());
}

#[test]
fn a_report_pulls_its_desk() {
    let mut report = record("a@0:0~300");
    report.tokenized.matched.post.id = PostId::new(SourceId::new("desk").unwrap(), "1").unwrap();
    assert_eq!(pulled(&[report]), ["report desk 1@300"]);
}

#[test]
fn own_posts_and_those_of_the_ignored_are_counted_apart() {
    let deltas = count(&records("i@0:900 o@0:900 a@0:900 i@1+50"), &SECRET, &watch());
    let of = |name: &str| {
        let delta = deltas.iter().find(|d| d.subject == Subject::Brand(BrandId::new(name).unwrap())).unwrap();
        let counts = delta.minutes[&Minute(0)];
        let authors = delta.details[&Hour(0)].top_authors.entries().len();
        (
            [counts.posts, counts.heard, counts.ignored, counts.answers, counts.reach],
            authors,
            delta.minutes.len(),
        )
    };
    assert_eq!(of("山岚茶饮"), ([3, 1, 1, 1, 100], 1, 1));
    assert_eq!(of("茶"), ([3, 2, 1, 0, 200], 2, 1), "of another brand it is one of the public");
    assert_eq!(pulled(&records("i@0:900 o@0:900")), [] as [String; 0]);
}

#[test]
fn complaints_about_safety_pull_a_trigger_of_their_own() {
    let mut unsafe_one = record("a@0:900");
    unsafe_one.concerns = vec![Concern("service".into()), Concern("safety".into())];
    let mut calm = unsafe_one.clone();
    calm.by_brand[0].1.negative = Milli::new(100);
    assert_eq!(pulled(&[unsafe_one, record("b@0:800"), calm])[0], "negative safety 1@0");
}

proptest! {
    #[test]
    fn pulls_are_the_same_however_batches_are_cut(words in some_records(), cut in 0..60usize) {
        let all: Vec<Scored> = words.iter().map(|w| record(w)).collect();
        let (first, second) = all.split_at(cut.min(all.len()));
        let sum = |deltas: Vec<Delta>| -> Vec<(Subject, Hour, Kind, String, u64, Minute)> {
            let mut sums = BTreeMap::new();
            for delta in deltas {
                for (hour, detail) in delta.details {
                    let pulls: &mut Pulls = sums.entry((delta.subject.clone(), hour)).or_default();
                    pulls.merge(&detail.pulls);
                }
            }
            let of = |((subject, hour), pulls): ((Subject, Hour), Pulls)| {
                pulls.0.into_iter().map(move |(trigger, pull)| {
                    (subject.clone(), hour, trigger.kind, trigger.name.to_string(), pull.posts, pull.last)
                })
            };
            sums.into_iter().flat_map(of).collect()
        };
        let in_parts = [count(first, &SECRET, &watch()), count(second, &SECRET, &watch())].concat();
        prop_assert_eq!(sum(count(&all, &SECRET, &watch())), sum(in_parts));
    }
}
