//! All brands compiled into one set: what it costs to look for them hardly grows with their number.

use std::fmt;

use rustc_hash::FxHashMap;
use tocsin_model::BrandId;

use crate::finder::Finder;
use crate::query::{Expr, Query, Term, TermKind, Wanted};

/// The brands that are watched, of one version of the config.
pub struct BrandSet {
    version: u64,
    /// Sorted by id.
    pub(crate) brands: Vec<Brand>,
    pub(crate) finder: Finder,
    /// What each number that the finder tells of is.
    pub(crate) kinds: Vec<TermKind>,
    /// For each term the brands that are asked when it occurs: `asked[starts[t]..starts[t + 1]]`.
    starts: Vec<u32>,
    asked: Vec<u32>,
    /// Brands that can match without a term of theirs in the text, as `source:weibo` does.
    pub(crate) always: Vec<u32>,
}

/// One of them.
pub(crate) struct Brand {
    pub(crate) id: BrandId,
    pub(crate) test: Test,
    /// The terms whose occurrences are places of a mention.
    pub(crate) places: Box<[u32]>,
}

/// A query whose terms in the text are numbers.
pub(crate) enum Test {
    /// Any of its terms is enough, and it is asked only when one occurred.
    Sure,
    Text(u32),
    Author(Box<str>),
    Source(Box<str>),
    Lang(Box<str>),
    Not(Box<Test>),
    All(Box<[Test]>),
    Any(Box<[Test]>),
    Near {
        within: usize,
        left: Box<[u32]>,
        right: Box<[u32]>,
    },
}

/// More terms than one automaton can hold: some millions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooManyTerms {
    /// Different terms of all brands.
    pub terms: usize,
}

impl fmt::Display for TooManyTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the brands have {} different terms, more than can be looked for at once", self.terms)
    }
}

impl std::error::Error for TooManyTerms {}

impl BrandSet {
    /// Compiles the queries of all brands. `version` names this set in every post matched with it.
    ///
    /// # Errors
    /// [`TooManyTerms`], at some millions of terms.
    pub fn compile(mut brands: Vec<(BrandId, Query)>, version: u64) -> Result<BrandSet, TooManyTerms> {
        brands.sort_by(|a, b| a.0.cmp(&b.0));
        let mut terms = Terms::default();
        let mut always = Vec::new();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut compiled = Vec::with_capacity(brands.len());
        for ((id, query), number) in brands.into_iter().zip(0u32..) {
            let expr = query.expr();
            match terms.needed(expr) {
                Some(needed) => pairs.extend(needed.into_iter().map(|term| (term, number))),
                None => always.push(number),
            }
            compiled.push(Brand { id, test: terms.whole_test(expr), places: terms.places(expr) });
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut starts = vec![0u32; terms.kinds.len() + 1];
        pairs.iter().for_each(|(term, _)| starts[*term as usize + 1] += 1);
        for term in 1..starts.len() {
            starts[term] += starts[term - 1];
        }
        let finder =
            Finder::new(&terms.patterns).map_err(|_| TooManyTerms { terms: terms.patterns.len() })?;
        let asked = pairs.into_iter().map(|(_, brand)| brand).collect();
        Ok(BrandSet { version, brands: compiled, finder, kinds: terms.kinds, starts, asked, always })
    }

    /// Which version of the config it was made of.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The brands, sorted.
    pub fn brands(&self) -> impl ExactSizeIterator<Item = &BrandId> {
        self.brands.iter().map(|b| &b.id)
    }

    /// The brands to be asked when a term occurs.
    pub(crate) fn asked(&self, term: u32) -> &[u32] {
        let term = term as usize;
        &self.asked[self.starts[term] as usize..self.starts[term + 1] as usize]
    }
}

impl fmt::Debug for BrandSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (brands, terms) = (self.brands.len(), self.kinds.len());
        f.debug_struct("BrandSet")
            .field("version", &self.version)
            .field("brands", &brands)
            .field("terms", &terms)
            .finish()
    }
}

