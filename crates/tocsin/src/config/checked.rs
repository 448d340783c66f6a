//! What the config means. Past this nobody meets a raw value.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneTransition};
use tocsin_ingest::Query;
use tocsin_inlets::records::{Columns, Format};
use tocsin_kafka::{Brokers, Replication, Retention};
use tocsin_model::{AuthorId, BrandId, EventTime, Hour, OutletId, Severity, SourceId, Span, Subject};
use tocsin_outlets::Language;
use tocsin_spike_detect::{Enough, List, Rule, Watched};

use super::faults::Fault;
use super::secret::{Address, Secret};

/// The config, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where it was read from, if from a file.
    pub(crate) file: Option<PathBuf>,
    /// A hash of the file's bytes: another one means that the file has changed.
    pub(crate) file_hash: u64,
    /// What is right but may not be meant, such as `and` in lower case in a query: worth a warning.
    pub(crate) cautions: Vec<Fault>,
    /// What is watched: at least one, names unique.
    pub(crate) brands: Vec<Brand>,
    /// How posts come in: names unique, at most one by HTTP.
    pub(crate) inlets: Vec<Inlet>,
    /// How notices go out: at least one, names unique.
    pub(crate) outlets: Vec<Outlet>,
    /// When the bell rings.
    pub(crate) rule: Rule,
    /// Whether China's public holidays change how much is expected of brands that live by its clock.
    pub(crate) chinese_holidays: bool,
    /// Days on which more, or less, is expected.
    pub(crate) events: Vec<Event>,
    /// Sources of which each post is a report, and how many about a brand are enough.
    pub(crate) reports: Vec<(SourceId, Enough)>,
    /// How few posts of known authors are enough.
    pub(crate) authors: Authors,
    /// Authors and sites that are known.
    pub(crate) lists: Lists,
    /// A signal within this of the last one joins its incident.
    pub(crate) cool_down: Span,
    /// In which language the console tells.
    pub(crate) language: Language,
    /// Where things are kept, and for how long.
    pub(crate) store: Store,
    /// Kafka and Redis, where they carry links and state; else the data folder does.
    pub(crate) servers: Option<Servers>,
    /// The address for posts, metrics, health and commands.
    pub(crate) listen: SocketAddr,
    /// The user's own words, one a line.
    pub(crate) dictionary: Option<PathBuf>,
    /// The user's own words and how they lean, -3 to 3.
    pub(crate) lexicon: BTreeMap<String, f64>,
    /// What reads beside the rules.
    pub(crate) model: Beside,
    /// Words of concerns, by the concern's name.
    pub(crate) concerns: BTreeMap<String, Vec<String>>,
    /// What the process says of itself.
    pub(crate) log: Log,
    /// Where traces go by OTLP, if anywhere.
    pub(crate) trace: Option<Address>,
}

impl Config {
    /// The version of the brand set: a hash of names and queries, whatever their order. The same on
    /// every machine and for ever.
    pub(crate) fn version(&self) -> u64 {
        let mut brands: Vec<(&str, &str)> =
            self.brands.iter().map(|b| (b.name.as_str(), b.query_text.as_str())).collect();
        brands.sort_unstable();
        let mut bytes = Vec::new();
        for (name, query) in brands {
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(query.as_bytes());
            bytes.push(0);
        }
        hash(&bytes)
    }
}

impl Config {
    /// The words that must be kept whole: the terms of brands that are looked for in texts, and the user's
    /// dictionary (of each line what stands before the first white space).
    ///
    /// # Errors
    /// The dictionary cannot be read; the message names it.
    pub(crate) fn words(&self) -> io::Result<Vec<String>> {
        let terms = self.brands.iter().flat_map(|brand| brand.query.terms());
        let mut words: Vec<String> =
            terms.filter(|(term, _)| term.is_in_text()).map(|(term, _)| term.text().to_owned()).collect();
        if let Some(path) = &self.dictionary {
            let named = |why: io::Error| io::Error::new(why.kind(), format!("{}: {why}", path.display()));
            let text = std::fs::read_to_string(path).map_err(named)?;
            words.extend(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned));
        }
        Ok(words)
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): plain, and the same for ever.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What is watched.
/// What reads beside the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Nothing: the rules alone.
    Nothing,
    /// The model that comes with the program.
    Shipped,
    /// A model from a file.
    File(PathBuf),
}

