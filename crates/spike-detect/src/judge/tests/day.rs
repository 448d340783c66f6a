//! What only a day shows.

use super::*;

/// Hours of ordinary life before.
const BEFORE: usize = 240;

#[test]
fn a_drift_that_only_a_day_shows_is_told_while_it_goes_on_and_not_when_it_is_over() {
    let (mut brand, rule) = (Brand::new(), Rule::default());
    let mut told: Vec<(usize, u32)> = Vec::new();
    // Four of twenty an hour are usually negative; for a day it is six of twenty-two.
    for (hour, (calm, angry)) in hours("20*240 20+2*24 20*36").into_iter().enumerate() {
        for minute in 0..60 {
            brand.lives(minute, calm, angry);
            for signal in brand.judge(&rule) {
                if let State::Abnormal { evidence, .. } = &signal.state {
                    assert!(recompute(evidence).is_some_and(|again| again.is_abnormal));
                    told.push((hour, evidence.window_minutes / 60));
                }
            }
        }
    }
    assert!(!told.is_empty());
    for (hour, window) in told {
        assert!((BEFORE..BEFORE + 24).contains(&hour) && window == 24, "{window} h in hour {hour}");
    }
}
