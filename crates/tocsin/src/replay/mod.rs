//! `tocsin replay`: recorded posts with recorded time, through the real pipeline.
//!
//! Files are merged by the time of their records, handed to the same intake as everything else, and read by
//! the same chain. How far it got is kept with the posts: the same command on the same folder goes on there.

mod entry; // one record of a recording
mod order; // many files, one order
mod outs; // what a replay writes
mod over; // through services that run elsewhere
mod progress; // the line that moves

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tocsin_embedded::Keep;
use tocsin_flow::{Arrivals, Cursor, Fault, Intake, Room, Stop};
use tocsin_model::{ArrivalTime, DAY, Span};
use tocsin_runtime::stop_on_signals;

use crate::cli::args::{Carrier, Replay, Speed};
use crate::cli::{self, Exit};
use crate::house::{Feed, House, Told, keep, knowledge};

pub(crate) use entry::Entry;
pub(crate) use order::{Recording, Sorter};
pub(crate) use progress::Progress;

/// Posts handed in at once.
const TOGETHER: usize = 2_000;

/// How far ahead of this machine's clock a recording may be dated: clocks are wrong at times, but not by more.
pub(crate) const AHEAD_MAX: Span = Span::from_millis(366 * DAY.millis());

/// Runs the command.
pub(crate) fn replay(typed: &Replay, log: &str) -> Result<(), cli::Stop> {
    let config = crate::config::load(typed.place.config.as_deref(), crate::config::environment())?;
    let _guard = tocsin_runtime::init(crate::house::log_format(config.log.format), log, None)?;
    let temporary = match typed.place.data {
        Some(_) => None,
        None => Some(tempfile::tempdir().map_err(cli::Stop::failed)?),
    };
    let folder = match (&typed.place.data, &temporary) {
        (Some(folder), _) => folder.as_path(),
        (None, Some(temporary)) => temporary.path(),
        (None, None) => unreachable!("one of them was just made"),
    };
    let mut outs = outs::Outs::create(typed)?;
    let runtime = tokio::runtime::Runtime::new().map_err(cli::Stop::failed)?;
    let house = House::new();
    let latest = house.room.clock.now().plus(AHEAD_MAX);
    let warm_up = Recording::open(&typed.warm_up, folder, latest)?;
    let recording = Recording::open(&typed.files, folder, latest)?;
    if typed.carrier == Carrier::Kafka {
        return over::replay(&house, &runtime, &config, &recording, typed.speed, &mut outs);
    }
    let store = house.open(folder, keep_all(keep(&config)))?;
    let mut ended = Fed::default();
    runtime.block_on(async {
        stop_on_signals(house.stopper.clone()).map_err(cli::Stop::failed)?;
        for (recording, told) in [(&warm_up, Told::NothingJudged), (&recording, Told::Nobody)] {
            if recording.posts() > 0 && !ended.stopped {
                let (count, key) = (recording.posts(), recording.key());
                let feed = Feed { count, speed: typed.speed, key, secret: None };
                let known = knowledge(&config, told)?;
                ended.add(house.run_through(&store, known, feed, recording.entries()?).await?);
            }
        }
        Ok::<(), cli::Stop>(())
    })?;
    if ended.stopped {
        let words = "stopped before the end; the same command with the same --data goes on from here";
        return Err(cli::Stop { exit: Exit::Failed, words: words.into() });
    }
    outs.write(&store.office(), &ended, warm_up.disorder() + recording.disorder())
}

/// What a replay is run for does not go by age while it runs, however long the recording is: counts, signals,
/// incidents and what was rejected are written out at its end. A process that lives on the folder later forgets as
/// its config says.
pub(crate) fn keep_all(keep: Keep) -> Keep {
    const ALL: Span = Span::from_millis(i64::MAX);
    Keep { counts: ALL, rejected: ALL, incidents: ALL, ..keep }
}

/// Hands entries in, at the speed asked for.
pub(crate) struct Feeder {
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) room: Room,
    pub(crate) stop: Stop,
    pub(crate) speed: Speed,
    /// Under which name it is kept how far it got.
    pub(crate) key: String,
}

/// What was handed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fed {
    /// Entries that had been handed in before.
    pub(crate) before: u64,
    /// Posts.
    pub(crate) posts: u64,
    /// Records that are no post.
    pub(crate) rejected: u64,
    /// It was told to stop before the end.
    pub(crate) stopped: bool,
}

impl Fed {
    fn add(&mut self, more: Fed) {
        self.before += more.before;
        self.posts += more.posts;
        self.rejected += more.rejected;
        self.stopped |= more.stopped;
    }
}

impl Feeder {
    /// Feeds to the end, or until told to stop.
    pub(crate) async fn feed(
        &self,
        entries: impl Iterator<Item = Result<Entry, cli::Stop>>,
        progress: &Progress,
    ) -> Result<Fed, cli::Stop> {
        let at =
            self.intake.cursor(&self.key)?.and_then(|at| at.try_into().ok()).map_or(0, u64::from_be_bytes);
        let mut fed = Fed { before: at, ..Fed::default() };
        let mut count = 0u64;
        let mut together = Arrivals::default();
        let began = self.room.clock.steady();
        let mut first = None;
        for entry in entries {
            let entry = entry?;
            count += 1;
            if count <= at {
                continue;
            }
            if let Speed::Times(times) = self.speed {
                let first = *first.get_or_insert(entry.at);
                let due =
                    Duration::from_secs_f64(entry.at.after(first).millis().max(0) as f64 / 1000.0 / times);
                let wait = (began + due).saturating_sub(self.room.clock.steady());
                if !wait.is_zero() {
                    self.hand_in(&mut together, count - 1).await?;
                    tokio::select! {
                        () = self.room.clock.wait(wait) => {}
                        () = self.stop.wait() => {}
                    }
                }
            }
            if self.stop.is_set() {
                fed.stopped = true;
                break;
            }
            progress.entry(entry.at);
            match entry.arrival {
                Ok(arrival) => {
                    fed.posts += 1;
                    together.posts.push(arrival);
                }
                Err(mut rejected) => {
                    // Before the first post there is no recorded time.
                    if rejected.at <= BEFORE_ALL {
                        rejected.at = self.room.clock.now();
                    }
                    fed.rejected += 1;
                    together.rejected.push(*rejected);
                }
            }
            if together.posts.len() + together.rejected.len() >= TOGETHER {
                self.hand_in(&mut together, count).await?;
            }
        }
        if !fed.stopped {
            self.hand_in(&mut together, count).await?;
        }
        Ok(fed)
    }

    async fn hand_in(&self, together: &mut Arrivals, count: u64) -> Result<(), Fault> {
        if together.posts.is_empty() && together.rejected.is_empty() {
            return Ok(());
        }
        together.cursor = Some(Cursor { key: self.key.clone(), at: count.to_be_bytes().to_vec() });
        loop {
            match self.intake.take(together.clone()).await {
                Ok(()) => {
                    *together = Arrivals::default();
                    return Ok(());
                }
                Err(Fault::Unavailable { .. }) if !self.stop.is_set() => {
                    self.room.clock.wait(Duration::from_millis(20)).await;
                }
                Err(fault) => return Err(fault),
            }
        }
    }
}

/// A file's name as it was typed; `-` is standard input.
pub(crate) fn shown(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() }
}

/// The arrival time that stands for no time at all: before every post.
pub(crate) const BEFORE_ALL: ArrivalTime = ArrivalTime::from_millis(i64::MIN / 4);
