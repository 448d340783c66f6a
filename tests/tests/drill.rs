//! `tocsin drill` and `tocsin backtest --posts`: how a watch does, tried apart from what is live.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tocsin_model::EventTime;
use tocsin_scenarios::{TEA_HOUSE_QUERY, tea_house};
use tocsin_tests::{program, said};

/// 2026-03-02T00:00 in Shanghai, a Monday.
const START: EventTime = EventTime::from_millis(1_772_380_800_000);

/// Plays a scenario where there is no config: its exit code and its card.
fn card(scenario: &str, more: &[&str]) -> (Option<i32>, Value) {
    let nowhere = tempfile::tempdir().unwrap();
    let Output { status, stdout, stderr } =
        program().args(["drill", scenario, "--json"]).args(more).current_dir(&nowhere).output().unwrap();
    let card = serde_json::from_slice(&stdout);
    (status.code(), card.unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&stderr))))
}

#[test]
fn a_cascade_is_found_and_a_campaign_is_left_alone() {
    let (code, cascade) = card("fast_cascade", &["--brand", "测试牌"]);
    assert_eq!((code, &cascade["passed"], &cascade["false_alarms"]), (Some(0), &true.into(), &0.into()));
    assert!(cascade["rang_after_seconds"].as_i64().unwrap() < 3_600, "{cascade}");
    let (code, campaign) = card("campaign", &[]);
    assert_eq!((code, &campaign["passed"], &campaign["rings"]), (Some(0), &true.into(), &0.into()));
}

#[test]
fn what_is_too_small_to_be_found_ends_with_4() {
    let (code, card) = card("fast_cascade", &["--scale", "0.01", "--usual", "2"]);
    assert_eq!((code, &card["passed"], &card["rang_after_seconds"]), (Some(4), &false.into(), &Value::Null));
}

#[test]
fn a_drill_needs_a_brand_and_a_scenario_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[[brand]]\nname = '山岚茶饮'\nquery = '(山岚茶饮 OR shanlan) NEAR/3 茶馆'\n\
                  [[inlet]]\nkind = 'http'\n[[outlet]]\nkind = 'console'\n";
    std::fs::write(folder.path().join("tocsin.toml"), config).unwrap();
    let fails = |arguments: &[&str], words: &str| {
        let output = program().arg("drill").args(arguments).current_dir(&folder).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && told.contains(words), "{arguments:?}: {told}");
    };
    fails(&["fire"], "is no scenario");
    fails(&["robots", "--brand", "别人"], "the config has no brand");
    fails(&["robots"], "is not taken by its query");
}

#[test]
fn two_configs_stand_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let config = |path: &Path, accepted: f64| {
        let text = format!(
            "[[brand]]\nname = '山岚茶饮'\nquery = '{TEA_HOUSE_QUERY}'\n[[inlet]]\nkind = 'http'\n\
             [[outlet]]\nkind = 'console'\n[detect]\nfalse_alarms_per_brand_month = {accepted}\n"
        );
        std::fs::write(path, text).unwrap();
    };
    config(&at("calm.toml"), 0.5);
    config(&at("keen.toml"), 20.0);
    let mut lines = Vec::new();
    for post in tea_house(1, START) {
        lines.extend(tocsin_wire::write_post(&post));
        lines.push(b'\n');
    }
    std::fs::write(at("posts.jsonl"), lines).unwrap();
    let told = |more: &[&str]| {
        let backtest = ["backtest", "--posts", "posts.jsonl", "--detect", "calm.toml"];
        said(program().args(backtest).args(more).current_dir(&folder))
    };
    let alone = told(&[]);
    assert!(alone.contains("negative") && alone.contains("calm.toml: 1 alarm,"), "{alone}");
    let both = told(&["--vs", "keen.toml"]);
    assert!(both.contains("with keen.toml instead of calm.toml:"), "{both}");
    assert!(both.lines().next().unwrap().contains("keen.toml"), "{both}");
}
