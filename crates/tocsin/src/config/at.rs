//! A place in the config by its keys: `brand`, 0, `query`.

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

/// The way from the top of the config to a value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct At(Vec<Step>);

impl At {
    /// The whole config.
    pub(super) fn top() -> At {
        At::default()
    }
    /// The value of a key in here.
    pub(super) fn key(&self, key: &str) -> At {
        self.step(Step::Key(key.to_owned()))
    }
    /// The n-th entry in here, from 0.
    pub(super) fn index(&self, index: usize) -> At {
        self.step(Step::Index(index))
    }
    /// One step further.
    pub(super) fn step(&self, step: Step) -> At {
        let mut steps = self.0.clone();
        steps.push(step);
        At(steps)
    }
    /// The steps, from the top.
    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }
    /// The last key on the way.
    pub(super) fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }
}
