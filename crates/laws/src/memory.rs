//! The model: what a carrier is, in the plainest way. Everything is kept for ever, a commit is a clone, and
//! kin is worked out anew from all that was ever said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tocsin_flow::{
    Arrival, Arrivals, Batch, Casebook, Claims, Fault, Kept, Kin, Link, Outputs, RawRecord, Windows,
};
use tocsin_model::{
    ArrivalTime, Ask, BrandId, Claim, Counts, Day, DayCounts, Delta, Detail, Fence, Gained, History, Hour,
    Incident, Kind, Lane, Mark, Matched, Mention, MentionedBy, Merged, Minute, Position, Post, PostId,
    Record, Sighting, SourceId, Subject, Tell, Took, View, took_from,
};

use crate::Carrier;

/// All that a chain remembers.
#[derive(Clone, Default)]
struct Memories {
    done: u64,
    claims: BTreeMap<PostId, Claim>,
    tells: Vec<Tell>,
    asks: Vec<Ask>,
    answered: BTreeSet<(Position, PostId, BrandId)>,
    minutes: BTreeMap<(Subject, Minute), Counts>,
    days: BTreeMap<(Subject, Day), DayCounts>,
    firsts: BTreeMap<Subject, Minute>,
    details: BTreeMap<(Subject, Hour), Detail>,
    fences: BTreeMap<(Subject, Lane), Fence>,
    marks: BTreeMap<(Subject, Kind), Mark>,
    incidents: BTreeMap<(Subject, ArrivalTime, String), Incident>,
    outputs: Vec<Outputs>,
}

#[derive(Default)]
struct Inside {
    log: Vec<Arrival>,
    kept: Memories,
    working: Memories,
}

/// The in-memory carrier.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Inside>>);

/// Its link.
pub struct MemoryLink(Memory);

/// Its state.
pub struct MemoryState(Memory);

impl Memory {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Every hour that is not empty.
    pub fn hours(&self) -> BTreeMap<(Subject, Hour), Counts> {
        let inside = self.inside();
        let days = inside.kept.days.iter();
        days.flat_map(|((subject, day), c)| c.by_hour(*day).map(|(h, c)| ((subject.clone(), h), c))).collect()
    }
    /// Every incident.
    pub fn incidents(&self) -> Vec<Incident> {
        self.inside().kept.incidents.values().cloned().collect()
    }
    /// What was given out, advance by advance.
    pub fn outputs(&self) -> Vec<Outputs> {
        self.inside().kept.outputs.clone()
    }
}

impl Carrier for Memory {
    type Link = MemoryLink;
    type State = MemoryState;

    fn take(&self, arrivals: Arrivals) {
        self.inside().log.extend(arrivals.posts);
    }
    fn link(&self) -> MemoryLink {
        MemoryLink(self.clone())
    }
    fn state(&self) -> MemoryState {
        MemoryState(self.clone())
    }
    fn crash(self) -> Memory {
        let mut inside = self.inside();
        inside.working = inside.kept.clone();
        drop(inside);
        self
    }
}

impl Link for MemoryLink {
    type Record = RawRecord;

    async fn fetch(&mut self, max: usize, _wait: Duration) -> Result<Batch<RawRecord>, Fault> {
        let inside = self.0.inside();
        let from = inside.kept.done;
        let records = (from..).zip(inside.log.iter().skip(from as usize).take(max));
        let raw = |a: &Arrival| RawRecord { arrived: a.arrived, json: a.json.clone() };
        let records = records.map(|(p, arrival)| (Position(p), raw(arrival))).collect();
        Ok(Batch { lane: Lane(0), records })
    }
    fn position(&self) -> Position {
        Position(self.0.inside().kept.done)
    }
    fn now(&self) -> Option<ArrivalTime> {
        let inside = self.0.inside();
        inside.log.iter().take(inside.kept.done as usize).map(|a| a.arrived).max()
    }
    async fn advance(&mut self, to: Position, outputs: Outputs) -> Result<(), Fault> {
        let mut inside = self.0.inside();
        inside.working.done = to.0;
        inside.working.outputs.push(outputs);
        inside.kept = inside.working.clone();
        Ok(())
    }
    async fn abandon(&mut self) -> Result<(), Fault> {
        let mut inside = self.0.inside();
        inside.working = inside.kept.clone();
        Ok(())
    }
}

