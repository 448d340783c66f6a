//! Redis dies and forgets its last words: after the lane is gone over again, every answer is what it would have
//! been, and the counts are equal to the digit. This is the rehearsal as a chain does it, without the chain.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(unreachable_pub, dead_code, reason = "modules that several tests share")]

mod carrier;
mod servers;

use std::collections::BTreeMap;
use std::path::PathBuf;

use carrier::{LawState, open};
use servers::Servers;
use tocsin_flow::{Claims, Fault, Kin, Offer, Windows};
use tocsin_laws::{Carrier, Dice, Memory, MemoryState, Remote, matched, post, settle, settle_there as there};
use tocsin_model::{
    ArrivalTime, Ask, BrandId, Counts, Delta, Detail, Engagement, Gained, Lane, Merged, Position, Record,
    Sighting, Subject, Tell, Took,
};
use tocsin_redis::Settings;

const LANE: Lane = Lane(0);
const BRANDS: [&str; 3] = ["山岚", "rival", "third"];

/// A log: what stands at a position is a function of the position and a seed.
#[derive(Clone, Copy)]
struct Log(u64);

impl Log {
    fn dice(self, position: u64) -> Dice {
        Dice::new(self.0.wrapping_mul(1_000_003) ^ position)
    }
    fn second(position: u64) -> i64 {
        500_000_000 + position as i64 * 20
    }
    fn now(position: u64) -> ArrivalTime {
        ArrivalTime::from_millis(Log::second(position) * 1_000)
    }
    fn record(self, position: u64) -> Record {
        let mut dice = self.dice(position);
        let post = post(&dice.below(150).to_string(), Log::second(position));
        Record {
            id: post.id,
            position: Position(position),
            arrived: post.arrived,
            created: post.created,
            engagement: Engagement { likes: dice.below(1_000), ..Engagement::default() },
            text_hash: dice.below(2),
            deleted: false,
        }
    }
    /// Most posts descend from an earlier one, some name a brand.
    fn kin(self, position: u64) -> (Option<Tell>, Option<Ask>) {
        let mut dice = self.dice(position ^ 0xabcd);
        let mut post = post(&format!("k{position}"), Log::second(position));
        let arrived = post.arrived;
        let parent =
            Some(position % 8).filter(|place| *place > 0).map(|place| position - 1 - dice.below(place));
        post.repost_of = parent.map(|p| tocsin_laws::post(&format!("k{p}"), 0).id);
        let names: &[&str] = if dice.one_in(9) { &BRANDS[..1] } else { &[] };
        let child = matched(post, position, names);
        let took = child.mentions.iter().map(|m| Took { brand: m.brand.clone(), at: arrived }).collect();
        let tell = Tell { id: child.post.id.clone(), position: Position(position), took };
        let tell = Some(tell).filter(|tell| !tell.took.is_empty());
        (tell, parent.map(|_| Ask { parent: child.post.parent_id().unwrap().clone(), arrived, child }))
    }
    fn delta(self, brand: &str, first: u64, last: u64) -> Delta {
        let mut delta = Delta::new(subject(brand));
        for position in first..=last {
            let mut dice = self.dice(position ^ brand.len() as u64);
            let minute = Log::now(position - dice.below(position.min(400) + 1)).minute();
            let counts = Counts {
                posts: 1,
                negative: dice.below(1_000),
                top_gain: dice.below(99),
                ..Counts::default()
            };
            delta.minutes.entry(minute).or_default().add(&counts);
            let detail: &mut Detail = delta.details.entry(minute.hour()).or_default();
            detail.authors.insert(dice.below(300));
            detail.sources.add("weibo", 1, None);
        }
        delta
    }
}

fn subject(brand: &str) -> Subject {
    Subject::Brand(BrandId::new(brand).unwrap())
}

/// What a batch gave out.
type Given = (Vec<Sighting>, Vec<Gained>);

fn claims_and_kin<S: Claims + Kin>(state: &mut S, log: Log, first: u64, end: u64) -> Result<Given, Fault> {
    let records: Vec<Record> = (first..end).map(|p| log.record(p)).collect();
    let (tells, asks): (Vec<_>, Vec<_>) = (first..end).map(|p| log.kin(p)).unzip();
    let sightings = settle(state.claim(LANE, &records))?;
    let (tells, asks) = (tells.into_iter().flatten().collect(), asks.into_iter().flatten().collect());
    let mut gained = settle(state.meet(LANE, tells, asks, Log::now(first)))?;
    gained.iter_mut().for_each(|g| g.took.sort());
    gained.sort_by_key(|g| (g.child.position, g.child.post.id.clone(), g.took.clone()));
    Ok((sightings, gained))
}

