//! What is still on its way: the youngest minutes of a window are not all heard yet.

use tocsin_model::{DELAY_SECONDS, Delays, History};

/// How late the posts of a subject come, over the days of its history.
pub(super) fn delays(history: &History) -> Delays {
    let mut delays = Delays::default();
    history.origins.values().for_each(|origins| delays.merge(&origins.delays));
    delays
}

/// Of the last minutes, so many minutes' posts have not come yet: the mean of a post's delay, which counts at most
/// as many minutes as are asked for. Those of a class are spread evenly over it; the first class comes at once, and
/// what comes after an hour is never heard.
pub(super) fn on_the_way(delays: &Delays, minutes: f64) -> f64 {
    let (mut sum, mut posts, mut start) = (0.0, delays.0[0] as f64, DELAY_SECONDS[0] as f64 / 60.0);
    for (&of_class, &end) in delays.0[1..].iter().zip(&DELAY_SECONDS[1..]) {
        let (weight, end) = (of_class as f64, end as f64 / 60.0);
        let (from, to) = (start.min(minutes), end.min(minutes));
        // Delays within the window count as they are, longer ones as the window.
        let mean = ((to * to - from * from) / 2.0 + minutes * (end - to - (start - from))) / (end - start);
        sum += weight * mean;
        posts += weight;
        start = end;
    }
    if posts > 0.0 { sum / posts } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use tocsin_model::Span;

    use super::*;

    fn of(seconds: impl IntoIterator<Item = i64>) -> Delays {
        let mut delays = Delays::default();
        seconds.into_iter().for_each(|s| delays.insert(Span::from_seconds(s)));
        delays
    }

    #[test]
    fn of_posts_that_come_at_once_none_is_on_its_way() {
        assert_eq!([on_the_way(&of([0, 1, 9]), 5.0), on_the_way(&Delays::default(), 5.0)], [0.0, 0.0]);
    }

    #[test]
    fn a_feed_that_is_asked_every_twenty_minutes_owes_ten_minutes_on_average() {
        let polled = of(0..1_200);
        let owed = |minutes| on_the_way(&polled, minutes);
        assert!((9.8..10.2).contains(&owed(60.0)), "{}", owed(60.0));
        // Of the last five minutes all but an eighth: it was asked within them with probability 1/4.
        assert!((4.2..4.5).contains(&owed(5.0)), "{}", owed(5.0));
    }

    #[test]
    fn what_comes_too_late_to_be_heard_is_not_waited_for() {
        assert_eq!(on_the_way(&of([3_700, 90_000, 1]), 60.0), 0.0);
    }
}
