//! What lies in Redis, by what it is; as Redis itself says it.

use std::collections::BTreeMap;
use std::process::Command;

use crate::Fault;

/// What a brand's windows are called.
pub(crate) const BRAND: &str = "a brand: windows and evidence";

/// How many keys there are of a kind, and what they take.
#[derive(Default)]
pub(crate) struct Size {
    pub(crate) keys: u64,
    pub(crate) bytes: u64,
    pub(crate) largest: u64,
}

/// The keys that begin so, by kind.
pub(crate) fn kinds(redis: &str, prefix: &str) -> Result<BTreeMap<&'static str, Size>, Fault> {
    let mut kinds: BTreeMap<&'static str, Size> = BTreeMap::new();
    for key in ask(redis, &["--scan", "--pattern", &format!("{prefix}*")])?.lines() {
        let bytes = ask(redis, &["MEMORY", "USAGE", key, "SAMPLES", "0"])?.trim().parse()?;
        let size = kinds.entry(kind(key.strip_prefix(prefix).unwrap_or(key))).or_default();
        size.keys += 1;
        size.bytes += bytes;
        size.largest = size.largest.max(bytes);
    }
    Ok(kinds)
}

/// By the table of the layout.
fn kind(key: &str) -> &'static str {
    match key.split_once('}').unwrap_or((key, "")) {
        (of, "i") if of.starts_with("{b:") || of.starts_with("{s:") => "incidents of a subject",
        (of, _) if of.starts_with("{b:") => BRAND,
        (of, _) if of.starts_with("{s:") => "a source: windows",
        (of, _) if of.starts_with("{posts.raw:") => "a lane: claims, for 48 h",
        (of, _) if of.starts_with("{posts.kin:") => "a lane: kin, for 48 h",
        _ => "lists and the rest",
    }
}

fn ask(redis: &str, words: &[&str]) -> Result<String, Fault> {
    let (host, port) = redis.rsplit_once(':').ok_or("REDIS is host:port")?;
    let told = Command::new("redis-cli").args(["-h", host, "-p", port]).args(words).output()?;
    if !told.status.success() {
        return Err(String::from_utf8_lossy(&told.stderr).into_owned().into());
    }
    Ok(String::from_utf8(told.stdout)?)
}
