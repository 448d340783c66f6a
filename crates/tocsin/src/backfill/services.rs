//! Over Kafka and Redis, while others count on.
//!
//! A time is set, and what comes then or later is counted beside the past of those brands (`Redis::hold`). When all that
//! came before has come, the posts of it that are kept are counted apart, and their past goes in as one
//! (`Redis::refill`). One process does this at a time; another one begins anew if that one is no more.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tocsin_flow::{Fault, RawRecord, Stop};
use tocsin_kafka::{Brokers, Start, fold};
use tocsin_model::{ArrivalTime, BrandId, Hour, Lane, Position, Span, Subject};
use tocsin_redis::Redis;
use tocsin_wire::StateRow;
use tokio::sync::watch;
use tracing::{info, warn};

use super::{Apart, Backfilled, ROOTS, Reach, USUALLY, entry, instrument};
use crate::cli;
use crate::config::{Brand, Config, Servers};
use crate::house::{House, scorer};
use crate::replay::Sorter;
use crate::services::{fresh, patiently};

/// By itself: until then the other processes have the new config, too.
const CONFIGS_APART: Span = Span::from_minutes(2);
/// At once: clocks are not farther apart.
const CLOCKS_APART: Span = Span::from_seconds(5);
/// What came before a time is in Kafka so long after it: inlets give up sooner.
const ARRIVED: Span = Span::from_seconds(15);
/// Who has heard no post for so long has nobody whose clock says when the next one comes: it is a recording.
const LIVE: Span = Span::from_hours(1);
/// How often who counts anew says that he still does: thrice before others may.
const SAYS_SO: Duration = Duration::from_secs(3);
/// How soon it is tried again.
const AGAIN: Duration = Duration::from_secs(3);
/// Brands whose pasts are in memory at once.
const TOGETHER: usize = 64;

/// Counts pasts anew.
pub(crate) struct Recounter {
    house: House,
    brokers: Brokers,
    redis: Redis,
    secret: [u64; 2],
    /// It is known by this to others.
    token: u64,
}

impl Recounter {
    /// `house`: whose clock it goes by, and with whom it stops.
    pub(crate) fn new(
        house: &House,
        brokers: Brokers,
        redis: Redis,
        secret: [u64; 2],
    ) -> Result<Recounter, Fault> {
        Ok(Recounter { house: house.apart(), brokers, redis, secret, token: fresh()?[0] })
    }

    /// Whenever the config has changed, and at the start: counts brands anew whose query is new, or another than their
    /// past was counted by; all of them where another model or lexicon reads now.
    pub(crate) async fn run(
        self,
        mut configs: watch::Receiver<Arc<Config>>,
        stop: Stop,
    ) -> Result<(), Fault> {
        let mut reader = None;
        while !stop.is_set() {
            let config = Arc::clone(&configs.borrow_and_update());
            let caught_up = match self.catch_up(&config, &mut reader).await {
                Ok(caught_up) => caught_up,
                Err(why) => {
                    warn!(%why, "brands could not be counted anew; tried again");
                    false
                }
            };
            tokio::select! {
                () = stop.wait() => {}
                changed = configs.changed() => {
                    reader = None;
                    if changed.is_err() {
                        stop.wait().await;
                    }
                }
                () = self.house.room.clock.wait(AGAIN), if !caught_up => {}
            }
        }
        Ok(())
    }

