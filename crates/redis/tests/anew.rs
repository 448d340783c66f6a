//! A past is counted anew while several processes count on, each some way behind another: what came before counts as it
//! was counted anew, what came since as it was merged, and all see the same.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(unreachable_pub, dead_code, reason = "modules that several tests share")]

mod carrier;
mod servers;

use std::collections::BTreeMap;

use carrier::{LawState, open};
use servers::Servers;
use tocsin_flow::{Offer, Windows};
use tocsin_laws::{Dice, Remote, settle, settle_there as there};
use tocsin_model::{
    ArrivalTime, BrandId, Counts, Day, DayCounts, Delta, Detail, Hour, Lane, Merged, Minute, Position,
    Subject, View,
};
use tocsin_redis::{Redis, Settings};
use tocsin_wire::StateRow;

const LANES: usize = 3;
/// Records of a lane.
const RECORDS: u64 = 600;
/// The first minute.
const BEGIN: i64 = 20_000_000;

fn brand() -> Subject {
    Subject::Brand(BrandId::new("山岚").unwrap())
}

/// When a record came, and the minute that it counts in.
#[derive(Clone, Copy)]
struct Came {
    at: ArrivalTime,
    minute: Minute,
}

/// All records that will ever come, and how many times each counts.
struct World {
    lanes: Vec<Vec<Came>>,
    /// How far each lane is merged.
    done: [u64; LANES],
    /// What came before this time counts so many times, merged or not.
    anew: Option<(ArrivalTime, u64)>,
}

impl World {
    fn new(dice: &mut Dice) -> World {
        let mut lane = |_| {
            let mut millis = BEGIN * 60_000;
            let mut record = || {
                millis += dice.below(40_000) as i64;
                // Neighbours are in disorder, and some are late.
                let at = ArrivalTime::from_millis(millis - dice.below(30_000) as i64);
                let late = [0, 0, 0, 5, 700][dice.below(5) as usize];
                Came { at, minute: Minute(at.minute().0 - late) }
            };
            (0..RECORDS).map(|_| record()).collect()
        };
        World { lanes: (0..LANES).map(&mut lane).collect(), done: [0; LANES], anew: None }
    }

