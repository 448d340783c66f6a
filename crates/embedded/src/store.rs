//! The folder, opened.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use fjall::{Database, KeyspaceCreateOptions, PersistMode};
use tocsin_flow::{Fault, Room};
use tocsin_model::{ArrivalTime, Lane, Subject};
use tokio::sync::Notify;

use crate::forget::{Forgetter, Keep};
use crate::layout::{Key, LAYOUT_VERSION, Space, number_at};
use crate::ledger::EmbeddedLedger;
use crate::log::{EmbeddedIntake, EmbeddedLink};
use crate::office::Office;
use crate::syncer::Syncer;
use crate::tx::{Disk, Tx, broken_row, store_fault};
use crate::windows::Rooms;

/// Memory for blocks read from disk.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// Memory for rows not yet in a table on disk, for each space.
const MEMTABLE_BYTES: u64 = 8 * 1024 * 1024;
/// Disk for the journal.
const JOURNAL_BYTES: u64 = 128 * 1024 * 1024;

/// One data folder, held by one process; a clone is the same one.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

/// What the handles of one folder share.
pub(crate) struct Shared {
    pub(crate) disk: Disk,
    pub(crate) syncer: Syncer,
    pub(crate) room: Room,
    /// The first position not yet in the log.
    pub(crate) end: AtomicU64,
    /// The first position not yet done by the chain.
    pub(crate) done: AtomicU64,
    /// There is more in the log, or the chain has gone on.
    pub(crate) moved: Notify,
    /// There are notices to deliver.
    pub(crate) notices: Notify,
    /// The next number of a rejected record.
    pub(crate) rejected: Arc<AtomicU64>,
    pub(crate) desk: Mutex<Desk>,
    secret: [u64; 2],
}

/// What a chain was told since its last commit, and what it reads often.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) tx: Tx,
    pub(crate) rooms: Rooms,
    pub(crate) forgetter: Forgetter,
    /// The greatest arrival of what is done, now or before the last start.
    pub(crate) now: Option<ArrivalTime>,
    /// The greatest arrival of the batch at hand.
    pub(crate) ahead: Option<ArrivalTime>,
    /// Subjects with an incident that is not over; read from disk once.
    pub(crate) open: Option<BTreeSet<Subject>>,
    /// Notices were told since the last commit.
    pub(crate) noticed: bool,
}

impl Shared {
    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        // A panic while the desk was held leaves changes that were never committed; the process is
        // going down with them.
        self.desk.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Where data time stands.
pub(crate) fn now_key() -> Vec<u8> {
    Key::of(b'n').bytes()
}

pub(crate) fn position_key() -> Vec<u8> {
    Key::of(b'p').bytes()
}

impl Store {
    /// Opens a folder, or makes it.
    ///
    /// # Errors
    /// [`Fault::Misconfigured`] when another process holds it or another version wrote it;
    /// [`Fault::Unavailable`] when the disk fails.
    pub fn open(path: &Path, keep: Keep, room: Room) -> Result<Store, Fault> {
        if is_empty(path) {
            make(path)?;
        }
        let disk = open_disk(path)?;
        check_version(path, &disk)?;
        let secret = secret(&disk)?;
        let end = match disk.space(Space::Log).last_key_value() {
            Some(last) => {
                let key = last.key().map_err(store_fault)?;
                number_at(&key, 0).ok_or_else(|| broken_row(Space::Log, "key"))? + 1
            }
            None => 0,
        };
        let done = disk.get(Space::Meta, &position_key())?.and_then(|v| number_at(&v, 0)).unwrap_or(0);
        let now = disk.get(Space::Meta, &now_key())?.and_then(|v| number_at(&v, 0));
        let now = now.map(|millis| ArrivalTime::from_millis(millis as i64));
        let rejected = Arc::new(AtomicU64::new(next_number(&disk)?));
        let syncer = Syncer::start(disk.clone(), room.clone(), end.max(done), Arc::clone(&rejected))?;
        let shared = Arc::new(Shared {
            disk,
            syncer,
            room,
            end: AtomicU64::new(end.max(done)),
            done: AtomicU64::new(done),
            moved: Notify::new(),
            notices: Notify::new(),
            rejected,
            desk: Mutex::new(Desk { forgetter: Forgetter::new(keep), now, ..Desk::default() }),
            secret,
        });
        Ok(Store { shared })
    }

