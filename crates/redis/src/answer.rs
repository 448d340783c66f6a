//! What `offer.lua` answers.

use redis::Value;
use tocsin_flow::Fault;
use tocsin_model::{ArrivalTime, Minute, Position, Subject};

use crate::journal::{Anew, read_marks};
use crate::reply::{broken, bytes, list, number, rows, text};
use crate::room::{Place, Root};

const WHAT: &str = "the answer to a merge";

/// What came of an offer, or of a look.
pub(crate) enum Answer {
    /// Positions before this one were counted before; nothing was changed.
    AgainFrom(Position),
    /// Some of it came before a past was counted anew, or is, and some later; nothing was changed.
    Cut(Anew),
    /// The fence is lower than the caller has seen it; nothing was changed.
    Lost,
    /// Where the journal begins, and what others added behind the place that the caller knows.
    More { base: u64, others: Vec<Vec<u8>> },
    /// The place that the caller knows is no more.
    Stale,
    /// All of it: the caller knew nothing.
    Whole(Box<Whole>),
}

/// A subject as Redis has it.
pub(crate) struct Whole {
    pub(crate) root: Root,
    /// What is not folded, but for what the caller itself adds.
    pub(crate) others: Vec<Vec<u8>>,
    /// The rows that were asked for.
    pub(crate) rows: Vec<Option<Vec<u8>>>,
}

impl Answer {
    pub(crate) fn read(subject: &Subject, answer: Value) -> Result<Answer, Fault> {
        let mut parts = list(answer, WHAT)?.into_iter();
        let mut part = || parts.next().unwrap_or(Value::Nil);
        Ok(match text(part(), WHAT)?.as_str() {
            "again" => Answer::AgainFrom(Position(number(part(), WHAT)?)),
            "cut" => {
                let anew = Anew {
                    until: read_millis(&text(part(), WHAT)?),
                    held: read_millis(&text(part(), WHAT)?),
                };
                Answer::Cut(anew)
            }
            "lost" => Answer::Lost,
            "more" => Answer::More { base: number(part(), WHAT)?, others: entries(part())? },
            "stale" => Answer::Stale,
            "whole" => {
                let base = Place { count: number(part(), WHAT)?, stamp: bytes(part(), WHAT)? };
                let first = text(part(), WHAT)?.parse().ok().map(Minute);
                let marks = read_marks(subject, &bytes(part(), WHAT)?)?;
                let anew = Anew {
                    until: read_millis(&text(part(), WHAT)?),
                    held: read_millis(&text(part(), WHAT)?),
                };
                let root = Root { base, first, marks, anew };
                Answer::Whole(Box::new(Whole { root, others: entries(part())?, rows: rows(part(), WHAT)? }))
            }
            other => return Err(broken(WHAT, other)),
        })
    }
}

pub(crate) fn read_millis(text: &str) -> Option<ArrivalTime> {
    text.parse().ok().map(ArrivalTime::from_millis)
}

fn entries(answer: Value) -> Result<Vec<Vec<u8>>, Fault> {
    list(answer, WHAT)?.into_iter().map(|entry| bytes(entry, WHAT)).collect()
}
