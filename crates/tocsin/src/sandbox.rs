//! A place apart: posts through the real pipeline in a folder that goes away. Nobody is told, and what is live
//! sees nothing of it.

use std::path::Path;

use tocsin_embedded::Store;
use tocsin_model::Incident;
use tocsin_runtime::stop_on_signals;
use tokio::runtime::Runtime;

use crate::backfill::catch_up;
use crate::cli;
use crate::cli::args::Speed;
use crate::config::Config;
use crate::house::{Feed, House, Told, keep, knowledge};
use crate::replay::{Entry, Fed, keep_all};

/// A process's worth of pipeline on a folder of its own.
pub(crate) struct Sandbox {
    house: House,
    store: Store,
    runtime: Runtime,
    folder: tempfile::TempDir,
}

impl Sandbox {
    /// A new one, with nothing in it.
    pub(crate) fn open(config: &Config) -> Result<Sandbox, cli::Stop> {
        let folder = tempfile::Builder::new().prefix("tocsin-apart-").tempdir().map_err(cli::Stop::failed)?;
        let house = House::new();
        let runtime = Runtime::new().map_err(cli::Stop::failed)?;
        let stopper = house.stopper.clone();
        runtime.block_on(async { stop_on_signals(stopper).map_err(cli::Stop::failed) })?;
        let store = house.open(folder.path(), keep_all(keep(config)))?;
        Ok(Sandbox { house, store, runtime, folder })
    }

    /// Runs entries through the pipeline as this config has it, until all of them are judged. `part` is the name under
    /// which they are handed in: another one for each call.
    ///
    /// # Errors
    /// Somebody stopped it; what the entries or the pipeline say.
    pub(crate) fn pass(
        &self,
        config: &Config,
        part: &str,
        entries: impl Iterator<Item = Result<Entry, cli::Stop>>,
        count: u64,
    ) -> Result<Fed, cli::Stop> {
        // A config with another query or another model counts anew what lies here already, as a restart does.
        self.runtime.block_on(catch_up(&self.house, &self.store, self.folder.path(), config))?;
        let feed = Feed { count, speed: Speed::Max, key: part.to_owned(), secret: None };
        let knowledge = knowledge(config, Told::Nobody)?;
        let fed = self.runtime.block_on(self.house.run_through(&self.store, knowledge, feed, entries))?;
        if fed.stopped { Err(cli::Stop::failed("stopped before the end: nothing was kept")) } else { Ok(fed) }
    }

    /// What the bell rang for, the oldest first.
    pub(crate) fn incidents(&self) -> Result<Vec<Incident>, cli::Stop> {
        Ok(self.store.office().incidents()?)
    }

    /// Where it lies: others may lay down there what is needed as long as it is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What time this machine's clock shows.
    pub(crate) fn now(&self) -> tocsin_model::ArrivalTime {
        self.house.room.clock.now()
    }
}
