//! The evening on which it happens: a video of a cockroach in a cup, and what people make of it.

use tocsin_model::{Engagement, EventTime, Post, Span};

use crate::people;
use crate::phrases::{self, fill};
use crate::quiet::place_of;
use crate::teller::{Bond, Place, Teller, video};

/// How many posts a minute, in tenths, so many minutes after the video; straight lines between them.
const TENTHS_BY_MINUTE: [(u64, u64); 8] =
    [(0, 4), (10, 12), (30, 40), (60, 80), (100, 80), (140, 40), (180, 10), (210, 0)];
/// How long it lasts.
pub(crate) const MINUTES: u64 = 210;
/// After so many minutes it eases: fewer posts than half of the most.
pub(crate) const EASES_MINUTE: u64 = 140;
/// After so many minutes the tea house speaks.
const STATEMENT_MINUTE: u64 = 125;
/// How often the source tells again what the best-known posts have gained, in minutes.
const AGAIN_MINUTES: u64 = 5;
/// Everybody who might join in.
const CROWD: u64 = 9_000;
/// So many posts are passed on and answered; what comes later is read by nobody.
const READ_MAX: usize = 60;

const VIDEO_TEXT: &str = "山岚茶饮湖滨路店，喝到一半发现杯底有一只蟑螂！店员说是茶叶渣，我当场拍给他看，他不说话了。大家看看，太恶心了";
const VIDEO_SPEECH: &str = "你自己看这是茶叶渣吗，这是蟑螂，腿还在，我刚喝了半杯";
const STATEMENT: &str = "关于湖滨路店的情况说明：山岚茶饮已于今晚暂停该门店营业，封存当日物料，配合市场监管部门调查，结果会第一时间公布。给大家带来不安，我们诚恳道歉。";

/// How many posts a minute, in tenths, at this minute.
fn tenths(minute: u64) -> u64 {
    let spans = TENTHS_BY_MINUTE.windows(2).find(|w| (w[0].0..w[1].0).contains(&minute));
    spans.map_or(0, |w| {
        let ((from, low), (to, high)) = (w[0], w[1]);
        (low * (to - minute) + high * (minute - from)) / (to - from)
    })
}

/// What share of all of it has happened by this minute, in thousandths.
fn so_far(minute: u64) -> u64 {
    let sum = |to: u64| (0..to).map(tenths).sum::<u64>();
    1_000 * sum(minute) / sum(MINUTES)
}

/// The crisis. It is asked once a second, from its beginning on.
pub(crate) struct Evening {
    begins: EventTime,
    /// What people pass on and answer, the best known first.
    read: Vec<Post>,
    /// The video and what the well known say: their likes run away. With each, its share of the
    /// video's, in hundredths.
    growing: Vec<(Post, u64)>,
}

impl Evening {
    pub(crate) fn new(begins: EventTime) -> Evening {
        Evening { begins, read: Vec::new(), growing: Vec::new() }
    }

    /// The post that everything comes from.
    pub(crate) fn first(&mut self, teller: &mut Teller, said: &mut Vec<Post>) -> Post {
        let author = people::somebody(&mut teller.chance, CROWD);
        let mut post = teller.say(self.begins, Place::Douyin, author, VIDEO_TEXT.to_owned(), Bond::None);
        post.media = vec![video(VIDEO_SPEECH)];
        said.push(post.clone());
        self.read.push(post.clone());
        self.growing.push((post.clone(), 100));
        post
    }

    /// What is said in this second.
    pub(crate) fn second(&mut self, teller: &mut Teller, at: EventTime, said: &mut Vec<Post>) {
        let seconds = (at.millis() - self.begins.millis()) as u64 / 1_000;
        let minute = seconds / 60;
        if seconds.is_multiple_of(60) {
            self.whole_minute(teller, at, minute, said);
        }
        if teller.chance.happens(tenths(minute), 10 * 60) {
            let post = self.somebody_speaks(teller, at);
            if self.read.len() < READ_MAX && post.parent_id().is_none() {
                self.read.push(post.clone());
            }
            said.push(post);
        }
    }

