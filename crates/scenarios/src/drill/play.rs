//! A scenario as posts: second by second, everything drawn from the seed.

use std::collections::VecDeque;

use tocsin_model::{ArrivalTime, Engagement, EventTime, Post, Span};

use super::act::{Act, Root, Says, Scenario, Swap, Turn, Voice};
use super::{Drill, Story, words};
use crate::people;
use crate::phrases::fill_about;
use crate::quiet::{TENTHS_BY_HOUR, hour_of_day, place_of};
use crate::teller::{Bond, Place, Teller};

/// How long it is ordinary before anything happens.
const ORDINARY: Span = Span::from_hours(21 * 24);
/// How long it is ordinary again afterwards, so that everything can be over.
const AFTER: Span = Span::from_hours(8);
/// At which minute of the day it begins: from 8 in the morning to 8 in the evening.
const BEGINS_MINUTE: (u64, u64) = (8 * 60, 20 * 60);
/// Of a hundred ordinary posts of own words so many complain, …
const COMPLAIN: u64 = 15;
/// … so many are content, and so many English.
const CONTENT: u64 = 33;
const ENGLISH: u64 = 5;
/// An hour is so many hundredths of what is usual: from, to.
const HOUR_PERCENT: (u64, u64) = (68, 133);
/// Everybody who speaks on ordinary days, and everybody who might join in.
const REGULARS: u64 = 700;
const CROWD: u64 = 12_000;
/// Accounts that speak together.
const ROBOTS: u64 = 140;
/// So many of the latest posts are answered or passed on.
const RECENT: usize = 40;
/// So many posts of what happens are passed on and answered; what comes later is read by nobody.
const READ_MAX: usize = 60;
/// How often a source tells again what a post has gained, in minutes.
const AGAIN_MINUTES: u64 = 5;
/// Within so many minutes what was said during an outage is heard.
const BACKLOG_MINUTES: u64 = 20;
const SECONDS_A_TENTH: u64 = 36_000;

/// Plays a scenario: three ordinary weeks, what happens, and eight hours more.
pub fn play(drill: &Drill, scenario: &'static Scenario) -> Story {
    let mut player = Player::new(drill, scenario);
    let ends = player.begins.plus(Span::from_minutes(scenario.minutes() as i64));
    let mut now = drill.start;
    while now < ends.plus(AFTER) {
        player.second(now);
        now = now.plus(Span::from_seconds(1));
    }
    let mut posts = player.said;
    posts.sort_by(|a, b| a.arrived.cmp(&b.arrived).then_with(|| a.id.cmp(&b.id)));
    let backlog = match scenario.turn {
        Turn::Outage { .. } => Span::from_minutes(BACKLOG_MINUTES as i64),
        _ => Span::default(),
    };
    let root = player.root.map(|post| post.id);
    Story { posts, begins: player.begins, ends: ends.plus(backlog), root, told: player.told }
}

struct Player<'a> {
    drill: &'a Drill,
    scenario: &'static Scenario,
    teller: Teller,
    begins: EventTime,
    usual_tenths: u64,
    /// This hour in hundredths of what is usual.
    hour_percent: u64,
    recent: VecDeque<Post>,
    read: Vec<Post>,
    root: Option<Post>,
    told: u64,
    said: Vec<Post>,
}

