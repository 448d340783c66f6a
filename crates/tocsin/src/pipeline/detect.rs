//! score → spike-detect → windows: two-step counting, and judging on every merge and every tick.

use tocsin_flow::{Casebook, Claims, Fault, Kin, Outputs, Windows};
use tocsin_model::{ArrivalTime, Delta, Lane, Merged, Position, Scored, State, Subject, View};
use tocsin_spike_detect::{count, judge};

use super::{Chain, TICK_MILLIS, tick_of};

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// Counts one slice, merges it brand by brand, judges what came back.
    pub(super) async fn detect(
        &mut self,
        lane: Lane,
        slice: &[Scored],
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        let (Some(first), Some(last)) = (slice.first(), slice.last()) else { return Ok(()) };
        let span = (first.tokenized.matched.position, last.tokenized.matched.position);
        for delta in count(slice, &self.secret) {
            if let Some(view) = self.merge(lane, span, delta, slice).await? {
                self.judge(&view, outputs).await?;
            }
        }
        Ok(())
    }

    /// Merges one brand's delta; where the store has a part of it already, only the rest.
    async fn merge(
        &mut self,
        lane: Lane,
        (mut first, last): (Position, Position),
        mut delta: Delta,
        slice: &[Scored],
    ) -> Result<Option<View>, Fault> {
        let now = self.now.unwrap_or_default();
        loop {
            let seen = self.seen.get(&delta.subject).copied().unwrap_or_default();
            match self.state.merge(lane, seen, first, last, &delta, now).await? {
                Merged::Added(view) => {
                    self.seen.insert(delta.subject, last.next());
                    return Ok(Some(*view));
                }
                Merged::AgainFrom(from) => {
                    self.seen.insert(delta.subject.clone(), from);
                    let rest = slice.partition_point(|s| s.tokenized.matched.position < from);
                    let again = count(&slice[rest..], &self.secret);
                    match again.into_iter().find(|d| d.subject == delta.subject) {
                        Some(less) => (first, delta) = (from, less),
                        None => return Ok(None),
                    }
                }
                Merged::Lost => {
                    return Err(Fault::Unavailable {
                        peer: tocsin_flow::Peer::Store,
                        why: format!("the windows of {} are older than they were", delta.subject),
                        retry_after: None,
                    });
                }
            }
        }
    }

    /// Judges a view; marks it, and folds what it says.
    async fn judge(&mut self, view: &View, outputs: &mut Outputs) -> Result<(), Fault> {
        let judgement = judge(view, &self.knowledge.rule);
        for (kind, mark) in judgement.marks {
            self.state.mark(&view.subject, kind, mark).await?;
        }
        for signal in judgement.signals {
            if let State::Abnormal { .. } = signal.state {
                self.metrics.signal_made(signal.kind);
            }
            self.tell(signal, outputs).await?;
        }
        Ok(())
    }

    /// Every tick of data time up to the one of `now`, while something stands; the rest changes nothing.
    pub(super) async fn tick_through(
        &mut self,
        now: ArrivalTime,
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        let last = tick_of(now);
        // After a start nothing is known of the time before.
        let mut tick = self.now.map_or(last, tick_of);
        while tick < last {
            let standing = self.state.standing().await?;
            let open = self.state.open().await?;
            if standing.is_empty() && open.is_empty() {
                return Ok(());
            }
            tick += 1;
            let at = ArrivalTime::from_millis(tick * TICK_MILLIS);
            self.look_at(&standing, at, outputs).await?;
            for subject in &open {
                self.tick_incidents(subject, at, outputs).await?;
            }
        }
        Ok(())
    }

    async fn look_at(
        &mut self,
        standing: &[Subject],
        at: ArrivalTime,
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        for subject in standing {
            let view = self.state.view(subject, at).await?;
            self.judge(&view, outputs).await?;
        }
        Ok(())
    }
}
