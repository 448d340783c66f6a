//! The stages over Kafka and Redis as users run them: five processes, and all in one.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tocsin_flow::{Arrival, Arrivals, Clock as _, Intake as _};
use tocsin_kafka::{Brokers, KafkaIntake, Replication, Retention, apply, plan};
use tocsin_model::{ArrivalTime, SourceId, Span};
use tocsin_runtime::WallClock;

use crate::corpus::Corpus;
use crate::{ENOUGH, Fault};

/// Each stage by itself.
pub(crate) const FIVE: &[&str] = &["ingest", "tokenize", "score", "spike-detect", "notify"];
/// All stages in one process.
pub(crate) const ONE: &[&str] = &[""];
/// The stage that is the last for every post.
const LAST: &str = "tocsin_stage_records_in_total{stage=\"spike-detect\"}";
/// What has passed before is not counted: caches, connections.
const WARM: f64 = 0.2;
/// Posts handed in together while a flood is written.
const GATHERED: usize = 1_000;
/// The pace at which delay is measured: so many posts every 10 ms. The first 20 seconds do not count, in which a broker
/// and processes that have just started are still getting quick; the next 20 do.
pub(crate) const EACH: usize = 10;
pub(crate) const BEAT: Duration = Duration::from_millis(10);
/// How often the services are asked how far they are: each answer is work for them, too.
const LOOK: Duration = Duration::from_millis(100);
pub(crate) const PACED_BEATS: usize = 4_000;
pub(crate) const WARM_BEATS: usize = 2_000;
/// Brands where there is more than one.
const BRANDS: usize = 100;
/// What stands before the brand's name in a text.
const TEXT: &[u8] = b"\"text\":\"";

/// Whom the posts speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// All of one brand, so that nothing is skipped.
    OfOne,
    /// Of a hundred brands, each as often as the others.
    Evenly,
    /// Of the same hundred, and of the first in 99 posts of 100.
    OfTheHot,
}

/// What everything here is measured on.
pub(crate) struct World<'a> {
    /// The program.
    pub(crate) tocsin: PathBuf,
    /// `host:port` of Redis.
    pub(crate) redis: &'a str,
    /// The brokers, with a prefix that is nobody else's.
    pub(crate) brokers: Brokers,
    /// The posts.
    pub(crate) corpus: &'a Corpus,
}

/// How a flood went.
pub(crate) struct Flooded {
    pub(crate) posts_per_second: f64,
    /// Of all processes, at the end.
    pub(crate) mebibytes: f64,
    pub(crate) commit_millis: f64,
    /// Of all processes, in microseconds.
    pub(crate) cpu_a_post: f64,
}

/// Processes over topics and keys of their own.
struct Town {
    brokers: Brokers,
    spoken: Spoken,
    processes: Vec<Process>,
    _folder: TempDir,
}

struct Process {
    child: Child,
    address: SocketAddr,
}

/// All posts are there before the processes start; how fast they come through.
pub(crate) async fn flood(
    world: &World<'_>,
    name: &str,
    stages: &[&str],
    posts: usize,
    spoken: Spoken,
) -> Result<Flooded, Fault> {
    let clock = WallClock::new();
    let mut town = Town::found(world, name, spoken).await?;
    let intake = KafkaIntake::open(&town.brokers)?;
    let mut fresh = fresh(world.corpus, name).enumerate().map(|(n, line)| spoken.said(n, line));
    for _ in 0..posts.div_ceil(GATHERED) {
        take(&intake, clock.now(), fresh.by_ref().take(GATHERED)).await?;
    }
    let posts = (posts.div_ceil(GATHERED) * GATHERED) as f64;
    town.start(world, stages, &[], &clock).await?;
    let (mut warm, mut done) = (None, 0.0);
    while done < posts {
        done = town.sum(LAST)?;
        if done >= WARM * posts {
            warm.get_or_insert_with(|| (clock.steady(), done, town.cpu_seconds()));
        }
        town.beat(&clock).await?;
    }
    let (since, before, spent) = warm.ok_or("nothing came through")?;
    let cpu_a_post = (town.cpu_seconds() - spent) * 1e6 / (done - before).max(1.0);
    let posts_per_second = (done - before) / (clock.steady() - since).as_secs_f64();
    let committing = town.sum("tocsin_transaction_commit_seconds_total")?;
    let commits = town.sum_where("tocsin_transactions_total", "outcome=\"committed\"")?;
    Ok(Flooded {
        posts_per_second,
        mebibytes: town.mebibytes(),
        commit_millis: committing * 1e3 / commits.max(1.0),
        cpu_a_post,
    })
}

