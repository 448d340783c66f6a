//! Who matters to a brand: the authors of its incidents, added up.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};
use tocsin_model::{AuthorKey, AuthorShare, Incident, Label};

use crate::cli::count;

/// What an author does to a brand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Inflames,
    Calms,
    Neither,
}

impl Part {
    /// By how his own post leans from which most descends; else by what he wrote and what stands below it.
    fn of(share: &AuthorShare) -> Part {
        match share.stance {
            Some(Label::Negative) => Part::Inflames,
            Some(Label::Positive) => Part::Calms,
            _ if share.against > 0 && 2 * share.against >= share.voices().posts => Part::Inflames,
            _ => Part::Neither,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Part::Inflames => "inflames",
            Part::Calms => "calms",
            Part::Neither => "neither",
        }
    }
}

/// An author in all incidents of a brand in which he is known.
pub(super) struct Across {
    incidents: usize,
    /// Added up; name, id and stance are those of the latest incident that has them.
    share: AuthorShare,
}

impl Across {
    fn add(&mut self, earlier: AuthorShare) {
        self.incidents += 1;
        let known = &mut self.share;
        known.posts += earlier.posts;
        known.started += earlier.started;
        known.against += earlier.against;
        known.id = known.id.take().or(earlier.id);
        known.name = known.name.take().or(earlier.name);
        known.stance = known.stance.or(earlier.stance);
    }
}

/// The authors of some incidents, the latest of which stands first: at most `limit`, the greatest first.
pub(super) fn across(incidents: &Value, limit: usize) -> Vec<Across> {
    let read = |one: &Value| tocsin_wire::read_incident(one.to_string().as_bytes()).ok();
    let mut known: BTreeMap<AuthorKey, Across> = BTreeMap::new();
    for incident in incidents.as_array().into_iter().flatten().filter_map(read) {
        for share in leaders(&incident) {
            match known.get_mut(&share.key) {
                Some(author) => author.add(share),
                None => drop(known.insert(share.key, Across { incidents: 1, share })),
            }
        }
    }
    let mut authors: Vec<Across> = known.into_values().collect();
    authors.sort_by_key(|author| Reverse((author.share.voices().heaviness(), author.incidents)));
    authors.truncate(limit);
    authors
}

fn leaders(incident: &Incident) -> Vec<AuthorShare> {
    AuthorShare::greatest(incident.kinds.iter().flat_map(|kind| &kind.evidence.top_authors))
}

/// One line an author.
pub(super) fn table(out: &mut impl Write, authors: &[Across]) -> io::Result<()> {
    if authors.is_empty() {
        return writeln!(out, "no incidents of this brand, so no authors");
    }
    for Across { incidents, share } in authors {
        let AuthorShare { key, id, name, posts, started, against, .. } = share;
        let id = id.as_ref().map_or_else(|| key.to_string(), ToString::to_string);
        let (name, part) = (name.as_deref().unwrap_or(""), Part::of(share).name());
        let incidents = count(*incidents, "incident");
        writeln!(
            out,
            "{incidents:>13}  wrote {posts:>4}  began {started:>6}  against {against:>6}  {part:<8}  {id}  {name}"
        )?;
    }
    Ok(())
}

/// One JSON object an author.
pub(super) fn lines(out: &mut impl Write, authors: &[Across]) -> io::Result<()> {
    for Across { incidents, share } in authors {
        let line = json!({
            "key": share.key.to_string(),
            "id": share.id.as_ref().map(ToString::to_string),
            "name": share.name,
            "incidents": incidents,
            "posts": share.posts,
            "started": share.started,
            "against": share.against,
            "part": Part::of(share).name(),
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tocsin_model::{
        ArrivalTime, AuthorId, BrandId, Course, Evidence, Handling, Kind, KindState, Severity, Subject,
    };

    use super::*;

    fn share(key: u64, name: &str, started: u64, against: u64, stance: Option<Label>) -> AuthorShare {
        let id = (!name.is_empty()).then(|| AuthorId::new(name).unwrap());
        AuthorShare { key: AuthorKey(key), id, name: None, posts: 1, started, against, stance }
    }

    fn incident(id: &str, top_authors: Vec<AuthorShare>) -> Value {
        let at = ArrivalTime::from_millis(0);
        let kind = KindState {
            kind: Kind::Negative,
            severity: Severity::Red,
            now: Severity::Red,
            stands: true,
            first_at: at,
            last_at: at,
            evidence: Box::new(Evidence { top_authors, ..Evidence::default() }),
            before_log10_p: -6.0,
        };
        let incident = Incident {
            id: tocsin_model::IncidentId::new(id).unwrap(),
            subject: Subject::Brand(BrandId::new("山岚").unwrap()),
            blinds: Vec::new(),
            version: 1,
            opened_at: at,
            last_signal_at: at,
            cleared_at: None,
            ended_at: None,
            severity: Severity::Red,
            kinds: vec![kind],
            course: Course::Opened,
            handling: Handling::Unseen,
            rings: Vec::new(),
            answers: Vec::new(),
            causes: Vec::new(),
        };
        serde_json::from_slice(&tocsin_wire::write_incident(&incident)).unwrap()
    }

    #[test]
    fn parts_add_up_over_incidents_and_the_names_that_are_kept_stay() {
        let (bad, good) = (Some(Label::Negative), Some(Label::Positive));
        let latest = incident("b", vec![share(1, "", 9, 9, None), share(2, "mild", 50, 5, good)]);
        let earlier = incident("a", vec![share(1, "rage", 90, 80, bad), share(3, "some", 3, 1, None)]);
        let mut out = Vec::new();
        lines(&mut out, &across(&json!([latest, earlier]), 2)).unwrap();
        let expected = [
            r#"{"against":89,"id":"rage","incidents":2,"key":"0000000000000001","name":null,"part":"inflames","posts":2,"started":99}"#,
            r#"{"against":5,"id":"mild","incidents":1,"key":"0000000000000002","name":null,"part":"calms","posts":1,"started":50}"#,
        ];
        assert_eq!(String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(), expected);
    }
}
