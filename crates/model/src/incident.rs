//! The life of a crisis of one subject.

use crate::{Answered, ArrivalTime, BrandId, Evidence, IncidentId, Kind, Severity, SignalId, Subject};

/// The life of a crisis of one subject, folded from signals and actions.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// Made from the signal that opened it.
    pub id: IncidentId,
    /// About whom.
    pub subject: Subject,
    /// Brands that a silent source blinds; empty otherwise.
    pub blinds: Vec<BrandId>,
    /// Grows by one with each change; a keep on a stale one fails.
    pub version: u64,
    /// When it opened.
    pub opened_at: ArrivalTime,
    /// The last signal that something is abnormal.
    pub last_signal_at: ArrivalTime,
    /// When the last kind was cleared, while none stands.
    pub cleared_at: Option<ArrivalTime>,
    /// When it was over.
    pub ended_at: Option<ArrivalTime>,
    /// The greatest severity reached.
    pub severity: Severity,
    /// Each kind it has had, in the order of their coming.
    pub kinds: Vec<KindState>,
    /// Where it is going.
    pub course: Course,
    /// What people do about it.
    pub handling: Handling,
    /// Each time the bell rang.
    pub rings: Vec<Ring>,
    /// The brand's own posts while it lasted, and what came of each, as far as it was followed; oldest first.
    pub answers: Vec<Answered>,
    /// The ids of the last inputs folded in, oldest first: one that is in changes nothing.
    pub causes: Vec<SignalId>,
}

impl Incident {
    /// Whether it was over before.
    pub fn is_over(&self) -> bool {
        self.ended_at.is_some()
    }
    /// The kind of the greatest severity; the first of equals.
    pub fn leading(&self) -> &KindState {
        let worst = self.kinds.iter().map(|k| k.severity).max();
        self.kinds
            .iter()
            .find(|k| Some(k.severity) == worst)
            .expect("an incident has at least the kind that opened it")
    }
}

/// One kind within an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct KindState {
    /// Which.
    pub kind: Kind,
    /// The greatest severity it reached.
    pub severity: Severity,
    /// The severity of its last signal.
    pub now: Severity,
    /// It is abnormal now.
    pub stands: bool,
    /// Its first signal.
    pub first_at: ArrivalTime,
    /// Its last signal.
    pub last_at: ArrivalTime,
    /// Why, as of its last signal.
    pub evidence: Box<Evidence>,
    /// log10 p as of the signal before the last: what worsening and easing are read from.
    pub before_log10_p: f64,
}

/// Where an incident is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Course {
    /// It has just begun.
    Opened,
    /// It gets worse.
    Worsening,
    /// It stays: still there is still a crisis.
    Plateau,
    /// It lets up.
    Easing,
    /// It has ended.
    Over,
}

impl Course {
    /// `opened`, `worsening`, …
    pub fn name(self) -> &'static str {
        match self {
            Course::Opened => "opened",
            Course::Worsening => "worsening",
            Course::Plateau => "plateau",
            Course::Easing => "easing",
            Course::Over => "over",
        }
    }
}

/// What people do about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handling {
    /// Nobody has acknowledged it.
    Unseen,
    /// Somebody has.
    Acknowledged,
    /// Somebody says that it is dealt with.
    Resolved,
    /// It was looked back on.
    Reviewed,
}

impl Handling {
    /// `unseen`, `acknowledged`, …
    pub fn name(self) -> &'static str {
        match self {
            Handling::Unseen => "unseen",
            Handling::Acknowledged => "acknowledged",
            Handling::Resolved => "resolved",
            Handling::Reviewed => "reviewed",
        }
    }
}

/// One ringing of the bell.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// 1, 2, …
    pub number: u32,
    /// The kind that made it ring.
    pub kind: Kind,
    /// The severity then.
    pub severity: Severity,
    /// When.
    pub at: ArrivalTime,
    /// Why.
    pub evidence: Box<Evidence>,
}
