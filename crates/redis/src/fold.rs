//! A journal that has grown long becomes hours and days: its head is read, added up with the rows that it
//! touches, and written back if nobody was faster; then what is no longer needed goes. Four round trips for
//! some dozens of merges.

use redis::Value;
use tocsin_flow::Fault;
use tocsin_model::{ArrivalTime, Day, Detail, HISTORY_HOURS, Hour, Subject, TopList};
use tocsin_wire::HourRow;

use crate::answer::{Answer, Whole};
use crate::journal::{Entry, read, stamp_of, write_marks};
use crate::layout::{Field, Half, hour, number_in};
use crate::reply::{bytes, list, number, rows};
use crate::room::{Place, Root, SHOWN_HOURS};
use crate::rows::{Rows, unpack_day, unpack_hour};
use crate::scripts::{FOLD, OFFER};
use crate::server::{Redis, Request};

/// Minutes and evidence are kept for 48 h, and as records may overtake each other.
pub(crate) const HOURS_KEPT: i64 = 49;
/// A subject that takes more than this loses the minutes of its oldest hours, and three quarters of their
/// evidence: only one with hundreds of posts a minute does. So it takes at most 200 KiB at any volume.
const BYTES_MAX: u64 = 150 * 1024;
/// Hours that are made thin with a fold.
const THINNED: usize = 4;

/// A subject while it is folded.
struct Folding<'a> {
    subject: &'a Subject,
    root: Root,
    /// Where the journal began before.
    base: Place,
    /// Where the folded part ends.
    end: Place,
    /// What came before a past was counted anew, or everything.
    past: Rows,
    /// What came later, while it is.
    since: Rows,
    entries: Vec<Entry>,
    /// Up to here hours are thin.
    thin: Option<Hour>,
    /// Fields that are folded, or too old to be kept.
    gone: Vec<Field>,
}

/// Folds journals; which, and where each begins now.
pub(crate) async fn fold(
    redis: &Redis,
    subjects: &[&Subject],
    now: ArrivalTime,
) -> Result<Vec<(Subject, u64)>, Fault> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let heads = subjects.iter().flat_map(|subject| read_head(redis, subject)).collect();
    let mut heads = redis.ask(heads).await?.into_iter();
    let mut all = Vec::new();
    for subject in subjects {
        let mut next = || heads.next().unwrap_or(Value::Nil);
        let (whole, names) = (Answer::read(subject, next())?, list(next(), "fields")?);
        let names = names.into_iter().map(|name| bytes(name, "a field")).collect::<Result<_, _>>()?;
        let is_large = matches!(next(), Value::Int(bytes) if bytes as u64 > BYTES_MAX);
        if let Answer::Whole(whole) = whole {
            all.extend(Folding::begin(subject, now, *whole, names, is_large)?);
        }
    }
    let found = redis.ask(all.iter().map(|folding| folding.read_rows(redis)).collect()).await?;
    for (folding, found) in all.iter_mut().zip(found) {
        folding.take_rows(rows(found, "hours and days")?)?;
        folding.add_up(now);
    }
    let written = redis.ask(all.iter().map(|folding| folding.write(redis)).collect()).await?;
    let (mut folded, mut forget) = (Vec::new(), Vec::new());
    for (folding, done) in all.into_iter().zip(written) {
        if number(done, "the answer to a fold")? == 1 {
            forget.push(folding.forget(redis));
            folded.push((folding.subject.clone(), folding.end.count));
        }
    }
    redis.ask(forget).await?;
    Ok(folded)
}

/// Root and journal; the names of all fields; how many bytes it takes.
fn read_head(redis: &Redis, subject: &Subject) -> [Request; 3] {
    let key = redis.keys().subject(subject);
    let mut look = OFFER.call(&[&key]);
    look.arg(&[""; 8]).arg(&["-1", "", "thin"]);
    let mut names = redis::cmd("HKEYS");
    names.arg(&key);
    let mut usage = redis::cmd("MEMORY");
    usage.arg("USAGE").arg(&key).arg("SAMPLES").arg(0);
    [look, names, usage].map(|command| Request::new(key.clone(), command))
}

