//! Cuts a post into words, figures, hashtags, accounts, emoji, emoticons, links and marks, and takes
//! a fingerprint that near copies share.
//!
//! In: a [`Matched`](tocsin_model::Matched). Out: the same with its tokens and its fingerprint,
//! a [`Tokenized`](tocsin_model::Tokenized). Never: I/O, clocks, async, copies of the text (a token is
//! a byte range). Segmentation is jieba-rs with its dictionary, the brands' terms and the user's words.

mod background; // how common words are elsewhere
mod fingerprint; // near copies differ in few bits
mod special; // what is cut by its form: #…#, @…, […], links, emoji
mod tokenizer; // all of it, and the words between

pub use crate::background::Background;
pub use crate::fingerprint::{COPY_BITS_MAX, fingerprint, is_copy};
pub use crate::tokenizer::{Scratch, Tokenizer, WORD_CHARS_MAX};
