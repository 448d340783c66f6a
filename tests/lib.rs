//! Whole-system tests: what they share.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod carrier; // the embedded carrier as the laws need it
mod chain; // the real chain over a simulated world
mod collector; // somebody who collects traces
mod damage; // records that are no posts any more, or hardly
mod desk; // somebody's door, where notices come
mod folder; // what stands in a data folder
mod http; // a sender's side of HTTP
mod posts; // posts as a sender writes them
mod process; // the program, as a user runs it
mod servers; // real brokers and a real Redis
mod streams; // recordings that tests replay

pub use crate::carrier::Embedded;
pub use crate::chain::Chains;
pub use crate::collector::{Collector, Span};
pub use crate::damage::damaged;
pub use crate::desk::{Call, Desk, SECRET};
pub use crate::folder::Folder;
pub use crate::http::{Answer, Connection, LINES};
pub use crate::posts::{lines, now, post};
pub use crate::process::{Server, data, program, said, seeds, soak, terminate, until};
pub use crate::servers::{Servers, Town};
pub use crate::streams::{Brand, lines_of, stream};
