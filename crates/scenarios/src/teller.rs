//! How a post is made: an id that is its own, an author, words, and the seconds until we hear of it.

use tocsin_model::{ArrivalTime, Author, Engagement, EventTime, Media, Parent, Post, PostId, SourceId, Span};

use crate::chance::Chance;

/// Where people speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Weibo,
    Xiaohongshu,
    Douyin,
    /// Nobody speaks there until a drill lets it be heard.
    Zhihu,
}

impl Place {
    /// More than half of them on Weibo.
    pub(crate) fn any(chance: &mut Chance) -> Place {
        match chance.below(100) {
            0..55 => Place::Weibo,
            55..80 => Place::Xiaohongshu,
            _ => Place::Douyin,
        }
    }

    fn source(self) -> SourceId {
        let name = match self {
            Place::Weibo => "weibo",
            Place::Xiaohongshu => "xiaohongshu",
            Place::Douyin => "douyin",
            Place::Zhihu => "zhihu",
        };
        SourceId::new(name).expect("a short name")
    }

    /// In the manner of the place; `number` makes it its own.
    fn id(self, number: u64) -> PostId {
        let id = match self {
            Place::Weibo => format!("{}", 5_090_000_000_000_000 + number * 8_191),
            Place::Xiaohongshu => format!("66{:022x}", 0x5eed_0000_0000 + number * 8_191),
            Place::Douyin => format!("{}", 7_350_000_000_000_000_000 + number * 8_191),
            Place::Zhihu => format!("{}", 3_600_000_000 + number * 8_191),
        };
        PostId::new(self.source(), &id).expect("a short id")
    }

    /// How many seconds pass until we hear of it: from, to.
    fn delay_seconds(self) -> (u64, u64) {
        match self {
            Place::Weibo => (2, 15),
            Place::Xiaohongshu | Place::Douyin | Place::Zhihu => (5, 40),
        }
    }
}

/// What binds a post to another one.
pub(crate) enum Bond<'a> {
    None,
    /// It passes the other on and names it only.
    RepostOf(&'a Post),
    /// It passes the other on and carries it whole.
    RepostWith(&'a Post),
    /// It answers the other.
    ReplyTo(&'a Post),
}

/// Makes posts, each with a new id.
pub(crate) struct Teller {
    pub(crate) chance: Chance,
    made: u64,
}

impl Teller {
    pub(crate) fn new(seed: u64) -> Teller {
        Teller { chance: Chance::new(seed), made: 0 }
    }

    /// A new post.
    pub(crate) fn say(
        &mut self,
        at: EventTime,
        place: Place,
        author: Author,
        text: String,
        bond: Bond<'_>,
    ) -> Post {
        self.made += 1;
        let (repost_of, reply_to, parent) = match bond {
            Bond::None => (None, None, None),
            Bond::RepostOf(other) => (Some(other.id.clone()), None, None),
            Bond::RepostWith(other) => (Some(other.id.clone()), None, Some(Box::new(whole(other)))),
            Bond::ReplyTo(other) => (None, Some(other.id.clone()), None),
        };
        let engagement = Engagement { likes: self.chance.below(3), ..Engagement::default() };
        let arrived = self.heard(at, place);
        let bare = Post::new(place.id(self.made), author.id.clone(), text);
        Post { created: at, arrived, author, repost_of, reply_to, parent, engagement, ..bare }
    }

    /// The same post as it is at a later time, with what people did until then.
    pub(crate) fn again(&mut self, post: &Post, at: EventTime, engagement: Engagement) -> Post {
        let soon = Span::from_seconds(self.chance.between(1, 20) as i64);
        Post { arrived: arrival(at).plus(soon), engagement: post.engagement.max(engagement), ..post.clone() }
    }

    fn heard(&mut self, at: EventTime, place: Place) -> ArrivalTime {
        let (from, to) = place.delay_seconds();
        let millis = self.chance.between(from * 1_000, to * 1_000);
        arrival(at).plus(Span::from_millis(millis as i64))
    }
}

/// A video of which speech recognition read this.
pub(crate) fn video(text: &str) -> Media {
    Media { kind: "video".to_owned(), url: None, text: Some(text.to_owned()) }
}

fn arrival(at: EventTime) -> ArrivalTime {
    ArrivalTime::from_millis(at.millis())
}

fn whole(post: &Post) -> Parent {
    Parent {
        id: Some(post.id.clone()),
        text: post.text.clone(),
        title: None,
        author: Some(post.author.clone()),
        media: post.media.clone(),
    }
}
