//! A brand's past from the posts that are kept: a new or a changed query is counted over the last days as if it had
//! always been there. The posts run through the whole pipeline in a folder apart, for that brand alone, and nothing is
//! judged; then its past takes the place of what was counted by the query before.

use tocsin_embedded::{Office, Store};
use tocsin_flow::{Arrival, Fault};
use tocsin_model::{ArrivalTime, BrandId, Hour, Span};
use tracing::info;

use crate::cli::args::Speed;
use crate::cli::{self, Exit};
use crate::config::{Brand, Config, hash};
use crate::house::{Feed, House, Told, keep, knowledge};
use crate::replay::{Entry, keep_all};

/// How far back a new query is counted by itself.
pub(crate) const USUALLY: Span = Span::from_hours(48);

/// What became of it.
pub(crate) struct Backfilled {
    /// Posts that were read again.
    pub(crate) posts: u64,
    /// The first hour that was counted anew.
    pub(crate) since: Hour,
    /// How many times as many posts as the query before found, if that is known.
    pub(crate) times: Option<f64>,
}

/// Before the chain of a process starts: counts brands anew whose query is new, or another than their past was
/// counted by.
pub(crate) async fn catch_up(house: &House, store: &Store, config: &Config) -> Result<(), cli::Stop> {
    let office = store.office();
    for brand in &config.brands {
        let query = hash(brand.query_text.as_bytes());
        let known = office.counted_by(&brand.name)?;
        if known == Some(query) || house.stopper.stop().is_set() {
            continue;
        }
        // A folder of before this was kept has a past by a query that nobody knows: it is taken to be this one.
        let is_old = known.is_none() && office.days(&brand.subject())?.first.is_some();
        if !is_old && office.now()?.is_some() {
            let done = backfill(house, store, config, brand, USUALLY).await?;
            info!(brand = %brand.name, posts = done.posts, times = done.times, "counted anew by its query");
        }
        office.set_counted_by(&brand.name, query)?;
    }
    Ok(())
}

/// Counts a brand anew over the kept posts of the last `since`.
pub(crate) async fn backfill(
    house: &House,
    store: &Store,
    config: &Config,
    brand: &Brand,
    since: Span,
) -> Result<Backfilled, cli::Stop> {
    let office = store.office();
    let now = office.now()?.unwrap_or_default();
    // Whole hours are put in the place of whole hours.
    let from = Hour(now.minus(since).hour().0 + 1).max(kept_from(&office)?);
    let folder = tempfile::Builder::new().prefix("tocsin-apart-").tempdir().map_err(cli::Stop::failed)?;
    let apart = house.open(folder.path(), keep_all(keep(config)))?;
    let alone = Config { brands: vec![Brand { rivals: Vec::new(), ..brand.clone() }], ..config.clone() };
    let knowledge = knowledge(&alone, Told::NothingJudged)?;
    // A thread's root may have come two days before what descends from it.
    let kept = ArrivalTime::from_millis(from.start().millis()).minus(USUALLY);
    let feed = Feed { count: 0, speed: Speed::Max, key: "backfill".into() };
    let fed = house.run_through(&apart, knowledge, feed, office.recorded(kept).filter_map(entry)).await?;
    if fed.stopped {
        return Err(cli::Stop::failed("stopped before the end: nothing was changed"));
    }
    let times = office.refill(&brand.name, from, &apart.office())?;
    Ok(Backfilled { posts: fed.posts, since: from, times })
}

/// The first whole hour of which posts are kept.
fn kept_from(office: &Office) -> Result<Hour, cli::Stop> {
    Ok(office.first_recorded()?.map_or(Hour(0), |first| Hour(first.hour().0 + 1)))
}

/// A kept post as it came in; none of one that can no longer be read.
fn entry(kept: Result<(ArrivalTime, Vec<u8>), Fault>) -> Option<Result<Entry, cli::Stop>> {
    let (arrived, json) = match kept {
        Ok(kept) => kept,
        Err(fault) => return Some(Err(fault.into())),
    };
    let source = tocsin_wire::read_post(&json, arrived).ok()?.id.source;
    Some(Ok(Entry { at: arrived, arrival: Ok(Arrival { arrived, source, json }) }))
}

/// Runs `tocsin brands backfill`.
pub(crate) fn command(
    typed: &cli::args::Backfill,
    out: &mut impl std::io::Write,
) -> Result<std::io::Result<()>, cli::Stop> {
    let config = crate::config::load(typed.place.config.as_deref(), crate::config::environment())?;
    let Some(brand) = config.brands.iter().find(|brand| brand.name.as_str() == typed.name) else {
        let words = format!("the config has no brand {:?}", typed.name);
        return Err(cli::Stop { exit: Exit::Usage, words });
    };
    let house = House::new();
    let folder = typed.place.data.as_ref().unwrap_or(&config.store.path);
    let store = house.open(folder, keep(&config))?;
    let runtime = tokio::runtime::Runtime::new().map_err(cli::Stop::failed)?;
    let done = runtime.block_on(async {
        tocsin_runtime::stop_on_signals(house.stopper.clone()).map_err(cli::Stop::failed)?;
        backfill(&house, &store, &config, brand, typed.since).await
    })?;
    store.office().set_counted_by(&brand.name, hash(brand.query_text.as_bytes()))?;
    Ok(told(out, &brand.name, &done))
}

fn told(out: &mut impl std::io::Write, brand: &BrandId, done: &Backfilled) -> std::io::Result<()> {
    let since = tocsin_wire::rfc3339(done.since.start().millis());
    writeln!(out, "{brand}: counted anew from {since} on, over {} posts that are kept", done.posts)?;
    match done.times {
        Some(times) => writeln!(
            out,
            "its query finds {times:.2} times as many as before; the weeks before were scaled by that"
        ),
        None => writeln!(out, "there was no past to compare with"),
    }
}
