//! Made-up streams of posts, for the demo and for drills.
//!
//! In: a seed and a start. Out: posts, sorted by arrival; the same seed gives the same posts to the letter.
//! Never: real people, real brands, real texts; I/O, a clock, chance that is not from the seed.

mod chance; // everything that is drawn
mod crisis; // the evening on which it happens
mod drill; // one thing that happens to a brand, out of a list
mod people; // who speaks
mod phrases; // what they say
mod quiet; // the weeks before
mod tea_house; // the whole story
mod teller; // how a post is made

pub use crate::drill::{Drill, Expect, SCENARIOS, Scenario, Story, Swap, play, scenario};
pub use crate::tea_house::{Crisis, TEA_HOUSE_BRAND, TEA_HOUSE_QUERY, tea_house, tea_house_crisis};
