//! What goes by age, in data time: so a replay forgets as a live system does.
//!
//! A little with each commit: never a pause, and what is due is gone within the hour.

use tocsin_flow::Fault;
use tocsin_model::{ArrivalTime, HISTORY_HOURS, Hour, Span};

use crate::layout::{Key, Space, number_at, signed_at};
use crate::tx::{Disk, Tx, after_prefix, broken_row};

/// Rows forgotten with one commit at most.
const ROWS_MAX: usize = 10_000;
/// An id is known for 48 h; another hour for records that overtake each other.
const CLAIMS_HOURS: i64 = 49;
/// A parent answers for 48 h after it was last looked at; another hour as above.
const TAKEN_HOURS: i64 = 49;
/// An ask waits for 30 min; the rest for records that overtake each other.
const ASKS_HOURS: i64 = 2;
/// Minutes are needed for 48 h.
const MINUTES_HOURS: i64 = 50;
/// Evidence is shown of three hours; it is the greatest part of what a brand takes up.
const EVIDENCE_HOURS: i64 = 4;

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Raw posts, by arrival; at least 72 h.
    pub posts: Span,
    /// Rejected records.
    pub rejected: Span,
    /// Hour buckets and signals, by event time.
    pub counts: Span,
    /// Incidents that are over.
    pub incidents: Span,
}

impl Default for Keep {
    fn default() -> Keep {
        Keep {
            posts: Span::from_hours(7 * 24),
            rejected: Span::from_hours(7 * 24),
            counts: Span::from_hours(HISTORY_HOURS as i64 + 1),
            incidents: Span::from_hours(2 * 365 * 24),
        }
    }
}

/// Where the forgetting stands.
#[derive(Default)]
pub(crate) struct Forgetter {
    keep: Keep,
    done: Option<Hour>,
}

impl Forgetter {
    pub(crate) fn new(keep: Keep) -> Forgetter {
        Forgetter { keep, done: None }
    }

    /// Forgets what is due at `now`, at most [`ROWS_MAX`] rows; the rest with the next commit.
    pub(crate) fn forget(&mut self, disk: &Disk, tx: &mut Tx, now: ArrivalTime) -> Result<(), Fault> {
        if self.done.is_some_and(|hour| hour >= now.hour()) {
            return Ok(());
        }
        let mut left = ROWS_MAX;
        let hour = |span: Span| now.minus(span).hour().0;
        let aged = |table: u8, hour: i64| (Key::of(table).bytes(), Key::of(table).signed(hour).bytes());
        let millis = |table: u8, span: Span| {
            (Key::of(table).bytes(), Key::of(table).signed(now.minus(span).millis()).bytes())
        };
        for (space, (from, to)) in [
            (Space::Windows, aged(b'm', (now.hour().0 - MINUTES_HOURS) * 60)),
            (Space::Windows, aged(b'e', now.hour().0 - EVIDENCE_HOURS)),
            (Space::Windows, aged(b'h', Hour(hour(self.keep.counts)).day().0)),
            (Space::Cases, millis(b's', self.keep.counts)),
            (Space::Cases, millis(b'i', self.keep.incidents)),
        ] {
            for (key, _) in disk.range(space, &from, &to, left)? {
                tx.remove(space, key);
                left -= 1;
            }
        }
        for (space, index, hours) in [
            (Space::Claims, b'x', CLAIMS_HOURS),
            (Space::Kin, b'x', TAKEN_HOURS),
            (Space::Kin, b'y', ASKS_HOURS),
        ] {
            left -= forget_by_index(disk, tx, space, index, now.hour().0 - hours, left)?;
        }
        left -= forget_head(disk, tx, Space::Log, now.minus(self.keep.posts), left)?;
        left -= forget_head(disk, tx, Space::Rejected, now.minus(self.keep.rejected), left)?;
        if left > 0 {
            self.done = Some(now.hour());
        }
        Ok(())
    }
}

/// Index rows `index hour key`: the row of that key goes if it was not looked at since.
fn forget_by_index(
    disk: &Disk,
    tx: &mut Tx,
    space: Space,
    index: u8,
    before: i64,
    max: usize,
) -> Result<usize, Fault> {
    let rows = disk.range(space, &[index], &Key::of(index).signed(before).bytes(), max)?;
    let forgotten = rows.len();
    for (index, _) in rows {
        let hour = signed_at(&index, 1).unwrap_or(before);
        let key = index[9..].to_vec();
        if let Some(row) = tx.get(disk, space, &key)?
            && last_hour(space, &key, &row)? <= hour
        {
            tx.remove(space, key);
        }
        tx.remove(space, index);
    }
    Ok(forgotten)
}

/// The hour in which a claim or a kin row was last looked at.
fn last_hour(space: Space, key: &[u8], row: &[u8]) -> Result<i64, Fault> {
    match (space, key.first()) {
        (Space::Claims, _) => {
            let claim = tocsin_wire::read_claim(row).map_err(|e| broken_row(space, e))?;
            Ok(claim.last_arrived.hour().0)
        }
        (_, Some(b't')) => Ok(number_at(row, 0).map_or(i64::MIN, |h| h as i64)),
        _ => Ok(i64::MIN),
    }
}

/// Rows at the head of a space whose arrival (their first eight bytes) was before `before`. Arrivals may
/// overtake each other a little; the first row that must stay ends the round.
fn forget_head(
    disk: &Disk,
    tx: &mut Tx,
    space: Space,
    before: ArrivalTime,
    max: usize,
) -> Result<usize, Fault> {
    // Rows are dropped in rounds, so that their values are read only as far as they go.
    let mut forgotten = 0;
    let mut from = vec![0u8];
    while forgotten < max {
        let rows = disk.range(space, &from, &after_prefix(&[u8::MAX]), 256)?;
        let ended = rows.len() < 256;
        for (key, value) in rows {
            if number_at(&value, 0).is_none_or(|at| at as i64 >= before.millis()) {
                return Ok(forgotten);
            }
            from = [key.as_slice(), &[0]].concat();
            tx.remove(space, key);
            forgotten += 1;
        }
        if ended {
            break;
        }
    }
    Ok(forgotten.min(max))
}
