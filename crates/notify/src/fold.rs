//! An input to an incident: which one it belongs to, and what is told of it.

use tocsin_model::{ArrivalTime, Incident, Notice, Ring, Signal, SignalId};

use crate::incident::{Abnormal, ease, end, join, open};
use crate::{Plan, ids, tell};

/// What an incident is folded from.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// What is so now.
    Signal(Signal),
    /// It is now this late: what has cooled down is over.
    Tick(ArrivalTime),
}

impl Input {
    /// The cause that it leaves in an incident.
    fn id(&self) -> SignalId {
        match self {
            Input::Signal(signal) => signal.id.clone(),
            Input::Tick(now) => ids::tick(*now),
        }
    }
}

/// What an input came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The incident to keep, and the version that it was folded on (0: it is new). None: nothing changed.
    pub incident: Option<(Incident, u64)>,
    /// The bell rang with this input: one line of a replay's incidents, whoever is told.
    pub rang: Option<Ring>,
    /// Whom to tell.
    pub notices: Vec<Notice>,
}

impl Told {
    /// Nothing to keep: only what is told again.
    fn again(incident: &Incident, input: &Input, plan: &Plan) -> Told {
        Told { incident: None, rang: rang(incident, input), notices: notices(incident, input, plan) }
    }
    /// An incident that was folded on the version `on`.
    fn new(incident: Incident, on: u64, input: &Input, plan: &Plan) -> Told {
        let again = Told::again(&incident, input, plan);
        Told { incident: Some((incident, on)), ..again }
    }
}

/// Folds an input into the incidents of its subject (the latest first, as the casebook recalls them).
///
/// A signal joins the incident that is open or cooling down, else it opens one; a `cleared` eases one; a tick
/// ends the first that is [`due`]. An input that is already in changes nothing, and its notices
/// are made again under the same ids: a crash between keeping and telling loses none.
pub fn fold(known: &[Incident], input: &Input, plan: &Plan) -> Told {
    let id = input.id();
    if let Some(incident) = known.iter().find(|i| i.causes.contains(&id)) {
        return Told::again(incident, input, plan);
    }
    let folded = match input {
        Input::Tick(now) => known.iter().find(|i| due(i, *now, plan)).map(|i| (end(i, *now), i.version)),
        Input::Signal(signal) => {
            let open_one = known.iter().find(|i| is_open(i, signal.at, plan));
            match (Abnormal::of(signal), open_one) {
                (Some(abnormal), None) => Some((open(&abnormal, plan), 0)),
                (Some(abnormal), Some(known)) => Some((join(known, &abnormal), known.version)),
                (None, Some(known)) => ease(known, signal).map(|eased| (eased, known.version)),
                (None, None) => None,
            }
        }
    };
    folded.map_or_else(Told::default, |(incident, on)| Told::new(incident, on, input, plan))
}

/// Whether a tick at `now` ends the incident: nothing stands in it, and it has cooled down. A driver folds
/// ticks only for those; before a signal as well, so that a subject has one incident at a time.
pub fn due(incident: &Incident, now: ArrivalTime, plan: &Plan) -> bool {
    let cooled = |cleared: ArrivalTime| now.after(cleared) > plan.cool_down;
    !incident.is_over() && incident.cleared_at.is_some_and(cooled)
}

/// Whether a signal of this time belongs to the incident.
fn is_open(incident: &Incident, at: ArrivalTime, plan: &Plan) -> bool {
    !incident.is_over() && !due(incident, at, plan)
}

/// The ring that a signal made which is in the incident. Read from the incident, as the notices are, so
/// that the first time and every other are the same.
fn rang(incident: &Incident, input: &Input) -> Option<Ring> {
    let Input::Signal(signal) = input else { return None };
    Abnormal::of(signal)?;
    incident.rings.iter().find(|r| r.at == signal.at && r.kind == signal.kind).cloned()
}

/// The notices that an input made which is in the incident.
fn notices(incident: &Incident, input: &Input, plan: &Plan) -> Vec<Notice> {
    match (input, rang(incident, input)) {
        (Input::Tick(now), _) => tell::over(incident, plan, *now),
        (Input::Signal(_), Some(ring)) => tell::ring(incident, &ring, plan),
        (Input::Signal(signal), None) => {
            let opened = Abnormal::of(signal).is_some() && ids::incident(signal) == incident.id;
            if opened { tell::shown(incident, plan) } else { Vec::new() }
        }
    }
}

#[cfg(test)]
mod tests;
