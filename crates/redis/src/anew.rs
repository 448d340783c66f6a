//! A brand's past that is counted anew, while its posts are counted on.
//!
//! From the time on up to which it is counted anew, a subject is in two halves: what came before, which will be
//! replaced, and what came since, which stays ([`Half`]). A view shows both. When the new past is there, one write puts it
//! in the place of the old one and adds the other half to it. Whatever comes later and belongs to the past that was
//! replaced, from a lane that is behind, is in it already and is passed over. So no post is lost and none counts twice,
//! however far the lanes are.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::Value;
use tocsin_flow::{Fault, Peer};
use tocsin_model::{ArrivalTime, BrandId, Hour, Minute, Subject, recount};
use tocsin_wire::StateRow;

use crate::fold::HOURS_KEPT;
use crate::journal::{Anew, STAMP, Stamps, write_marks};
use crate::layout::{Field, Half, LONG_LEASE, member, subject_of};
use crate::moving::{Past, end_of};
use crate::reply::{maybe_bytes, number, pairs};
use crate::rows::Rows;
use crate::scripts::FOLD;
use crate::server::{Redis, Request};

/// Who counts anew must say so again within this time.
const LEASE: Duration = Duration::from_secs(10);
/// So often a subject is looked at again because somebody folded its journal meanwhile.
const TRIES: usize = 20;

impl Redis {
    /// By which instrument (a hash of query and reader) the past of each brand was counted.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn instruments(&self) -> Result<BTreeMap<BrandId, u64>, Fault> {
        let key = self.keys().list("instruments");
        let mut read = redis::cmd("HGETALL");
        read.arg(&key);
        let mut all = BTreeMap::new();
        for (name, hash) in pairs(self.ask_one(Request::new(key, read)).await?, "instruments")? {
            let hash = String::from_utf8_lossy(&hash).parse();
            if let (Some(Subject::Brand(brand)), Ok(hash)) = (subject_of(&name), hash) {
                all.insert(brand, hash);
            }
        }
        Ok(all)
    }

    /// Keeps by which instrument their pasts were counted.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn set_instruments(&self, all: &[(BrandId, u64)]) -> Result<(), Fault> {
        if all.is_empty() {
            return Ok(());
        }
        let key = self.keys().list("instruments");
        let mut put = redis::cmd("HSET");
        put.arg(&key);
        for (brand, hash) in all {
            put.arg(member(&Subject::Brand(brand.clone()))).arg(*hash);
        }
        self.ask_one(Request::new(key, put)).await.map(|_| ())
    }

    /// Whether nobody else counts a past anew. For 10 seconds then it is ours, and longer if asked again. `token`: another
    /// one for each who asks.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn may_recount(&self, token: u64) -> Result<bool, Fault> {
        let (key, lease) = (self.keys().list("recount"), LEASE.as_millis() as u64);
        let mut take = redis::cmd("SET");
        take.arg(&key).arg(token).arg("NX").arg("GET").arg("PX").arg(lease);
        let found = self.ask_one(Request::new(key.clone(), take)).await?;
        let Some(owner) = maybe_bytes(found, "who counts anew")? else { return Ok(true) };
        if String::from_utf8_lossy(&owner) != token.to_string() {
            return Ok(false);
        }
        let mut renew = redis::cmd("PEXPIRE");
        renew.arg(&key).arg(lease);
        self.ask_one(Request::new(key, renew)).await.map(|_| true)
    }

    /// It is over: others may.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn has_recounted(&self) -> Result<(), Fault> {
        let key = self.keys().list("recount");
        let mut leave = redis::cmd("DEL");
        leave.arg(&key);
        self.ask_one(Request::new(key, leave)).await.map(|_| ())
    }

    /// Where data time stands: at the end of the newest minute that a source was counted in, or one of these: what is
    /// gained by posts that are known is no news of their source.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn data_time(&self, subjects: &[Subject]) -> Result<Option<ArrivalTime>, Fault> {
        let sources = self.sources().await?.into_iter().map(Subject::Source);
        let mut newest = None;
        for subject in sources.chain(subjects.iter().cloned()) {
            newest = newest.max(self.past(&subject).await?.newest());
        }
        Ok(newest.map(end_of))
    }

    /// From now on what comes at `until` or later is counted beside the past of this subject. Nothing that was counted
    /// may have come then: see [`Redis::data_time`].
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn hold(&self, subject: &Subject, until: ArrivalTime) -> Result<(), Fault> {
        self.rewrite(subject, |past| {
            past.rows.merge(std::mem::take(&mut past.since));
            past.root.anew.held = Some(until);
            Ok(())
        })
        .await
    }

    /// Puts what was counted anew from an hour on in the place of what was held: rows of days, minutes and evidence; the
    /// hours before go by [`recount`]. How many times as many posts were found anew, if that is known. It
    /// is heard since `first`, or before.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away, or when it is not held any more: Redis has lost its last seconds.
    pub async fn refill(
        &self,
        subject: &Subject,
        until: ArrivalTime,
        since: Hour,
        first: Minute,
        anew: Vec<StateRow>,
    ) -> Result<Option<f64>, Fault> {
        let mut new = Rows::default();
        anew.into_iter().for_each(|row| new.put(row));
        let oldest = since.max(Hour(until.hour().0 - HOURS_KEPT));
        new.hours.retain(|hour, _| *hour >= oldest);
        let mut times = None;
        self.rewrite(subject, |past| {
            if past.root.anew.held != Some(until) {
                return Err(is_not_held(subject));
            }
            past.rows.hours.retain(|hour, _| *hour < since);
            past.rows.hours.extend(new.hours.clone());
            times = recount(&mut past.rows.days, new.days.clone(), since);
            past.rows.merge(std::mem::take(&mut past.since));
            past.root.anew = Anew { until: Some(until), held: None };
            past.root.first = Some(past.root.first.map_or(first, |known| known.min(first)));
            Ok(())
        })
        .await?;
        Ok(times)
    }

    /// Changes a subject as a whole. Its journal is folded with that, and whoever knows it in memory reads it again.
    async fn rewrite(
        &self,
        subject: &Subject,
        mut change: impl FnMut(&mut Past) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (key, mut stamps) = (self.keys().subject(subject), Stamps::default());
        for _ in 0..TRIES {
            let mut past = self.halves(subject).await?;
            change(&mut past)?;
            let call = write(&key, &past, stamps.next());
            if number(self.ask_one(Request::new(key.clone(), call)).await?, "the answer to a rewrite")? == 0 {
                continue;
            }
            let is_written = |name: &&Field| past.rows.names(Half::Past).any(|written| written == **name);
            let gone: Vec<&Field> = past.fields.iter().filter(|name| !is_written(name)).collect();
            let mut requests = Vec::new();
            if !gone.is_empty() {
                let mut forget = redis::cmd("HDEL");
                forget.arg(&key).arg(gone);
                requests.push(Request::new(key.clone(), forget));
            }
            let mut lease = redis::cmd("EXPIRE");
            lease.arg(&key).arg(LONG_LEASE);
            requests.push(Request::new(key, lease));
            return self.ask(requests).await.map(|_: Vec<Value>| ());
        }
        Err(Fault::Unavailable {
            peer: Peer::Store,
            why: format!("{subject} is folded all the time"),
            retry_after: None,
        })
    }
}