/// A chain on Redis, and the undisturbed model beside it.
struct World {
    log: Log,
    servers: Servers,
    settings: Settings,
    state: LawState,
    model: MemoryState,
    /// What the chain's own commit has.
    committed: u64,
    /// Where its batches ended: each has a `now` of its own, as slices of data time have.
    ends: Vec<u64>,
    /// How long Redis's file was when each position was committed.
    lengths: BTreeMap<u64, u64>,
    /// The fence of each brand, as the chain knows it.
    seen: BTreeMap<&'static str, u64>,
    /// How often a lane was found to stand before its commit.
    fallen: u32,
}

impl World {
    fn file(&self) -> PathBuf {
        let folder =
            self.servers.folder().join(self.servers.address(0).port.to_string()).join("appendonlydir");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.to_string_lossy().ends_with(".incr.aof")).max().unwrap()
    }

    /// One batch, as often as it takes.
    fn batch(&mut self, size: u64) {
        let (first, end) = (self.committed, self.committed + size);
        let expected = claims_and_kin(&mut self.model, self.log, first, end).unwrap();
        for brand in BRANDS {
            let delta = self.log.delta(brand, first, end - 1);
            let (at, last) = (Position(first), Position(end - 1));
            settle(self.model.merge(LANE, Position(0), at, last, &delta, Log::now(end))).unwrap();
        }
        let mut tries = 0;
        let given = loop {
            match self.attempt(first, end) {
                Ok(given) => break given,
                Err(_) => self.rehearse(),
            }
            tries += 1;
            assert!(tries < 20, "Redis does not come back");
        };
        assert_eq!(given.0, expected.0, "I2: seed {}, from {first}", self.log.0);
        let took = |gained: &[Gained]| -> BTreeMap<_, Vec<Took>> {
            let mut all: BTreeMap<_, Vec<Took>> = BTreeMap::new();
            gained
                .iter()
                .for_each(|g| all.entry(g.child.post.id.clone()).or_default().extend(g.took.clone()));
            all
        };
        assert_eq!(took(&given.1), took(&expected.1), "I3: seed {}, from {first}", self.log.0);
        self.committed = end;
        self.ends.push(end);
        let state = self.state.0.clone();
        there(async move { state.committed(LANE, Position(end)).await });
        self.lengths.insert(end, std::fs::metadata(self.file()).unwrap().len());
    }

    fn attempt(&mut self, first: u64, end: u64) -> Result<Given, Fault> {
        let given = claims_and_kin(&mut self.state, self.log, first, end)?;
        let offer = |brand: &'static str| Offer {
            seen: Position(self.seen.get(brand).copied().unwrap_or(0)),
            first: Position(first),
            last: Position(end - 1),
            delta: self.log.delta(brand, first, end - 1),
            later: None,
        };
        let offers: Vec<Offer> = BRANDS.into_iter().map(offer).collect();
        for (brand, merged) in
            BRANDS.into_iter().zip(settle(self.state.merge_all(LANE, &offers, Log::now(end)))?)
        {
            match merged {
                Merged::Added(_) => {}
                Merged::AgainFrom(from) => self.offer(brand, from.0, end)?,
                Merged::Cut { .. } => panic!("no past is counted anew"),
                Merged::Lost => {
                    let why = "a brand is older than it was".into();
                    return Err(Fault::Unavailable {
                        peer: tocsin_flow::Peer::Store,
                        why,
                        retry_after: None,
                    });
                }
            }
            self.seen.insert(brand, end);
        }
        Ok(given)
    }

    /// Offers a brand's records until they are in.
    fn offer(&mut self, brand: &str, mut first: u64, end: u64) -> Result<(), Fault> {
        while first < end {
            let delta = self.log.delta(brand, first, end - 1);
            let (at, last) = (Position(first), Position(end - 1));
            match settle(self.state.merge(LANE, Position(0), at, last, &delta, Log::now(end)))? {
                Merged::AgainFrom(from) => first = from.0,
                Merged::Added(_) => return Ok(()),
                Merged::Lost | Merged::Cut { .. } => panic!("nothing was claimed to be known, or held"),
            }
        }
        Ok(())
    }

    /// What a chain does at an assignment, a new connection, another server, and whenever something fell. It
    /// goes on only when this is through.
    fn rehearse(&mut self) {
        let through = (0..20).any(|_| self.try_to_rehearse().is_ok());
        assert!(through, "Redis does not come back");
    }

    fn try_to_rehearse(&mut self) -> Result<(), Fault> {
        let committed = self.committed;
        let state = self.state.0.clone();
        let stands = there(async move {
            state.abandon(LANE).await;
            state.stands(LANE).await
        })?;
        self.fallen += u32::from(stands.0 < committed);
        for first in (stands.0..committed).step_by(7) {
            let end = (first + 7).min(committed);
            claims_and_kin(&mut self.state, self.log, first, end)?;
            let state = self.state.0.clone();
            there(async move { state.committed(LANE, Position(end)).await });
        }
        let safe = self.lengths.keys().next_back().copied().unwrap_or(0);
        for brand in BRANDS {
            let mut first = safe;
            for end in self.ends.clone().into_iter().filter(|end| *end > safe) {
                self.offer(brand, first, end)?;
                first = end;
            }
            self.seen.insert(brand, committed);
        }
        Ok(())
    }

    /// Redis dies, loses the end of its file, and comes again; now and then the chain dies with it.
    fn disaster(&mut self, dice: &mut Dice) {
        self.servers.tell("kill", 0, &[]);
        let file = std::fs::OpenOptions::new().write(true).open(self.file()).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len(length - dice.below(length.min(40_000))).unwrap();
        self.servers.tell("restart", 0, &[]);
        self.servers.tell("cli", 0, &["config", "set", "appendfsync", "always"]);
        // What is left of the file is what Redis must have: so much is safe.
        let length = std::fs::metadata(self.file()).unwrap().len();
        self.lengths.retain(|_, at| *at <= length);
        if dice.one_in(2) {
            self.state = Remote::plain(open(&self.settings).unwrap().state("chain"));
            self.rehearse();
        }
    }
}