#[derive(Clone, Debug)]
pub(crate) struct Brand {
    /// Its name.
    pub(crate) name: BrandId,
    /// Which posts mention it.
    pub(crate) query: Query,
    /// The same, as it was written.
    pub(crate) query_text: String,
    /// Its hours of the day.
    pub(crate) time_zone: TimeZone,
    /// Posts an hour that are usual, by the operator's word; greater than 0.
    pub(crate) expected_per_hour: Option<f64>,
    /// Where it lives, by the operator's word; each once.
    pub(crate) sources: Vec<SourceId>,
    /// Other brands of the same trade; each is one of [`Config::brands`].
    pub(crate) rivals: Vec<BrandId>,
    /// Its own accounts.
    pub(crate) accounts: Vec<Account>,
    /// Words of which few posts are enough.
    pub(crate) keywords: Vec<Keyword>,
}

impl Brand {
    /// As that which is counted.
    pub(crate) fn subject(&self) -> Subject {
        Subject::Brand(self.name.clone())
    }
}

/// An author.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Account {
    /// Of this source; of any if none.
    pub(crate) source: Option<SourceId>,
    /// Within its source.
    pub(crate) id: AuthorId,
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{source}/{}", self.id),
            None => write!(f, "{}", self.id),
        }
    }
}

/// Words of which few posts are enough.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Keyword {
    /// At least one, in lower case.
    pub(crate) words: Vec<String>,
    /// So few.
    pub(crate) enough: Enough,
}

/// How few posts of known authors are enough.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Authors {
    /// By list.
    pub(crate) lists: BTreeMap<List, Enough>,
    /// From so many followers on an author is far-reaching.
    pub(crate) followers: u64,
    /// Of far-reaching authors.
    pub(crate) far_reaching: Enough,
}

impl Default for Authors {
    /// As spike-detect has it.
    fn default() -> Authors {
        let Watched { lists, followers, far_reaching, .. } = Watched::default();
        Authors { lists, followers, far_reaching }
    }
}

/// Days on which more, or less, is expected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// For people.
    pub(crate) name: String,
    /// Its first moment.
    pub(crate) from: EventTime,
    /// The moment after its last, later than `from`.
    pub(crate) until: EventTime,
    /// How many times the usual is expected; greater than 0.
    pub(crate) times: f64,
    /// For these brands; for all if empty.
    pub(crate) brands: Vec<BrandId>,
}

impl Event {
    /// Whether it is one for this brand.
    pub(crate) fn is_of(&self, brand: &BrandId) -> bool {
        self.brands.is_empty() || self.brands.contains(brand)
    }
}

/// Minutes east of UTC, each from this hour on, for the years for which anybody will judge.
pub(crate) fn offsets(zone: &TimeZone) -> Vec<(Hour, i32)> {
    let minutes = |offset: Offset| offset.seconds() / 60;
    let begin = Timestamp::from_second(YEARS.0).unwrap_or(Timestamp::MIN);
    let first = (Hour(YEARS.0 / 3_600), minutes(zone.to_offset(begin)));
    let changes = zone.following(begin).take_while(|change| change.timestamp().as_second() < YEARS.1);
    let change =
        |c: TimeZoneTransition<'_>| (Hour(c.timestamp().as_second().div_euclid(3_600)), minutes(c.offset()));
    std::iter::once(first).chain(changes.map(change)).collect()
}

/// 2000 to 2050, in seconds since 1970.
const YEARS: (i64, i64) = (946_684_800, 2_524_608_000);

/// Authors and sites that are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lists {
    /// One post of them is a signal.
    pub(crate) regulators: Vec<Listed>,
    /// Papers, stations, portals.
    pub(crate) media: Vec<Listed>,
    /// Our own people.
    pub(crate) staff: Vec<Listed>,
    /// Customers who are known to us.
    pub(crate) customers: Vec<Listed>,
    /// Accounts of floods that were seen before.
    pub(crate) floods: Vec<Listed>,
    /// Not judged: counted apart.
    pub(crate) ignored: Vec<Listed>,
}

