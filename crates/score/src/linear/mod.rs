//! The linear model: n-grams and signs of the reading in, sums for each thing that is told out.
//!
//! A text is hashed into slots ([`Features`]); each slot that has weights adds its row of small integers,
//! so one look-up serves polarity, emotion and irony together ([`Model`]); sums become probabilities
//! ([`Outputs`]). `tocsin train` makes models.

mod features; // what the model sees of a text
mod fold; // what counts as the same character
mod outputs; // what the columns are, and what is made of their sums
mod weights; // the file, and adding up

pub use features::{Features, SIGN_VALUE, SIGNS};
pub use outputs::{COLUMNS, Calibration, EMOTION, IRONY, LEAN, NEUTRAL, OTHER, Outputs, Rules, softmax};
pub use weights::{MAGIC, Model, NAME_BYTES_MAX, NotAModel, ROWS_MAX, Row, WAYS, bucket};
