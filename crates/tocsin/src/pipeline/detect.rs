//! score → spike-detect → windows: two-step counting, and judging on every merge and every tick.

use std::sync::Arc;

use tocsin_flow::{Casebook, Claims, Fault, Kin, Offer, Outputs, Windows};
use tocsin_model::{
    ArrivalTime, Delta, Evidence, HOUR, Lane, MINUTE, Matched, Merged, Position, Scored, Span, State,
    Subject, View,
};
use tocsin_spike_detect::{count, judge};

use super::came::{self, Came, SOURCES_MAX};
use super::{Chain, Stage, TICK_MILLIS, tick_of};

/// Ticks in a minute.
const TICKS_A_MINUTE: i64 = MINUTE.millis() / TICK_MILLIS;
/// So long a live process listens before it says that a source has gone silent.
const LISTENS_FIRST: Span = HOUR;
/// So long after a brand's query has changed it is waited for its past; then it is judged by what there is.
const RECOUNTS: Span = Span::from_minutes(10);
/// Subjects that are merged at once: over a network it is one round trip.
const TOGETHER: usize = 64;
/// Ticks that are lived through one by one, however long nothing came: eight weeks.
const TICKS_MAX: i64 = 8 * 7 * 24 * 60 * TICKS_A_MINUTE;

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// Counts what came from each source in a slice of records, and judges the sources. `of`: where a post stands in
    /// what the records are by now.
    pub(super) async fn hear<T: Sync>(
        &mut self,
        lane: Lane,
        span: (Position, Position),
        came: &[Came],
        slice: &[T],
        of: fn(&T) -> &Matched,
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        if came.is_empty() {
            return Ok(());
        }
        let known = self.state.sources().await?;
        let has_row = |delta: &Delta| match &delta.subject {
            Subject::Source(source) => known.len() < SOURCES_MAX || known.contains(source),
            Subject::Brand(_) => true,
        };
        let from = |position, _: When| {
            let came = &came[came.partition_point(|c| c.position < position)..];
            let posts = slice[slice.partition_point(|s| of(s).position < position)..].iter().map(of);
            came::count(came, posts).into_iter().filter(has_row).collect()
        };
        self.merge(lane, span, &from, outputs).await
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
        let (secret, rule) = (self.secret.clone(), Arc::clone(&self.knowledge.rule));
        let from = |position, when: When| {
            let slice = since(slice, position);
            if when.is_ever() {
                return count(slice, &secret, &rule.watch);
            }
            let then = |scored: &&Scored| when.has(scored.tokenized.matched.came());
            let slice: Vec<Scored> = slice.iter().filter(then).cloned().collect();
            count(&slice, &secret, &rule.watch)
        };
        self.merge(lane, span, &from, outputs).await
    }

    /// Merges the deltas of some records, subject by subject, and judges what comes back. `from`: the deltas of the
    /// records from a position on that came then.
    async fn merge(
        &mut self,
        lane: Lane,
        (first, last): (Position, Position),
        from: &(impl Fn(Position, When) -> Vec<Delta> + Sync),
        outputs: &mut Outputs,
    ) -> Result<(), Fault> {
        let mut deltas = from(first, When::default()).into_iter().peekable();
        while deltas.peek().is_some() {
            let offer = |delta: Delta| {
                let seen = self.seen.get(&(lane, delta.subject.clone())).copied().unwrap_or_default();
                Offer { seen, first, last, delta, later: None }
            };
            let offers: Vec<Offer> = deltas.by_ref().take(TOGETHER).map(offer).collect();
            let merged = self.state.merge_all(lane, &offers, self.now.unwrap_or_default()).await?;
            for (offer, merged) in offers.into_iter().zip(merged) {
                let view = self.view_after(lane, offer, merged, from).await?;
                self.judge(&view, outputs).await?;
            }
        }
        Ok(())
    }

    /// The view of one subject when its delta is in; where the store has a part of it already, only the rest is
    /// offered. Where it has all of it, somebody who came no further than this merged it: it is still to be judged.
    async fn view_after(
        &mut self,
        lane: Lane,
        mut offer: Offer,
        mut merged: Merged,
        from: &(impl Fn(Position, When) -> Vec<Delta> + Sync),
    ) -> Result<View, Fault> {
        let now = self.now.unwrap_or_default();
        loop {
            let subject = offer.delta.subject.clone();
            match merged {
                Merged::Added(view) => {
                    self.seen.insert((lane, subject), offer.last.next());
                    return Ok(*view);
                }
                Merged::AgainFrom(next) => {
                    self.seen.insert((lane, subject.clone()), next);
                    let rest = if next > offer.last { Vec::new() } else { from(next, When::default()) };
                    match rest.into_iter().find(|d| d.subject == subject) {
                        Some(delta) => offer = Offer { seen: next, first: next, delta, later: None, ..offer },
                        None => return self.state.view(&subject, now).await,
                    }
                }
                Merged::Cut { after, at } => {
                    let part = |when| from(offer.first, when).into_iter().find(|d| d.subject == subject);
                    let later = at.and_then(|at| Some((at, part(When(after.max(Some(at)), None))?)));
                    let delta = part(When(after, at)).unwrap_or_else(|| Delta::new(subject.clone()));
                    offer = Offer { delta, later, ..offer };
                }
                Merged::Lost => {
                    return Err(Fault::Unavailable {
                        peer: tocsin_flow::Peer::Store,
                        why: format!("the windows of {subject} are older than they were"),
                        retry_after: None,
                    });
                }
            }
            let again = self.state.merge_all(lane, std::slice::from_ref(&offer), now).await?;
            merged = again.into_iter().next().unwrap_or(Merged::Lost);
        }
    }

    /// Judges a view; marks it, and folds what it says.
    async fn judge(&mut self, view: &View, outputs: &mut Outputs) -> Result<(), Fault> {
        if !self.knowledge.judges || self.rehearses || !self.part.does(Stage::SpikeDetect) {
            return Ok(());
        }
        // By a past that is just being replaced, what another query finds looks like more than there should be.
        if view.recounting.is_some_and(|until| view.now.after(until) < RECOUNTS) {
            return Ok(());
        }
        self.pasts.heed(view);
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
            if self.part.is_whole() {
                self.tell(signal, outputs).await?;
            } else {
                outputs.signals.push(signal);
            }
        }
        Ok(())
    }

    /// What stands in evidence beside the judgement: whether sources are heard, whom a silent one blinds, who began
    /// what is said, and how the trade stands.
    async fn add_circumstances(&mut self, view: &View, evidence: &mut Evidence) -> Result<(), Fault> {
        match &view.subject {
            Subject::Brand(brand) => {
                let mut lived = self.past(&view.subject, view.now).await?.lived.clone();
                if lived.is_empty() {
                    lived = evidence.sources.iter().map(|(source, _)| source.clone()).collect();
                }
                evidence.coverage = self.coverage(view, brand, &lived).await?;
                evidence.top_authors = self.leaders(view, brand).await?;
                self.add_trade(view, brand, evidence).await?;
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
        if !self.knowledge.judges || self.rehearses {
            return Ok(());
        }
        let (judges, tells) = (self.part.does(Stage::SpikeDetect), self.part.does(Stage::Notify));
        let owns = std::sync::Arc::clone(&self.part.owns);
        let ours = |mut subjects: Vec<Subject>| {
            subjects.retain(|subject| owns(subject));
            subjects
        };
        let last = tick_of(now);
        // After a start nothing is known of the time before; and where the records have a hole of years, what
        // came before it was over long ago.
        let mut tick = self.now.map_or(last, tick_of).max(last - TICKS_MAX);
        while tick < last {
            let standing = if judges { ours(self.state.standing().await?) } else { Vec::new() };
            let open = if tells { ours(self.state.open().await?) } else { Vec::new() };
            if standing.is_empty() && open.is_empty() {
                // Nothing happens before the next minute.
                let minute = (tick.div_euclid(TICKS_A_MINUTE) + 1) * TICKS_A_MINUTE;
                tick = minute.min(last) - 1;
            }
            tick += 1;
            let at = ArrivalTime::from_millis(tick * TICK_MILLIS);
            self.look_at(&standing, at, outputs).await?;
            if judges && tick % TICKS_A_MINUTE == 0 && self.has_listened(at) {
                let sources = self.state.sources().await?.into_iter().map(Subject::Source).collect();
                self.look_at(&ours(sources), at, outputs).await?;
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

/// Which records, by when they came: at the one time or later, and before the other.
#[derive(Clone, Copy, Default)]
struct When(Option<ArrivalTime>, Option<ArrivalTime>);

impl When {
    fn is_ever(self) -> bool {
        self.0.is_none() && self.1.is_none()
    }
    fn has(self, came: ArrivalTime) -> bool {
        self.0.is_none_or(|from| came >= from) && self.1.is_none_or(|until| came < until)
    }
}

/// The records from a position on.
fn since(slice: &[Scored], position: Position) -> &[Scored] {
    &slice[slice.partition_point(|s| s.tokenized.matched.position < position)..]
}
