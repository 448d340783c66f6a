//! `tocsin eval`: what is read right, set by set.

use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;
use tocsin_flow::Clock as _;
use tocsin_runtime::WallClock;
use tocsin_score::linear::Model;
use tocsin_train::{Eyes, LeftOut, Measured, Part, Recipe, left_out, measure, read_sets};

use super::train::Progress;
use super::{Stop, args, model};

/// Measures, and writes a table.
///
/// # Errors
/// The inner one when output fails; the outer one when there is nothing to measure by.
pub(crate) fn eval(typed: &args::Eval, output: &mut impl Write) -> Result<io::Result<()>, Stop> {
    if typed.left_out {
        let sets = read_sets(&typed.data, Part::Train).map_err(Stop::usage)?;
        let progress = Progress::default();
        let total = sets.len() as u64;
        let recipe = Recipe { models: 1, ..Recipe::default() };
        let told = |_: &str| progress.tell("leaving out one set after the other", 1, total);
        let figures = left_out(&sets, &recipe, &told).map_err(Stop::failed)?;
        progress.end();
        return Ok(left_out_table(&figures, output));
    }
    let model = match &typed.model {
        Some(path) => Arc::new(model::read(path).map_err(Stop::usage)?),
        None => Model::shipped().clone(),
    };
    let sets = read_sets(&typed.data, Part::Test).map_err(Stop::usage)?;
    let eyes = Eyes::new().map_err(Stop::failed)?.with_model(model.clone());
    let clock = WallClock::new();
    let progress = Progress::default();
    let total = sets.iter().map(|set| set.rows.len() as u64).sum();
    let mut figures = Vec::new();
    for set in &sets {
        let texts: Vec<&str> = set.rows.iter().map(|row| row.text.as_str()).collect();
        let began = clock.now();
        let said = eyes.read_all(&texts, &|more| progress.tell("reading", more, total));
        let seconds = (clock.now().millis() - began.millis()).max(1) as f64 / 1000.0;
        figures.push(Figures::new(&measure(set, &said), texts.len() as f64 / seconds));
    }
    progress.end();
    Ok(match (typed.json, typed.markdown) {
        (true, _) => json(&figures, output),
        (_, true) => markdown(&model, &figures, output),
        _ => table(&model, &figures, output),
    })
}

/// What was measured on a set, rounded as it is shown.
#[derive(Serialize)]
struct Figures {
    set: String,
    n: u64,
    labels: Vec<String>,
    accuracy: f64,
    macro_f1: f64,
    f1: Vec<f64>,
    /// By label of the set, then by what was said.
    confusion: Vec<Vec<u64>>,
    calibration_error: f64,
    posts_per_second: f64,
}

impl Figures {
    fn new(m: &Measured, posts_per_second: f64) -> Figures {
        let round = |x: f64| (x * 10_000.0).round() / 10_000.0;
        Figures {
            set: m.set.clone(),
            n: m.n(),
            labels: m.labels.clone(),
            accuracy: round(m.accuracy()),
            macro_f1: round(m.macro_f1()),
            f1: m.f1().into_iter().map(round).collect(),
            confusion: m.confusion.clone(),
            calibration_error: round(m.calibration_error),
            posts_per_second: posts_per_second.round(),
        }
    }

    fn by_label(&self) -> String {
        let one = |(label, f1): (&String, &f64)| format!("{label} {:.1}", f1 * 100.0);
        self.labels.iter().zip(&self.f1).map(one).collect::<Vec<_>>().join(", ")
    }
}

/// A table that is Markdown, and can be read as it stands.
fn left_out_table(figures: &[LeftOut], output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "| set, left out | n | macro-F1 | plain linear | more |")?;
    writeln!(output, "| --- | ---: | ---: | ---: | ---: |")?;
    let mut line = |set: &str, n: &str, ours: f64, plain: f64| {
        let [ours, plain] = [ours, plain].map(|x| x * 100.0);
        writeln!(output, "| {set} | {n} | {ours:.1} | {plain:.1} | {:+.1} |", ours - plain)
    };
    for f in figures {
        line(&f.set, &f.n.to_string(), f.ours, f.plain)?;
    }
    let mean = |of: fn(&LeftOut) -> f64| figures.iter().map(of).sum::<f64>() / figures.len().max(1) as f64;
    line("mean", "", mean(|f| f.ours), mean(|f| f.plain))
}

fn json(figures: &[Figures], output: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *output, figures)?;
    writeln!(output)
}

fn table(model: &Model, figures: &[Figures], output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "{}; macro-F1, accuracy and calibration error in per cent\n", model.version())?;
    let wide = figures.iter().map(|f| f.set.len()).max().unwrap_or(0);
    writeln!(
        output,
        "{:wide$}  {:>5}  {:>5}  {:>5}  {:>5}  {:>7}  F1",
        "set", "n", "F1", "acc", "ECE", "posts/s"
    )?;
    for f in figures {
        let [f1, accuracy, off] = [f.macro_f1, f.accuracy, f.calibration_error].map(|x| x * 100.0);
        let (set, n, speed) = (&f.set, f.n, f.posts_per_second);
        writeln!(
            output,
            "{set:wide$}  {n:>5}  {f1:>5.1}  {accuracy:>5.1}  {off:>5.1}  {speed:>7}  {}",
            f.by_label()
        )?;
    }
    Ok(())
}

fn markdown(model: &Model, figures: &[Figures], output: &mut impl Write) -> io::Result<()> {
    writeln!(
        output,
        "Model `{}`; figures in per cent. A row of the confusion is a label of the set, in the order of its F1.\n",
        model.version()
    )?;
    writeln!(output, "| set | n | macro-F1 | accuracy | F1 by label | confusion | ECE | posts/s |")?;
    writeln!(output, "| --- | ---: | ---: | ---: | --- | --- | ---: | ---: |")?;
    for f in figures {
        let [f1, accuracy, off] = [f.macro_f1, f.accuracy, f.calibration_error].map(|x| x * 100.0);
        let row = |row: &Vec<u64>| row.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
        let confusion = f.confusion.iter().map(row).collect::<Vec<_>>().join(" / ");
        let (set, n, speed, by_label) = (&f.set, f.n, f.posts_per_second, f.by_label());
        writeln!(
            output,
            "| {set} | {n} | {f1:.1} | {accuracy:.1} | {by_label} | {confusion} | {off:.1} | {speed} |"
        )?;
    }
    Ok(())
}
