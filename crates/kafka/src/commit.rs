//! The thread with the transactions: begin, produce, send positions, commit. Its calls block.

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::{ClientContext, Offset};
use tocsin_flow::Fault;
use tokio::sync::mpsc;
use tracing::{debug, warn};

use crate::brokers::{Brokers, Limits};
use crate::fault::{self, Listener, again, away};
use crate::headers;
use crate::member::Outgoing;
use crate::round::{Commit, Part, Shared};
use crate::topics::{RECORD_BYTES_MAX, Topic};

/// Rounds that were made while a commit was at work and go into the next one together, at most. One by one, a
/// busy machine spent its time on waiting for answers: it did a third of what this does.
pub(crate) const TOGETHER_MAX: usize = 2;
/// How long one blocking call of the client may take before it is tried again.
const CALL: Duration = Duration::from_secs(2);
/// How long a wait for deliveries lasts before the next look.
const NAP: Duration = Duration::from_micros(200);
/// So many clients may be left behind in a call, each with some threads, before the process must start again.
const LEFT_MAX: usize = 8;

/// Commits rounds until no more can come.
pub(crate) struct Committer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) settings: ClientConfig,
    pub(crate) limits: Limits,
    /// `/tocsin/score`: who makes the records.
    pub(crate) source: String,
    pub(crate) topic: String,
    /// The full names of the topics, in the order of [`crate::TOPICS`].
    pub(crate) names: Vec<String>,
    pub(crate) producer: Option<Arc<BaseProducer<Outbox>>>,
    /// Those that did not come back from [`Committer::place`].
    pub(crate) left: Vec<Weak<BaseProducer<Outbox>>>,
}

/// What the client calls back.
#[derive(Default)]
pub(crate) struct Outbox {
    listener: Listener,
}

impl ClientContext for Outbox {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, text: &str) {
        self.listener.log(level, facility, text);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.listener.error(error, reason);
    }
}

impl ProducerContext for Outbox {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        // A record that cannot be delivered makes its transaction fail, which is where it is dealt with.
        if let Err((error, _)) = result {
            debug!(%error, "a record was not delivered");
        }
    }
}

/// What every producer of a stage is set to. The id is fresh for each process: whoever had the lanes before is
/// fenced by the group's generation (KIP-447), not by a name.
pub(crate) fn settings(brokers: &Brokers, group: &str) -> Result<ClientConfig, Fault> {
    let mut fresh = [0_u8; 8];
    getrandom::fill(&mut fresh).map_err(|e| away(format!("no chance to be had: {e}")))?;
    let mut client = brokers.client();
    client
        .set("transactional.id", brokers.named(&format!("{group}-{:016x}", u64::from_be_bytes(fresh))))
        .set("transaction.timeout.ms", brokers.limits.transaction.as_millis().to_string())
        // The broker says "not yet" while it still writes the end of the transaction before: with the default of
        // 100 ms that was the time of nearly every commit under load.
        .set("retry.backoff.ms", "2")
        .set("retry.backoff.max.ms", "500")
        // Only what was not delivered is reported: the rest is known by its absence from what is in flight.
        .set("delivery.report.only.error", "true");
    producing(&mut client);
    Ok(client)
}

/// What every producer of ours is set to.
pub(crate) fn producing(client: &mut ClientConfig) {
    client
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "lz4")
        .set("linger.ms", "2")
        .set("message.max.bytes", RECORD_BYTES_MAX.to_string())
        .set("queue.buffering.max.messages", "20000")
        .set("queue.buffering.max.kbytes", "16384");
}

impl Committer {
    pub(crate) fn run(mut self, mut rounds: mpsc::Receiver<Vec<Part>>) {
        while let Some(mut parts) = rounds.blocking_recv() {
            let mut together = 1;
            while together < TOGETHER_MAX
                && let Ok(more) = rounds.try_recv()
            {
                parts.extend(more);
                together += 1;
            }
            let clock = Arc::clone(&self.shared.room.clock);
            let began = clock.steady();
            let commit = self.shared.lock().begin_commit(parts, began);
            let ended = commit.map(|commit| self.commit(&commit).map(|took| (commit.positions, took)));
            let now = clock.steady();
            let mut inside = self.shared.lock();
            if let Some(ended) = ended {
                inside.finish(ended, now);
            }
            inside.open -= together;
            drop(inside);
            self.shared.tell();
        }
    }

