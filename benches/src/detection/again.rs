//! Streams of many seeds, read once and judged again: seconds instead of hours, to see what a change of the judge does.
//!
//! A brand is counted, judged and its signals are folded as the pipeline does it; no source is judged, and what stands in
//! evidence alone is left out.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tocsin_model::{
    ArrivalTime, BrandId, Counts, Day, DayCounts, Delta, Detail, EventTime, History, Hour, Incident, Kind,
    MINUTE, Mark, Minute, State, Subject, VIEW_HOURS, VIEW_MINUTES, View,
};
use tocsin_notify::{Input, Plan, due, fold};
use tocsin_spike_detect::{Baseline, Habits, Holidays, Rule, by_the_sources_of_now, judge};
use tocsin_wire::rfc3339;

use crate::Fault;
use crate::read::{Reader, Row, SOURCES};
use crate::stream::Stream;
use crate::tools::Tools;

const TICK_MILLIS: i64 = 10_000;
/// What rang, in the folder of its stream.
const ALERTS: &str = "again.jsonl";
/// Minutes that are kept before those are let go that no view shows.
const MINUTES_MAX: usize = 5_000;
/// Minutes of Shanghai's clock before UTC's.
const ZONE_MINUTES: i32 = 480;

/// What is remembered of one brand.
struct Life {
    subject: Subject,
    minutes: BTreeMap<i64, Counts>,
    days: BTreeMap<Day, DayCounts>,
    details: BTreeMap<i64, Arc<Detail>>,
    marks: BTreeMap<Kind, Mark>,
    first: Option<Minute>,
    baseline: Option<(Hour, Baseline)>,
    habits: Habits,
    rule: Rule,
    plan: Plan,
    incidents: Vec<Incident>,
    rings: Vec<Value>,
}

impl Life {
    fn view(&self, now: ArrivalTime) -> View {
        let mut view = View::empty(self.subject.clone(), now);
        let (minute, hour) = (view.first_minute().0, view.first_hour().0);
        for (at, counts) in self.minutes.range(minute..minute + VIEW_MINUTES as i64) {
            view.minutes[(at - minute) as usize] = *counts;
        }
        for place in 0..VIEW_HOURS {
            let hour = Hour(hour + place as i64);
            if let Some(day) = self.days.get(&hour.day()) {
                view.hours[place] = day.hours[(hour.0 - hour.day().first_hour().0) as usize];
            }
        }
        let now = now.hour().0;
        view.details = self.details.range(now - 2..=now).map(|(_, d)| Arc::clone(d)).collect();
        view.marks = self.marks.iter().map(|(k, m)| (*k, *m)).collect();
        view.first = self.first;
        view
    }

    fn merge(&mut self, rows: &[Row]) {
        let mut delta = Delta::new(self.subject.clone());
        for row in rows {
            let mut counts = Counts { posts: 1, reposts: u64::from(row.repost), ..Counts::default() };
            let detail = self.details.entry(row.minute.hour().0).or_default();
            if !row.bare {
                Arc::make_mut(detail).texts.insert(row.text);
            }
            if row.heard {
                let negative = u64::from(row.negative);
                counts.heard = 1;
                counts.negative = negative;
                counts.negative_squares = negative * negative / 1000;
                counts.angry = u64::from(row.angry);
            }
            self.minutes.entry(row.minute.0).or_default().add(&counts);
            delta.minutes.entry(row.minute).or_default().add(&counts);
            let origins = delta.origins.entry(row.arrived.hour().day()).or_default();
            origins.names.add(SOURCES[usize::from(row.source)], 1, None);
            let made = EventTime::from_millis(row.minute.0 * MINUTE.millis());
            origins.delays.insert(row.arrived.since(made));
        }
        for day in delta.days() {
            self.days.entry(day).or_default().add(day, &delta);
        }
    }

