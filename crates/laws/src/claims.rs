//! I2: the first record of an id is a post, later ones are updates, and nothing is handed out twice.

use tocsin_flow::{Arrivals, Claims, Link, Outputs};
use tocsin_model::{Engagement, Lane, Position, Record, Sighting};

use crate::{Carrier, Dice, arrival, post, settle};

fn record(id: &str, position: u64, second: i64, likes: u64) -> Record {
    let post = post(id, second);
    Record {
        id: post.id,
        position: Position(position),
        arrived: post.arrived,
        created: post.created,
        engagement: Engagement { likes, ..Engagement::default() },
        text_hash: 1,
        deleted: false,
    }
}

/// `F` for a first sighting, the likes gained for an update.
fn heard(sightings: &[Sighting]) -> Vec<String> {
    let letter = |s: &Sighting| match s {
        Sighting::First(_) => "F".to_owned(),
        Sighting::Update(update) => update.gain.likes.to_string(),
    };
    sightings.iter().map(letter).collect()
}

pub(crate) fn all<C: Carrier>(fresh: &impl Fn() -> C) {
    let carrier = fresh();
    let mut state = carrier.state();
    let records =
        [record("a", 0, 10, 5), record("b", 1, 11, 0), record("a", 2, 12, 9), record("a", 3, 13, 8)];
    let first = settle(state.claim(Lane(0), &records)).expect("claims");
    assert_eq!(heard(&first), ["F", "F", "4", "0"], "I2: an increase is handed out once");
    let again = settle(state.claim(Lane(0), &records[..1])).expect("claims");
    assert_eq!(heard(&again), ["F"], "I2: the same record offered again is first again");
}

/// Claims in random batches, with crashes before and after an advance: what was advanced counts, and the sum
/// of what is handed out is what a plain count gives.
pub(crate) fn any_crash_any_cut<C: Carrier>(fresh: &impl Fn() -> C, seed: u64) {
    let mut dice = Dice::new(seed);
    let records: Vec<Record> =
        (0..60).map(|p| record(&dice.below(12).to_string(), p, p as i64 * 60, dice.below(100))).collect();
    let expected = plain(&records);
    let mut carrier = fresh();
    let posts = records.iter().map(|r| arrival(&post(r.id.as_str(), r.arrived.millis() / 1_000))).collect();
    carrier.take(Arrivals { posts, ..Arrivals::default() });
    let (mut firsts, mut likes) = (0, 0);
    loop {
        let (mut link, mut state) = (carrier.link(), carrier.state());
        let max = 1 + dice.below(9) as usize;
        let batch = settle(link.fetch(max, std::time::Duration::ZERO)).expect("a batch");
        let Some(next) = batch.next() else { break };
        let positions = batch.records.iter().map(|(p, _)| p.0 as usize);
        let offered: Vec<Record> = positions.map(|p| records[p].clone()).collect();
        let sightings = settle(state.claim(Lane(0), &offered)).expect("claims");
        match dice.below(4) {
            0 => {
                drop((link, state));
                carrier = carrier.crash();
            }
            1 => settle(link.abandon()).expect("abandoned"),
            _ => {
                settle(link.advance(next, Outputs::default())).expect("advanced");
                for sighting in sightings {
                    match sighting {
                        Sighting::First(_) => firsts += 1,
                        Sighting::Update(update) => likes += update.gain.likes,
                    }
                }
                if dice.one_in(4) {
                    drop((link, state));
                    carrier = carrier.crash();
                }
            }
        }
    }
    assert_eq!((firsts, likes), expected, "I2: seed {seed}");
}

/// First sightings, and likes gained beyond the first and the greatest so far.
fn plain(records: &[Record]) -> (u64, u64) {
    let mut greatest = std::collections::HashMap::new();
    let mut likes = 0;
    for r in records {
        match greatest.get_mut(r.id.as_str()) {
            None => {
                greatest.insert(r.id.as_str().to_owned(), r.engagement.likes);
            }
            Some(best) => {
                likes += r.engagement.likes.saturating_sub(*best);
                *best = r.engagement.likes.max(*best);
            }
        }
    }
    (greatest.len() as u64, likes)
}
