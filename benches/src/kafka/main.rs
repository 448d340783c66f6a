//! `tocsin-bench-kafka`: what exactly once costs through our link, against the same written by hand; and the stages over
//! Kafka and Redis, against somebody else's answer where one is given.
//!
//! All read the same posts from the same broker, in turns, in one run; only the ratios count. A missed bar is said and
//! fails nothing: this is no test.

#[path = "../chance.rs"]
mod chance; // draws that are the same in every run
#[allow(dead_code, reason = "the other bench uses all of it")]
#[path = "../corpus.rs"]
mod corpus; // the posts

mod bare; // written by hand on the client
mod keys; // what lies in Redis
mod ours; // through the runtime's loop and our link
mod peer; // somebody else's answer
mod services; // the stages as users run them

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::producer::{FutureProducer, FutureRecord};
use tocsin_flow::Room;
use tocsin_kafka::{Brokers, Limits, Replication, Retention, Security, Topic, apply, lane_of, plan};
use tocsin_model::Span;
use tocsin_runtime::{Metrics, Patience, WallClock};

use crate::corpus::Corpus;
use crate::services::{FIVE, Flooded, ONE, Spoken, World, delay, flood, spread};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What went wrong, in words.
type Fault = Box<dyn Error + Send + Sync>;

/// Lanes of each topic.
const LANES: u32 = 4;
/// An empty exactly-once stage through our runtime ÷ the same written by hand.
const BAR: f64 = 0.70;
/// Mean commit.
const COMMIT_MILLIS: f64 = 5.0;
/// Five services, broker and Redis on this machine ÷ the peer, and all stages in one process ÷ the same.
const FIVE_TIMES: f64 = 2.0;
const ONE_TIMES: f64 = 4.0;
/// Received → judged over four hops at 1,000 posts a second ÷ a chain of four by hand.
const DELAY_TIMES: f64 = 2.0;
/// Memory of the five, after so many posts.
const MEBIBYTES: f64 = 300.0;
const MUCH: usize = 1_000_000;
/// A brand that takes 99 of 100 posts ÷ the same posts spread over a hundred brands, and over how many lanes.
const HOT: f64 = 0.8;
const HOT_LANES: u32 = 6;

/// What a brand may take in Redis, in KiB, after so many posts on it within so long.
const BRAND_KIBIBYTES: u64 = 200;
const VERY_MUCH: usize = 10_000_000;
const SPREAD: Span = Span::from_hours(48);

const PARTS: [&str; 6] = ["link", "five", "delay", "one", "hot", "keys"];

const USAGE: &str = "\
tocsin-bench-kafka BROKERS REDIS [POSTS [ROUNDS [PEER [PART]]]]
  BROKERS  host:port of a broker that nobody else uses meanwhile
  REDIS    host:port of a Redis of the same kind
  POSTS    how many pass through in a round (200000)
  ROUNDS   how often each side is measured (3); the median counts
  PEER     a folder with a Maven project that does the same (see benches/src/kafka/peer.rs); '' for none
  PART     one part alone: link, five, delay, one, hot; or keys, which is done only if it is named (ten minutes)";

