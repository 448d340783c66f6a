//! The embedded carrier as laws and simulation need it.

use std::collections::BTreeMap;

use tempfile::TempDir;
use tocsin_embedded::{EmbeddedLink, EmbeddedState, Keep, Store};
use tocsin_flow::{Arrivals, Fault, Intake};
use tocsin_laws::{Carrier, settle, still_room};
use tocsin_model::{Counts, Hour, Incident, Subject};
use tocsin_sim::Watched;

/// A store in a folder that goes away.
pub struct Embedded {
    /// The store.
    pub store: Store,
    /// Its folder.
    pub folder: TempDir,
}

impl Embedded {
    /// In a new folder.
    pub fn fresh() -> Embedded {
        let folder = tempfile::tempdir().unwrap();
        Embedded { store: Embedded::open(&folder).unwrap(), folder }
    }
    /// Opens a folder.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(folder: &TempDir) -> Result<Store, Fault> {
        Store::open(folder.path(), Keep::default(), still_room())
    }
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
    fn crash(self) -> Embedded {
        let Embedded { store, folder } = self;
        drop(store);
        Embedded { store: Embedded::open(&folder).unwrap(), folder }
    }
}

impl Watched for Embedded {
    fn hours(&self) -> BTreeMap<(Subject, Hour), Counts> {
        let mut hours = BTreeMap::new();
        self.store
            .office()
            .hours(|row| {
                hours.insert((row.subject, row.hour), row.counts);
            })
            .unwrap();
        hours
    }
    fn incidents(&self) -> Vec<Incident> {
        self.store.office().incidents().unwrap()
    }
}
