//! The buckets: every merge of a batch in one round trip, one call of a script a subject.

use std::collections::{BTreeMap, BTreeSet};

use redis::Value;
use rustc_hash::FxHashMap;
use tocsin_flow::{Fault, Offer, Windows};
use tocsin_model::{
    ArrivalTime, Day, DayCounts, Delta, HISTORY_HOURS, History, Hour, Kind, Lane, Mark, Merged, Position,
    SourceId, Subject, View,
};

use crate::answer::{Answer, Whole};
use crate::desk::RedisState;
use crate::fold::fold;
use crate::journal::{Stamps, read, write_marked, write_merged};
use crate::layout::{Field, Half, LONG_LEASE, day};
use crate::list::List;
use crate::reply::broken;
use crate::room::{Place, Room, Wanted, parts};
use crate::rows::unpack_day;
use crate::scripts::OFFER;
use crate::server::{Redis, Request};

/// Subjects in memory; the others are read again when they are needed.
const ROOMS_MAX: usize = 1_024;
/// Journals that are folded after a merge; the others after the next ones.
const FOLDS_MAX: usize = 16;
/// Subjects with a standing mark.
const STANDING: List = List("standing");

/// What a chain knows of the buckets, and marks that wait for its commit.
#[derive(Default)]
pub(crate) struct Buckets {
    rooms: FxHashMap<Subject, Room>,
    stamps: Stamps,
    told: BTreeMap<(Subject, Kind), Mark>,
    committed: BTreeMap<(Subject, Kind), Mark>,
    /// Sources that are known to be known.
    sources: BTreeSet<SourceId>,
}

/// What is asked of a subject beside its view.
struct Ask<'a> {
    subject: &'a Subject,
    /// As of when; none where any room will do.
    now: Option<ArrivalTime>,
    /// The lane by its whole name, and what it offers.
    offer: Option<(&'a str, &'a Offer)>,
    entry: Vec<u8>,
}

impl<'a> Ask<'a> {
    fn look(subject: &'a Subject, now: Option<ArrivalTime>) -> Ask<'a> {
        Ask { subject, now, offer: None, entry: Vec::new() }
    }

    /// What is not known from `place` on; or everything, and these fields.
    fn requests(&self, redis: &Redis, place: Option<&Place>, fields: &[Field]) -> Vec<Request> {
        let key = redis.keys().subject(self.subject);
        let mut call = OFFER.call(&[&key]);
        match self.offer {
            Some((lane, offer)) => {
                call.arg(lane).arg(offer.seen.0).arg(offer.first.0).arg(offer.last.next().0);
                let came = parts(offer).filter_map(|delta| delta.came);
                match came.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) {
                    Some((first, last)) => call.arg(first.millis()).arg(last.millis()),
                    None => call.arg("").arg(""),
                };
                call.arg(offer.later.as_ref().map(|(at, _)| at.millis().to_string()).unwrap_or_default());
            }
            None => drop(call.arg(&[""; 7])),
        }
        call.arg(&self.entry);
        if let Some(Place { count, stamp }) = place {
            call.arg(*count).arg(stamp);
            return vec![Request::new(key, call)];
        }
        call.arg(-1).arg("").arg(fields);
        let mut lease = redis::cmd("EXPIRE");
        lease.arg(&key).arg(LONG_LEASE);
        vec![Request::new(key.clone(), call), Request::new(key, lease)]
    }

    /// Tells a room what was added by this.
    fn tell(&self, room: &mut Room) -> Result<(), Fault> {
        match (self.offer, self.entry.as_slice()) {
            (_, []) => Ok(()),
            (Some((_, offer)), entry) => {
                room.hear_own(entry, offer, self.now.unwrap_or_default().minute());
                Ok(())
            }
            (None, entry) => room.hear(entry),
        }
    }
}

impl Windows for RedisState {
    async fn merge(
        &mut self,
        lane: Lane,
        seen: Position,
        first: Position,
        last: Position,
        delta: &Delta,
        now: ArrivalTime,
    ) -> Result<Merged, Fault> {
        let offer = Offer { seen, first, last, delta: delta.clone(), later: None };
        let merged = self.merge_all(lane, std::slice::from_ref(&offer), now).await?;
        Ok(merged.into_iter().next().unwrap_or(Merged::Lost))
    }

    async fn merge_all(
        &mut self,
        lane: Lane,
        offers: &[Offer],
        now: ArrivalTime,
    ) -> Result<Vec<Merged>, Fault> {
        let mut desk = self.desk().await;
        desk.buckets.merge_all(self.redis(), &self.lane_name(lane), offers, now).await
    }

    async fn view(&mut self, subject: &Subject, now: ArrivalTime) -> Result<View, Fault> {
        let mut desk = self.desk().await;
        desk.buckets.settle(self.redis()).await?;
        desk.buckets.ask(self.redis(), &[Ask::look(subject, Some(now))]).await?;
        Ok(desk.buckets.view(subject, now))
    }