/// So many posts of one brand, spread evenly over recorded time, through one process while they are written; what the keys
/// in Redis begin with.
pub(crate) async fn spread(world: &World<'_>, name: &str, posts: usize, span: Span) -> Result<String, Fault> {
    let clock = WallClock::new();
    let mut town = Town::found(world, name, Spoken::OfOne).await?;
    town.start(world, ONE, &["--recorded-time"], &clock).await?;
    let intake = KafkaIntake::open(&town.brokers)?;
    let (mut fresh, begin) = (fresh(world.corpus, name), clock.now().minus(span));
    for taken in (0..posts).step_by(GATHERED) {
        let part = span.millis() as f64 * taken as f64 / posts as f64;
        let arrived = begin.plus(Span::from_millis(part as i64));
        take(&intake, arrived, fresh.by_ref().take(GATHERED)).await?;
    }
    while town.sum(LAST)? < posts as f64 {
        town.beat(&clock).await?;
    }
    Ok(town.brokers.prefix.clone())
}

/// 1,000 posts a second: from a post's receipt to the judgement that counts it, the 99th of a hundred, in
/// milliseconds.
pub(crate) async fn delay(world: &World<'_>, name: &str, stages: &[&str]) -> Result<f64, Fault> {
    let clock = WallClock::new();
    let mut town = Town::found(world, name, Spoken::OfOne).await?;
    town.start(world, stages, &[], &clock).await?;
    let intake = KafkaIntake::open(&town.brokers)?;
    let mut fresh = fresh(world.corpus, name);
    let began = clock.steady();
    let mut before = Vec::new();
    for beat in 0..PACED_BEATS {
        let due = began + BEAT * beat as u32;
        clock.wait(due.saturating_sub(clock.steady())).await;
        if beat == WARM_BEATS {
            before = town.delays()?;
        }
        take(&intake, clock.now(), fresh.by_ref().take(EACH)).await?;
    }
    let posts = (PACED_BEATS * EACH) as f64;
    while town.sum(LAST)? < posts {
        town.beat(&clock).await?;
    }
    Ok(quantile(&before, &town.delays()?, 0.99) * 1e3)
}

/// The corpus over and over; a post that comes again has another id.
fn fresh<'a>(corpus: &'a Corpus, name: &str) -> impl Iterator<Item = Vec<u8>> + 'a {
    let name = name.to_owned();
    (0..).flat_map(move |round| {
        let start = format!("{{\"id\":\"{name}-{round}-");
        corpus.lines.iter().map(move |line| {
            let rest = line.strip_prefix(b"{\"id\":\"").unwrap_or(line);
            [start.as_bytes(), rest].concat()
        })
    })
}

async fn take(
    intake: &KafkaIntake,
    arrived: ArrivalTime,
    posts: impl Iterator<Item = Vec<u8>>,
) -> Result<(), Fault> {
    let source = SourceId::new("weibo").map_err(|bad| bad.to_string())?;
    let arrival = |json| Arrival { arrived, source: source.clone(), json };
    let arrivals = Arrivals { posts: posts.map(arrival).collect(), ..Arrivals::default() };
    Ok(intake.take(arrivals).await?)
}

impl Town {
    async fn found(world: &World<'_>, name: &str, spoken: Spoken) -> Result<Town, Fault> {
        let brokers = Brokers { prefix: format!("{}{name}.", world.brokers.prefix), ..world.brokers.clone() };
        apply(&brokers, &plan(&brokers, Replication::Default, Retention::default()).await?).await?;
        Ok(Town { brokers, spoken, processes: Vec::new(), _folder: tempfile::tempdir()? })
    }

    /// Comes back when all of them are ready.
    async fn start(
        &mut self,
        world: &World<'_>,
        stages: &[&str],
        more: &[&str],
        clock: &WallClock,
    ) -> Result<(), Fault> {
        let config = self._folder.path().join("tocsin.toml");
        let Brokers { servers, prefix, lanes, .. } = &self.brokers;
        let brands = self.spoken.brands();
        std::fs::write(
            &config,
            format!(
                "{brands}[kafka]\nbrokers = {servers:?}\n\
                 prefix = {prefix:?}\npartitions = {lanes}\n[redis]\naddress = {:?}\nprefix = {prefix:?}\n",
                world.redis
            ),
        )?;
        for stage in stages {
            self.processes.push(Process::start(&world.tocsin, &config, stage, more)?);
        }
        for process in &mut self.processes {
            while process.page("/readyz").is_none_or(|page| !page.starts_with("HTTP/1.1 200")) {
                process.is_alive()?;
                clock.wait(BEAT).await;
            }
        }
        Ok(())
    }

    async fn beat(&mut self, clock: &WallClock) -> Result<(), Fault> {
        if clock.steady() > ENOUGH {
            return Err("the services do not come to an end".into());
        }
        self.processes.iter_mut().try_for_each(Process::is_alive)?;
        clock.wait(LOOK).await;
        Ok(())
    }

