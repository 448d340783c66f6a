//! What is to come, and what came: at every tenth minute at which a made-up brand is talked of more than usual.

use tocsin_model::{EventTime, Span};
use tocsin_spike_detect::{Minutes, Outlook, SeriesJudge, SeriesRule, forecast};

use crate::page::{Page, table};
use crate::stream::Stream;
use crate::tools::Tools;
use crate::{Fault, row};

/// Nothing is asked in the first week.
const WARM_UP_MINUTES: usize = 7 * 1_440;
/// How often it is asked, in minutes.
const EVERY_MINUTES: usize = 10;
/// Minutes of a view.
const VIEW_MINUTES: usize = 75;
/// Shanghai's clock, in minutes before UTC's.
const ZONE_MINUTES: i64 = 480;

/// What it came to, for one horizon.
#[derive(Default)]
struct Score {
    asked: u64,
    inside: u64,
    /// Sums of errors in posts: ours, and that of "as in the last hour".
    error: f64,
    persistence: f64,
}

impl Score {
    fn add(&mut self, outlook: Outlook, came: f64, last_hour: f64) {
        self.asked += 1;
        self.inside += u64::from(outlook.low <= came && came <= outlook.high);
        self.error += (outlook.excess - came).abs();
        self.persistence += (last_hour - came).abs();
    }
}

pub(crate) fn measure(tools: &Tools, page: &Page) -> Result<(), Fault> {
    let mut scores = [Score::default(), Score::default()];
    let mut streams = 0;
    for stream in Stream::suite(tools, "tuning")? {
        // Late and lost posts are another matter, and a rival's crisis is nobody's cascade.
        if !["late", "outage", "rival"].contains(&stream.text("scenario")) {
            add(&stream, &mut scores)?;
            streams += 1;
        }
    }
    let mut rows = vec![row!["ahead", "asked", "error ÷ persistence's", "80 % interval holds"]];
    for (ahead, score) in ["1 h", "4 h"].iter().zip(&scores) {
        rows.push(row![
            ahead,
            score.asked,
            format!("{:.2}", score.error / score.persistence),
            format!("{:.0} %", 100.0 * score.inside as f64 / score.asked as f64),
        ]);
    }
    page.put("forecast", &format!("{}\n{streams} streams of the tuning suite.", table(&rows)))
}

fn add(stream: &Stream, scores: &mut [Score; 2]) -> Result<(), Fault> {
    let heard = stream.heard()?;
    let (Some(first), Some(last)) = (heard.first(), heard.last()) else { return Ok(()) };
    let mut counts = vec![0.0; (last.minute - first.minute + 1) as usize];
    heard.iter().for_each(|post| counts[(post.minute - first.minute) as usize] += 1.0);
    let at = |index: usize| EventTime::from_millis((first.minute + ZONE_MINUTES + index as i64) * 60_000);
    let mut judge = SeriesJudge::new(Span::from_minutes(1), SeriesRule::default());
    let mut expected = Vec::with_capacity(counts.len());
    for (index, count) in counts.iter().enumerate() {
        expected.push(judge.expected(at(index)).unwrap_or(*count));
        judge.next(at(index), *count);
        let now = index + 1;
        if now < WARM_UP_MINUTES || now % EVERY_MINUTES != 0 || now + 240 > counts.len() {
            continue;
        }
        let sum = |of: &[f64], minutes: usize| of[now - minutes..now].iter().sum::<f64>();
        let excess = |minutes| sum(&counts, minutes) - sum(&expected, minutes);
        let is_abnormal = |minutes| {
            let usual = sum(&expected, minutes);
            excess(minutes) >= 4.0 + 3.0 * (usual + 0.1 * usual * usual).sqrt()
        };
        if !is_abnormal(15) && !is_abnormal(60) {
            continue;
        }
        let ahead = |from: usize| {
            let minutes = now + from..now + from + 60;
            let usual: f64 = minutes.clone().filter_map(|m| judge.expected(at(m))).sum();
            (usual, counts[minutes].iter().sum::<f64>() - usual)
        };
        let ((usual_1h, came_1h), (usual_4h, came_4h)) = (ahead(0), ahead(180));
        let view = now - VIEW_MINUTES..now;
        let minutes = Minutes { heard: &counts[view.clone()], expected: &expected[view], passed: 1.0 };
        let told = forecast(minutes, [usual_1h, usual_4h]);
        scores[0].add(told.plus_1h, came_1h, excess(60).max(0.0));
        scores[1].add(told.plus_4h, came_4h, excess(60).max(0.0));
    }
    Ok(())
}
