//! In which language notices are told.

use crate::words::Said;

/// Chinese, English, or each sentence in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Chinese first, then English.
    #[default]
    Both,
    /// Chinese alone.
    Chinese,
    /// English alone.
    English,
}

impl Language {
    /// What is said, in one line; `between` stands between the two.
    pub(crate) fn line(self, said: &Said, between: &str) -> String {
        self.each(said).join(between)
    }
    /// What is said, once for each language.
    pub(crate) fn each(self, said: &Said) -> Vec<&str> {
        match self {
            Language::Both => vec![&said.zh, &said.en],
            Language::Chinese => vec![&said.zh],
            Language::English => vec![&said.en],
        }
    }
}
