//! score → spike-detect → windows: two-step counting, and judging on every merge and every tick.

use tocsin_flow::{Casebook, Claims, Fault, Kin, Outputs, Windows};
use tocsin_model::{
    ArrivalTime, Delta, Evidence, HOUR, Lane, MINUTE, Merged, Position, Scored, Span, State, Subject, View,
};
use tocsin_spike_detect::{count, judge};

use super::came::{self, Came, SOURCES_MAX};
use super::{Chain, TICK_MILLIS, tick_of};

/// Ticks in a minute.
const TICKS_A_MINUTE: i64 = MINUTE.millis() / TICK_MILLIS;
/// So long a live process listens before it says that a source has gone silent.
const LISTENS_FIRST: Span = HOUR;
/// Ticks that are lived through one by one, however long nothing came: eight weeks.
const TICKS_MAX: i64 = 8 * 7 * 24 * 60 * TICKS_A_MINUTE;

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// Counts what came from each source in a slice of records, and judges the sources.
    pub(super) async fn hear(
        &mut self,
        lane: Lane,
        span: (Position, Position),
        came: &[Came],
        slice: &[Scored],
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        let from = |position| {
            let came = &came[came.partition_point(|c| c.position < position)..];
            came::count(came, since(slice, position))
        };
        let known = self.state.sources().await?;
        let has_row = |delta: &Delta| match &delta.subject {
            Subject::Source(source) => known.len() < SOURCES_MAX || known.contains(source),
            Subject::Brand(_) => true,
        };
        for delta in from(span.0).into_iter().filter(has_row) {
            if let Some(view) = self.merge(lane, span, delta, &from).await? {
                self.judge(&view, outputs).await?;
            }
        }
        Ok(())
    }

    /// Counts one slice, merges it brand by brand, judges what came back.
    pub(super) async fn detect(
        &mut self,
        lane: Lane,
        slice: &[Scored],
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        let (Some(first), Some(last)) = (slice.first(), slice.last()) else { return Ok(()) };
        let span = (first.tokenized.matched.position, last.tokenized.matched.position);
        let secret = self.secret.clone();
        let from = |position| count(since(slice, position), &secret);
        for delta in from(span.0) {
            if let Some(view) = self.merge(lane, span, delta, &from).await? {
                self.judge(&view, outputs).await?;
            }
        }
        Ok(())
    }

    /// Merges one subject's delta; where the store has a part of it already, only the rest. `from`: the
    /// deltas of the records from a position on.
    async fn merge(
        &mut self,
        lane: Lane,
        (mut first, last): (Position, Position),
        mut delta: Delta,
        from: &impl Fn(Position) -> Vec<Delta>,
    ) -> Result<Option<View>, Fault> {
        let now = self.now.unwrap_or_default();
        loop {
            let seen = self.seen.get(&delta.subject).copied().unwrap_or_default();
            match self.state.merge(lane, seen, first, last, &delta, now).await? {
                Merged::Added(view) => {
                    self.seen.insert(delta.subject, last.next());
                    return Ok(Some(*view));
                }
                Merged::AgainFrom(next) => {
                    self.seen.insert(delta.subject.clone(), next);
                    match from(next).into_iter().find(|d| d.subject == delta.subject) {
                        Some(less) => (first, delta) = (next, less),
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
        if !self.knowledge.judges {
            return Ok(());
        }
        let baseline = self.past(&view.subject, view.now).await?.baseline.clone();
        let judgement = judge(view, &baseline, &self.knowledge.rule);
        for (kind, mark) in judgement.marks {
            self.state.mark(&view.subject, kind, mark).await?;
        }
        for mut signal in judgement.signals {
            if let State::Abnormal { evidence, .. } = &mut signal.state {
                self.metrics.signal_made(signal.kind);
                self.add_circumstances(view, evidence).await?;
            }
            self.tell(signal, outputs).await?;
        }
        Ok(())
    }

    /// What stands in evidence beside the judgement: whether sources are heard, whom a silent one blinds, and
    /// who began what is said.
    async fn add_circumstances(&mut self, view: &View, evidence: &mut Evidence) -> Result<(), Fault> {
        match &view.subject {
            Subject::Brand(brand) => {
                let mut lived = self.past(&view.subject, view.now).await?.lived.clone();
                if lived.is_empty() {
                    lived = evidence.sources.iter().map(|(source, _)| source.clone()).collect();
                }
                evidence.coverage = self.coverage(view, brand, &lived).await?;
                evidence.top_authors = self.leaders(view, brand).await?;
            }
            Subject::Source(_) => {
                evidence.blinds.clone_from(&self.past(&view.subject, view.now).await?.spoke_of);
            }
        }
        Ok(())
    }

    /// Every tick of data time up to the one of `now`: what stands is judged, incidents age; and with each minute
    /// every source is asked whether it has gone silent.
    pub(super) async fn tick_through(
        &mut self,
        now: ArrivalTime,
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        if !self.knowledge.judges {
            return Ok(());
        }
        let last = tick_of(now);
        // After a start nothing is known of the time before; and where the records have a hole of years, what
        // came before it was over long ago.
        let mut tick = self.now.map_or(last, tick_of).max(last - TICKS_MAX);
        while tick < last {
            let standing = self.state.standing().await?;
            let open = self.state.open().await?;
            if standing.is_empty() && open.is_empty() {
                // Nothing happens before the next minute.
                let minute = (tick.div_euclid(TICKS_A_MINUTE) + 1) * TICKS_A_MINUTE;
                tick = minute.min(last) - 1;
            }
            tick += 1;
            let at = ArrivalTime::from_millis(tick * TICK_MILLIS);
            self.look_at(&standing, at, outputs).await?;
            if tick % TICKS_A_MINUTE == 0 && self.has_listened(at) {
                let sources: Vec<Subject> =
                    self.state.sources().await?.into_iter().map(Subject::Source).collect();
                self.look_at(&sources, at, outputs).await?;
            }
            for subject in &open {
                self.tick_incidents(subject, at, outputs).await?;
            }
        }
        Ok(())
    }

    /// What came while a live process was down is still on its way when it starts: no source is silent for that.
    fn has_listened(&self, at: ArrivalTime) -> bool {
        self.started.is_none_or(|started| at.after(started) >= LISTENS_FIRST)
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

/// The records from a position on.
fn since(slice: &[Scored], position: Position) -> &[Scored] {
    &slice[slice.partition_point(|s| s.tokenized.matched.position < position)..]
}