#[test]
fn what_redis_forgot_is_made_again_to_the_digit() {
    let mut fallen = 0;
    for seed in 0..12 {
        let Some(servers) = Servers::start("start") else { return };
        // With a sync each second Redis writes up to two seconds late; here the file must tell what it has.
        servers.tell("cli", 0, &["config", "set", "appendfsync", "always"]);
        let settings = servers.one();
        let state = Remote::plain(open(&settings).unwrap().state("chain"));
        let model = Memory::default().state();
        let mut world = World {
            log: Log(seed),
            servers,
            settings,
            state,
            model,
            committed: 0,
            ends: Vec::new(),
            lengths: BTreeMap::new(),
            seen: BTreeMap::new(),
            fallen: 0,
        };
        let mut dice = Dice::new(seed);
        for _ in 0..30 {
            world.batch(1 + dice.below(25));
            if dice.one_in(6) {
                world.disaster(&mut dice);
            }
        }
        world.rehearse();
        let now = Log::now(world.committed + 400);
        for brand in BRANDS {
            let found = settle(world.state.history(&subject(brand), now)).unwrap();
            let expected = settle(world.model.history(&subject(brand), now)).unwrap();
            assert_eq!(found, expected, "I4: seed {seed}, {brand}");
            let found = settle(world.state.view(&subject(brand), now)).unwrap();
            let expected = settle(world.model.view(&subject(brand), now)).unwrap();
            assert_eq!(found, expected, "I4: seed {seed}, {brand}");
        }
        fallen += world.fallen;
    }
    assert!(fallen > 5, "Redis hardly ever lost anything: {fallen}");
}

#[test]
fn a_killed_redis_keeps_what_its_file_had() {
    let Some(servers) = Servers::start("start") else { return };
    let log = Log(7);
    let mut state = Remote::plain(open(&servers.one()).unwrap().state("chain"));
    let delta = log.delta(BRANDS[0], 0, 99);
    let merge = state.merge(LANE, Position(0), Position(0), Position(99), &delta, Log::now(100));
    assert!(matches!(settle(merge).unwrap(), Merged::Added(_)));
    let before = settle(state.view(&subject(BRANDS[0]), Log::now(100))).unwrap();
    // While the disk is busy Redis holds back for some seconds what it writes to its file.
    while !servers.tell("cli", 0, &["info", "persistence"]).contains("aof_buffer_length:0") {}
    servers.tell("kill", 0, &[]);
    let away = settle(state.view(&subject(BRANDS[0]), Log::now(100)));
    assert!(matches!(away, Err(Fault::Unavailable { .. })), "{away:?}");
    servers.tell("restart", 0, &[]);
    assert_eq!(settle(state.view(&subject(BRANDS[0]), Log::now(100))).unwrap(), before);
}

#[test]
fn a_brand_that_redis_forgot_is_said_to_be_lost() {
    let Some(servers) = Servers::start("start") else { return };
    let mut state = Remote::plain(open(&servers.one()).unwrap().state("chain"));
    let merge = |state: &mut LawState, seen, first, last| {
        let delta = Log(7).delta(BRANDS[0], first, last);
        settle(state.merge(LANE, Position(seen), Position(first), Position(last), &delta, Log::now(last)))
    };
    assert!(matches!(merge(&mut state, 0, 0, 99), Ok(Merged::Added(_))));
    servers.tell("cli", 0, &["flushall"]);
    assert_eq!(merge(&mut state, 100, 100, 199).unwrap(), Merged::Lost);
    // What was known here of its journal is no more.
    let all = merge(&mut state, 0, 0, 199);
    let Ok(Merged::Added(view)) = all else { panic!("{all:?}") };
    assert_eq!(view.last_hours(25).posts, 200);
}
