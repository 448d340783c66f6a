//! What people use now, as their sources have it, on the number of posts alone.

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
/// alarm the hour before is emptied, and nothing is looked at for two hours (ElastAlert2, `ruletypes.py`, `SpikeRule`).
fn elastalert(counts: &[u32]) -> Vec<usize> {
    let sums = sums(counts);
    let holds = |now: &usize| {
        let (current, reference) = (sums[*now] - sums[now - 60], sums[now - 60] - sums[now - 120]);
        reference >= 10 && current >= 3 * reference
    };
    told((120..sums.len()).filter(holds), 120)
}

/// Fed with the count of each hour: a peak is an hour that is 3 standard deviations above the mean of all before it in the
/// last 14 days and higher than the hour after it, so it is told when that one is over; peaks are two days
/// apart (Huginn, `peak_detector_agent.rb`, with its defaults).
fn huginn(counts: &[u32]) -> Vec<usize> {
    const WINDOW: usize = 14 * 24;
    const SPACING: usize = 48;
    let hours: Vec<f64> = counts.chunks_exact(60).map(|hour| hour.iter().sum::<u32>().into()).collect();
    let (mut told, mut last) = (Vec::new(), None);
    for newest in 4..hours.len() {
        let (peak, known) = (hours[newest - 1], &hours[(newest + 1).saturating_sub(WINDOW)..newest - 1]);
        let (mean, deviation) = mean_and_deviation(known);
        if last.is_none_or(|last| newest - last > SPACING)
            && hours[newest] < peak
            && peak > mean + 3.0 * deviation
        {
            last = Some(newest - 1);
            told.push((newest + 1) * 60);
        }
    }
    told
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
    (mean, variance.sqrt())
}

/// `(rate[1h] - avg_over_time[1w]) / stddev_over_time[1w] > 3`, looked at each minute; told again after four hours, as
/// Alertmanager does.
fn z_score(counts: &[u32]) -> Vec<usize> {
    let sums = sums(counts);
    let holds = |now: &usize| {
        let known = (now / 60 - 1).min(7 * 24);
        let of_hour = |back: usize| (sums[now - 60 * back] - sums[now - 60 * (back + 1)]) as f64;
        let hours: Vec<f64> = (1..=known).map(of_hour).collect();
        let (mean, deviation) = mean_and_deviation(&hours);
        known >= 24 && of_hour(0) > mean + 3.0 * deviation
    };
    told((120..sums.len()).filter(holds), 4 * 60)
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
            assert!(
                matches!(rule(&burst)[..], [at] if (8 * 1_440..=8 * 1_440 + 120).contains(&at)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_peak_is_told_when_the_next_hour_is_lower_and_not_again_for_two_days() {
        let mut counts = vec![1; 9 * 1_440];
        for peak in [100, 120, 149] {
            counts[peak * 60..(peak + 1) * 60].fill(50);
        }
        assert_eq!(huginn(&counts), [102 * 60, 151 * 60]);
    }
}