    /// What happens by the clock: the well known join in, the tea house speaks, likes are told again.
    fn whole_minute(&mut self, teller: &mut Teller, at: EventTime, minute: u64, said: &mut Vec<Post>) {
        let joining = [12, 24, 41, 66].iter().position(|&m| m == minute);
        if let Some(index) = joining {
            let text = fill(&mut teller.chance, phrases::ANGRY);
            let place = if index == 1 { Place::Xiaohongshu } else { Place::Weibo };
            let post = teller.say(at, place, people::well_known(index), text, Bond::None);
            self.read.insert(1, post.clone());
            self.growing.push((post.clone(), 30 - 6 * index as u64));
            said.push(post);
        }
        if minute == STATEMENT_MINUTE {
            let post = teller.say(at, Place::Weibo, people::official(), STATEMENT.to_owned(), Bond::None);
            self.read.insert(0, post.clone());
            said.push(post);
        }
        if minute > 0 && minute.is_multiple_of(AGAIN_MINUTES) {
            for (post, share) in &self.growing {
                said.push(teller.again(post, at, gained(minute, *share)));
            }
        }
    }

    fn somebody_speaks(&self, teller: &mut Teller, at: EventTime) -> Post {
        let author = people::somebody(&mut teller.chance, CROWD);
        let templates = match teller.chance.below(100) {
            0..45 => phrases::ANGRY,
            45..52 => phrases::WORRIED,
            52..54 => phrases::DEFENDING,
            54..80 => return self.repost(teller, at, author),
            _ => {
                let parent = self.somewhat_read(teller).clone();
                let text = fill(&mut teller.chance, phrases::ANGRY_SHORT);
                return teller.say(at, place_of(&parent), author, text, Bond::ReplyTo(&parent));
            }
        };
        let place = Place::any(&mut teller.chance);
        let text = fill(&mut teller.chance, templates);
        teller.say(at, place, author, text, Bond::None)
    }

    /// On Weibo, of what was said on Weibo: a third says nothing of its own, a third a few words, a third
    /// a few words before the words that it passes on.
    fn repost(&self, teller: &mut Teller, at: EventTime, author: tocsin_model::Author) -> Post {
        let parent = loop {
            let parent = self.somewhat_read(teller);
            if place_of(parent) == Place::Weibo || !self.read.iter().any(|p| place_of(p) == Place::Weibo) {
                break parent.clone();
            }
        };
        if place_of(&parent) != Place::Weibo {
            let text = fill(&mut teller.chance, phrases::ANGRY_SHORT);
            return teller.say(at, place_of(&parent), author, text, Bond::ReplyTo(&parent));
        }
        let own = fill(&mut teller.chance, phrases::ANGRY_SHORT);
        let (text, bond) = match teller.chance.below(3) {
            0 => ("转发微博".to_owned(), Bond::RepostOf(&parent)),
            1 => (own, Bond::RepostOf(&parent)),
            _ => {
                let name = parent.author.name.as_deref().unwrap_or_default();
                (format!("{own}//@{name}:{}", parent.text), Bond::RepostWith(&parent))
            }
        };
        teller.say(at, Place::Weibo, author, text, bond)
    }

    /// The better known a post, the likelier.
    fn somewhat_read(&self, teller: &mut Teller) -> &Post {
        let bound = 1 + teller.chance.below(self.read.len() as u64);
        &self.read[teller.chance.below(bound) as usize]
    }
}

/// What people have done with a post by this minute.
fn gained(minute: u64, share_in_hundredths: u64) -> Engagement {
    let part = |all: u64| all * so_far(minute) * share_in_hundredths / 100_000;
    Engagement { likes: part(94_000), reposts: part(21_000), comments: part(12_000), views: part(3_600_000) }
}

/// From the beginning to the easing.
pub(crate) fn until_it_eases() -> Span {
    Span::from_minutes(EASES_MINUTE as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_swells_stays_and_ebbs() {
        let at = |minutes: [u64; 6]| minutes.map(tenths);
        assert_eq!(at([0, 20, 60, 99, 160, 209]), [4, 26, 80, 80, 25, 0]);
        assert_eq!((so_far(0), so_far(MINUTES)), (0, 1_000));
    }

    #[test]
    fn likes_only_grow() {
        let likes: Vec<u64> = (0..=MINUTES).map(|m| gained(m, 30).likes).collect();
        assert!(likes.is_sorted());
        assert_eq!(likes.last(), Some(&28_200));
    }
}