    /// Where inlets hand in.
    pub fn intake(&self) -> EmbeddedIntake {
        EmbeddedIntake::new(Arc::clone(&self.shared))
    }
    /// What the chain reads. One chain to a store: link and state share one transaction.
    pub fn link(&self) -> EmbeddedLink {
        EmbeddedLink::new(Arc::clone(&self.shared))
    }
    /// What the chain remembers.
    pub fn state(&self) -> EmbeddedState {
        EmbeddedState { shared: Arc::clone(&self.shared) }
    }
    /// Which notices wait.
    pub fn ledger(&self) -> EmbeddedLedger {
        EmbeddedLedger::new(Arc::clone(&self.shared))
    }
    /// What people look up and change.
    pub fn office(&self) -> Office {
        Office::new(Arc::clone(&self.shared))
    }
    /// The secret that authors are hashed with: made with the folder, never leaves it.
    pub fn author_secret(&self) -> [u64; 2] {
        self.shared.secret
    }
    /// Posts taken in that the chain has not done yet.
    pub fn behind(&self) -> u64 {
        let end = self.shared.end.load(Ordering::Acquire);
        end.saturating_sub(self.shared.done.load(Ordering::Acquire))
    }
    /// Comes back when everything committed so far is synced.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] when the disk fails.
    pub async fn sync(&self) -> Result<(), Fault> {
        self.shared.syncer.sync().await
    }
}

/// What the chain remembers: claims, kin, windows, casebook. Kept with the link's next advance.
pub struct EmbeddedState {
    pub(crate) shared: Arc<Shared>,
}

/// The embedded log has one lane.
pub(crate) const LANE: Lane = Lane(0);

fn cannot_open(path: &Path, error: fjall::Error) -> Fault {
    let setting = format!("the data folder {}", path.display());
    match error {
        fjall::Error::Locked => Fault::Misconfigured {
            setting,
            found: "held by another process".into(),
            expected: "one process a folder: stop the other one, or give --data another folder".into(),
        },
        fjall::Error::InvalidVersion(version) => Fault::Misconfigured {
            setting,
            found: format!("in the store format {version:?}"),
            expected: "a folder written by this version of tocsin".into(),
        },
        other => store_fault(format!("{}: {other}", path.display())),
    }
}

fn open_disk(path: &Path) -> Result<Disk, Fault> {
    let db = Database::builder(path)
        .cache_size(CACHE_BYTES)
        .max_journaling_size(JOURNAL_BYTES)
        .open()
        .map_err(|e| cannot_open(path, e))?;
    let mut spaces = Vec::new();
    for space in Space::ALL {
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        spaces.push(db.keyspace(space.name(), options).map_err(store_fault)?);
    }
    Ok(Disk::new(db, spaces))
}

fn is_empty(path: &Path) -> bool {
    std::fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none())
}

/// Makes a new store beside its place and moves it there whole: a process that is killed while it makes one
/// leaves nothing that cannot be opened.
fn make(path: &Path) -> Result<(), Fault> {
    let cannot = |why: std::io::Error| store_fault(format!("{}: {why}", path.display()));
    let beside = path.with_extension("making");
    if beside.exists() {
        std::fs::remove_dir_all(&beside).map_err(cannot)?;
    }
    let disk = open_disk(&beside)?;
    let mut secret = [0u8; 16];
    getrandom::fill(&mut secret).map_err(store_fault)?;
    let mut batch = disk.db.batch().durability(Some(PersistMode::SyncAll));
    batch.insert(disk.space(Space::Meta), version_key(), LAYOUT_VERSION.to_be_bytes().to_vec());
    batch.insert(disk.space(Space::Meta), secret_key(), secret.to_vec());
    batch.commit().map_err(store_fault)?;
    drop(disk);
    std::fs::rename(&beside, path).map_err(cannot)
}

fn version_key() -> Vec<u8> {
    Key::of(b'v').bytes()
}

fn secret_key() -> Vec<u8> {
    Key::of(b's').bytes()
}

/// The folder of another version is refused.
fn check_version(path: &Path, disk: &Disk) -> Result<(), Fault> {
    let found = disk.get(Space::Meta, &version_key())?;
    if found.as_deref() == Some(&LAYOUT_VERSION.to_be_bytes()) {
        return Ok(());
    }
    let found = match found.map(|v| v.try_into().map(u32::from_be_bytes)) {
        Some(Ok(version)) => format!("layout {version}"),
        _ => "no layout that can be read".into(),
    };
    Err(Fault::Misconfigured {
        setting: format!("the data folder {}", path.display()),
        found,
        expected: format!(
            "layout {LAYOUT_VERSION}: run the version of tocsin that wrote it, or start with another --data folder"
        ),
    })
}

/// The number after the last rejected record's.
fn next_number(disk: &Disk) -> Result<u64, Fault> {
    match disk.space(Space::Rejected).last_key_value() {
        Some(last) => Ok(number_at(&last.key().map_err(store_fault)?, 1).unwrap_or(0) + 1),
        None => Ok(1),
    }
}

fn secret(disk: &Disk) -> Result<[u64; 2], Fault> {
    let kept = disk.get(Space::Meta, &secret_key())?.unwrap_or_default();
    match (number_at(&kept, 0), number_at(&kept, 8)) {
        (Some(a), Some(b)) => Ok([a, b]),
        _ => Err(broken_row(Space::Meta, "the author secret")),
    }
}