/// How one side did.
struct Went {
    posts_per_second: f64,
    /// Of this process, all threads.
    cpu_micros: f64,
    commit_millis: f64,
    commits: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match bench(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

async fn bench(arguments: &[String]) -> Result<(), Fault> {
    let (servers, redis) = (arguments.first().ok_or(USAGE)?, arguments.get(1).ok_or(USAGE)?);
    let number =
        |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |n| n.parse().map_err(|_| USAGE));
    let (posts, rounds) = (number(2, 200_000)?, number(3, 3)?);
    let only = arguments.get(5).map(String::as_str);
    if only.is_some_and(|only| !PARTS.contains(&only)) {
        return Err(USAGE.into());
    }
    let does = |part: &str| only.is_none_or(|only| only == part);
    let corpus =
        Corpus::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/posts/weibo.jsonl.gz"))
            .map_err(|fault| fault.to_string())?;
    let brokers = Brokers {
        servers: servers.clone(),
        prefix: format!("bench-{}.", std::process::id()),
        lanes: LANES,
        security: Security::Plaintext,
        limits: Limits::default(),
    };
    apply(&brokers, &plan(&brokers, Replication::Default, Retention::default()).await?).await?;
    feed(&brokers, &corpus, posts).await?;
    println!("{}", corpus.origin);
    println!(
        "{posts} posts, {LANES} lanes, lz4, exactly once; by hand it commits every 100 ms, our link by its own pace."
    );
    if does("link") {
        link(&brokers, posts, rounds).await?;
    }
    let world = World {
        tocsin: std::env::current_exe()?.with_file_name("tocsin"),
        redis,
        brokers: brokers.clone(),
        corpus: &corpus,
    };
    let is_compared = does("five") || does("one");
    let peer = match arguments.get(4).filter(|peer| is_compared && !peer.is_empty()) {
        Some(folder) => Some(peer::run(Path::new(folder), &brokers, posts)?),
        None => None,
    };
    if let Some(rate) = peer {
        println!("the peer, warm: {:.1} k posts/s", rate / 1e3);
    }
    if does("five") {
        in_five(&world, posts, rounds, peer).await?;
    }
    if does("delay") {
        delayed(&world).await?;
    }
    if does("one") {
        flooded(&world, "all in one process", ONE, posts, rounds, peer.map(|rate| (rate, ONE_TIMES))).await?;
    }
    if does("hot") {
        with_a_hot_brand(&world, posts, rounds).await?;
    }
    if only == Some("keys") {
        after_very_much(&world).await?;
    }
    Ok(())
}

/// A stage that does nothing, through our link and by hand.
async fn link(brokers: &Brokers, posts: usize, rounds: usize) -> Result<(), Fault> {
    let (mut by_hand, mut through_us) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let bare = bare::pass(brokers, &format!("bare-{round}"), posts)?;
        let ours = ours::pass(brokers, &format!("ours-{round}"), posts).await?;
        for (who, went) in [("by hand", &bare), ("our link", &ours)] {
            let Went { posts_per_second, cpu_micros, commit_millis, commits } = went;
            println!(
                "{who:>9}: {:>6.1} k posts/s, {cpu_micros:.2} µs of CPU a post, {commits:>3} commits of \
                 {commit_millis:.2} ms",
                posts_per_second / 1e3
            );
        }
        by_hand.push(bare);
        through_us.push(ours);
    }
    let rate = |went: &Went| went.posts_per_second;
    let share = median(&through_us, rate) / median(&by_hand, rate);
    let commit = median(&through_us, |went| went.commit_millis);
    println!(
        "our link ÷ by hand: {:.0} % (bar {:.0} %: {})",
        share * 100.0,
        BAR * 100.0,
        verdict(share >= BAR)
    );
    println!("mean commit: {commit:.2} ms (bar {COMMIT_MILLIS} ms: {})", verdict(commit <= COMMIT_MILLIS));
    Ok(())
}

/// One brand takes nearly all posts, over six lanes.
async fn with_a_hot_brand(world: &World<'_>, posts: usize, rounds: usize) -> Result<(), Fault> {
    let brokers = Brokers { lanes: HOT_LANES, ..world.brokers.clone() };
    let world = World { brokers, tocsin: world.tocsin.clone(), ..*world };
    let (mut even, mut hot) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        even.push(flood(&world, &format!("even-{round}"), FIVE, posts, Spoken::Evenly).await?);
        hot.push(flood(&world, &format!("hot-{round}"), FIVE, posts, Spoken::OfTheHot).await?);
    }
    let rate = |went: &[Flooded]| middle(went, |w| w.posts_per_second);
    let cpu = |went: &[Flooded]| middle(went, |w| w.cpu_a_post);
    println!(
        "a hot brand, 99 % of the posts, {HOT_LANES} lanes: {:.1} k posts/s, {:.1} µs of CPU a post; spread over a hundred: \
         {:.1} k, {:.1} µs",
        rate(&hot) / 1e3,
        cpu(&hot),
        rate(&even) / 1e3,
        cpu(&even)
    );
    let share = rate(&hot) / rate(&even);
    println!("  ÷ spread: {:.0} % (bar {:.0} %: {})", share * 100.0, HOT * 100.0, verdict(share >= HOT));
    Ok(())
}