    fn look(&mut self, now: ArrivalTime) {
        if self.baseline.as_ref().is_none_or(|(hour, _)| *hour != now.hour()) {
            let days = self.days.iter().map(|(day, counts)| (*day, counts.clone()));
            let history = History::of(self.subject.clone(), now, self.first, days).settled();
            self.baseline =
                Some((now.hour(), Baseline::learn(&by_the_sources_of_now(history), &self.habits)));
        }
        let view = self.view(now);
        let Some((_, baseline)) = &self.baseline else { return };
        let judgement = judge(&view, baseline, &self.rule);
        for (kind, mark) in judgement.marks {
            let known = self.marks.entry(kind).or_default();
            *known = known.max(mark);
        }
        for signal in judgement.signals {
            self.tick(signal.at);
            let evidence = match &signal.state {
                State::Abnormal { evidence, .. } => Some(evidence.clone()),
                State::Cleared { .. } => None,
            };
            let known: Vec<Incident> = self.incidents.iter().rev().cloned().collect();
            let told = fold(&known, &Input::Signal(signal), &self.plan);
            if let Some((incident, _)) = told.incident {
                self.keep(incident);
            }
            if let (Some(ring), Some(why)) = (told.rang, evidence) {
                self.rings.push(json!({
                    "at": rfc3339(ring.at.millis()),
                    "kind": ring.kind.name(),
                    "severity": ring.severity.name(),
                    "window_minutes": why.window_minutes,
                    "heard": why.observed,
                    "expected": why.expected,
                    "negative": why.negative as f64 / 1000.0,
                    "negative_expected": why.negative_expected,
                    "log10_p": why.log10_p,
                    "log10_threshold": why.log10_threshold,
                    "given": why.given,
                }));
            }
        }
    }

    fn keep(&mut self, incident: Incident) {
        match self.incidents.iter_mut().find(|i| i.id == incident.id) {
            Some(known) => *known = incident,
            None => self.incidents.push(incident),
        }
    }

    fn tick(&mut self, now: ArrivalTime) {
        if self.incidents.last().is_some_and(|i| due(i, now, &self.plan)) {
            let known: Vec<Incident> = self.incidents.iter().rev().cloned().collect();
            if let Some((incident, _)) = fold(&known, &Input::Tick(now), &self.plan).incident {
                self.keep(incident);
            }
        }
    }

    fn stands(&self) -> bool {
        self.marks.values().any(|m| m.stands())
    }
}

/// Judges the rows of a stream and lays down what rang, with the evidence.
fn judge_again(stream: &Stream, rows: &[Row]) -> Result<(), Fault> {
    let mut life = Life {
        subject: Subject::Brand(BrandId::new(stream.text("brand"))?),
        minutes: BTreeMap::new(),
        days: BTreeMap::new(),
        details: BTreeMap::new(),
        marks: BTreeMap::new(),
        first: None,
        baseline: None,
        habits: Habits {
            offsets: vec![(Hour(0), ZONE_MINUTES)],
            holidays: Holidays::China,
            ..Habits::default()
        },
        rule: Rule::default(),
        plan: Plan::default(),
        incidents: Vec::new(),
        rings: Vec::new(),
    };
    let mut rest = rows;
    let mut tick = rows.first().map_or(0, |r| r.arrived.millis().div_euclid(TICK_MILLIS));
    while let Some(first) = rest.first() {
        let slice_tick = first.arrived.millis().div_euclid(TICK_MILLIS);
        while tick < slice_tick {
            if !life.stands() && life.incidents.last().is_none_or(Incident::is_over) {
                tick = slice_tick;
                break;
            }
            tick += 1;
            let at = ArrivalTime::from_millis(tick * TICK_MILLIS);
            if life.stands() {
                life.look(at);
            }
            life.tick(at);
        }
        let end = rest.partition_point(|r| r.arrived.millis().div_euclid(TICK_MILLIS) <= slice_tick);
        let (slice, after) = rest.split_at(end);
        rest = after;
        let now = slice[slice.len() - 1].arrived;
        life.first.get_or_insert(now.minute());
        life.merge(slice);
        life.look(now);
        // What no view shows any more.
        if life.minutes.len() > MINUTES_MAX {
            life.minutes = life.minutes.split_off(&(now.minute().0 - VIEW_MINUTES as i64));
        }
        life.details = life.details.split_off(&(now.hour().0 - 2));
    }
    let mut out = BufWriter::new(fs::File::create(stream.folder.join(ALERTS))?);
    for mut line in life.rings {
        line["brand"] = json!(stream.text("brand"));
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

/// Judges every stream of a folder whose name begins with one of `names` (all, if there are none). The scorer reads what
/// rang with `--alerts again.jsonl`.
pub(crate) fn judge_all(tools: &Tools, folder: &Path, names: &[String]) -> Result<(), Fault> {
    let mut streams: Vec<Stream> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_wanted = names.is_empty() || names.iter().any(|wanted| name.starts_with(wanted));
        if is_wanted && entry.path().join("truth.json").exists() {
            streams.push(Stream::open(&entry.path())?);
        }
    }
    streams.sort_by(|a, b| a.folder.cmp(&b.folder));
    let reader = Reader::new();
    tools.each("judged", &streams, |stream| judge_again(stream, &reader.rows(stream)?)).map(drop)
}
