//! Reads the mood, the purpose and the concern of a post, and estimates how many persons it reached.
//!
//! In: a [`Tokenized`](tocsin_model::Tokenized). Out: the same with its reading, a
//! [`Scored`](tocsin_model::Scored). Never: I/O, clocks, async. What reads here is a small lexicon
//! (`data/`), with the effects of negation, degree and contrast in Chinese and English; whatever
//! replaces it keeps the face of [`Scorer`].

mod evidence; // walks a text once: who leans where, and by how much
mod index; // the words, by how they begin
mod intent; // what the post wants
mod lexicon; // what each word means
mod probability; // from evidence to probabilities
mod reach; // persons who may have seen it
mod scorer; // all of it, for a post and for each of its brands

pub use crate::reach::reach;
pub use crate::scorer::{CONCERNS_MAX, MODEL, Reading, Scorer};