/// The different terms so far.
#[derive(Default)]
struct Terms {
    numbers: FxHashMap<String, u32>,
    patterns: Vec<String>,
    kinds: Vec<TermKind>,
}

impl Terms {
    /// The number of a term of the text. Its mark is part of the pattern; a phrase that begins with a
    /// `#` is another term than the hashtag.
    fn number(&mut self, term: &Term) -> u32 {
        let (mark, key) = match term.kind() {
            TermKind::Hashtag => ("#", "h"),
            TermKind::Account => ("@", "a"),
            _ => ("", "w"),
        };
        let folded = term.folded();
        let next = self.patterns.len() as u32;
        *self.numbers.entry(format!("{key}{folded}")).or_insert_with(|| {
            self.patterns.push(format!("{mark}{folded}"));
            self.kinds.push(term.kind());
            next
        })
    }

    fn numbers(&mut self, terms: &[Term]) -> Box<[u32]> {
        terms.iter().map(|t| self.number(t)).collect()
    }

    /// Terms of which at least one must occur for the query to match; `None` if it can match without.
    fn needed(&mut self, expr: &Expr) -> Option<Vec<u32>> {
        match expr {
            Expr::Term(term) => term.is_in_text().then(|| vec![self.number(term)]),
            Expr::Not(_) => None,
            // The rarest are the best to wait for: few of them, and long.
            Expr::All(parts) => {
                let sets: Vec<_> = parts.iter().filter_map(|part| self.needed(part)).collect();
                sets.into_iter().min_by_key(|set| self.cost(set))
            }
            Expr::Any(parts) => {
                let sets: Option<Vec<_>> = parts.iter().map(|part| self.needed(part)).collect();
                sets.map(|sets| sets.concat())
            }
            Expr::Near { left, right, .. } => {
                let sides = [self.numbers(left).into_vec(), self.numbers(right).into_vec()];
                sides.into_iter().min_by_key(|set| self.cost(set))
            }
        }
    }

    /// How often some of these terms may occur: a guess, by their number and lengths.
    fn cost(&self, terms: &[u32]) -> u64 {
        let rareness = |term: &u32| self.patterns[*term as usize].len().min(16) as u64;
        terms.iter().map(|term| 1u64 << (16 - rareness(term))).sum()
    }

    fn whole_test(&mut self, expr: &Expr) -> Test {
        let is_text = |e: &Expr| matches!(e, Expr::Term(term) if term.is_in_text());
        match expr {
            Expr::Any(parts) if parts.iter().all(is_text) => Test::Sure,
            expr if is_text(expr) => Test::Sure,
            expr => self.test(expr),
        }
    }

    fn test(&mut self, expr: &Expr) -> Test {
        let mut tests = |parts: &[Expr]| parts.iter().map(|part| self.test(part)).collect();
        match expr {
            Expr::All(parts) => Test::All(tests(parts)),
            Expr::Any(parts) => Test::Any(tests(parts)),
            Expr::Not(inner) => Test::Not(Box::new(self.test(inner))),
            Expr::Near { within, left, right } => {
                Test::Near { within: *within as usize, left: self.numbers(left), right: self.numbers(right) }
            }
            Expr::Term(term) => match term.kind() {
                TermKind::Author => Test::Author(term.text().into()),
                TermKind::Source => Test::Source(term.text().into()),
                TermKind::Lang => Test::Lang(term.text().into()),
                TermKind::Words | TermKind::Hashtag | TermKind::Account => Test::Text(self.number(term)),
            },
        }
    }

    fn places(&mut self, expr: &Expr) -> Box<[u32]> {
        let mut places = Vec::new();
        expr.each_term(Wanted::There, &mut |term, wanted| {
            if wanted == Wanted::There && term.is_in_text() {
                places.push(self.number(term));
            }
        });
        places.sort_unstable();
        places.dedup();
        places.into()
    }
}
