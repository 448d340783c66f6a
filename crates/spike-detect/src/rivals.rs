//! Us or everybody: whether a brand of the same trade rises, too.

use tocsin_model::{Rival, Subject, View};

use crate::baseline::window_phi;
use crate::detectors::{Look, SHORT_MINUTES};
use crate::surprise::negative_binomial_tail;
use crate::{Baseline, Rule};

/// As log10 p: once in a hundred hours is a rise. It is no alarm, only a comparison.
const RISES_LOG10_P: f64 = -2.0;
/// And so many times what was expected.
const RISES_TIMES: f64 = 1.5;

/// How a brand of the same trade stands in the last hour; none of a source.
pub fn rival(view: &View, baseline: &Baseline, rule: &Rule) -> Option<Rival> {
    let Subject::Brand(brand) = &view.subject else { return None };
    let look = Look::at(view, baseline, rule);
    let minutes = f64::from(SHORT_MINUTES);
    let until = view.now.millis() as f64 / 60_000.0;
    let expected = look.level.times * baseline.expected(until - minutes, until);
    let heard = view.last_minutes(SHORT_MINUTES as usize).heard;
    let phi = window_phi(minutes) * baseline.unrest + look.level.doubt;
    let log10_p = negative_binomial_tail(heard as f64, expected, 1.0 / phi);
    let rises = log10_p <= RISES_LOG10_P && heard as f64 >= RISES_TIMES * expected;
    Some(Rival { brand: brand.clone(), heard, expected, rises })
}
