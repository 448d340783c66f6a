//! The program, as a user runs it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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

/// How many seeds: `usual`, or what `TOCSIN_SEEDS` says.
pub fn seeds(usual: u64) -> u64 {
    std::env::var("TOCSIN_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// A port that nobody has.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A running `tocsin run`.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
}

impl Server {
    /// Starts it and comes back when it listens.
    pub fn start(config: &Path, data: &Path, port: u16) -> Server {
        let mut child = program()
            .args(["run", "--config"])
            .arg(config)
            .arg("--data")
            .arg(data)
            .args(["--color", "never", "--log", "info"])
            .env("TOCSIN__HTTP__LISTEN", format!("127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        loop {
            match lines.next() {
                Some(Ok(line)) if line.contains("listening") => break,
                Some(Ok(line)) => said.push(line),
                _ => panic!("it did not come up:\n{}", said.join("\n")),
            }
        }
        // Whoever does not read what a process says makes it wait.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, url: format!("http://127.0.0.1:{port}") }
    }
    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
    /// SIGTERM; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap().code()
    }
    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}
