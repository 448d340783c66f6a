//! A brand's past from the posts that are kept: a new or a changed query, or another reader, is counted over the last
//! days as if it had always been there. The posts run through the whole pipeline in a folder apart, for those brands
//! alone, and nothing is judged; then their past takes the place of what was counted before.

use tocsin_embedded::{Office, Store};
use tocsin_flow::{Arrival, Fault};
use tocsin_model::{ArrivalTime, BrandId, Hour, Span};
use tracing::info;

use crate::cli::args::Speed;
use crate::cli::{self, Exit};
use crate::config::{Brand, Config, hash};
use crate::house::{Feed, House, Told, keep, knowledge, scorer};
use crate::replay::{Entry, keep_all};

/// How far back a new query is counted by itself.
pub(crate) const USUALLY: Span = Span::from_hours(48);

/// What became of it.
struct Backfilled {
    brand: BrandId,
    /// Posts that were read again.
    posts: u64,
    /// The first hour that was counted anew.
    since: Hour,
    /// How many times as many posts as the query before found, if that is known.
    times: Option<f64>,
}

/// Before the chain of a process starts: counts brands anew whose query is new, or another than their past was
/// counted by; all of them where another model or lexicon reads now.
pub(crate) async fn catch_up(house: &House, store: &Store, config: &Config) -> Result<(), cli::Stop> {
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
        for done in backfill(house, store, config, &anew, USUALLY).await? {
            info!(brand = %done.brand, posts = done.posts, times = done.times, "counted anew by its query");
        }
    }
    for brand in changed {
        office.set_counted_by(&brand.name, instrument(brand, &reader))?;
    }
    Ok(())
}

/// By what a brand's past is counted: its query, and what reads its posts.
fn instrument(brand: &Brand, reader: &str) -> u64 {
    hash(format!("{}\0{reader}", brand.query_text).as_bytes())
}

/// Counts brands anew over the kept posts of the last `since`.
async fn backfill(
    house: &House,
    store: &Store,
    config: &Config,
    brands: &[Brand],
    since: Span,
) -> Result<Vec<Backfilled>, cli::Stop> {
    let office = store.office();
    let now = office.now()?.unwrap_or_default();
    // Whole hours are put in the place of whole hours.
    let from = Hour(now.minus(since).hour().0 + 1).max(kept_from(&office)?);
    let folder = tempfile::Builder::new().prefix("tocsin-apart-").tempdir().map_err(cli::Stop::failed)?;
    let apart = house.open(folder.path(), keep_all(keep(config)))?;
    let alone = brands.iter().map(|brand| Brand { rivals: Vec::new(), ..brand.clone() }).collect();
    let alone = Config { brands: alone, ..config.clone() };
    let knowledge = knowledge(&alone, Told::NothingJudged)?;
    // A thread's root may have come two days before what descends from it.
    let kept = ArrivalTime::from_millis(from.start().millis()).minus(USUALLY);
    let feed = Feed { count: 0, speed: Speed::Max, key: "backfill".into() };
    let fed = house.run_through(&apart, knowledge, feed, office.recorded(kept).filter_map(entry)).await?;
    if fed.stopped {
        return Err(cli::Stop::failed("stopped before the end: nothing was changed"));
    }
    let refill = |brand: &Brand| {
        let times = office.refill(&brand.name, from, &apart.office())?;
        Ok(Backfilled { brand: brand.name.clone(), posts: fed.posts, since: from, times })
    };
    brands.iter().map(refill).collect()
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

/// Others count on over Kafka and Redis while a past would be put in the place of theirs.
const ELSEWHERE: &str = "over Kafka and Redis a past cannot be counted anew: a new or changed query counts from now on, \
    and its baseline is learnt from that. How it would have counted: tocsin brands try, or tocsin replay with a config \
    without [kafka]";

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
    if config.servers.is_some() {
        return Err(cli::Stop { exit: Exit::Usage, words: ELSEWHERE.into() });
    }
    let house = House::new();
    let folder = typed.place.data.as_ref().unwrap_or(&config.store.path);
    let store = house.open(folder, keep(&config))?;
    let runtime = tokio::runtime::Runtime::new().map_err(cli::Stop::failed)?;
    let done = runtime.block_on(async {
        tocsin_runtime::stop_on_signals(house.stopper.clone()).map_err(cli::Stop::failed)?;
        backfill(&house, &store, &config, std::slice::from_ref(brand), typed.since).await
    })?;
    store.office().set_counted_by(&brand.name, instrument(brand, scorer(&config)?.model()))?;
    Ok(done.iter().try_for_each(|done| told(out, &done.brand, done)))
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
