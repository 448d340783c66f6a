//! `[kafka]` and `[redis]`, as they were written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{OneOrMany, RawSecret};

/// Where records go from stage to stage, if not through the data folder. Needs `[redis]` beside it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawKafka {
    /// `host:port` of some brokers, better several; the others are found through them.
    #[schemars(required, example = ["kafka-1.example:9092", "kafka-2.example:9092"])]
    pub(in crate::config) brokers: Option<OneOrMany>,
    /// What the names of topics, groups and transactions begin with. Default: tocsin.
    #[schemars(example = &"tocsin.")]
    pub(in crate::config) prefix: Option<String>,
    /// Partitions of each topic: so many instances of a stage can share the work. More of them later loses who
    /// descends from whom for 48 h. Default: 6.
    #[schemars(example = 6)]
    pub(in crate::config) partitions: Option<u32>,
    /// How many brokers have each record. Default: what the brokers are set to.
    #[schemars(example = 3)]
    pub(in crate::config) replication: Option<u32>,
    /// Whether topics that are not there are made at the start. Default: true.
    pub(in crate::config) create_topics: Option<bool>,
    /// Encryption: {} trusts whom this machine trusts. Without it: none.
    #[schemars(example = serde_json::json!({ "ca": "ca.pem" }))]
    pub(in crate::config) tls: Option<RawTls>,
    /// A user and a password. Without it: none is asked for, or a certificate says who we are.
    #[schemars(example = serde_json::json!({
        "mechanism": "SCRAM-SHA-512", "user": "tocsin", "password": { "env": "KAFKA_PASSWORD" }
    }))]
    pub(in crate::config) sasl: Option<RawSasl>,
    /// How old a batch may be before it is committed, while the brokers are quick: 1ms to 10s. Default: 20ms.
    #[schemars(example = &"20ms")]
    pub(in crate::config) commit_every: Option<String>,
    /// And when they are slow: the time between commits widens by itself up to this. Default: 500ms.
    #[schemars(example = &"500ms")]
    pub(in crate::config) commit_every_max: Option<String>,
    /// How long a process may be silent before its partitions go to others: 1s to 5min. Default: 10s.
    #[schemars(example = &"10s")]
    pub(in crate::config) session: Option<String>,
    /// After this the brokers abort what a silent process left open: 1s to 15min. Default: 10s.
    #[schemars(example = &"10s")]
    pub(in crate::config) transaction: Option<String>,
}

/// Encryption; certificates and keys are PEM files.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawTls {
    /// Who signs the servers' certificates. Default: whom this machine trusts.
    #[schemars(example = &"ca.pem")]
    pub(in crate::config) ca: Option<String>,
    /// Our certificate, where the servers ask who we are (mTLS). Needs `key`.
    #[schemars(example = &"client.crt")]
    pub(in crate::config) certificate: Option<String>,
    /// Its key.
    #[schemars(example = &"client.key")]
    pub(in crate::config) key: Option<String>,
}

/// A user and a password for Kafka.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawSasl {
    /// How the password is shown.
    #[schemars(required)]
    pub(in crate::config) mechanism: Option<RawMechanism>,
    /// Who.
    #[schemars(required, example = &"tocsin")]
    pub(in crate::config) user: Option<String>,
    /// The password.
    #[schemars(required, example = serde_json::json!({ "env": "KAFKA_PASSWORD" }))]
    pub(in crate::config) password: Option<RawSecret>,
}

/// How a password is shown.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
pub(in crate::config) enum RawMechanism {
    /// As it is: only with `tls`.
    #[serde(rename = "PLAIN")]
    Plain,
    /// Salted and hashed.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// Salted and hashed, longer.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

/// Where the state of stages is, if not in the data folder: one of `address`, `cluster` and `sentinels`. Needs `[kafka]`
/// beside it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawRedis {
    /// `host:port` of one server.
    #[schemars(example = &"redis.example:6379")]
    pub(in crate::config) address: Option<String>,
    /// `host:port` of some servers of a Cluster; the others are found through them.
    #[schemars(example = ["redis-1.example:6379", "redis-2.example:6379"])]
    pub(in crate::config) cluster: Option<OneOrMany>,
    /// `host:port` of the sentinels. Needs `primary`.
    #[schemars(example = ["sentinel-1.example:26379", "sentinel-2.example:26379"])]
    pub(in crate::config) sentinels: Option<OneOrMany>,
    /// What the sentinels call the primary.
    #[schemars(example = &"mymaster")]
    pub(in crate::config) primary: Option<String>,
    /// What our keys begin with, so that others may use the same Redis. Default: tocsin:
    #[schemars(example = &"tocsin:")]
    pub(in crate::config) prefix: Option<String>,
    /// The ACL user. Without it the password is that of the default user.
    #[schemars(example = &"tocsin")]
    pub(in crate::config) user: Option<String>,
    /// The password.
    #[schemars(example = serde_json::json!({ "env": "REDIS_PASSWORD" }))]
    pub(in crate::config) password: Option<RawSecret>,
    /// Encryption: {} trusts whom this machine trusts. Without it: none.
    #[schemars(example = serde_json::json!({ "ca": "ca.pem" }))]
    pub(in crate::config) tls: Option<RawTls>,
}
