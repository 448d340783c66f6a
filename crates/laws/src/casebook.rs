//! I5: a keep on a stale version fails and changes nothing; what is over is not recalled.

use tocsin_flow::{Casebook, Kept};
use tocsin_model::{
    ArrivalTime, BrandId, Course, Evidence, Handling, Incident, IncidentId, Kind, KindState, Severity,
    SignalId, Subject,
};

use crate::{Carrier, settle};

pub(crate) fn incident(id: &str, version: u64) -> Incident {
    let at = ArrivalTime::from_millis(60_000);
    let evidence = Evidence {
        window_minutes: 15,
        observed: 9,
        expected: 1.5,
        negative: 8_000,
        negative_expected: 0.25,
        test: "poisson_tail",
        log10_p: -9.5,
        log10_threshold: -4.0,
        posts: 10,
        reach: 1_000,
        distinct_authors: 9,
        distinct_texts: 8,
        top_posts: Vec::new(),
        top_terms: Vec::new(),
        top_authors: Vec::new(),
        sources: Vec::new(),
        ..Evidence::default()
    };
    Incident {
        id: IncidentId::new(id).expect("a good id"),
        subject: Subject::Brand(BrandId::new("山岚").expect("a good name")),
        blinds: Vec::new(),
        version,
        opened_at: at,
        last_signal_at: at,
        cleared_at: None,
        ended_at: None,
        severity: Severity::Yellow,
        kinds: vec![KindState {
            kind: Kind::Negative,
            severity: Severity::Yellow,
            now: Severity::Yellow,
            stands: true,
            first_at: at,
            last_at: at,
            evidence: Box::new(evidence),
            before_log10_p: -9.5,
        }],
        course: Course::Opened,
        handling: Handling::Unseen,
        rings: Vec::new(),
        answers: vec![],
        causes: vec![SignalId::new("s").expect("a good id")],
    }
}

pub(crate) fn all<C: Carrier>(fresh: &impl Fn() -> C) {
    let mut state = fresh().state();
    let first = incident("i", 1);
    let subject = first.subject.clone();
    assert_eq!(settle(state.keep(&first, 0)).expect("an answer"), Kept::Yes);
    assert_eq!(settle(state.recall(&subject)).expect("incidents"), std::slice::from_ref(&first));
    assert_eq!(settle(state.open()).expect("subjects"), std::slice::from_ref(&subject));

    let second = incident("i", 2);
    assert_eq!(settle(state.keep(&second, 0)).expect("an answer"), Kept::Stale, "I5");
    assert_eq!(
        settle(state.recall(&subject)).expect("incidents"),
        [first],
        "I5: a stale keep changes nothing"
    );
    assert_eq!(settle(state.keep(&second, 1)).expect("an answer"), Kept::Yes);

    let over = Incident { version: 3, ended_at: Some(ArrivalTime::from_millis(9)), ..second };
    assert_eq!(settle(state.keep(&over, 2)).expect("an answer"), Kept::Yes);
    assert_eq!(settle(state.recall(&subject)).expect("incidents"), [], "I5: what is over is not recalled");
    assert_eq!(settle(state.open()).expect("subjects"), []);
}
