//! A post with its brands, as JSON: in `posts.matched`, and where a child waits for its parent.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tocsin_model::{
    ArrivalTime, BrandId, Engagement, EventTime, Matched, Mention, Position, Sighting, Update,
};

use super::names::{MentionedByV1, TimingV1};
use super::{One, PostV1};
use crate::Unreadable;
use crate::post::{Arrival, from_raw};
use crate::raw::{RawPost, Shaped};
use crate::time::Time;

const WHAT: &str = "matched post";

/// A post (or an update of one) with the brands that it mentions.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Matched")]
pub(crate) struct MatchedV1<'a, P> {
    v: One,
    /// Its place in `posts.raw`.
    position: u64,
    /// When it came in.
    arrived: Time,
    /// As it came in.
    post: P,
    /// Its text without markup, in simplified characters and half width: what was matched.
    #[serde(borrow)]
    clean: Cow<'a, str>,
    /// So many bytes of `clean` are the author's own words; behind them stands what was passed on.
    own: usize,
    /// The time to which it is counted.
    at: Time,
    /// When it took its brands, if that was after it came in: from a parent that came later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    took_at: Option<Time>,
    /// Whether it was seen for the first time.
    sighting: SightingV1,
    /// The brands that it mentions.
    #[serde(borrow)]
    mentions: Vec<MentionV1<'a>>,
    /// Which version of the brands it was held against.
    brands_version: u64,
}

/// A brand that a post mentions.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Mention")]
struct MentionV1<'a> {
    #[serde(borrow)]
    brand: Cow<'a, str>,
    by: MentionedByV1,
    /// Where in `clean`, in bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    places: Vec<(u32, u32)>,
}

/// A post, or an update of one.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Sighting")]
enum SightingV1 {
    First(TimingV1),
    Update(UpdateV1),
}

/// What a known post gained since it was last seen.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Update")]
struct UpdateV1 {
    likes: u64,
    reposts: u64,
    comments: u64,
    views: u64,
    gained_this_hour: u64,
    first_arrived: Time,
    edited: bool,
    taken_down: bool,
}

/// A matched post as it is read.
pub(crate) type ReadV1<'a> = MatchedV1<'a, Shaped<RawPost<'a>>>;

/// What stands of a matched post in the schema of another shape that holds one.
pub(crate) struct WithinV1;

impl JsonSchema for WithinV1 {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Matched".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "required": ["v", "position", "arrived", "post", "mentions"] })
    }
}

/// A matched post as JSON.
pub fn write_matched(matched: &Matched) -> Vec<u8> {
    super::json(&MatchedV1::from(matched))
}

/// The contrary of [`write_matched`].
///
/// # Errors
/// JSON that it did not write, or a newer version did.
pub fn read_matched(json: &[u8]) -> Result<Matched, Unreadable> {
    super::shape::<ReadV1<'_>>(WHAT, json)?.into_model()
}

impl<'a> From<&'a Matched> for MatchedV1<'a, PostV1<'a>> {
    fn from(matched: &'a Matched) -> MatchedV1<'a, PostV1<'a>> {
        MatchedV1 {
            v: One,
            position: matched.position.0,
            arrived: Time(matched.post.arrived.millis()),
            post: PostV1::from(&*matched.post),
            clean: Cow::Borrowed(&matched.clean),
            own: matched.own,
            at: Time(matched.at.millis()),
            took_at: matched.took_at.map(|at| Time(at.millis())),
            sighting: SightingV1::from(&matched.sighting),
            mentions: matched.mentions.iter().map(MentionV1::from).collect(),
            brands_version: matched.brands_version,
        }
    }
}

impl ReadV1<'_> {
    pub(crate) fn into_model(self) -> Result<Matched, Unreadable> {
        let Shaped::Is(raw) = self.post else {
            return Err(Unreadable::new(WHAT, "its post is not an object"));
        };
        let arrived = ArrivalTime::from_millis(self.arrived.0);
        let post = from_raw(raw, Arrival::At(arrived))
            .map_err(|refused| Unreadable::new(WHAT, format!("its post: {}", refused.reason)))?;
        if !self.clean.is_char_boundary(self.own) {
            return Err(Unreadable::new(WHAT, "its own words end inside a character or past the text"));
        }
        let mut mentions = Vec::with_capacity(self.mentions.len());
        for mention in self.mentions {
            mentions.push(mention.into_model(&self.clean)?);
        }
        Ok(Matched {
            position: Position(self.position),
            post: Box::new(post),
            clean: self.clean.into_owned(),
            own: self.own,
            at: EventTime::from_millis(self.at.0),
            took_at: self.took_at.map(|at| ArrivalTime::from_millis(at.0)),
            sighting: Sighting::from(self.sighting),
            mentions,
            brands_version: self.brands_version,
        })
    }
}

impl<'a> From<&'a Mention> for MentionV1<'a> {
    fn from(mention: &'a Mention) -> MentionV1<'a> {
        MentionV1 {
            brand: Cow::Borrowed(mention.brand.as_str()),
            by: mention.by.into(),
            places: mention.places.clone(),
        }
    }
}

impl MentionV1<'_> {
    fn into_model(self, clean: &str) -> Result<Mention, Unreadable> {
        let brand =
            BrandId::new(&self.brand).map_err(|bad| Unreadable::new(WHAT, format!("a brand {bad}")))?;
        let inside = |&(start, end): &(u32, u32)| clean.get(start as usize..end as usize).is_some();
        if !self.places.iter().all(inside) {
            return Err(Unreadable::new(WHAT, "a brand's place is outside the text"));
        }
        Ok(Mention { brand, by: self.by.into(), places: self.places })
    }
}

impl From<&Sighting> for SightingV1 {
    fn from(sighting: &Sighting) -> SightingV1 {
        match sighting {
            Sighting::First(timing) => SightingV1::First((*timing).into()),
            Sighting::Update(update) => {
                let Engagement { likes, reposts, comments, views } = update.gain;
                SightingV1::Update(UpdateV1 {
                    likes,
                    reposts,
                    comments,
                    views,
                    gained_this_hour: update.gained_this_hour,
                    first_arrived: Time(update.first_arrived.millis()),
                    edited: update.edited,
                    taken_down: update.taken_down,
                })
            }
        }
    }
}

impl From<SightingV1> for Sighting {
    fn from(sighting: SightingV1) -> Sighting {
        match sighting {
            SightingV1::First(timing) => Sighting::First(timing.into()),
            SightingV1::Update(u) => Sighting::Update(Update {
                gain: Engagement { likes: u.likes, reposts: u.reposts, comments: u.comments, views: u.views },
                gained_this_hour: u.gained_this_hour,
                first_arrived: ArrivalTime::from_millis(u.first_arrived.0),
                edited: u.edited,
                taken_down: u.taken_down,
            }),
        }
    }
}
