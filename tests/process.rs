//! The program, as a user runs it.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tocsin_flow::Clock;
use tocsin_runtime::WallClock;

use crate::http::{Answer, Connection};

/// The program under test: built beside the tests, in the same profile.
pub fn program() -> Command {
    let mut path = std::env::current_exe().unwrap();
    // target/<profile>/deps/<test> → target/<profile>/tocsin
    path.pop();
    path.pop();
    let path = path.join("tocsin");
    assert!(path.exists(), "{} is not built: run `make test`, which builds it first", path.display());
    let mut command = Command::new(path);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TOCSIN_")) {
        command.env_remove(name);
    }
    command
}

/// What a command wrote to standard output; it must have done what it says.
#[track_caller]
pub fn said(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{command:?}: {status}\n{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// A folder of the shared test data; none on a stranger's machine, where a test says that it skips.
pub fn data(part: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(part);
    if root.exists() {
        return Some(root);
    }
    assert!(std::env::var_os("CI").is_none(), "in CI the shared data must be there: {}", root.display());
    println!("skipped: there is no {}", root.display());
    None
}

/// Whether `make soak` asks for the long forms.
pub fn soak() -> bool {
    std::env::var_os("TOCSIN_SOAK").is_some()
}

/// The seeds of a test: `usual` of them, times what `TOCSIN_TIMES` says; only one if `TOCSIN_SEED` names it.
pub fn seeds(usual: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    match number("TOCSIN_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..usual * number("TOCSIN_TIMES").unwrap_or(1),
    }
}

/// How long anything may take that comes by itself: far longer than it does.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until there is what is looked for. What `look` asks sets the pace.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let clock = WallClock::new();
    while clock.steady() < PATIENCE {
        if let Some(found) = look() {
            return found;
        }
        std::thread::yield_now();
    }
    panic!("{what}: not within {PATIENCE:?}");
}

/// Tells a process to stop, as `kill` and every supervisor do.
pub fn terminate(pid: u32) {
    assert!(Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap().success());
}

/// A running `tocsin run`. It does not outlive the test.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// What its pages are asked over. It stays open: one that is idle must not hold up the end of the process.
    pages: RefCell<Option<Connection>>,
    /// Its log, for a test that fails.
    said: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts it, at a port that nobody has, and comes back when it listens.
    pub fn start(config: &Path, data: &Path) -> Server {
        Server::spawn(Server::command(config, data))
    }
    /// The same of any `tocsin run`.
    pub fn spawn(mut command: Command) -> Server {
        let child = command
            .args(["--color", "never", "--log", "info"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server =
            Server { child, url: String::new(), pages: RefCell::default(), said: Arc::default() };
        let mut lines = BufReader::new(server.child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let said = Arc::clone(&server.said);
        let keep = move |line: String| said.lock().unwrap().push(line);
        let address = lines.by_ref().find_map(|line| {
            let address = line.split_once("listening address=").map(|(_, rest)| rest.to_owned());
            keep(line);
            address
        });
        let Some(address) = address else {
            panic!("it did not come up: {}", server.said.lock().unwrap().join("\n"))
        };
        server.url = format!("http://{}", address.split(' ').next().unwrap());
        // Whoever does not read what a process says makes it wait.
        std::thread::spawn(move || lines.for_each(keep));
        server
    }
    /// `tocsin run` on a folder.
    pub fn command(config: &Path, data: &Path) -> Command {
        let mut command = program();
        command.args(["run", "--config"]).arg(config).arg("--data").arg(data);
        command.env("TOCSIN__HTTP__LISTEN", "127.0.0.1:0");
        command
    }
    /// A connection to it.
    pub fn connect(&self) -> Connection {
        Connection::open(&self.url).unwrap()
    }
    /// One of its pages.
    pub fn get(&self, path: &str) -> Answer {
        self.pages.borrow_mut().get_or_insert_with(|| self.connect()).get(path).unwrap()
    }
    /// What a metric stands at: its name, with its labels if it has any; none if it is not there yet.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let page = self.get("/metrics").text();
        page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }
    /// Comes back when it has read so many records since its start.
    #[track_caller]
    pub fn has_read(&self, records: u64) {
        if records == 0 {
            return;
        }
        let read = || self.metric("tocsin_stage_records_in_total{stage=\"ingest\"}");
        until(&format!("all {records} records are read"), || read().filter(|read| *read >= records as f64));
    }
    /// Its log so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }
    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
    /// SIGTERM; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        terminate(self.child.id());
        self.child.wait().unwrap().code()
    }
    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the process said:\n{}", self.said.lock().unwrap().join("\n"));
            let page = Connection::open(&self.url).and_then(|mut pages| pages.get("/metrics"));
            println!("its metrics:\n{}", page.map_or_else(|why| why.to_string(), |page| page.text()));
        }
        // After a test that failed; one that has ended is none of ours any more, and that is no fault.
        if let Ok(None) = self.child.try_wait() {
            self.child.kill().and_then(|()| self.child.wait()).unwrap();
        }
    }
}
