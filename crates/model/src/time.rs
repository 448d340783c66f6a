//! The two clocks of a post, and the buckets on the first of them.
//!
//! Event time is when something was said; arrival time is when we heard of it. They are never mixed:
//! the only subtraction is [`ArrivalTime::since`].

/// A length of time in whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(i64);

/// One minute.
pub const MINUTE: Span = Span(60_000);
/// One hour.
pub const HOUR: Span = Span(3_600_000);
/// One day.
pub const DAY: Span = Span(86_400_000);

impl Span {
    /// So many milliseconds; negative where the later clock shows the earlier time.
    pub const fn from_millis(millis: i64) -> Span {
        Span(millis)
    }
    /// So many seconds.
    pub const fn from_seconds(seconds: i64) -> Span {
        Span(seconds * 1_000)
    }
    /// So many minutes.
    pub const fn from_minutes(minutes: i64) -> Span {
        Span(minutes * 60_000)
    }
    /// So many hours.
    pub const fn from_hours(hours: i64) -> Span {
        Span(hours * 3_600_000)
    }
    /// In milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }
    /// In whole minutes, rounded down.
    pub const fn minutes(self) -> i64 {
        self.0.div_euclid(60_000)
    }
}

macro_rules! clock {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i64);

        impl $name {
            /// From milliseconds since 1970-01-01T00:00:00Z.
            pub const fn from_millis(millis: i64) -> Self {
                Self(millis)
            }
            /// Milliseconds since 1970-01-01T00:00:00Z.
            pub const fn millis(self) -> i64 {
                self.0
            }
            /// The minute it lies in.
            pub const fn minute(self) -> Minute {
                Minute(self.0.div_euclid(60_000))
            }
            /// The hour (UTC) it lies in.
            pub const fn hour(self) -> Hour {
                Hour(self.0.div_euclid(3_600_000))
            }
            /// So much later.
            pub const fn plus(self, span: Span) -> Self {
                Self(self.0.saturating_add(span.0))
            }
            /// So much earlier.
            pub const fn minus(self, span: Span) -> Self {
                Self(self.0.saturating_sub(span.0))
            }
        }
    };
}

clock!(
    /// When something was said, by the word of its source.
    EventTime
);
clock!(
    /// When we received it. In a replay: when the recording says that it was received.
    ArrivalTime
);

impl ArrivalTime {
    /// How long after `written` this arrival was; negative for a date in the future.
    pub const fn since(self, written: EventTime) -> Span {
        Span(self.0.saturating_sub(written.0))
    }
    /// How long after the arrival `earlier` this one was.
    pub const fn after(self, earlier: ArrivalTime) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
    /// The event time of something that counts as said on its arrival.
    pub const fn as_event(self) -> EventTime {
        EventTime(self.0)
    }
}

/// A minute of event time: minutes since 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Minute(pub i64);

impl Minute {
    /// The hour it lies in.
    pub const fn hour(self) -> Hour {
        Hour(self.0.div_euclid(60))
    }
    /// Its first moment.
    pub const fn start(self) -> EventTime {
        EventTime(self.0 * 60_000)
    }
}

/// An hour (UTC) of event time: hours since 1970-01-01T00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hour(pub i64);

impl Hour {
    /// Its first moment.
    pub const fn start(self) -> EventTime {
        EventTime(self.0 * 3_600_000)
    }
    /// The day (UTC) it lies in.
    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(24))
    }
}

/// A day (UTC) of event time: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(pub i64);

impl Day {
    /// Its first hour.
    pub const fn first_hour(self) -> Hour {
        Hour(self.0 * 24)
    }
}
