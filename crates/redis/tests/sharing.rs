//! Several processes on one brand: each sees what the others added, through folds and hours that pass, and what
//! is not committed is nobody's business.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(unreachable_pub, dead_code, reason = "modules that several tests share")]

mod carrier;
mod servers;

use carrier::{LawState, open};
use servers::Servers;
use tocsin_flow::{Claims, Windows};
use tocsin_laws::{Carrier, Dice, Memory, Remote, post, settle, settle_there as there};
use tocsin_model::{
    ArrivalTime, BrandId, Counts, Delta, Detail, Engagement, Hour, Kind, Lane, Mark, Merged, Minute,
    Position, Record, Sighting, Subject,
};

fn brand() -> Subject {
    Subject::Brand(BrandId::new("山岚").unwrap())
}

fn state(servers: &Servers) -> LawState {
    Remote::plain(open(&servers.one()).unwrap().state("chain"))
}

fn commit(state: &LawState) {
    let state = state.0.clone();
    there(async move {
        state.committed(Lane(0), Position(0)).await;
        state.settle().await.unwrap();
    });
}

#[test]
fn whoever_asks_sees_what_all_have_added() {
    let Some(servers) = Servers::start("start") else { return };
    let mut processes = [state(&servers), state(&servers), state(&servers)];
    let mut model = Memory::default().state();
    let mut dice = Dice::new(3);
    let mut minute = 20_000_000;
    let mut next = [0u64; 3];
    for _ in 0..600 {
        minute += [0, 0, 0, 1, 2, 40][dice.below(6) as usize];
        let now = ArrivalTime::from_millis(minute * 60_000);
        let lane = dice.below(3) as usize;
        let mut delta = Delta::new(brand());
        // Some of them are late, up to a day.
        let at = Minute(minute - [0, 0, 3, 1_000][dice.below(4) as usize] - dice.below(400) as i64);
        delta.minutes.insert(at, Counts { posts: 1, negative: dice.below(1_000), ..Counts::default() });
        let mut detail = Detail::default();
        detail.authors.insert(dice.below(900));
        detail.sources.add("weibo", 1, None);
        delta.details.insert(Hour(at.hour().0), detail);
        let place = Position(next[lane]);
        next[lane] += 1;
        let lane = Lane(lane as u32);
        let process = &mut processes[dice.below(3) as usize];
        let added = settle(process.merge(lane, place, place, place, &delta, now)).unwrap();
        let expected = settle(model.merge(lane, place, place, place, &delta, now)).unwrap();
        assert_eq!(added, expected, "at minute {minute}");
    }
    let now = ArrivalTime::from_millis(minute * 60_000);
    let expected = settle(model.history(&brand(), now)).unwrap();
    for mut process in processes {
        assert_eq!(settle(process.history(&brand(), now)).unwrap(), expected);
    }
}

#[test]
fn a_mark_is_kept_with_the_commit_and_stands_until_it_is_cleared() {
    let Some(servers) = Servers::start("start") else { return };
    let (mut one, mut other) = (state(&servers), state(&servers));
    let now = ArrivalTime::from_millis(20_000_000 * 60_000);
    let mark = |since, cleared| Mark { since: Minute(since), cleared: Minute(cleared), ..Mark::default() };
    let seen = |state: &mut LawState| settle(state.view(&brand(), now)).unwrap().mark(Kind::Volume);

    settle(one.mark(&brand(), Kind::Volume, mark(5, 0))).unwrap();
    assert_eq!((seen(&mut one), seen(&mut other)), (mark(5, 0), Mark::default()));
    let abandoned = one.0.clone();
    there(async move { abandoned.abandon(Lane(0)).await });
    assert_eq!(seen(&mut one), Mark::default());

    settle(one.mark(&brand(), Kind::Volume, mark(7, 0))).unwrap();
    commit(&one);
    assert_eq!((seen(&mut one), seen(&mut other)), (mark(7, 0), mark(7, 0)));
    assert_eq!(settle(other.standing()).unwrap(), [brand()]);

    settle(other.mark(&brand(), Kind::Volume, mark(0, 9))).unwrap();
    commit(&other);
    assert_eq!(seen(&mut one), mark(7, 9));
    assert_eq!(settle(one.standing()).unwrap(), []);
}

#[test]
fn a_merge_that_is_offered_again_is_counted_once() {
    let Some(servers) = Servers::start("start") else { return };
    let now = ArrivalTime::from_millis(20_000_000 * 60_000);
    let mut delta = Delta::new(brand());
    delta.minutes.insert(now.minute(), Counts { posts: 10, ..Counts::default() });
    for mut process in [state(&servers), state(&servers)] {
        settle(process.merge(Lane(0), Position(0), Position(0), Position(9), &delta, now)).unwrap();
        let again = process.merge(Lane(0), Position(0), Position(0), Position(9), &delta, now);
        assert_eq!(settle(again).unwrap(), Merged::AgainFrom(Position(10)));
        assert_eq!(settle(process.view(&brand(), now)).unwrap().last_minutes(1).posts, 10);
    }
}

/// A record of a post, so many hours from the beginning.
fn record(id: u64, position: u64, hour: i64) -> Record {
    let post = post(&id.to_string(), hour * 3_600);
    Record {
        id: post.id,
        position: Position(position),
        arrived: post.arrived,
        created: post.created,
        engagement: Engagement::default(),
        text_hash: 0,
        deleted: false,
    }
}

#[test]
fn who_lost_a_lane_sweeps_nothing_that_the_new_owner_keeps() {
    let Some(servers) = Servers::start("start") else { return };
    let [mut old, mut new, mut third] = [state(&servers), state(&servers), state(&servers)];
    let claim = |state: &mut LawState, records: &[Record]| settle(state.claim(Lane(0), records)).unwrap();
    let commits = |state: &LawState, to: u64| {
        let state = state.0.clone();
        there(async move { state.committed(Lane(0), Position(to)).await });
    };
    let settles = |state: &LawState| {
        let state = state.0.clone();
        there(async move { state.settle().await })
    };
    let first: Vec<Record> = (0..32).map(|n| record(n, n, 0)).collect();
    claim(&mut old, &first);
    commits(&old, 32);
    settles(&old).unwrap();

    // Days later all of these are old to one that does not know yet that the lane is another's; to that one a post of
    // theirs has come back.
    claim(&mut old, &[record(99, 32, 60)]);
    commits(&old, 33);
    claim(&mut new, &[record(99, 32, 60), record(0, 33, 60)]);
    commits(&new, 34);
    settles(&new).unwrap();
    assert!(settles(&old).is_err(), "the lane stands elsewhere");

    let again = claim(&mut third, &[record(0, 34, 61)]);
    assert!(matches!(again[..], [Sighting::Update(_)]), "it is known: {again:?}");
}
