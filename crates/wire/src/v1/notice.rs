//! One message to one channel, as JSON: what the webhook sends, and what waits for delivery.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tocsin_model::{ArrivalTime, Incident, News, Notice, NoticeId, OutletId};

use super::{IncidentV1, One};
use crate::Unreadable;
use crate::time::Time;

const WHAT: &str = "notice";

/// One message to one person or channel about an incident. A receiver that heeds `id` acts once.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Notice")]
pub(crate) struct NoticeV1 {
    v: One,
    /// Made from incident, news and outlet.
    id: String,
    /// To whom: an outlet by its name in the config.
    outlet: String,
    /// When it was made.
    at: Time,
    /// What is new: the bell rings; it is only shown; it is over.
    news: NewsV1,
    /// The how many-th ring of the incident; null unless the bell rings.
    ring: Option<u32>,
    /// The incident as of then.
    incident: IncidentV1,
}

/// What is new.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum NewsV1 {
    Rings,
    Shown,
    Over,
}

/// A notice as JSON.
pub fn write_notice(notice: &Notice) -> Vec<u8> {
    let (news, ring) = match notice.news {
        News::Rings(number) => (NewsV1::Rings, Some(number)),
        News::Shown => (NewsV1::Shown, None),
        News::Over => (NewsV1::Over, None),
    };
    super::json(&NoticeV1 {
        v: One,
        id: notice.id.as_str().to_owned(),
        outlet: notice.outlet.as_str().to_owned(),
        at: Time(notice.at.millis()),
        news,
        ring,
        incident: IncidentV1::from(&*notice.incident),
    })
}

/// The contrary of [`write_notice`].
///
/// # Errors
/// JSON that it did not write, or a newer version did.
pub fn read_notice(json: &[u8]) -> Result<Notice, Unreadable> {
    let shape: NoticeV1 = super::shape(WHAT, json)?;
    Notice::try_from(shape).map_err(|why| Unreadable::new(WHAT, why))
}

impl TryFrom<NoticeV1> for Notice {
    type Error = String;

    fn try_from(n: NoticeV1) -> Result<Notice, String> {
        Ok(Notice {
            id: NoticeId::new(&n.id).map_err(|bad| format!("its id {bad}"))?,
            outlet: OutletId::new(&n.outlet).map_err(|bad| format!("its outlet {bad}"))?,
            at: ArrivalTime::from_millis(n.at.0),
            news: match n.news {
                NewsV1::Rings => News::Rings(n.ring.ok_or("the bell rings and there is no ring's number")?),
                NewsV1::Shown => News::Shown,
                NewsV1::Over => News::Over,
            },
            incident: Box::new(Incident::try_from(n.incident)?),
        })
    }
}
