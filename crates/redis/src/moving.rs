//! What is remembered of subjects, as rows: to move it from and to another carrier; and every hour that was counted.

use std::collections::BTreeMap;

use tocsin_flow::{Casebook, Fault, Windows};
use tocsin_model::{ArrivalTime, Counts, Day, Hour, KeptDays, MINUTES_KEPT, Minute, SourceId, Subject};
use tocsin_wire::StateRow;

use crate::answer::read_millis;
use crate::casebook::incidents_of;
use crate::journal::{Entry, read, read_marks, stamp_of};
use crate::layout::{Field, Half, LONG_LEASE, number_in, subject_of};
use crate::reply::{broken, list, pairs, text};
use crate::room::{Place, Root};
use crate::rows::{Rows, unpack_day, unpack_hour};
use crate::server::{Redis, Request};

/// Everything that is remembered of a subject.
#[derive(Default)]
pub(crate) struct Past {
    /// As of the end of the journal.
    pub(crate) root: Root,
    /// What came before a past was counted anew, or everything.
    pub(crate) rows: Rows,
    /// What came later, while it is.
    pub(crate) since: Rows,
    /// Where the journal ends.
    pub(crate) end: Place,
    /// The names of entries and rows as they lie there.
    pub(crate) fields: Vec<Field>,
}