    /// Whether nothing is left to do. `reader`: what reads posts by this config, once it is known.
    async fn catch_up(&self, config: &Config, reader: &mut Option<String>) -> Result<bool, cli::Stop> {
        let reader = match reader {
            Some(reader) => reader.clone(),
            none => none.insert(scorer(config)?.model().to_string()).clone(),
        };
        let by = |brand: &Brand| (brand.name.clone(), instrument(brand, &reader));
        let known = self.redis.instruments().await?;
        let is_other = |known: &BTreeMap<BrandId, u64>, brand: &Brand| {
            known.get(&brand.name) != Some(&instrument(brand, &reader))
        };
        if !config.brands.iter().any(|brand| is_other(&known, brand)) {
            return Ok(true);
        }
        // Where nobody kept this before, or nothing was counted yet, all is by the queries of now.
        if known.is_empty() || self.redis.data_time(&[]).await?.is_none() {
            self.redis.set_instruments(&config.brands.iter().map(by).collect::<Vec<_>>()).await?;
            return Ok(true);
        }
        let recount = async {
            // Whoever was faster has done some of them.
            let known = self.redis.instruments().await?;
            let anew: Vec<Brand> =
                config.brands.iter().filter(|brand| is_other(&known, brand)).cloned().collect();
            for done in self.recount(config, &anew, &reader, USUALLY, CONFIGS_APART).await? {
                info!(brand = %done.brand, posts = done.posts, times = done.times, "counted anew by its query");
            }
            Ok(())
        };
        Ok(self.alone(recount).await?.is_some())
    }

    /// Works as the only one; none where somebody else does.
    async fn alone<T>(
        &self,
        work: impl Future<Output = Result<T, cli::Stop>>,
    ) -> Result<Option<T>, cli::Stop> {
        if !self.redis.may_recount(self.token).await? {
            return Ok(None);
        }
        let others = async {
            loop {
                self.house.room.clock.wait(SAYS_SO).await;
                // While Redis is away nobody else is told that he may.
                if matches!(self.redis.may_recount(self.token).await, Ok(false)) {
                    return;
                }
            }
        };
        let worked = tokio::select! {
            worked = work => worked,
            () = others => return Err(cli::Stop::failed("somebody else counts anew, because this process slept")),
        };
        self.redis.has_recounted().await?;
        worked.map(Some)
    }

    /// Counts brands anew over the kept posts of the last `since`. What comes from `lead` after now on is not among them.
    async fn recount(
        &self,
        config: &Config,
        brands: &[Brand],
        reader: &str,
        since: Span,
        lead: Span,
    ) -> Result<Vec<Backfilled>, cli::Stop> {
        let subjects: Vec<Subject> = brands.iter().map(Brand::subject).collect();
        let Some(stands) = self.redis.data_time(&subjects).await? else { return Ok(Vec::new()) };
        let now = self.house.room.clock.now();
        let until = match now.after(stands) < LIVE {
            true => stands.max(now.plus(lead)),
            // What brought nothing that is counted is not known there.
            false => stands.max(self.newest().await?.plus(Span::from_millis(1))),
        };
        for subject in &subjects {
            self.redis.hold(subject, until).await?;
        }
        self.wait_for(until.plus(ARRIVED)).await?;
        let (wanted, first) = (Hour(until.minus(since).hour().0 + 1), self.kept_since().await?);
        let kept = ArrivalTime::from_millis(wanted.start().millis()).minus(ROOTS);
        let (sorted, place) = (self.posts(kept, until).await?.sorted()?, std::env::temp_dir());
        let apart = Apart::count(&self.house, &place, config, brands, self.secret, sorted.entries()?).await?;
        let mut all = Vec::with_capacity(brands.len());
        for some in brands.chunks(TOGETHER) {
            let mut pasts = pasts(&apart, some)?;
            for brand in some {
                let subject = brand.subject();
                let rows = pasts.remove(&subject).unwrap_or_default();
                let Reach { from, first } =
                    Reach::of(wanted, first, self.redis.first_counted(&subject).await?);
                let times = self.redis.refill(&subject, until, from, first, rows).await?;
                self.redis.set_instruments(&[(brand.name.clone(), instrument(brand, reader))]).await?;
                all.push(Backfilled { brand: brand.name.clone(), posts: apart.posts, since: from, times });
            }
        }
        Ok(all)
    }

    async fn wait_for(&self, at: ArrivalTime) -> Result<(), cli::Stop> {
        let (clock, stop) = (&self.house.room.clock, self.house.stopper.stop());
        let left = at.after(clock.now());
        let left = Duration::from_millis(u64::try_from(left.millis()).unwrap_or(0));
        if left.is_zero() {
            return Ok(());
        }
        let until = tocsin_wire::rfc3339(at.millis());
        info!(until, "waiting until all that came before is there");
        tokio::select! {
            () = clock.wait(left) => Ok(()),
            () = stop.wait() => Err(cli::Stop::failed("stopped before the end: nothing was changed")),
        }
    }

