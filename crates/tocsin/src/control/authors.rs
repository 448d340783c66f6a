//! Who matters to a brand: the authors of its incidents, added up.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};
use tocsin_model::{AuthorKey, AuthorShare, Incident, Label};

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
        writeln!(
            out,
            "{incidents:>3} incidents  wrote {posts:>4}  began {started:>6}  against {against:>6}  {part:<8}  {id}  {name}"
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
