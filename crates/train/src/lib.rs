//! Trains and measures the model that reads: labelled texts in, weights and figures out.
//!
//! In: a folder of sets (`NAME.train.tsv`, `NAME.test.tsv`), or one file of a user's own labels. Out: the
//! bytes of a [`Model`](tocsin_score::linear::Model), its card, and what it gets right ([`Measured`]).
//! Never: clocks, network, chance that is not from the seed. A set is told by its labels alone.

mod card; // what one should know of a model
mod fit; // gradient descent over sparse rows
mod labels; // what the labels of sets mean
mod left_out; // what is read right on sets that were left out
mod look; // texts to features, as the pipeline does it
mod measure; // what a model gets right
mod plain; // a plain linear model, to measure ours by
mod recipe; // from sets to a model
mod sets; // files of labelled texts
mod tune; // a model learns a user's own labels

pub use crate::card::{card, is_research_only};
pub use crate::labels::{Aim, Meaning, Question};
pub use crate::left_out::{LeftOut, left_out};
pub use crate::look::{Eyes, Seen};
pub use crate::measure::{Measured, measure};
pub use crate::recipe::{Recipe, Trained, train};
pub use crate::sets::{Labelled, Part, Set, SetFault, read_labels, read_sets};
pub use crate::tune::{TUNE_ROWS_MIN, tune};
