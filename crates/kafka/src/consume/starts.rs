//! Where a lane begins: by what its group has committed, by what the log still has, and by what the state counted.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use tocsin_flow::Fault;
use tocsin_model::{Lane, Position};
use tracing::warn;

use super::{ANSWER, EMPTY_OR_MADE_AGAIN, Seat, position};
use crate::fault::{self, wrong};
use crate::member::{Memory, Missing};
use crate::note::{Note, Safe};
use crate::round::Held;

const NO_POSITION: &str = "a position to go on from; Kafka forgets it with the topic or the group. If the topic was \
    made again: tocsin state fences --drop TOPIC. If only the group was deleted: start with --seek-to-fences";

/// Where a lane begins.
pub(super) struct Start {
    pub(super) lane: Lane,
    pub(super) from: Position,
    done: Position,
    note: Note,
    /// What the state is sure to have.
    sure: Position,
}

impl Seat {
    /// Where lanes begin, from what the group has committed.
    pub(super) fn starts(&self, consumer: &BaseConsumer<Seat>, lanes: &[Lane]) -> Result<Vec<Start>, Fault> {
        if lanes.is_empty() {
            return Ok(Vec::new());
        }
        let mut asked = TopicPartitionList::new();
        for lane in lanes {
            asked.add_partition(&self.topic, lane.0 as i32);
        }
        let doing = format!("asking where {} stands", self.topic);
        let committed = consumer.committed_offsets(asked, ANSWER).map_err(|e| fault::of(&e, &doing))?;
        let mut starts = Vec::new();
        for element in committed.elements() {
            element.error().map_err(|e| fault::of(&e, &doing))?;
            let lane = Lane(element.partition() as u32);
            let (low, high) = consumer
                .fetch_watermarks(&self.topic, element.partition(), ANSWER)
                .map_err(|e| fault::of(&e, &doing))?;
            let at = match (element.offset(), self.group.missing) {
                (Offset::Offset(offset), _) => Some((position(offset), Note::read(element.metadata()))),
                (_, Missing::Latest(span)) => {
                    let latest = self.latest(consumer, element.partition(), span)?;
                    Some((latest.unwrap_or(position(high)), None))
                }
                _ => None,
            };
            let fence = match &self.group.fences {
                Some(fences) => self.runtime.block_on(fences.highest(lane))?,
                None => None,
            };
            starts.push(self.start(lane, at, (position(low), position(high)), fence)?);
        }
        Ok(starts)
    }

    /// The first record that was written in the last `span`, if there is one.
    fn latest(
        &self,
        consumer: &BaseConsumer<Seat>,
        partition: i32,
        span: Duration,
    ) -> Result<Option<Position>, Fault> {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let since = self.shared.room.clock.now().millis().saturating_sub(span).max(0);
        let doing = format!("asking where {} stood", self.topic);
        let mut times = TopicPartitionList::new();
        let asked = times.add_partition_offset(&self.topic, partition, Offset::Offset(since));
        let found = asked.and_then(|()| consumer.offsets_for_times(times, ANSWER));
        let found = found.map_err(|e| fault::of(&e, &doing))?;
        Ok(found.elements().first().and_then(|element| match element.offset() {
            Offset::Offset(offset) => Some(position(offset)),
            _ => None,
        }))
    }

    /// Where one lane begins. `at`: what the group has committed; `log`: the first record there is, and the place
    /// after the last; `fence`: the place after the last record that the state has of this lane.
    fn start(
        &self,
        lane: Lane,
        at: Option<(Position, Option<Note>)>,
        (low, high): (Position, Position),
        fence: Option<Position>,
    ) -> Result<Start, Fault> {
        let what = format!("lane {} of {}", lane.0, self.topic);
        let (done, note) = match (at, fence) {
            (Some((done, note)), _) => (done, note),
            (None, None) => (low, None),
            (None, Some(fence)) if self.group.missing == Missing::SeekToFences => (fence, None),
            (None, Some(fence)) => {
                return Err(wrong(
                    what,
                    format!("counted up to {} and has no position in its group", fence.0),
                    NO_POSITION.replace("TOPIC", &self.topic),
                ));
            }
        };
        if done > high {
            return Err(wrong(
                what,
                format!("to go on at {} and ends at {}", done.0, high.0),
                EMPTY_OR_MADE_AGAIN.replace("TOPIC", &self.topic),
            ));
        }
        if done < low {
            warn!(
                lane = lane.0,
                topic = self.topic,
                lost = low.0 - done.0,
                "retention was faster than we were"
            );
        }
        let done = done.max(low);
        let sure = note.map_or(Position(0), |note| note.safe);
        let note = note.unwrap_or(Note { now: None, safe: done });
        let from = match self.group.memory {
            Memory::Redis => note.safe.clamp(low, done),
            Memory::Nothing => done,
        };
        Ok(Start { lane, from, done, note, sure })
    }
}

impl Held {
    pub(super) fn begin(&mut self, start: &Start) {
        self.done = start.done;
        self.now = self.now.max(start.note.now);
        self.safe = Safe::since(start.note.safe);
        self.sure = start.sure;
    }
}
