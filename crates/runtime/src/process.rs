//! What the system knows of this process: memory, processor time, open files. Read from `/proc` at each
//! look at the metrics, under the names that every Prometheus user knows. Not on Linux: nothing.

use std::fs;
use std::sync::{Mutex, PoisonError};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, IntGauge};

/// The unit of times in `/proc`: Linux tells them to programs in hundredths of a second, whatever its
/// own clock does (USER_HZ, on all machines that Rust's standard library runs on).
const TICKS_A_SECOND: f64 = 100.0;

/// The `process_*` metrics.
pub(crate) struct Process {
    cpu: Counter,
    /// Held while the counter is caught up, so that two looks at once do not add the same time twice.
    catching_up: Mutex<()>,
    resident: IntGauge,
    virtual_memory: IntGauge,
    threads: IntGauge,
    open_fds: IntGauge,
    max_fds: IntGauge,
    started: Gauge,
}

impl Process {
    pub(crate) fn new() -> prometheus::Result<Process> {
        Ok(Process {
            cpu: Counter::new("process_cpu_seconds_total", "Processor time used, in seconds.")?,
            catching_up: Mutex::new(()),
            resident: IntGauge::new("process_resident_memory_bytes", "Memory held in RAM, in bytes.")?,
            virtual_memory: IntGauge::new("process_virtual_memory_bytes", "Addresses held, in bytes.")?,
            threads: IntGauge::new("process_threads", "Threads that run or wait.")?,
            open_fds: IntGauge::new("process_open_fds", "Open files and sockets.")?,
            max_fds: IntGauge::new("process_max_fds", "How many files and sockets may be open.")?,
            started: Gauge::new(
                "process_start_time_seconds",
                "When the process started, in seconds since 1970-01-01T00:00Z.",
            )?,
        })
    }

    fn members(&self) -> [&dyn Collector; 7] {
        let first: [&dyn Collector; 4] = [&self.cpu, &self.resident, &self.virtual_memory, &self.threads];
        [first[0], first[1], first[2], first[3], &self.open_fds, &self.max_fds, &self.started]
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.members().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let Some(now) = Figures::read() else { return Vec::new() };
        {
            let _one_at_a_time = self.catching_up.lock().unwrap_or_else(PoisonError::into_inner);
            self.cpu.inc_by((now.cpu_seconds - self.cpu.get()).max(0.0));
        }
        self.resident.set(now.resident_bytes);
        self.virtual_memory.set(now.virtual_bytes);
        self.threads.set(now.threads);
        self.open_fds.set(now.open_fds);
        self.max_fds.set(now.max_fds);
        self.started.set(now.started);
        self.members().into_iter().flat_map(Collector::collect).collect()
    }
}

#[derive(Debug, PartialEq)]
struct Figures {
    cpu_seconds: f64,
    resident_bytes: i64,
    virtual_bytes: i64,
    threads: i64,
    open_fds: i64,
    max_fds: i64,
    started: f64,
}

impl Figures {
    fn read() -> Option<Figures> {
        let file = |name: &str| fs::read_to_string(name).ok();
        let open_fds = fs::read_dir("/proc/self/fd").ok()?.count();
        Figures::parse(
            &file("/proc/self/stat")?,
            &file("/proc/self/status")?,
            &file("/proc/self/limits")?,
            &file("/proc/stat")?,
            i64::try_from(open_fds).ok()?,
        )
    }

    /// From the four files as proc(5) describes them.
    fn parse(stat: &str, status: &str, limits: &str, system: &str, open_fds: i64) -> Option<Figures> {
        // The second field is the program's name, which may hold spaces and brackets: count from behind it.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<i64>().ok();
        let after = |text: &str, head: &str| {
            let line = text.lines().find_map(|l| l.strip_prefix(head).map(str::to_owned))?;
            line.split_whitespace().next()?.parse::<i64>().ok()
        };
        Some(Figures {
            cpu_seconds: (field(14)? + field(15)?) as f64 / TICKS_A_SECOND,
            resident_bytes: after(status, "VmRSS:")? * 1024,
            virtual_bytes: field(23)?,
            threads: field(20)?,
            open_fds,
            // "unlimited" is no number.
            max_fds: after(limits, "Max open files").unwrap_or(i64::MAX),
            started: after(system, "btime ")? as f64 + field(22)? as f64 / TICKS_A_SECOND,
        })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_four_files_are_read_as_proc_5_says() {
        let stat = "17 (toc) sin (x) S 1 17 17 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 12 0 500 1048576 300 18";
        let status = "Name:\ttoc\nVmPeak:\t   9 kB\nVmRSS:\t   2048 kB\n";
        let limits =
            "Limit     Soft Limit Hard Limit Units\nMax open files            1024     4096   files\n";
        let system = "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n";
        expect![[r#"
            Some(
                Figures {
                    cpu_seconds: 3.0,
                    resident_bytes: 2097152,
                    virtual_bytes: 1048576,
                    threads: 12,
                    open_fds: 7,
                    max_fds: 1024,
                    started: 1700000005.0,
                },
            )
        "#]]
        .assert_debug_eq(&Figures::parse(stat, status, limits, system, 7));
    }

    #[test]
    fn a_file_that_reads_otherwise_gives_nothing() {
        assert_eq!(Figures::parse("17 (tocsin) S 1", "", "", "", 1), None);
        assert_eq!(Figures::parse("", "", "", "", 1), None);
    }

    #[test]
    fn this_process_has_memory_and_files() {
        let now = Figures::read().unwrap();
        assert!(now.resident_bytes > 100_000 && now.open_fds > 2 && now.threads > 0, "{now:?}");
    }
}