impl Redis {
    /// Who was ever counted, in order.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn subjects(&self) -> Result<Vec<Subject>, Fault> {
        self.subjects_with("").await
    }

    /// What each hour of a subject holds: for the last eight weeks before what was counted last.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn hours(&self, subject: &Subject) -> Result<BTreeMap<Hour, Counts>, Fault> {
        let past = self.past(subject).await?;
        let hours = past.rows.days.iter().flat_map(|(day, counts)| counts.by_hour(*day).collect::<Vec<_>>());
        Ok(hours.collect())
    }

    /// The minute of data time in which a subject was first counted, if ever.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn first_counted(&self, subject: &Subject) -> Result<Option<Minute>, Fault> {
        Ok(self.past(subject).await?.root.first)
    }

    /// The days that are kept of a subject.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn days(&self, subject: &Subject) -> Result<KeptDays, Fault> {
        let past = self.past(subject).await?;
        let now = self.data_time(std::slice::from_ref(subject)).await?.unwrap_or_default();
        Ok(KeptDays { now, first: past.root.first, days: past.rows.days.into_iter().collect() })
    }

    /// What the minutes of a subject hold from one to another, both included; none once they are forgotten.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn window(
        &self,
        subject: &Subject,
        first: Minute,
        last: Minute,
    ) -> Result<Option<Counts>, Fault> {
        let past = self.past(subject).await?;
        let now = self.data_time(std::slice::from_ref(subject)).await?.unwrap_or_default();
        if now.minute().0 - first.0 > MINUTES_KEPT {
            return Ok(None);
        }
        let mut sum = Counts::default();
        let minutes = past.rows.hours.values().flat_map(|row| row.minutes.range(first..=last));
        minutes.for_each(|(_, counts)| sum.add(counts));
        Ok(Some(sum))
    }

    /// Every source that was ever counted, in order.
    pub(crate) async fn sources(&self) -> Result<Vec<SourceId>, Fault> {
        let key = self.keys().list("sources");
        let mut read = redis::cmd("SMEMBERS");
        read.arg(&key);
        let mut sources = Vec::new();
        for name in list(self.ask_one(Request::new(key, read)).await?, "the sources")? {
            let name = text(name, "a source")?;
            sources.push(SourceId::new(&name).map_err(|bad| broken("a source", bad))?);
        }
        sources.sort();
        Ok(sources)
    }

    /// Everything that is remembered of subjects, row by row: buckets, evidence, marks, incidents that are not over,
    /// data time. What is known of single posts is not among it.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away, and those of `each`.
    pub async fn export(&self, mut each: impl FnMut(StateRow) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut newest: Option<Minute> = None;
        for subject in self.subjects().await? {
            let past = self.past(&subject).await?;
            newest = newest.max(past.newest());
            for row in rows(&subject, past) {
                each(row)?;
            }
        }
        for subject in self.subjects_with("i").await? {
            for incident in incidents_of(self, &subject).await? {
                each(StateRow::Incident(Box::new(incident)))?;
            }
        }
        newest.map_or(Ok(()), |minute| each(StateRow::Now(end_of(minute))))
    }

    /// Whether nothing is remembered of any subject.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn remembers_nothing(&self) -> Result<bool, Fault> {
        Ok(self.subjects().await?.is_empty() && self.subjects_with("i").await?.is_empty())
    }

    /// Remembers these rows, where nothing is remembered yet; how many there were.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away, and those of the rows.
    pub async fn import(
        &self,
        from: impl IntoIterator<Item = Result<StateRow, Fault>>,
    ) -> Result<u64, Fault> {
        let (mut count, mut pasts) = (0, BTreeMap::<Subject, Past>::new());
        let mut state = self.state("import");
        for row in from {
            count += 1;
            let row = row?;
            match row {
                // Data time comes with the posts.
                StateRow::Now(_) => {}
                StateRow::Mark(subject, kind, mark) => state.mark(&subject, kind, mark).await?,
                StateRow::Incident(incident) => drop(state.keep(&incident, 0).await?),
                StateRow::First(subject, minute) => {
                    pasts.entry(subject).or_default().root.first = Some(minute);
                }
                StateRow::Minute(ref subject, ..)
                | StateRow::Evidence(ref subject, ..)
                | StateRow::Day(ref subject, ..) => {
                    pasts.entry(subject.clone()).or_default().rows.put(row);
                }
            }
        }
        for (subject, past) in pasts {
            self.ask(past.write(self, &subject)).await?;
        }
        state.commit([]).await;
        state.settle().await?;
        Ok(count)
    }

    /// The subjects whose keys end so.
    async fn subjects_with(&self, ending: &str) -> Result<Vec<Subject>, Fault> {
        let prefix = self.keys().prefix();
        let keys = self.keys_like(&format!("{}{{[bs]:*}}{ending}", escaped(prefix))).await?;
        let subject = |key: Vec<u8>| {
            let member = key.strip_prefix(prefix.as_bytes())?.strip_prefix(b"{")?;
            subject_of(member.strip_suffix(ending.as_bytes())?.strip_suffix(b"}")?)
        };
        let mut subjects: Vec<Subject> = keys.into_iter().filter_map(subject).collect();
        subjects.sort();
        // A server may name a key twice.
        subjects.dedup();
        Ok(subjects)
    }

    /// With both halves together.
    pub(crate) async fn past(&self, subject: &Subject) -> Result<Past, Fault> {
        let mut past = self.halves(subject).await?;
        past.rows.merge(std::mem::take(&mut past.since));
        Ok(past)
    }

    /// As it lies there, with the journal added up.
    pub(crate) async fn halves(&self, subject: &Subject) -> Result<Past, Fault> {
        let key = self.keys().subject(subject);
        let mut read_all = redis::cmd("HGETALL");
        read_all.arg(&key);
        let (mut past, mut entries) = (Past::default(), BTreeMap::new());
        for (name, row) in pairs(self.ask_one(Request::new(key, read_all)).await?, "a subject")? {
            let text = || String::from_utf8_lossy(&row);
            let Past { root, rows, since, .. } = &mut past;
            match (name.as_slice(), name.first(), number_in(&name)) {
                (b"base", ..) => root.base.count = text().parse().unwrap_or(0),
                (b"stamp", ..) => root.base.stamp.clone_from(&row),
                (b"first", ..) => root.first = text().parse().ok().map(Minute),
                (b"marks", ..) => root.marks = read_marks(subject, &row)?,
                (b"anew", ..) => root.anew.until = read_millis(&text()),
                (b"held", ..) => root.anew.held = read_millis(&text()),
                (_, Some(b'e' | b'h' | b'd' | b'H' | b'D'), Some(_)) if row.is_empty() => {}
                (_, Some(b'e'), Some(number)) => drop(entries.insert(number as u64, row)),
                (_, Some(b'h'), Some(n)) => drop(rows.hours.insert(Hour(n), unpack_hour(Hour(n), &row)?)),
                (_, Some(b'd'), Some(n)) => drop(rows.days.insert(Day(n), unpack_day(&row)?)),
                (_, Some(b'H'), Some(n)) => drop(since.hours.insert(Hour(n), unpack_hour(Hour(n), &row)?)),
                (_, Some(b'D'), Some(n)) => drop(since.days.insert(Day(n), unpack_day(&row)?)),
                _ => continue,
            }
            if number_in(&name).is_some() {
                past.fields.push(name);
            }
        }
        past.end = past.root.base.clone();
        // Those before `base` are folded, and about to go.
        for (_, entry) in entries.split_off(&past.end.count) {
            past.hear(&read(subject, &entry)?);
            past.end = Place { count: past.end.count + 1, stamp: stamp_of(&entry) };
        }
        Ok(past)
    }
}

