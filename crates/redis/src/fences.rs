//! Fences, for people: how far each lane is remembered, and what to do when its topic is another one or Redis is older
//! than it was. Only while no chain runs.

use std::collections::BTreeMap;

use redis::Value;
use tocsin_flow::Fault;
use tocsin_model::{Lane, Position};

use crate::layout::Key;
use crate::reply::{list, maybe_bytes, number, pairs, text};
use crate::scripts::SETTLE;
use crate::server::{Redis, Request};

/// How far a lane is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    /// The first position that what the lane itself remembers (claims, kin) does not have.
    pub remembered: Position,
    /// The greatest place after a record that was counted in a window; none if none was.
    pub counted: Option<Position>,
    /// Brands and sources that the lane counted.
    pub subjects: u64,
}

impl Redis {
    /// Every lane of which something is remembered, by chain and lane.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn fences(&self) -> Result<BTreeMap<(String, Lane), Fence>, Fault> {
        let mut fences: BTreeMap<(String, Lane), Fence> = BTreeMap::new();
        for (key, name) in self.lanes().await? {
            let mut read = redis::cmd("HGET");
            read.arg(&key).arg("f");
            let found = maybe_bytes(self.ask_one(Request::new(key, read)).await?, "a fence")?;
            let position = found.and_then(|text| String::from_utf8_lossy(&text).parse().ok());
            fences.entry(name).or_default().remembered = Position(position.unwrap_or(0));
        }
        for subject in self.subjects().await? {
            let key = self.keys().subject(&subject);
            let mut read = redis::cmd("HGETALL");
            read.arg(&key);
            for (field, position) in pairs(self.ask_one(Request::new(key, read)).await?, "a subject")? {
                let Some(name) = field.strip_prefix(b"l").and_then(lane_named) else { continue };
                let Ok(position) = String::from_utf8_lossy(&position).parse() else { continue };
                let fence = fences.entry(name).or_default();
                fence.counted = fence.counted.max(Some(Position(position)));
                fence.subjects += 1;
            }
        }
        Ok(fences)
    }

    /// Forgets how far the lanes of a chain are remembered, for its topic was made again and begins at 0; what is
    /// remembered stays. How many fences there were.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn drop_fences(&self, chain: &str) -> Result<u64, Fault> {
        let mut requests = Vec::new();
        let mut drop_fields = |key: Key, fields: Vec<Vec<u8>>| {
            let mut forget = redis::cmd("HDEL");
            forget.arg(&key).arg(&fields);
            requests.push(Request::new(key, forget));
        };
        for (key, (of, _)) in self.lanes().await? {
            if of == chain {
                drop_fields(key, vec![b"f".to_vec()]);
            }
        }
        for subject in self.subjects().await? {
            let key = self.keys().subject(&subject);
            let mut names = redis::cmd("HKEYS");
            names.arg(&key);
            let found = list(self.ask_one(Request::new(key.clone(), names)).await?, "fields")?;
            let fields = found.into_iter().map(|field| crate::reply::bytes(field, "a field"));
            let is_of = |field: &Vec<u8>| {
                field.strip_prefix(b"l").and_then(lane_named).is_some_and(|(of, _)| of == chain)
            };
            let fields: Vec<Vec<u8>> =
                fields.collect::<Result<Vec<_>, _>>()?.into_iter().filter(is_of).collect();
            if !fields.is_empty() {
                drop_fields(key, fields);
            }
        }
        let gone = self.ask(requests).await?;
        gone.into_iter().map(|gone| number(gone, "how many fences there were")).sum()
    }

    /// What a lane remembers counts from now on as if it had everything before `to`: what it does not have of that is
    /// given up. Where it has more, nothing changes.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn raise_fence(&self, chain: &str, lane: Lane, to: Position) -> Result<(), Fault> {
        let key = self.keys().lane(&format!("{chain}:{}", lane.0));
        let mut look = SETTLE.call(&[&key]);
        look.arg("?").arg("?");
        let found = text(self.ask_one(Request::new(key.clone(), look)).await?, "a fence")?;
        if found.parse::<u64>().unwrap_or(0) >= to.0 {
            return Ok(());
        }
        let mut raise = SETTLE.call(&[&key]);
        raise.arg(found).arg(to.0);
        self.ask_one(Request::new(key, raise)).await.map(|_: Value| ())
    }

    /// The keys of lanes, each with its chain and lane.
    async fn lanes(&self) -> Result<Vec<(Key, (String, Lane))>, Fault> {
        let prefix = self.keys().prefix();
        let found = self.keys_like(&format!("{}{{*:*}}", crate::moving::escaped(prefix))).await?;
        let mut lanes: Vec<(Key, (String, Lane))> = found
            .into_iter()
            .filter_map(|key| {
                let name = key.strip_prefix(prefix.as_bytes())?.strip_prefix(b"{")?.strip_suffix(b"}")?;
                // Subjects are `b:NAME` and `s:NAME`.
                let name = lane_named(name).filter(|(chain, _)| !is_subject(chain))?;
                Some((key, name))
            })
            .collect();
        lanes.sort();
        lanes.dedup();
        Ok(lanes)
    }
}

/// `CHAIN:LANE`.
fn lane_named(name: &[u8]) -> Option<(String, Lane)> {
    let (chain, lane) = std::str::from_utf8(name).ok()?.rsplit_once(':')?;
    Some((chain.to_owned(), Lane(lane.parse().ok()?)))
}

fn is_subject(chain: &str) -> bool {
    matches!(chain.split(':').next(), Some("b" | "s"))
}