impl<'a> Folding<'a> {
    /// None where there is nothing to fold.
    fn begin(
        subject: &'a Subject,
        now: ArrivalTime,
        whole: Whole,
        names: Vec<Field>,
        is_large: bool,
    ) -> Result<Option<Folding<'a>>, Fault> {
        let Whole { mut root, others, rows } = whole;
        let Some(last) = others.last() else { return Ok(None) };
        let base = root.base.clone();
        let end = Place { count: base.count + others.len() as u64, stamp: stamp_of(last) };
        let entries = others.iter().map(|entry| read(subject, entry)).collect::<Result<Vec<_>, _>>()?;
        entries.iter().for_each(|entry| root.hear(entry));
        let kept =
            (Hour(now.hour().0 - HOURS_KEPT), Day(Hour(now.hour().0 - HISTORY_HOURS as i64 - 1).day().0));
        let (mut own, mut since) = (Rows::default(), Rows::default());
        for entry in &entries {
            for (half, delta) in entry.deltas(root.anew) {
                match half {
                    Half::Past => own.make_room(delta, kept),
                    Half::Since => since.make_room(delta, kept),
                }
            }
        }
        // The hour that no view shows any more is made smaller.
        let past = Hour(now.hour().0 - SHOWN_HOURS);
        if names.contains(&hour(Half::Past, past)) {
            own.hours.entry(past).or_default();
        }
        let mut thin = rows.into_iter().flatten().next().and_then(|hour| number_in(&hour)).map(Hour);
        if is_large {
            let thick = |name: &Field| number_in(name).filter(|_| name.starts_with(b"h")).map(Hour);
            let mut thick: Vec<Hour> = names
                .iter()
                .filter_map(thick)
                .filter(|h| thin.is_none_or(|thin| *h > thin) && *h < past)
                .collect();
            thick.sort();
            thick.truncate(THINNED);
            thin = thin.max(thick.last().copied());
            own.hours.extend(thick.into_iter().map(|hour| (hour, HourRow::default())));
        }
        let is_gone = |name: &Field| match (name.first(), number_in(name)) {
            (Some(b'e'), Some(number)) => number < end.count as i64,
            (Some(b'h' | b'H'), Some(number)) => number < kept.0.0,
            (Some(b'd' | b'D'), Some(number)) => number < kept.1.0,
            _ => false,
        };
        let gone = names.into_iter().filter(is_gone).collect();
        Ok(Some(Folding { subject, root, base, end, past: own, since, entries, thin, gone }))
    }

    /// What there is of the hours and days that are touched.
    fn read_rows(&self, redis: &Redis) -> Request {
        let key = redis.keys().subject(self.subject);
        let names = self.past.names(Half::Past).chain(self.since.names(Half::Since));
        let mut read = redis::cmd("HMGET");
        // One field more, because there must be one.
        read.arg(&key).arg("base").arg(names.collect::<Vec<_>>());
        Request::new(key, read)
    }

    fn take_rows(&mut self, found: Vec<Option<Vec<u8>>>) -> Result<(), Fault> {
        let mut found = found.into_iter().skip(1);
        for Rows { hours, days } in [&mut self.past, &mut self.since] {
            for (hour, row) in hours {
                if let Some(found) = found.next().flatten() {
                    *row = unpack_hour(*hour, &found)?;
                }
            }
            for row in days.values_mut() {
                if let Some(found) = found.next().flatten() {
                    *row = unpack_day(&found)?;
                }
            }
        }
        Ok(())
    }

    fn add_up(&mut self, now: ArrivalTime) {
        for entry in std::mem::take(&mut self.entries) {
            for (half, delta) in entry.deltas(self.root.anew) {
                match half {
                    Half::Past => self.past.add_known(delta),
                    Half::Since => self.since.add_known(delta),
                }
            }
        }
        for (hour, row) in self.past.hours.range_mut(..=Hour(now.hour().0 - SHOWN_HOURS)) {
            let is_thin = self.thin.is_some_and(|thin| *hour <= thin);
            if is_thin {
                row.minutes.clear();
            }
            row.detail.iter_mut().for_each(|detail| slim(detail, if is_thin { 4 } else { 2 }));
        }
    }

    fn write(&self, redis: &Redis) -> Request {
        let key = redis.keys().subject(self.subject);
        let Place { count, stamp } = &self.end;
        let first = self.root.first.map(|minute| minute.0.to_string()).unwrap_or_default();
        let mut call = FOLD.call(&[&key]);
        call.arg(self.base.count).arg(&self.base.stamp).arg(*count).arg(stamp);
        call.arg("base").arg(*count).arg("stamp").arg(stamp).arg("first").arg(first);
        call.arg("marks").arg(write_marks(&self.root.marks));
        call.arg("thin").arg(self.thin.map(|hour| format!("h{}", hour.0)).unwrap_or_default());
        self.past.write(Half::Past, &mut call);
        self.since.write(Half::Since, &mut call);
        Request::new(key, call)
    }

    fn forget(&self, redis: &Redis) -> Request {
        let key = redis.keys().subject(self.subject);
        let mut forget = redis::cmd("HDEL");
        forget.arg(&key).arg(&self.gone);
        Request::new(key, forget)
    }
}

/// What stands in evidence, a part of each list but the sources.
fn slim(detail: &mut Detail, part: usize) {
    // As full lists have it, so that a list is not cut twice.
    let full = Detail::default();
    let cut = |list: &mut TopList, full: &TopList| {
        let capacity = full.capacity() / part;
        if list.capacity() > capacity {
            *list = TopList::from_entries(capacity, list.entries().to_vec());
        }
    };
    cut(&mut detail.terms, &full.terms);
    cut(&mut detail.posts, &full.posts);
    cut(&mut detail.top_authors, &full.top_authors);
    cut(&mut detail.roots, &full.roots);
}