impl<'a> Player<'a> {
    fn new(drill: &'a Drill, scenario: &'static Scenario) -> Player<'a> {
        let mut teller = Teller::new(drill.seed);
        let minute = teller.chance.between(BEGINS_MINUTE.0, BEGINS_MINUTE.1) as i64;
        Player {
            drill,
            scenario,
            teller,
            begins: drill.start.plus(ORDINARY).plus(Span::from_minutes(minute)),
            usual_tenths: drill.usual_tenths.unwrap_or(scenario.usual_tenths),
            hour_percent: 100,
            recent: VecDeque::with_capacity(RECENT),
            read: Vec::new(),
            root: None,
            told: 0,
            said: Vec::new(),
        }
    }

    /// What is said in this second.
    fn second(&mut self, now: EventTime) {
        if now.millis().rem_euclid(3_600_000) == 0 {
            self.hour_percent = self.teller.chance.between(HOUR_PERCENT.0, HOUR_PERCENT.1);
        }
        let of_day = TENTHS_BY_HOUR[hour_of_day(now)] * 100 / 80;
        for _ in 0..self.how_many(self.usual_tenths * of_day * self.hour_percent / 10_000) {
            self.ordinary(now);
        }
        let since = now.millis() - self.begins.millis();
        if since < 0 {
            return;
        }
        let (minute, second) = (since as u64 / 60_000, since as u64 / 1_000 % 60);
        if second == 0 {
            self.turn(now, minute);
        }
        let acts: &'static [Act] = self.scenario.acts;
        for act in acts {
            let tenths = self.usual_tenths * act.percent(minute) * self.drill.scale_percent / 10_000;
            for _ in 0..self.how_many(tenths) {
                self.told += 1;
                self.speaks(act.voice, now);
            }
        }
    }

    /// How many of so many tenths of a post an hour fall into one second.
    fn how_many(&mut self, tenths: u64) -> u64 {
        tenths / SECONDS_A_TENTH
            + u64::from(self.teller.chance.happens(tenths % SECONDS_A_TENTH, SECONDS_A_TENTH))
    }

    /// So many minutes since the beginning, if it goes on for `minutes`.
    fn during(&self, now: EventTime, minutes: u64) -> Option<u64> {
        let since = now.millis() - self.begins.millis();
        (since >= 0).then_some(since as u64 / 60_000).filter(|minute| *minute < minutes)
    }

    fn ordinary(&mut self, now: EventTime) {
        let complain = match self.scenario.turn {
            Turn::Mood { minutes, complain } if self.during(now, minutes).is_some() => {
                let more = complain.saturating_sub(COMPLAIN) * self.drill.scale_percent / 100;
                (COMPLAIN + more).min(100)
            }
            _ => COMPLAIN,
        };
        let post = match (self.teller.chance.below(100), self.recent.is_empty()) {
            (0..76, _) | (_, true) => self.ordinary_original(now, complain),
            (76..84, false) => self.ordinary_repost(now),
            (84..94, false) => {
                let parent = self.any_recent().clone();
                let bad = self.teller.chance.happens(complain, 100);
                let short = if bad { words::ANGRY_SHORT } else { words::EVERYDAY_SHORT };
                let author = people::somebody(&mut self.teller.chance, REGULARS);
                let text = self.text(short);
                self.teller.say(now, place_of(&parent), author, text, Bond::ReplyTo(&parent))
            }
            _ => self.original(now, words::UNRELATED, REGULARS),
        };
        self.say(post);
    }

    fn ordinary_original(&mut self, now: EventTime, complain: u64) -> Post {
        let drawn = self.teller.chance.below(100);
        let nicknamed =
            matches!(self.scenario.swap, Some(Swap::Query(_))) && self.teller.chance.happens(1, 3);
        let content = (100 - complain) * CONTENT / 100;
        let templates = match drawn {
            d if d < complain && nicknamed => words::NICKNAMED_COMPLAINED,
            d if d < complain => words::COMPLAINED,
            _ if nicknamed => words::NICKNAMED,
            d if d < complain + content => words::LIKED,
            d if d < complain + content + ENGLISH => words::ENGLISH,
            _ => words::NEITHER,
        };
        if complain > COMPLAIN && drawn < complain {
            // Of those who complain now so many would have complained anyway.
            self.told += u64::from(!self.teller.chance.happens(COMPLAIN, complain));
        }
        let post = self.original(now, templates, REGULARS);
        if self.teller.chance.happens(6, 100) {
            let later = now.plus(Span::from_minutes(self.teller.chance.between(30, 240) as i64));
            let likes = 2 + self.teller.chance.below(60);
            let gained = Engagement { likes, comments: likes / 9, reposts: likes / 14, views: likes * 25 };
            let again = self.teller.again(&post, later, gained);
            self.say(again);
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(post.clone());
        post
    }

    fn ordinary_repost(&mut self, now: EventTime) -> Post {
        let parent = self.any_recent().clone();
        let author = people::somebody(&mut self.teller.chance, REGULARS);
        let place = place_of(&parent);
        if self.teller.chance.happens(1, 2) {
            return self.teller.say(now, place, author, "转发微博".to_owned(), Bond::RepostOf(&parent));
        }
        let text = format!("{}//@{}:{}", self.text(words::EVERYDAY_SHORT), name_of(&parent), parent.text);
        self.teller.say(now, place, author, text, Bond::RepostWith(&parent))
    }

    fn any_recent(&mut self) -> &Post {
        &self.recent[self.teller.chance.below(self.recent.len() as u64) as usize]
    }

    fn speaks(&mut self, voice: Voice, now: EventTime) {
        let drawn = self.teller.chance.below(100);
        let post = match voice {
            Voice::Angry => match drawn {
                _ if self.read.is_empty() => self.original(now, words::ANGRY, CROWD),
                0..46 => self.original(now, words::ANGRY, CROWD),
                46..50 => self.original(now, words::ENGLISH_ANGRY, CROWD),
                50..78 => self.passes_on(now, words::ANGRY_SHORT),
                _ => self.answers(now, words::ANGRY_SHORT),
            },
            Voice::Rumour => match drawn {
                _ if self.read.is_empty() => self.original(now, words::RUMOUR, CROWD),
                0..55 => self.original(now, words::RUMOUR, CROWD),
                55..80 => self.passes_on(now, words::ANGRY_SHORT),
                _ => self.answers(now, words::ANGRY_SHORT),
            },
            Voice::Calmer => match drawn {
                0..26 => self.original(now, words::STILL_ANGRY, CROWD),
                26..75 => self.original(now, words::CONTENT, CROWD),
                _ if self.read.is_empty() => self.original(now, words::CONTENT, CROWD),
                _ => self.answers(now, words::CALMER_SHORT),
            },
            Voice::Praise => match drawn {
                0..80 => self.original(now, words::PRAISE, CROWD),
                _ if self.read.is_empty() => self.original(now, words::PRAISE, CROWD),
                _ => self.answers(now, words::EVERYDAY_SHORT),
            },
            Voice::Lottery if self.read.is_empty() => self.original(now, words::PRAISE, CROWD),
            Voice::Lottery => self.enters(now, drawn),
            Voice::Greeting => self.original(now, words::GREETING, CROWD),
            Voice::Robots => {
                let author = people::robot(&mut self.teller.chance, ROBOTS, self.begins);
                let (place, text) = (Place::any(&mut self.teller.chance), self.text(words::ROBOTS));
                self.teller.say(now, place, author, text, Bond::None)
            }
            Voice::Everyday => {
                let templates = match drawn {
                    d if d < COMPLAIN => words::COMPLAINED,
                    d if d < COMPLAIN + CONTENT => words::LIKED,
                    _ => words::NEITHER,
                };
                let (author, text) =
                    (people::somebody(&mut self.teller.chance, REGULARS), self.text(templates));
                self.teller.say(now, Place::Zhihu, author, text, Bond::None)
            }
        };
        if self.read.len() < READ_MAX && post.parent_id().is_none() && voice != Voice::Robots {
            self.read.push(post.clone());
        }
        self.say(post);
    }

    fn original(&mut self, now: EventTime, templates: &[&str], crowd: u64) -> Post {
        let place = Place::any(&mut self.teller.chance);
        let author = people::somebody(&mut self.teller.chance, crowd);
        let text = self.text(templates);
        self.teller.say(now, place, author, text, Bond::None)
    }

    /// A third without a word, a third with a few, a third with the words that they pass on.
    fn passes_on(&mut self, now: EventTime, short: &[&str]) -> Post {
        let parent = self.somewhat_read().clone();
        let author = people::somebody(&mut self.teller.chance, CROWD);
        let own = self.text(short);
        let (text, bond) = match self.teller.chance.below(3) {
            0 => ("转发微博".to_owned(), Bond::RepostOf(&parent)),
            1 => (own, Bond::RepostOf(&parent)),
            _ => (format!("{own}//@{}:{}", name_of(&parent), parent.text), Bond::RepostWith(&parent)),
        };
        self.teller.say(now, place_of(&parent), author, text, bond)
    }

    fn answers(&mut self, now: EventTime, short: &[&str]) -> Post {
        let parent = self.somewhat_read().clone();
        let author = people::somebody(&mut self.teller.chance, CROWD);
        let text = self.text(short);
        self.teller.say(now, place_of(&parent), author, text, Bond::ReplyTo(&parent))
    }

    /// Passes on what can be won, four times in five without a word.
    fn enters(&mut self, now: EventTime, drawn: u64) -> Post {
        let prize = self.read[0].clone();
        let author = people::somebody(&mut self.teller.chance, CROWD);
        let text = if drawn < 80 { "转发微博".to_owned() } else { self.text(words::LOTTERY_SHORT) };
        self.teller.say(now, place_of(&prize), author, text, Bond::RepostOf(&prize))
    }

    /// The better known a post, the likelier.
    fn somewhat_read(&mut self) -> &Post {
        let bound = 1 + self.teller.chance.below(self.read.len() as u64);
        &self.read[self.teller.chance.below(bound) as usize]
    }

    /// What happens beside voices in this minute.
    fn turn(&mut self, now: EventTime, minute: u64) {
        if let (0, Some(root)) = (minute, self.scenario.root) {
            self.root(now, root);
        }
        if let Some((_, what)) = self.scenario.reply.filter(|(at, _)| *at == minute) {
            self.brand_says(now, what);
        }
        if let (Turn::Viral { minutes }, Some(root)) = (self.scenario.turn, self.root.clone())
            && minute > 0
            && minute <= minutes
            && minute.is_multiple_of(AGAIN_MINUTES)
        {
            let gained = viral(minute, minutes, self.drill.scale_percent);
            let again = self.teller.again(&root, now, gained);
            self.say(again);
        }
    }

    fn root(&mut self, now: EventTime, root: Root) {
        let (text, author) = match root {
            Root::Report => (words::REPORT, people::well_known(1)),
            Root::Hearsay => (words::HEARSAY, people::well_known(2)),
            Root::Misfortune => (words::MISFORTUNE, people::somebody(&mut self.teller.chance, CROWD)),
        };
        let text = self.text(&[text]);
        let post = self.teller.say(now, Place::Weibo, author, text, Bond::None);
        self.root = Some(post.clone());
        self.read.push(post.clone());
        self.told += 1;
        self.say(post);
    }

    fn brand_says(&mut self, now: EventTime, what: Says) {
        let text = match what {
            Says::Lottery => words::SAYS_LOTTERY,
            Says::Denial => words::SAYS_DENIAL,
            Says::Apology => words::SAYS_APOLOGY,
        };
        let (text, author) = (self.text(&[text]), people::brand(&self.drill.brand));
        let post = self.teller.say(now, Place::Weibo, author, text, Bond::None);
        self.read.insert(0, post.clone());
        self.told += 1;
        self.say(post);
    }

    fn text(&mut self, templates: &[&str]) -> String {
        fill_about(&mut self.teller.chance, templates, &self.drill.brand)
    }

    fn say(&mut self, mut post: Post) {
        if let Turn::Outage { minutes } = self.scenario.turn {
            let heard = EventTime::from_millis(post.arrived.millis());
            if self.during(heard, minutes).is_some() && place_of(&post) == Place::Weibo {
                let back = Span::from_minutes(minutes as i64);
                let waits = Span::from_millis(self.teller.chance.below(BACKLOG_MINUTES * 60_000) as i64);
                let heard = self.begins.plus(back).plus(waits).millis();
                post.arrived = ArrivalTime::from_millis(heard);
            }
        }
        self.said.push(post);
    }
}

/// What people have done with the one post by this minute: slow, then fast, then slow (3x² - 2x³).
fn viral(minute: u64, minutes: u64, scale_percent: u64) -> Engagement {
    let x = minute * 1_000 / minutes;
    let part = (3 * x * x * 1_000 - 2 * x * x * x) / 1_000_000;
    let of = |all: u64| all * part / 1_000 * scale_percent / 100;
    Engagement { likes: of(64_000), reposts: of(900), comments: of(2_400), views: of(2_900_000) }
}

fn name_of(post: &Post) -> &str {
    post.author.name.as_deref().unwrap_or_default()
}
