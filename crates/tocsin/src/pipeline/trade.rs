//! Us or everybody: how the brands of the same trade stand while one of them is in trouble.

use tocsin_flow::{Casebook, Claims, Fault, Kin, Windows};
use tocsin_model::{BrandId, Evidence, Subject, View};
use tocsin_spike_detect::rival;

use super::Chain;

/// Posts heard of the brand itself in the same hour, among the numbers given: with the rivals' it makes the
/// share of voice.
const OWN: &str = "heard_in_60_minutes";

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// Puts a brand's rivals into its evidence, as of the same moment.
    pub(super) async fn add_trade(
        &mut self,
        view: &View,
        brand: &BrandId,
        evidence: &mut Evidence,
    ) -> Result<(), Fault> {
        let rivals = self.knowledge.lives.rivals(brand).to_vec();
        if rivals.is_empty() {
            return Ok(());
        }
        evidence.given.insert(OWN.to_owned(), view.last_minutes(60).heard as f64);
        for other in rivals {
            let other = self.state.view(&Subject::Brand(other), view.now).await?;
            let baseline = self.past(&other.subject, view.now).await?.baseline.clone();
            evidence.rivals.extend(rival(&other, &baseline, &self.knowledge.rule));
        }
        Ok(())
    }
}
