//! All streams of the shared generator, by its scorer: tocsin, and beside it what people use now.

use std::fs;
use std::io::{BufWriter, Write};

use serde_json::{Value, json};
use tocsin_wire::{parse_rfc3339, rfc3339};

use crate::page::{Page, table};
use crate::rules::RULES;
use crate::stream::{Single, Stream};
use crate::tools::Tools;
use crate::{Fault, plot, row};

/// What a brand accepts by default, in false alarms a month.
const ACCEPTED: f64 = 0.5;
/// Posts an hour at which it is calibrated, and how many streams of 21 days of each.
const BASES: [(f64, u64); 7] =
    [(0.1, 40), (1.0, 40), (3.0, 40), (10.0, 40), (100.0, 12), (400.0, 6), (1_000.0, 4)];
const SEED: u64 = 7_000;
/// Of what more seeds are drawn: scenario, posts an hour, how great, how many of each.
const MORE: [(&str, &[f64], f64, u64); 6] = [
    ("crisis_negshift", &[2.0, 20.0, 120.0], 1.0, 8),
    ("crisis_slow", &[2.0, 20.0, 120.0], 1.0, 8),
    ("crisis_small", &[0.5, 1.0, 2.0], 1.0, 8),
    ("crisis_fast", &[20.0], 0.2, 15),
    ("outage", &[2.0], 1.0, 8),
    ("outage", &[20.0, 120.0], 1.0, 6),
];
const MORE_SEEDS: u64 = 500;
const MINUTES_A_MONTH: f64 = 43_200.0;
const WARM_UP_MILLIS: i64 = 7 * 86_400_000;

pub(crate) fn measure(tools: &Tools, page: &Page) -> Result<(), Fault> {
    let streams = [Stream::suite(tools, "tuning")?, Stream::suite(tools, "quiet")?];
    let mut ours = Vec::new();
    for (suite, streams) in ["tuning", "quiet"].iter().zip(&streams) {
        tools.each(suite, streams, |stream| {
            stream.replay(tools, "tocsin.jsonl")?;
            by_rules(stream)
        })?;
        ours.push(score(tools, suite, "tocsin.jsonl")?);
    }
    page.put("suites", &beside_rules(tools, &ours)?)?;
    page.put("scenarios", &by_scenario(&ours[0]))?;
    page.put("details", &details(&streams[0])?)
}

fn score(tools: &Tools, suite: &str, alerts: &str) -> Result<Value, Fault> {
    tools.python_json("crises/score.py", |python| {
        python.arg("--suite").arg(tools.streams.join(suite)).args(["--alerts", alerts, "--brief"]);
    })
}

fn file_of(rule: usize) -> String {
    format!("rule-{rule}.jsonl")
}

/// What each of the rules in use alarms at.
fn by_rules(stream: &Stream) -> Result<(), Fault> {
    let heard = stream.heard()?;
    let first = heard.first().map_or(0, |post| post.minute);
    let mut counts = vec![0_u32; heard.last().map_or(0, |post| post.minute - first + 1) as usize];
    heard.iter().for_each(|post| counts[(post.minute - first) as usize] += 1);
    for (index, (_, rule)) in RULES.iter().enumerate() {
        let mut out = BufWriter::new(fs::File::create(stream.folder.join(file_of(index)))?);
        for minute in rule(&counts) {
            let at = rfc3339((first + minute as i64) * 60_000);
            writeln!(out, "{}", json!({ "brand": stream.text("brand"), "at": at }))?;
        }
        out.flush()?;
    }
    Ok(())
}

fn beside_rules(tools: &Tools, ours: &[Value]) -> Result<String, Fault> {
    let mut rows = vec![row![
        "",
        "found",
        "within 1 h of detectable",
        "median",
        "p90",
        "false a brand-month",
        "on quiet streams",
        "benign peaks called",
        "outages told",
    ]];
    rows.push(suite_row("**tocsin**, shipped defaults", &ours[0]["total"], &ours[1]["total"]));
    for (index, (name, _)) in RULES.iter().enumerate() {
        let [tuning, quiet] = ["tuning", "quiet"].map(|suite| score(tools, suite, &file_of(index)));
        rows.push(suite_row(name, &tuning?["total"], &quiet?["total"]));
    }
    Ok(table(&rows))
}

