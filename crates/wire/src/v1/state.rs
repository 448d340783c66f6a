//! What a carrier remembers of subjects, as it moves to another: one row a line. Small things are JSON, buckets are
//! the bytes that stores hold, in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tocsin_model::{
    ArrivalTime, Counts, Day, DayCounts, Detail, Hour, Incident, Kind, Mark, Minute, Subject,
};

use super::One;
use super::incident::IncidentV1;
use super::names::{KindV1, SubjectV1};
use crate::{Unreadable, packed};

const WHAT: &str = "row of state";

/// One row of what a carrier remembers.
#[derive(Clone, Debug, PartialEq)]
pub enum StateRow {
    /// Where data time stands.
    Now(ArrivalTime),
    /// The minute of data time in which a subject was first counted.
    First(Subject, Minute),
    /// A minute.
    Minute(Subject, Minute, Counts),
    /// A day of hours.
    Day(Subject, Day, Box<DayCounts>),
    /// What stands in evidence of an hour.
    Evidence(Subject, Hour, Box<Detail>),
    /// What the judge remembers.
    Mark(Subject, Kind, Mark),
    /// An incident.
    Incident(Box<Incident>),
}

/// The same on the wire.
#[derive(Serialize, Deserialize)]
struct RowV1 {
    v: One,
    #[serde(flatten)]
    row: Shape,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
enum Shape {
    /// In milliseconds since 1970.
    Now {
        at: i64,
    },
    First {
        subject: SubjectV1,
        at: i64,
    },
    Minute {
        subject: SubjectV1,
        at: i64,
        bytes: String,
    },
    Day {
        subject: SubjectV1,
        at: i64,
        bytes: String,
    },
    Evidence {
        subject: SubjectV1,
        at: i64,
        bytes: String,
    },
    Mark {
        subject: SubjectV1,
        kind: KindV1,
        bytes: String,
    },
    Incident {
        incident: Box<IncidentV1>,
    },
}

/// A row as one line of JSON, without its end.
pub fn write_state_row(row: &StateRow) -> Vec<u8> {
    let base64 = |bytes: Vec<u8>| STANDARD.encode(bytes);
    let row = match row {
        StateRow::Now(at) => Shape::Now { at: at.millis() },
        StateRow::First(subject, minute) => Shape::First { subject: subject.into(), at: minute.0 },
        StateRow::Minute(subject, minute, counts) => Shape::Minute {
            subject: subject.into(),
            at: minute.0,
            bytes: base64(packed::write_counts(counts)),
        },
        StateRow::Day(subject, day, counts) => {
            Shape::Day { subject: subject.into(), at: day.0, bytes: base64(packed::write_day(counts)) }
        }
        StateRow::Evidence(subject, hour, detail) => Shape::Evidence {
            subject: subject.into(),
            at: hour.0,
            bytes: base64(packed::write_detail(detail)),
        },
        StateRow::Mark(subject, kind, mark) => Shape::Mark {
            subject: subject.into(),
            kind: (*kind).into(),
            bytes: base64(packed::write_mark(mark)),
        },
        StateRow::Incident(incident) => Shape::Incident { incident: Box::new(IncidentV1::from(&**incident)) },
    };
    super::json(&RowV1 { v: One, row })
}

/// The contrary of [`write_state_row`].
///
/// # Errors
/// A line that it did not write, or a newer version did.
pub fn read_state_row(json: &[u8]) -> Result<StateRow, Unreadable> {
    let shape: RowV1 = super::shape(WHAT, json)?;
    let wrong = |why: String| Unreadable::new(WHAT, why);
    let subject = |subject: SubjectV1| Subject::try_from(subject).map_err(wrong);
    let bytes = |text: String| STANDARD.decode(text).map_err(|why| wrong(format!("its bytes: {why}")));
    Ok(match shape.row {
        Shape::Now { at } => StateRow::Now(ArrivalTime::from_millis(at)),
        Shape::First { subject: s, at } => StateRow::First(subject(s)?, Minute(at)),
        Shape::Minute { subject: s, at, bytes: b } => {
            StateRow::Minute(subject(s)?, Minute(at), packed::read_counts(&bytes(b)?)?)
        }
        Shape::Day { subject: s, at, bytes: b } => {
            StateRow::Day(subject(s)?, Day(at), Box::new(packed::read_day(&bytes(b)?)?))
        }
        Shape::Evidence { subject: s, at, bytes: b } => {
            StateRow::Evidence(subject(s)?, Hour(at), Box::new(packed::read_detail(&bytes(b)?)?))
        }
        Shape::Mark { subject: s, kind, bytes: b } => {
            StateRow::Mark(subject(s)?, kind.into(), packed::read_mark(&bytes(b)?)?)
        }
        Shape::Incident { incident } => {
            StateRow::Incident(Box::new(Incident::try_from(*incident).map_err(wrong)?))
        }
    })
}

#[cfg(test)]
mod tests {
    use tocsin_model::{BrandId, SourceId};

    use super::*;

    fn rows() -> Vec<StateRow> {
        let brand = Subject::Brand(BrandId::new("山岚").unwrap());
        let source = Subject::Source(SourceId::new("weibo").unwrap());
        let counts = Counts { posts: 7, heard: 6, ..Counts::default() };
        let mut day = DayCounts::default();
        day.hours[5] = counts;
        // As long as lists were when it was written.
        day.origins.names = tocsin_model::TopList::new(32);
        day.origins.names.add("weibo", 7, None);
        let mut detail = Detail::default();
        detail.authors.insert(7);
        detail.roots.add("weibo/1", 3, Some("weibo\tu1\t小林"));
        let mark = Mark { since: Minute(3), signalled: Minute(4), ..Mark::default() };
        let golden = include_str!("../../tests/golden/incident-v1.json");
        let incidents: Vec<serde_json::Value> = serde_json::from_str(golden).unwrap();
        let incident = crate::read_incident(incidents[0].to_string().as_bytes()).unwrap();
        vec![
            StateRow::Now(ArrivalTime::from_millis(-5)),
            StateRow::First(source, Minute(9)),
            StateRow::Minute(brand.clone(), Minute(29_459_521), counts),
            StateRow::Day(brand.clone(), Day(20_000), Box::new(day)),
            StateRow::Evidence(brand.clone(), Hour(480_000), Box::new(detail)),
            StateRow::Mark(brand, Kind::Negative, mark),
            StateRow::Incident(Box::new(incident)),
        ]
    }

    #[test]
    fn every_row_comes_back_from_its_line() {
        for row in rows() {
            let line = write_state_row(&row);
            assert!(!line.contains(&b'\n'));
            assert_eq!(read_state_row(&line).unwrap(), row);
        }
    }

    #[test]
    fn a_row_of_a_newer_version_is_named_as_such() {
        let newer = br#"{"v":2,"row":"now","at":5}"#;
        assert!(read_state_row(newer).unwrap_err().to_string().contains("version 2"));
        assert!(
            read_state_row(br#"{"v":1,"row":"minute","subject":{"brand":"b"},"at":5,"bytes":"?"}"#).is_err()
        );
    }

    #[test]
    fn rows_of_version_1_are_read_for_ever() {
        let golden = include_str!("../../tests/golden/state-v1.jsonl");
        let read: Vec<StateRow> = golden.lines().map(|l| read_state_row(l.as_bytes()).unwrap()).collect();
        assert_eq!(read, rows()[..6], "the shape of an incident has its own file");
    }
}
