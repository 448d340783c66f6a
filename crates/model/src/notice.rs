//! One message to one channel.

use crate::{ArrivalTime, Incident, NoticeId, OutletId};

/// One message to one person or channel about an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Made from incident, news and outlet: a receiver that heeds it acts once.
    pub id: NoticeId,
    /// To whom.
    pub outlet: OutletId,
    /// When it was made.
    pub at: ArrivalTime,
    /// What is new.
    pub news: News,
    /// The incident as of then.
    pub incident: Box<Incident>,
}

/// What is new.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The bell rings for the n-th time.
    Rings(u32),
    /// It is shown and rings nobody.
    Shown,
    /// It is over.
    Over,
}

/// What an outlet says of a delivery.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The receiver's own reference, if it gives one.
    pub reference: Option<String>,
}
