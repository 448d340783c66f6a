//! A post from JSON, and back. Everybody's bytes come through here, so nothing is believed: bounds first, then
//! one parse that fails on syntax alone, then field by field.

use tocsin_model::limits::{
    ID_BYTES_MAX, LANG_BYTES_MAX, LOCATION_BYTES_MAX, MEDIA_MAX, MEDIA_TEXT_BYTES_MAX, NAME_BYTES_MAX,
    RECORD_BYTES_MAX, RECORD_DEPTH_MAX, TEXT_BYTES_MAX, TITLE_BYTES_MAX, URL_BYTES_MAX,
};
use tocsin_model::{ArrivalTime, Author, Engagement, Media, Parent, Post, Reason, SourceId};

use crate::check;
use crate::depth::is_deeper_than;
use crate::raw::{Listed, RawAuthor, RawEngagement, RawMedia, RawParent, RawPost, Scalar, Shaped};
use crate::v1::PostV1;

/// Why a record is not a post, and the source that it claims, where that could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// The source that it claims.
    pub source: Option<SourceId>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.reason.fmt(f)
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Refused {
        Refused { reason, source: None }
    }
}

/// When a post arrived.
#[derive(Clone, Copy)]
pub(crate) enum Arrival {
    At(ArrivalTime),
    /// As the record says: `arrives_at`, else `created_at`.
    Recorded,
}

/// Reads one post that arrived at `arrived`; its `arrives_at` is not looked at.
///
/// # Errors
/// Why it is not a post.
pub fn read_post(bytes: &[u8], arrived: ArrivalTime) -> Result<Post, Refused> {
    read(bytes, Arrival::At(arrived))
}

/// Reads one recorded post: it arrived at its `arrives_at`, else when it was made.
///
/// # Errors
/// Why it is not a post.
pub fn read_recorded(bytes: &[u8]) -> Result<Post, Refused> {
    read(bytes, Arrival::Recorded)
}

/// One post as JSON. [`read_post`] with the post's own arrival gives it back.
pub fn write_post(post: &Post) -> Vec<u8> {
    crate::v1::json(&PostV1::from(post))
}

fn read(bytes: &[u8], arrival: Arrival) -> Result<Post, Refused> {
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(Reason::TooLong(RECORD_BYTES_MAX as u64).into());
    }
    // Some programs begin a file with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if is_deeper_than(bytes, RECORD_DEPTH_MAX) {
        return Err(match std::str::from_utf8(bytes) {
            Ok(_) => Reason::Limit("depth", RECORD_DEPTH_MAX as u64).into(),
            Err(e) => Reason::Encoding(e.valid_up_to()).into(),
        });
    }
    // A shape would also take an array, with its fields by place.
    if bytes.trim_ascii_start().first().is_some_and(|&first| first != b'{') {
        return Err(no_object(bytes).into());
    }
    let raw = sonic_rs::from_slice(bytes).map_err(|error| not_json(bytes, &error))?;
    from_raw(raw, arrival)
}

/// It does not begin as an object does.
#[cold]
fn no_object(bytes: &[u8]) -> Reason {
    match sonic_rs::from_slice::<serde::de::IgnoredAny>(bytes) {
        Ok(_) => Reason::Syntax("a post should be a JSON object".to_owned()),
        Err(error) => not_json(bytes, &error),
    }
}

/// Why the parse failed, without a letter of what somebody wrote.
#[cold]
fn not_json(bytes: &[u8], error: &sonic_rs::Error) -> Reason {
    if let Err(e) = std::str::from_utf8(bytes) {
        return Reason::Encoding(e.valid_up_to());
    }
    let at = error.offset();
    Reason::Syntax(if bytes.trim_ascii().is_empty() {
        "it is empty".to_owned()
    } else if error.is_eof() {
        "the JSON ends too early".to_owned()
    } else if error.is_unmatched_type() {
        // Each field takes any value, so this is all that the shape itself can object to.
        format!("a field stands there twice (seen at byte {at})")
    } else {
        format!("not JSON at byte {at}")
    })
}

/// A post from its parsed shape.
pub(crate) fn from_raw(raw: RawPost<'_>, arrival: Arrival) -> Result<Post, Refused> {
    let source = check::source(&raw.source)?;
    believe(raw, arrival, &source).map_err(|reason| Refused { reason, source: Some(source) })
}

fn believe(raw: RawPost<'_>, arrival: Arrival, source: &SourceId) -> Result<Post, Reason> {
    let id = check::post_id("id", raw.id, source)?.ok_or(Reason::Missing("id"))?;
    let created = check::time("created_at", raw.created_at)?.ok_or(Reason::Missing("created_at"))?;
    let arrived = match arrival {
        Arrival::At(arrived) => arrived,
        Arrival::Recorded => {
            let at = check::time("arrives_at", raw.arrives_at)?.unwrap_or(created);
            ArrivalTime::from_millis(at.millis())
        }
    };
    let author = check::object("author", raw.author)?.ok_or(Reason::Missing("author"))?;
    let own = |field, value, max| Ok::<_, Reason>(check::text(field, value, max)?.map(|t| t.into_owned()));
    let post = Post {
        id,
        text: own("text", raw.text, TEXT_BYTES_MAX)?.unwrap_or_default(),
        title: own("title", raw.title, TITLE_BYTES_MAX)?,
        created,
        arrived,
        author: read_author(author, &AUTHOR)?,
        url: own("url", raw.url, URL_BYTES_MAX)?,
        lang: own("lang", raw.lang, LANG_BYTES_MAX)?,
        repost_of: check::post_id("repost_of", raw.repost_of, source)?,
        reply_to: check::post_id("reply_to", raw.reply_to, source)?,
        parent: match check::object("parent", raw.parent)? {
            Some(parent) => read_parent(*parent, source)?.map(Box::new),
            None => None,
        },
        engagement: read_engagement(raw.engagement)?,
        media: read_media(raw.media, &MEDIA)?,
        location: own("location", raw.location, LOCATION_BYTES_MAX)?,
        deleted: check::flag("deleted", raw.deleted)?.unwrap_or(false),
    };
    if says_something(&post) { Ok(post) } else { Err(Reason::Missing("text")) }
}

