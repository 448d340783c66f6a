//! What every command that runs the pipeline needs: a clock, meters, a way to stop, and the config made
//! into knowledge for the stages.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use tocsin_embedded::{Keep, Store};
use tocsin_flow::{Fault, Link as _, Room, Stop};
use tocsin_ingest::BrandSet;
use tocsin_model::{BrandId, SourceId};
use tocsin_notify::{Brands, Plan, Route};
use tocsin_runtime::{Metrics, Patience, Stopper, Ticks, WallClock};
use tocsin_score::Scorer;
use tocsin_spike_detect::{
    Account, AuthorSecret, Habits, Holidays, Letters, List, Occasion, Rule, Watch, Watched,
};
use tocsin_tokenize::Tokenizer;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cli::{self, args::Speed};
use crate::config::{self, Config};
use crate::pipeline::{Chain, Knowledge, Lazily, Life, Lives, lazily};
use crate::replay::{Entry, Fed, Feeder, Progress};

/// One process's room, meters and stop.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) room: Room,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stopper: Stopper,
}

impl House {
    pub(crate) fn new() -> House {
        let metrics = Arc::new(Metrics::new());
        let room = Room {
            clock: Arc::new(WallClock::new()),
            backoff: Arc::new(Patience::new()),
            meters: metrics.clone(),
        };
        House { room, metrics, stopper: Stopper::new() }
    }

    /// Another one with the same clock, that stops with this one. What is done in it is not among what this process did.
    pub(crate) fn apart(&self) -> House {
        let metrics = Arc::new(Metrics::new());
        let room = Room { meters: metrics.clone(), ..self.room.clone() };
        House { room, metrics, ..self.clone() }
    }

    /// Opens the data folder that the config (or the command line) names.
    pub(crate) fn open(&self, folder: &std::path::Path, keep: Keep) -> Result<Store, Fault> {
        std::fs::create_dir_all(folder).map_err(|why| Fault::Misconfigured {
            setting: format!("the data folder {}", folder.display()),
            found: format!("not to be made ({why})"),
            expected: "a folder that this user may write".into(),
        })?;
        Store::open(&folder.join("store"), keep, self.room.clone())
    }

    /// Runs the chain on a thread of its own until `stop`, or until `drain` is set and all is done. `secret`: what
    /// authors are hashed with.
    pub(crate) fn chain(
        &self,
        store: &Store,
        secret: [u64; 2],
        knowledge: watch::Receiver<Knowledge>,
        ticks: Ticks,
        stop: Stop,
        drain: Stop,
    ) -> JoinHandle<Result<(), Fault>> {
        let secret = AuthorSecret(secret);
        let link = store.link();
        let (clock, metrics) = (self.room.clock.clone(), self.metrics.clone());
        let chain = Chain::new(store.state(), knowledge, secret, clock, metrics, ticks, link.now());
        let (room, metrics) = (self.room.clone(), self.metrics.clone());
        let handle = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            handle.block_on(tocsin_runtime::run(link, chain, ticks, room, metrics, stop, drain))
        })
    }
}

impl House {
    /// Hands entries in and runs the chain over all of them. `key`: under which name it is kept how far it got.
    pub(crate) async fn run_through(
        &self,
        store: &Store,
        knowledge: Knowledge,
        feed: Feed,
        entries: impl Iterator<Item = Result<Entry, cli::Stop>>,
    ) -> Result<Fed, cli::Stop> {
        let (_keep, known) = watch::channel(knowledge);
        let drain = Stopper::new();
        let secret = feed.secret.unwrap_or_else(|| store.author_secret());
        let chain = self.chain(store, secret, known, Ticks::Records, self.stopper.stop(), drain.stop());
        let progress = Progress::new(feed.count);
        let feeder = Feeder {
            intake: Arc::new(store.intake()),
            room: self.room.clone(),
            stop: self.stopper.stop(),
            speed: feed.speed,
            key: feed.key,
        };
        let fed = feeder.feed(entries, &progress).await;
        // Also after a failure: the chain must not be left alone with a runtime that goes away.
        drain.set();
        progress.reading_ends();
        let done = chain.await.map_err(cli::Stop::failed)?;
        progress.clear();
        done?;
        store.sync().await?;
        fed
    }
}

