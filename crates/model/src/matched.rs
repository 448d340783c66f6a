//! A post on its way: cleaned, dated, with the brands it mentions.

use crate::{ArrivalTime, BrandId, Engagement, EventTime, Hour, Minute, Position, Post, Span};

/// How late a post may be and still be judged.
const HEARD: Span = Span::from_minutes(60);

/// A post (or an update of one) with the brands that it mentions.
#[derive(Clone, Debug, PartialEq)]
pub struct Matched {
    /// The place of the record that made this: in `posts.raw`, or where a parent was told of.
    pub position: Position,
    /// As it came in. In a box, because a post is handed from stage to stage and is some hundred bytes long.
    pub post: Box<Post>,
    /// Title, text and what was read out of media, cleaned: no HTML, no zero width, half width.
    pub clean: String,
    /// How many bytes of `clean` are this author's own words: what comes before a repost chain
    /// (`//@`, `RT @`). Media text counts as own and stands before the chain.
    pub own: usize,
    /// When it counts.
    pub at: EventTime,
    /// When it took its brands, if that was after it arrived: from a parent that came later.
    pub took_at: Option<ArrivalTime>,
    /// First sighting or update.
    pub sighting: Sighting,
    /// Whom it mentions; never empty.
    pub mentions: Vec<Mention>,
    /// The version of the brand set that it was matched with.
    pub brands_version: u64,
}

impl Matched {
    /// The author's own words.
    pub fn own_words(&self) -> &str {
        &self.clean[..self.own]
    }
    /// From when on it can be counted: its arrival, or when it took its brands.
    pub fn came(&self) -> ArrivalTime {
        self.took_at.map_or(self.post.arrived, |took| took.max(self.post.arrived))
    }
    /// A repost that adds no word of its own (`转发微博`), or none that could be read.
    pub fn is_bare(&self) -> bool {
        if self.post.repost_of.is_none() && self.own == self.clean.len() {
            return false;
        }
        let own = self.own_words().trim();
        own.is_empty() || BARE.contains(&own)
    }
    /// Own words, at most 60 min late: what judging uses.
    pub fn is_heard(&self) -> bool {
        self.post.arrived.since(self.at) <= HEARD && !self.is_bare()
    }
    /// The minute it counts in: of its event time, or of its arrival for an update.
    pub fn minute(&self) -> Minute {
        match self.sighting {
            Sighting::First(_) => self.at.minute(),
            Sighting::Update(_) => self.post.arrived.minute(),
        }
    }
    /// The hour it counts in.
    pub fn hour(&self) -> Hour {
        self.minute().hour()
    }
}

/// What the platforms write where a repost says nothing.
const BARE: &[&str] = &["转发微博", "轉發微博", "转发", "轉發", "Repost", "RT", "repost", "转"];

/// One brand in a post.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// Which.
    pub brand: BrandId,
    /// How it was found.
    pub by: MentionedBy,
    /// Where its words stand in the cleaned text, as byte ranges, in order; at most
    /// [`PLACES_MAX`]; none by descent or where the words stand in a parent.
    pub places: Vec<(u32, u32)>,
}

/// How many places of one brand are kept.
pub const PLACES_MAX: usize = 8;

/// How a brand was found in a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MentionedBy {
    /// By the post's own words, or those of a parent that it carries whole.
    Name,
    /// By descent from a post that mentions it.
    Descent,
}

/// What a record is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// The first of its id.
    First(Timing),
    /// A later one.
    Update(Update),
}

/// How the dates of a first sighting were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// It counts when it says that it was made.
    AsStated,
    /// It said that it was made after it arrived: it counts at its arrival.
    FutureDated,
    /// First seen more than 48 h after it was made, or after it was forgotten: it counts at its arrival.
    Resurfaced,
}

impl Timing {
    /// The event time of a post taken this way.
    pub fn at(self, created: EventTime, arrived: ArrivalTime) -> EventTime {
        match self {
            Timing::AsStated => created,
            Timing::FutureDated | Timing::Resurfaced => arrived.as_event(),
        }
    }
}

/// Fewer likes, reposts and comments than this in an hour are no crowd, whatever is usual.
pub const CROWD_ACTS: u64 = 50;

/// What a later record of a known id changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// By how much each field grew beyond its greatest value so far.
    pub gain: Engagement,
    /// Likes, reposts and comments that this post gained in the current hour of arrival.
    pub gained_this_hour: u64,
    /// When the first record arrived.
    pub first_arrived: ArrivalTime,
    /// The text is another one than before.
    pub edited: bool,
    /// It was taken down with this record.
    pub taken_down: bool,
}

impl Update {
    /// So many act on it that it matters what it says: it is read once more. All others are counted alone.
    pub fn draws_a_crowd(&self) -> bool {
        self.gained_this_hour >= CROWD_ACTS
    }
}
