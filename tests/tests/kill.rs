//! The real process under load, killed at moments that come from the work done, never from a clock: nothing
//! acknowledged is lost, nothing counts twice (ARCHITECTURE.md, I1, I2, I3, I7).
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tocsin_flow::Clock;
use tocsin_laws::Dice;
use tocsin_model::{EventTime, Hour};
use tocsin_runtime::WallClock;
use tocsin_tests::{Connection, Folder, LINES, Server, lines, now, post, soak, until};

/// The brands; the query of each is its name.
const BRANDS: [&str; 2] = ["山岚", "rival"];
/// Threads that send, each over a connection of its own.
const SENDERS: usize = 4;
/// Records in one request at most: of most, and of a few great ones, in the middle of which a kill often falls.
const TOGETHER: (u64, u64) = (24, 800);
/// A process that is told to stop must be gone by then.
const STOPPED_WITHIN: Duration = Duration::from_secs(5);

/// What a brand comes to: posts by hour, and sums over all hours.
#[derive(Debug, Default, PartialEq, Eq)]
struct Expected {
    posts: BTreeMap<Hour, u64>,
    reposts: u64,
    likes_gained: u64,
}

/// One id as the plain count knows it.
struct Drawn {
    json: Value,
    created: i64,
    parent: Option<usize>,
    /// Who sends it, and every later record of it: so it is known which of them is the first.
    sender: usize,
    /// Likes as it came first, and as it came last.
    likes: (u64, u64),
}

impl Drawn {
    fn names(&self, brand: &str) -> bool {
        self.json["text"].as_str().unwrap().contains(brand)
    }
}

/// All that will be sent: each id, and each sender's requests in order.
struct Plan {
    ids: Vec<Drawn>,
    senders: Vec<Sender>,
}

impl Plan {
    /// Posts that name a brand, both or none; reposts that name nobody, of posts that may come later from another
    /// sender; updates with more likes; records that are sent twice.
    fn draw(seed: u64, ids: usize) -> Plan {
        let (mut dice, now) = (Dice::new(seed), now().millis());
        let mut plan = Plan { ids: Vec::new(), senders: Vec::new() };
        let mut records: Vec<Vec<Value>> = vec![Vec::new(); SENDERS];
        for number in 0..ids {
            plan.ids.push(drawn(&mut dice, number, now));
            let new = &plan.ids[number];
            records[new.sender].push(new.json.clone());
            if dice.one_in(3) {
                let id = number - dice.below(plan.ids.len().min(50) as u64) as usize;
                let known = &mut plan.ids[id];
                known.likes.1 += dice.below(30);
                known.json["engagement"]["likes"] = known.likes.1.into();
                records[known.sender].push(known.json.clone());
            }
        }
        plan.senders = records.into_iter().map(|records| Sender::of(&records, &mut dice)).collect();
        plan
    }

    fn took(&self, id: usize, brand: &str) -> bool {
        let drawn = &self.ids[id];
        drawn.names(brand) || drawn.parent.is_some_and(|parent| self.took(parent, brand))
    }

    /// The plain count: every id once.
    fn expected(&self, brand: &str) -> Expected {
        let mut expected = Expected::default();
        for (_, drawn) in self.ids.iter().enumerate().filter(|(id, _)| self.took(*id, brand)) {
            *expected.posts.entry(EventTime::from_millis(drawn.created).hour()).or_default() += 1;
            expected.reposts += u64::from(drawn.parent.is_some());
            expected.likes_gained += drawn.likes.1 - drawn.likes.0;
        }
        expected
    }

    fn requests_left(&self) -> u64 {
        self.senders.iter().map(|s| s.waiting.len() as u64).sum()
    }
}

fn drawn(dice: &mut Dice, number: usize, now: i64) -> Drawn {
    let texts =
        ["今天天气不错", "路过山岚,坐了一会", "山岚和rival都去过", "rival排队", "转发微博", "转发微博"];
    let text = texts[dice.below(texts.len() as u64) as usize];
    let created = now - 60_000 - dice.below(3 * 3_600_000) as i64;
    let mut json = post(&format!("id-{number}"), text, created);
    let likes = dice.below(20);
    json["engagement"] = serde_json::json!({ "likes": likes });
    let parent =
        (text == "转发微博" && number > 0).then(|| number - 1 - dice.below(number.min(40) as u64) as usize);
    if let Some(parent) = parent {
        json["repost_of"] = format!("id-{parent}").into();
    }
    Drawn { json, created, parent, sender: dice.below(SENDERS as u64) as usize, likes: (likes, likes) }
}

/// Sends its requests in order; one that was not acknowledged stays the next one.
struct Sender {
    waiting: VecDeque<(usize, Vec<u8>)>,
}

impl Sender {
    fn of(mut records: &[Value], dice: &mut Dice) -> Sender {
        let mut waiting = VecDeque::new();
        while !records.is_empty() {
            let most = if dice.one_in(8) { TOGETHER.1 } else { TOGETHER.0 };
            let (now, later) = records.split_at((1 + dice.below(most) as usize).min(records.len()));
            records = later;
            waiting.push_back((now.len(), lines(now)));
        }
        Sender { waiting }
    }

    /// Until all is acknowledged, or nobody answers any more.
    fn send(&mut self, url: &str, acknowledged: &SyncSender<usize>) {
        let Ok(mut connection) = Connection::open(url) else { return };
        while let Some((records, body)) = self.waiting.front() {
            match connection.post("/v1/posts", LINES, body) {
                Ok(answer) if answer.status == 202 => {
                    assert_eq!(answer.json()["accepted"], *records, "{}", answer.text());
                    acknowledged.send(*records).unwrap();
                    self.waiting.pop_front();
                }
                // Full: the same again.
                Ok(answer) if answer.status == 429 => {}
                Ok(answer) => {
                    assert_eq!(answer.status, 503, "only a process that stops says no: {}", answer.text());
                    return;
                }
                Err(_) => return,
            }
        }
    }
}

