//! What comes out: a table, and below it what one must know to read it.

use std::fmt;

use crate::watch::Takes;

/// Rows and notes.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

struct Row {
    what: String,
    figure: String,
    spread: String,
    bar: String,
    verdict: &'static str,
}

/// What a figure must be.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    /// At least so much; the second is what we aim at.
    AtLeast(f64, Option<f64>),
    /// At most so much.
    AtMost(f64),
}

/// In what a figure is counted.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    /// Posts a second (of CPU or of the wall: the row says).
    Rate,
    /// Microseconds a post.
    Micros,
    /// A share of another row.
    Share,
    /// So many times another figure.
    Times,
    /// Milliseconds.
    Millis,
    /// Mebibytes.
    Mebibytes,
    /// Seconds.
    Seconds,
}

impl Unit {
    fn show(self, figure: f64) -> String {
        match self {
            Unit::Rate if figure >= 10_000.0 => format!("{:.1} k/s", figure / 1e3),
            Unit::Rate => format!("{figure:.0} /s"),
            Unit::Micros => format!("{figure:.2} µs"),
            Unit::Share => format!("{:.1} %", figure * 100.0),
            Unit::Times if figure >= 100.0 => format!("{figure:.0} times"),
            Unit::Times => format!("{figure:.2} times"),
            Unit::Millis => format!("{figure:.1} ms"),
            Unit::Mebibytes => format!("{figure:.0} MiB"),
            Unit::Seconds => format!("{figure:.2} s"),
        }
    }
}

impl Bar {
    fn show(self, unit: Unit) -> String {
        match self {
            Bar::AtLeast(must, Some(aim)) => format!("≥ {}, aim {}", unit.show(must), unit.show(aim)),
            Bar::AtLeast(must, None) => format!("≥ {}", unit.show(must)),
            Bar::AtMost(must) => format!("≤ {}", unit.show(must)),
        }
    }

    fn judge(self, figure: f64) -> &'static str {
        let holds = match self {
            Bar::AtLeast(must, _) => figure >= must,
            Bar::AtMost(must) => figure <= must,
        };
        if holds { "ok" } else { "MISSED" }
    }
}

impl Table {
    /// A figure that was taken several times.
    pub(crate) fn takes(&mut self, what: impl Into<String>, unit: Unit, takes: Takes, bar: Option<Bar>) {
        let spread = format!("{} – {}", unit.show(takes.least), unit.show(takes.most));
        self.row(what.into(), unit, takes.median, spread, bar);
    }

    /// A figure that was taken once.
    pub(crate) fn once(&mut self, what: impl Into<String>, unit: Unit, figure: f64, bar: Option<Bar>) {
        self.row(what.into(), unit, figure, String::new(), bar);
    }

    fn row(&mut self, what: String, unit: Unit, figure: f64, spread: String, bar: Option<Bar>) {
        self.rows.push(Row {
            what,
            figure: unit.show(figure),
            spread,
            bar: bar.map(|b| b.show(unit)).unwrap_or_default(),
            verdict: bar.map_or("", |b| b.judge(figure)),
        });
    }

    /// What one must know to read it.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["what", "figure", "spread", "bar", ""].map(str::to_owned);
        let rows = self.rows.iter().map(|r| {
            [r.what.clone(), r.figure.clone(), r.spread.clone(), r.bar.clone(), r.verdict.to_owned()]
        });
        let lines: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
        let wide = |column: usize| lines.iter().map(|l| l[column].chars().count()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3, 4].map(wide);
        for (number, [what, figure, spread, bar, verdict]) in lines.iter().enumerate() {
            let [a, b, c, d, _] = widths;
            let line = format!("{what:<a$}  {figure:>b$}  {spread:>c$}  {bar:<d$}  {verdict}");
            writeln!(f, "{}", line.trim_end())?;
            if number == 0 {
                writeln!(f, "{}", "─".repeat(widths.iter().sum::<usize>() + 8))?;
            }
        }
        writeln!(f)?;
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}
