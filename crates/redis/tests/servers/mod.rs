//! Real Redis servers of `services/redis.sh`, each in a folder and on ports of its own, gone when the test is.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tocsin_redis::{Address, Place, Settings, Tls};

/// Servers in a folder.
pub struct Servers {
    folder: TempDir,
    port: u16,
    _ports: File,
}

impl Servers {
    /// Starts what a verb of the script starts; none, said aloud, where there is no Redis.
    pub fn start(verb: &str) -> Option<Servers> {
        Servers::start_with(verb, &[])
    }

    /// The same with variables of the environment.
    pub fn start_with(verb: &str, variables: &[(&str, &str)]) -> Option<Servers> {
        if Command::new("redis-server").arg("--version").output().is_err() {
            assert!(
                std::env::var_os("CI").is_none_or(|ci| ci != "true"),
                "there is no redis-server: make setup"
            );
            eprintln!("skipped: there is no redis-server here; `make setup` installs it");
            return None;
        }
        let (port, held) = ports();
        let servers = Servers { folder: tempfile::tempdir().expect("a folder"), port, _ports: held };
        let mut start = servers.script(verb);
        start.arg(servers.port.to_string()).envs(variables.iter().copied());
        let started = start.output().expect("the script runs");
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        Some(servers)
    }

    fn script(&self, verb: &str) -> Command {
        let mut command = Command::new(root().join("services/redis.sh"));
        command.arg(verb).arg(self.folder.path());
        command
    }

    /// A verb about one of the servers: `kill`, `restart`, `cut` …
    pub fn tell(&self, verb: &str, server: u16, more: &[&str]) -> String {
        let mut command = self.script(verb);
        command.arg((self.port + server).to_string()).args(more);
        let told = command.output().expect("the script runs");
        assert!(told.status.success(), "{verb}: {}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8_lossy(&told.stdout).into_owned()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn address(&self, server: u16) -> Address {
        Address { host: "127.0.0.1".into(), port: self.port + server }
    }

    pub fn one(&self) -> Settings {
        Settings::new(Place::One(self.address(0)))
    }

    pub fn cluster(&self) -> Settings {
        Settings::new(Place::Cluster((0..6).map(|server| self.address(server)).collect()))
    }

    /// With a user and an authority by the name of its file.
    pub fn secure(&self, user: &str, password: &str, ca: &str) -> Settings {
        Settings {
            user: Some(user.into()),
            password: Some(password.into()),
            tls: Some(Tls { ca: Some(self.folder.path().join("tls").join(ca)), identity: None }),
            ..self.one()
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let stopped = self.script("stop").status();
        assert!(stopped.is_ok_and(|status| status.success()), "the servers did not stop");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// Ports of each set of servers: a Cluster has twelve.
const PORTS: u16 = 20;

/// The first of some free ports, and what holds them for this process: a server that is killed gives its port back for
/// a moment, and no other test may take it meanwhile. They lie below those of Kafka's tests and of the system.
fn ports() -> (u16, File) {
    let folder = std::env::temp_dir().join("tocsin-redis-ports");
    std::fs::create_dir_all(&folder).expect("a folder for locks");
    for port in (12_000..20_000).step_by(usize::from(PORTS)) {
        let lock = File::create(folder.join(port.to_string())).expect("a lock");
        let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if lock.try_lock().is_ok() && (port..port + PORTS).all(is_free) {
            return (port, lock);
        }
    }
    panic!("no free ports between 12,000 and 20,000");
}