impl Claims for MemoryState {
    async fn claim(&mut self, _lane: Lane, records: &[Record]) -> Result<Vec<Sighting>, Fault> {
        let mut inside = self.0.inside();
        let mut claim = |record: &Record| {
            let known = inside.working.claims.get(&record.id);
            let (sighting, claim) = Claim::meet(known, record);
            inside.working.claims.insert(record.id.clone(), claim);
            sighting
        };
        Ok(records.iter().map(&mut claim).collect())
    }
    async fn posts(&mut self, ids: &[PostId], now: ArrivalTime) -> Result<Vec<Option<Post>>, Fault> {
        let inside = self.0.inside();
        let recorded = |id: &PostId| {
            let claim = inside.working.claims.get(id).filter(|claim| claim.is_known(now))?;
            let arrival = inside.log.get(claim.first.0 as usize)?;
            tocsin_wire::read_post(&arrival.json, arrival.arrived).ok()
        };
        Ok(ids.iter().map(recorded).collect())
    }
}

impl Memories {
    /// What a post took, by all that was ever said: when, and by which record.
    fn taken(&self, id: &PostId, above: &mut Vec<PostId>) -> Vec<(Took, Position)> {
        if above.contains(id) {
            return Vec::new();
        }
        above.push(id.clone());
        let mut taken: Vec<(Took, Position)> = Vec::new();
        for tell in self.tells.iter().filter(|t| &t.id == id) {
            taken.extend(tell.took.iter().map(|took| (took.clone(), tell.position)));
        }
        let firsts = |a: &&Ask| &a.child.post.id == id && matches!(a.child.sighting, Sighting::First(_));
        for ask in self.asks.iter().filter(firsts) {
            taken.extend(self.owed(ask, above));
        }
        above.pop();
        taken
    }

    /// What an ask must be answered by now.
    fn owed(&self, ask: &Ask, above: &mut Vec<PostId>) -> Vec<(Took, Position)> {
        let named = |brand: &BrandId| ask.child.mentions.iter().any(|m| &m.brand == brand);
        let mut owed: Vec<(Took, Position)> = Vec::new();
        for (took, position) in self.taken(&ask.parent, above) {
            let Some(at) = took_from(took.at, ask.arrived) else { continue };
            if !named(&took.brand) && owed.iter().all(|(o, _)| o.brand != took.brand) {
                owed.push((Took { brand: took.brand, at }, position.max(ask.child.position)));
            }
        }
        owed
    }
}

impl Kin for MemoryState {
    async fn meet(
        &mut self,
        _lane: Lane,
        tells: Vec<Tell>,
        asks: Vec<Ask>,
        _now: ArrivalTime,
    ) -> Result<Vec<Gained>, Fault> {
        let memories = &mut self.0.inside().working;
        memories.tells.extend(tells);
        memories.asks.extend(asks);
        let mut gained = Vec::new();
        for ask in memories.asks.clone() {
            for (took, position) in memories.owed(&ask, &mut Vec::new()) {
                let key = (ask.child.position, ask.child.post.id.clone(), took.brand.clone());
                if memories.answered.insert(key) {
                    let mut child = Matched { position, ..ask.child.clone() };
                    child.mentions.retain(|m: &Mention| m.by == MentionedBy::Name);
                    gained.push(Gained { child, took: vec![took] });
                }
            }
        }
        Ok(gained)
    }
}

impl Memories {
    fn view(&self, subject: &Subject, now: ArrivalTime) -> View {
        let mut view = View::empty(subject.clone(), now);
        let (minute, hour) = (view.first_minute(), view.first_hour());
        for (place, counts) in view.minutes.iter_mut().enumerate() {
            let key = (subject.clone(), Minute(minute.0 + place as i64));
            *counts = self.minutes.get(&key).copied().unwrap_or_default();
        }
        for (place, counts) in view.hours.iter_mut().enumerate() {
            let hour = Hour(hour.0 + place as i64);
            let day = self.days.get(&(subject.clone(), hour.day()));
            *counts = day.map(|d| d.hours[(hour.0 - hour.day().first_hour().0) as usize]).unwrap_or_default();
        }
        let evidence = (now.hour().0 - 2..=now.hour().0).map(|h| (subject.clone(), Hour(h)));
        view.details = evidence.filter_map(|key| self.details.get(&key).cloned().map(Arc::new)).collect();
        let mine = self.marks.iter().filter(|((s, _), _)| s == subject);
        view.marks = mine.map(|((_, kind), mark)| (*kind, *mark)).collect();
        view.first = self.firsts.get(subject).copied();
        view
    }
}

