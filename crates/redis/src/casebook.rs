//! The index of incidents: those that are not over, and of the last ones that are over the version, so that
//! nobody opens one of them again. The truth of incidents is where the chain writes them; what is kept here
//! goes in when it has committed.

use std::collections::{BTreeMap, BTreeSet};

use tocsin_flow::{Casebook, Fault, Kept};
use tocsin_model::{Incident, Subject};

use crate::desk::RedisState;
use crate::layout::LONG_LEASE;
use crate::list::List;
use crate::reply::{broken, pairs};
use crate::scripts::KEEP;
use crate::server::{Redis, Request};

/// Subjects with an open incident.
const OPEN: List = List("open");
/// Incidents that are over of which a subject's version is kept; the oldest versions go first.
const OVER_MAX: usize = 32;

/// An incident in the index: its version, and itself unless it is over.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    version: u64,
    incident: Option<Incident>,
}

/// A subject's incidents by id.
type Case = BTreeMap<String, Row>;

/// Incidents that were read or kept since the last commit, and those that wait to go in.
#[derive(Default)]
pub(crate) struct Cases {
    read: BTreeMap<Subject, Case>,
    told: BTreeMap<Subject, BTreeSet<String>>,
    committed: BTreeMap<Subject, (Case, BTreeSet<String>)>,
}

impl Casebook for RedisState {
    async fn recall(&mut self, subject: &Subject) -> Result<Vec<Incident>, Fault> {
        let mut desk = self.desk().await;
        let case = desk.cases.case(self.redis(), subject).await?;
        let mut incidents: Vec<Incident> = case.values().filter_map(|row| row.incident.clone()).collect();
        incidents.sort_by(|a, b| (b.opened_at, &b.id).cmp(&(a.opened_at, &a.id)));
        Ok(incidents)
    }

    async fn keep(&mut self, incident: &Incident, version: u64) -> Result<Kept, Fault> {
        let mut desk = self.desk().await;
        let case = desk.cases.case(self.redis(), &incident.subject).await?;
        let id = incident.id.to_string();
        if case.get(&id).map_or(0, |row| row.version) != version {
            return Ok(Kept::Stale);
        }
        case.insert(id.clone(), Row::of(incident));
        desk.cases.told.entry(incident.subject.clone()).or_default().insert(id);
        Ok(Kept::Yes)
    }

    async fn open(&mut self) -> Result<Vec<Subject>, Fault> {
        let mut desk = self.desk().await;
        desk.cases.settle(self.redis()).await?;
        let mut open: BTreeSet<Subject> = OPEN.read(self.redis()).await?.into_iter().collect();
        for subject in desk.cases.told.keys() {
            if is_open(&desk.cases.read[subject]) {
                open.insert(subject.clone());
            } else {
                open.remove(subject);
            }
        }
        Ok(open.into_iter().collect())
    }
}

fn is_open(case: &Case) -> bool {
    case.values().any(|row| row.incident.is_some())
}

impl Cases {
    pub(crate) fn commit(&mut self) {
        for (subject, ids) in std::mem::take(&mut self.told) {
            if let Some(case) = self.read.remove(&subject) {
                let (kept, changed) = self.committed.entry(subject).or_default();
                *kept = case;
                changed.extend(ids);
            }
        }
        self.read.clear();
    }

    pub(crate) fn abandon(&mut self) {
        self.read.clear();
        self.told.clear();
    }

    /// Puts back what Redis may have forgotten, from where the chain wrote it. What it has in a later version stays.
    pub(crate) async fn restore(&mut self, redis: &Redis, incidents: Vec<Incident>) -> Result<(), Fault> {
        self.settle(redis).await?;
        for incident in incidents {
            let subject = incident.subject.clone();
            if !self.committed.contains_key(&subject) {
                self.committed.insert(subject.clone(), (read(redis, &subject).await?, BTreeSet::new()));
            }
            let (case, changed) = self.committed.entry(subject).or_default();
            let id = incident.id.to_string();
            if case.get(&id).map_or(0, |row| row.version) < incident.version {
                changed.insert(id.clone());
                case.insert(id, Row::of(&incident));
            }
        }
        self.committed.retain(|_, (_, changed)| !changed.is_empty());
        self.committed.keys().for_each(|subject| drop(self.read.remove(subject)));
        self.settle(redis).await
    }

