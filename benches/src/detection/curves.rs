//! Some crises of our own as they look: posts over time, and what the bell did.

use std::collections::HashSet;
use std::fs;

use serde_json::{Value, json};
use tocsin_model::{EventTime, Post};
use tocsin_scenarios::{Drill, play, scenario};
use tocsin_wire::parse_rfc3339;

use crate::Fault;
use crate::page::Page;
use crate::plot::{self, Mark};
use crate::tools::Tools;

const BRAND: &str = "测试牌";
/// 2026-03-02T00:00 in Shanghai, a Monday.
const START: EventTime = EventTime::from_millis(1_772_380_800_000);
/// What is drawn, in how many minutes a bar, and how many hours before and after it.
const DRAWN: [(&str, i64, i64); 4] =
    [("fast_cascade", 10, 4), ("slow_burn", 60, 24), ("recovery", 10, 4), ("campaign", 10, 4)];

pub(crate) fn draw(tools: &Tools, page: &Page) -> Result<(), Fault> {
    let mut shown = String::new();
    for (name, minutes, around) in DRAWN {
        let scenario = scenario(name).ok_or("no such scenario")?;
        let drill =
            Drill { brand: BRAND.to_owned(), usual_tenths: None, scale_percent: 100, seed: 1, start: START };
        let story = play(&drill, scenario);
        let rings = rings(tools, &story.posts)?;
        let hour = |millis: i64| (millis - story.begins.millis()) as f64 / 3_600_000.0;
        let (from, to) = (-around as f64, hour(story.ends.millis()) + around as f64);
        let bars = |since: f64, until: f64| {
            let step = minutes as f64 / 60.0;
            let mut bars: Vec<(f64, f64)> =
                (0..((to - from) / step) as usize).map(|i| (from + i as f64 * step, 0.0)).collect();
            let mut seen = HashSet::new();
            for post in story.posts.iter().filter(|post| seen.insert(&post.id)) {
                let at = hour(post.created.millis());
                let place = ((at - from) / step).floor();
                if (since..until).contains(&at) && place >= 0.0 && (place as usize) < bars.len() {
                    bars[place as usize].1 += 1.0;
                }
            }
            bars
        };
        let marks = marks(&rings, hour, from, to);
        let picture = format!("{name}.svg");
        let (all, while_it_lasts) = (bars(from, to), bars(0.0, hour(story.ends.millis())));
        plot::incident(&page.pictures()?.join(&picture), &all, &while_it_lasts, &marks)?;
        shown.push_str(&format!("`{name}`: {}.\n\n![{name}](detection/{picture})\n\n", scenario.about));
    }
    page.put("curves", &shown)
}

/// What rang, and when the last of it was over.
fn marks(rings: &[Value], hour: impl Fn(i64) -> f64, from: f64, to: f64) -> Vec<Mark> {
    let time = |value: &Value| value.as_str().and_then(parse_rfc3339);
    let inside = |at: &f64| (from..to).contains(at);
    let mut marks: Vec<Mark> = Vec::new();
    let mut worst = "";
    for ring in rings {
        let Some(at) = time(&ring["rang_at"]).map(&hour).filter(inside) else { continue };
        let severity = ring["severity"].as_str().unwrap_or_default();
        // One mark a severity is enough to see how it rose.
        if severity != worst {
            worst = severity;
            let kind = ring["kind"].as_str().unwrap_or_default();
            marks.push(Mark { at, said: format!("{kind}, {severity}") });
        }
    }
    let over =
        rings.iter().filter_map(|ring| time(&ring["ended_at"])).map(&hour).filter(inside).fold(None, most);
    marks.extend(over.map(|at| Mark { at, said: "all clear".to_owned() }));
    marks
}

fn most(a: Option<f64>, b: f64) -> Option<f64> {
    Some(a.map_or(b, |a| a.max(b)))
}

fn rings(tools: &Tools, posts: &[Post]) -> Result<Vec<Value>, Fault> {
    let place = tempfile::tempdir()?;
    let [config, file, rings] =
        ["tocsin.toml", "posts.jsonl", "rings.jsonl"].map(|name| place.path().join(name));
    let name = json!(BRAND);
    fs::write(
        &config,
        format!(
            "[[brand]]\nname = {name}\nquery = {name}\ntime_zone = \"Asia/Shanghai\"\n[[inlet]]\nkind = \"http\"\n\
             [[outlet]]\nkind = \"console\"\n"
        ),
    )?;
    let mut lines = Vec::new();
    for post in posts {
        lines.extend(tocsin_wire::write_post(post));
        lines.push(b'\n');
    }
    fs::write(&file, lines)?;
    tools.tocsin(|tocsin| {
        tocsin.arg("replay").arg(&file).arg("--config").arg(&config).arg("--incidents").arg(&rings);
    })?;
    Ok(fs::read_to_string(&rings)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}
