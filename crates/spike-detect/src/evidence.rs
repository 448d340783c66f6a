//! Every number of a judgement, and what stands beside it for people to look at.

use tocsin_model::{
    AuthorId, AuthorKey, AuthorShare, Detail, Evidence, PostRef, Severity, SourceId, TopEntry, TopList, View,
    Voices,
};

use crate::Rule;
use crate::detectors::{Finding, Test, trigger};
use crate::severity::Grade;

/// Posts and authors shown.
pub(crate) const FEW: usize = 5;
/// Words shown.
const TERMS: usize = 10;

/// Among the numbers given: the false alarms that a brand may give in a month.
const ACCEPTED: &str = "false_alarms_a_brand_month";

/// The evidence of a finding in a view.
pub(crate) fn of(finding: Finding, grade: &Grade, view: &View, rule: &Rule) -> Evidence {
    let Detail { authors, texts, terms, posts, top_authors, sources, roots: _, pulls: _ } = view.detail();
    let test = finding.test;
    let mut evidence = Evidence {
        window_minutes: finding.window_minutes,
        observed: finding.counts.heard,
        expected: finding.expected,
        negative: finding.counts.negative,
        negative_expected: finding.negative_expected,
        test: finding.test.name(),
        log10_p: finding.log10_p,
        log10_threshold: finding.log10_threshold,
        posts: finding.counts.posts,
        reach: finding.counts.reach,
        distinct_authors: authors.estimate(),
        distinct_texts: texts.estimate(),
        top_posts: heaviest(posts).take(FEW).map(post).collect(),
        top_terms: heaviest(terms).take(TERMS).map(|e| (e.key.to_string(), e.weight)).collect(),
        top_authors: heaviest(top_authors).filter_map(author).take(FEW).collect(),
        sources: heaviest(sources).filter_map(source).collect(),
        given: finding
            .test
            .numbers()
            .into_iter()
            .chain([(ACCEPTED, rule.false_alarms_per_brand_month)])
            .map(|(name, number)| (name.to_owned(), number))
            .chain(grade.numbers())
            .collect(),
        ..Evidence::default()
    };
    if let Test::Trigger(given) = test {
        trigger::show(&mut evidence, given.kind, view, rule);
    }
    evidence
}

/// A verdict made again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Again {
    /// log10 of the probability of so much or more, were all ordinary.
    pub log10_p: f64,
    /// The log10 p at or below which it is abnormal.
    pub log10_threshold: f64,
    /// Whether it is.
    pub is_abnormal: bool,
    /// How bad it is; none of an older program's evidence, which does not say what made it so.
    pub severity: Option<Severity>,
}

/// Judges again from the evidence alone; none of a test that is not known here, or whose numbers are not all there
/// (an older program's).
pub fn recompute(evidence: &Evidence) -> Option<Again> {
    let test = Test::of(evidence)?;
    let accepted = number(evidence, ACCEPTED)?;
    let rule = Rule { false_alarms_per_brand_month: accepted, ..Rule::default() };
    let log10_p = test.log10_p();
    let log10_threshold = test.log10_threshold(&rule, evidence.window_minutes);
    Some(Again {
        log10_p,
        log10_threshold,
        is_abnormal: test.is_worth_asking() && log10_p <= log10_threshold,
        severity: Grade::of(evidence).map(|grade| grade.severity()),
    })
}

/// A number that a test was given.
pub(crate) fn number(evidence: &Evidence, name: &str) -> Option<f64> {
    evidence.given.get(name).copied()
}

fn heaviest(mut list: TopList) -> impl Iterator<Item = TopEntry> {
    list.trim();
    list.entries().to_vec().into_iter()
}

pub(crate) fn post(entry: TopEntry) -> PostRef {
    let excerpt = entry.note.as_deref().unwrap_or_default().to_owned();
    PostRef { id: entry.key.to_string(), excerpt, weight: entry.weight }
}

fn source(entry: TopEntry) -> Option<(SourceId, u64)> {
    SourceId::new(&entry.key).ok().map(|source| (source, entry.weight))
}

/// The key is the hash in hexadecimal; the note is source, id and name with a tab between. A note
/// that is gone (its time was over) leaves the hash.
fn author(entry: TopEntry) -> Option<AuthorShare> {
    let key = AuthorKey(u64::from_str_radix(&entry.key, 16).ok()?);
    let mut parts = entry.note.as_deref().unwrap_or_default().splitn(3, '\t').skip(1);
    let id = parts.next().and_then(|id| AuthorId::new(id).ok());
    let name = parts.next().filter(|name| !name.is_empty()).map(str::to_owned);
    let Voices { posts, against } = Voices::of(entry.weight);
    Some(AuthorShare { key, id, name, posts, started: 0, against, stance: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, note: Option<&str>, expected: Option<(u64, Option<&str>, Option<&str>)>) {
        let found = author(TopEntry { key: key.into(), weight: 3, note: note.map(Into::into) });
        let found = found.as_ref().map(|a| (a.key.0, a.id.as_ref().map(AuthorId::as_str), a.name.as_deref()));
        assert_eq!(found, expected);
    }

    #[test]
    fn an_author_comes_back_from_its_note() {
        check("00000000000000ff", Some("weibo\t77\t小林"), Some((255, Some("77"), Some("小林"))));
        check("00000000000000ff", Some("weibo\t77\t"), Some((255, Some("77"), None)));
        check("00000000000000ff", Some("weibo\t77\ta\tb"), Some((255, Some("77"), Some("a\tb"))));
    }

    #[test]
    fn without_a_note_the_hash_is_left() {
        check("00000000000000ff", None, Some((255, None, None)));
        check("not a hash", None, None);
    }
}