    /// One transaction, and how long the call took that commits it.
    fn commit(&mut self, commit: &Commit) -> Result<Duration, Fault> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => Arc::new(self.open()?),
        };
        let error = match self.transact(&producer, commit) {
            Ok(took) => {
                self.producer = Some(producer);
                return Ok(took);
            }
            Err(error) => error,
        };
        let is_fatal = matches!(&error, KafkaError::Transaction(e) if e.is_fatal());
        let is_left = Arc::strong_count(&producer) > 1;
        if is_left {
            self.left.retain(|left| left.strong_count() > 0);
            self.left.push(Arc::downgrade(&producer));
            assert!(
                self.left.len() < LEFT_MAX,
                "the Kafka client hangs again and again: start this process again"
            );
        }
        // An aborted transaction leaves the producer as it was; any other state is not worth knowing: a new
        // producer under the same id ends what the old one left open.
        let since = self.shared.room.clock.steady();
        if !is_fatal
            && !is_left
            && self.patiently(&producer, since, || producer.abort_transaction(CALL)).is_ok()
        {
            self.producer = Some(producer);
        }
        warn!(%error, "a transaction was taken back; its records come again");
        Err(self.owner(&error))
    }

    fn open(&self) -> Result<BaseProducer<Outbox>, Fault> {
        let producer: BaseProducer<Outbox> =
            self.settings.create_with_context(Outbox::default()).map_err(|e| fault::not_made(&e))?;
        let since = self.shared.room.clock.steady();
        self.patiently(&producer, since, || producer.init_transactions(CALL)).map_err(|error| {
            producer.poll(Duration::ZERO);
            let told = producer.context().listener.take();
            told.unwrap_or_else(|| fault::of(&error, "opening transactions"))
        })?;
        Ok(producer)
    }

    fn transact(&self, producer: &Arc<BaseProducer<Outbox>>, commit: &Commit) -> KafkaResult<Duration> {
        let clock = &self.shared.room.clock;
        producer.begin_transaction()?;
        let begun = clock.steady();
        debug!(step = "begun", "transaction");
        for outgoing in commit.parts.iter().flat_map(|part| &part.outgoing) {
            self.send(producer, outgoing)?;
        }
        debug!(step = "produced", "transaction");
        let mut offsets = TopicPartitionList::new();
        for (lane, to, note) in &commit.positions {
            let offset = Offset::Offset(i64::try_from(to.0).expect("positions are offsets, which are i64"));
            let mut element = offsets.add_partition(&self.topic, lane.0 as i32);
            element.set_offset(offset)?;
            element.set_metadata(note.to_string());
        }
        let offsets = Arc::new(offsets);
        self.patiently(producer, begun, || self.place(producer, &offsets, &commit.group, begun))?;
        debug!(step = "positioned", "transaction");
        self.drain(producer, begun)?;
        debug!(step = "drained", "transaction");
        let committing = clock.steady();
        self.patiently(producer, begun, || producer.commit_transaction(CALL))?;
        debug!(step = "committed", "transaction");
        Ok(clock.steady().saturating_sub(committing))
    }

    /// Puts the positions into the transaction.
    ///
    /// The client keeps no time in this call once the group's coordinator is struck from the list of brokers (librdkafka
    /// issues 5456 and 5511), as each is that is shut down or silent for some seconds, and nobody can call it back. So the
    /// call has a thread of its own, and is left behind with its client when the transaction is over.
    fn place(
        &self,
        producer: &Arc<BaseProducer<Outbox>>,
        offsets: &Arc<TopicPartitionList>,
        group: &Arc<ConsumerGroupMetadata>,
        begun: Duration,
    ) -> KafkaResult<()> {
        let (client, offsets, group) = (Arc::clone(producer), Arc::clone(offsets), Arc::clone(group));
        let (tell, told) = sync_channel(1);
        let call = move || {
            let answer = client.send_offsets_to_transaction(&offsets, &group, CALL);
            // With nobody there to take it, the client ends here.
            tell.send((client, answer)).ok();
        };
        thread::Builder::new()
            .name("positions".to_owned())
            .spawn(call)
            .expect("the machine has a thread to give");
        let left = (begun + self.limits.transaction).saturating_sub(self.shared.room.clock.steady());
        match told.recv_timeout(left.max(2 * CALL)) {
            Ok((_client, answer)) => answer,
            Err(_) => Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::OperationTimedOut)),
        }
    }

    fn send(&self, producer: &BaseProducer<Outbox>, outgoing: &Outgoing) -> KafkaResult<()> {
        let topic = &self.names[outgoing.topic as usize];
        let mut record = BaseRecord::<[u8], [u8]>::to(topic)
            .partition(outgoing.lane.0 as i32)
            .key(&outgoing.key)
            .payload(&outgoing.value)
            .headers(headers::write(outgoing.topic, &self.source, &outgoing.about));
        loop {
            match producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    producer.poll(Duration::ZERO);
                    thread::park_timeout(NAP);
                }
                Err((error, _)) => return Err(error),
            }
        }
    }

    /// Waits until everything that was produced is delivered. To commit without it costs 100 ms each time: the
    /// client's own flush polls for so long even when the reports come at once.
    fn drain(&self, producer: &BaseProducer<Outbox>, begun: Duration) -> KafkaResult<()> {
        while producer.in_flight_count() > 0 {
            if self.is_over(begun) {
                return Err(KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut));
            }
            producer.poll(Duration::ZERO);
            if producer.in_flight_count() > 0 {
                thread::park_timeout(NAP);
            }
        }
        Ok(())
    }

    /// Whether a transaction of that time is past what the brokers give it.
    fn is_over(&self, begun: Duration) -> bool {
        self.shared.room.clock.steady().saturating_sub(begun) > self.limits.transaction
    }

    /// Tries a blocking call again while the client says that it may be, for as long as a transaction may last.
    fn patiently(
        &self,
        producer: &BaseProducer<Outbox>,
        since: Duration,
        mut call: impl FnMut() -> KafkaResult<()>,
    ) -> KafkaResult<()> {
        loop {
            let error = match call() {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            producer.poll(Duration::ZERO);
            let may_again = match &error {
                KafkaError::Transaction(e) => e.is_retriable() && !e.is_fatal() && !e.txn_requires_abort(),
                KafkaError::Flush(_) => true,
                _ => false,
            };
            if !may_again || self.is_over(since) {
                return Err(error);
            }
        }
    }

    /// Who must act when a transaction was taken back.
    fn owner(&self, error: &KafkaError) -> Fault {
        use RDKafkaErrorCode as Code;
        match error.rdkafka_error_code() {
            Some(
                Code::IllegalGeneration
                | Code::UnknownMemberId
                | Code::RebalanceInProgress
                | Code::FencedInstanceId,
            ) => again("the group gave out its lanes anew while we committed"),
            _ => fault::of(error, &format!("committing what was made of {}", self.topic)),
        }
    }
}

/// The full names of all topics, in their order.
pub(crate) fn names(prefix: &str) -> Vec<String> {
    crate::TOPICS.iter().map(|topic: &Topic| topic.full(prefix)).collect()
}
