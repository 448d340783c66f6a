//! The scenarios of drills, looked at from outside.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::HashSet;

use expect_test::expect;
use tocsin_model::{EventTime, Post};
use tocsin_scenarios::{Drill, Expect, SCENARIOS, Story, Swap, play, scenario};

/// 2026-03-02T00:00 in Shanghai, a Monday.
const START: EventTime = EventTime::from_millis(1_772_380_800_000);

fn told(name: &str, usual_tenths: Option<u64>, seed: u64) -> Story {
    let drill = Drill { brand: "测试牌".to_owned(), usual_tenths, scale_percent: 100, seed, start: START };
    play(&drill, scenario(name).unwrap())
}

/// First records only: what the others add is likes.
fn first_records(story: &Story) -> Vec<&Post> {
    let mut seen = HashSet::new();
    story.posts.iter().filter(|p| seen.insert(&p.id)).collect()
}

#[test]
fn the_same_seed_plays_the_same_story_and_another_one_another() {
    assert_eq!(told("fast_cascade", None, 3), told("fast_cascade", None, 3));
    assert_ne!(told("fast_cascade", None, 3).posts, told("fast_cascade", None, 4).posts);
}

#[test]
fn every_scenario_is_sorted_ends_and_fills_its_texts() {
    for scenario in SCENARIOS {
        let story = told(scenario.name, None, 1);
        assert!(story.posts.is_sorted_by_key(|p| p.arrived), "{}", scenario.name);
        assert!(story.begins < story.ends, "{}", scenario.name);
        assert!(story.posts.iter().all(|p| !p.text.contains('{') && !p.text.trim().is_empty()));
        let said: HashSet<_> = story.posts.iter().map(|p| &p.id).collect();
        assert!(story.root.is_none_or(|root| said.contains(&root)), "{}", scenario.name);
    }
}

#[test]
fn what_the_scenarios_hold() {
    let mut shown = String::new();
    for scenario in SCENARIOS {
        let story = told(scenario.name, None, 1);
        let firsts = first_records(&story);
        let during = |p: &&&Post| p.created >= story.begins && p.created < story.ends;
        let hours = (story.ends.millis() - story.begins.millis()) as f64 / 3_600_000.0;
        let before = (story.begins.millis() - START.millis()) as f64 / 3_600_000.0;
        let quiet = firsts.iter().filter(|p| p.created < story.begins).count();
        let expect = match scenario.expect {
            Expect::Crisis => "crisis",
            Expect::Calm => "calm",
            Expect::Silence => "silence",
        };
        shown.push_str(&format!(
            "{}: {expect}; {:.1} posts an hour before, {:.1} in its {hours:.0} hours, {} told\n",
            scenario.name,
            quiet as f64 / before,
            firsts.iter().filter(during).count() as f64 / hours,
            story.told,
        ));
    }
    expect![[r#"
        fast_cascade: crisis; 19.7 posts an hour before, 134.6 in its 7 hours, 719 told
        slow_burn: crisis; 19.7 posts an hour before, 32.0 in its 48 hours, 567 told
        shift_of_mood: crisis; 19.7 posts an hour before, 19.2 in its 36 hours, 186 told
        tiny_brand: crisis; 0.9 posts an hour before, 9.8 in its 1 hours, 9 told
        viral_note: crisis; 19.7 posts an hour before, 26.4 in its 10 hours, 1 told
        rumour_and_denial: crisis; 19.7 posts an hour before, 98.2 in its 6 hours, 415 told
        recovery: crisis; 19.7 posts an hour before, 125.8 in its 10 hours, 1001 told
        robots: crisis; 19.7 posts an hour before, 174.9 in its 3 hours, 402 told
        campaign: calm; 19.7 posts an hour before, 226.8 in its 8 hours, 1598 told
        lottery: calm; 19.7 posts an hour before, 117.7 in its 24 hours, 2344 told
        holiday: calm; 19.7 posts an hour before, 57.7 in its 48 hours, 1833 told
        outage: silence; 40.0 posts an hour before, 53.2 in its 6 hours, 0 told
        new_source: calm; 19.7 posts an hour before, 33.0 in its 48 hours, 666 told
        query_change: calm; 19.5 posts an hour before, 18.1 in its 48 hours, 0 told
        new_model: calm; 19.7 posts an hour before, 19.0 in its 48 hours, 0 told
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_great_brand_is_told_of_as_a_small_one_is() {
    let of = |usual| told("fast_cascade", Some(usual), 1).told as f64 / usual as f64;
    assert!((of(20) / of(2_000) - 1.0).abs() < 0.2, "{} {}", of(20), of(2_000));
}

#[test]
fn during_an_outage_nothing_of_the_source_is_heard_and_afterwards_all_of_it() {
    let story = told("outage", None, 2);
    let of_weibo: Vec<&Post> = first_records(&story)
        .into_iter()
        .filter(|p| p.id.source.as_str() == "weibo" && p.created >= story.begins)
        .collect();
    let back = story.begins.millis() + 6 * 3_600_000;
    let in_it: Vec<&&Post> = of_weibo.iter().filter(|p| p.created.millis() < back).collect();
    assert!(in_it.len() > 20);
    assert!(in_it.iter().all(|p| p.arrived.millis() >= back), "nothing is heard");
    assert!(in_it.iter().all(|p| p.arrived.millis() <= story.ends.millis()), "all of it comes");
}

#[test]
fn one_post_runs_away_and_volume_stays() {
    let story = told("viral_note", None, 2);
    let likes: Vec<u64> = story
        .posts
        .iter()
        .filter(|p| Some(&p.id) == story.root.as_ref())
        .map(|p| p.engagement.likes)
        .collect();
    assert!(likes.is_sorted() && *likes.last().unwrap() == 64_000, "{likes:?}");
    assert_eq!(story.told, 1);
}

#[test]
fn robots_say_few_texts_and_people_do_not() {
    let copies = |name| {
        let story = told(name, None, 2);
        let firsts = first_records(&story);
        let texts: Vec<&str> = firsts
            .iter()
            .filter(|p| p.created >= story.begins && p.parent_id().is_none())
            .map(|p| p.text.as_str())
            .collect();
        1.0 - texts.iter().collect::<HashSet<_>>().len() as f64 / texts.len() as f64
    };
    assert!(copies("robots") > 0.6 && copies("fast_cascade") < 0.25, "{}", copies("fast_cascade"));
}

#[test]
fn a_nickname_is_said_only_where_a_query_will_take_it() {
    for scenario in SCENARIOS {
        let said = told(scenario.name, None, 1).posts.iter().filter(|p| p.text.contains("阿巷家")).count();
        assert_eq!(said > 0, matches!(scenario.swap, Some(Swap::Query(_))), "{}", scenario.name);
    }
}
