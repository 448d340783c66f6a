//! The boolean query that says which posts mention a brand.
//!
//! | written | finds |
//! | --- | --- |
//! | `山岚`, `shanlan` | the word: Chinese anywhere, ASCII as a whole word; case, width and script fold |
//! | `"shanlan tea"` | the words beside each other, with any white space between them |
//! | `a b`, `a AND b` | both; two terms beside each other mean AND |
//! | `a OR b` | either; AND binds tighter |
//! | `NOT a`, `a NOT b` | not a; a query of what is not there alone is refused |
//! | `a NEAR/5 b` | both, in either order, with at most 5 words between them: a Latin word is one, a Han character is one. Either side may be `(a OR b)` |
//! | `#茶#`, `#tea`, `#"山岚 新品"` | the whole hashtag |
//! | `@shanlan` | the account, mentioned in the text |
//! | `author:u1`, `source:weibo`, `lang:zh` | who wrote it (id or name), where, in which language |
//!
//! AND, OR, NOT and NEAR are upper case. Full-width parentheses and quotes count as the ASCII ones; in
//! a phrase `\"` is a quote.

use std::fmt::{self, Display};
use std::sync::Arc;

mod lex; // what was typed
mod parse; // what it means

/// Characters of a query.
pub const QUERY_CHARS_MAX: usize = 20_000;
/// Terms of a query.
pub const TERMS_MAX: usize = 1_000;
/// How deep parentheses may be nested.
pub const DEPTH_MAX: usize = 32;
/// The most words that NEAR may allow between two terms.
pub const NEAR_MAX: u32 = 100;

/// A query without faults.
#[derive(Clone, Debug)]
pub struct Query {
    expr: Expr,
    cautions: Vec<QueryFault>,
}

/// Two queries are equal if they mean the same by the same words; what one was warned of is no part of it.
impl PartialEq for Query {
    fn eq(&self, other: &Query) -> bool {
        self.expr == other.expr
    }
}

/// What is wrong with a query, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryFault {
    /// Where, in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Display for QueryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}; {}", self.column, self.message, self.help)
    }
}

impl std::error::Error for QueryFault {}

/// What a post is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Term(Term),
    Not(Box<Expr>),
    /// Two or more, none of them an `All`.
    All(Vec<Expr>),
    /// Two or more, none of them an `Any`.
    Any(Vec<Expr>),
    Near {
        /// At most so many words stand between the two.
        within: u32,
        left: Vec<Term>,
        right: Vec<Term>,
    },
}

/// What a term looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TermKind {
    /// Words in the text.
    Words,
    /// A hashtag in the text.
    Hashtag,
    /// An account mentioned in the text.
    Account,
    /// The author's id or name.
    Author,
    /// The source.
    Source,
    /// The language.
    Lang,
}

/// One term of a query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    kind: TermKind,
    text: Arc<str>,
}

impl Term {
    /// What it looks at.
    pub fn kind(&self) -> TermKind {
        self.kind
    }
    /// What it looks for: cleaned, in the case and script in which it was written; without `#`, `@`
    /// or the prefix.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The same as it is compared with a post: lower case, Simplified.
    pub fn folded(&self) -> String {
        crate::fold::fold().text(&self.text)
    }
    /// Whether it is found in the text of a post, so that it has places there.
    pub fn is_in_text(&self) -> bool {
        matches!(self.kind, TermKind::Words | TermKind::Hashtag | TermKind::Account)
    }
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// Everything that is wrong with it, by column.
    pub fn parse(text: &str) -> Result<Query, Vec<QueryFault>> {
        parse::parse(text)
    }

    /// What is no fault but may not be meant: `and` in lower case, AND and OR without parentheses.
    pub fn cautions(&self) -> &[QueryFault] {
        &self.cautions
    }

    /// Every different term, with whether the query asks for posts without it. Sorted.
    pub fn terms(&self) -> Vec<(Term, Wanted)> {
        let mut terms = Vec::new();
        self.expr.each_term(Wanted::There, &mut |term, wanted| terms.push((term.clone(), wanted)));
        terms.sort();
        terms.dedup();
        terms
    }

