//! The embedded carrier keeps the laws, and the rules of its folder.

use tempfile::TempDir;
use tocsin_embedded::{EmbeddedLink, EmbeddedState, Keep, RawRecord, Store};
use tocsin_flow::{Arrivals, Fault, Intake};
use tocsin_laws::{Carrier, settle, still_room};

struct Embedded {
    store: Store,
    folder: TempDir,
}

fn open(folder: &TempDir) -> Result<Store, Fault> {
    Store::open(folder.path(), Keep::default(), still_room())
}

fn fresh() -> Embedded {
    let folder = tempfile::tempdir().unwrap();
    Embedded { store: open(&folder).unwrap(), folder }
}

impl Carrier for Embedded {
    type Link = EmbeddedLink;
    type State = EmbeddedState;

    fn take(&self, arrivals: Arrivals) {
        settle(self.store.intake().take(arrivals)).unwrap();
    }
    fn link(&self) -> EmbeddedLink {
        self.store.link()
    }
    fn state(&self) -> EmbeddedState {
        self.store.state()
    }
    fn json(record: &RawRecord) -> Vec<u8> {
        record.json.clone()
    }
    fn crash(self) -> Embedded {
        let Embedded { store, folder } = self;
        drop(store);
        Embedded { store: open(&folder).unwrap(), folder }
    }
}

/// `make soak` asks for more.
fn seeds() -> u64 {
    std::env::var("TOCSIN_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(30)
}

#[test]
fn embedded_keeps_the_laws() {
    tocsin_laws::all(fresh, 0..seeds());
}

#[test]
fn two_processes_on_one_folder_are_refused() {
    let first = fresh();
    let second = open(&first.folder).err().unwrap().to_string();
    assert!(second.contains("held by another process"), "{second}");
}

#[test]
fn a_folder_of_another_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(&folder).unwrap());
    let db = fjall::Database::builder(folder.path()).open().unwrap();
    let meta = db.keyspace("meta", fjall::KeyspaceCreateOptions::default).unwrap();
    meta.insert("v", 99u32.to_be_bytes()).unwrap();
    drop((meta, db));
    let refused = open(&folder).err().unwrap().to_string();
    assert!(refused.contains("layout 99") && refused.contains("expected layout 1"), "{refused}");
}
