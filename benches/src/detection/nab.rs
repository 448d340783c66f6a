//! Five real series of the Numenta Anomaly Benchmark, by its own scorer, beside published detectors.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::page::{Page, table};
use crate::tools::Tools;
use crate::{Fault, plot, row};

/// The cuts that are tried; 1.4 is what is shipped.
const CUTS: [f64; 10] = [1.1, 1.2, 1.3, 1.35, 1.4, 1.45, 1.5, 1.6, 1.75, 2.0];
const SHIPPED: f64 = 1.4;
/// Of those that give at most so many false alarms a month, the best is taken where one is to be chosen.
const FALSE_A_MONTH_MAX: f64 = 1.5;

/// One cut's scores.
struct Scored {
    cut: f64,
    all: Value,
    /// In the profiles that punish false alarms and misses more.
    profiles: [f64; 3],
}

pub(crate) fn measure(tools: &Tools, page: &Page) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let scored: Vec<Scored> =
        CUTS.iter().map(|cut| score(tools, folder.path(), *cut)).collect::<Result<_, Fault>>()?;
    page.put("nab", &format!("{}\n{}", beside_others(tools, &scored)?, one_left_out(&scored)))?;
    page.put("nab-cuts", &by_cut(&scored))?;
    let curve = |of: fn(&Scored) -> f64| scored.iter().map(|s| (s.cut, of(s))).collect();
    let lines = [
        ("NAB score, standard profile", curve(|s| s.profiles[0])),
        ("false alarms a month, times 10", curve(|s| 10.0 * number(&s.all, "false_alarms_per_month"))),
    ];
    plot::lines(&page.pictures()?.join("nab.svg"), "how high a burst must be to ring", &lines, Some(SHIPPED))
}

fn number(of: &Value, key: &str) -> f64 {
    of[key].as_f64().unwrap_or(f64::NAN)
}

fn score(tools: &Tools, folder: &Path, cut: f64) -> Result<Scored, Fault> {
    let nab = tools.data("nab")?;
    for file in fs::read_dir(&nab)? {
        let file = file?.path();
        let Some(name) = file.file_name().filter(|_| file.extension().is_some_and(|e| e == "csv")) else {
            continue;
        };
        tools.tocsin(|tocsin| {
            tocsin.args(["backtest", "--cut", &cut.to_string(), "--counts"]).arg(&file);
            tocsin.arg("-o").arg(folder.join(name));
        })?;
    }
    let told = tools.python_json("nab/score.py", |python| {
        python.arg(folder).arg("--windows").arg(nab.join("windows.json"));
        python.args(["--threshold", "0.5", "--profile", "all", "--by-file"]);
    })?;
    let profile = |index: usize| number(&told[index], "score");
    Ok(Scored { cut, profiles: [profile(0), profile(1), profile(2)], all: told[0].clone() })
}

/// The published detectors' figures come from the page that lies with the data.
fn beside_others(tools: &Tools, scored: &[Scored]) -> Result<String, Fault> {
    let page = fs::read_to_string(tools.data("nab")?.join("README.md"))?;
    let theirs: Vec<Vec<String>> = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .filter(|row: &Vec<String>| row.len() == 7 && !row[1].starts_with("--"))
        .collect();
    let shipped = scored.iter().find(|s| s.cut == SHIPPED).ok_or("the shipped cut is not tried")?;
    let percent = |key: &str| format!("{:.0} %", 100.0 * number(&shipped.all, key));
    let score = format!("**{:.1}**", shipped.profiles[0]);
    let mut rows = vec![row!["detector", "score", "starts only", "alarms a month", "false", "windows told"]];
    rows.push(row![
        "**tocsin**, shipped defaults",
        score,
        score,
        format!("{:.1}", number(&shipped.all, "alarms_per_month")),
        format!("{:.1}", number(&shipped.all, "false_alarms_per_month")),
        percent("told"),
    ]);
    rows.extend(theirs.into_iter().skip(1).map(|row| row[..6].to_vec()));
    Ok(table(&rows))
}

fn by_cut(scored: &[Scored]) -> String {
    let mut rows =
        vec![row!["cut", "score", "low FP", "low FN", "false a month", "AAPL", "AMZN", "CRM", "CVS", "FB"]];
    for s in scored {
        let shown = if s.cut == SHIPPED { format!("**{}**", s.cut) } else { s.cut.to_string() };
        let mut row = vec![shown];
        row.extend(s.profiles.iter().map(|score| format!("{score:.1}")));
        row.push(format!("{:.1}", number(&s.all, "false_alarms_per_month")));
        row.extend(files(s).iter().map(|(_, file)| format!("{:.0}", number(file, "score"))));
        rows.push(row);
    }
    table(&rows)
}

fn files(scored: &Scored) -> Vec<(&String, &Value)> {
    scored.all["files"].as_object().map(|files| files.iter().collect()).unwrap_or_default()
}

/// The cut is chosen on four series and scored on the fifth, each once; the rule itself was seen by all of them.
fn one_left_out(scored: &[Scored]) -> String {
    let count = files(&scored[0]).len();
    let of = |s: &Scored, file: usize, key: &str| number(files(s)[file].1, key);
    let (mut score, mut wrong) = (0.0, 0.0);
    for left_out in 0..count {
        let mean = |s: &Scored, key: &str| {
            (0..count).filter(|f| *f != left_out).map(|f| of(s, f, key)).sum::<f64>() / (count - 1) as f64
        };
        let chosen = scored
            .iter()
            .filter(|s| mean(s, "false_alarms_per_month") <= FALSE_A_MONTH_MAX)
            .max_by(|a, b| mean(a, "score").total_cmp(&mean(b, "score")));
        if let Some(chosen) = chosen {
            score += of(chosen, left_out, "score") / count as f64;
            wrong += of(chosen, left_out, "false_alarms_per_month") / count as f64;
        }
    }
    format!(
        "The cut chosen on four series and scored on the fifth, each in turn: {score:.1} at {wrong:.1} false alarms a month \
         (the mean of the five series)."
    )
}
