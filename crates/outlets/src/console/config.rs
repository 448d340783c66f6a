//! What the operator may say of a console.

use tocsin_model::OutletId;

use crate::language::Language;
use crate::zones::Zones;

/// Settings of a console. Nothing in them can be wrong.
#[derive(Clone, Debug)]
pub struct ConsoleConfig {
    /// Its name in the config.
    pub name: OutletId,
    /// In whose time it tells.
    pub zones: Zones,
    /// In which language.
    pub language: Language,
}
