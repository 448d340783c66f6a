//! Where inlets hand in: posts go to `posts.raw`, each in the lane of its id.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord};
use rustc_hash::FxHashMap;
use tocsin_flow::{Arrival, Arrivals, Fault, Intake, Peer, Trace};
use tocsin_model::{Lane, PostId, Rejected};
use tokio::sync::Semaphore;

use crate::brokers::Brokers;
use crate::commit::producing;
use crate::fault::{self, Listener, away};
use crate::headers::{self, About};
use crate::lanes::{key_of, lane_of};
use crate::topics::Topic;

/// Records on their way to the brokers at most: past this, senders are pushed back.
const ON_THEIR_WAY_MAX: usize = 10_000;
/// How long the brokers have to make a record durable before its sender is told to come again.
const DURABLE: Duration = Duration::from_secs(10);

/// Where inlets hand in over Kafka. It comes back when every in-sync replica has the posts. How far a file was read
/// is kept by this process only: after a restart it is read again, and its posts are known by their ids.
pub struct KafkaIntake {
    settings: ClientConfig,
    /// Made anew once nothing goes out: it may have no broker left to ask (librdkafka issue 5301).
    producer: Mutex<Arc<FutureProducer<Listener>>>,
    free: Semaphore,
    lanes: u32,
    raw: String,
    rejected: String,
    process: u64,
    traces: AtomicU64,
    cursors: Mutex<FxHashMap<String, Vec<u8>>>,
}

impl KafkaIntake {
    /// Opens it; nothing is asked of the brokers yet.
    ///
    /// # Errors
    /// [`Fault::Misconfigured`] when the client does not take our settings.
    pub fn open(brokers: &Brokers) -> Result<KafkaIntake, Fault> {
        let mut settings = brokers.client();
        producing(&mut settings);
        settings.set("delivery.timeout.ms", DURABLE.as_millis().to_string());
        let mut fresh = [0_u8; 8];
        getrandom::fill(&mut fresh).map_err(|e| away(format!("no chance to be had: {e}")))?;
        Ok(KafkaIntake {
            producer: Mutex::new(producer(&settings)?),
            settings,
            free: Semaphore::new(ON_THEIR_WAY_MAX),
            lanes: brokers.lanes,
            raw: Topic::Raw.full(&brokers.prefix),
            rejected: Topic::Rejected.full(&brokers.prefix),
            process: u64::from_be_bytes(fresh),
            traces: AtomicU64::new(1),
            cursors: Mutex::default(),
        })
    }

    /// From now on records go out by another producer than this one.
    fn anew(&self, used: &Arc<FutureProducer<Listener>>) -> Result<(), Fault> {
        let mut current = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, used) {
            *current = producer(&self.settings)?;
        }
        Ok(())
    }

    fn send_post(
        &self,
        by: &FutureProducer<Listener>,
        id: &PostId,
        arrival: &Arrival,
    ) -> Result<DeliveryFuture, Fault> {
        let key = key_of(id);
        let number = self.traces.fetch_add(1, Ordering::Relaxed);
        let about = About {
            id: format!("{id}-{}", arrival.arrived.millis()),
            time: arrival.arrived,
            subject: None,
            trace: Some(Trace::from_ids((u128::from(self.process) << 64) | u128::from(number), number)),
        };
        self.send(by, Topic::Raw, lane_of(&key, self.lanes), &key, &arrival.json, &about)
    }

    fn send_rejected(
        &self,
        by: &FutureProducer<Listener>,
        rejected: &Rejected,
    ) -> Result<DeliveryFuture, Fault> {
        let key = rejected.origin.as_bytes();
        let about = About {
            id: format!("{}-{}", rejected.origin, rejected.at.millis()),
            time: rejected.at,
            subject: None,
            trace: None,
        };
        let value = tocsin_wire::write_rejected(rejected);
        self.send(by, Topic::Rejected, lane_of(key, self.lanes), key, &value, &about)
    }

    fn send(
        &self,
        by: &FutureProducer<Listener>,
        topic: Topic,
        lane: Lane,
        key: &[u8],
        value: &[u8],
        about: &About,
    ) -> Result<DeliveryFuture, Fault> {
        let name = if topic == Topic::Raw { &self.raw } else { &self.rejected };
        let record = FutureRecord::to(name)
            .partition(lane.0 as i32)
            .key(key)
            .payload(value)
            .headers(headers::write(topic, "/tocsin/intake", about));
        by.send_result(record).map_err(|(error, _)| fault::of(&error, &format!("writing to {name}")))
    }

    async fn hand_in(&self, arrivals: Arrivals) -> Result<(), Fault> {
        let records = arrivals.posts.len() + arrivals.rejected.len();
        // More than all the room there is goes alone.
        let share = u32::try_from(records.min(ON_THEIR_WAY_MAX)).unwrap_or(u32::MAX);
        let Ok(_room) = self.free.try_acquire_many(share) else {
            return Err(Fault::Unavailable {
                peer: Peer::Pipeline,
                why: format!("{ON_THEIR_WAY_MAX} records are on their way to Kafka; no more may be"),
                retry_after: Some(Duration::from_secs(1)),
            });
        };
        let by = Arc::clone(&self.producer.lock().unwrap_or_else(PoisonError::into_inner));
        let mut sent = Vec::with_capacity(records);
        for arrival in &arrivals.posts {
            sent.push(match tocsin_wire::read_post(&arrival.json, arrival.arrived) {
                Ok(post) => self.send_post(&by, &post.id, arrival)?,
                Err(refused) => self.send_rejected(
                    &by,
                    &Rejected {
                        bytes: arrival.json.clone(),
                        reason: refused.reason,
                        origin: "intake".to_owned(),
                        source: Some(arrival.source.clone()),
                        at: arrival.arrived,
                    },
                )?,
            });
        }
        for rejected in &arrivals.rejected {
            sent.push(self.send_rejected(&by, rejected)?);
        }
        for delivery in sent {
            match delivery.await {
                Ok(Ok(_)) => {}
                Ok(Err((error, _))) => {
                    if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageTimedOut) {
                        self.anew(&by)?;
                    }
                    return Err(fault::of(&error, &format!("writing to {}", self.raw)));
                }
                Err(_) => return Err(away("the intake was closed")),
            }
        }
        if let Some(cursor) = arrivals.cursor {
            self.cursors.lock().unwrap_or_else(PoisonError::into_inner).insert(cursor.key, cursor.at);
        }
        Ok(())
    }
}

fn producer(settings: &ClientConfig) -> Result<Arc<FutureProducer<Listener>>, Fault> {
    let made = settings.create_with_context(Listener::default());
    made.map(Arc::new).map_err(|e| fault::not_made(&e))
}

impl Intake for KafkaIntake {
    fn take(&self, arrivals: Arrivals) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + '_>> {
        Box::pin(self.hand_in(arrivals))
    }

    fn cursor(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.cursors.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }
}
