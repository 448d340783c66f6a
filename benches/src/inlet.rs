//! The HTTP inlet of a living `tocsin run`: as fast as it goes, and 1,000 posts a second for a while.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::Fault;
use crate::child::memory_of;
use crate::corpus::Corpus;
use crate::replay::CONFIG;
use crate::table::{Bar, Table, Unit};
use crate::watch::Wall;

/// Connections of the senders that go as fast as they can, each with one request under way.
const FAST_SENDERS: usize = 8;
/// For how long they do.
const FAST_FOR: Duration = Duration::from_secs(8);
/// Posts a request where a sender gathers them.
const GATHERED: usize = 200;
/// The bar's pace, in posts a second, and for how long.
const PACE: usize = 1_000;
const PACED_SECONDS: usize = 10;
/// Enough connections that none of them has to wait for its own last answer.
const PACED_SENDERS: usize = 64;
/// For how long a start may take.
const START_SECONDS: u64 = 60;

pub(crate) fn measure(tocsin: &Path, corpus: &Corpus, table: &mut Table) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let address = free_address()?;
    std::fs::write(folder.path().join("tocsin.toml"), format!("{CONFIG}\n[http]\nlisten = \"{address}\"\n"))?;
    let mut child = Command::new(tocsin)
        .args(["run", "--log", "error", "--config", "tocsin.toml", "--data", "data"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = runtime.block_on(LocalSet::new().run_until(scenes(address, corpus, &child, table)));
    child.kill()?;
    child.wait()?;
    measured
}

async fn scenes(address: SocketAddr, corpus: &Corpus, child: &Child, table: &mut Table) -> Result<(), Fault> {
    wait_for(address).await?;
    let posts = Rc::new(Posts::new(corpus));
    for (gathered, what) in [(1, "one post a request"), (GATHERED, "200 posts a request")] {
        let fast = fast(address, &posts, gathered).await?;
        let rate = (fast.latencies.len() * gathered) as f64 / fast.seconds;
        table.once(format!("HTTP inlet, {FAST_SENDERS} senders, {what} (wall)"), Unit::Rate, rate, None);
        table.once("  p99 of a request, synced", Unit::Millis, fast.quantile(0.99), None);
        calm_down(address).await?;
    }
    let before = Buckets::read(address).await?;
    let paced = paced(address, &posts).await?;
    calm_down(address).await?;
    let judged = Buckets::read(address).await?.since(&before);
    table.once("1,000 posts/s by HTTP: p50 of a request", Unit::Millis, paced.quantile(0.5), None);
    table.once("  p99 of a request, from when it was due", Unit::Millis, paced.quantile(0.99), None);
    table.once("  received → judged, p50", Unit::Millis, judged.quantile(0.5) * 1e3, None);
    let bar = Some(Bar::AtMost(200.0));
    table.once("  received → judged, p99", Unit::Millis, judged.quantile(0.99) * 1e3, bar);
    let sent = PACE * PACED_SECONDS;
    if (judged.total() - sent as f64).abs() > 0.5 {
        table.note(format!("Of {sent} paced posts {} were judged: something is wrong.", judged.total()));
    }
    table.once(
        "memory of tocsin run after all this",
        Unit::Mebibytes,
        memory_of(child).unwrap_or(f64::NAN),
        None,
    );
    Ok(())
}

/// An address of this machine that nobody listens at.
fn free_address() -> Result<SocketAddr, Fault> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

async fn wait_for(address: SocketAddr) -> Result<(), Fault> {
    let wall = Wall::start();
    loop {
        if let Ok(mut line) = Line::open(address).await
            && let Ok((200, _)) = line.get("/readyz").await
        {
            return Ok(());
        }
        if wall.elapsed() > Duration::from_secs(START_SECONDS) {
            return Err(format!("tocsin run did not get ready in {START_SECONDS} s").into());
        }
        wall.reach(wall.elapsed() + Duration::from_millis(50)).await;
    }
}

/// Comes back when the chain has judged what it was given.
async fn calm_down(address: SocketAddr) -> Result<(), Fault> {
    let wall = Wall::start();
    let mut last = f64::NAN;
    loop {
        let judged = Buckets::read(address).await?.total();
        if judged == last || wall.elapsed() > Duration::from_secs(START_SECONDS) {
            return Ok(());
        }
        last = judged;
        wall.reach(wall.elapsed() + Duration::from_millis(1_000)).await;
    }
}

/// What senders saw.
struct Seen {
    seconds: f64,
    /// In milliseconds, sorted.
    latencies: Vec<f64>,
}

impl Seen {
    fn of(seconds: f64, mut latencies: Vec<f64>) -> Seen {
        latencies.sort_by(f64::total_cmp);
        Seen { seconds, latencies }
    }

    fn quantile(&self, q: f64) -> f64 {
        let place = (self.latencies.len() as f64 * q) as usize;
        self.latencies.get(place.min(self.latencies.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }
}

/// Senders that send the next request as soon as the last one is answered.
async fn fast(address: SocketAddr, posts: &Rc<Posts>, gathered: usize) -> Result<Seen, Fault> {
    let wall = Rc::new(Wall::start());
    let mut senders = Vec::new();
    for _ in 0..FAST_SENDERS {
        let (posts, wall) = (Rc::clone(posts), Rc::clone(&wall));
        senders.push(tokio::task::spawn_local(async move {
            let mut line = Line::open(address).await?;
            let mut latencies = Vec::new();
            while wall.elapsed() < FAST_FOR {
                let body = posts.next(gathered, wall.now_millis());
                let sent = wall.elapsed();
                line.post(&body).await?;
                latencies.push((wall.elapsed() - sent).as_secs_f64() * 1e3);
            }
            Ok::<_, String>(latencies)
        }));
    }
    let latencies = gather(senders).await?;
    Ok(Seen::of(wall.elapsed().as_secs_f64(), latencies))
}

/// Senders at a fixed pace; a request's time runs from when it was due.
async fn paced(address: SocketAddr, posts: &Rc<Posts>) -> Result<Seen, Fault> {
    let wall = Rc::new(Wall::start());
    let mut senders = Vec::new();
    for sender in 0..PACED_SENDERS {
        let (posts, wall) = (Rc::clone(posts), Rc::clone(&wall));
        senders.push(tokio::task::spawn_local(async move {
            let mut line = Line::open(address).await?;
            let mut latencies = Vec::new();
            for number in (sender..PACE * PACED_SECONDS).step_by(PACED_SENDERS) {
                let due = Duration::from_secs_f64(0.2 + number as f64 / PACE as f64);
                wall.reach(due).await;
                line.post(&posts.next(1, wall.now_millis())).await?;
                latencies.push((wall.elapsed() - due).as_secs_f64() * 1e3);
            }
            Ok::<_, String>(latencies)
        }));
    }
    let latencies = gather(senders).await?;
    Ok(Seen::of(wall.elapsed().as_secs_f64(), latencies))
}

type Sender = tokio::task::JoinHandle<Result<Vec<f64>, String>>;

async fn gather(senders: Vec<Sender>) -> Result<Vec<f64>, Fault> {
    let mut all = Vec::new();
    for sender in senders {
        all.extend(sender.await??);
    }
    Ok(all)
}

/// Posts to send: the corpus's texts, again and again, under ids of their own, made now.
struct Posts {
    texts: Vec<String>,
    next: std::cell::Cell<usize>,
}

impl Posts {
    fn new(corpus: &Corpus) -> Posts {
        let quoted = |text: &String| serde_json::Value::from(text.as_str()).to_string();
        Posts { texts: corpus.texts.iter().map(quoted).collect(), next: 0.into() }
    }

    /// So many of them, a line each.
    fn next(&self, posts: usize, now_millis: i64) -> Vec<u8> {
        let mut body = String::new();
        for _ in 0..posts {
            let number = self.next.replace(self.next.get() + 1);
            let (text, author) = (&self.texts[number % self.texts.len()], number % 20_000);
            let created_at = tocsin_wire::rfc3339(now_millis);
            body.push_str(&format!(
                r#"{{"id":"h{number}","source":"weibo","text":{text},"created_at":"{created_at}","author":{{"id":"u{author}"}}}}"#
            ));
            body.push('\n');
        }
        body.into_bytes()
    }
}

/// One connection that is kept open.
struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    async fn open(address: SocketAddr) -> Result<Line, String> {
        let stream = TcpStream::connect(address).await.map_err(|why| format!("{address}: {why}"))?;
        stream.set_nodelay(true).map_err(|why| why.to_string())?;
        Ok(Line { stream, buffer: Vec::new() })
    }

    /// Hands posts in until they are taken.
    async fn post(&mut self, body: &[u8]) -> Result<(), String> {
        let head = format!(
            "POST /v1/posts HTTP/1.1\r\nHost: tocsin\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let request = [head.as_bytes(), body].concat();
        loop {
            match self.ask(&request).await? {
                (202, _) => return Ok(()),
                // It pushes back when the chain cannot keep up: the same again, as a sender does.
                (429, _) => tokio::task::yield_now().await,
                (status, body) => return Err(format!("the inlet answered {status}: {body}")),
            }
        }
    }

    async fn get(&mut self, path: &str) -> Result<(u16, String), String> {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: tocsin\r\n\r\n").as_bytes()).await
    }

    /// One request and its answer: status and body.
    async fn ask(&mut self, request: &[u8]) -> Result<(u16, String), String> {
        let broken = |why: std::io::Error| format!("the connection broke: {why}");
        self.stream.write_all(request).await.map_err(broken)?;
        self.buffer.clear();
        loop {
            if let Some(answer) = parse(&self.buffer) {
                return Ok(answer);
            }
            let read = self.stream.read_buf(&mut self.buffer).await.map_err(broken)?;
            if read == 0 {
                return Err("the inlet closed the connection".into());
            }
        }
    }
}

/// An answer, once it is whole.
fn parse(answer: &[u8]) -> Option<(u16, String)> {
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..end]).ok()?.to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length: usize = head.lines().find_map(|l| l.strip_prefix("content-length:"))?.trim().parse().ok()?;
    let body = answer.get(end..end + length)?;
    Some((status, String::from_utf8_lossy(body).into_owned()))
}

/// The histogram of received → judged: upper bounds in seconds, posts up to each.
struct Buckets(Vec<(f64, f64)>);

impl Buckets {
    async fn read(address: SocketAddr) -> Result<Buckets, Fault> {
        let (_, page) = Line::open(address).await?.get("/metrics").await?;
        let mut buckets = Vec::new();
        for line in page.lines() {
            if let Some(rest) = line.strip_prefix("tocsin_post_judged_delay_seconds_bucket{le=\"")
                && let Some((bound, posts)) = rest.split_once("\"} ")
            {
                let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse()? };
                buckets.push((bound, posts.parse()?));
            }
        }
        if buckets.is_empty() {
            Err("/metrics has no tocsin_post_judged_delay_seconds".into())
        } else {
            Ok(Buckets(buckets))
        }
    }

    fn since(&self, before: &Buckets) -> Buckets {
        Buckets(self.0.iter().zip(&before.0).map(|((bound, now), (_, then))| (*bound, now - then)).collect())
    }

    fn total(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, posts)| *posts)
    }

    /// In seconds, interpolated within its bucket as Prometheus does it.
    fn quantile(&self, q: f64) -> f64 {
        let wanted = self.total() * q;
        let (mut low, mut before) = (0.0, 0.0);
        for &(bound, posts) in &self.0 {
            if posts >= wanted && posts > before {
                return if bound.is_finite() {
                    low + (bound - low) * (wanted - before) / (posts - before)
                } else {
                    f64::INFINITY
                };
            }
            (low, before) = (bound, posts);
        }
        f64::NAN
    }
}