    async fn history(&mut self, subject: &Subject, now: ArrivalTime) -> Result<History, Fault> {
        let first_day = Hour(now.hour().0 - HISTORY_HOURS as i64).day();
        let days: Vec<Day> = (first_day.0..=now.hour().day().0).map(Day).collect();
        let ask = Ask::look(subject, Some(now));
        let of = |half| days.iter().map(move |d| day(half, *d));
        let fields: Vec<Field> = of(Half::Past).chain(of(Half::Since)).collect();
        let answer = self.redis().ask(ask.requests(self.redis(), None, &fields)).await?.swap_remove(0);
        let Answer::Whole(whole) = Answer::read(subject, answer)? else {
            return Err(broken("the answer to a look", "it is not whole"));
        };
        let Whole { mut root, others, rows } = *whole;
        let mut found: BTreeMap<Day, DayCounts> = BTreeMap::new();
        for (day, row) in days.iter().chain(&days).zip(rows) {
            if let Some(row) = row {
                found.entry(*day).or_default().merge(&unpack_day(&row)?);
            }
        }
        for entry in others {
            let entry = read(subject, &entry)?;
            root.hear(&entry);
            for (_, delta) in entry.deltas(root.anew) {
                delta.days().into_iter().for_each(|day| found.entry(day).or_default().add(day, delta));
            }
        }
        Ok(History::of(subject.clone(), now, root.first, found))
    }

    async fn sources(&mut self) -> Result<Vec<SourceId>, Fault> {
        self.redis().sources().await
    }

    async fn mark(&mut self, subject: &Subject, kind: Kind, mark: Mark) -> Result<(), Fault> {
        let mut desk = self.desk().await;
        let kept = desk.buckets.told.entry((subject.clone(), kind)).or_default();
        *kept = kept.max(mark);
        Ok(())
    }

    async fn standing(&mut self) -> Result<Vec<Subject>, Fault> {
        let mut desk = self.desk().await;
        desk.buckets.settle(self.redis()).await?;
        let mut standing: BTreeSet<Subject> = STANDING.read(self.redis()).await?.into_iter().collect();
        let told = desk.buckets.told.iter().filter(|(_, mark)| mark.stands());
        standing.extend(told.map(|((subject, _), _)| subject.clone()));
        Ok(standing.into_iter().collect())
    }
}

impl Buckets {
    /// The chain has committed: its marks are to be kept.
    pub(crate) fn commit(&mut self) {
        for (of, mark) in std::mem::take(&mut self.told) {
            let kept = self.committed.entry(of).or_default();
            *kept = kept.max(mark);
        }
    }

    pub(crate) fn abandon(&mut self) {
        self.told.clear();
    }

    /// Puts the marks into Redis that are committed: on the list those that stand, then into the journals, then
    /// off the list those of whom none stands.
    pub(crate) async fn settle(&mut self, redis: &Redis) -> Result<(), Fault> {
        if self.committed.is_empty() {
            return Ok(());
        }
        let marks = self.committed.clone();
        let mut subjects: BTreeMap<Subject, bool> = BTreeMap::new();
        for ((subject, _), mark) in &marks {
            *subjects.entry(subject.clone()).or_default() |= mark.stands();
        }
        let times = STANDING.put(redis, &subjects).await?;
        let stamps = &mut self.stamps;
        let mut ask = |((subject, kind), mark): (&'_ (Subject, Kind), &Mark)| {
            let entry = write_marked(*kind, mark, stamps.next());
            (subject.clone(), entry)
        };
        let entries: Vec<(Subject, Vec<u8>)> = marks.iter().map(&mut ask).collect();
        let asks =
            entries.iter().map(|(subject, entry)| Ask { entry: entry.clone(), ..Ask::look(subject, None) });
        self.ask(redis, &asks.collect::<Vec<_>>()).await?;
        for (subject, times) in subjects.keys().zip(times) {
            let stands = self.rooms.get(subject).is_none_or(Room::stands);
            if let (false, Some(times)) = (stands, times) {
                STANDING.take(redis, subject, &times).await?;
            }
        }
        self.committed.clear();
        Ok(())
    }

    async fn merge_all(
        &mut self,
        redis: &Redis,
        lane: &str,
        offers: &[Offer],
        now: ArrivalTime,
    ) -> Result<Vec<Merged>, Fault> {
        self.settle(redis).await?;
        self.know_sources(redis, offers).await?;
        let mut asks = Vec::with_capacity(offers.len());
        for offer in offers {
            let entry = write_merged(parts(offer), now.minute(), self.stamps.next());
            let look = Ask::look(&offer.delta.subject, Some(now));
            asks.push(Ask { entry, offer: Some((lane, offer)), ..look });
        }
        let refused = self.ask(redis, &asks).await?;
        let merged = offers.iter().zip(refused).map(|(offer, refused)| match refused {
            None => Merged::Added(Box::new(self.view(&offer.delta.subject, now))),
            Some(refused) => refused,
        });
        let merged = merged.collect();
        self.fold(redis, offers, now).await;
        Ok(merged)
    }

