//! What few posts are enough for, and what makes it worse, as it was written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::RawSeverity;

/// How few posts of known authors are enough. Within the hour at hand and the two before it.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct RawAuthors {
    /// Whatever they say. Default: 1, orange.
    #[schemars(example = serde_json::json!({ "posts": 1, "severity": "orange" }))]
    pub(in crate::config) regulators: Option<RawEnough>,
    /// That lean against the brand. Default: 1, yellow.
    #[schemars(example = serde_json::json!({ "posts": 1, "severity": "yellow" }))]
    pub(in crate::config) media: Option<RawEnough>,
    /// That lean against the brand. Default: 1, yellow.
    #[schemars(example = serde_json::json!({ "posts": 1, "severity": "yellow" }))]
    pub(in crate::config) staff: Option<RawEnough>,
    /// That lean against the brand. Default: 1, yellow.
    #[schemars(example = serde_json::json!({ "posts": 1, "severity": "yellow" }))]
    pub(in crate::config) customers: Option<RawEnough>,
    /// That lean against the brand. Default: 3, yellow.
    #[schemars(example = serde_json::json!({ "posts": 3, "severity": "yellow" }))]
    pub(in crate::config) floods: Option<RawEnough>,
    /// Of authors with many followers, that lean against the brand. Default: 10000000 followers, 1, yellow.
    #[schemars(example = serde_json::json!({ "followers": 10_000_000, "posts": 1, "severity": "yellow" }))]
    pub(in crate::config) reach: Option<RawReach>,
}

/// How few posts are enough.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct RawEnough {
    /// So many.
    #[schemars(example = 1)]
    pub(in crate::config) posts: Option<u32>,
    /// How bad that is by itself.
    pub(in crate::config) severity: Option<RawSeverity>,
}

/// How few posts of authors with many followers are enough.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct RawReach {
    /// From so many on they are many.
    #[schemars(example = 10_000_000)]
    pub(in crate::config) followers: Option<u64>,
    /// So many posts.
    #[schemars(example = 1)]
    pub(in crate::config) posts: Option<u32>,
    /// How bad that is by itself.
    pub(in crate::config) severity: Option<RawSeverity>,
}

/// From when on something makes it worse: two of these a step, four two steps; safety counts twice.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct RawWorse {
    /// Negative posts beyond the usual, an hour, by the last 15 minutes. Default: 250.
    #[schemars(example = 250)]
    pub(in crate::config) speed: Option<f64>,
    /// The part of the last hour's posts that is negative, up to 0.5. Default: 0.4.
    #[schemars(example = 0.4)]
    pub(in crate::config) negative_share: Option<f64>,
    /// Persons who may have been reached in the last hour. Default: 5000000.
    #[schemars(example = 5_000_000)]
    pub(in crate::config) reach: Option<f64>,
    /// Posts beyond the usual that are expected in the next hour. Default: 250.
    #[schemars(example = 250)]
    pub(in crate::config) forecast: Option<f64>,
    /// Negative posts about safety, in the hour at hand and the two before it, beyond a tenth of the usual negative
    /// ones. Default: 3.
    #[schemars(example = 3)]
    pub(in crate::config) safety: Option<f64>,
}
