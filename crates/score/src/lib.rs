//! Reads the mood, the purpose and the concern of a post, and estimates how many persons it reached.
//!
//! In: a [`Tokenized`](tocsin_model::Tokenized). Out: the same with its reading, a
//! [`Scored`](tocsin_model::Scored). Never: I/O, clocks, async. Two read together: a lexicon
//! (`data/`) with rules of what speech does to words (negation, contrast, wishes, irony), and a linear model
//! over hashed n-grams and the signs that the rules found.

mod evidence; // what leans where, what turns it around, what it is a sign of
mod explain; // what weighed how much
mod index; // the words, by how they begin
mod intent; // what the post wants
mod lexicon; // what each word means
pub mod linear; // the model over hashed features
mod plain; // the text as the lexicon knows it
mod probability; // from evidence to probabilities
mod reach; // persons who may have seen it
mod scorer; // all of it, for a post and for each of its brands
mod signs; // the same for the linear model
mod towards; // the mood towards each brand
mod walk; // from word to word, with what each of them does to its neighbours

pub use crate::explain::{By, Reason};
pub use crate::reach::reach;
pub use crate::scorer::{CONCERNS_MAX, RULES, Reading, Scorer, Scratch};
