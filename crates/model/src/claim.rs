//! What is known of an id, and what the next record of it means.
//!
//! The rule of Claims (ARCHITECTURE.md, I2): the first record of an id is a post; another one within
//! 48 h of the last is an update, which counts no post, keeps the greatest value of each engagement
//! field and hands out the increase; after that the id is forgotten.

use crate::{ArrivalTime, Engagement, EventTime, Hour, Position, PostId, Sighting, Span, Timing, Update};

/// For how long after its last record an id is known.
pub(crate) const KNOWN: Span = Span::from_hours(48);

/// What a claim needs to know of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Whose.
    pub id: PostId,
    /// Its place in the lane.
    pub position: Position,
    /// When it was received.
    pub arrived: ArrivalTime,
    /// When it says that it was made.
    pub created: EventTime,
    /// As of this record.
    pub engagement: Engagement,
    /// A hash of the text: another one means that it was edited.
    pub text_hash: u64,
    /// It was taken down.
    pub deleted: bool,
}

/// What is kept of an id.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The place of the record that was first.
    pub first: Position,
    /// When the first record was received.
    pub first_arrived: ArrivalTime,
    /// The latest arrival of any record.
    pub last_arrived: ArrivalTime,
    /// The greatest values so far.
    pub engagement: Engagement,
    /// The text as last seen.
    pub text_hash: u64,
    /// It was seen taken down.
    pub deleted: bool,
    /// The hour (of arrival) of `gained`.
    pub gain_hour: Hour,
    /// Likes, reposts and comments gained in that hour.
    pub gained: u64,
}

impl Claim {
    /// Meets a record with what is known of its id: what the record means, and what is known from
    /// now on. The same first record again is first again, and changes nothing.
    pub fn meet(known: Option<&Claim>, record: &Record) -> (Sighting, Claim) {
        match known {
            Some(claim) if claim.first == record.position => {
                (Sighting::First(timing(record, false)), claim.clone())
            }
            Some(claim) if record.arrived.after(claim.last_arrived) <= KNOWN => claim.update(record),
            forgotten => {
                let claim = Claim {
                    first: record.position,
                    first_arrived: record.arrived,
                    last_arrived: record.arrived,
                    engagement: record.engagement,
                    text_hash: record.text_hash,
                    deleted: record.deleted,
                    gain_hour: record.arrived.hour(),
                    gained: 0,
                };
                (Sighting::First(timing(record, forgotten.is_some())), claim)
            }
        }
    }

    fn update(&self, record: &Record) -> (Sighting, Claim) {
        let gain = record.engagement.gain_over(self.engagement);
        let hour = record.arrived.hour();
        let before = if hour == self.gain_hour { self.gained } else { 0 };
        let gained = before.saturating_add(gain.acts());
        let update = Update {
            gain,
            gained_this_hour: gained,
            first_arrived: self.first_arrived,
            edited: record.text_hash != self.text_hash,
            taken_down: record.deleted && !self.deleted,
        };
        let claim = Claim {
            last_arrived: self.last_arrived.max(record.arrived),
            engagement: self.engagement.max(record.engagement),
            text_hash: record.text_hash,
            deleted: self.deleted || record.deleted,
            gain_hour: hour,
            gained,
            ..self.clone()
        };
        (Sighting::Update(update), claim)
    }

    /// As of `now` its id is known: its first record had come, and it is not forgotten.
    pub fn is_known(&self, now: ArrivalTime) -> bool {
        self.first_arrived <= now && !self.is_forgotten(now)
    }

    /// No record from `now` on can be an update of it.
    pub fn is_forgotten(&self, now: ArrivalTime) -> bool {
        now.after(self.last_arrived) > KNOWN
    }
}

/// How the dates of a first record are taken. A forgotten id that comes back has resurfaced.
fn timing(record: &Record, forgotten: bool) -> Timing {
    let age = record.arrived.since(record.created);
    if forgotten || age > KNOWN {
        Timing::Resurfaced
    } else if age < Span::from_millis(0) {
        Timing::FutureDated
    } else {
        Timing::AsStated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceId;

    fn record(position: u64, minute: i64, likes: u64) -> Record {
        let source = SourceId::new("weibo").unwrap();
        Record {
            id: PostId::new(source, "1").unwrap(),
            position: Position(position),
            arrived: ArrivalTime::from_millis(minute * 60_000),
            created: EventTime::from_millis(0),
            engagement: Engagement { likes, ..Engagement::default() },
            text_hash: 7,
            deleted: false,
        }
    }

    fn gains(records: &[Record]) -> Vec<Option<u64>> {
        let mut known = None;
        records
            .iter()
            .map(|r| {
                let (sighting, claim) = Claim::meet(known.as_ref(), r);
                known = Some(claim);
                match sighting {
                    Sighting::First(_) => None,
                    Sighting::Update(u) => Some(u.gain.likes),
                }
            })
            .collect()
    }

    #[test]
    fn what_a_post_carries_at_first_is_no_increase() {
        assert_eq!(gains(&[record(0, 1, 500), record(1, 2, 510)]), [None, Some(10)]);
    }

    #[test]
    fn a_repetition_or_a_lower_figure_gains_nothing() {
        let seen = [record(0, 1, 5), record(1, 2, 9), record(2, 3, 9), record(3, 4, 7), record(4, 5, 10)];
        assert_eq!(gains(&seen), [None, Some(4), Some(0), Some(0), Some(1)]);
    }

    #[test]
    fn the_first_record_offered_again_is_first_again() {
        assert_eq!(gains(&[record(0, 1, 5), record(0, 1, 5)]), [None, None]);
    }

    #[test]
    fn after_48_hours_of_nothing_the_id_is_new_and_has_resurfaced() {
        let day3 = 1 + 48 * 60 + 1;
        assert_eq!(gains(&[record(0, 1, 5), record(1, day3, 9)]), [None, None]);
        let (_, claim) = Claim::meet(None, &record(0, 1, 5));
        let (sighting, _) = Claim::meet(Some(&claim), &record(1, day3, 9));
        assert_eq!(sighting, Sighting::First(Timing::Resurfaced));
        let (sighting, _) = Claim::meet(Some(&claim), &record(1, day3 - 1, 9));
        assert!(matches!(sighting, Sighting::Update(_)), "exactly 48 h is still known");
    }

    #[test]
    fn gains_within_an_hour_of_arrival_add_up() {
        let mut known = None;
        let mut hour = vec![];
        for r in [record(0, 61, 0), record(1, 62, 3), record(2, 63, 5), record(3, 121, 6)] {
            let (sighting, claim) = Claim::meet(known.as_ref(), &r);
            known = Some(claim);
            if let Sighting::Update(u) = sighting {
                hour.push(u.gained_this_hour);
            }
        }
        assert_eq!(hour, [3, 5, 1]);
    }
}
