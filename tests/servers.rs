//! Real brokers and a real Redis for the tests of a file, by the project's own scripts; and processes over them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tocsin_redis::{Address, Place};

use crate::process::{Server, program};

/// Brokers and a Redis. They end when this process does.
pub struct Servers {
    folder: PathBuf,
    kafka: u16,
    redis: u16,
    brokers: u16,
}

/// The processes of one test over shared servers: topics and keys under a name of its own.
pub struct Town {
    servers: &'static Servers,
    folder: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// What the machine must have.
fn can_run() -> bool {
    let runs = |tool: &str, how: &str| {
        Command::new(tool).arg(how).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    if runs("java", "-version") && runs("mvn", "-version") && runs("redis-server", "--version") {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "these tests need Java 17, Maven and Redis 7: make setup");
    println!("skipped: no Java, Maven or Redis to run real servers with; make setup installs them");
    false
}

fn script(name: &str) -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../services").join(name))
}

#[track_caller]
fn done(command: &mut Command) -> String {
    let told = command.output().unwrap();
    assert!(told.status.success(), "{command:?}: {}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8_lossy(&told.stdout).into_owned()
}

impl Servers {
    /// One broker or three, and a Redis; those of this process, started once. None, said aloud, where the machine has
    /// nothing to run them with.
    pub fn shared(brokers: u16) -> Option<&'static Servers> {
        static SERVERS: OnceLock<Option<Servers>> = OnceLock::new();
        SERVERS.get_or_init(|| can_run().then(|| Servers::start(brokers))).as_ref()
    }

    fn start(brokers: u16) -> Servers {
        let folder = std::env::temp_dir().join(format!("tocsin-servers-{}", std::process::id()));
        // Below the ports that the system gives out; another test process has others.
        let kafka = 22_000 + (std::process::id() % 90) as u16 * 100;
        let servers = Servers { folder, kafka, redis: kafka + 60, brokers };
        let verb = if brokers == 1 { "start" } else { "start3" };
        done(script("kafka.sh").arg(verb).arg(servers.folder.join("kafka")).arg(kafka.to_string()));
        done(
            script("redis.sh").arg("start").arg(servers.folder.join("redis")).arg(servers.redis.to_string()),
        );
        let end = format!(
            "tail --pid={} -f /dev/null; '{kafka}' stop '{folder}/kafka'; '{redis}' stop '{folder}/redis'; \
             '{redis}' stop '{folder}/cluster'; rm -rf '{folder}'",
            std::process::id(),
            kafka = script("kafka.sh").get_program().display(),
            redis = script("redis.sh").get_program().display(),
            folder = servers.folder.display(),
        );
        let mut reaper = Command::new("setsid");
        reaper.args(["--fork", "bash", "-c", &end]).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(reaper.status().unwrap().success(), "somebody who ends the servers");
        servers
    }

    /// `host:port` of the brokers, with commas between.
    pub fn brokers(&self) -> String {
        let one = |n| format!("127.0.0.1:{}", self.kafka + n);
        (0..self.brokers).map(one).collect::<Vec<_>>().join(",")
    }

    /// A verb of `services/kafka.sh` about one broker, from 1.
    #[track_caller]
    pub fn broker(&self, verb: &str, number: u16) {
        done(script("kafka.sh").arg(verb).arg(self.folder.join("kafka")).arg(number.to_string()));
    }

    /// Where Redis is.
    pub fn redis_place(&self) -> Place {
        Place::One(Address { host: "127.0.0.1".into(), port: self.redis })
    }

    /// A verb of `services/redis.sh`.
    #[track_caller]
    pub fn redis(&self, verb: &str, more: &[&str]) -> String {
        let mut command = script("redis.sh");
        command.arg(verb).arg(self.folder.join("redis")).arg(self.redis.to_string());
        done(command.args(more))
    }

    /// The ports of a Redis Cluster beside it, three primaries and three replicas, started once.
    #[track_caller]
    pub fn cluster(&self) -> std::ops::Range<u16> {
        static STARTED: std::sync::Once = std::sync::Once::new();
        let ports = self.redis + 10..self.redis + 16;
        STARTED.call_once(|| drop(self.of_cluster("cluster", ports.start, &[])));
        ports
    }

    /// A verb of `services/redis.sh` about one of them.
    #[track_caller]
    pub fn of_cluster(&self, verb: &str, port: u16, more: &[&str]) -> String {
        let mut command = script("redis.sh");
        done(command.arg(verb).arg(self.folder.join("cluster")).arg(port.to_string()).args(more))
    }
}

impl Town {
    /// With these brands and outlets in its config, and so many partitions. One at a time: the machine is small.
    pub fn build(servers: &'static Servers, name: &str, partitions: u32, config: &str) -> Town {
        let redis = format!("address = \"127.0.0.1:{}\"", servers.redis);
        Town::with(servers, name, partitions, config, &redis)
    }

    /// The same over the Cluster.
    pub fn over_cluster(servers: &'static Servers, name: &str, partitions: u32, config: &str) -> Town {
        let addresses: Vec<String> = servers.cluster().map(|port| format!("127.0.0.1:{port}")).collect();
        Town::with(servers, name, partitions, config, &format!("cluster = {addresses:?}"))
    }

    fn with(servers: &'static Servers, name: &str, partitions: u32, config: &str, redis: &str) -> Town {
        static ONE: Mutex<()> = Mutex::new(());
        let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        let brokers: Vec<String> = servers.brokers().split(',').map(|b| format!("{b:?}")).collect();
        let whole = format!(
            "{config}\n[kafka]\nbrokers = [{}]\nprefix = \"{name}.\"\npartitions = {partitions}\n\
             create_topics = true\nsession = \"6s\"\ntransaction = \"4s\"\n\
             [redis]\n{redis}\nprefix = \"{name}:\"\n",
            brokers.join(", "),
        );
        std::fs::write(folder.path().join("tocsin.toml"), whole).unwrap();
        Town { servers, folder, _alone: alone }
    }

    /// The servers it stands on.
    pub fn servers(&self) -> &'static Servers {
        self.servers
    }
    /// Its config.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("tocsin.toml")
    }
    /// Where a test may lay something down.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    /// A process of these stages (none: all), with more arguments.
    pub fn run(&self, stages: &str, more: &[&str]) -> Server {
        Server::spawn(self.command(stages, more))
    }
    fn command(&self, stages: &str, more: &[&str]) -> Command {
        let mut command = program();
        command.arg("run").args(Some(stages).filter(|s| !s.is_empty())).args(more);
        command.arg("--config").arg(self.config()).env("TOCSIN__HTTP__LISTEN", "127.0.0.1:0");
        command
    }
}
