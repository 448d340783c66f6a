//! How notices go out.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tocsin_model::{Notice, NoticeId, Receipt};

use crate::Fault;

/// Why a notice was not delivered: what must happen next.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Undelivered {
    /// The same, later.
    #[error("{why}")]
    Retry {
        /// In the receiver's words.
        why: String,
        /// When it asked to be tried again.
        after: Option<Duration>,
    },
    /// Never: the receiver will not have this notice.
    #[error("given up: {why}")]
    GiveUp {
        /// In the receiver's words.
        why: String,
    },
    /// Not before the operator has changed something.
    #[error("misconfigured: {why}")]
    Misconfigured {
        /// What to change.
        why: String,
    },
}

/// A channel. Promise (I6): it never claims a delivery that did not happen; a notice sent again goes out under
/// the same id.
pub trait Outlet: Send + Sync {
    /// Its name in the config.
    fn name(&self) -> &str;

    /// Delivers one notice.
    fn deliver<'a>(
        &'a self,
        notice: &'a Notice,
    ) -> Pin<Box<dyn Future<Output = Result<Receipt, Undelivered>> + Send + 'a>>;
}

/// A notice that waits for its delivery, durable with its cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// What.
    pub notice: Notice,
    /// How often it was tried.
    pub attempts: u32,
}

/// Which notices have been delivered. Promise: a notice is never lost, and is handed out only after the sync
/// that holds its cause.
pub trait Ledger: Send + Sync {
    /// Waits for notices to deliver; each comes once until the process starts again or it is put back.
    fn next(&self) -> Pin<Box<dyn Future<Output = Result<Pending, Fault>> + Send + '_>>;

    /// It was delivered.
    fn delivered(&self, id: &NoticeId, receipt: &Receipt) -> Result<(), Fault>;

    /// It was tried and not delivered; it is not handed out again by this process unless put back by
    /// the caller's own retry. `last`: nobody will try again.
    fn failed(&self, id: &NoticeId, why: &Undelivered, last: bool) -> Result<(), Fault>;
}
