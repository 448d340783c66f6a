//! `tocsin backtest --counts`: a plain series of counts in, the same rows with a score out.
//!
//! One row comes out for each row that goes in, in order and as soon as it is read: nothing is known of what
//! follows. What cannot be judged has score 0 and is told on standard error.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use tocsin_inlets::records::{Line, RecordLines, open};
use tocsin_model::{EventTime, Span};
use tocsin_spike_detect::{SeriesJudge, SeriesReading, SeriesRule};
use tocsin_wire::{parse_rfc3339, rfc3339};

use crate::cli::Stop;
use crate::cli::args::Backtest;

/// From so many rows at most the bucket is found, where it is not given.
const ROWS_TO_FIND_BUCKET: usize = 1_000;
/// So many faults and gaps are told one by one.
const TOLD_MAX: usize = 5;

/// Runs the command.
///
/// # Errors
/// The file is no such series; inside: what input and output say.
pub(super) fn judge(path: &Path, typed: &Backtest, output: &mut impl Write) -> Result<io::Result<()>, Stop> {
    let mut rows = Rows::open(&path.display().to_string())?;
    let (first, bucket) = match typed.bucket {
        Some(bucket) => (Vec::new(), bucket),
        None => rows.find_bucket()?,
    };
    let judge = SeriesJudge::new(bucket, SeriesRule { cut: typed.cut });
    let mut judging = Judging { judge, bucket, last: None, report: Report::default() };
    let done = match &typed.out {
        Some(out) => File::create(out)
            .and_then(|file| judging.judge_all(first, rows, &mut BufWriter::new(file)))
            .map_err(|why| io::Error::new(why.kind(), format!("{}: {why}", out.display()))),
        None => judging.judge_all(first, rows, output),
    };
    let report = judging.report.words(bucket, typed.cut);
    if done.is_ok() && judging.report.judged == 0 {
        return Err(Stop::failed(format_args!("{}: no row could be judged\n{report}", path.display())));
    }
    // Where nobody reads standard error, the rows have to do.
    write!(anstream::stderr(), "{report}").ok();
    Ok(done)
}

/// A row as it stands in the file, and what it says.
struct Row {
    line: u64,
    stamp: String,
    value: String,
    read: Result<(EventTime, f64), String>,
}

/// The rows of a file with the columns `timestamp` and `value`; others are passed over.
struct Rows {
    path: String,
    lines: RecordLines<BufReader<Box<dyn io::Read + Send>>>,
    stamp: usize,
    value: usize,
}

impl Rows {
    fn open(path: &str) -> Result<Rows, Stop> {
        let mut lines = RecordLines::new(BufReader::new(open(path).map_err(Stop::usage)?));
        let header = lines.next_line().map_err(|why| Stop::failed(format_args!("{path}: {why}")))?;
        let header = header.map(|line| String::from_utf8_lossy(&line.bytes).into_owned()).unwrap_or_default();
        let place = |name: &str| cells(&header).position(|cell| cell.eq_ignore_ascii_case(name));
        match (place("timestamp"), place("value")) {
            (Some(stamp), Some(value)) => Ok(Rows { path: path.to_owned(), lines, stamp, value }),
            _ => Err(Stop::usage(format_args!(
                "{path}: the first line should name the columns timestamp and value; it is {header:?}\n  \
                 help: begin the file with the line: timestamp,value"
            ))),
        }
    }

    fn next(&mut self) -> io::Result<Option<Row>> {
        loop {
            let line = self.lines.next_line();
            match line.map_err(|why| io::Error::new(why.kind(), format!("{}: {why}", self.path)))? {
                None => return Ok(None),
                Some(line) if line.is_blank() => {}
                Some(line) => return Ok(Some(self.read(&line))),
            }
        }
    }

    fn read(&self, line: &Line) -> Row {
        let text = String::from_utf8_lossy(&line.bytes);
        let cell = |at: usize| cells(&text).nth(at).unwrap_or_default().to_owned();
        let (stamp, value) = (cell(self.stamp), cell(self.value));
        let read = match (time(&stamp), value.parse::<f64>()) {
            (None, _) => {
                Err(format!("{stamp:?} is no time; write 2026-03-01 08:05:00 or seconds since 1970"))
            }
            (Some(at), Ok(count)) if count.is_finite() && count >= 0.0 => Ok((at, count)),
            (Some(_), _) => Err(format!("{value:?} is no count; write a number that is not below 0")),
        };
        Row { line: line.number, stamp, value, read }
    }