impl Past {
    /// The newest minute that is kept.
    pub(crate) fn newest(&self) -> Option<Minute> {
        self.rows.hours.values().filter_map(|row| Some(*row.minutes.last_key_value()?.0)).max()
    }

    fn hear(&mut self, entry: &Entry) {
        self.root.hear(entry);
        for (half, delta) in entry.deltas(self.root.anew) {
            match half {
                Half::Past => self.rows.add(delta),
                Half::Since => self.since.add(delta),
            }
        }
    }

    fn write(&self, redis: &Redis, subject: &Subject) -> Vec<Request> {
        let key = redis.keys().subject(subject);
        let mut put = redis::cmd("HSET");
        put.arg(&key)
            .arg("first")
            .arg(self.root.first.map(|minute| minute.0.to_string()).unwrap_or_default());
        self.rows.write(Half::Past, &mut put);
        let mut lease = redis::cmd("EXPIRE");
        lease.arg(&key).arg(LONG_LEASE);
        let mut requests = vec![Request::new(key.clone(), put), Request::new(key, lease)];
        if let Subject::Source(source) = subject {
            let sources = redis.keys().list("sources");
            let mut add = redis::cmd("SADD");
            add.arg(&sources).arg(source.as_str());
            requests.push(Request::new(sources, add));
        }
        requests
    }
}

pub(crate) fn end_of(minute: Minute) -> ArrivalTime {
    ArrivalTime::from_millis((minute.0 + 1) * 60_000)
}

/// A subject's past as rows.
fn rows(subject: &Subject, past: Past) -> Vec<StateRow> {
    let (root, Rows { hours, days }) = (past.root, past.rows);
    let mut rows: Vec<StateRow> =
        root.first.map(|minute| StateRow::First(subject.clone(), minute)).into_iter().collect();
    for (hour, row) in hours {
        let minutes = row.minutes.into_iter();
        rows.extend(minutes.map(|(minute, counts)| StateRow::Minute(subject.clone(), minute, counts)));
        rows.extend(row.detail.map(|detail| StateRow::Evidence(subject.clone(), hour, Box::new(detail))));
    }
    rows.extend(days.into_iter().map(|(day, counts)| StateRow::Day(subject.clone(), day, Box::new(counts))));
    rows.extend(root.marks.into_iter().map(|(kind, mark)| StateRow::Mark(subject.clone(), kind, mark)));
    rows
}

/// A text as a pattern that matches it alone.
pub(crate) fn escaped(text: &str) -> String {
    let special = |letter: char| matches!(letter, '*' | '?' | '[' | ']' | '\\' | '^');
    text.chars().flat_map(|letter| special(letter).then_some('\\').into_iter().chain([letter])).collect()
}