/// One of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Listed {
    /// An author.
    Account(Account),
    /// A site, with all below it: `example.com`, in lower case.
    Site(String),
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Listed::Account(account) => write!(f, "{account}"),
            Listed::Site(site) => write!(f, "{site}"),
        }
    }
}

/// How posts come in.
#[derive(Clone, Debug)]
pub(crate) enum Inlet {
    /// By HTTP, at [`Config::listen`].
    Http(HttpInlet),
    /// From files.
    File(FileInlet),
}

/// `POST /v1/posts`.
#[derive(Clone, Debug)]
pub(crate) struct HttpInlet {
    /// For logs and metrics.
    pub(crate) name: String,
    /// A sender shows one of them. With neither tokens nor keys, everybody on this machine may send.
    pub(crate) tokens: Vec<Secret>,
    /// Or signs with one of them.
    pub(crate) hmac_secrets: Vec<Secret>,
}

/// JSON Lines or CSV.
#[derive(Clone, Debug)]
pub(crate) struct FileInlet {
    /// For logs and metrics.
    pub(crate) name: String,
    /// Where from; at least one.
    pub(crate) from: Vec<FileSource>,
    /// Wait for what is added later.
    pub(crate) follow: bool,
    /// What is in it.
    pub(crate) format: Format,
    /// Which column of a CSV holds which field of a post, and what a field is where the record does not say.
    pub(crate) columns: Columns,
}

/// Where a file inlet reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileSource {
    /// A file, a pattern or a folder, as a whole path.
    Path(PathBuf),
    /// Standard input.
    StandardInput,
}

/// How notices go out.
#[derive(Clone, Debug)]
pub(crate) struct Outlet {
    /// Its name.
    pub(crate) name: OutletId,
    /// What it tells of.
    pub(crate) scope: Scope,
    /// By which way.
    pub(crate) way: Way,
}

/// What an outlet tells of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scope {
    /// Only of these brands; of all if empty.
    pub(crate) brands: Vec<BrandId>,
    /// Only from this severity up.
    pub(crate) min_severity: Severity,
    /// Also of what is only shown and rings nobody.
    pub(crate) shown: bool,
}

/// By which way notices go out.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// Standard output.
    Console,
    /// JSON by HTTP, signed with each key.
    Webhook {
        /// Where to.
        url: Address,
        /// At least one.
        secrets: Vec<Secret>,
        /// Sent besides.
        headers: Vec<(String, Secret)>,
        /// How long the receiver may take, 1 to 60 s.
        timeout: Duration,
    },
    /// A robot in a DingTalk group.
    Dingtalk {
        /// The robot's address.
        url: Address,
        /// Its signing key.
        secret: Option<Secret>,
        /// Phone numbers of those to call by name.
        at_mobiles: Vec<String>,
        /// How long DingTalk may take, 1 to 60 s.
        timeout: Duration,
    },
}

impl Way {
    /// `console`, `webhook`, `dingtalk`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Way::Console => "console",
            Way::Webhook { .. } => "webhook",
            Way::Dingtalk { .. } => "dingtalk",
        }
    }
}

/// Where things are kept, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Store {
    /// The data folder, a whole path.
    pub(crate) path: PathBuf,
    /// Posts; at least 72 h.
    pub(crate) keep_posts: Span,
    /// What could not be read.
    pub(crate) keep_rejected: Span,
    /// Incidents that are over.
    pub(crate) keep_incidents: Span,
}

/// What carries links and state beside the data folder.
#[derive(Clone, Debug)]
pub(crate) struct Servers {
    /// Links.
    pub(crate) kafka: Kafka,
    /// State.
    pub(crate) redis: tocsin_redis::Settings,
}

/// Links over Kafka.
#[derive(Clone, Debug)]
pub(crate) struct Kafka {
    /// Where, how to come in, how many lanes.
    pub(crate) brokers: Brokers,
    /// How many brokers have each record.
    pub(crate) replication: Replication,
    /// How long records stay: as long as [`Store`] says of what they are.
    pub(crate) retention: Retention,
    /// Whether topics that are not there are made at the start.
    pub(crate) create_topics: bool,
}

/// What the process says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Log {
    /// For whom.
    pub(crate) format: LogFormat,
    /// How much: `info`, or by part as in `info,tocsin_inlets=debug`.
    pub(crate) level: String,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}
