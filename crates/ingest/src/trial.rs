//! What a query would find among posts that are there already: for whoever writes one.

use tocsin_model::{BrandId, EventTime, Post, PostId, Span};

use crate::brands::{BrandSet, TooManyTerms};
use crate::clean::{Cleaned, clean_into};
use crate::matcher::Matcher;
use crate::query::{Expr, Query, Term, Wanted};
use crate::step::text_hash;

/// What came out of trying a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Posts that were tried.
    pub posts: u64,
    /// From the earliest to the latest `created` of them; at least one hour.
    pub span: Span,
    /// What the query takes.
    pub taken: Found,
    /// Each of its terms, sorted.
    pub terms: Vec<TermTrial>,
    /// What its NOTs remove: posts that it would take without them.
    pub removed: Found,
    /// What it takes and the other query does not; `None` without another one.
    pub only_this: Option<Found>,
    /// What the other query takes and it does not; `None` without another one.
    pub only_other: Option<Found>,
}

/// What was found of one term.
#[derive(Clone, Debug, PartialEq)]
pub struct TermTrial {
    /// Which.
    pub term: Term,
    /// Asked for, or against.
    pub wanted: Wanted,
    /// Posts that have it, taken or not. 0: it never matches.
    pub anywhere: u64,
    /// Posts that are taken and have it; of a term under NOT: posts that are removed and have it.
    pub found: Found,
}

/// Some posts: how many, and a few to look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// How many.
    pub posts: u64,
    /// At most ten of them, drawn by a hash of text so that they come from the whole time.
    pub samples: Vec<Sample>,
}

/// A post to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Which.
    pub id: PostId,
    /// Its cleaned text.
    pub text: String,
    /// The hash that it was drawn by; the smallest ones are kept.
    pub drawn: u64,
}

/// Samples of one kind.
const SAMPLES_MAX: usize = 10;

impl Trial {
    /// So many posts in the whole span, as posts an hour.
    pub fn an_hour(&self, posts: u64) -> f64 {
        posts as f64 * 3_600_000.0 / self.span.millis() as f64
    }
    /// Terms that are in no post.
    pub fn never(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter().filter(|t| t.anywhere == 0).map(|t| &t.term)
    }
}

/// Tries a query, and how it differs from another one.
///
/// # Errors
/// [`TooManyTerms`], which two queries within [`TERMS_MAX`](crate::TERMS_MAX) never reach.
pub fn try_queries(
    query: &Query,
    other: Option<&Query>,
    posts: impl IntoIterator<Item = Post>,
) -> Result<Trial, TooManyTerms> {
    let without_nots =
        Query::of(loosened(positive(query.expr(), Wanted::There)).unwrap_or(query.expr().clone()));
    let terms = query.terms();
    // Everything that is asked of a post is a brand of its own.
    let mut asked = vec![query.clone(), without_nots, other.unwrap_or(query).clone()];
    asked.extend(terms.iter().map(|(term, _)| Query::of(Expr::Term(term.clone()))));
    let named = asked.into_iter().enumerate().filter_map(|(i, q)| Some((name(i)?, q))).collect();
    let mut matcher = Matcher::new(BrandSet::compile(named, 0)?.into());

    let terms = terms.into_iter();
    let mut trial = Trial {
        posts: 0,
        span: Span::from_hours(1),
        taken: Found::default(),
        terms: terms
            .map(|(term, wanted)| TermTrial { term, wanted, anywhere: 0, found: Found::default() })
            .collect(),
        removed: Found::default(),
        only_this: other.map(|_| Found::default()),
        only_other: other.map(|_| Found::default()),
    };
    let mut times: Option<(EventTime, EventTime)> = None;
    let mut text = Cleaned::default();
    for post in posts {
        clean_into(&post, &mut text);
        let (first, last) = times.unwrap_or((post.created, post.created));
        times = Some((first.min(post.created), last.max(post.created)));
        let holds: Vec<usize> =
            matcher.mentions(&post, &text).iter().filter_map(|m| m.brand.as_str().parse().ok()).collect();
        trial.take(&post, &text.text, &holds);
    }
    if let Some((first, last)) = times {
        trial.span = trial.span.max(Span::from_millis(last.millis().saturating_sub(first.millis())));
    }
    Ok(trial)
}

/// Names that sort as their numbers do.
fn name(number: usize) -> Option<BrandId> {
    BrandId::new(&format!("{number:06}")).ok()
}

impl Trial {
    /// Counts a post of which these questions hold, by number: the query, the query without its NOTs,
    /// the other one, then each term.
    fn take(&mut self, post: &Post, text: &str, holds: &[usize]) {
        let has = |question: usize| holds.binary_search(&question).is_ok();
        let drawn = text_hash(post);
        let sample = Sample { id: post.id.clone(), text: text.to_owned(), drawn };
        self.posts += 1;
        let (taken, removed) = (has(0), has(1) && !has(0));
        if taken {
            self.taken.add(&sample);
        }
        if removed {
            self.removed.add(&sample);
        }
        if let (Some(found), true, false) = (&mut self.only_this, taken, has(2)) {
            found.add(&sample);
        }
        if let (Some(found), false, true) = (&mut self.only_other, taken, has(2)) {
            found.add(&sample);
        }
        for (_, term) in self.terms.iter_mut().enumerate().filter(|(number, _)| has(number + 3)) {
            term.anywhere += 1;
            if (term.wanted == Wanted::There && taken) || (term.wanted == Wanted::Absent && removed) {
                term.found.add(&sample);
            }
        }
    }
}

