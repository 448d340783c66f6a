//! In one process's own folder: before its chain starts, and between two.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tocsin_embedded::Store;
use tocsin_flow::Fault;
use tocsin_model::{ArrivalTime, Hour, Span};
use tocsin_runtime::{Stopper, Ticks};
use tokio::sync::watch;
use tracing::{info, warn};

use super::{APART, Apart, Backfilled, ROOTS, Reach, USUALLY, entry, instrument};
use crate::cli;
use crate::config::{Brand, Config};
use crate::house::{House, scorer};
use crate::pipeline::Knowledge;
use crate::serve::never;

/// Before a chain starts: counts brands anew whose query is new, or another than their past was counted by; all of them
/// where another model or lexicon reads now.
pub(crate) async fn catch_up(
    house: &House,
    store: &Store,
    folder: &Path,
    config: &Config,
) -> Result<(), cli::Stop> {
    let (office, reader) = (store.office(), scorer(config)?.model().clone());
    let changed = changed(store, config, &reader)?;
    let mut anew = Vec::new();
    for brand in &changed {
        // A folder of before this was kept has a past by a query that nobody knows: it is taken to be this one.
        let is_old =
            office.counted_by(&brand.name)?.is_none() && office.days(&brand.subject())?.first.is_some();
        if !is_old && office.now()?.is_some() {
            anew.push((*brand).clone());
        }
    }
    if house.stopper.stop().is_set() {
        return Ok(());
    }
    if !anew.is_empty() {
        for done in backfill(house, store, folder, config, &anew, USUALLY).await? {
            info!(brand = %done.brand, posts = done.posts, times = done.times, "counted anew by its query");
        }
    }
    for brand in changed {
        office.set_counted_by(&brand.name, instrument(brand, &reader))?;
    }
    Ok(())
}

/// Brands whose past was not counted by their query, or by what reads posts now.
fn changed<'a>(store: &Store, config: &'a Config, reader: &str) -> Result<Vec<&'a Brand>, Fault> {
    let office = store.office();
    let mut changed = Vec::new();
    for brand in &config.brands {
        if office.counted_by(&brand.name)? != Some(instrument(brand, reader)) {
            changed.push(brand);
        }
    }
    Ok(changed)
}

/// One chain after the other, for as long as the process lives: where the config changes by what brands are counted, the
/// chain stops, their past is counted anew, and the next one goes on from there. Posts are taken in meanwhile.
pub(crate) async fn chains(
    house: House,
    store: Store,
    folder: PathBuf,
    known: watch::Receiver<Knowledge>,
    mut configs: watch::Receiver<Arc<Config>>,
) -> Result<(), Fault> {
    let stop = house.stopper.stop();
    while !stop.is_set() {
        let over = Stopper::new();
        let (secret, known) = (store.author_secret(), known.clone());
        let mut chain = house.chain(&store, secret, known, Ticks::Clock, over.stop(), never());
        let ended = tokio::select! {
            ended = &mut chain => Some(ended),
            () = stop.wait() => None,
            () = others(&store, &mut configs) => None,
        };
        over.set();
        let ended = match ended {
            Some(ended) => ended,
            None => chain.await,
        };
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        let config = Arc::clone(&configs.borrow());
        if !stop.is_set()
            && let Err(why) = catch_up(&house, &store, &folder, &config).await
        {
            warn!(%why, "brands are not counted anew; tried again with the next config, and at the next start");
        }
    }
    Ok(())
}

/// Comes back when the config has other brands, queries or readers than what was counted.
async fn others(store: &Store, configs: &mut watch::Receiver<Arc<Config>>) {
    loop {
        if configs.changed().await.is_err() {
            return std::future::pending().await;
        }
        let config = Arc::clone(&configs.borrow_and_update());
        let is_other =
            scorer(&config).and_then(|reader| Ok(!changed(store, &config, reader.model())?.is_empty()));
        if is_other.unwrap_or(true) {
            return;
        }
    }
}

/// Counts brands anew over the kept posts of the last `since`.
pub(super) async fn backfill(
    house: &House,
    store: &Store,
    folder: &Path,
    config: &Config,
    brands: &[Brand],
    since: Span,
) -> Result<Vec<Backfilled>, cli::Stop> {
    let office = store.office();
    let now = office.now()?.unwrap_or_default();
    // Whole hours are put in the place of whole hours.
    let wanted = Hour(now.minus(since).hour().0 + 1);
    let first = office.first_recorded()?.unwrap_or_default();
    let kept = ArrivalTime::from_millis(wanted.start().millis()).minus(ROOTS);
    let posts = office.recorded(kept).filter_map(entry);
    clear(folder)?;
    let apart = Apart::count(&house.apart(), folder, config, brands, store.author_secret(), posts).await?;
    let refill = |brand: &Brand| {
        let counted = office.days(&brand.subject())?.first;
        let Reach { from, first } = Reach::of(wanted, first, counted);
        let times = office.refill(&brand.name, from, first, &apart.store.office())?;
        Ok(Backfilled { brand: brand.name.clone(), posts: apart.posts, since: from, times })
    };
    brands.iter().map(refill).collect()
}

/// Removes what was laid down apart by a process that was killed. The folder is ours alone.
fn clear(folder: &Path) -> Result<(), cli::Stop> {
    for place in folder.read_dir().map_err(cli::Stop::failed)? {
        let place = place.map_err(cli::Stop::failed)?;
        if place.file_name().to_string_lossy().starts_with(APART) {
            std::fs::remove_dir_all(place.path()).map_err(cli::Stop::failed)?;
        }
    }
    Ok(())
}
