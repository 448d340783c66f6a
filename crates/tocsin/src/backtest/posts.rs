//! `tocsin backtest --posts`: alarms that a config would have raised on recorded posts, or two side by side.
//!
//! Each config gets a place apart and all of the posts, with their recorded time. An alarm is an incident for which
//! the bell rang; alarms of two configs are the same where they are of the same subject and overlap.

use std::cell::Cell;
use std::io::{self, Write};
use std::path::Path;

use tocsin_model::{ArrivalTime, DAY, Incident, Kind, Severity, Span, Subject};
use tocsin_wire::rfc3339;

use crate::cli::args::Backtest;
use crate::cli::{self, count, exit};
use crate::config::{self, defaults};
use crate::replay::{AHEAD_MAX, Recording};
use crate::sandbox::Sandbox;

/// Runs the command.
///
/// # Errors
/// A config is not right, or posts cannot be read.
pub(super) fn compare(typed: &Backtest, log: &str) -> Result<(), cli::Stop> {
    let _guard = tocsin_runtime::init(tocsin_runtime::LogFormat::Pretty, log, None)?;
    let one = Tried::by(typed, typed.detect.as_deref())?;
    let other = typed.vs.as_deref().map(|vs| Tried::by(typed, Some(vs))).transpose()?;
    let mut out = anstream::stdout().lock();
    let written = match &other {
        None => alone(&one, &mut out),
        Some(other) => side_by_side(&one, other, &mut out),
    };
    exit::quiet_on_broken_pipe(written.and_then(|()| out.flush()))
}

/// What came of one config.
struct Tried {
    /// As it was typed.
    name: String,
    alarms: Vec<Alarm>,
    posts: u64,
    rejected: u64,
    /// Time that was recorded, times brands.
    brand_months: f64,
}

/// An incident for which the bell rang.
#[derive(Clone, Debug, PartialEq)]
struct Alarm {
    subject: Subject,
    /// When it rang first.
    at: ArrivalTime,
    /// When it was over, or the recording was.
    ended: ArrivalTime,
    kinds: Vec<Kind>,
    severity: Severity,
    rings: usize,
}

impl Tried {
    fn by(typed: &Backtest, file: Option<&Path>) -> Result<Tried, cli::Stop> {
        let config = config::load(file, config::environment())?;
        let sandbox = Sandbox::open(&config)?;
        let recording = Recording::open(&typed.posts, sandbox.folder(), sandbox.now().plus(AHEAD_MAX))?;
        let seen: Cell<Option<(ArrivalTime, ArrivalTime)>> = Cell::new(None);
        let entries = recording.entries()?.inspect(|entry| {
            if let Ok(entry) = entry
                && entry.arrival.is_ok()
            {
                seen.set(Some((seen.get().map_or(entry.at, |(first, _)| first), entry.at)));
            }
        });
        let fed = sandbox.pass(&config, "back-test", entries, recording.posts())?;
        let (first, last) = seen.get().unwrap_or_default();
        let months = last.after(first).millis() as f64 / (30 * DAY.millis()) as f64;
        let mut alarms: Vec<Alarm> =
            sandbox.incidents()?.iter().filter_map(|incident| Alarm::of(incident, last)).collect();
        alarms.sort_by_key(|alarm| alarm.at);
        Ok(Tried {
            name: file.unwrap_or(Path::new(defaults::FILE)).display().to_string(),
            alarms,
            posts: fed.posts,
            rejected: fed.rejected,
            brand_months: months * config.brands.len() as f64,
        })
    }

    /// `1 alarm, 3 rings: 1.2 alarms a brand-month`.
    fn summary(&self) -> String {
        let rings: usize = self.alarms.iter().map(|alarm| alarm.rings).sum();
        let told = format!("{}, {}", count(self.alarms.len(), "alarm"), count(rings, "ring"));
        match self.brand_months {
            months if months > 0.0 => {
                format!("{told}: {:.1} alarms a brand-month", self.alarms.len() as f64 / months)
            }
            _ => told,
        }
    }
}

impl Alarm {
    /// None where nobody would have been told.
    fn of(incident: &Incident, last: ArrivalTime) -> Option<Alarm> {
        let first = incident.rings.first()?;
        Some(Alarm {
            subject: incident.subject.clone(),
            at: first.at,
            ended: incident.ended_at.unwrap_or(last),
            kinds: incident.kinds.iter().map(|kind| kind.kind).collect(),
            severity: incident.severity,
            rings: incident.rings.len(),
        })
    }

    fn is_the_same_as(&self, other: &Alarm) -> bool {
        self.subject == other.subject && self.at <= other.ended && other.at <= self.ended
    }

    /// `orange  negative, volume`.
    fn shown(&self) -> String {
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
        format!("{:<6} {}", self.severity.name(), kinds.join(", "))
    }
}

fn alone(tried: &Tried, out: &mut impl Write) -> io::Result<()> {
    for alarm in &tried.alarms {
        writeln!(out, "{}  {:<34}  {}", rfc3339(alarm.at.millis()), alarm.shown(), alarm.subject)?;
    }
    read(tried, out)?;
    writeln!(out, "{}: {}", tried.name, tried.summary())
}

fn read(tried: &Tried, out: &mut impl Write) -> io::Result<()> {
    match tried.rejected {
        0 => writeln!(out, "{} posts", tried.posts),
        n => writeln!(out, "{} posts, {n} records were none", tried.posts),
    }
}

