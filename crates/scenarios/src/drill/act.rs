//! What happens in a scenario, as data.

/// A thing that happens to a brand.
#[derive(Debug)]
pub struct Scenario {
    /// As it is typed.
    pub name: &'static str,
    /// In one line, for people.
    pub about: &'static str,
    /// What a good watch makes of it.
    pub expect: Expect,
    /// Posts an hour of the brand that it is made for, in tenths.
    pub usual_tenths: u64,
    /// What is changed in the watch itself when it begins.
    pub swap: Option<Swap>,
    /// The post that it all comes from, if it does.
    pub(crate) root: Option<Root>,
    /// Who speaks, when and how loud.
    pub(crate) acts: &'static [Act],
    /// What the brand itself says, so many minutes after the beginning.
    pub(crate) reply: Option<(u64, Says)>,
    /// What else happens.
    pub(crate) turn: Turn,
}

/// What a good watch makes of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The bell rings for the brand.
    Crisis,
    /// The bell does not ring for the brand.
    Calm,
    /// The bell rings for a source that is not heard, and not for the brand.
    Silence,
}

/// What is changed in the watch itself: a change of the instrument is no change of opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The brand's query takes this name as well, by which some have called it all the time.
    Query(&'static str),
    /// These words, which are said every day, come to be read as bad ones.
    Model(&'static [&'static str]),
}

/// A voice, and how loud it is.
#[derive(Debug)]
pub(crate) struct Act {
    pub(crate) voice: Voice,
    /// Minutes since the beginning, and how many posts an hour there are then, in percent of what is usual; straight
    /// lines between them.
    pub(crate) percent_by_minute: &'static [(u64, u64)],
}

/// Who speaks, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The angry: what they say, pass on and answer.
    Angry,
    /// Those who have heard something and do not know.
    Rumour,
    /// After the brand has spoken: some are still angry, more are content.
    Calmer,
    /// Buyers and guests who were told to speak, and like it.
    Praise,
    /// Those who pass on the brand's post to win something.
    Lottery,
    /// Accounts that speak together, from a few texts.
    Robots,
    /// Greetings of a holiday, some with the brand in them.
    Greeting,
    /// What is said every day, where it was not heard before.
    Everyday,
}

/// The post that everything comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// Somebody well known has found something out.
    Report,
    /// Somebody well known has heard something.
    Hearsay,
    /// It happened to somebody whom nobody knows.
    Misfortune,
}

/// What happens beside voices, for so many minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing.
    None,
    /// As many speak as ever, but so many of a hundred complain.
    Mood { minutes: u64, complain: u64 },
    /// Nothing is heard of one source; then comes what was said meanwhile.
    Outage { minutes: u64 },
    /// The root gains likes and views, and hardly anybody says a word.
    Viral { minutes: u64 },
}

/// What a brand says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Lottery,
    Denial,
    Apology,
}

impl Act {
    /// Posts an hour in percent of the usual, so many minutes after the beginning.
    pub(crate) fn percent(&self, minute: u64) -> u64 {
        let spans = self.percent_by_minute.windows(2).find(|w| (w[0].0..w[1].0).contains(&minute));
        spans.map_or(0, |w| {
            let ((from, low), (to, high)) = (w[0], w[1]);
            (low * (to - minute) + high * (minute - from)) / (to - from)
        })
    }
}

impl Scenario {
    /// How long it lasts, in minutes.
    pub(crate) fn minutes(&self) -> u64 {
        let turn = match self.turn {
            Turn::Mood { minutes, .. } | Turn::Outage { minutes } | Turn::Viral { minutes } => minutes,
            Turn::None => 0,
        };
        let last = |act: &Act| act.percent_by_minute.last().map_or(0, |(minute, _)| *minute);
        // A change of the instrument lasts for ever; it is watched for two days.
        let swap = if self.swap.is_some() { 2 * 1_440 } else { 0 };
        self.acts.iter().map(last).max().unwrap_or(0).max(turn).max(swap)
    }
}
