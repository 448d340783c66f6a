//! What a law needs of a carrier.

use std::future::Future;

use tocsin_flow::{Arrivals, Casebook, Claims, Kin, Link, RawRecord, Windows};

/// A carrier that can be opened, used and crashed.
pub trait Carrier: Sized {
    /// Its way in and out.
    type Link: Link<Record = RawRecord>;
    /// Its memory.
    type State: Claims + Kin + Windows + Casebook;

    /// Hands posts in and comes back when they are durable.
    fn take(&self, arrivals: Arrivals);
    /// The chain's link.
    fn link(&self) -> Self::Link;
    /// The chain's state, in one transaction with the link.
    fn state(&self) -> Self::State;
    /// Goes down without a word and comes up again.
    fn crash(self) -> Self;
}

/// Runs a future to its end on this thread.
pub fn settle<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without I/O can always be built")
        .block_on(future)
}

/// The same for a future that uses the network.
pub(crate) fn settle_with_network<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime on one thread").block_on(future)
}
