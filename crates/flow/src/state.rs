//! What stages remember, kept by a carrier. Each verb works on a batch.
//!
//! On a carrier with one transaction (embedded) what is told here is kept with the next
//! [`Link::advance`](crate::Link::advance); on one without, each verb is safe to repeat.

use std::future::Future;

use tocsin_model::{
    ArrivalTime, Ask, Delta, Gained, History, Incident, Kind, Lane, Mark, Merged, Position, Post, PostId,
    Record, Sighting, SourceId, Subject, Tell, View,
};

use crate::Fault;

/// Which ids are known. Promise (I2): the same record offered again is first again; another record with
/// that id within 48 h of the last one (recorded arrival) is an update; after that the id is forgotten.
pub trait Claims: Send {
    /// Claims each record in order; the answers in the same order.
    fn claim(
        &mut self,
        lane: Lane,
        records: &[Record],
    ) -> impl Future<Output = Result<Vec<Sighting>, Fault>> + Send;

    /// The posts of these ids as first recorded, of those that are known as of `now`. They stand in evidence,
    /// never in a judgement: a carrier that cannot find a post by its id says none.
    fn posts(
        &mut self,
        ids: &[PostId],
        _now: ArrivalTime,
    ) -> impl Future<Output = Result<Vec<Option<Post>>, Fault>> + Send {
        let none = ids.iter().map(|_| None).collect();
        async move { Ok(none) }
    }
}

/// Who descends from whom. Promise (I3): [`tocsin_model::took_from`], through any number of steps, whatever
/// came first; an answer depends only on what was told and asked before it.
pub trait Kin: Send {
    /// Tells and asks, then answers: each child that gains brands by it, be it of this call or of an
    /// earlier one. A child comes back only with brands that it neither named nor gained before.
    /// What children gain is told on, through all steps. `now`: the greatest arrival seen; what can
    /// no longer be answered by it may be forgotten.
    fn meet(
        &mut self,
        lane: Lane,
        tells: Vec<Tell>,
        asks: Vec<Ask>,
        now: ArrivalTime,
    ) -> impl Future<Output = Result<Vec<Gained>, Fault>> + Send;
}

/// What the records `first..=last` of a lane add to a subject. `seen`: the fence that the caller knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Everything before it is in, as far as the caller knows.
    pub seen: Position,
    /// The first record that it holds.
    pub first: Position,
    /// The last one.
    pub last: Position,
    /// Whose, and what.
    pub delta: Delta,
    /// After [`Merged::Cut`]: the time, and what of it came then or later; `delta` is the rest.
    pub later: Option<(ArrivalTime, Delta)>,
}

/// The buckets. Promise (I4): each position of a lane counts once, however batches are cut, whoever offers
/// them and how often; lanes may interleave in any way, a lane goes forward only. Minutes are kept for
/// 48 h, evidence for 4 h, hours and origins for eight weeks and one hour, by data time: at most 200 KiB a brand. A subject's `first` is the minute of the earliest
/// `now` that it was merged with.
pub trait Windows: Send {
    /// Adds the records `first..=last` of a lane to a subject. `seen`: the fence that the caller knows.
    fn merge(
        &mut self,
        lane: Lane,
        seen: Position,
        first: Position,
        last: Position,
        delta: &Delta,
        now: ArrivalTime,
    ) -> impl Future<Output = Result<Merged, Fault>> + Send;

    /// Merges what records of one lane add to several subjects; the answers in the same order. As good as one
    /// merge after the other; over a network it is one round trip. A carrier that answers [`Merged::Cut`] takes an
    /// offer in two parts as one.
    fn merge_all(
        &mut self,
        lane: Lane,
        offers: &[Offer],
        now: ArrivalTime,
    ) -> impl Future<Output = Result<Vec<Merged>, Fault>> + Send {
        async move {
            let mut merged = Vec::with_capacity(offers.len());
            for Offer { seen, first, last, delta, later } in offers {
                debug_assert!(later.is_none(), "only a carrier that answers Cut is offered two parts");
                merged.push(self.merge(lane, *seen, *first, *last, delta, now).await?);
            }
            Ok(merged)
        }
    }

    /// A subject as of `now`.
    fn view(
        &mut self,
        subject: &Subject,
        now: ArrivalTime,
    ) -> impl Future<Output = Result<View, Fault>> + Send;

    /// A subject's complete hours before the one of `now`, eight weeks of them at most.
    fn history(
        &mut self,
        subject: &Subject,
        now: ArrivalTime,
    ) -> impl Future<Output = Result<History, Fault>> + Send;

    /// The sources that were ever merged into, sorted: a tick must ask each whether it has gone silent.
    fn sources(&mut self) -> impl Future<Output = Result<Vec<SourceId>, Fault>> + Send;

    /// Merges a mark by maximum.
    fn mark(
        &mut self,
        subject: &Subject,
        kind: Kind,
        mark: Mark,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The subjects that have a standing mark, sorted: those that a tick must judge.
    fn standing(&mut self) -> impl Future<Output = Result<Vec<Subject>, Fault>> + Send;
}

/// Whether a keep was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept.
    Yes,
    /// Somebody kept a later version: nothing was changed. Recall, and fold again.
    Stale,
}

/// The incidents. Promise (I5): a keep on a stale version fails and changes nothing; an input that is already
/// in changes nothing and its outputs are made again.
pub trait Casebook: Send {
    /// Open incidents of a subject and those that may be joined again, the latest first.
    fn recall(&mut self, subject: &Subject) -> impl Future<Output = Result<Vec<Incident>, Fault>> + Send;

    /// Keeps an incident if `version` is what is kept now (0: nothing is).
    fn keep(&mut self, incident: &Incident, version: u64)
    -> impl Future<Output = Result<Kept, Fault>> + Send;

    /// The subjects that have an incident which is not over, sorted: those that a tick must look at.
    fn open(&mut self) -> impl Future<Output = Result<Vec<Subject>, Fault>> + Send;
}
