//! One thing somebody said, and why a record is not one.

use std::fmt;

use crate::{ArrivalTime, AuthorId, EventTime, PostId, SourceId};

/// One thing somebody said: an original, a repost, a comment, an article.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    /// Unique within its source.
    pub id: PostId,
    /// As it was written; nothing is taken out of it.
    pub text: String,
    /// A headline, where there is one.
    pub title: Option<String>,
    /// When it was said, by the word of its source.
    pub created: EventTime,
    /// When we received it.
    pub arrived: ArrivalTime,
    /// Who said it.
    pub author: Author,
    /// Where to read it.
    pub url: Option<String>,
    /// The source's word on its language, a BCP 47 tag.
    pub lang: Option<String>,
    /// The post that this one passes on.
    pub repost_of: Option<PostId>,
    /// The post that this one answers.
    pub reply_to: Option<PostId>,
    /// The parent whole, where the record carries it.
    pub parent: Option<Box<Parent>>,
    /// Likes and the like, as of this record. A field that is absent counts as 0.
    pub engagement: Engagement,
    /// Pictures, videos, files.
    pub media: Vec<Media>,
    /// Where it was said, in the source's words.
    pub location: Option<String>,
    /// It was taken down.
    pub deleted: bool,
}

impl Post {
    /// One that is nothing but its text; made and received at the epoch.
    pub fn new(id: PostId, author: AuthorId, text: impl Into<String>) -> Post {
        Post {
            id,
            text: text.into(),
            title: None,
            created: EventTime::default(),
            arrived: ArrivalTime::default(),
            author: Author::new(author),
            url: None,
            lang: None,
            repost_of: None,
            reply_to: None,
            parent: None,
            engagement: Engagement::default(),
            media: Vec::new(),
            location: None,
            deleted: false,
        }
    }

    /// The post it descends from: what it reposts, else what it answers.
    pub fn parent_id(&self) -> Option<&PostId> {
        self.repost_of.as_ref().or(self.reply_to.as_ref())
    }
}

/// Who said it.
#[derive(Clone, Debug, PartialEq)]
pub struct Author {
    /// Unique within the source.
    pub id: AuthorId,
    /// As shown.
    pub name: Option<String>,
    /// Persons who follow.
    pub followers: Option<u64>,
    /// The source vouches for the identity.
    pub verified: Option<bool>,
    /// When the account was made.
    pub since: Option<EventTime>,
}

impl Author {
    /// One of whom nothing else is known.
    pub fn new(id: AuthorId) -> Author {
        Author { id, name: None, followers: None, verified: None, since: None }
    }
}

/// A parent that came whole inside its child.
#[derive(Clone, Debug, PartialEq)]
pub struct Parent {
    /// Its id, within the source of the child.
    pub id: Option<PostId>,
    /// As it was written.
    pub text: String,
    /// A headline, where there is one.
    pub title: Option<String>,
    /// Who said it.
    pub author: Option<Author>,
    /// What was read out of its pictures and videos.
    pub media: Vec<Media>,
}

/// A picture, a video, a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// `image`, `video`, …: the source's word.
    pub kind: String,
    /// Where it is.
    pub url: Option<String>,
    /// What the sender's character or speech recognition read in it: part of the post.
    pub text: Option<String>,
}

/// What people did with a post, in persons or times, cumulative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Engagement {
    /// Likes.
    pub likes: u64,
    /// Reposts and shares.
    pub reposts: u64,
    /// Comments.
    pub comments: u64,
    /// Views.
    pub views: u64,
}

impl Engagement {
    /// The greater value of each field.
    pub fn max(self, other: Engagement) -> Engagement {
        Engagement {
            likes: self.likes.max(other.likes),
            reposts: self.reposts.max(other.reposts),
            comments: self.comments.max(other.comments),
            views: self.views.max(other.views),
        }
    }
    /// By how much each field exceeds `before`; 0 where it does not.
    pub fn gain_over(self, before: Engagement) -> Engagement {
        Engagement {
            likes: self.likes.saturating_sub(before.likes),
            reposts: self.reposts.saturating_sub(before.reposts),
            comments: self.comments.saturating_sub(before.comments),
            views: self.views.saturating_sub(before.views),
        }
    }
    /// Likes, reposts and comments: what people did, without those who only looked.
    pub fn acts(self) -> u64 {
        self.likes + self.reposts + self.comments
    }
    /// Nothing in any field.
    pub fn is_zero(self) -> bool {
        self == Engagement::default()
    }
}

/// Why a record is not a post. The names are a closed set: they label a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not JSON (or not CSV): what the reader said.
    Syntax(String),
    /// Not UTF-8: at this byte.
    Encoding(usize),
    /// A field that must be there is not.
    Missing(&'static str),
    /// A field of the wrong type or form: which, and what it should be.
    Field(&'static str, String),
    /// A field past its limit: which, and the limit in bytes, entries or units.
    Limit(&'static str, u64),
    /// The record itself is longer than this many bytes.
    TooLong(u64),
}

impl Reason {
    /// The short name, for metrics and filters.
    pub fn name(&self) -> &'static str {
        match self {
            Reason::Syntax(_) => "syntax",
            Reason::Encoding(_) => "encoding",
            Reason::Missing(_) => "missing",
            Reason::Field(..) => "field",
            Reason::Limit(..) => "limit",
            Reason::TooLong(_) => "too_long",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Syntax(why) => write!(f, "cannot be read: {why}"),
            Reason::Encoding(at) => write!(f, "not UTF-8 at byte {at}"),
            Reason::Missing(field) => write!(f, "{field} is missing"),
            Reason::Field(field, expected) => write!(f, "{field}: {expected}"),
            Reason::Limit(field, max) => write!(f, "{field} is past its limit of {max}"),
            Reason::TooLong(max) => write!(f, "the record is longer than {max} bytes"),
        }
    }
}

/// A record that is not a post: its bytes, why, and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// As they came in, to the byte.
    pub bytes: Vec<u8>,
    /// Why.
    pub reason: Reason,
    /// Where it came from: `http 127.0.0.1:5012 record 3`, `file posts.jsonl line 17`.
    pub origin: String,
    /// The source it claims, where that could be read.
    pub source: Option<SourceId>,
    /// When.
    pub at: ArrivalTime,
}
