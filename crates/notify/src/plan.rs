//! What the operator can set: how long an incident stays open, and whom it is told.

use tocsin_model::{BrandId, Evidence, OutletId, Severity, SourceId, Span, Subject};

/// How incidents are folded and told.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// For how long after its last kind was cleared an incident may be joined again; then it is over.
    pub cool_down: Span,
    /// Who is told what.
    pub routes: Vec<Route>,
    /// The brands that live on a source by the operator's word: those that its silence blinds.
    pub lives: Vec<(SourceId, Vec<BrandId>)>,
}

impl Default for Plan {
    /// 90 minutes, nobody is told.
    fn default() -> Plan {
        Plan { cool_down: Span::from_minutes(90), routes: Vec::new(), lives: Vec::new() }
    }
}

impl Plan {
    /// The brands that an incident of this subject blinds: none, unless it is a source. First those that the
    /// operator names, then those that the evidence does.
    pub(crate) fn blinds(&self, subject: &Subject, evidence: &Evidence) -> Vec<BrandId> {
        let Subject::Source(silent) = subject else { return Vec::new() };
        let named = self.lives.iter().filter(|(source, _)| source == silent).flat_map(|(_, brands)| brands);
        let mut blinds: Vec<BrandId> = Vec::new();
        for brand in named.chain(&evidence.blinds) {
            if !blinds.contains(brand) {
                blinds.push(brand.clone());
            }
        }
        blinds
    }
}

/// What an outlet wants to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Which outlet.
    pub outlet: OutletId,
    /// Of which brands.
    pub brands: Brands,
    /// From which severity of the incident on.
    pub least: Severity,
    /// Incidents that ring nobody, too.
    pub shown: bool,
    /// That an incident is over, if it was told of it.
    pub over: bool,
}

impl Route {
    /// Everything that rings, of all brands, and its end.
    pub fn of(outlet: OutletId) -> Route {
        Route { outlet, brands: Brands::All, least: Severity::Blue, shown: false, over: true }
    }
}

/// Some brands.
#[derive(Clone, Debug, PartialEq)]
pub enum Brands {
    /// Each.
    All,
    /// These.
    Only(Vec<BrandId>),
}

impl Brands {
    /// Whether this one is among them.
    pub(crate) fn has(&self, brand: &BrandId) -> bool {
        match self {
            Brands::All => true,
            Brands::Only(some) => some.contains(brand),
        }
    }
}
