//! The weeks before: everyday talk, by the hour of the day.

use std::collections::VecDeque;

use tocsin_model::{Engagement, EventTime, Post, Span};

use crate::people;
use crate::phrases::{self, fill};
use crate::teller::{Bond, Place, Teller};

/// What an hour of the day holds, in tenths of a post, by Shanghai's clock: 192 posts a day, 8 an hour.
pub(crate) const TENTHS_BY_HOUR: [u64; 24] =
    [30, 15, 8, 5, 5, 8, 20, 45, 70, 85, 95, 115, 140, 125, 110, 120, 110, 105, 120, 135, 140, 125, 110, 79];
/// Regulars.
const CROWD: u64 = 600;
/// So many of the latest posts are answered or passed on.
const RECENT: usize = 40;

/// Whole hours since midnight in Shanghai, which keeps UTC+8 all the year.
pub(crate) fn hour_of_day(at: EventTime) -> usize {
    at.plus(Span::from_hours(8)).hour().0.rem_euclid(24) as usize
}

/// Everyday talk. It is asked once a second.
pub(crate) struct Quiet {
    recent: VecDeque<Post>,
}

impl Quiet {
    pub(crate) fn new() -> Quiet {
        Quiet { recent: VecDeque::with_capacity(RECENT) }
    }

    /// What is said in this second: mostly nothing.
    pub(crate) fn second(&mut self, teller: &mut Teller, at: EventTime, said: &mut Vec<Post>) {
        if !teller.chance.happens(TENTHS_BY_HOUR[hour_of_day(at)], 10 * 3_600) {
            return;
        }
        let post = match (teller.chance.below(100), self.recent.is_empty()) {
            (0..72, _) | (_, true) => self.original(teller, at, said),
            (72..80, false) => self.repost(teller, at),
            (80..88, false) => self.comment(teller, at),
            (_, false) => {
                let place = Place::any(&mut teller.chance);
                let text = fill(&mut teller.chance, phrases::UNRELATED);
                let author = people::somebody(&mut teller.chance, CROWD);
                teller.say(at, place, author, text, Bond::None)
            }
        };
        said.push(post);
    }

    /// Own words that name the brand: 15 of 100 complain, 4 are English, 40 praise.
    fn original(&mut self, teller: &mut Teller, at: EventTime, said: &mut Vec<Post>) -> Post {
        let chance = &mut teller.chance;
        let templates = match chance.below(100) {
            0..15 => phrases::COMPLAINT,
            15..19 => phrases::ENGLISH,
            19..60 => phrases::POSITIVE,
            _ => phrases::NEUTRAL,
        };
        let (place, text) = (Place::any(chance), fill(chance, templates));
        let author = people::somebody(chance, CROWD);
        let post = teller.say(at, place, author, text, Bond::None);
        if teller.chance.happens(5, 100) {
            let later = at.plus(Span::from_minutes(teller.chance.between(40, 200) as i64));
            let likes = 3 + teller.chance.below(40);
            let engagement =
                Engagement { likes, comments: likes / 8, reposts: likes / 15, views: likes * 30 };
            said.push(teller.again(&post, later, engagement));
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(post.clone());
        post
    }

    /// On Weibo: half of them without a word of their own.
    fn repost(&mut self, teller: &mut Teller, at: EventTime) -> Post {
        let Some(parent) = self.any_recent(teller, Some(Place::Weibo)) else {
            return self.comment(teller, at);
        };
        let author = people::somebody(&mut teller.chance, CROWD);
        if teller.chance.happens(1, 2) {
            return teller.say(at, Place::Weibo, author, "转发微博".to_owned(), Bond::RepostOf(&parent));
        }
        let own = fill(&mut teller.chance, phrases::QUIET_SHORT);
        let name = parent.author.name.as_deref().unwrap_or_default();
        let text = format!("{own}//@{name}:{}", parent.text);
        teller.say(at, Place::Weibo, author, text, Bond::RepostWith(&parent))
    }

    fn comment(&mut self, teller: &mut Teller, at: EventTime) -> Post {
        let parent = self.any_recent(teller, None).expect("asked only when there is one");
        let place = place_of(&parent);
        let author = people::somebody(&mut teller.chance, CROWD);
        let text = fill(&mut teller.chance, phrases::QUIET_SHORT);
        teller.say(at, place, author, text, Bond::ReplyTo(&parent))
    }

    fn any_recent(&self, teller: &mut Teller, place: Option<Place>) -> Option<Post> {
        let fits = |post: &&Post| place.is_none_or(|p| place_of(post) == p);
        let fitting: Vec<&Post> = self.recent.iter().filter(fits).collect();
        (!fitting.is_empty()).then(|| teller.chance.pick(&fitting).clone())
    }
}

/// Where a post of ours was said.
pub(crate) fn place_of(post: &Post) -> Place {
    match post.id.source.as_str() {
        "weibo" => Place::Weibo,
        "xiaohongshu" => Place::Xiaohongshu,
        "zhihu" => Place::Zhihu,
        _ => Place::Douyin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_holds_eight_posts_an_hour_and_its_hours_are_shanghais() {
        assert_eq!(TENTHS_BY_HOUR.iter().sum::<u64>(), 24 * 80);
        assert_eq!(hour_of_day(EventTime::from_millis(0)), 8);
        assert_eq!(hour_of_day(EventTime::from_millis(17 * 3_600_000)), 1);
    }
}
