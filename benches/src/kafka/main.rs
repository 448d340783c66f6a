//! `tocsin-bench-kafka`: what exactly once costs through our link, against the same written by hand.
//!
//! Both read the same posts from the same topic of the same broker, in turns, in one run; only the ratio counts. A
//! missed bar is said and fails nothing: this is no test.

#[path = "../chance.rs"]
mod chance; // draws that are the same in every run
#[allow(dead_code, reason = "the other bench uses all of it")]
#[path = "../corpus.rs"]
mod corpus; // the posts

mod bare; // written by hand on the client
mod ours; // through the runtime's loop and our link

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::producer::{FutureProducer, FutureRecord};
use tocsin_flow::Room;
use tocsin_kafka::{Brokers, Limits, Replication, Retention, Security, Topic, apply, lane_of, plan};
use tocsin_runtime::{Metrics, Patience, WallClock};

use crate::corpus::Corpus;

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

const USAGE: &str = "\
tocsin-bench-kafka BROKERS [POSTS [ROUNDS]]
  BROKERS  host:port of a broker that nobody else uses meanwhile
  POSTS    how many pass through in a round (200000)
  ROUNDS   how often each side is measured (3); the median counts";

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
    let servers = arguments.first().ok_or(USAGE)?;
    let number =
        |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |n| n.parse().map_err(|_| USAGE));
    let (posts, rounds) = (number(1, 200_000)?, number(2, 3)?);
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
    let (mut by_hand, mut through_us) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let bare = bare::pass(&brokers, &format!("bare-{round}"), posts)?;
        let ours = ours::pass(&brokers, &format!("ours-{round}"), posts).await?;
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
    let verdict = |is_met: bool| if is_met { "met" } else { "MISSED" };
    println!(
        "our link ÷ by hand: {:.0} % (bar {:.0} %: {})",
        share * 100.0,
        BAR * 100.0,
        verdict(share >= BAR)
    );
    println!("mean commit: {commit:.2} ms (bar {COMMIT_MILLIS} ms: {})", verdict(commit <= COMMIT_MILLIS));
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
const ENOUGH: Duration = Duration::from_secs(300);
