//! Series on which nothing happens: how often a plain series alarms all the same.

use tocsin_laws::Dice;
use tocsin_model::{EventTime, Span};
use tocsin_spike_detect::{SeriesJudge, SeriesRule};

use crate::page::{Page, table};
use crate::tools::Tools;
use crate::{Fault, row};

const BUCKETS: [i64; 3] = [5, 15, 60];
const MEANS: [f64; 5] = [0.1, 1.0, 10.0, 100.0, 1_000.0];
/// Variance over mean squared beyond Poisson: none, and what made-up brands have in five minutes.
const PHIS: [f64; 2] = [0.0, 0.15];
const SERIES: u64 = 24;
const DAYS: i64 = 60;

pub(crate) fn measure(_: &Tools, page: &Page) -> Result<(), Fault> {
    let mut rows = vec![row!["bucket", "beyond Poisson", "0.1 a bucket", "1", "10", "100", "1,000"]];
    for bucket in BUCKETS {
        for phi in PHIS {
            let mut row = row![format!("{bucket} min"), phi];
            row.extend(MEANS.iter().map(|mean| format!("{:.2}", alarms_a_month(bucket, *mean, phi))));
            rows.push(row);
        }
    }
    page.put("quiet", &table(&rows))
}

fn alarms_a_month(bucket: i64, mean: f64, phi: f64) -> f64 {
    let mut alarms = 0;
    for seed in 0..SERIES {
        let mut dice = Dice::new(seed);
        let mut judge = SeriesJudge::new(Span::from_minutes(bucket), SeriesRule::default());
        for index in 0..DAYS * 1_440 / bucket {
            let at = index * bucket * 60_000;
            let count = dice.restless(mean * by_hour(at), phi);
            alarms += usize::from(judge.next(EventTime::from_millis(at), count).starts);
        }
    }
    alarms as f64 / (SERIES as f64 * DAYS as f64 / 30.0)
}

/// Nights of a tenth, weekends of 0.6; 1 on average.
fn by_hour(at: i64) -> f64 {
    let hour = at.rem_euclid(86_400_000) as f64 / 3_600_000.0;
    let day = 1.0 + 0.9 * ((hour - 15.0) / 24.0 * std::f64::consts::TAU).cos();
    if (at.div_euclid(86_400_000) + 3).rem_euclid(7) >= 5 { 0.6 * day } else { 1.16 * day }
}
