//! A post as JSON, as it is written. It is read through [`crate::raw`], which believes nothing.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use tocsin_model::{Author, Engagement, Media, Parent, Post, PostId};

use crate::time::Time;

/// One thing somebody said: an original, a repost, a comment, an article. Fields that are not named here are
/// ignored; `null` and an empty string in an optional field are the same as none.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Post")]
pub(crate) struct PostV1<'a> {
    /// Unique within its source; at most 256 bytes, no control characters. A record with a known id is an
    /// update of that post.
    id: Id<'a>,
    /// Where it comes from, such as `weibo`; at most 64 bytes, no white space.
    #[schemars(length(min = 1, max = 64))]
    source: &'a str,
    /// As it was written; at most 64 KiB of UTF-8. It may be left out only where there is a title, a parent,
    /// `repost_of`, the text of some media, or `deleted`.
    #[schemars(default, length(max = 65536))]
    text: &'a str,
    /// A headline; at most 4 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    title: Option<&'a str>,
    /// When it was said: RFC 3339 with any offset.
    created_at: Time,
    /// Who said it.
    author: AuthorV1<'a>,
    /// Where to read it; at most 8 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    url: Option<&'a str>,
    /// Its language as a BCP 47 tag, where the source says; at most 35 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 35))]
    lang: Option<&'a str>,
    /// The id, within the same source, of the post that this one passes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    repost_of: Option<Id<'a>>,
    /// The id, within the same source, of the post that this one answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Id<'a>>,
    /// The parent whole, where the record carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<ParentV1<'a>>,
    /// Likes and the like, as of this record.
    #[serde(skip_serializing_if = "Option::is_none")]
    engagement: Option<EngagementV1>,
    /// Pictures, videos, files; at most 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<MediaV1<'a>>>", length(max = 64))]
    media: Option<MediaList<'a>>,
    /// Where it was said, in the source's words; at most 1 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    location: Option<&'a str>,
    /// It was taken down.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    deleted: bool,
    /// When it was received; only a replay heeds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrives_at: Option<Time>,
}

/// Who said it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Author")]
struct AuthorV1<'a> {
    /// Unique within the source; at most 256 bytes, no control characters.
    id: Id<'a>,
    /// As shown; at most 1 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    name: Option<&'a str>,
    /// Persons who follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1_000_000_000_000u64))]
    followers: Option<u64>,
    /// The source vouches for the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    /// When the account was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Time>,
}

/// A parent that came whole inside its child.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Parent")]
struct ParentV1<'a> {
    /// Its id, within the source of the child.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id<'a>>,
    /// As it was written; at most 64 KiB.
    #[schemars(default, length(max = 65536))]
    text: &'a str,
    /// A headline; at most 4 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    title: Option<&'a str>,
    /// Who said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<AuthorV1<'a>>,
    /// Pictures, videos, files; at most 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<MediaV1<'a>>>", length(max = 64))]
    media: Option<MediaList<'a>>,
}

/// What people did with a post, in persons or times, cumulative.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Engagement")]
struct EngagementV1 {
    /// Likes.
    #[schemars(default, range(max = 1_000_000_000_000u64))]
    likes: u64,
    /// Reposts and shares.
    #[schemars(default, range(max = 1_000_000_000_000u64))]
    reposts: u64,
    /// Comments.
    #[schemars(default, range(max = 1_000_000_000_000u64))]
    comments: u64,
    /// Views.
    #[schemars(default, range(max = 1_000_000_000_000u64))]
    views: u64,
}

/// A picture, a video, a file.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Media")]
struct MediaV1<'a> {
    /// `image`, `video`, …: the source's word.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 256))]
    kind: &'a str,
    /// Where it is; at most 8 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    url: Option<&'a str>,
    /// What your character or speech recognition read in it: part of the post; at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65536))]
    text: Option<&'a str>,
}

/// An id within a source.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Id<'a>(&'a str);

impl JsonSchema for Id<'_> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "integer"], "maxLength": 256 })
    }
}

/// Media written one by one, so that no list of shapes is built.
#[derive(Debug)]
struct MediaList<'a>(&'a [Media]);

impl<'a> MediaList<'a> {
    fn of(media: &'a [Media]) -> Option<MediaList<'a>> {
        (!media.is_empty()).then_some(MediaList(media))
    }
}

impl Serialize for MediaList<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|media| MediaV1 {
            kind: &media.kind,
            url: media.url.as_deref(),
            text: media.text.as_deref(),
        }))
    }
}

impl EngagementV1 {
    fn of(engagement: Engagement) -> Option<EngagementV1> {
        let Engagement { likes, reposts, comments, views } = engagement;
        (!engagement.is_zero()).then_some(EngagementV1 { likes, reposts, comments, views })
    }
}

impl<'a> Id<'a> {
    fn of(id: &'a PostId) -> Id<'a> {
        Id(id.as_str())
    }
}

impl<'a> From<&'a Post> for PostV1<'a> {
    fn from(post: &'a Post) -> PostV1<'a> {
        PostV1 {
            id: Id::of(&post.id),
            source: post.id.source.as_str(),
            text: &post.text,
            title: post.title.as_deref(),
            created_at: Time(post.created.millis()),
            author: AuthorV1::from(&post.author),
            url: post.url.as_deref(),
            lang: post.lang.as_deref(),
            repost_of: post.repost_of.as_ref().map(Id::of),
            reply_to: post.reply_to.as_ref().map(Id::of),
            parent: post.parent.as_deref().map(ParentV1::from),
            engagement: EngagementV1::of(post.engagement),
            media: MediaList::of(&post.media),
            location: post.location.as_deref(),
            deleted: post.deleted,
            arrives_at: None,
        }
    }
}

impl<'a> From<&'a Author> for AuthorV1<'a> {
    fn from(author: &'a Author) -> AuthorV1<'a> {
        AuthorV1 {
            id: Id(author.id.as_str()),
            name: author.name.as_deref(),
            followers: author.followers,
            verified: author.verified,
            since: author.since.map(|at| Time(at.millis())),
        }
    }
}

impl<'a> From<&'a Parent> for ParentV1<'a> {
    fn from(parent: &'a Parent) -> ParentV1<'a> {
        ParentV1 {
            id: parent.id.as_ref().map(Id::of),
            text: &parent.text,
            title: parent.title.as_deref(),
            author: parent.author.as_ref().map(AuthorV1::from),
            media: MediaList::of(&parent.media),
        }
    }
}
