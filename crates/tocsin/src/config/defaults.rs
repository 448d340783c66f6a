//! What holds where the config is silent, each with its reason. When the bell rings is spike-detect's to
//! know: `tocsin_spike_detect::Rule::default()`.

use std::time::Duration;

use tocsin_model::{Severity, Span};

/// The file that is read when none is named: the one that `config example` is written to in the docs.
pub(crate) const FILE: &str = "tocsin.toml";

/// Most brands that this was made for live there; a brand elsewhere says so.
pub(super) const TIME_ZONE: &str = "Asia/Shanghai";

/// Reachable from this machine only, so it needs no token; the port is one that nothing well known uses.
pub(super) const LISTEN: &str = "127.0.0.1:7227";

/// A story and its echo an hour later are one incident; the next morning's is another.
pub(super) const COOL_DOWN: Span = Span::from_minutes(90);

/// Beside the config, so that one folder holds everything of one installation.
pub(super) const DATA: &str = "tocsin-data";

/// A week: long enough to look back on a crisis with its posts, and to fit on a small disk.
pub(super) const KEEP_POSTS: Span = Span::from_hours(7 * 24);

/// An id is known for 48 h, and a day is left for going back: kin and counts are made again from the
/// log, so it must reach that far.
pub(super) const KEEP_POSTS_MIN: Span = Span::from_hours(72);

/// As long as posts: whoever looks at a gap in them finds what was rejected, too.
pub(super) const KEEP_REJECTED: Span = Span::from_hours(7 * 24);

/// Two years: this year's crises are held against last year's.
pub(super) const KEEP_INCIDENTS: Span = Span::from_hours(730 * 24);

/// What an outlet tells of: all that rings, whatever its colour.
pub(super) const MIN_SEVERITY: Severity = Severity::Blue;

/// A file is usually still being written to.
pub(super) const FOLLOW: bool = true;

/// What started, what stopped, what went wrong.
pub(super) const LOG_LEVEL: &str = "info";

/// As the outlets have it: a receiver that thinks longer is in trouble, and is tried again.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// What topics are called by; a broker is often shared.
pub(super) const KAFKA_PREFIX: &str = "tocsin.";

/// As many instances of a stage as a large team runs, and one, two or three share them evenly. Few enough that their
/// commits cost nothing to speak of.
pub(super) const PARTITIONS: u32 = 6;

/// A topic that is not there harms nobody when it is made, and the start needs no second command.
pub(super) const CREATE_TOPICS: bool = true;

/// What keys are called by; a Redis is often shared.
pub(super) const REDIS_PREFIX: &str = "tocsin:";
