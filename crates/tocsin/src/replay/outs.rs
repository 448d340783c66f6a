//! What a replay writes: rings, signals, counts, as JSON Lines; and a summary for people.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use tocsin_embedded::{HourRow, Office};
use tocsin_flow::Fault;
use tocsin_model::{Incident, Ring, Signal, Subject};
use tocsin_wire::rfc3339;

use super::Fed;
use crate::cli;
use crate::cli::args::Replay;

/// The files asked for, open before anything runs: a path that can't be written is told at once.
pub(crate) struct Outs {
    incidents: Option<BufWriter<File>>,
    signals: Option<BufWriter<File>>,
    counts: Option<BufWriter<File>>,
}

fn create(path: Option<&Path>) -> Result<Option<BufWriter<File>>, cli::Stop> {
    let create =
        |p: &Path| File::create(p).map_err(|why| cli::Stop::usage(format_args!("{}: {why}", p.display())));
    Ok(path.map(create).transpose()?.map(BufWriter::new))
}

impl Outs {
    pub(crate) fn create(typed: &Replay) -> Result<Outs, cli::Stop> {
        Ok(Outs {
            incidents: create(typed.incidents.as_deref())?,
            signals: create(typed.signals.as_deref())?,
            counts: create(typed.counts.as_deref())?,
        })
    }

    /// Writes all, and the summary to standard output.
    pub(crate) fn write(&mut self, found: &impl Found, fed: &Fed, disorder: u64) -> Result<(), cli::Stop> {
        let rings = rings(&found.incidents()?);
        if let Some(out) = &mut self.incidents {
            lines(out, &rings)?;
        }
        if let Some(out) = &mut self.signals {
            let mut written = Ok(());
            found.signals(&mut |signal| {
                if written.is_ok() {
                    written =
                        out.write_all(&tocsin_wire::write_signal(signal)).and_then(|()| out.write_all(b"\n"));
                }
            })?;
            written.and_then(|()| out.flush()).map_err(cli::Stop::failed)?;
        }
        if let Some(out) = &mut self.counts {
            lines(out, &counts(found)?)?;
        }
        summary(&rings, fed, disorder).map_err(cli::Stop::failed)
    }
}

/// Where what a replay came to lies.
pub(crate) trait Found {
    /// The incidents, the oldest first.
    fn incidents(&self) -> Result<Vec<Incident>, Fault>;
    /// Each signal, in the order of their making.
    fn signals(&self, each: &mut dyn FnMut(&Signal)) -> Result<(), Fault>;
    /// Each hour of each subject.
    fn hours(&self, each: &mut dyn FnMut(HourRow)) -> Result<(), Fault>;
}

impl Found for Office {
    fn incidents(&self) -> Result<Vec<Incident>, Fault> {
        Office::incidents(self)
    }
    fn signals(&self, each: &mut dyn FnMut(&Signal)) -> Result<(), Fault> {
        Office::signals(self, |signal| each(&signal))
    }
    fn hours(&self, each: &mut dyn FnMut(HourRow)) -> Result<(), Fault> {
        Office::hours(self, each)
    }
}

fn lines(out: &mut BufWriter<File>, values: &[Value]) -> Result<(), cli::Stop> {
    let mut write = || {
        for value in values {
            writeln!(out, "{value}")?;
        }
        out.flush()
    };
    write().map_err(cli::Stop::failed)
}

/// One line for each brand and hour that is not empty, by brand, then hour.
fn counts(found: &impl Found) -> Result<Vec<Value>, cli::Stop> {
    let mut rows: Vec<(String, HourRow)> = Vec::new();
    found.hours(&mut |row| {
        if let (Subject::Brand(brand), false) = (&row.subject, row.counts.is_empty()) {
            rows.push((brand.as_str().to_owned(), row));
        }
    })?;
    rows.sort_by(|a, b| (&a.0, a.1.hour).cmp(&(&b.0, b.1.hour)));
    Ok(rows.into_iter().map(|(brand, row)| count_line(&brand, &row)).collect())
}

fn count_line(brand: &str, row: &HourRow) -> Value {
    let c = &row.counts;
    json!({
        "brand": brand,
        "hour": rfc3339(row.hour.start().millis()),
        "posts": c.posts,
        "heard": c.heard,
        "negative": c.negative,
        "angry": c.angry,
        "reposts": c.reposts,
        "reach": c.reach,
        "likes_gained": c.likes_gained,
        "reposts_gained": c.reposts_gained,
        "comments_gained": c.comments_gained,
        "views_gained": c.views_gained,
        "ignored": c.ignored,
        "answers": c.answers,
    })
}

/// One line each time the bell rang, in the order of ringing. An incident of a silent source gives one for
/// each brand that it blinds.
fn rings(incidents: &[Incident]) -> Vec<Value> {
    let mut all: Vec<(i64, Value)> = Vec::new();
    for incident in incidents {
        for ring in &incident.rings {
            for line in ring_lines(incident, ring) {
                all.push((ring.at.millis(), line));
            }
        }
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, line)| line).collect()
}

fn ring_lines(incident: &Incident, ring: &Ring) -> Vec<Value> {
    let authors: Vec<&str> = ring
        .evidence
        .top_authors
        .iter()
        .filter_map(|a| a.id.as_ref())
        .map(|id| id.as_str())
        .take(5)
        .collect();
    let (brands, sources): (Vec<&str>, Vec<&str>) = match &incident.subject {
        Subject::Brand(brand) => {
            (vec![brand.as_str()], ring.evidence.sources.iter().map(|(s, _)| s.as_str()).collect())
        }
        Subject::Source(source) => {
            (incident.blinds.iter().map(|b| b.as_str()).collect(), vec![source.as_str()])
        }
    };
    let line = |brand: &str| {
        json!({
            "id": incident.id.as_str(),
            "ring": ring.number,
            "brand": brand,
            "kind": ring.kind.name(),
            "severity": ring.severity.name(),
            "rang_at": rfc3339(ring.at.millis()),
            "opened_at": rfc3339(incident.opened_at.millis()),
            "ended_at": incident.ended_at.map(|at| rfc3339(at.millis())),
            "top_authors": authors,
            "sources": sources,
        })
    };
    brands.into_iter().map(line).collect()
}

fn summary(rings: &[Value], fed: &Fed, disorder: u64) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    if fed.before > 0 {
        writeln!(out, "{} records had been replayed into this folder before", fed.before)?;
    }
    write!(out, "{} posts replayed", fed.posts)?;
    match fed.rejected {
        0 => writeln!(out)?,
        n => writeln!(out, ", {n} records rejected (`tocsin rejected list` with this --data shows them)")?,
    }
    if disorder > 0 {
        writeln!(out, "{disorder} records were out of order and were sorted by their time")?;
    }
    writeln!(out, "the bell rang {} times", rings.len())?;
    for ring in rings.iter().take(20) {
        let text = |key: &str| ring[key].as_str().unwrap_or("").to_owned();
        let (at, severity, kind, brand) = (text("rang_at"), text("severity"), text("kind"), text("brand"));
        writeln!(out, "  {at}  {severity:<6}  {kind:<9}  {brand}")?;
    }
    if rings.len() > 20 {
        writeln!(out, "  … and {} times more; --incidents OUT has them all", rings.len() - 20)?;
    }
    Ok(())
}
