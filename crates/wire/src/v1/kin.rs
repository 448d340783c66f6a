//! Who descends from whom, as JSON: in `posts.kin`, in the lane of the post that is spoken of.

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
    /// A post took brands.
    Tells(Tell),
    /// A post wants its parent's brands.
    Asks(Box<Ask>),
}

/// What is said of a post: that it took brands, or that a child asks for them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Kin", bound = "")]
pub(crate) struct KinV1<M> {
    v: One,
    /// The source of the post that is spoken of.
    source: String,
    /// Its id within the source.
    id: String,
    /// The brands that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    tells: Option<Vec<TookV1>>,
    /// When the first record of the child that asks arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    asks_since: Option<Time>,
    /// The child that asks, whole, as `posts.matched` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<WithinV1>")]
    matched: Option<M>,
}

/// A brand, and when it was taken.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Took")]
struct TookV1 {
    brand: String,
    at: Time,
}

/// A record that tells, as JSON. Its position is not written: it is the record's own place in `posts.kin`.
pub fn write_tell(tell: &Tell) -> Vec<u8> {
    let took = |took: &Took| TookV1 { brand: took.brand.as_str().to_owned(), at: Time(took.at.millis()) };
    super::json(&KinV1::<MatchedV1<'_, PostV1<'_>>> {
        v: One,
        source: tell.id.source.as_str().to_owned(),
        id: tell.id.as_str().to_owned(),
        tells: Some(tell.took.iter().map(took).collect()),
        asks_since: None,
        matched: None,
    })
}

/// A record that asks, as JSON.
pub fn write_ask(ask: &Ask) -> Vec<u8> {
    super::json(&KinV1 {
        v: One,
        source: ask.parent.source.as_str().to_owned(),
        id: ask.parent.as_str().to_owned(),
        tells: None,
        asks_since: Some(Time(ask.arrived.millis())),
        matched: Some(MatchedV1::from(&ask.child)),
    })
}

/// The contrary of [`write_tell`] and [`write_ask`]. `position` is the record's place: a tell and a child stand
/// in their lane of `posts.kin`.
///
/// # Errors
/// JSON that they did not write, or a newer version did.
pub fn read_kin(json: &[u8], position: Position) -> Result<KinRecord, Unreadable> {
    let wrong = |why: String| Unreadable::new(WHAT, why);
    let shape: KinV1<ReadV1<'_>> = super::shape(WHAT, json)?;
    let source = SourceId::new(&shape.source).map_err(|bad| wrong(format!("a source {bad}")))?;
    let id = PostId::new(source, &shape.id).map_err(|bad| wrong(format!("an id {bad}")))?;
    match (shape.tells, shape.asks_since, shape.matched) {
        (Some(tells), None, None) => {
            let took = tells.into_iter().map(|t| {
                let brand = BrandId::new(&t.brand).map_err(|bad| wrong(format!("a brand {bad}")))?;
                Ok(Took { brand, at: ArrivalTime::from_millis(t.at.0) })
            });
            Ok(KinRecord::Tells(Tell { id, position, took: took.collect::<Result<_, Unreadable>>()? }))
        }
        (None, Some(since), Some(child)) => {
            let mut child = child.into_model()?;
            child.position = position;
            let arrived = ArrivalTime::from_millis(since.0);
            Ok(KinRecord::Asks(Box::new(Ask { parent: id, arrived, child })))
        }
        _ => Err(wrong("it should either tell or ask".to_owned())),
    }
}
