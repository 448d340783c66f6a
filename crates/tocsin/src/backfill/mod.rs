//! A brand's past from the posts that are kept: a new or a changed query, or another reader, is counted over the last
//! days as if it had always been there. The posts run through the whole pipeline in a folder apart, for those brands
//! alone, and nothing is judged; then their past takes the place of what was counted before.

mod folder; // in one process's own folder, while no chain runs
mod services; // over Kafka and Redis, while others count on

use std::path::Path;

use tempfile::TempDir;
use tocsin_embedded::Store;
use tocsin_flow::{Arrival, Fault};
use tocsin_model::{ArrivalTime, BrandId, Hour, Minute, Span};

use crate::cli::args::Speed;
use crate::cli::{self, Exit};
use crate::config::{Brand, Config, hash};
use crate::house::{Feed, House, Told, keep, knowledge, scorer};
use crate::replay::{Entry, keep_all};

pub(crate) use folder::{catch_up, chains};
pub(crate) use services::Recounter;

/// How far back a new query is counted by itself.
const USUALLY: Span = Span::from_hours(48);
/// A thread's root may have come so long before what descends from it.
const ROOTS: Span = Span::from_hours(48);

/// How folders apart are called.
const APART: &str = "tocsin-apart-";

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

/// Posts that were counted apart, for some brands alone.
struct Apart {
    store: Store,
    posts: u64,
    _folder: TempDir,
}

impl Apart {
    /// Counts them. `place`: where the folder is laid down; `secret`: what authors are hashed with where their past goes
    /// to.
    async fn count(
        house: &House,
        place: &Path,
        config: &Config,
        brands: &[Brand],
        secret: [u64; 2],
        entries: impl Iterator<Item = Result<Entry, cli::Stop>>,
    ) -> Result<Apart, cli::Stop> {
        let folder = tempfile::Builder::new().prefix(APART).tempdir_in(place).map_err(cli::Stop::failed)?;
        let store = house.open(folder.path(), keep_all(keep(config)))?;
        let alone = brands.iter().map(|brand| Brand { rivals: Vec::new(), ..brand.clone() }).collect();
        let alone = Config { brands: alone, ..config.clone() };
        let knowledge = knowledge(&alone, Told::NothingJudged)?;
        let feed = Feed { count: 0, speed: Speed::Max, key: "backfill".into(), secret: Some(secret) };
        let fed = house.run_through(&store, knowledge, feed, entries).await?;
        if fed.stopped {
            return Err(cli::Stop::failed("stopped before the end: nothing was changed"));
        }
        Ok(Apart { store, posts: fed.posts, _folder: folder })
    }
}

/// By what a brand's past is counted: its query, and what reads its posts.
fn instrument(brand: &Brand, reader: &str) -> u64 {
    hash(format!("{}\0{reader}", brand.query_text).as_bytes())
}

/// From when on a past is counted anew.
#[derive(Clone, Copy)]
struct Reach {
    /// The first hour that is replaced.
    from: Hour,
    /// Since when it has been heard.
    first: Minute,
}

impl Reach {
    /// `wanted`: the first hour that is asked for; `kept`: since when all posts are kept; `counted`: since when there is a
    /// past. What was counted of posts that are no more stays.
    fn of(wanted: Hour, kept: ArrivalTime, counted: Option<Minute>) -> Reach {
        let has_more = counted.is_some_and(|counted| counted < kept.minute());
        let from = if has_more { wanted.max(Hour(kept.hour().0 + 1)) } else { wanted };
        Reach { from, first: from.start().minute().max(kept.minute()) }
    }
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
    let (house, brands) = (House::new(), std::slice::from_ref(brand));
    let runtime = tokio::runtime::Runtime::new().map_err(cli::Stop::failed)?;
    let done = runtime.block_on(async {
        tocsin_runtime::stop_on_signals(house.stopper.clone()).map_err(cli::Stop::failed)?;
        match &config.servers {
            Some(servers) => services::backfill(&house, &config, servers, brands, typed.since).await,
            None => {
                let folder = typed.place.data.as_ref().unwrap_or(&config.store.path);
                let store = house.open(folder, keep(&config))?;
                let done = folder::backfill(&house, &store, folder, &config, brands, typed.since).await?;
                store.office().set_counted_by(&brand.name, instrument(brand, scorer(&config)?.model()))?;
                Ok(done)
            }
        }
    })?;
    Ok(done.iter().try_for_each(|done| told(out, done)))
}

fn told(out: &mut impl std::io::Write, done: &Backfilled) -> std::io::Result<()> {
    let (brand, since) = (&done.brand, tocsin_wire::rfc3339(done.since.start().millis()));
    writeln!(out, "{brand}: counted anew from {since} on, over {} posts that are kept", done.posts)?;
    match done.times {
        Some(times) => writeln!(
            out,
            "its query finds {times:.2} times as many as before; the weeks before were scaled by that"
        ),
        None => writeln!(out, "there was no past to compare with"),
    }
}