    /// The first rows, and the step between stamps that is the most frequent among them.
    fn find_bucket(&mut self) -> Result<(Vec<Row>, Span), Stop> {
        let mut rows = Vec::new();
        while rows.len() < ROWS_TO_FIND_BUCKET {
            match self.next().map_err(Stop::failed)? {
                Some(row) => rows.push(row),
                None => break,
            }
        }
        let stamps: Vec<i64> =
            rows.iter().filter_map(|r| r.read.as_ref().ok()).map(|(at, _)| at.millis()).collect();
        let mut steps: Vec<i64> = stamps.windows(2).map(|w| w[1] - w[0]).filter(|step| *step > 0).collect();
        steps.sort_unstable();
        let runs = steps.chunk_by(|a, b| a == b);
        match runs.max_by_key(|run| (run.len(), -run[0])) {
            Some(run) => Ok((rows, Span::from_millis(run[0]))),
            None => Err(Stop::usage(format_args!(
                "{}: how long a bucket is does not show: there are no two rows with different times\n  \
                 help: say it, for example --bucket 5m",
                self.path
            ))),
        }
    }
}

/// The cells of a line. Numbers and times hold no commas, so quotes are only taken off.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"'))
}

/// RFC 3339; the same without an offset, as most such files have it; whole seconds since 1970.
fn time(text: &str) -> Option<EventTime> {
    let millis = parse_rfc3339(text)
        .or_else(|| parse_rfc3339(&format!("{text}Z")))
        .or_else(|| parse_rfc3339(&format!("{text}:00Z")))
        .or_else(|| text.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000)));
    millis.map(EventTime::from_millis)
}

/// The judge, and where it stands.
struct Judging {
    judge: SeriesJudge,
    bucket: Span,
    last: Option<EventTime>,
    report: Report,
}

impl Judging {
    fn judge_all(&mut self, first: Vec<Row>, mut rows: Rows, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "timestamp,value,anomaly_score")?;
        for row in first {
            self.write(&row, out)?;
        }
        while let Some(row) = rows.next()? {
            self.write(&row, out)?;
        }
        out.flush()
    }

    fn write(&mut self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        let reading = self.judge(row);
        writeln!(out, "{},{},{:.6}", row.stamp, row.value, reading.score)
    }

    fn judge(&mut self, row: &Row) -> SeriesReading {
        self.report.rows += 1;
        let (at, count) = match &row.read {
            Ok(read) => *read,
            Err(why) => {
                self.report.fault(row.line, why);
                return SeriesReading::NOTHING;
            }
        };
        if let Some(last) = self.last {
            if at <= last {
                let why = format!("{} is not after the row before it; rows should be in order", row.stamp);
                self.report.fault(row.line, &why);
                return SeriesReading::NOTHING;
            }
            if at.millis() - last.millis() > self.bucket.millis() * 3 / 2 {
                self.report.gap(last.plus(self.bucket), at);
            }
        }
        self.last = Some(at);
        let reading = self.judge.next(at, count);
        self.report.judged += 1;
        if reading.starts {
            self.report.alarm(row, &reading);
        }
        reading
    }
}

/// What is told at the end.
#[derive(Default)]
struct Report {
    rows: u64,
    judged: u64,
    alarms: Vec<String>,
    faults: Few,
    gaps: Few,
}

/// The first few of many.
#[derive(Default)]
struct Few {
    told: Vec<String>,
    count: usize,
}

impl Few {
    fn add(&mut self, words: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(words());
        }
    }

    fn write(&self, what: &str, into: &mut String) {
        if self.count > 0 {
            into.push_str(&format!("{what}: {}\n", self.count));
            self.told.iter().for_each(|words| into.push_str(&format!("  {words}\n")));
            if self.count > self.told.len() {
                into.push_str(&format!("  … and {} more\n", self.count - self.told.len()));
            }
        }
    }
}

impl Report {
    fn fault(&mut self, line: u64, why: &str) {
        self.faults.add(|| format!("line {line}: {why}"));
    }

    fn gap(&mut self, from: EventTime, to: EventTime) {
        self.gaps.add(|| format!("from {} to {}", rfc3339(from.millis()), rfc3339(to.millis())));
    }

    fn alarm(&mut self, row: &Row, reading: &SeriesReading) {
        let expected = reading.expected.unwrap_or_default();
        self.alarms.push(format!(
            "  {}  {} where {expected:.1} were expected; {:.1} times the usual daily peak\n",
            row.stamp, row.value, reading.peaks
        ));
    }

