//! Which topics there are, and how each should be set.

use std::time::Duration;

const DAY: u64 = 24 * 3_600;
const WEEK: u64 = 7 * DAY;

/// The greatest record. A post comes in with at most 1 MiB; on its way it carries its text twice.
pub(crate) const RECORD_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A Kafka topic of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Posts as they come in.
    Raw,
    /// Who descends from whom.
    Kin,
    /// Posts with their brands.
    Matched,
    /// With their words cut up.
    Tokenized,
    /// Read.
    Scored,
    /// What is abnormal.
    Signals,
    /// What people do.
    Actions,
    /// The latest state of each incident.
    Incidents,
    /// Messages to channels.
    Notices,
    /// What cannot be read.
    Rejected,
}

/// All of them.
pub const TOPICS: [Topic; 10] = [
    Topic::Raw,
    Topic::Kin,
    Topic::Matched,
    Topic::Tokenized,
    Topic::Scored,
    Topic::Signals,
    Topic::Actions,
    Topic::Incidents,
    Topic::Notices,
    Topic::Rejected,
];

/// How long records stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Of all `posts.*`; at least 72 h.
    pub posts: Duration,
    /// Of `rejected`.
    pub rejected: Duration,
    /// Of `signals` and `notices`.
    pub signals: Duration,
    /// Of `incidents` and `actions`.
    pub incidents: Duration,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            posts: Duration::from_secs(WEEK),
            rejected: Duration::from_secs(WEEK),
            signals: Duration::from_secs(8 * WEEK),
            incidents: Duration::from_secs(2 * 365 * DAY),
        }
    }
}

impl Topic {
    /// Without the prefix: `posts.raw`.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Raw => "posts.raw",
            Topic::Kin => "posts.kin",
            Topic::Matched => "posts.matched",
            Topic::Tokenized => "posts.tokenized",
            Topic::Scored => "posts.scored",
            Topic::Signals => "signals",
            Topic::Actions => "actions",
            Topic::Incidents => "incidents",
            Topic::Notices => "notices",
            Topic::Rejected => "rejected",
        }
    }

    /// With the prefix: `tocsin.posts.raw`.
    pub fn full(self, prefix: &str) -> String {
        format!("{prefix}{}", self.name())
    }

    /// What its records are, as CloudEvents has it.
    pub fn kind(self) -> &'static str {
        match self {
            Topic::Raw => "tocsin.post.v1",
            Topic::Kin => "tocsin.kin.v1",
            Topic::Matched => "tocsin.matched.v1",
            Topic::Tokenized => "tocsin.tokenized.v1",
            Topic::Scored => "tocsin.scored.v1",
            Topic::Signals => "tocsin.signal.v1",
            Topic::Actions => "tocsin.action.v1",
            Topic::Incidents => "tocsin.incident.v1",
            Topic::Notices => "tocsin.notice.v1",
            Topic::Rejected => "tocsin.rejected.v1",
        }
    }

    /// Its settings that are ours to say.
    pub fn settings(self, retention: &Retention) -> Vec<(&'static str, String)> {
        let (cleanup, kept) = match self {
            Topic::Raw | Topic::Kin | Topic::Matched | Topic::Tokenized | Topic::Scored => {
                ("delete", retention.posts)
            }
            Topic::Rejected => ("delete", retention.rejected),
            Topic::Signals | Topic::Notices => ("delete", retention.signals),
            Topic::Actions => ("delete", retention.incidents),
            Topic::Incidents => ("compact,delete", retention.incidents),
        };
        vec![
            ("cleanup.policy", cleanup.to_owned()),
            ("retention.ms", kept.as_millis().to_string()),
            ("max.message.bytes", RECORD_BYTES_MAX.to_string()),
        ]
    }

    /// The shortest retention with which nothing is lost: what Redis forgets is counted again from here.
    pub(crate) fn retention_min(self) -> Option<Duration> {
        match self {
            Topic::Raw | Topic::Kin => Some(Duration::from_secs(3 * DAY)),
            Topic::Scored => Some(Duration::from_secs(DAY)),
            _ => None,
        }
    }
}
