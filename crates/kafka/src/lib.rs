//! Links over Kafka: exactly once from topic to topic.
//!
//! In: records of the lanes that the group gives to this process. Out: what a stage made of them, by topic, in one
//! transaction with the positions; where inlets hand in; which topics there should be.
//! Never: an opinion about posts; memory beyond what is in flight. Blocking calls of the client run on two threads
//! of their own, one that reads and one that commits.

mod brokers; // where they are, and how to come in
mod carried; // nouns as records, and back
mod commit; // the thread with the transactions
mod consume; // the thread that reads
mod fault; // the client's errors, by who must act
mod headers; // CloudEvents and traceparent
mod heal; // a group is sure of less
mod intake; // where inlets hand in
mod lanes; // which key is in which lane
mod link; // a stage's way in and out
mod member; // what the two threads and the stage share, seen from the stage
mod note; // what is written beside a position
mod pace; // how often to commit
mod peers; // who of the brokers is missed
mod plan; // topics as they are and as they should be
mod reader; // looking at topics from outside
mod round; // what is read, what is done, what is being committed
mod topics; // which topics there are

pub use crate::brokers::{Brokers, Identity, Limits, Mechanism, Sasl, Secret, Security, Tls};
pub use crate::carried::Carried;
pub use crate::headers::About;
pub use crate::heal::heal;
pub use crate::intake::KafkaIntake;
pub use crate::lanes::{lane_of, murmur2, post_key};
pub use crate::link::KafkaLink;
pub use crate::member::{Fences, Group, Incoming, Member, Memory, Missing, Outgoing, Portion, Standing};
pub use crate::plan::{Plan, Replication, Step, apply, check, plan};
pub use crate::reader::{Start, done, fold, read_all, read_lane};
pub use crate::topics::{Retention, TOPICS, Topic};