    /// When the newest post came that is kept.
    async fn newest(&self) -> Result<ArrivalTime, Fault> {
        let newest = |newest: &mut ArrivalTime, _: Lane, _: Position, post: RawRecord| {
            *newest = (*newest).max(post.arrived);
            true
        };
        fold(&self.brokers, Start::Beginning, ArrivalTime::default(), newest).await
    }

    /// Since when all posts are kept.
    async fn kept_since(&self) -> Result<ArrivalTime, Fault> {
        /// The first of all, and the latest that is the first of a lane that has lost some.
        type Firsts = (Option<ArrivalTime>, Option<ArrivalTime>);
        let look = |(first, whole): &mut Firsts, _: Lane, at: Position, post: RawRecord| {
            *first = Some(first.map_or(post.arrived, |first| first.min(post.arrived)));
            if at > Position(0) {
                *whole = (*whole).max(Some(post.arrived));
            }
            false
        };
        let (first, whole) = fold(&self.brokers, Start::Beginning, (None, None), look).await?;
        Ok(whole.or(first).unwrap_or_default())
    }

    /// The kept posts that came from one time on, and before the other.
    async fn posts(&self, from: ArrivalTime, until: ArrivalTime) -> Result<Sorter, cli::Stop> {
        let sorter = Sorter::new(&std::env::temp_dir())?;
        let take = move |sorter: &mut Result<Sorter, cli::Stop>, _: Lane, _: Position, post: RawRecord| {
            if !(from..until).contains(&post.arrived) {
                return true;
            }
            let Some(taken) = entry(Ok((post.arrived, post.json))) else { return true };
            let pushed = match (sorter.as_mut(), taken) {
                (Ok(sorter), Ok(entry)) => sorter.push(entry),
                (Ok(_), Err(why)) => Err(why),
                (Err(_), _) => return false,
            };
            if let Err(why) = pushed {
                *sorter = Err(why);
            }
            sorter.is_ok()
        };
        // Kafka goes by when a post was written, which is not before it came.
        fold(&self.brokers, Start::Time(from), Ok(sorter), take).await?
    }
}

/// What was counted apart of some brands.
fn pasts(apart: &Apart, brands: &[Brand]) -> Result<BTreeMap<Subject, Vec<StateRow>>, Fault> {
    let mut pasts: BTreeMap<Subject, Vec<StateRow>> =
        brands.iter().map(|brand| (brand.subject(), Vec::new())).collect();
    apart.store.office().state(|row| {
        let subject = match &row {
            StateRow::Minute(subject, ..) | StateRow::Evidence(subject, ..) | StateRow::Day(subject, ..) => {
                subject
            }
            _ => return Ok(()),
        };
        if let Some(rows) = pasts.get_mut(subject) {
            rows.push(row);
        }
        Ok(())
    })?;
    Ok(pasts)
}

/// `tocsin brands backfill` where the config has Kafka and Redis.
pub(super) async fn backfill(
    house: &House,
    config: &Config,
    servers: &Servers,
    brands: &[Brand],
    since: Span,
) -> Result<Vec<Backfilled>, cli::Stop> {
    let brokers = servers.kafka.brokers.clone();
    let open = || Redis::open(servers.redis.clone(), house.room.clone());
    let Some(redis) = patiently(house, "redis", open).await? else { return Ok(Vec::new()) };
    let secret = redis.author_secret(fresh()?).await?;
    let recounter = Recounter::new(house, brokers, redis, secret)?;
    let reader = scorer(config)?.model().clone();
    let words = "half a minute until all that came before is there, then the posts that are kept; services run on ...";
    writeln!(anstream::stderr(), "{words}").ok();
    let recount = recounter.recount(config, brands, &reader, since, CLOCKS_APART);
    recounter.alone(recount).await?.ok_or_else(|| {
        cli::Stop::failed(
            "somebody else counts brands anew just now (the log of spike-detect says so): try again later",
        )
    })
}
