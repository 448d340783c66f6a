//! What makes stages run: the loops, the clock, the waits, the meters, the way to stop, the pages that
//! tell of it.
//!
//! In: seams of flow, and the steps that the binary makes of stages. Out: posts on their way, notices
//! delivered; what `tocsin_flow::Room` holds; three HTTP pages.
//! Never: an opinion on a post, a carrier, an inlet or an outlet by name. Only here is time asked.

mod backoff; // how long to wait between tries
mod clock; // the clocks
mod deliver; // the only loop over notices
mod health; // what the process says of itself
mod metrics; // the list of all that can be known
mod process; // what the system knows of the process
mod run; // the only loop over batches
mod shutdown; // stopping
mod telemetry; // logs and traces

pub use crate::backoff::Patience;
pub use crate::clock::{HandClock, WallClock};
pub use crate::deliver::deliver;
pub use crate::health::{Health, Phase, pages};
pub use crate::metrics::{BRANDS_MAX, BrandStands, Metrics, SOURCES_MAX};
pub use crate::run::{Step, Ticks, run};
pub use crate::shutdown::{Stopper, stop_on_signals};
pub use crate::telemetry::{Guard, LogFormat, init};
