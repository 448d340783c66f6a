//! Which notices have been delivered: `n made id → notice` waits, `d id → receipt` is done.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use fjall::PersistMode;
use tocsin_flow::{Fault, Ledger, Pending, Undelivered};
use tocsin_model::{NoticeId, Receipt};

use crate::layout::{Key, Space};
use crate::store::Shared;
use crate::tx::{after_prefix, broken_row, store_fault};

/// How many waiting notices are read at once.
const READ_MAX: usize = 256;

/// Notices that wait for their delivery.
pub struct EmbeddedLedger {
    shared: Arc<Shared>,
    handed: Mutex<Handed>,
}

/// What this process has handed out.
#[derive(Default)]
struct Handed {
    ready: VecDeque<Pending>,
    out: HashSet<Vec<u8>>,
}

fn attempts_key(id: &NoticeId) -> Vec<u8> {
    Key::of(b'a').name(id.as_str()).bytes()
}

fn done_key(id: &NoticeId) -> Vec<u8> {
    Key::of(b'd').name(id.as_str()).bytes()
}

impl EmbeddedLedger {
    pub(crate) fn new(shared: Arc<Shared>) -> EmbeddedLedger {
        EmbeddedLedger { shared, handed: Mutex::default() }
    }

    fn attempts(&self, id: &NoticeId) -> Result<u32, Fault> {
        let row = self.shared.disk.get(Space::Cases, &attempts_key(id))?;
        Ok(row.and_then(|r| r.try_into().ok()).map_or(0, u32::from_be_bytes))
    }

    /// Reads waiting notices that were not handed out yet.
    fn gather(&self) -> Result<Option<Pending>, Fault> {
        let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        if handed.ready.is_empty() {
            let reach = READ_MAX + handed.out.len();
            for (key, row) in self.shared.disk.range(Space::Cases, b"n", &after_prefix(b"n"), reach)? {
                if handed.out.contains(&key) {
                    continue;
                }
                let notice = tocsin_wire::read_notice(&row).map_err(|e| broken_row(Space::Cases, e))?;
                let attempts = self.attempts(&notice.id)?;
                handed.out.insert(key);
                handed.ready.push_back(Pending { notice, attempts });
            }
        }
        Ok(handed.ready.pop_front())
    }

    /// Takes a notice off the waiting list, with what became of it.
    fn close(&self, id: &NoticeId, outcome: String) -> Result<(), Fault> {
        let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        let suffix = Key::of(b'n').name(id.as_str()).bytes().split_off(1);
        let waiting = handed.out.iter().find(|key| key.ends_with(&suffix)).cloned();
        let disk = &self.shared.disk;
        let mut batch = disk.db.batch().durability(Some(PersistMode::Buffer));
        if let Some(key) = &waiting {
            batch.remove(disk.space(Space::Cases), key.clone());
        }
        batch.remove(disk.space(Space::Cases), attempts_key(id));
        batch.insert(disk.space(Space::Cases), done_key(id), outcome.into_bytes());
        batch.commit().map_err(store_fault)?;
        if let Some(key) = waiting {
            handed.out.remove(&key);
        }
        Ok(())
    }
}

impl Ledger for EmbeddedLedger {
    fn next(&self) -> Pin<Box<dyn Future<Output = Result<Pending, Fault>> + Send + '_>> {
        Box::pin(async move {
            loop {
                let told = self.shared.notices.notified();
                if let Some(pending) = self.gather()? {
                    // The sync that holds its cause comes first.
                    self.shared.syncer.sync().await?;
                    return Ok(pending);
                }
                told.await;
            }
        })
    }

    fn delivered(&self, id: &NoticeId, receipt: &Receipt) -> Result<(), Fault> {
        self.close(id, format!("delivered {}", receipt.reference.as_deref().unwrap_or("")))
    }

    fn failed(&self, id: &NoticeId, why: &Undelivered, last: bool) -> Result<(), Fault> {
        if last {
            return self.close(id, format!("failed {why}"));
        }
        let tries = self.attempts(id)?.saturating_add(1);
        let space = self.shared.disk.space(Space::Cases);
        space.insert(attempts_key(id), tries.to_be_bytes().to_vec()).map_err(store_fault)
    }
}
