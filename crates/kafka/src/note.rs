//! What is written beside a committed position: where data time stands in the lane, and from where to rehearse.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use tocsin_model::{ArrivalTime, Position};

/// How long a commit must be past before the state it stands for is surely on a disk of Redis: its own file is
/// synced each second, and a replica that takes over lags by less.
const SURE_AFTER: Duration = Duration::from_secs(10);
/// How close together positions are remembered.
const STEP: Duration = Duration::from_secs(1);

/// The metadata of a committed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The greatest arrival of what is done in the lane.
    pub(crate) now: Option<ArrivalTime>,
    /// What stands before this position was committed at least ten seconds ago.
    pub(crate) safe: Position,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tocsin1 safe={}", self.safe.0)?;
        match self.now {
            Some(now) => write!(f, " now={}", now.millis()),
            None => Ok(()),
        }
    }
}

impl Note {
    /// The contrary of its text; none of what somebody else wrote.
    pub(crate) fn read(text: &str) -> Option<Note> {
        let mut words = text.split(' ');
        if words.next() != Some("tocsin1") {
            return None;
        }
        let mut note = Note { now: None, safe: Position(0) };
        for word in words {
            match word.split_once('=')? {
                ("safe", n) => note.safe = Position(n.parse().ok()?),
                ("now", n) => note.now = Some(ArrivalTime::from_millis(n.parse().ok()?)),
                _ => {}
            }
        }
        Some(note)
    }
}

/// The positions of the last ten seconds of commits in one lane.
#[derive(Clone, Debug)]
pub(crate) struct Safe {
    position: Position,
    unsure: VecDeque<(Duration, Position)>,
}

impl Safe {
    /// What stood in the note of the commit that the lane goes on from.
    pub(crate) fn since(position: Position) -> Safe {
        Safe { position, unsure: VecDeque::new() }
    }

    /// Everything before `to` was committed at `at`.
    pub(crate) fn committed(&mut self, at: Duration, to: Position) {
        if self.unsure.back().is_none_or(|(last, _)| at.saturating_sub(*last) >= STEP) {
            self.unsure.push_back((at, to));
        }
    }

    /// The position that is safe at `at`.
    pub(crate) fn at(&mut self, at: Duration) -> Position {
        while self.unsure.front().is_some_and(|(then, _)| at.saturating_sub(*then) >= SURE_AFTER) {
            let (_, position) = self.unsure.pop_front().expect("it is there");
            self.position = position;
        }
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_comes_back() {
        for now in
            [None, Some(ArrivalTime::from_millis(-5)), Some(ArrivalTime::from_millis(1_767_571_204_250))]
        {
            let note = Note { now, safe: Position(42) };
            assert_eq!(Note::read(&note.to_string()), Some(note));
        }
    }

    #[test]
    fn what_others_wrote_is_no_note() {
        for text in ["", "NONE", "tocsin1 safe=x", "tocsin1 safe", "{\"safe\":1}"] {
            assert_eq!(Note::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_position_is_safe_ten_seconds_after_its_commit() {
        let mut safe = Safe::since(Position(7));
        let second = |s: u64| Duration::from_secs(s);
        for s in 0..15 {
            safe.committed(second(s), Position(100 + s));
            safe.committed(second(s) + Duration::from_millis(20), Position(500 + s));
        }
        assert_eq!(safe.at(second(9)), Position(7));
        assert_eq!(safe.at(second(10)), Position(100));
        assert_eq!(safe.at(second(14)), Position(104));
        assert_eq!(safe.at(second(60)), Position(114));
    }
}
