//! Whose clock on the wall: the time zone in which a subject's people read.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use tocsin_model::Subject;

/// Which time zone a subject's notices are told in. Asked anew for each notice, so a reloaded config counts at once.
#[derive(Clone)]
pub struct Zones(Arc<dyn Fn(&Subject) -> TimeZone + Send + Sync>);

impl Zones {
    /// By subject.
    pub fn by(zone_of: impl Fn(&Subject) -> TimeZone + Send + Sync + 'static) -> Zones {
        Zones(Arc::new(zone_of))
    }

    /// The same for all.
    pub fn all(zone: TimeZone) -> Zones {
        Zones::by(move |_| zone.clone())
    }

    /// The zone of a subject.
    pub fn of(&self, subject: &Subject) -> TimeZone {
        (self.0)(subject)
    }
}

impl fmt::Debug for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Zones")
    }
}
