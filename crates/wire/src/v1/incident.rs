//! The life of a crisis, as JSON: always the latest state whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tocsin_model::{
    ArrivalTime, BrandId, Evidence, Incident, IncidentId, KindState, Ring, SignalId, Subject,
};

use super::One;
use super::circumstances::AnsweredV1;
use super::names::{CourseV1, HandlingV1, KindV1, Real, SeverityV1, SubjectV1};
use super::signal::EvidenceV1;
use crate::Unreadable;
use crate::time::Time;

const WHAT: &str = "incident";

/// The life of a crisis of one subject, folded from signals and actions: its latest state.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Incident")]
pub(crate) struct IncidentV1 {
    v: One,
    /// Made from the signal that opened it.
    id: String,
    /// About whom: a brand, or a source gone silent.
    subject: SubjectV1,
    /// Brands that a silent source blinds; empty otherwise.
    blinds: Vec<String>,
    /// Grows by one with each change.
    version: u64,
    /// When it opened.
    opened_at: Time,
    /// The last signal that something is abnormal.
    last_signal_at: Time,
    /// When the last kind was cleared, while none stands.
    cleared_at: Option<Time>,
    /// When it was over.
    ended_at: Option<Time>,
    /// The greatest severity reached.
    severity: SeverityV1,
    /// Each kind it has had, in the order of their coming; at least one.
    #[schemars(length(min = 1))]
    kinds: Vec<KindStateV1>,
    /// Where it is going.
    course: CourseV1,
    /// What people do about it.
    handling: HandlingV1,
    /// Each time the bell rang.
    rings: Vec<RingV1>,
    /// The brand's own posts while it lasted, and what came of each; oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    answers: Vec<AnsweredV1>,
    /// The ids of the last signals folded in, oldest first.
    causes: Vec<String>,
}

/// One kind within an incident.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "KindState")]
struct KindStateV1 {
    /// Which.
    kind: KindV1,
    /// The greatest severity it reached.
    severity: SeverityV1,
    /// The severity of its last signal.
    now: SeverityV1,
    /// It is abnormal now.
    stands: bool,
    /// Its first signal.
    first_at: Time,
    /// Its last signal.
    last_at: Time,
    /// log10 p as of the signal before the last.
    before_log10_p: Real,
    /// Why, as of its last signal.
    evidence: EvidenceV1,
}

/// One ringing of the bell.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Ring")]
struct RingV1 {
    /// 1, 2, …
    number: u32,
    /// The kind that made it ring.
    kind: KindV1,
    /// The severity then.
    severity: SeverityV1,
    /// When.
    at: Time,
    /// Why.
    evidence: EvidenceV1,
}

/// An incident as JSON.
pub fn write_incident(incident: &Incident) -> Vec<u8> {
    super::json(&IncidentV1::from(incident))
}

/// The contrary of [`write_incident`].
///
/// # Errors
/// JSON that it did not write, or a newer version did.
pub fn read_incident(json: &[u8]) -> Result<Incident, Unreadable> {
    let shape: IncidentV1 = super::shape(WHAT, json)?;
    Incident::try_from(shape).map_err(|why| Unreadable::new(WHAT, why))
}

impl From<&Incident> for IncidentV1 {
    fn from(i: &Incident) -> IncidentV1 {
        let time = |at: ArrivalTime| Time(at.millis());
        IncidentV1 {
            v: One,
            id: i.id.as_str().to_owned(),
            subject: SubjectV1::from(&i.subject),
            blinds: i.blinds.iter().map(|brand| brand.as_str().to_owned()).collect(),
            version: i.version,
            opened_at: time(i.opened_at),
            last_signal_at: time(i.last_signal_at),
            cleared_at: i.cleared_at.map(time),
            ended_at: i.ended_at.map(time),
            severity: i.severity.into(),
            kinds: i.kinds.iter().map(KindStateV1::from).collect(),
            course: i.course.into(),
            handling: i.handling.into(),
            rings: i.rings.iter().map(RingV1::from).collect(),
            answers: i.answers.iter().copied().map(AnsweredV1::from).collect(),
            causes: i.causes.iter().map(|cause| cause.as_str().to_owned()).collect(),
        }
    }
}

impl TryFrom<IncidentV1> for Incident {
    type Error = String;

    fn try_from(i: IncidentV1) -> Result<Incident, String> {
        if i.kinds.is_empty() {
            return Err("it has no kind; there should be at least the one that opened it".to_owned());
        }
        let arrival = |at: Time| ArrivalTime::from_millis(at.0);
        let brand = |name: String| BrandId::new(&name).map_err(|bad| format!("a brand {bad}"));
        let cause = |id: String| SignalId::new(&id).map_err(|bad| format!("a cause's id {bad}"));
        Ok(Incident {
            id: IncidentId::new(&i.id).map_err(|bad| format!("its id {bad}"))?,
            subject: Subject::try_from(i.subject)?,
            blinds: i.blinds.into_iter().map(brand).collect::<Result<_, _>>()?,
            version: i.version,
            opened_at: arrival(i.opened_at),
            last_signal_at: arrival(i.last_signal_at),
            cleared_at: i.cleared_at.map(arrival),
            ended_at: i.ended_at.map(arrival),
            severity: i.severity.into(),
            kinds: i.kinds.into_iter().map(KindState::try_from).collect::<Result<_, _>>()?,
            course: i.course.into(),
            handling: i.handling.into(),
            rings: i.rings.into_iter().map(Ring::try_from).collect::<Result<_, _>>()?,
            answers: i.answers.into_iter().map(Into::into).collect(),
            causes: i.causes.into_iter().map(cause).collect::<Result<_, _>>()?,
        })
    }
}

impl From<&KindState> for KindStateV1 {
    fn from(k: &KindState) -> KindStateV1 {
        KindStateV1 {
            kind: k.kind.into(),
            severity: k.severity.into(),
            now: k.now.into(),
            stands: k.stands,
            first_at: Time(k.first_at.millis()),
            last_at: Time(k.last_at.millis()),
            before_log10_p: Real(k.before_log10_p),
            evidence: EvidenceV1::from(&*k.evidence),
        }
    }
}

impl TryFrom<KindStateV1> for KindState {
    type Error = String;

    fn try_from(k: KindStateV1) -> Result<KindState, String> {
        Ok(KindState {
            kind: k.kind.into(),
            severity: k.severity.into(),
            now: k.now.into(),
            stands: k.stands,
            first_at: ArrivalTime::from_millis(k.first_at.0),
            last_at: ArrivalTime::from_millis(k.last_at.0),
            evidence: Box::new(Evidence::try_from(k.evidence)?),
            before_log10_p: k.before_log10_p.0,
        })
    }
}

impl From<&Ring> for RingV1 {
    fn from(r: &Ring) -> RingV1 {
        RingV1 {
            number: r.number,
            kind: r.kind.into(),
            severity: r.severity.into(),
            at: Time(r.at.millis()),
            evidence: EvidenceV1::from(&*r.evidence),
        }
    }
}

impl TryFrom<RingV1> for Ring {
    type Error = String;

    fn try_from(r: RingV1) -> Result<Ring, String> {
        Ok(Ring {
            number: r.number,
            kind: r.kind.into(),
            severity: r.severity.into(),
            at: ArrivalTime::from_millis(r.at.0),
            evidence: Box::new(Evidence::try_from(r.evidence)?),
        })
    }
}