/// Alarms of the first, each with the first of the other that is the same, if there is one; then the other's own.
fn pairs<'a>(one: &'a [Alarm], other: &'a [Alarm]) -> Vec<(Option<&'a Alarm>, Option<&'a Alarm>)> {
    let mut taken = vec![false; other.len()];
    let mut pairs: Vec<(Option<&Alarm>, Option<&Alarm>)> = Vec::new();
    for alarm in one {
        let same = (0..other.len()).find(|i| !taken[*i] && alarm.is_the_same_as(&other[*i]));
        if let Some(same) = same {
            taken[same] = true;
        }
        pairs.push((Some(alarm), same.map(|i| &other[i])));
    }
    pairs
        .extend(other.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(alarm, _)| (None, Some(alarm))));
    pairs.sort_by_key(|(one, other)| one.or(*other).map(|alarm| alarm.at));
    pairs
}

fn side_by_side(one: &Tried, other: &Tried, out: &mut impl Write) -> io::Result<()> {
    let pairs = pairs(&one.alarms, &other.alarms);
    writeln!(out, "{:<20}  {:<34}  {:<46}  about", "first ring", one.name, other.name)?;
    for (a, b) in &pairs {
        let Some(first) = a.or(*b) else { continue };
        let shown = |alarm: &Option<&Alarm>| alarm.map_or("-".to_owned(), Alarm::shown);
        let when = match (a, b) {
            (Some(a), Some(b)) => later(b.at.after(a.at)),
            _ => String::new(),
        };
        writeln!(
            out,
            "{:<20}  {:<34}  {:<46}  {}",
            rfc3339(first.at.millis()),
            shown(a),
            format!("{}{when}", shown(b)),
            first.subject
        )?;
    }
    read(one, out)?;
    writeln!(out, "{}: {}", one.name, one.summary())?;
    writeln!(out, "{}: {}", other.name, other.summary())?;
    let only =
        |of: fn(&(Option<&Alarm>, Option<&Alarm>)) -> bool| pairs.iter().filter(|pair| of(pair)).count();
    let (lost, gained) = (only(|(_, b)| b.is_none()), only(|(a, _)| a.is_none()));
    let mut delays: Vec<i64> =
        pairs.iter().filter_map(|(a, b)| Some(b.as_ref()?.at.after(a.as_ref()?.at).millis())).collect();
    delays.sort_unstable();
    let median = delays.get(delays.len() / 2).map_or(String::new(), |millis| {
        format!(
            "; where both ring, {} in the middle",
            later(Span::from_millis(*millis)).trim_start_matches(", ")
        )
    });
    writeln!(
        out,
        "with {} instead of {}: {} more, {lost} fewer, {} in both{median}",
        other.name,
        one.name,
        count(gained, "alarm"),
        delays.len()
    )
}

/// `, 4 min later`.
fn later(span: Span) -> String {
    match span.minutes() {
        0 => ", at the same time".to_owned(),
        minutes if minutes > 0 => format!(", {minutes} min later"),
        minutes => format!(", {} min earlier", -minutes),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use tocsin_model::BrandId;

    use super::*;

    fn alarm(brand: &str, from: i64, to: i64, severity: Severity) -> Alarm {
        let at = |minutes: i64| ArrivalTime::from_millis(1_772_380_800_000).plus(Span::from_minutes(minutes));
        Alarm {
            subject: Subject::Brand(BrandId::new(brand).unwrap()),
            at: at(from),
            ended: at(to),
            kinds: vec![Kind::Negative],
            severity,
            rings: 1,
        }
    }

    fn tried(name: &str, alarms: Vec<Alarm>) -> Tried {
        Tried { name: name.to_owned(), alarms, posts: 900, rejected: 0, brand_months: 2.0 }
    }

    #[test]
    fn alarms_that_overlap_stand_in_one_line() {
        let one = tried(
            "calm.toml",
            vec![alarm("a", 10, 60, Severity::Orange), alarm("b", 500, 600, Severity::Red)],
        );
        let other =
            tried("keen.toml", vec![alarm("a", 4, 70, Severity::Red), alarm("b", 400, 450, Severity::Blue)]);
        let mut out = Vec::new();
        side_by_side(&one, &other, &mut out).unwrap();
        expect![[r#"
            first ring            calm.toml                           keen.toml                                       about
            2026-03-01T16:10:00Z  orange negative                     red    negative, 6 min earlier                  brand:a
            2026-03-01T22:40:00Z  -                                   blue   negative                                 brand:b
            2026-03-02T00:20:00Z  red    negative                     -                                               brand:b
            900 posts
            calm.toml: 2 alarms, 2 rings: 1.0 alarms a brand-month
            keen.toml: 2 alarms, 2 rings: 1.0 alarms a brand-month
            with keen.toml instead of calm.toml: 1 alarm more, 1 fewer, 1 in both; where both ring, 6 min earlier in the middle
        "#]].assert_eq(&String::from_utf8(out).unwrap());
    }

    #[test]
    fn one_alarm_is_the_same_as_one_other() {
        let one = [alarm("a", 0, 100, Severity::Blue)];
        let other = [alarm("a", 0, 10, Severity::Blue), alarm("a", 50, 60, Severity::Blue)];
        assert_eq!(pairs(&one, &other).iter().filter(|(a, b)| a.is_some() && b.is_some()).count(), 1);
        assert_eq!(pairs(&one, &[alarm("b", 0, 10, Severity::Blue)]).len(), 2, "of another brand");
    }
}
