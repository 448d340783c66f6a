//! How records reach a stage and leave it.

use std::future::Future;
use std::time::Duration;

use tocsin_model::{
    ArrivalTime, Ask, Incident, Lane, Matched, Notice, Position, Rejected, Scored, Signal, Tell, Tokenized,
};

use crate::{Fault, Trace};

/// Some records of one lane, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<R> {
    /// Which lane.
    pub lane: Lane,
    /// The records with their places, strictly increasing.
    pub records: Vec<(Position, R)>,
}

impl<R> Batch<R> {
    /// The place after the last record.
    pub fn next(&self) -> Option<Position> {
        self.records.last().map(|(position, _)| position.next())
    }
}

/// A post as `posts.raw` has it.
#[derive(Clone, Debug, PartialEq)]
pub struct RawRecord {
    /// When it was received (in a replay: recorded as received).
    pub arrived: ArrivalTime,
    /// One post as JSON.
    pub json: Vec<u8>,
}

/// What a step gives out, by topic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    /// To `posts.matched`.
    pub matched: Vec<Matched>,
    /// To `posts.kin`, in the lane of the post that took brands.
    pub tells: Vec<Tell>,
    /// To `posts.kin`, in the lane of the parent.
    pub asks: Vec<Ask>,
    /// To `posts.tokenized`.
    pub tokenized: Vec<Tokenized>,
    /// To `posts.scored`.
    pub scored: Vec<Scored>,
    /// To `signals`.
    pub signals: Vec<Signal>,
    /// To `incidents`: the latest state of each that changed.
    pub incidents: Vec<Incident>,
    /// To `notices`.
    pub notices: Vec<Notice>,
    /// To `rejected`.
    pub rejected: Vec<Rejected>,
}

/// A way in and out of a stage. Promise (I1): advance is all or nothing. After a crash anywhere, what a
/// downstream reader sees is as if each record had been processed exactly once.
///
/// A link may serve several lanes: each batch is of one, and [`Link::position`] and [`Link::advance`] speak of
/// the lane of the batch that was fetched last. It may commit several batches at once and later than their
/// advance; what then fails is told by the next verb, and all that was not kept comes again.
pub trait Link: Send {
    /// What comes in.
    type Record: Send;

    /// The next records, at most `max`; none after `wait`.
    ///
    /// # Errors
    /// [`Fault::Unavailable`]: the caller waits and asks again; it gets the same records.
    fn fetch(
        &mut self,
        max: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Batch<Self::Record>, Fault>> + Send;

    /// Whether what was fetched last is committed and comes again for the sake of the state seams, which may have
    /// forgotten it. What is made of it is not given out.
    fn rehearses(&self) -> bool {
        false
    }

    /// The traces that the records fetched last came with, in their order; of many only the first ones.
    fn traces(&self) -> &[Trace] {
        &[]
    }

    /// The first position that is not done.
    fn position(&self) -> Position;

    /// The greatest arrival of what is done: where data time stands. None before the first.
    fn now(&self) -> Option<ArrivalTime>;

    /// Commits: everything before `to` is done, the outputs are out, and what the state seams of the
    /// same carrier were told since the last advance is kept.
    ///
    /// # Errors
    /// [`Fault::Unavailable`]: nothing of it happened; the records come again.
    fn advance(&mut self, to: Position, outputs: Outputs) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Forgets what the state seams were told since the last advance; the records come again.
    fn abandon(&mut self) -> impl Future<Output = Result<(), Fault>> + Send;
}
