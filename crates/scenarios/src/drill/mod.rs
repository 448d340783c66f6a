//! Streams for drills: a brand's ordinary weeks, then one thing that happens, known to the minute.
//!
//! A scenario is data ([`list`]): how loud which voices are, minute by minute, as a share of what is usual for the
//! brand. So the same scenario suits a brand of one post an hour and one of a thousand.

mod act; // what happens in a scenario, as data
mod list; // all scenarios
mod play; // a scenario as posts
mod words; // what is said

use tocsin_model::{EventTime, Post, PostId};

pub use list::{SCENARIOS, scenario};
pub use play::play;

pub use act::{Expect, Scenario, Swap};

/// Whom a drill is about, and how great it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    /// As posts name the brand.
    pub brand: String,
    /// Posts an hour that are usual, in tenths; none: as many as the scenario is made for.
    pub usual_tenths: Option<u64>,
    /// How great what happens is, in hundredths: 100 is as it was written.
    pub scale_percent: u64,
    /// The same seed tells the same story.
    pub seed: u64,
    /// When the ordinary weeks begin: a midnight in Shanghai.
    pub start: EventTime,
}

/// A scenario as it was played.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// Everything, sorted by arrival.
    pub posts: Vec<Post>,
    /// When it begins.
    pub begins: EventTime,
    /// When it ends: nobody speaks of it any more, or all is heard again.
    pub ends: EventTime,
    /// The post that it comes from, where it comes from one.
    pub root: Option<PostId>,
    /// Posts that were said because of it.
    pub told: u64,
}
