//! What only a store reads, as few bytes: a version byte, then numbers of variable length.

mod bytes; // numbers and texts as bytes
mod claim; // what is known of an id
mod counts; // what a bucket holds
mod detail; // what stands in evidence of an hour
mod mark; // what a judge remembers
mod took; // which brands a post took, and when

pub use claim::{read_claim, write_claim};
pub use counts::{read_counts, write_counts};
pub use detail::{read_detail, write_detail};
pub use mark::{read_mark, write_mark};
pub use took::{read_took, write_took};