/// A post may be without text only where something else says what it is.
fn says_something(post: &Post) -> bool {
    !post.text.is_empty()
        || post.title.is_some()
        || post.parent.is_some()
        || post.repost_of.is_some()
        || post.deleted
        || post.media.iter().any(|m| m.text.is_some())
}

/// What an author's fields are called where they stand.
struct AuthorNames {
    id: &'static str,
    name: &'static str,
    followers: &'static str,
    verified: &'static str,
    since: &'static str,
}

const AUTHOR: AuthorNames = AuthorNames {
    id: "author.id",
    name: "author.name",
    followers: "author.followers",
    verified: "author.verified",
    since: "author.since",
};

const PARENT_AUTHOR: AuthorNames = AuthorNames {
    id: "parent.author.id",
    name: "parent.author.name",
    followers: "parent.author.followers",
    verified: "parent.author.verified",
    since: "parent.author.since",
};

fn read_author(raw: RawAuthor<'_>, names: &AuthorNames) -> Result<Author, Reason> {
    Ok(Author {
        id: check::author_id(names.id, raw.id)?,
        name: check::text(names.name, raw.name, NAME_BYTES_MAX)?.map(|t| t.into_owned()),
        followers: check::count(names.followers, raw.followers)?,
        verified: check::flag(names.verified, raw.verified)?,
        since: check::time(names.since, raw.since)?,
    })
}

/// A parent; one of which nothing is said is none.
fn read_parent(raw: RawParent<'_>, source: &SourceId) -> Result<Option<Parent>, Reason> {
    let text = check::text("parent.text", raw.text, TEXT_BYTES_MAX)?;
    let title = check::text("parent.title", raw.title, TITLE_BYTES_MAX)?;
    let parent = Parent {
        id: check::post_id("parent.id", raw.id, source)?,
        text: text.map(|t| t.into_owned()).unwrap_or_default(),
        title: title.map(|t| t.into_owned()),
        author: match check::object("parent.author", raw.author)? {
            Some(author) => Some(read_author(author, &PARENT_AUTHOR)?),
            None => None,
        },
        media: read_media(raw.media, &PARENT_MEDIA)?,
    };
    let nothing = parent.id.is_none()
        && parent.text.is_empty()
        && parent.title.is_none()
        && parent.author.is_none()
        && parent.media.is_empty();
    Ok((!nothing).then_some(parent))
}

fn read_engagement(raw: Shaped<RawEngagement<'_>>) -> Result<Engagement, Reason> {
    let Some(raw) = check::object("engagement", raw)? else { return Ok(Engagement::default()) };
    let count = |field, value: Scalar<'_>| Ok::<_, Reason>(check::count(field, value)?.unwrap_or(0));
    Ok(Engagement {
        likes: count("engagement.likes", raw.likes)?,
        reposts: count("engagement.reposts", raw.reposts)?,
        comments: count("engagement.comments", raw.comments)?,
        views: count("engagement.views", raw.views)?,
    })
}

/// What the fields of media are called where they stand.
struct MediaNames {
    list: &'static str,
    kind: &'static str,
    url: &'static str,
    text: &'static str,
}

const MEDIA: MediaNames =
    MediaNames { list: "media", kind: "media.type", url: "media.url", text: "media.text" };

const PARENT_MEDIA: MediaNames = MediaNames {
    list: "parent.media",
    kind: "parent.media.type",
    url: "parent.media.url",
    text: "parent.media.text",
};

fn read_media(raw: Listed<Shaped<RawMedia<'_>>>, names: &MediaNames) -> Result<Vec<Media>, Reason> {
    let entries = check::list(names.list, raw, MEDIA_MAX)?;
    let mut media = Vec::with_capacity(entries.len());
    for entry in entries {
        let Shaped::Is(entry) = entry else {
            return Err(Reason::Field(names.list, "should hold objects and nothing else".to_owned()));
        };
        let kind = check::text(names.kind, entry.kind, ID_BYTES_MAX)?;
        let url = check::text(names.url, entry.url, URL_BYTES_MAX)?;
        let text = check::text(names.text, entry.text, MEDIA_TEXT_BYTES_MAX)?;
        media.push(Media {
            kind: kind.ok_or(Reason::Missing(names.kind))?.into_owned(),
            url: url.map(|t| t.into_owned()),
            text: text.map(|t| t.into_owned()),
        });
    }
    Ok(media)
}