/// Everything at once, and rows that are no more without a byte: see `offer.lua` for why.
fn write(key: &[u8], past: &Past, stamp: [u8; STAMP]) -> redis::Cmd {
    let Past { root, rows, end, fields, .. } = past;
    let mut call = FOLD.call(&[key]);
    call.arg(root.base.count).arg(&root.base.stamp).arg(end.count).arg(&end.stamp);
    call.arg("base").arg(end.count).arg("stamp").arg(&stamp).arg("marks").arg(write_marks(&root.marks));
    call.arg("first").arg(root.first.map(|minute| minute.0.to_string()).unwrap_or_default());
    let time = |at: Option<ArrivalTime>| at.map(|at| at.millis().to_string()).unwrap_or_default();
    call.arg("anew").arg(time(root.anew.until)).arg("held").arg(time(root.anew.held));
    // What is laid down anew is whole again.
    call.arg("thin").arg("");
    rows.write(Half::Past, &mut call);
    let written: std::collections::BTreeSet<Field> = rows.names(Half::Past).collect();
    for name in fields.iter().filter(|name| !name.starts_with(b"e") && !written.contains(*name)) {
        call.arg(name).arg("");
    }
    call
}

fn is_not_held(subject: &Subject) -> Fault {
    Fault::Unavailable {
        peer: Peer::Store,
        why: format!("Redis has forgotten that the past of {subject} is counted anew"),
        retry_after: None,
    }
}
