//! One sync for all who wait.
//!
//! A thread of its own takes what has gathered, writes it as one batch and syncs once; what comes
//! meanwhile gathers for the next round. So an idle system answers after one sync, and a busy one shares it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use fjall::PersistMode;
use tocsin_flow::{Arrivals, Fault, Peer, Room};
use tocsin_model::Rejected;
use tokio::sync::oneshot;

use crate::layout::{Key, Space};
use crate::tx::{Disk, store_fault};

/// How many senders may wait at once; the next one is pushed back.
const WAITING_MAX: usize = 4_096;
/// How many posts share one sync at most.
const GATHER_POSTS_MAX: usize = 20_000;

/// What is asked of the thread.
enum Request {
    /// Keep these, sync, answer with the position after them.
    Append(Box<Arrivals>, oneshot::Sender<Result<u64, Fault>>),
    /// Sync what is there.
    Sync(oneshot::Sender<Result<u64, Fault>>),
}

/// The handle of the thread. The thread lets go of the folder before a drop comes back.
pub(crate) struct Syncer {
    requests: Option<SyncSender<Request>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by itself.
            drop(thread.join());
        }
    }
}

impl Syncer {
    /// `end`: the first position not in the log. `numbers`: the next number of a rejected record.
    pub(crate) fn start(disk: Disk, room: Room, end: u64, numbers: Arc<AtomicU64>) -> Result<Syncer, Fault> {
        let (requests, inbox) = sync_channel(WAITING_MAX);
        let thread = thread::Builder::new()
            .name("tocsin-sync".into())
            .spawn(move || work(&disk, &room, &inbox, end, &numbers))
            .map_err(store_fault)?;
        Ok(Syncer { requests: Some(requests), thread: Some(thread) })
    }

    /// Comes back with the position after the arrivals when they are durable.
    pub(crate) async fn append(&self, arrivals: Arrivals) -> Result<u64, Fault> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Append(Box::new(arrivals), reply))?;
        answer.await.map_err(|_| store_fault("the sync thread has ended"))?
    }

    /// Comes back when all that was committed before is durable.
    pub(crate) async fn sync(&self) -> Result<(), Fault> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Sync(reply))?;
        answer.await.map_err(|_| store_fault("the sync thread has ended"))??;
        Ok(())
    }

    fn send(&self, request: Request) -> Result<(), Fault> {
        let taken = self.requests.as_ref().is_some_and(|requests| requests.try_send(request).is_ok());
        let full = || Fault::Unavailable {
            peer: Peer::Pipeline,
            why: format!("{WAITING_MAX} senders are waiting for a sync"),
            retry_after: Some(std::time::Duration::from_secs(1)),
        };
        if taken { Ok(()) } else { Err(full()) }
    }
}

fn work(disk: &Disk, room: &Room, inbox: &Receiver<Request>, mut end: u64, numbers: &AtomicU64) {
    while let Ok(first) = inbox.recv() {
        let mut gathered = vec![first];
        let mut posts = count(&gathered[0]);
        while posts < GATHER_POSTS_MAX {
            let Ok(next) = inbox.try_recv() else { break };
            posts += count(&next);
            gathered.push(next);
        }
        let started = room.clock.steady();
        let outcome = write(disk, &mut gathered, end, numbers);
        room.meters.synced(room.clock.steady().saturating_sub(started), gathered.len());
        if let Ok(after) = outcome {
            end = after;
        }
        for request in gathered {
            let (Request::Append(_, reply) | Request::Sync(reply)) = request;
            // A sender who has gone away needs no answer.
            drop(reply.send(outcome.clone()));
        }
    }
}

fn count(request: &Request) -> usize {
    match request {
        Request::Append(arrivals, _) => arrivals.posts.len() + arrivals.rejected.len(),
        Request::Sync(_) => 0,
    }
}

fn write(disk: &Disk, gathered: &mut [Request], end: u64, numbers: &AtomicU64) -> Result<u64, Fault> {
    let mut batch = disk.db.batch();
    let mut next = end;
    for request in gathered {
        let Request::Append(arrivals, _) = request else { continue };
        for post in arrivals.posts.drain(..) {
            let mut value = Vec::with_capacity(8 + post.json.len());
            value.extend_from_slice(&post.arrived.millis().to_be_bytes());
            value.extend_from_slice(&post.json);
            batch.insert(disk.space(Space::Log), next.to_be_bytes().to_vec(), value);
            next += 1;
        }
        for rejected in arrivals.rejected.drain(..) {
            let (key, row) = rejected_row(numbers.fetch_add(1, Ordering::Relaxed), &rejected);
            batch.insert(disk.space(Space::Rejected), key, row);
        }
        if let Some(cursor) = arrivals.cursor.take() {
            batch.insert(disk.space(Space::Meta), cursor_key(&cursor.key), cursor.at);
        }
    }
    batch.commit().map_err(store_fault)?;
    disk.db.persist(PersistMode::SyncData).map_err(store_fault)?;
    Ok(next)
}

/// A rejected record: by its number, with its time before it so that it can be forgotten unread.
pub(crate) fn rejected_row(number: u64, rejected: &Rejected) -> (Vec<u8>, Vec<u8>) {
    let mut row = rejected.at.millis().to_be_bytes().to_vec();
    row.extend_from_slice(&tocsin_wire::write_rejected(rejected));
    (Key::of(b'r').number(number).bytes(), row)
}

pub(crate) fn cursor_key(key: &str) -> Vec<u8> {
    Key::of(b'c').raw(key.as_bytes()).bytes()
}
