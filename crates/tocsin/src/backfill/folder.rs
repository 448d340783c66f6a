//! In one process's own folder, while no chain runs.

use std::path::Path;

use tocsin_embedded::{Office, Store};
use tocsin_model::{ArrivalTime, Hour, Span};
use tracing::info;

use super::{APART, Apart, Backfilled, ROOTS, USUALLY, entry, instrument};
use crate::cli;
use crate::config::{Brand, Config};
use crate::house::{House, scorer};

/// Before the chain of a process starts: counts brands anew whose query is new, or another than their past was
/// counted by; all of them where another model or lexicon reads now.
pub(crate) async fn catch_up(
    house: &House,
    store: &Store,
    folder: &Path,
    config: &Config,
) -> Result<(), cli::Stop> {
    let office = store.office();
    let reader = scorer(config)?.model().clone();
    let (mut changed, mut anew) = (Vec::new(), Vec::new());
    for brand in &config.brands {
        let known = office.counted_by(&brand.name)?;
        if known == Some(instrument(brand, &reader)) {
            continue;
        }
        changed.push(brand);
        // A folder of before this was kept has a past by a query that nobody knows: it is taken to be this one.
        let is_old = known.is_none() && office.days(&brand.subject())?.first.is_some();
        if !is_old && office.now()?.is_some() {
            anew.push(brand.clone());
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
    let from = Hour(now.minus(since).hour().0 + 1).max(kept_from(&office)?);
    let kept = ArrivalTime::from_millis(from.start().millis()).minus(ROOTS);
    let posts = office.recorded(kept).filter_map(entry);
    clear(folder)?;
    let apart = Apart::count(house, folder, config, brands, store.author_secret(), posts).await?;
    let refill = |brand: &Brand| {
        let times = office.refill(&brand.name, from, &apart.store.office())?;
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

/// The first whole hour of which posts are kept.
fn kept_from(office: &Office) -> Result<Hour, cli::Stop> {
    Ok(office.first_recorded()?.map_or(Hour(0), |first| Hour(first.hour().0 + 1)))
}
