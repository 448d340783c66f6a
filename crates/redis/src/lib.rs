//! State over Redis: claims, kin, windows, and the index of incidents, on one server or a Cluster.
//!
//! In: what a chain asks and tells. Out: the same answers to the digit as every carrier gives. Redis adds
//! nothing up and looks into no row: it keeps, puts and fences, all in scripts that do a thing whole or
//! not at all; what rows mean is worked out here, with the model's own rules.
//! Never: an opinion about posts. Keys and their sizes: `layout`. Three kinds of state:
//!
//! - *Windows* go into Redis with the merge, together with the fence of (subject, lane): whoever offers a
//!   position again is told so. See `journal`.
//! - *Claims and kin* are a lane's own. They wait here until the chain has committed, and go in together with
//!   the lane's fence, at the head of the next request. What Redis has lost shows in the fence:
//!   [`RedisState::stands`] says from where the lane must be gone over again. See `lane`.
//! - *Marks and incidents* wait for the commit, too; what comes twice changes nothing.

mod anew; // a past that is counted anew
mod answer; // what came of an offer
mod casebook; // the index of incidents
mod check; // what a server must be
mod claims; // which ids are known
mod desk; // what a chain was told since its last commit
mod fences; // how far each lane is remembered, for people
mod fold; // a journal becomes hours and days
mod journal; // what a subject was told, entry by entry
mod kin; // who descends from whom
mod lane; // what a lane remembers, and how far
mod layout; // keys, their sizes, the version
mod list; // subjects to look at
mod moving; // from and to another carrier
mod reply; // what Redis answered
mod room; // a subject in memory
mod route; // which server holds a key
mod rows; // hours and days, in memory
mod scripts; // what is done whole or not at all
mod secret; // what authors are hashed with
mod server; // connections
mod settings; // where Redis is
mod shelf; // rows by id, many to a key
mod watch; // is it still there, and still the same?
mod windows; // the buckets

pub use crate::desk::RedisState;
pub use crate::fences::Fence;
pub use crate::server::Redis;
pub use crate::settings::{Address, Place, Settings, Tls};
