//! All files of one inlet: found, read from where they were left, looked at again when something was written.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tocsin_flow::{Cursor, Fault, Intake, Room, Stop};

use crate::file::FileConfig;
use crate::file::handing::{Handed, arrivals, hand_in};
use crate::file::mark::Mark;
use crate::file::pass::{Met, Pass, canonical};
use crate::file::paths::{Found, Stamp, find};
use crate::file::watch::Watch;

/// How often the inlet looks by itself whether something was written, in seconds.
const LOOK_SECONDS: u64 = 2;

/// The files of one inlet and how far each has been read. There is one entry a file that is there now.
pub(super) struct Reader {
    config: Arc<FileConfig>,
    intake: Arc<dyn Intake>,
    room: Room,
    stop: Stop,
    known: BTreeMap<PathBuf, Known>,
}

/// What is remembered of a file between two looks.
#[derive(Default)]
struct Known {
    /// As it was when it was last read to its end.
    read: Option<Stamp>,
    /// How far that was.
    mark: Option<Mark>,
    /// The last fault that was logged, so that it is said once.
    told: Option<String>,
}

impl Reader {
    pub(super) fn new(config: Arc<FileConfig>, intake: Arc<dyn Intake>, room: Room, stop: Stop) -> Reader {
        Reader { config, intake, room, stop, known: BTreeMap::new() }
    }

    /// Until there is nothing more to read, or, when the config says to follow, until it is time to stop.
    pub(super) async fn read_all(mut self) -> Result<(), Fault> {
        let watch = self.config.follow.then(|| Watch::at(&self.config.paths, &self.config.name));
        let mut told_missing = Vec::new();
        loop {
            let paths = self.config.paths.clone();
            let found = blocking(move || Ok(find(&paths))).await.unwrap_or_default();
            let fault = self.read_found(&found).await?;
            if self.stop.is_set() {
                return Ok(());
            }
            let Some(watch) = &watch else {
                return match fault.or_else(|| self.missing(&found)) {
                    Some(fault) => Err(fault),
                    None => Ok(()),
                };
            };
            if found.missing != told_missing {
                for (path, why) in &found.missing {
                    tracing::warn!(
                        inlet = self.config.name,
                        path,
                        why,
                        "nothing to read here yet; waiting for it"
                    );
                }
                told_missing = found.missing;
            }
            tokio::select! {
                () = self.stop.wait() => return Ok(()),
                () = watch.changed() => {}
                () = self.room.clock.wait(Duration::from_secs(LOOK_SECONDS)) => {}
            }
        }
    }

    /// Reads what is new. Gives back the first file's fault, after all others have been read.
    async fn read_found(&mut self, found: &Found) -> Result<Option<Fault>, Fault> {
        self.known.retain(|path, _| found.files.contains_key(path));
        let mut first = None;
        for (path, stamp) in &found.files {
            if self.stop.is_set() {
                break;
            }
            let mut known = self.known.remove(path).unwrap_or_default();
            if known.read != Some(*stamp) {
                match self.read_file(path, &mut known).await {
                    Ok(Handed::In) => known.read = Some(*stamp),
                    Ok(Handed::Stopped) => break,
                    Err(Trouble::Ours(fault)) => return Err(fault),
                    Err(Trouble::File(fault)) => {
                        if is_of_content(&fault) {
                            known.read = Some(*stamp);
                        }
                        let why = self.tell(path, &mut known, &fault);
                        first.get_or_insert(why);
                    }
                }
            }
            self.known.insert(path.clone(), known);
        }
        Ok(first)
    }

    /// Reads one file to the end of what can be taken now.
    async fn read_file(&self, path: &Path, known: &mut Known) -> Result<Handed, Trouble> {
        let key = format!("file:{}:{}", self.config.name, canonical(path).display());
        if known.mark.is_none() {
            known.mark = self.recall(&key).await?;
        }
        let (config, at, left) = (self.config.clone(), path.to_owned(), known.mark.clone());
        let mut pass = blocking(move || Pass::open(&at, &config, left)).await?;
        if pass.met == Met::Replaced {
            tracing::warn!(inlet = self.config.name, path = %path.display(), "another file than before; read from its beginning");
        }
        known.mark = Some(pass.mark.clone());
        loop {
            let (back, haul) = blocking(move || {
                let haul = pass.next_haul();
                Ok((pass, haul))
            })
            .await?;
            pass = back;
            let haul = haul?;
            if haul.records.is_empty() {
                known.told = None;
                return Ok(Handed::In);
            }
            let cursor = Cursor { key: key.clone(), at: pass.mark.to_bytes() };
            let arrivals = arrivals(haul.records, &path.to_string_lossy(), &self.room, Some(cursor));
            let handed = hand_in(arrivals, &self.config.name, &*self.intake, &self.room, &self.stop);
            match handed.await.map_err(Trouble::Ours)? {
                Handed::In => known.mark = Some(pass.mark.clone()),
                Handed::Stopped => return Ok(Handed::Stopped),
            }
            if self.stop.is_set() {
                return Ok(Handed::Stopped);
            }
        }
    }

    /// Where the file was left before the process started.
    async fn recall(&self, key: &str) -> Result<Option<Mark>, Trouble> {
        let mut delays = self.room.backoff.delays();
        loop {
            match self.intake.cursor(key) {
                Ok(None) => return Ok(None),
                Ok(Some(bytes)) => {
                    let mark = Mark::from_bytes(&bytes);
                    if mark.is_none() {
                        tracing::warn!(
                            inlet = self.config.name,
                            key,
                            "the cursor cannot be read; the file is read from its beginning"
                        );
                    }
                    return Ok(mark);
                }
                Err(Fault::Unavailable { retry_after, .. }) if !self.stop.is_set() => {
                    let delay = retry_after.or_else(|| delays.next()).unwrap_or_default();
                    tokio::select! {
                        () = self.stop.wait() => {}
                        () = self.room.clock.wait(delay) => {}
                    }
                }
                Err(fault) => return Err(Trouble::Ours(fault)),
            }
        }
    }

    /// Logs a file's fault unless it was the last one, and makes of it what an inlet that ends gives back.
    fn tell(&self, path: &Path, known: &mut Known, fault: &io::Error) -> Fault {
        let found = fault.to_string();
        if known.told.as_ref() != Some(&found) {
            tracing::warn!(inlet = self.config.name, path = %path.display(), fault = found, "the file cannot be read on");
            known.told = Some(found.clone());
        }
        self.misconfigured(&path.display().to_string(), found)
    }

    fn missing(&self, found: &Found) -> Option<Fault> {
        found.missing.first().map(|(path, why)| self.misconfigured(path, why.clone()))
    }

    fn misconfigured(&self, path: &str, found: String) -> Fault {
        Fault::Misconfigured {
            setting: format!("inlet {}: path {path}", self.config.name),
            found: format!("unreadable ({found})"),
            expected: "a file that can be read to its end".to_owned(),
        }
    }
}

/// What can go wrong with one file.
enum Trouble {
    /// The file's: the others can still be read.
    File(io::Error),
    /// Of the intake: nothing can be read on.
    Ours(Fault),
}

impl From<io::Error> for Trouble {
    fn from(fault: io::Error) -> Trouble {
        Trouble::File(fault)
    }
}

/// The same bytes will give the same fault: it is no use to read them again before they change.
fn is_of_content(fault: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    matches!(fault.kind(), InvalidData | InvalidInput | Other | UnexpectedEof)
}

/// Runs what blocks on a thread where nobody waits for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|fault| Err(io::Error::other(fault)))
}