fn suite_row(name: &str, tuning: &Value, quiet: &Value) -> Vec<String> {
    let of = |key: &str| tuning[key].to_string().trim_matches('"').to_owned();
    let delay = &tuning["delay_from_detectable_s"];
    row![
        name,
        format!("{} of {}", of("detected"), of("events")),
        of("timely"),
        minutes(&delay["median"]),
        minutes(&delay["p90"]),
        shown(&tuning["false_alarms_per_brand_month"]),
        shown(&quiet["false_alarms_per_brand_month"]),
        of("benign_alarmed"),
        of("outage_reported"),
    ]
}

fn shown(number: &Value) -> String {
    number.as_f64().map_or("-".to_owned(), |n| format!("{n:.2}"))
}

fn minutes(seconds: &Value) -> String {
    seconds.as_f64().map_or("-".to_owned(), |s| format!("{:.0} min", s / 60.0))
}

fn by_scenario(tuning: &Value) -> String {
    let mut rows = vec![row![
        "scenario",
        "found",
        "within 1 h",
        "median",
        "p90",
        "false a brand-month",
        "called a crisis"
    ]];
    for (name, of) in tuning["by_scenario"].as_object().into_iter().flatten() {
        let delay = &of["delay_from_detectable_s"];
        let called = of["benign_alarmed"].as_str().or(of["outage_alarmed_as_crisis"].as_str()).unwrap_or("-");
        let found = match of["events"].as_u64() {
            Some(0) | None => "-".to_owned(),
            Some(events) => format!("{} of {events}", of["detected"]),
        };
        let timely = if found == "-" { "-".to_owned() } else { of["timely"].to_string() };
        rows.push(row![
            name,
            found,
            timely,
            minutes(&delay["median"]),
            minutes(&delay["p90"]),
            shown(&of["false_alarms_per_brand_month"]),
            called,
        ]);
    }
    table(&rows)
}

/// What the scorer does not count: whether the true first author is among our first three when the bell rings last, and
/// how often a silence is told where nothing is silent.
fn details(streams: &[Stream]) -> Result<String, Fault> {
    let (mut named, mut asked, mut needless, mut months) = (0, 0, 0, 0.0);
    for stream in streams {
        let alerts = fs::read_to_string(stream.folder.join("tocsin.jsonl"))?;
        let alerts: Vec<Value> = alerts.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let span = |event: &Value| (time(&event["start"]), time(&event["end"]) + 30 * 60_000);
        let within = |alert: &Value, event: &Value| {
            let (from, to) = span(event);
            (from..=to).contains(&time(&alert["at"]))
        };
        let of_kind = |kind: &'static str| stream.events().iter().filter(move |e| e["kind"] == kind);
        for event in of_kind("crisis") {
            let last = alerts.iter().rev().find(|a| a["kind"] != "silence" && within(a, event));
            let (Some(last), Some(first)) = (last, event["top_authors"].get(0)) else { continue };
            asked += 1;
            let ours = last["top_authors"].as_array().map(Vec::as_slice).unwrap_or_default();
            named += u64::from(ours.iter().take(3).any(|author| author == first));
        }
        let counted = parse_rfc3339(stream.text("start")).unwrap_or_default() + WARM_UP_MILLIS;
        months += (stream.number("days") * 1_440.0 - 7.0 * 1_440.0) / MINUTES_A_MONTH;
        needless += alerts
            .iter()
            .filter(|a| a["kind"] == "silence" && time(&a["at"]) >= counted)
            .filter(|a| !of_kind("outage").any(|outage| within(a, outage)))
            .count();
    }
    Ok(format!(
        "The true first author is among our first three at the last ring in {named} of {asked} crises found. Silences told \
         where nothing was silent: {:.2} a brand-month.",
        needless as f64 / months
    ))
}

fn time(value: &Value) -> i64 {
    value.as_str().and_then(parse_rfc3339).unwrap_or_default()
}