    fn words(&self, bucket: Span, cut: f64) -> String {
        let mut words =
            format!("{} rows, one every {}; the first day is learned from\n", self.rows, length(bucket));
        words.push_str(&match self.alarms.len() {
            0 => format!("no alarm: nothing reached {cut} times the usual daily peak\n"),
            1 => format!("1 alarm starts (score 0.5 and more: {cut} times the usual daily peak):\n"),
            n => format!("{n} alarms start (score 0.5 and more: {cut} times the usual daily peak):\n"),
        });
        self.alarms.iter().for_each(|alarm| words.push_str(alarm));
        self.gaps.write("gaps, of which nothing is said", &mut words);
        self.faults.write("rows that could not be judged (score 0)", &mut words);
        words
    }
}

fn length(span: Span) -> String {
    let seconds = span.millis() / 1_000;
    let (number, unit) = match seconds {
        s if s % 86_400 == 0 => (s / 86_400, "d"),
        s if s % 3_600 == 0 => (s / 3_600, "h"),
        s if s % 60 == 0 => (s / 60, "min"),
        s => (s, "s"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn run(text: &str, bucket: Option<i64>) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let counts = folder.path().join("counts.csv");
        std::fs::write(&counts, text).unwrap();
        let typed = Backtest { bucket: bucket.map(Span::from_minutes), cut: 1.4, ..Backtest::default() };
        let mut out = Vec::new();
        judge(&counts, &typed, &mut out)
            .map_err(|stop| stop.to_string().replace(&folder.path().display().to_string(), "FOLDER"))?
            .unwrap();
        Ok(String::from_utf8(out).unwrap())
    }

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&run(text, None).unwrap_or_else(|why| why));
    }

    /// Two days of 5 minutes, with a burst near the end.
    fn two_days() -> String {
        let mut text = "timestamp,value\n".to_owned();
        for i in 0..576 {
            let (day, minute) = (i / 288, i % 288 * 5);
            let value = if i >= 560 { 90 } else { 9 };
            text.push_str(&format!(
                "2026-03-{:02} {:02}:{:02}:00,{value}\n",
                2 + day,
                minute / 60,
                minute % 60
            ));
        }
        text
    }

    #[test]
    fn a_row_comes_out_for_each_row_and_the_alarm_is_one_row() {
        let out = run(&two_days(), None).unwrap();
        let rows: Vec<&str> = out.lines().collect();
        assert_eq!(rows.len(), 577);
        assert_eq!(rows[..2], ["timestamp,value,anomaly_score", "2026-03-02 00:00:00,9,0.000000"]);
        let score = |row: &&str| row.rsplit(',').next().unwrap().parse::<f64>().unwrap();
        let alarms: Vec<usize> = (1..577).filter(|i| score(&rows[*i]) >= 0.5).collect();
        assert!(matches!(alarms[..], [first] if (561..564).contains(&first)), "{alarms:?}");
        assert_eq!(out, run(&two_days(), Some(5)).unwrap(), "the bucket is found");
    }

    #[test]
    fn what_cannot_be_judged_has_score_0() {
        check(
            "value,timestamp,label\n1,2026-03-02 00:00,x\nmany,2026-03-02 00:05,x\n2,then,x\n-1,2026-03-02 00:10,x\n3,2026-03-02 00:15,x\n3,2026-03-02 00:15,x\n\n4,1772409600,\n",
            expect![[r#"
                timestamp,value,anomaly_score
                2026-03-02 00:00,1,0.000000
                2026-03-02 00:05,many,0.000000
                then,2,0.000000
                2026-03-02 00:10,-1,0.000000
                2026-03-02 00:15,3,0.000000
                2026-03-02 00:15,3,0.000000
                1772409600,4,0.000000
            "#]],
        );
    }

    #[test]
    fn what_is_no_series_is_told() {
        check(
            "time,count\n1,2\n",
            expect![[r#"
            FOLDER/counts.csv: the first line should name the columns timestamp and value; it is "time,count"
              help: begin the file with the line: timestamp,value"#]],
        );
        check(
            "timestamp,value\n2026-03-02 00:00,1\n",
            expect![[r#"
            FOLDER/counts.csv: how long a bucket is does not show: there are no two rows with different times
              help: say it, for example --bucket 5m"#]],
        );
        check(
            "timestamp,value\nx,1\ny,2\n",
            expect![[r#"
            FOLDER/counts.csv: how long a bucket is does not show: there are no two rows with different times
              help: say it, for example --bucket 5m"#]],
        );
        check(
            "",
            expect![[r#"
            FOLDER/counts.csv: the first line should name the columns timestamp and value; it is ""
              help: begin the file with the line: timestamp,value"#]],
        );
    }
}