/// The keys in Redis, by what they are, after very many posts on one brand, spread over two days of recorded time.
async fn after_very_much(world: &World<'_>) -> Result<(), Fault> {
    let prefix = spread(world, "keys", VERY_MUCH, SPREAD).await?;
    println!("{VERY_MUCH} posts on one brand within {} h:", SPREAD.minutes() / 60);
    let kinds = keys::kinds(world.redis, &prefix)?;
    for (kind, size) in &kinds {
        let keys::Size { keys, bytes, largest } = size;
        println!(
            "  {kind:<44} {keys:>5} keys {:>9} KiB, the largest {:>7} KiB",
            bytes / 1024,
            largest / 1024
        );
    }
    let brand = kinds.get(keys::BRAND).map_or(0, |size| size.largest / 1024);
    println!("  a brand: {brand} KiB (bar {BRAND_KIBIBYTES}: {})", verdict(brand <= BRAND_KIBIBYTES));
    Ok(())
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

fn middle(went: &[Flooded], of: fn(&Flooded) -> f64) -> f64 {
    let mut figures: Vec<f64> = went.iter().map(of).collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Floods these services, and says how they did; and beside the peer, where there is one, with the bar.
async fn flooded(
    world: &World<'_>,
    what: &str,
    stages: &[&str],
    posts: usize,
    rounds: usize,
    peer: Option<(f64, f64)>,
) -> Result<(), Fault> {
    let mut went = Vec::new();
    for round in 0..rounds {
        let name = format!("{}-{round}", stages.len());
        went.push(flood(world, &name, stages, posts, Spoken::OfOne).await?);
    }
    let (rate, commit) = (middle(&went, |w| w.posts_per_second), middle(&went, |w| w.commit_millis));
    let (memory, cpu) = (middle(&went, |w| w.mebibytes), middle(&went, |w| w.cpu_a_post));
    println!(
        "{what}: {:.1} k posts/s, {cpu:.1} µs of CPU a post, commits of {commit:.2} ms, {memory:.0} MiB",
        rate / 1e3
    );
    if let Some((peer, times)) = peer {
        println!("  ÷ the peer: {:.1} (bar {times}: {})", rate / peer, verdict(rate / peer >= times));
    }
    Ok(())
}

/// Five processes: how fast, and how large after much.
async fn in_five(world: &World<'_>, posts: usize, rounds: usize, peer: Option<f64>) -> Result<(), Fault> {
    flooded(world, "five services", FIVE, posts, rounds, peer.map(|rate| (rate, FIVE_TIMES))).await?;
    let memory = flood(world, "much", FIVE, MUCH, Spoken::OfOne).await?.mebibytes;
    println!("  after {MUCH} posts: {memory:.0} MiB (bar {MEBIBYTES}: {})", verdict(memory <= MEBIBYTES));
    Ok(())
}

/// Five processes: how late, beside four hops by hand.
async fn delayed(world: &World<'_>) -> Result<(), Fault> {
    let four = Brokers { prefix: format!("{}four.", world.brokers.prefix), ..world.brokers.clone() };
    apply(&four, &plan(&four, Replication::Default, Retention::default()).await?).await?;
    let by_hand = bare::delay(&four, world.corpus).await?;
    let p99 = delay(world, "paced", FIVE).await?;
    println!(
        "  received → judged at 1,000 posts/s, p99: {p99:.0} ms; four by hand: {by_hand:.0} ms (bar {DELAY_TIMES} \
         times: {})",
        verdict(p99 <= DELAY_TIMES * by_hand)
    );
    Ok(())
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.try_into().unwrap_or_default(), spent.tv_nsec.try_into().unwrap_or_default())
}

fn cpu_micros(since: Duration, posts: usize) -> f64 {
    (cpu() - since).as_secs_f64() * 1e6 / posts as f64
}

fn median(went: &[Went], of: impl Fn(&Went) -> f64) -> f64 {
    let mut figures: Vec<f64> = went.iter().map(of).collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Writes posts to `posts.raw`, as somebody else's producer would.
async fn feed(brokers: &Brokers, corpus: &Corpus, posts: usize) -> Result<(), Fault> {
    let producer: FutureProducer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", &brokers.servers)
        .set("enable.idempotence", "true")
        .set("compression.type", "lz4")
        .set("linger.ms", "20")
        .create()?;
    let name = Topic::Raw.full(&brokers.prefix);
    let mut sent = Vec::new();
    for (n, line) in corpus.lines.iter().cycle().take(posts).enumerate() {
        let key = n.to_string();
        let lane = lane_of(key.as_bytes(), brokers.lanes);
        let record = FutureRecord::to(&name).partition(lane.0 as i32).key(&key).payload(line);
        sent.push(producer.send_result(record).map_err(|(error, _)| error)?);
        if sent.len() == 5_000 {
            for delivery in sent.drain(..) {
                delivery.await?.map_err(|(error, _)| error)?;
            }
        }
    }
    for delivery in sent {
        delivery.await?.map_err(|(error, _)| error)?;
    }
    Ok(())
}

fn room(metrics: &Arc<Metrics>) -> Room {
    Room { clock: Arc::new(WallClock::new()), backoff: Arc::new(Patience::new()), meters: metrics.clone() }
}

/// How long a round may take.
const ENOUGH: Duration = Duration::from_secs(900);
