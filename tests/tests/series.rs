//! `tocsin backtest --counts` on five real series, by the scorer that others were scored with.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::process::Command;

use serde_json::Value;
use tocsin_tests::{data, program, said};

/// With the shipped defaults: the score of the standard profile is 91 and 0.9 of the alarms a month are false.
const SCORE_MIN: f64 = 80.0;
const FALSE_ALARMS_A_MONTH_MAX: f64 = 1.5;

#[test]
fn five_real_series_are_judged_as_well_as_promised() {
    let Some(nab) = data("nab") else { return };
    let scored = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(&nab).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|e| e == "csv") {
            let out = scored.path().join(file.file_name().unwrap());
            said(program().args(["backtest", "--counts"]).arg(&file).arg("-o").arg(&out));
        }
    }
    let mut scorer = Command::new("python3");
    scorer.arg(nab.join("score.py")).arg(scored.path()).arg("--windows").arg(nab.join("windows.json"));
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "in CI there must be a python3 for the scorer");
        println!("skipped: there is no python3 for the scorer");
        return;
    }
    // Any cut between 0.5 and 0.75 is the default alarm.
    for threshold in ["0.5", "0.75"] {
        let told = said(scorer.args(["--threshold", threshold]));
        let told: Vec<Value> = serde_json::from_str(&told).unwrap();
        let (score, wrong) = (&told[0]["score"], &told[0]["false_alarms_per_month"]);
        assert!(score.as_f64().unwrap() >= SCORE_MIN, "{told:?}");
        assert!(wrong.as_f64().unwrap() <= FALSE_ALARMS_A_MONTH_MAX, "{told:?}");
    }
}
