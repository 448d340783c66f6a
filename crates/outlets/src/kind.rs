//! The list of outlets: config, help and docs are made from it. A new outlet is a folder and a line here.

use crate::{console, dingtalk, webhook};

/// What can be said of an outlet without building one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutletKind {
    /// `kind` in the config.
    pub name: &'static str,
    /// What it is, in one line.
    pub help: &'static str,
    /// A part of a config file that works once its secrets are there: TOML, one `[[outlet]]`.
    pub example: &'static str,
}

/// Every outlet there is.
pub const OUTLETS: &[OutletKind] = &[console::KIND, webhook::KIND, dingtalk::KIND];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own_one_line_of_help_and_an_example_of_itself() {
        for (n, kind) in OUTLETS.iter().enumerate() {
            assert!(OUTLETS[..n].iter().all(|other| other.name != kind.name), "{} twice", kind.name);
            assert!(!kind.help.is_empty() && !kind.help.contains('\n'), "{}", kind.name);
            assert!(kind.example.starts_with("[[outlet]]\n"), "{}", kind.name);
            let example: toml::Table = toml::from_str(kind.example).unwrap();
            assert_eq!(example["outlet"][0]["kind"].as_str(), Some(kind.name));
        }
    }
}
