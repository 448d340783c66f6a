//! What the config and its docs need to know of an inlet.

/// One way for posts to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InletKind {
    /// Its `kind` in the config.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// An `[[inlet]]` of the config that works.
    pub example: &'static str,
}

#[cfg(test)]
mod tests {
    use crate::INLETS;

    #[test]
    fn every_inlet_has_a_line_of_help_and_an_example_of_its_own() {
        for inlet in INLETS {
            assert!(!inlet.help.is_empty() && !inlet.help.contains('\n'), "{}", inlet.name);
            let kind = format!("[[inlet]]\nkind = \"{}\"\n", inlet.name);
            assert!(inlet.example.starts_with(&kind), "{}", inlet.name);
        }
    }
}
