//! Somebody else's answer to the same task, where one is given: a folder with a Maven project whose class `Peer` is
//! run as `Peer run BROKERS TOPIC OUT POSTS THREADS jieba COMMIT_MS` and prints its posts a second once it is warm.

use std::path::Path;
use std::process::{Command, Stdio};

use tocsin_kafka::{Brokers, Topic};

use crate::Fault;

/// Threads: as many as this machine has cores where the bars were set.
const THREADS: &str = "2";
/// Milliseconds between commits.
const COMMIT: &str = "100";

/// Builds it, apart from where it lies, and runs it over what is in `posts.raw`.
pub(crate) fn run(peer: &Path, brokers: &Brokers, posts: usize) -> Result<f64, Fault> {
    let built = tempfile::tempdir()?;
    let copied = Command::new("cp")
        .arg("-r")
        .arg(peer.join("pom.xml"))
        .arg(peer.join("src"))
        .arg(built.path())
        .status()?;
    if !copied.success() {
        return Err(format!("{} has no pom.xml and src", peer.display()).into());
    }
    let made = Command::new("mvn")
        .args(["-q", "-B", "compile", "dependency:copy-dependencies", "-DincludeScope=runtime"])
        .current_dir(built.path())
        .stdout(Stdio::null())
        .status()?;
    if !made.success() {
        return Err("the peer cannot be built: it needs Java 17, Maven and a way to Maven Central".into());
    }
    let (raw, out) = (Topic::Raw.full(&brokers.prefix), Topic::Matched.full(&brokers.prefix));
    let said = Command::new("java")
        .args(["-Xmx2g", "-cp", "target/classes:target/dependency/*", "Peer", "run", &brokers.servers])
        .args([&raw, &out, &posts.to_string(), THREADS, "jieba", COMMIT])
        .current_dir(built.path())
        .stderr(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let warm = said.split('|').find_map(|cell| {
        cell.trim().strip_suffix("posts/s wall (after the first fifth)")?.trim().parse::<f64>().ok()
    });
    warm.ok_or_else(|| format!("the peer said nothing that can be read: {said:?}").into())
}
