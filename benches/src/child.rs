//! Another program: building it, running it, how long it computes and how much memory it takes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Fault;
use crate::watch::Wall;

/// Ticks a second in which Linux tells of CPU times (`USER_HZ`, the same everywhere).
const TICKS_A_SECOND: f64 = 100.0;

/// Builds `tocsin` as users run it. It lies beside this program.
pub(crate) fn build_tocsin(house: &Path) -> Result<PathBuf, Fault> {
    let path = std::env::current_exe()?.with_file_name("tocsin");
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "-p", "tocsin", "--quiet"])
        .current_dir(house)
        .stdin(Stdio::null())
        .status()?;
    if built.success() && path.exists() {
        Ok(path)
    } else {
        Err("tocsin could not be built: see what cargo says above".into())
    }
}

/// What a program took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    /// Seconds on the wall, from its start to its end.
    pub(crate) wall: f64,
    /// Seconds of CPU, all its threads together.
    pub(crate) cpu: f64,
    /// The most memory it held, in MiB.
    pub(crate) memory: f64,
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Result<Took, Fault> {
    let (wall, before) = (Wall::start(), children_cpu_seconds()?);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let stderr = child.stderr.take();
    let said = std::thread::spawn(move || stderr.map(std::io::read_to_string).transpose());
    let mut memory = 0.0;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let ended = runtime.block_on(async {
        loop {
            if let Some(ended) = child.try_wait()? {
                return Ok::<_, Fault>(ended);
            }
            memory = memory_of(&child).unwrap_or(memory);
            wall.reach(wall.elapsed() + Duration::from_millis(5)).await;
        }
    })?;
    let took = Took { wall: wall.elapsed().as_secs_f64(), cpu: children_cpu_seconds()? - before, memory };
    let said = said.join().map_err(|_| "reading what it said failed")??.unwrap_or_default();
    if ended.success() { Ok(took) } else { Err(format!("{command:?} failed ({ended}): {said}").into()) }
}

/// The most memory that a running program has held so far, in MiB.
pub(crate) fn memory_of(child: &Child) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}

/// CPU seconds of all programs that this one started and saw end.
fn children_cpu_seconds() -> Result<f64, Fault> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program stands in parentheses and may hold anything; fields are counted behind it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(13) + ticks(14)) / TICKS_A_SECOND)
}
