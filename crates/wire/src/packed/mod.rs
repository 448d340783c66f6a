//! What only a store reads, as few bytes: a version byte, then numbers of variable length.

mod bytes; // numbers and texts as bytes
mod claim; // what is known of an id
mod claims; // what is known of some ids
mod counts; // what a bucket holds
mod day; // a day of a subject
mod delta; // what records add to a subject
mod detail; // what stands in evidence of an hour
mod hour; // an hour of a subject
mod kinfolk; // what some posts took, and who waits
mod mark; // what a judge remembers
mod took; // which brands a post took, and when
mod waiting; // a child that waits for its parent's brands

pub use claim::{read_claim, write_claim};
pub use claims::{read_claims, write_claims};
pub use counts::{read_counts, write_counts};
pub use day::{read_day, write_day};
pub use delta::{read_delta, write_delta};
pub use detail::{read_detail, write_detail};
pub use hour::{HourRow, read_hour, write_hour};
pub use kinfolk::{Kinsman, read_kinfolk, write_kinfolk};
pub use mark::{read_mark, write_mark};
pub use took::{read_took, write_took};
pub use waiting::{read_waiting, write_waiting};
