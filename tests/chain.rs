//! The real chain over the world of the simulation.

use std::sync::Arc;

use tocsin::pipeline::{Chain, Knowledge, lazily};
use tocsin_flow::{Casebook, Claims, Kin, Windows};
use tocsin_ingest::{BrandSet, Query};
use tocsin_laws::still_room;
use tocsin_model::ArrivalTime;
use tocsin_notify::Plan;
use tocsin_runtime::{Metrics, Ticks};
use tocsin_score::Scorer;
use tocsin_sim::World;
use tocsin_spike_detect::{AuthorSecret, Rule};
use tocsin_tokenize::Tokenizer;
use tokio::sync::watch;

/// Makes chains that know the brands of the world.
pub struct Chains {
    known: watch::Receiver<Knowledge>,
}

impl Default for Chains {
    fn default() -> Chains {
        let queries = World::brands().map(|(brand, query)| (brand, Query::parse(query).unwrap())).collect();
        let knowledge = Knowledge {
            brands: Arc::new(BrandSet::compile(queries, 1).unwrap()),
            tokenizer: lazily(|| Tokenizer::new(["山岚".to_owned()])),
            scorer: lazily(|| Scorer::new(Vec::new())),
            rule: Arc::new(Rule::default()),
            plan: Arc::new(Plan::default()),
            lives: Arc::default(),
            judges: true,
        };
        Chains { known: watch::channel(knowledge).1 }
    }
}

impl Chains {
    /// A chain on some state; `now`: where its data time stands.
    pub fn on<S: Claims + Kin + Windows + Casebook>(&self, state: S, now: Option<ArrivalTime>) -> Chain<S> {
        let (clock, metrics) = (still_room().clock, Arc::new(Metrics::new()));
        Chain::new(state, self.known.clone(), AuthorSecret([1, 2]), clock, metrics, Ticks::Records, now)
    }
}
