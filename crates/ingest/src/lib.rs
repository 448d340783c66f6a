//! Takes posts in: cleans them, dates them, finds the brands that they mention.
//!
//! In: posts with their positions and what Claims said of them; a [`BrandSet`]. Out: what names a brand
//! ([`Ingested::matched`]), and what Kin must be told and asked.
//! Never: I/O, clocks, async; a claim or a parent is looked up by others and handed in.

mod brands; // all brands in one set
mod clean; // one clean text of a post
mod finder; // every term in one pass
mod fold; // what counts as the same character
mod hits; // which terms occurred where
mod html; // which tags and entities there are
mod language; // which language a post is in
mod matcher; // the brands that a post names
mod query; // which posts mention a brand
mod step; // the stage
mod trial; // what a query would find
mod words; // where words, hashtags and accounts end

#[cfg(test)]
mod samples; // posts for tests

pub use crate::brands::{BrandSet, TooManyTerms};
pub use crate::clean::{Cleaned, clean, clean_text};
pub use crate::fold::folded;
pub use crate::language::language;
pub use crate::matcher::Matcher;
pub use crate::query::{
    DEPTH_MAX, NEAR_MAX, QUERY_CHARS_MAX, Query, QueryFault, TERMS_MAX, Term, TermKind, Wanted,
};
pub use crate::step::{Ingested, gained, ingest, record};
pub use crate::trial::{Found, Sample, TermTrial, Trial, try_queries};