impl Found {
    fn add(&mut self, sample: &Sample) {
        self.posts += 1;
        let at = self.samples.partition_point(|s| s.drawn <= sample.drawn);
        if at < SAMPLES_MAX {
            self.samples.insert(at, sample.clone());
            self.samples.truncate(SAMPLES_MAX);
        }
    }
}

/// The same with every NOT before a single term or NEAR (De Morgan).
fn positive(expr: &Expr, wanted: Wanted) -> Expr {
    let each = |parts: &[Expr]| parts.iter().map(|part| positive(part, wanted)).collect();
    match (expr, wanted) {
        (Expr::Not(inner), Wanted::There) => positive(inner, Wanted::Absent),
        (Expr::Not(inner), Wanted::Absent) => positive(inner, Wanted::There),
        (Expr::All(parts), Wanted::There) | (Expr::Any(parts), Wanted::Absent) => Expr::all(each(parts)),
        (Expr::Any(parts), Wanted::There) | (Expr::All(parts), Wanted::Absent) => Expr::any(each(parts)),
        (Expr::Term(_) | Expr::Near { .. }, Wanted::There) => expr.clone(),
        (Expr::Term(_) | Expr::Near { .. }, Wanted::Absent) => Expr::not(expr.clone()),
    }
}

/// The same with every NOT left out; `None` if it then holds of every post.
fn loosened(expr: Expr) -> Option<Expr> {
    match expr {
        Expr::Not(_) => None,
        Expr::Term(_) | Expr::Near { .. } => Some(expr),
        Expr::All(parts) => {
            let kept: Vec<_> = parts.into_iter().filter_map(loosened).collect();
            (!kept.is_empty()).then(|| Expr::all(kept))
        }
        Expr::Any(parts) => parts.into_iter().map(loosened).collect::<Option<Vec<_>>>().map(Expr::any),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn trial(query: &str, other: Option<&str>, texts: &[&str]) -> Trial {
        let parse = |q: &str| Query::parse(q).unwrap();
        let posts = texts.iter().enumerate().map(|(hour, text)| {
            let mut post = samples::post(text);
            post.id = samples::id(&hour.to_string());
            post.created = EventTime::from_millis(hour as i64 * 3_600_000);
            post
        });
        try_queries(&parse(query), other.map(parse).as_ref(), posts).unwrap()
    }

    fn texts(found: &Found) -> Vec<&str> {
        let mut texts: Vec<_> = found.samples.iter().map(|s| s.text.as_str()).collect();
        texts.sort();
        assert_eq!(found.posts, texts.len() as u64);
        texts
    }

    const POSTS: &[&str] = &["苹果手机", "苹果园", "iPhone", "果园里的 iPhone", "水果"];

    #[test]
    fn it_tells_what_each_term_finds_and_what_not_removes() {
        let trial = trial("(苹果 OR iPhone OR 蘋果電腦) NOT 果园", None, POSTS);
        assert_eq!(texts(&trial.taken), ["iPhone", "苹果手机"]);
        assert_eq!(texts(&trial.removed), ["果园里的 iPhone", "苹果园"]);
        let terms: Vec<_> =
            trial.terms.iter().map(|t| (t.term.text(), t.wanted, t.anywhere, t.found.posts)).collect();
        use Wanted::{Absent, There};
        let expected = [
            ("iPhone", There, 2, 1),
            ("果园", Absent, 2, 2),
            ("苹果", There, 2, 1),
            ("蘋果電腦", There, 0, 0),
        ];
        assert_eq!(terms, expected);
        assert_eq!(trial.never().map(Term::text).collect::<Vec<_>>(), ["蘋果電腦"]);
        assert_eq!((trial.posts, trial.an_hour(trial.taken.posts)), (5, 0.5));
        assert_eq!((trial.only_this, trial.only_other), (None, None));
    }

    #[test]
    fn it_tells_how_two_queries_differ() {
        let trial = trial("苹果", Some("果园 OR 水果"), POSTS);
        assert_eq!(texts(trial.only_this.as_ref().unwrap()), ["苹果手机"]);
        assert_eq!(texts(trial.only_other.as_ref().unwrap()), ["果园里的 iPhone", "水果"]);
    }

    #[test]
    fn not_around_a_group_is_taken_apart() {
        let trial = trial("NOT (NOT 苹果 OR 果园)", None, POSTS);
        assert_eq!((texts(&trial.taken), texts(&trial.removed)), (vec!["苹果手机"], vec!["苹果园"]));
    }

    #[test]
    fn no_posts_are_no_trouble_and_samples_are_few() {
        assert_eq!(trial("a", None, &[]).an_hour(0), 0.0);
        let many: Vec<String> = (0..30).map(|i| format!("a {i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let taken = trial("a", None, &many).taken;
        assert_eq!((taken.posts, taken.samples.len()), (30, SAMPLES_MAX));
    }
}