    pub(crate) fn expr(&self) -> &Expr {
        &self.expr
    }

    /// A query made from a part of one, or of it put another way.
    pub(crate) fn of(expr: Expr) -> Query {
        Query { expr, cautions: Vec::new() }
    }
}

/// Whether a term is asked for or against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wanted {
    /// It should be there.
    There,
    /// It should not: it stands under a NOT.
    Absent,
}

impl Wanted {
    fn flipped(self) -> Wanted {
        match self {
            Wanted::There => Wanted::Absent,
            Wanted::Absent => Wanted::There,
        }
    }
}

impl Expr {
    /// Calls `each` with every term, and whether it is asked for or against.
    pub(crate) fn each_term<'a>(&'a self, wanted: Wanted, each: &mut impl FnMut(&'a Term, Wanted)) {
        match self {
            Expr::Term(term) => each(term, wanted),
            Expr::Not(inner) => inner.each_term(wanted.flipped(), each),
            Expr::All(parts) | Expr::Any(parts) => parts.iter().for_each(|p| p.each_term(wanted, each)),
            Expr::Near { left, right, .. } => left.iter().chain(right).for_each(|t| each(t, wanted)),
        }
    }

    /// All of them: flat, and a single one is itself.
    pub(crate) fn all(parts: Vec<Expr>) -> Expr {
        let flat = |part| match part {
            Expr::All(inner) => inner,
            other => vec![other],
        };
        one_or(parts.into_iter().flat_map(flat).collect(), Expr::All)
    }

    /// Any of them: flat, and a single one is itself.
    pub(crate) fn any(parts: Vec<Expr>) -> Expr {
        let flat = |part| match part {
            Expr::Any(inner) => inner,
            other => vec![other],
        };
        one_or(parts.into_iter().flat_map(flat).collect(), Expr::Any)
    }

    /// Not this; twice not is yes.
    pub(crate) fn not(inner: Expr) -> Expr {
        match inner {
            Expr::Not(inner) => *inner,
            other => Expr::Not(Box::new(other)),
        }
    }
}

fn one_or(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            many(parts)
        }
    }
}

// === The canonical form ===

impl Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Term(term) => term.fmt(f),
            Expr::Not(inner) => {
                f.write_str("NOT ")?;
                inner.fmt_inside(f)
            }
            Expr::All(parts) => join(f, parts, " AND ", Expr::fmt_inside),
            Expr::Any(parts) => join(f, parts, " OR ", Expr::fmt_inside),
            Expr::Near { within, left, right } => {
                fmt_side(f, left)?;
                write!(f, " NEAR/{within} ")?;
                fmt_side(f, right)
            }
        }
    }
}

impl Expr {
    /// With parentheses where it is more than a term or a NOT.
    fn fmt_inside(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Term(_) | Expr::Not(_) => self.fmt(f),
            Expr::All(_) | Expr::Any(_) | Expr::Near { .. } => write!(f, "({self})"),
        }
    }
}

fn fmt_side(f: &mut fmt::Formatter<'_>, side: &[Term]) -> fmt::Result {
    match side {
        [one] => one.fmt(f),
        many => {
            f.write_str("(")?;
            join(f, many, " OR ", Term::fmt)?;
            f.write_str(")")
        }
    }
}

fn join<T>(
    f: &mut fmt::Formatter<'_>,
    parts: &[T],
    between: &str,
    write: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        write(part, f)?;
    }
    Ok(())
}

impl Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TermKind::Words => "",
            TermKind::Hashtag => "#",
            TermKind::Account => "@",
            TermKind::Author => "author:",
            TermKind::Source => "source:",
            TermKind::Lang => "lang:",
        })?;
        let operators = ["and", "or", "not", "near"];
        let is_plain = self.text.chars().all(char::is_alphanumeric)
            && !operators.iter().any(|word| word.eq_ignore_ascii_case(&self.text));
        if is_plain {
            return f.write_str(&self.text);
        }
        write!(f, "\"{}\"", self.text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
pub(crate) mod tests;
