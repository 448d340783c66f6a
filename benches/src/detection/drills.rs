//! Our own scenarios, a few seeds of each, through the real pipeline.

use serde_json::Value;
use tocsin_scenarios::{Expect, SCENARIOS};

use crate::page::{Page, table};
use crate::tools::Tools;
use crate::{Fault, row};

const SEEDS: u64 = 20;

pub(crate) fn measure(tools: &Tools, page: &Page) -> Result<(), Fault> {
    let mut rows = vec![row![
        "scenario",
        "a good watch",
        "did so",
        "rang after, median",
        "at most",
        "false a brand-month"
    ]];
    let seeds: Vec<u64> = (1..=SEEDS).collect();
    for scenario in SCENARIOS {
        let told: Vec<Value> = tools.each(scenario.name, &seeds, |seed| {
            let said = tools.tocsin(|tocsin| {
                tocsin.args(["drill", scenario.name, "--json", "--seed", &seed.to_string()]);
            })?;
            Ok(serde_json::from_str(&said)?)
        })?;
        let sum = |key: &str| told.iter().filter_map(|card| card[key].as_f64()).sum::<f64>();
        let mut after: Vec<f64> =
            told.iter().filter_map(|card| card["rang_after_seconds"].as_f64()).collect();
        after.sort_unstable_by(f64::total_cmp);
        let shown =
            |seconds: Option<&f64>| seconds.map_or("-".to_owned(), |s| format!("{:.0} min", s / 60.0));
        let good = match scenario.expect {
            Expect::Crisis => "rings",
            Expect::Calm => "stays calm",
            Expect::Silence => "tells a silence",
        };
        rows.push(row![
            scenario.name,
            good,
            format!("{} of {SEEDS}", told.iter().filter(|card| card["passed"] == true).count()),
            shown(after.get(after.len() / 2)),
            shown(after.last()),
            format!("{:.2}", 30.0 * sum("false_alarms") / sum("ordinary_days")),
        ]);
    }
    page.put("drills", &table(&rows))
}