/// How a round ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// SIGKILL after so many acknowledgements.
    Kill(u64),
    /// SIGTERM after so many.
    Stop(u64),
    /// When all is acknowledged.
    AllSent,
}

impl End {
    fn bring(self, server: Server) {
        match self {
            End::Kill(_) => server.kill(),
            End::Stop(_) => stop_in_time(server),
            End::AllSent => {}
        }
    }
}

/// A folder, and who runs on it.
struct Scene {
    folder: TempDir,
    config: PathBuf,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("tocsin.toml");
        let brand = |name: &&str| format!("[[brand]]\nname = \"{name}\"\nquery = '{name}'\n");
        std::fs::write(&config, BRANDS.iter().map(brand).collect::<String>()).unwrap();
        Scene { folder, config }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the process and all senders; says how many records were acknowledged, and hands back the process
    /// where it still runs.
    fn round(&self, plan: &mut Plan, end: End) -> (u64, Option<Server>) {
        let mut server = Some(Server::start(&self.config, &self.data()));
        let url = server.as_ref().unwrap().url.clone();
        // Few places, so that senders wait for us rather than run out of work before we act.
        let (tell, told) = sync_channel(SENDERS);
        let (mut requests, mut records) = (0, 0);
        std::thread::scope(|scope| {
            for sender in &mut plan.senders {
                let (url, tell) = (url.as_str(), tell.clone());
                scope.spawn(move || sender.send(url, &tell));
            }
            drop(tell);
            for acknowledged in told {
                (requests, records) = (requests + 1, records + acknowledged as u64);
                if end == End::Kill(requests) || end == End::Stop(requests) {
                    let server = server.take().unwrap();
                    // Beside us, for the load goes on meanwhile.
                    scope.spawn(move || end.bring(server));
                }
            }
        });
        if end != End::AllSent
            && let Some(server) = server.take()
        {
            end.bring(server);
        }
        (records, server)
    }

    /// Sends what is left and lets the process come to the end of its log; then the counts are the plain ones.
    fn finish(&self, mut plan: Plan, context: &str) {
        let behind = Folder::open(&self.data()).behind();
        println!("{context}: {behind} records were acknowledged and not yet counted");
        let (records, server) = self.round(&mut plan, End::AllSent);
        let server = server.unwrap();
        assert_eq!(plan.requests_left(), 0);
        server.has_read(behind + records);
        assert_eq!(server.stop(), Some(0), "{context}");
        let folder = Folder::open(&self.data());
        assert_eq!(folder.behind(), 0, "{context}");
        assert!(folder.rejected().is_empty(), "{context}");
        for brand in BRANDS {
            assert_eq!(counted(&folder, brand), plan.expected(brand), "{context}, {brand}");
        }
    }
}

fn counted(folder: &Folder, brand: &str) -> Expected {
    let total = folder.total(brand);
    let hours = folder.hours(brand).into_iter().map(|(hour, counts)| (hour, counts.posts));
    Expected {
        posts: hours.filter(|(_, posts)| *posts > 0).collect(),
        reposts: total.reposts,
        likes_gained: total.likes_gained,
    }
}

#[track_caller]
fn stop_in_time(server: Server) {
    let clock = WallClock::new();
    assert_eq!(server.stop(), Some(0));
    assert!(clock.steady() < STOPPED_WITHIN, "it took {:?} to stop", clock.steady());
}

#[test]
fn killed_under_load_nothing_acknowledged_is_lost_and_nothing_counts_twice() {
    // Each takes about as long as three starts of the process, so that soak has fewer of them than of simulated worlds.
    let (seeds, rounds, ids) = if soak() { (20, 8, 20_000) } else { (3, 3, 6_000) };
    for seed in 0..seeds {
        let (scene, mut plan) = (Scene::new(), Plan::draw(seed, ids));
        let mut dice = Dice::new(seed ^ 0x9e37);
        for left in (1..=rounds).rev() {
            let after = 1 + dice.below(plan.requests_left() / (left + 1));
            scene.round(&mut plan, End::Kill(after));
            if dice.one_in(3) {
                kill_at_start(&scene);
            }
        }
        scene.finish(plan, &format!("seed {seed}"));
    }
}

/// Killed as soon as it listens: while it goes through what is left in the log.
fn kill_at_start(scene: &Scene) {
    Server::start(&scene.config, &scene.data()).kill();
}

#[test]
fn told_to_stop_under_load_it_stops_in_time_and_keeps_what_was_acknowledged() {
    for seed in 0..if soak() { 10 } else { 2 } {
        let (scene, mut plan) = (Scene::new(), Plan::draw(100 + seed, 6_000));
        for _ in 0..2 {
            let after = 1 + plan.requests_left() / 4;
            scene.round(&mut plan, End::Stop(after));
        }
        scene.finish(plan, &format!("seed {seed}"));
    }
}

#[test]
fn killed_while_it_makes_its_folder_it_starts_again() {
    let scene = Scene::new();
    for _ in 0..if soak() { 50 } else { 5 } {
        let mut child = Server::command(&scene.config, &scene.data())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        until("the folder is being made", || made(&scene.data()).then_some(()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(Server::start(&scene.config, &scene.data()).stop(), Some(0));
        std::fs::remove_dir_all(scene.data()).unwrap();
    }
}

fn made(data: &Path) -> bool {
    std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some())
}