    fn delta<'a>(&self, records: impl Iterator<Item = &'a Came>) -> Delta {
        let mut delta = Delta::new(brand());
        for record in records {
            let counts = Counts { posts: 1, heard: 1, ..Counts::default() };
            delta.minutes.entry(record.minute).or_default().add(&counts);
            let detail = delta.details.entry(record.minute.hour()).or_default();
            detail.sources.add("weibo", 1, None);
            detail.authors.insert(record.at.millis() as u64);
            let day = record.at.hour().day();
            delta.origins.entry(day).or_default().names.add("weibo", 1, None);
            delta.comes(record.at);
        }
        delta
    }

    /// The records that count now, each with how many times.
    fn counted(&self) -> impl Iterator<Item = (Came, u64)> {
        self.lanes.iter().zip(self.done).flat_map(move |(lane, done)| {
            lane.iter().zip(0..).filter_map(move |(record, position)| match self.anew {
                Some((until, times)) if record.at < until => Some((*record, times)),
                _ => (position < done).then_some((*record, 1)),
            })
        })
    }

    fn hours(&self) -> BTreeMap<Hour, u64> {
        let mut hours = BTreeMap::new();
        self.counted().for_each(|(record, times)| *hours.entry(record.minute.hour()).or_default() += times);
        hours
    }

    /// The newest record that is merged.
    fn newest(&self) -> ArrivalTime {
        let merged = self.lanes.iter().zip(self.done).flat_map(|(lane, done)| &lane[..done as usize]);
        merged.map(|record| record.at).max().unwrap_or_default()
    }

    /// What came before a time, counted so many times, as rows.
    fn rows(&self, until: ArrivalTime, times: u64) -> Vec<StateRow> {
        let before = |record: &&Came| record.at < until;
        let (mut minutes, mut days) = (BTreeMap::<Minute, Counts>::new(), BTreeMap::<Day, DayCounts>::new());
        let mut details = BTreeMap::<Hour, Detail>::new();
        for _ in 0..times {
            let delta = self.delta(self.lanes.iter().flatten().filter(before));
            delta.minutes.iter().for_each(|(m, counts)| minutes.entry(*m).or_default().add(counts));
            delta.details.iter().for_each(|(h, detail)| details.entry(*h).or_default().merge(detail));
            delta.days().into_iter().for_each(|day| days.entry(day).or_default().add(day, &delta));
        }
        let of = brand();
        let minutes = minutes.into_iter().map(|(m, counts)| StateRow::Minute(of.clone(), m, counts));
        let details = details.into_iter().map(|(h, d)| StateRow::Evidence(of.clone(), h, Box::new(d)));
        let days = days.into_iter().map(|(day, row)| StateRow::Day(of.clone(), day, Box::new(row)));
        minutes.chain(details).chain(days).collect()
    }

    /// Merges the next records of a lane, in two parts where that is asked for; whether it was.
    fn merge(&mut self, state: &mut LawState, lane: usize, records: u64, now: ArrivalTime) -> (View, bool) {
        let first = self.done[lane];
        let end = (first + records).min(RECORDS);
        let these = &self.lanes[lane][first as usize..end as usize];
        let mut offer = Offer {
            seen: Position(first),
            first: Position(first),
            last: Position(end - 1),
            delta: self.delta(these.iter()),
            later: None,
        };
        let mut was_cut = false;
        loop {
            let merged = settle(state.merge_all(Lane(lane as u32), std::slice::from_ref(&offer), now));
            match merged.unwrap().remove(0) {
                Merged::Cut { after, at } => {
                    was_cut = true;
                    let is_new = |record: &&Came| after.is_none_or(|after| record.at >= after);
                    let is_past = |record: &&Came| at.is_none_or(|at| record.at < at);
                    let new = these.iter().filter(is_new);
                    offer.delta = self.delta(new.clone().filter(is_past));
                    offer.later = at.map(|at| (at, self.delta(new.filter(|record| record.at >= at))));
                }
                Merged::Added(view) => {
                    self.done[lane] = end;
                    return (*view, was_cut);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[track_caller]
    fn check(&self, view: &View, what: &str) {
        let hours = self.hours();
        for (place, counts) in view.hours.iter().enumerate() {
            let hour = Hour(view.first_hour().0 + place as i64);
            assert_eq!(counts.posts, hours.get(&hour).copied().unwrap_or(0), "{what}: hour {}", hour.0);
        }
        let minutes: u64 = view.minutes.iter().map(|counts| counts.posts).sum();
        let shown = view.first_minute()..=view.now.minute();
        let expected = self.counted().filter(|(r, _)| shown.contains(&r.minute)).map(|(_, times)| times);
        assert_eq!(minutes, expected.sum::<u64>(), "{what}: minutes");
        let sources: u64 = view.details.iter().flat_map(|d| d.sources.entries()).map(|e| e.weight).sum();
        let shown = view.now.hour().0 - 2..=view.now.hour().0;
        let expected = self.counted().filter(|(r, _)| shown.contains(&r.minute.hour().0)).map(|(_, t)| t);
        assert_eq!(sources, expected.sum::<u64>(), "{what}: evidence");
    }
}

fn state(redis: &Redis) -> LawState {
    Remote::plain(redis.state("chain"))
}

/// One world; whether any offer had to be cut.
fn live_through(settings: &Settings, seed: u64) -> bool {
    let settings = Settings { prefix: format!("anew-{seed}:"), ..settings.clone() };
    let redis = open(&settings).unwrap();
    let mut processes = [state(&redis), state(&redis), state(&redis)];
    let mut dice = Dice::new(seed);
    let mut world = World::new(&mut dice);
    let since = Hour(BEGIN / 60 - 20);
    let (mut held, mut recounts, mut cuts, mut now) = (None, 0, 0, ArrivalTime::from_millis(BEGIN * 60_000));
    while world.done != [RECORDS; LANES] {
        match dice.below(60) {
            0 => {
                // What comes later in lanes that are behind may have come before.
                let newest = world.anew.map_or(world.newest(), |(until, _)| until.max(world.newest()));
                let until = ArrivalTime::from_millis(newest.millis() + 1 + dice.below(90_000) as i64);
                let redis = redis.clone();
                there(async move { redis.hold(&brand(), until).await }).unwrap();
                held = Some(until);
            }
            1 | 2 if held.is_some() => {
                let until = held.take().unwrap();
                recounts += 1;
                let (redis, rows) = (redis.clone(), world.rows(until, recounts + 1));
                there(
                    async move { redis.refill(&brand(), until, since, since.start().minute(), rows).await },
                )
                .unwrap();
                world.anew = Some((until, recounts + 1));
            }
            _ => {
                let lane = dice.below(LANES as u64) as usize;
                // One lane lags.
                if world.done[lane] == RECORDS || (lane == 2 && dice.below(3) > 0 && world.done[0] < RECORDS)
                {
                    continue;
                }
                let process = &mut processes[dice.below(3) as usize];
                let records = 1 + dice.below(12);
                let next = world.lanes[lane][world.done[lane] as usize].at;
                now = now.max(next);
                let (view, was_cut) = world.merge(process, lane, records, now);
                cuts += u64::from(was_cut);
                assert_eq!((view.recounting, view.recounted), (held, world.anew.map(|(until, _)| until)));
                world.check(&view, &format!("seed {seed}, recount {recounts}, held {held:?}"));
            }
        }
    }
    assert!(recounts > 0, "seed {seed}: nothing was counted anew");
    for process in &mut processes {
        world.check(&settle(process.view(&brand(), now)).unwrap(), "at the end");
    }
    let hours = {
        let redis = redis.clone();
        there(async move { redis.hours(&brand()).await }).unwrap()
    };
    assert_eq!(hours.into_iter().map(|(h, c)| (h, c.posts)).collect::<BTreeMap<_, _>>(), world.hours());
    let later = ArrivalTime::from_millis(now.millis() + 3_600_000);
    let history = settle(processes[0].history(&brand(), later)).unwrap();
    let total: u64 = history.hours.iter().map(|counts| counts.posts).sum();
    assert_eq!(total, world.hours().values().sum::<u64>(), "the history");
    cuts > 0
}

#[test]
fn a_past_is_counted_anew_while_posts_are_counted_on() {
    let Some(servers) = Servers::start("start") else { return };
    let cut = (0..24).filter(|seed| live_through(&servers.one(), *seed)).count();
    assert!(cut > 12, "records of one batch should often lie on both sides: {cut}");
}

#[test]
fn who_lost_the_hold_is_told() {
    let Some(servers) = Servers::start("start") else { return };
    let redis = open(&servers.one()).unwrap();
    let until = ArrivalTime::from_millis(BEGIN * 60_000);
    let refused = there(async move { redis.refill(&brand(), until, Hour(0), Minute(0), Vec::new()).await });
    assert!(refused.unwrap_err().to_string().contains("has forgotten"));
}

#[test]
fn one_counts_anew_at_a_time() {
    let Some(servers) = Servers::start("start") else { return };
    let redis = open(&servers.one()).unwrap();
    let may = |token| {
        let redis = redis.clone();
        there(async move { redis.may_recount(token).await }).unwrap()
    };
    assert_eq!((may(1), may(2), may(1)), (true, false, true));
    {
        let redis = redis.clone();
        there(async move { redis.has_recounted().await }).unwrap();
    }
    assert!(may(2));
    let marked = {
        let redis = redis.clone();
        there(async move {
            redis.set_instruments(&[(BrandId::new("山岚").unwrap(), 7)]).await?;
            redis.instruments().await
        })
    };
    assert_eq!(marked.unwrap().into_iter().collect::<Vec<_>>(), [(BrandId::new("山岚").unwrap(), 7)]);
}
