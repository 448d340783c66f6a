//! The whole story: a chain of tea houses, three quiet weeks, and one evening.

use tocsin_model::{EventTime, Post, PostId, Span};

use crate::crisis::{Evening, MINUTES, until_it_eases};
use crate::quiet::Quiet;
use crate::teller::Teller;

/// The brand of the story.
pub const TEA_HOUSE_BRAND: &str = "山岚茶饮";
/// The query that finds it.
pub const TEA_HOUSE_QUERY: &str = "山岚茶饮 OR \"shanlan tea\"";

/// How long it is quiet at least.
const QUIET: Span = Span::from_hours(21 * 24);
/// When the video comes, by Shanghai's clock (UTC+8): 19:42.
const VIDEO_AT: Span = Span::from_minutes(19 * 60 + 42);
/// How long the story goes on after the crisis has ended.
const AFTER: Span = Span::from_minutes(30);

/// What is known of the crisis, for those who compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Crisis {
    /// The video that everything comes from.
    pub video: PostId,
    /// When it is posted.
    pub begins: EventTime,
    /// When fewer and fewer speak of it.
    pub eases: EventTime,
    /// When the last one has spoken.
    pub ends: EventTime,
}

/// The tea house's posts from `start` on, sorted by arrival: three quiet weeks of about 8 posts an hour,
/// then, at the next 19:42 in Shanghai, the crisis. About 5,500 posts in all. A record of an id that came
/// before is what people had done with that post by then.
pub fn tea_house(seed: u64, start: EventTime) -> Vec<Post> {
    story(seed, start).0
}

/// When and by which post the crisis of [`tea_house`] begins, and how it ends.
pub fn tea_house_crisis(seed: u64, start: EventTime) -> Crisis {
    story(seed, start).1
}

fn story(seed: u64, start: EventTime) -> (Vec<Post>, Crisis) {
    let begins = first_video_after(start.plus(QUIET));
    let ends = begins.plus(Span::from_minutes(MINUTES as i64));
    let second = Span::from_seconds(1);
    let (mut teller, mut quiet, mut evening) = (Teller::new(seed), Quiet::new(), Evening::new(begins));
    let (mut said, mut now) = (Vec::new(), start);
    while now < begins {
        quiet.second(&mut teller, now, &mut said);
        now = now.plus(second);
    }
    let video = evening.first(&mut teller, &mut said).id;
    now = begins;
    while now < ends.plus(AFTER) {
        quiet.second(&mut teller, now, &mut said);
        evening.second(&mut teller, now, &mut said);
        now = now.plus(second);
    }
    said.sort_by(|a, b| a.arrived.cmp(&b.arrived).then_with(|| a.id.cmp(&b.id)));
    (said, Crisis { video, begins, eases: begins.plus(until_it_eases()), ends })
}

/// The first 19:42 in Shanghai that is not before `at`.
fn first_video_after(at: EventTime) -> EventTime {
    const DAY: i64 = 86_400_000;
    let shanghai = at.millis() + 8 * 3_600_000;
    let wait = (VIDEO_AT.millis() - shanghai).rem_euclid(DAY);
    at.plus(Span::from_millis(wait))
}