/// How entries are handed in.
pub(crate) struct Feed {
    /// How many there are; 0 if nobody knows.
    pub(crate) count: u64,
    /// How fast.
    pub(crate) speed: Speed,
    /// Under which name it is kept how far it got.
    pub(crate) key: String,
    /// What authors are hashed with; none: the store's own secret.
    pub(crate) secret: Option<[u64; 2]>,
}

/// How long a config keeps things.
pub(crate) fn keep(config: &Config) -> Keep {
    Keep {
        posts: config.store.keep_posts,
        rejected: config.store.keep_rejected,
        incidents: config.store.keep_incidents,
        ..Keep::default()
    }
}

/// What the stages know of a config. `told`: whether anybody is told; in a replay nobody is.
///
/// # Errors
/// The dictionary cannot be read, or there are too many terms.
pub(crate) fn knowledge(config: &Config, told: Told) -> Result<Knowledge, cli::Stop> {
    let mut words = Vec::new();
    for brand in &config.brands {
        words.extend(
            brand.query.terms().into_iter().filter(|(t, _)| t.is_in_text()).map(|(t, _)| t.text().to_owned()),
        );
    }
    words.extend(config.words().map_err(cli::Stop::usage)?);
    let queries = config.brands.iter().map(|b| (b.name.clone(), b.query.clone())).collect();
    let brands = BrandSet::compile(queries, config.version()).map_err(cli::Stop::usage)?;
    let routes = match told {
        Told::Outlets => config.outlets.iter().map(route).collect(),
        Told::Nobody | Told::NothingJudged => Vec::new(),
    };
    Ok(Knowledge {
        brands: Arc::new(brands),
        tokenizer: lazily(move || Tokenizer::new(words)),
        scorer: scorer(config)?,
        rule: Arc::new(Rule { watch: Arc::new(watch(config)), ..config.rule.clone() }),
        plan: Arc::new(Plan { cool_down: config.cool_down, routes, lives: live_on(config) }),
        lives: Arc::new(lives(config)),
        judges: told != Told::NothingJudged,
    })
}

/// What reads posts.
///
/// # Errors
/// The model cannot be read.
pub(crate) fn scorer(config: &Config) -> Result<Lazily<Scorer>, cli::Stop> {
    let beside = cli::model::beside(config)?;
    let lexicon = config.lexicon.iter().map(|(word, lean)| (word.clone(), *lean)).collect();
    let concerns = config.concerns.iter().map(|(concern, words)| (concern.clone(), words.clone())).collect();
    Ok(lazily(move || beside(Scorer::with_concerns(lexicon, concerns))))
}

/// What few posts are enough for.
fn watch(config: &Config) -> Watch {
    let account = |known: &config::Account| Account { source: known.source.clone(), id: known.id.clone() };
    let lists = &config.lists;
    let (mut authors, mut sites) = (Vec::new(), Vec::new());
    for (list, known) in [
        (List::Regulators, &lists.regulators),
        (List::Media, &lists.media),
        (List::Staff, &lists.staff),
        (List::Customers, &lists.customers),
        (List::Floods, &lists.floods),
        (List::Ignored, &lists.ignored),
    ] {
        for known in known {
            match known {
                config::Listed::Account(known) => authors.push((account(known), list)),
                config::Listed::Site(site) => sites.push((site.clone(), list)),
            }
        }
    }
    let words = |brand: &config::Brand| {
        let name = brand.name.clone();
        let of = move |k: &config::Keyword| (name.clone(), k.words.clone(), k.enough);
        brand.keywords.iter().map(of).collect::<Vec<_>>()
    };
    let own = |brand: &config::Brand| {
        let name = brand.name.clone();
        brand.accounts.iter().map(move |own| (name.clone(), account(own))).collect::<Vec<_>>()
    };
    Watch::new(Watched {
        authors,
        sites,
        lists: config.authors.lists.clone(),
        followers: config.authors.followers,
        far_reaching: config.authors.far_reaching,
        desks: config.reports.clone(),
        words: config.brands.iter().flat_map(words).collect(),
        letters: Letters(tocsin_ingest::folded),
        own: config.brands.iter().flat_map(own).collect(),
    })
}

