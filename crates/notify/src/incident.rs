//! How an incident opens, takes a signal, and ends. Which incident, and who is told: not here.

use tocsin_model::{
    Answered, ArrivalTime, AuthorShare, Course, Evidence, Handling, Incident, Kind, KindState, Ring,
    Severity, Signal, SignalId, State,
};

use crate::{Plan, ids};

/// So many of the last inputs are known to be in. At one signal a minute and kind: more than two hours of
/// a crisis with two kinds.
const CAUSES_MAX: usize = 256;
/// Authors that are known of an incident.
const LEADERS_MAX: usize = 5;
/// Answers that are marked: who speaks more often is heard, too.
const ANSWERS_MAX: usize = 32;
/// An incident gets worse or lets up where log10 p has moved by so much over two signals, ...
const MOVED_DECADES: f64 = 1.0;
/// ... and by this part of itself: at 10^-200 a decade is noise.
const MOVED_PART: f64 = 0.1;

/// An abnormal signal, taken apart.
pub(crate) struct Abnormal<'a> {
    pub(crate) signal: &'a Signal,
    pub(crate) severity: Severity,
    /// It is so since this minute.
    pub(crate) begins: bool,
    pub(crate) evidence: &'a Evidence,
}

impl<'a> Abnormal<'a> {
    /// None of a `cleared`.
    pub(crate) fn of(signal: &'a Signal) -> Option<Abnormal<'a>> {
        match &signal.state {
            State::Abnormal { severity, since, evidence } => {
                let begins = *since == signal.at.minute();
                Some(Abnormal { signal, severity: *severity, begins, evidence })
            }
            State::Cleared { .. } => None,
        }
    }

    /// It is shown and rings nobody: more of something, without more negative posts than usual.
    pub(crate) fn is_quiet(&self) -> bool {
        let more = matches!(self.signal.kind, Kind::Volume | Kind::Engagement | Kind::Forecast);
        more && self.severity == Severity::Blue
    }

    fn kind_state(&self, evidence: Evidence) -> KindState {
        KindState {
            kind: self.signal.kind,
            severity: self.severity,
            now: self.severity,
            stands: true,
            first_at: self.signal.at,
            last_at: self.signal.at,
            before_log10_p: evidence.log10_p,
            evidence: Box::new(evidence),
        }
    }
}

/// A new incident. It rings, unless what opened it is quiet.
pub(crate) fn open(abnormal: &Abnormal<'_>, plan: &Plan) -> Incident {
    let mut incident = Incident {
        id: ids::incident(abnormal.signal),
        subject: abnormal.signal.subject.clone(),
        blinds: plan.blinds(&abnormal.signal.subject, abnormal.evidence),
        version: 1,
        opened_at: abnormal.signal.at,
        last_signal_at: abnormal.signal.at,
        cleared_at: None,
        ended_at: None,
        severity: abnormal.severity,
        kinds: vec![abnormal.kind_state(abnormal.evidence.clone())],
        course: Course::Opened,
        handling: Handling::Unseen,
        rings: Vec::new(),
        answers: abnormal.evidence.answered.into_iter().collect(),
        causes: vec![abnormal.signal.id.clone()],
    };
    if !abnormal.is_quiet() {
        ring(&mut incident, abnormal);
    }
    incident
}

/// The incident with one more signal in it. It rings when it is worse than it ever was, so once a level however that
/// goes up and down; when it gains a kind; and when a kind that stands begins anew: a burst in what had only
/// been high for hours. That there are more posts is no news to somebody whom the bell has told already.
pub(crate) fn join(known: &Incident, abnormal: &Abnormal<'_>) -> Incident {
    let mut incident = caused(known, abnormal.signal.id.clone());
    let evidence = Evidence { top_authors: leaders(known, abnormal.evidence), ..abnormal.evidence.clone() };
    let rises = abnormal.severity > known.severity;
    let known_kind = incident.kinds.iter_mut().find(|k| k.kind == abnormal.signal.kind);
    let gains = known_kind.is_none();
    let anew =
        abnormal.begins && known_kind.as_ref().is_some_and(|k| k.stands && k.last_at < abnormal.signal.at);
    let moved = match known_kind {
        Some(kind) => take(kind, abnormal, evidence),
        None => {
            incident.kinds.push(abnormal.kind_state(evidence));
            Course::Worsening
        }
    };
    if rises || gains || anew {
        incident.course = Course::Worsening;
    } else if leads(&incident, abnormal.signal.kind) {
        incident.course = moved;
    }
    incident.severity = known.severity.max(abnormal.severity);
    incident.last_signal_at = known.last_signal_at.max(abnormal.signal.at);
    incident.cleared_at = None;
    abnormal.evidence.answered.into_iter().for_each(|answered| hear(&mut incident, answered));
    let gains_news = gains && (abnormal.signal.kind != Kind::Volume || incident.rings.is_empty());
    if (rises || gains_news || anew) && !abnormal.is_quiet() {
        ring(&mut incident, abnormal);
    }
    incident
}

/// Who had the greatest part in an incident, each by the signal in which his was greatest: a signal knows of the last
/// hours alone, and who began it all may have been silent since.
fn leaders(known: &Incident, new: &Evidence) -> Vec<AuthorShare> {
    let known = known.kinds.iter().flat_map(|kind| &kind.evidence.top_authors);
    let mut leaders = AuthorShare::greatest(new.top_authors.iter().chain(known));
    leaders.truncate(LEADERS_MAX);
    leaders
}

/// Marks an answer of the brand's own, or what has come of it by now. What is known of it last stays.
fn hear(incident: &mut Incident, answered: Answered) {
    match incident.answers.iter().position(|known| known.at == answered.at) {
        Some(place) => incident.answers[place] = answered,
        None if incident.answers.len() < ANSWERS_MAX => incident.answers.push(answered),
        None => {}
    }
}

/// Of what is abnormal now, this kind is the worst (the first of equals): an incident goes where it goes.
fn leads(incident: &Incident, kind: Kind) -> bool {
    let standing = || incident.kinds.iter().filter(|k| k.stands);
    let worst = standing().map(|k| k.now).max();
    standing().find(|k| Some(k.now) == worst).is_some_and(|k| k.kind == kind)
}

/// A kind takes its next signal, and says where that points.
fn take(kind: &mut KindState, abnormal: &Abnormal<'_>, evidence: Evidence) -> Course {
    let (two_ago, last, new) = (kind.before_log10_p, kind.evidence.log10_p, evidence.log10_p);
    let much = MOVED_DECADES.max(MOVED_PART * two_ago.abs());
    let course = if !kind.stands || new <= two_ago - much {
        Course::Worsening
    } else if new >= two_ago + much {
        Course::Easing
    } else {
        Course::Plateau
    };
    kind.severity = kind.severity.max(abnormal.severity);
    kind.now = abnormal.severity;
    kind.stands = true;
    kind.last_at = kind.last_at.max(abnormal.signal.at);
    kind.before_log10_p = last;
    *kind.evidence = evidence;
    course
}

/// The incident with a kind that is ordinary again; none if that kind does not stand in it, or has been
/// signalled since.
pub(crate) fn ease(known: &Incident, cleared: &Signal) -> Option<Incident> {
    let stands = |k: &KindState| k.kind == cleared.kind && k.stands && k.last_at <= cleared.at;
    let place = known.kinds.iter().position(stands)?;
    let mut incident = caused(known, cleared.id.clone());
    incident.kinds[place].stands = false;
    incident.course = Course::Easing;
    if incident.kinds.iter().all(|k| !k.stands) {
        incident.cleared_at = Some(cleared.at);
    }
    Some(incident)
}

/// The incident after its end: that was when its last kind was cleared.
pub(crate) fn end(known: &Incident, now: ArrivalTime) -> Incident {
    let mut incident = caused(known, ids::tick(now));
    incident.course = Course::Over;
    incident.ended_at = Some(known.cleared_at.unwrap_or(now));
    incident
}

/// The next version, with the cause of it.
fn caused(known: &Incident, cause: SignalId) -> Incident {
    let mut incident = known.clone();
    incident.version += 1;
    if incident.causes.len() >= CAUSES_MAX {
        incident.causes.drain(..=incident.causes.len() - CAUSES_MAX);
    }
    incident.causes.push(cause);
    incident
}

/// Rings for the signal that was just taken in.
fn ring(incident: &mut Incident, abnormal: &Abnormal<'_>) {
    let taken = |kind: &&KindState| kind.kind == abnormal.signal.kind;
    let evidence = incident.kinds.iter().find(taken).map(|kind| kind.evidence.clone());
    incident.rings.push(Ring {
        number: incident.rings.len() as u32 + 1,
        kind: abnormal.signal.kind,
        severity: incident.severity,
        at: abnormal.signal.at,
        evidence: evidence.expect("the signal is in"),
    });
}