    /// A subject's incidents, read once until the next commit: others may change them between.
    async fn case(&mut self, redis: &Redis, subject: &Subject) -> Result<&mut Case, Fault> {
        self.settle(redis).await?;
        if !self.read.contains_key(subject) {
            self.read.insert(subject.clone(), read(redis, subject).await?);
        }
        Ok(self.read.entry(subject.clone()).or_default())
    }

    /// Puts in what is committed: on the list the subjects with an open incident, then the incidents, then
    /// off the list those without.
    pub(crate) async fn settle(&mut self, redis: &Redis) -> Result<(), Fault> {
        if self.committed.is_empty() {
            return Ok(());
        }
        let subjects: BTreeMap<Subject, bool> =
            self.committed.iter().map(|(subject, (case, _))| (subject.clone(), is_open(case))).collect();
        let times = OPEN.put(redis, &subjects).await?;
        let keep = |(subject, (case, changed)): (&Subject, &(Case, BTreeSet<String>))| {
            write(redis, subject, case, changed)
        };
        redis.ask(self.committed.iter().flat_map(keep).collect()).await?;
        for ((subject, open), times) in subjects.iter().zip(times) {
            if let (false, Some(times)) = (open, times) {
                OPEN.take(redis, subject, &times).await?;
            }
        }
        self.committed.clear();
        Ok(())
    }
}

async fn read(redis: &Redis, subject: &Subject) -> Result<Case, Fault> {
    let key = redis.keys().incidents(subject);
    let mut read = redis::cmd("HGETALL");
    read.arg(&key);
    let rows = pairs(redis.ask_one(Request::new(key, read)).await?, "incidents")?;
    rows.into_iter()
        .map(|(id, row)| Ok((String::from_utf8_lossy(&id).into_owned(), Row::read(&row)?)))
        .collect()
}

/// A subject's incidents that are not over.
pub(crate) async fn incidents_of(redis: &Redis, subject: &Subject) -> Result<Vec<Incident>, Fault> {
    Ok(read(redis, subject).await?.into_values().filter_map(|row| row.incident).collect())
}

/// Puts in what changed; what is over for long goes; the lease is given, or taken away while one is open.
fn write(redis: &Redis, subject: &Subject, case: &Case, changed: &BTreeSet<String>) -> Vec<Request> {
    let key = redis.keys().incidents(subject);
    let mut keep = KEEP.call(&[&key]);
    for id in changed {
        keep.arg(id).arg(case[id].version).arg(case[id].write());
    }
    let mut lease = redis::cmd(if is_open(case) { "PERSIST" } else { "EXPIRE" });
    lease.arg(&key);
    if !is_open(case) {
        lease.arg(LONG_LEASE);
    }
    let mut commands = vec![keep, lease];
    let mut over: Vec<&String> =
        case.iter().filter(|(_, row)| row.incident.is_none()).map(|(id, _)| id).collect();
    over.sort_by_key(|id| (changed.contains(*id), case[*id].version));
    let too_many = over.len().saturating_sub(OVER_MAX);
    if too_many > 0 {
        let mut forget = redis::cmd("HDEL");
        forget.arg(&key).arg(&over[..too_many]);
        commands.push(forget);
    }
    commands.into_iter().map(|command| Request::new(key.clone(), command)).collect()
}

impl Row {
    fn of(incident: &Incident) -> Row {
        let open = (!incident.is_over()).then(|| incident.clone());
        Row { version: incident.version, incident: open }
    }

    /// The version as a number, then the incident, if it is not over.
    fn write(&self) -> Vec<u8> {
        let mut row = self.version.to_string().into_bytes();
        row.extend(self.incident.iter().flat_map(tocsin_wire::write_incident));
        row
    }

    fn read(row: &[u8]) -> Result<Row, Fault> {
        let digits = row.iter().take_while(|b| b.is_ascii_digit()).count();
        let (version, rest) = row.split_at(digits);
        let version = std::str::from_utf8(version).ok().and_then(|v| v.parse().ok());
        let version = version.ok_or_else(|| broken("an incident", "it has no version"))?;
        let incident = if rest.is_empty() { None } else { Some(tocsin_wire::read_incident(rest)) };
        Ok(Row { version, incident: incident.transpose().map_err(|e| broken("an incident", e))? })
    }
}
