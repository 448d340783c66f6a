//! Which terms occurred in one text, and where. The buffers are used again for the next text.

/// No hit.
const NONE: u32 = u32::MAX;

/// One occurrence.
#[derive(Clone, Copy, Debug)]
struct Hit {
    start: u32,
    end: u32,
    /// The next occurrence of the same term.
    next: u32,
}

/// The occurrences of all terms in one text.
#[derive(Default)]
pub(crate) struct Hits {
    hits: Vec<Hit>,
    /// For each term its first and last hit.
    ends: Vec<(u32, u32)>,
    /// The terms that occurred.
    terms: Vec<u32>,
}

/// Room for hits that is kept from one text to the next.
const KEPT_MAX: usize = 64 * 1024;

impl Hits {
    /// Room for so many different terms.
    pub(crate) fn new(terms: usize) -> Hits {
        Hits { hits: Vec::new(), ends: vec![(NONE, NONE); terms], terms: Vec::new() }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        for term in self.terms.drain(..) {
            self.ends[term as usize] = (NONE, NONE);
        }
        self.hits.clear();
        self.hits.shrink_to(KEPT_MAX);
    }

    /// Keeps an occurrence. Those of one term come in order.
    pub(crate) fn add(&mut self, term: u32, start: usize, end: usize) {
        let hit = self.hits.len() as u32;
        self.hits.push(Hit { start: start as u32, end: end as u32, next: NONE });
        let ends = &mut self.ends[term as usize];
        if ends.0 == NONE {
            self.terms.push(term);
            *ends = (hit, hit);
        } else {
            self.hits[ends.1 as usize].next = hit;
            ends.1 = hit;
        }
    }

    /// Whether a term occurred.
    pub(crate) fn has(&self, term: u32) -> bool {
        self.ends[term as usize].0 != NONE
    }

    /// The terms that occurred.
    pub(crate) fn terms(&self) -> &[u32] {
        &self.terms
    }

    /// Where a term occurred, in order.
    pub(crate) fn of(&self, term: u32) -> impl Iterator<Item = (u32, u32)> {
        let hit = |at: u32| self.hits.get(at as usize);
        std::iter::successors(hit(self.ends[term as usize].0), move |h| hit(h.next)).map(|h| (h.start, h.end))
    }
}