    /// A metric, with all its labels and of all processes added up.
    fn sum(&self, name: &str) -> Result<f64, Fault> {
        self.sum_where(name, "")
    }

    fn sum_where(&self, name: &str, label: &str) -> Result<f64, Fault> {
        let mut sum = 0.0;
        for process in &self.processes {
            let page = process.page("/metrics").ok_or("a process does not show its metrics")?;
            let lines = page.lines().filter(|line| line.starts_with(name) && line.contains(label));
            sum += lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>();
        }
        Ok(sum)
    }

    /// How many posts were judged within how many seconds.
    fn delays(&self) -> Result<Vec<(f64, f64)>, Fault> {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for process in &self.processes {
            let page = process.page("/metrics").ok_or("a process does not show its metrics")?;
            let lines = page.lines().filter_map(|line| {
                let rest = line.strip_prefix("tocsin_post_judged_delay_seconds_bucket{le=\"")?;
                let (bound, count) = rest.split_once("\"} ")?;
                Some((bound.parse().unwrap_or(f64::INFINITY), count.parse().ok()?))
            });
            for (bound, count) in lines {
                match buckets.iter_mut().find(|(known, _)| *known == bound) {
                    Some((_, sum)) => *sum += count,
                    None => buckets.push((bound, count)),
                }
            }
        }
        Ok(buckets)
    }

    fn cpu_seconds(&self) -> f64 {
        self.processes.iter().filter_map(|process| cpu_seconds(process.child.id())).sum()
    }

    fn mebibytes(&self) -> f64 {
        self.processes.iter().filter_map(|process| resident(process.child.id())).sum()
    }
}

impl Process {
    fn start(tocsin: &Path, config: &Path, stages: &str, more: &[&str]) -> Result<Process, Fault> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(tocsin);
        command.arg("run").args(Some(stages).filter(|stages| !stages.is_empty())).args(more);
        command
            .args(["--log", "error", "--config"])
            .arg(config)
            .env("TOCSIN__HTTP__LISTEN", address.to_string());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        Ok(Process { child, address })
    }

    fn is_alive(&mut self) -> Result<(), Fault> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(ended) => Err(format!("a service ended: {ended}; see what it said above").into()),
        }
    }

    fn page(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address).ok()?;
        let mut page = String::new();
        stream.read_to_string(&mut page).ok()?;
        Some(page)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}

impl Spoken {
    /// The brands, as the config has them.
    fn brands(self) -> String {
        if self == Spoken::OfOne {
            return "[[brand]]\nname = \"everything\"\nquery = 'source:weibo'\n".to_owned();
        }
        let brand = |n| format!("[[brand]]\nname = \"{0}\"\nquery = '{0}'\n", named(n));
        (0..BRANDS).map(brand).collect()
    }

    /// A post with the name of a brand in front of its text.
    fn said(self, n: usize, line: Vec<u8>) -> Vec<u8> {
        let of = match self {
            Spoken::OfOne => return line,
            Spoken::Evenly => n % BRANDS,
            Spoken::OfTheHot if n.is_multiple_of(BRANDS) => 1 + n / BRANDS % (BRANDS - 1),
            Spoken::OfTheHot => 0,
        };
        let Some(at) = line.windows(TEXT.len()).position(|part| part == TEXT) else { return line };
        let (start, rest) = line.split_at(at + TEXT.len());
        [start, named(of).as_bytes(), "，".as_bytes(), rest].concat()
    }
}

fn named(brand: usize) -> String {
    format!("品牌{brand:03}")
}

/// CPU time of a process so far. A clock tick is a hundredth of a second on every Linux.
fn cpu_seconds(process: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / 100.0)
}

/// Memory of a process, in MiB: what it shares with others (the program itself) counts in part.
fn resident(process: u32) -> Option<f64> {
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

/// Within which bound so large a part lies of what came between two looks at a histogram; between two bounds as if
/// it were spread evenly.
fn quantile(before: &[(f64, f64)], after: &[(f64, f64)], part: f64) -> f64 {
    let was = |bound: f64| before.iter().find(|(b, _)| *b == bound).map_or(0.0, |(_, count)| *count);
    let mut buckets: Vec<(f64, f64)> =
        after.iter().map(|(bound, count)| (*bound, count - was(*bound))).collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let wanted = buckets.last().map_or(0.0, |(_, all)| all * part);
    let (mut low, mut below) = (0.0, 0.0);
    for (bound, count) in buckets {
        if count >= wanted {
            return if bound.is_finite() {
                low + (bound - low) * (wanted - below) / (count - below).max(1.0)
            } else {
                low
            };
        }
        (low, below) = (bound, count);
    }
    low
}
