//! signals → incidents → notices.

use tocsin_flow::{Casebook, Claims, Fault, Kept, Kin, Outputs, Peer, Windows};
use tocsin_model::{ArrivalTime, Incident, Signal, Subject};
use tocsin_notify::{Input, due, fold};
use tracing::{Instrument as _, info_span};

use super::Chain;

/// How often a stale keep is folded again: two judges of one subject rarely meet more than once.
const FOLDS_MAX: usize = 8;

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// Folds a signal into its subject's incidents.
    pub(super) async fn tell(&mut self, signal: Signal, outputs: &mut Outputs) -> Result<(), Fault> {
        let subject = signal.subject.clone();
        if self.part.is_whole() {
            outputs.signals.push(signal.clone());
        }
        // What is due to be over is over before something new is heard.
        self.tick_incidents(&subject, signal.at, outputs).await?;
        self.fold(&subject, &Input::Signal(signal), outputs).await
    }

    /// Lets time pass for a subject's incidents.
    pub(super) async fn tick_incidents(
        &mut self,
        subject: &Subject,
        now: ArrivalTime,
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        let plan = self.knowledge.plan.clone();
        if self.state.recall(subject).await?.iter().any(|incident| due(incident, now, &plan)) {
            self.fold(subject, &Input::Tick(now), outputs).await?;
        }
        Ok(())
    }

    /// Rings that the incident did not have before.
    fn count_rings(&self, before: &[Incident], incident: &Incident) {
        let known = before.iter().find(|i| i.id == incident.id).map_or(0, |i| i.rings.len());
        incident.rings[known..].iter().for_each(|ring| self.metrics.rang(ring.severity));
    }

    async fn fold(&mut self, subject: &Subject, input: &Input, outputs: &mut Outputs) -> Result<(), Fault> {
        let began = self.clock.steady();
        let folding = self.fold_and_keep(subject, input, outputs);
        let folded = folding.instrument(info_span!("stage", stage = "notify")).await;
        self.telling += self.clock.steady().saturating_sub(began);
        folded
    }

    async fn fold_and_keep(
        &mut self,
        subject: &Subject,
        input: &Input,
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        let mut is_new = false;
        for _ in 0..FOLDS_MAX {
            let open = self.state.recall(subject).await?;
            let told = fold(&open, input, &self.knowledge.plan);
            let Some((incident, version)) = told.incident else {
                outputs.notices.extend(told.notices);
                return Ok(());
            };
            if self.state.keep(&incident, version).await? == Kept::Yes {
                self.count_rings(&open, &incident);
                outputs.incidents.push(incident);
                outputs.notices.extend(told.notices);
                self.metrics.incidents_open(self.state.open().await?.len());
                return Ok(());
            }
            // Twice it is new, and twice it was there before: this signal opened an incident that is over by now, and
            // comes again after a fault.
            if std::mem::replace(&mut is_new, version == 0) && version == 0 {
                return Ok(());
            }
        }
        Err(Fault::Unavailable {
            peer: Peer::Store,
            why: format!("the incidents of {subject} change faster than they can be folded"),
            retry_after: None,
        })
    }
}
