//! What stands in a data folder once no process runs on it.

use std::collections::BTreeMap;
use std::path::Path;

use tocsin_embedded::{Keep, Store};
use tocsin_flow::{Arrivals, Intake as _};
use tocsin_laws::{settle, still_room};
use tocsin_model::{Counts, Hour, Rejected, Subject};

/// A data folder, looked into. While it is open no process can have the folder.
pub struct Folder {
    store: Store,
}

impl Folder {
    /// Opens it, or makes it.
    pub fn open(data: &Path) -> Folder {
        std::fs::create_dir_all(data).unwrap();
        let store = Store::open(&data.join("store"), Keep::default(), still_room());
        Folder { store: store.unwrap_or_else(|fault| panic!("{}: {fault}", data.display())) }
    }

    /// The hours of a brand.
    pub fn hours(&self, brand: &str) -> BTreeMap<Hour, Counts> {
        let mut hours = BTreeMap::new();
        let wanted = |subject: &Subject| matches!(subject, Subject::Brand(b) if b.as_str() == brand);
        let each = |row: tocsin_embedded::HourRow| {
            if wanted(&row.subject) {
                hours.insert(row.hour, row.counts);
            }
        };
        self.store.office().hours(each).unwrap();
        hours
    }

    /// All hours of a brand added up.
    pub fn total(&self, brand: &str) -> Counts {
        let mut total = Counts::default();
        self.hours(brand).values().for_each(|counts| total.add(counts));
        total
    }

    /// Every rejected record, the oldest first.
    pub fn rejected(&self) -> Vec<Rejected> {
        let mut all = Vec::new();
        self.store.office().rejected(|_, rejected| all.push(rejected)).unwrap();
        all
    }

    /// Posts taken in that are not counted yet.
    pub fn behind(&self) -> u64 {
        self.store.behind()
    }

    /// Puts something in as an inlet would.
    pub fn take(&self, arrivals: Arrivals) {
        settle(self.store.intake().take(arrivals)).unwrap();
    }
}
