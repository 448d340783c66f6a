//! How a notice reaches people: the console, a webhook, DingTalk.
//!
//! In: a notice (whose cause is durable), the room's clock. Out: a receipt, or whether to retry, give up, or change
//! the config. The same notice goes out under the same id every time.
//! Never: an opinion about what rings, a loop, a retry of its own, a secret in an error or a log.

mod around; // what stands around the counts
mod clean; // the words of strangers, made harmless
mod console; // outlet: a terminal
mod dingtalk; // outlet: a robot in a DingTalk group
mod http; // one POST within a time limit, and what its answer means
mod kind; // the list that config and docs are made from
mod language; // in which language notices are told
mod numbers; // numbers as people read them
#[cfg(test)]
mod rig; // for tests: a clock driven by hand, a server, a notice
mod secret; // what must never be printed
mod story; // what a notice says, before any channel lays it out
mod webhook; // outlet: a signed POST
mod words; // our words in Chinese and in English
mod zones; // whose clock on the wall

pub use crate::console::{Console, ConsoleConfig, render};
pub use crate::dingtalk::{Dingtalk, DingtalkConfig};
pub use crate::kind::{OUTLETS, OutletKind};
pub use crate::language::Language;
pub use crate::secret::Secret;
pub use crate::story::{Quote, Reason, Share, Story, Tidings};
pub use crate::webhook::{Webhook, WebhookConfig};
pub use crate::words::Said;
pub use crate::zones::Zones;