/// More seeds of what is found by few posts, and of outages: other streams than those of the suites.
pub(crate) fn more_seeds(tools: &Tools, page: &Page) -> Result<(), Fault> {
    let mut rows = vec![row![
        "scenario",
        "posts an hour",
        "found",
        "within 1 h",
        "median",
        "p90",
        "false a brand-month",
        "told as a silence",
        "called a crisis"
    ]];
    for more in MORE {
        let (scenario, bases, magnitude, seeds) = more;
        let of = |seed| bases.iter().map(move |&base| Single { scenario, base, magnitude, seed });
        let singles: Vec<Single> = (MORE_SEEDS..MORE_SEEDS + seeds).flat_map(of).collect();
        let suite = format!("seeds-{scenario}-{magnitude}-{}", bases[0]);
        tools.each(&suite, &singles, |single| {
            Stream::single(tools, &suite, single)?.replay(tools, "tocsin.jsonl")
        })?;
        let total = score(tools, &suite, "tocsin.jsonl")?["total"].take();
        let delay = &total["delay_from_detectable_s"];
        let text = |key: &str| total[key].as_str().unwrap_or("-").to_owned();
        let bases: Vec<String> = bases.iter().map(f64::to_string).collect();
        let events = total["events"].as_u64().unwrap_or(0);
        let found =
            |key: &str| if events > 0 { format!("{} of {events}", total[key]) } else { "-".to_owned() };
        rows.push(row![
            if magnitude == 1.0 {
                scenario.to_owned()
            } else {
                format!("{scenario}, {magnitude} times as great")
            },
            bases.join(", "),
            found("detected"),
            found("timely"),
            minutes(&delay["median"]),
            minutes(&delay["p90"]),
            shown(&total["false_alarms_per_brand_month"]),
            text("outage_reported"),
            text("outage_alarmed_as_crisis"),
        ]);
    }
    page.put("seeds", &table(&rows))
}

/// False alarms on streams on which nothing happens, by how many posts an hour are usual.
pub(crate) fn calibrate(tools: &Tools, page: &Page) -> Result<(), Fault> {
    let mut rows =
        vec![row!["posts an hour", "brand-months", "false alarms", "a brand-month", "95 % interval"]];
    let mut points = Vec::new();
    for (base, count) in BASES {
        let singles: Vec<Single> = (SEED..SEED + count)
            .map(|seed| Single { scenario: "quiet", base, magnitude: 1.0, seed })
            .collect();
        let found = tools.each(&format!("{base} posts an hour:"), &singles, |single| {
            let stream = Stream::single(tools, "calibration", single)?;
            stream.replay(tools, "tocsin.jsonl")?;
            let counted = parse_rfc3339(stream.text("start")).unwrap_or_default() + WARM_UP_MILLIS;
            let mut alarms = 0_u64;
            for line in fs::read_to_string(stream.folder.join("tocsin.jsonl"))?.lines() {
                let alert: Value = serde_json::from_str(line)?;
                alarms += u64::from(alert["kind"] != "silence" && time(&alert["at"]) >= counted);
            }
            // The posts take up a gigabyte in all, and nobody asks for them again.
            fs::remove_file(stream.folder.join("posts.jsonl"))?;
            fs::remove_file(stream.folder.join("truth.json"))?;
            Ok((alarms, (stream.number("days") - 7.0) * 1_440.0 / MINUTES_A_MONTH))
        })?;
        let alarms: u64 = found.iter().map(|(alarms, _)| alarms).sum();
        let months: f64 = found.iter().map(|(_, months)| months).sum();
        let (low, high) = interval(alarms as f64, months);
        let rate = alarms as f64 / months;
        rows.push(row![
            base,
            format!("{months:.1}"),
            alarms,
            format!("{rate:.2}"),
            format!("{low:.2} to {high:.2}"),
        ]);
        points.push((base, rate, (low, high)));
    }
    plot::calibration(&page.pictures()?.join("calibration.svg"), ACCEPTED, &points)?;
    page.put("calibration", &table(&rows))
}

/// The 95 % interval of a rate of rare things (Byar's approximation: Breslow and Day 1987, 2.13).
fn interval(count: f64, months: f64) -> (f64, f64) {
    let bound = |n: f64, z: f64| n * (1.0 - 1.0 / (9.0 * n) + z / (3.0 * n.sqrt())).powi(3);
    let low = if count > 0.0 { bound(count, -1.96).max(0.0) } else { 0.0 };
    (low / months, bound(count + 1.0, 1.96) / months)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_of_a_rate_is_that_of_the_tables() {
        // Exact limits for a Poisson count of 0 and 10: 0 to 3.69, 4.80 to 18.39.
        let rounded = |(a, b): (f64, f64)| ((a * 10.0).round() / 10.0, (b * 10.0).round() / 10.0);
        assert_eq!((rounded(interval(0.0, 1.0)), rounded(interval(10.0, 1.0))), ((0.0, 3.7), (4.8, 18.4)));
    }
}