impl Windows for MemoryState {
    async fn merge(
        &mut self,
        lane: Lane,
        seen: Position,
        first: Position,
        last: Position,
        delta: &Delta,
        now: ArrivalTime,
    ) -> Result<Merged, Fault> {
        let memories = &mut self.0.inside().working;
        let fence = memories.fences.entry((delta.subject.clone(), lane)).or_default();
        if let Some(refusal) = fence.refuses(seen, first) {
            return Ok(refusal);
        }
        *fence = Fence(last.next());
        for (minute, counts) in &delta.minutes {
            memories.minutes.entry((delta.subject.clone(), *minute)).or_default().add(counts);
        }
        for day in delta.days() {
            memories.days.entry((delta.subject.clone(), day)).or_default().add(day, delta);
        }
        let first = memories.firsts.entry(delta.subject.clone()).or_insert(now.minute());
        *first = now.minute().min(*first);
        for (hour, detail) in &delta.details {
            memories.details.entry((delta.subject.clone(), *hour)).or_default().merge(detail);
        }
        Ok(Merged::Added(Box::new(memories.view(&delta.subject, now))))
    }
    async fn view(&mut self, subject: &Subject, now: ArrivalTime) -> Result<View, Fault> {
        Ok(self.0.inside().working.view(subject, now))
    }
    async fn history(&mut self, subject: &Subject, now: ArrivalTime) -> Result<History, Fault> {
        let memories = &self.0.inside().working;
        let first = memories.firsts.get(subject).copied();
        let days = memories.days.iter().filter(|((s, _), _)| s == subject);
        Ok(History::of(subject.clone(), now, first, days.map(|((_, day), counts)| (*day, counts.clone()))))
    }
    async fn sources(&mut self) -> Result<Vec<SourceId>, Fault> {
        let inside = self.0.inside();
        let source = |subject: &Subject| match subject {
            Subject::Source(source) => Some(source.clone()),
            Subject::Brand(_) => None,
        };
        Ok(inside.working.firsts.keys().filter_map(source).collect())
    }
    async fn mark(&mut self, subject: &Subject, kind: Kind, mark: Mark) -> Result<(), Fault> {
        let memories = &mut self.0.inside().working;
        let kept = memories.marks.entry((subject.clone(), kind)).or_default();
        *kept = kept.max(mark);
        Ok(())
    }
    async fn standing(&mut self) -> Result<Vec<Subject>, Fault> {
        let inside = self.0.inside();
        let standing = inside.working.marks.iter().filter(|(_, mark)| mark.stands());
        let subjects: BTreeSet<Subject> = standing.map(|((subject, _), _)| subject.clone()).collect();
        Ok(subjects.into_iter().collect())
    }
}

impl Casebook for MemoryState {
    async fn recall(&mut self, subject: &Subject) -> Result<Vec<Incident>, Fault> {
        let inside = self.0.inside();
        let mine = inside.working.incidents.iter().rev().filter(|((s, ..), i)| s == subject && !i.is_over());
        Ok(mine.map(|(_, incident)| incident.clone()).collect())
    }
    async fn keep(&mut self, incident: &Incident, version: u64) -> Result<Kept, Fault> {
        let memories = &mut self.0.inside().working;
        let key = (incident.subject.clone(), incident.opened_at, incident.id.to_string());
        if memories.incidents.get(&key).map_or(0, |kept| kept.version) != version {
            return Ok(Kept::Stale);
        }
        memories.incidents.insert(key, incident.clone());
        Ok(Kept::Yes)
    }
    async fn open(&mut self) -> Result<Vec<Subject>, Fault> {
        let inside = self.0.inside();
        let open = inside.working.incidents.values().filter(|i| !i.is_over());
        let subjects: BTreeSet<Subject> = open.map(|i| i.subject.clone()).collect();
        Ok(subjects.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_keeps_its_own_laws() {
        crate::all(Memory::default, 0..40);
    }
}
