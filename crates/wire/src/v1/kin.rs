//! Who descends from whom, as JSON: in `posts.kin`, in the lane of the post that is spoken of.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tocsin_model::{ArrivalTime, Ask, BrandId, Position, PostId, SourceId, Tell, Took};

use super::matched::{ReadV1, WithinV1};
use super::{MatchedV1, One, PostV1};
use crate::Unreadable;
use crate::time::Time;

const WHAT: &str = "record of kin";

/// One record of `posts.kin`.
#[derive(Clone, Debug, PartialEq)]
pub enum KinRecord {
    /// Posts took brands.
    Tells(Vec<Tell>),
    /// A post wants its parent's brands.
    Asks(Box<Ask>),
}

/// What is said of posts of one lane: that they took brands, or that a child asks for those of one of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Kin", bound = "")]
#[serde(bound(deserialize = "M: Deserialize<'de>"))]
pub(crate) struct KinV1<'a, M> {
    v: One,
    /// The posts that took brands, where it tells.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    told: Option<Vec<ToldV1<'a>>>,
    /// The source of the post that is asked for.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    source: Option<Cow<'a, str>>,
    /// Its id within the source.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, str>>,
    /// The brands that it took: so an older program told, of one post.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    tells: Option<Vec<TookV1<'a>>>,
    /// When the first record of the child that asks arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    asks_since: Option<Time>,
    /// The child that asks, whole, as `posts.matched` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<WithinV1>")]
    matched: Option<M>,
}

/// A post, and the brands that it took.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Told")]
struct ToldV1<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    took: Vec<TookV1<'a>>,
}

/// A brand, and when it was taken.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Took")]
struct TookV1<'a> {
    #[serde(borrow)]
    brand: Cow<'a, str>,
    at: Time,
}

/// A record that tells of posts of one lane, as JSON. Their position is not written: it is the record's own place in
/// `posts.kin`.
pub fn write_tells<'a>(tells: impl IntoIterator<Item = &'a Tell>) -> Vec<u8> {
    let took = |took: &'a Took| TookV1 { brand: took.brand.as_str().into(), at: Time(took.at.millis()) };
    let told = |tell: &'a Tell| ToldV1 {
        source: tell.id.source.as_str().into(),
        id: tell.id.as_str().into(),
        took: tell.took.iter().map(took).collect(),
    };
    super::json(&KinV1::<MatchedV1<'_, PostV1<'_>>> {
        told: Some(tells.into_iter().map(told).collect()),
        ..KinV1::nothing()
    })
}

/// A record that asks, as JSON.
pub fn write_ask(ask: &Ask) -> Vec<u8> {
    super::json(&KinV1 {
        source: Some(ask.parent.source.as_str().into()),
        id: Some(ask.parent.as_str().into()),
        asks_since: Some(Time(ask.arrived.millis())),
        matched: Some(MatchedV1::from(&ask.child)),
        ..KinV1::nothing()
    })
}

impl<M> KinV1<'_, M> {
    fn nothing() -> Self {
        KinV1 { v: One, told: None, source: None, id: None, tells: None, asks_since: None, matched: None }
    }
}

/// The contrary of [`write_tells`] and [`write_ask`]. `position` is the record's place: all that is told and a child
/// stand in their lane of `posts.kin`.
///
/// # Errors
/// JSON that they did not write, or a newer version did.
pub fn read_kin(json: &[u8], position: Position) -> Result<KinRecord, Unreadable> {
    let shape: KinV1<'_, ReadV1<'_>> = super::shape(WHAT, json)?;
    let tell = |source: &str, id: &str, took: Vec<TookV1<'_>>| {
        let took = took.into_iter().map(|took| {
            let brand = BrandId::new(&took.brand).map_err(|bad| wrong(format!("a brand {bad}")))?;
            Ok(Took { brand, at: ArrivalTime::from_millis(took.at.0) })
        });
        Ok(Tell { id: post(source, id)?, position, took: took.collect::<Result<_, Unreadable>>()? })
    };
    match (shape.told, shape.source.zip(shape.id), shape.tells, shape.asks_since, shape.matched) {
        (Some(told), None, None, None, None) => {
            let tells = told.into_iter().map(|told| tell(&told.source, &told.id, told.took));
            Ok(KinRecord::Tells(tells.collect::<Result<_, Unreadable>>()?))
        }
        (None, Some((source, id)), Some(took), None, None) => {
            Ok(KinRecord::Tells(vec![tell(&source, &id, took)?]))
        }
        (None, Some((source, id)), None, Some(since), Some(child)) => {
            let mut child = child.into_model()?;
            child.position = position;
            let arrived = ArrivalTime::from_millis(since.0);
            Ok(KinRecord::Asks(Box::new(Ask { parent: post(&source, &id)?, arrived, child })))
        }
        _ => Err(wrong("it should either tell or ask".to_owned())),
    }
}

fn post(source: &str, id: &str) -> Result<PostId, Unreadable> {
    let source = SourceId::new(source).map_err(|bad| wrong(format!("a source {bad}")))?;
    PostId::new(source, id).map_err(|bad| wrong(format!("an id {bad}")))
}

fn wrong(why: String) -> Unreadable {
    Unreadable::new(WHAT, why)
}