    /// Asks all at once. The room of a subject of which nothing was refused then stands where its journal does;
    /// what was refused has an answer.
    async fn ask(&mut self, redis: &Redis, asks: &[Ask<'_>]) -> Result<Vec<Option<Merged>>, Fault> {
        if self.rooms.len() > ROOMS_MAX {
            self.rooms.clear();
        }
        let mut known = Vec::with_capacity(asks.len());
        let mut requests = Vec::with_capacity(asks.len());
        for ask in asks {
            let room = self.rooms.get(ask.subject);
            let room = room.filter(|room| ask.now.is_none_or(|now| room.shows(now)));
            let place = room.map(|room| room.place().clone());
            let wanted = Wanted::at(ask.now.unwrap_or_default());
            let fields = if place.is_some() { Vec::new() } else { wanted.fields() };
            let sent = ask.requests(redis, place.as_ref(), &fields);
            known.push((requests.len(), place, wanted));
            requests.extend(sent);
        }
        let mut answers = redis.ask(requests).await?;
        let mut unknown = Vec::new();
        let mut refused = Vec::with_capacity(asks.len());
        for (ask, (at, place, wanted)) in asks.iter().zip(known) {
            let answer = Answer::read(ask.subject, std::mem::replace(&mut answers[at], Value::Nil))?;
            refused.push(match (answer, place) {
                (Answer::AgainFrom(position), _) => Some(Merged::AgainFrom(position)),
                (Answer::Cut(anew), _) => Some(Merged::Cut { after: anew.until, at: anew.held }),
                (Answer::Lost, _) => Some(Merged::Lost),
                (Answer::Whole(whole), _) => {
                    let mut room = Room::new(ask.subject.clone(), &wanted, *whole)?;
                    ask.tell(&mut room)?;
                    self.rooms.insert(ask.subject.clone(), room);
                    None
                }
                (Answer::More { base, others }, Some(place)) => {
                    if let Some(room) = self.rooms.get_mut(ask.subject) {
                        room.hear_from(&place, &others)?;
                        ask.tell(room)?;
                        room.begins(base);
                    }
                    None
                }
                (Answer::More { .. } | Answer::Stale, _) => {
                    self.rooms.remove(ask.subject);
                    unknown.push(Ask::look(ask.subject, ask.now));
                    None
                }
            });
        }
        if !unknown.is_empty() {
            Box::pin(self.ask(redis, &unknown)).await?;
        }
        Ok(refused)
    }

    /// Its room was just asked for.
    fn view(&self, subject: &Subject, now: ArrivalTime) -> View {
        let own =
            |((of, kind), mark): (&'_ (Subject, Kind), &'_ Mark)| (of == subject).then_some((*kind, *mark));
        let marks = self.told.iter().chain(&self.committed).filter_map(own);
        match self.rooms.get(subject) {
            Some(room) => room.view(now, marks),
            None => View::empty(subject.clone(), now),
        }
    }

    /// Sources are on their list before anything is merged into them.
    async fn know_sources(&mut self, redis: &Redis, offers: &[Offer]) -> Result<(), Fault> {
        let source = |offer: &Offer| match &offer.delta.subject {
            Subject::Source(source) if !self.sources.contains(source) => Some(source.clone()),
            _ => None,
        };
        let new: BTreeSet<SourceId> = offers.iter().filter_map(source).collect();
        if new.is_empty() {
            return Ok(());
        }
        let key = redis.keys().list("sources");
        let mut add = redis::cmd("SADD");
        add.arg(&key).arg(new.iter().map(SourceId::as_str).collect::<Vec<_>>());
        redis.ask_one(Request::new(key, add)).await?;
        self.sources.extend(new);
        Ok(())
    }

    /// Folds the journals that have grown long. If it cannot be done now, the next merge tries again.
    async fn fold(&mut self, redis: &Redis, offers: &[Offer], now: ArrivalTime) {
        let is_long = |subject: &&Subject| self.rooms.get(*subject).is_some_and(Room::is_long);
        let mut long: Vec<&Subject> =
            offers.iter().map(|offer| &offer.delta.subject).filter(is_long).collect();
        long.dedup();
        long.truncate(FOLDS_MAX);
        match fold(redis, &long, now).await {
            Ok(folded) => {
                for (subject, base) in folded {
                    self.rooms.entry(subject).and_modify(|room| room.begins(base));
                }
            }
            Err(fault) => tracing::debug!(%fault, "journals are not folded"),
        }
    }
}
