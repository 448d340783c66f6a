//! The embedded carrier keeps the laws, and the rules of its folder.
#![allow(clippy::unwrap_used, reason = "a test may")]

use tocsin_laws::Carrier;
use tocsin_tests::{Embedded, seeds};

#[test]
fn embedded_keeps_the_laws() {
    tocsin_laws::all(Embedded::fresh, seeds(100));
}

#[test]
fn two_processes_on_one_folder_are_refused() {
    let first = Embedded::fresh();
    let second = Embedded::open(&first.folder).err().unwrap().to_string();
    assert!(second.contains("held by another process"), "{second}");
    drop(first.crash());
}

#[test]
fn a_folder_of_another_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(Embedded::open(&folder).unwrap());
    let db = fjall::Database::builder(folder.path()).open().unwrap();
    let meta = db.keyspace("meta", fjall::KeyspaceCreateOptions::default).unwrap();
    meta.insert("v", 99u32.to_be_bytes()).unwrap();
    drop((meta, db));
    let refused = Embedded::open(&folder).err().unwrap().to_string();
    assert!(refused.contains("layout 99") && refused.contains("expected layout 2"), "{refused}");
}
