//! How brands stand, for whoever looks at the metrics: once a minute by the clock, whether posts come or not.

use tocsin_flow::{Casebook, Claims, Fault, Kin, Windows};
use tocsin_model::{ArrivalTime, BrandId, HOUR, Subject, View};
use tocsin_runtime::{BRANDS_MAX, BrandStands, Ticks};
use tocsin_spike_detect::{Baseline, Usual};

use super::{Chain, Stage};

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// Holds the windows of the brands that are this process's to look at against what is expected, and shows both. That it
    /// went through says that judging would.
    pub(super) async fn show_brands(&mut self) -> Result<(), Fault> {
        let now = self.clock.now();
        let judges = self.knowledge.judges && self.part.does(Stage::SpikeDetect);
        if self.ticks != Ticks::Clock || !judges || self.rehearses || self.shown >= Some(now.minute()) {
            return Ok(());
        }
        let ours = |brand: &BrandId| (self.part.owns)(&Subject::Brand(brand.clone()));
        let brands: Vec<BrandId> =
            self.knowledge.brands.brands().take(BRANDS_MAX).filter(|b| ours(b)).cloned().collect();
        let mut stands = Vec::with_capacity(brands.len());
        for brand in brands {
            let subject = Subject::Brand(brand.clone());
            let view = self.state.view(&subject, now).await?;
            stands.push(stand(brand, &view, &self.past(&subject, now).await?.baseline));
        }
        self.metrics.brands_stand(&stands, now);
        self.shown = Some(now.minute());
        Ok(())
    }
}

fn stand(brand: BrandId, view: &View, baseline: &Baseline) -> BrandStands {
    let counts = view.last_minutes(60);
    BrandStands {
        brand,
        heard: counts.heard,
        negative: counts.negative as f64 / 1e3,
        expected: usual(baseline, view.now),
    }
}

/// Of the last sixty minutes, a part is of the hour at hand, and the rest of the one before.
fn usual(baseline: &Baseline, now: ArrivalTime) -> [f64; 3] {
    let of = |at: ArrivalTime| {
        let Usual { low, expected, high } = baseline.usual(at.hour());
        [low, expected, high]
    };
    let part = now.millis().rem_euclid(HOUR.millis()) as f64 / HOUR.millis() as f64;
    let (before, at_hand) = (of(now.minus(HOUR)), of(now));
    [0, 1, 2].map(|n| before[n] * (1.0 - part) + at_hand[n] * part)
}
