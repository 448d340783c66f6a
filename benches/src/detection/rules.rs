//! What people use now, as their documentation has it, on the number of posts alone.

/// A rule: the minutes at which it alarms, given the posts of each minute.
pub(crate) type Rule = fn(&[u32]) -> Vec<usize>;

/// All of them.
pub(crate) const RULES: &[(&str, Rule)] = &[
    ("ElastAlert2 spike, 1 h ×3", elastalert),
    ("Huginn peak, hourly, 3 σ over 14 d", huginn),
    ("z-score of 1 h against a week, > 3", z_score),
];

/// Posts before each minute, so that any stretch is a subtraction.
fn sums(counts: &[u32]) -> Vec<u64> {
    let mut sums = vec![0];
    for count in counts {
        sums.push(sums[sums.len() - 1] + u64::from(*count));
    }
    sums
}

/// Of the minutes at which a rule holds those at which somebody is told: after each of them nobody is, for so long.
fn told(holds: impl Iterator<Item = usize>, silent_minutes: usize) -> Vec<usize> {
    let mut told: Vec<usize> = Vec::new();
    for minute in holds {
        if told.last().is_none_or(|last| minute - last >= silent_minutes) {
            told.push(minute);
        }
    }
    told
}

/// `type: spike`, `timeframe: 1 hour`, `spike_height: 3`, `threshold_ref: 10`: this hour against the hour before. After an
/// alarm both hours are emptied, and have to fill again.
fn elastalert(counts: &[u32]) -> Vec<usize> {
    let sums = sums(counts);
    let holds = |now: &usize| {
        let (current, reference) = (sums[*now] - sums[now - 60], sums[now - 60] - sums[now - 120]);
        reference >= 10 && current >= 3 * reference
    };
    told((120..sums.len()).filter(holds), 120)
}

/// PeakDetectorAgent: once an hour, 3 standard deviations above the mean of 14 days of hours; peaks are two days apart.
fn huginn(counts: &[u32]) -> Vec<usize> {
    told(by_deviations(&sums(counts), 14 * 24, 60), 2 * 1_440)
}

/// `(rate[1h] - avg_over_time[1w]) / stddev_over_time[1w] > 3`, looked at each minute; told again after four hours, as
/// Alertmanager does.
fn z_score(counts: &[u32]) -> Vec<usize> {
    told(by_deviations(&sums(counts), 7 * 24, 1), 4 * 60)
}

/// The minutes, of every so many, whose last hour lies 3 standard deviations above the hours before it.
fn by_deviations(sums: &[u64], hours: usize, every: usize) -> impl Iterator<Item = usize> {
    (120..sums.len()).step_by(every).filter(move |now| {
        let known = (now / 60 - 1).min(hours);
        let of_hour = |back: usize| (sums[now - 60 * back] - sums[now - 60 * (back + 1)]) as f64;
        let mean = (1..=known).map(of_hour).sum::<f64>() / known as f64;
        let variance = (1..=known).map(|back| (of_hour(back) - mean).powi(2)).sum::<f64>() / known as f64;
        known >= 24 && of_hour(0) > mean + 3.0 * variance.sqrt()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_sees_a_hundredfold_hour_once_and_nothing_in_a_steady_week() {
        let steady = vec![1; 9 * 1_440];
        let mut burst = steady.clone();
        burst[8 * 1_440..8 * 1_440 + 60].fill(100);
        for (name, rule) in RULES {
            assert!(rule(&steady).is_empty(), "{name}");
            assert!(matches!(rule(&burst)[..], [at] if (8 * 1_440..8 * 1_440 + 121).contains(&at)), "{name}");
        }
    }
}