/// Where the holidays are those of China.
const CHINA: [&str; 5] = ["Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "PRC"];

/// What the config says of the brands' lives. Sources go by the clock of the first brand.
pub(crate) fn lives(config: &Config) -> Lives {
    let in_china = |zone: &TimeZone| zone.iana_name().is_some_and(|name| CHINA.contains(&name));
    let holidays = |zone: &TimeZone| match config.chinese_holidays && in_china(zone) {
        true => Holidays::China,
        false => Holidays::None,
    };
    let habits = |brand: &config::Brand| Habits {
        offsets: config::offsets(&brand.time_zone),
        holidays: holidays(&brand.time_zone),
        occasions: config.events.iter().filter(|event| event.is_of(&brand.name)).map(occasion).collect(),
        expected_per_hour: brand.expected_per_hour,
    };
    let life = |brand: &config::Brand| Life {
        sources: brand.sources.clone(),
        habits: habits(brand),
        rivals: brand.rivals.clone(),
    };
    let first = config.brands.first().map(habits).unwrap_or_default();
    Lives {
        brands: config.brands.iter().map(|brand| (brand.name.clone(), life(brand))).collect(),
        of_sources: Habits { expected_per_hour: None, occasions: Vec::new(), ..first },
    }
}

/// The brands that live on each source, by the operator's word.
fn live_on(config: &Config) -> Vec<(SourceId, Vec<BrandId>)> {
    let mut all: BTreeMap<SourceId, Vec<BrandId>> = BTreeMap::new();
    for brand in &config.brands {
        for source in &brand.sources {
            all.entry(source.clone()).or_default().push(brand.name.clone());
        }
    }
    all.into_iter().collect()
}

fn occasion(event: &config::Event) -> Occasion {
    Occasion { from: event.from.minute(), until: event.until.minute(), times: event.times }
}

/// Who is told of incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The outlets of the config.
    Outlets,
    /// Nobody: what is recorded has been told before.
    Nobody,
    /// Nobody, and nothing is judged: only counted, to have a past to judge by.
    NothingJudged,
}

fn route(outlet: &config::Outlet) -> Route {
    let brands = match outlet.scope.brands.as_slice() {
        [] => Brands::All,
        some => Brands::Only(some.to_vec()),
    };
    Route {
        brands,
        least: outlet.scope.min_severity,
        shown: outlet.scope.shown,
        ..Route::of(outlet.name.clone())
    }
}

/// A fault as the last words of a command.
impl From<Fault> for cli::Stop {
    fn from(fault: Fault) -> cli::Stop {
        let exit = match &fault {
            Fault::Misconfigured { setting, .. } if setting.starts_with("the data folder") => {
                cli::Exit::Occupied
            }
            Fault::Misconfigured { .. } => cli::Exit::Usage,
            Fault::Unavailable { .. } => cli::Exit::Failed,
        };
        cli::Stop { exit, words: fault.to_string() }
    }
}

/// The config's word for how a log line looks, in runtime's words.
pub(crate) fn log_format(format: config::LogFormat) -> tocsin_runtime::LogFormat {
    match format {
        config::LogFormat::Pretty => tocsin_runtime::LogFormat::Pretty,
        config::LogFormat::Json => tocsin_runtime::LogFormat::Json,
    }
}
