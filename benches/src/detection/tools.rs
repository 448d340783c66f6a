//! Other programs: tocsin itself, and the generators and scorers of the shared data.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;

use serde_json::Value;

use crate::Fault;

/// Where everything is.
pub(crate) struct Tools {
    tocsin: PathBuf,
    data: PathBuf,
    /// Where made-up streams lie.
    pub(crate) streams: PathBuf,
}

impl Tools {
    pub(crate) fn find(house: &Path, streams: PathBuf) -> Result<Tools, Fault> {
        let tocsin = std::env::current_exe()?.with_file_name("tocsin");
        if !tocsin.exists() {
            return Err(format!("{} is not there: `make detection` builds it first", tocsin.display()).into());
        }
        Ok(Tools { tocsin, data: house.join("../shared/data"), streams })
    }

    /// A file or folder of the shared data.
    pub(crate) fn data(&self, part: &str) -> Result<PathBuf, Fault> {
        let path = self.data.join(part);
        if path.exists() { Ok(path) } else { Err(format!("{} is not there", path.display()).into()) }
    }

    /// Does the same with many things, on all cores; what came of each, in their order.
    pub(crate) fn each<T: Sync, R: Send>(
        &self,
        what: &str,
        things: &[T],
        with: impl Fn(&T) -> Result<R, Fault> + Sync,
    ) -> Result<Vec<R>, Fault> {
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            loop {
                let place = next.fetch_add(1, Relaxed);
                let Some(thing) = things.get(place) else { return };
                eprint!("\r{what} {}/{} ", place + 1, things.len());
                // A fault goes from thread to thread in words.
                let came = with(thing).map_err(|fault| fault.to_string());
                done.lock().unwrap_or_else(PoisonError::into_inner).push((place, came));
            }
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
        eprintln!();
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, came)| came.map_err(Fault::from)).collect()
    }

    /// Runs tocsin; what it writes to standard output. A missed drill (4) is no fault here.
    pub(crate) fn tocsin(&self, with: impl FnOnce(&mut Command)) -> Result<String, Fault> {
        let mut command = Command::new(&self.tocsin);
        with(&mut command);
        said(&mut command, &[0, 4])
    }

    /// Runs a script of the shared data; what it writes to standard output.
    pub(crate) fn python(&self, script: &str, with: impl FnOnce(&mut Command)) -> Result<String, Fault> {
        let mut command = Command::new("python3");
        command.arg(self.data(script)?);
        with(&mut command);
        said(&mut command, &[0])
    }

    /// The same, of a script that answers in JSON.
    pub(crate) fn python_json(&self, script: &str, with: impl FnOnce(&mut Command)) -> Result<Value, Fault> {
        Ok(serde_json::from_str(&self.python(script, with)?)?)
    }
}

fn said(command: &mut Command, right: &[i32]) -> Result<String, Fault> {
    let output = command.stdin(Stdio::null()).output().map_err(|why| format!("{command:?}: {why}"))?;
    if output.status.code().is_some_and(|code| right.contains(&code)) {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("{command:?} ({}): {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}
