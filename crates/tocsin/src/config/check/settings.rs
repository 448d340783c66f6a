//! The sections of which there is one each.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use tocsin_model::{Severity, Span};
use tocsin_spike_detect::Rule;

use super::super::at::At;
use super::super::checked::{Authors, Beside, Inlet, Log, LogFormat, Store};
use super::super::raw::{
    RawDetect, RawHttp, RawLog, RawLogFormat, RawNotify, RawSecret, RawStore, RawTokenize, RawTrace,
};
use super::super::secret::Address;
use super::super::{defaults, lengths};
use super::Checker;

/// How far a word may lean: against, for. The scorer's own range.
const LEANS: RangeInclusive<f64> = -3.0..=3.0;

impl Checker<'_> {
    /// The address; one that other machines reach must ask senders who they are.
    pub(super) fn listen(&mut self, raw: RawHttp, inlets: Option<&[Inlet]>) -> Option<SocketAddr> {
        let at = At::top().key("http").key("listen");
        let text = raw.listen.as_deref().unwrap_or(defaults::LISTEN);
        let listen: SocketAddr = match text.trim().parse() {
            Ok(listen) => listen,
            Err(_) => {
                let help = "write address and port, such as listen = \"127.0.0.1:7227\" or \"[::1]:7227\"";
                self.fault(&at, &format!("{text:?} is no address with a port"), help);
                return None;
            }
        };
        let is_open = |inlet: &Inlet| match inlet {
            Inlet::Http(http) => http.tokens.is_empty() && http.hmac_secrets.is_empty(),
            Inlet::File(_) => false,
        };
        if !listen.ip().is_loopback() && inlets.is_some_and(|inlets| inlets.iter().any(is_open)) {
            let what = format!("other machines reach {listen}, and the http inlet lets everybody in");
            let help = "write [[inlet]], kind = \"http\" and tokens = [{ env = \"TOCSIN_TOKEN\" }], or listen = \"127.0.0.1:7227\"";
            self.fault(&at, &what, help);
            return None;
        }
        Some(listen)
    }

    /// When the bell rings; what is not written is spike-detect's own word.
    pub(super) fn rule(&mut self, raw: RawDetect) -> (Option<Rule>, Authors) {
        let authors = self.authors(raw.authors.unwrap_or_default());
        let mut rule = Rule::default();
        let at = At::top().key("detect");
        let mut right = true;
        if let Some(alarms) = raw.false_alarms_per_brand_month {
            let at = at.key("false_alarms_per_brand_month");
            let example = "false_alarms_per_brand_month = 0.5";
            right &= self.number_above(&at, alarms, 0.0, example).is_some();
            rule.false_alarms_per_brand_month = alarms;
        }
        let table = raw.severity.unwrap_or_default();
        let rows =
            [(Severity::Yellow, table.yellow), (Severity::Orange, table.orange), (Severity::Red, table.red)];
        let at = at.key("severity");
        let mut before = (0.0, 0.0);
        for (severity, written) in rows {
            let Some(row) = rule.severity.rows.iter_mut().find(|row| row.severity == severity) else {
                continue;
            };
            let written = written.unwrap_or_default();
            row.excess = written.excess.unwrap_or(row.excess);
            row.times = written.times.unwrap_or(row.times);
            let at = at.key(severity.name());
            let (excess, times) = (row.excess, row.times);
            // Each begins above the one before, or it would never be seen.
            let example = "a greater number, or a smaller one in the severity before";
            right &= self.number_above(&at.key("excess"), excess, before.0, example).is_some();
            right &= self.number_above(&at.key("times"), times, before.1, example).is_some();
            before = (excess, times);
        }
        match self.worse(&at.key("worse"), &table.worse.unwrap_or_default(), rule.severity.worse) {
            Some(worse) => rule.severity.worse = worse,
            None => right = false,
        }
        (right.then_some(rule), authors)
    }

    /// The cool-down.
    pub(super) fn cool_down(&mut self, raw: RawNotify) -> Option<Span> {
        let at = At::top().key("notify").key("cool_down");
        self.length(&at, raw.cool_down, defaults::COOL_DOWN, Span::from_minutes(1))
    }

    /// The data folder, and how long what is kept.
    pub(super) fn store(&mut self, raw: RawStore) -> Option<Store> {
        let at = At::top().key("store");
        if raw.path.as_deref() == Some("") {
            self.fault(&at.key("path"), "is empty", "write path = \"tocsin-data\", or leave it out");
        }
        let hour = Span::from_hours(1);
        let posts = self.length(
            &at.key("keep_posts"),
            raw.keep_posts,
            defaults::KEEP_POSTS,
            defaults::KEEP_POSTS_MIN,
        );
        let rejected =
            self.length(&at.key("keep_rejected"), raw.keep_rejected, defaults::KEEP_REJECTED, hour);
        let incidents =
            self.length(&at.key("keep_incidents"), raw.keep_incidents, defaults::KEEP_INCIDENTS, hour);
        let path = self.path(raw.path.as_deref().unwrap_or(defaults::DATA));
        Some(Store { path, keep_posts: posts?, keep_rejected: rejected?, keep_incidents: incidents? })
    }

    fn length(&mut self, at: &At, raw: Option<String>, default: Span, least: Span) -> Option<Span> {
        let Some(text) = raw else { return Some(default) };
        let example = format!(
            "write a number with its unit (s, min, h, d, w), such as \"{}\"",
            lengths::write(default)
        );
        match lengths::read(&text) {
            Ok(span) if span < least => {
                let least = lengths::write(least);
                self.fault(
                    at,
                    &format!("{text:?} is less than {least}"),
                    &format!("write \"{least}\" or more"),
                );
                None
            }
            Ok(span) => Some(span),
            Err(why) => {
                self.fault(at, &why, &example);
                None
            }
        }
    }

    /// The user's words, in a file that is there.
    pub(super) fn dictionary(&mut self, raw: RawTokenize) -> Option<PathBuf> {
        let path = self.path(&raw.dictionary?);
        if let Err(why) = std::fs::File::open(&path).and_then(|file| file.metadata()).and_then(|about| {
            if about.is_file() { Ok(()) } else { Err(std::io::Error::other("it is not a file")) }
        }) {
            let at = At::top().key("tokenize").key("dictionary");
            let what = format!("{} cannot be read: {why}", path.display());
            self.fault(&at, &what, "write one word a line into it, or leave the key out");
        }
        Some(path)
    }

    /// What reads beside the rules; a file must be a model.
    pub(super) fn model(&mut self, raw: Option<String>) -> Beside {
        let path = match raw.as_deref() {
            Some("none") => return Beside::Nothing,
            None | Some("shipped") => return Beside::Shipped,
            Some(path) => self.path(path),
        };
        if let Err(why) = crate::cli::model::read(&path) {
            let at = At::top().key("score").key("model");
            self.fault(&at, &why, "write none, shipped, or a file that tocsin train made");
        }
        Beside::File(path)
    }

    /// Words that lean one way or the other.
    pub(super) fn lexicon(&mut self, raw: BTreeMap<String, Option<f64>>) -> BTreeMap<String, f64> {
        let at = At::top().key("score").key("lexicon");
        let mut lexicon = BTreeMap::new();
        for (word, lean) in raw {
            let Some(lean) = lean else { continue };
            if !LEANS.contains(&lean) {
                let what = format!("is {lean} and must lie between {} and {}", LEANS.start(), LEANS.end());
                self.fault(
                    &at.key(&word),
                    &what,
                    "write -3 for a word that is against, 3 for one that is for",
                );
            } else if word.trim().is_empty() {
                self.fault(&at.key(&word), "is a word without a letter", "leave it out");
            } else {
                lexicon.insert(word, lean);
            }
        }
        lexicon
    }

    /// Words of concerns.
    pub(super) fn concerns(
        &mut self,
        raw: BTreeMap<String, Option<Vec<Option<String>>>>,
    ) -> BTreeMap<String, Vec<String>> {
        let at = At::top().key("score").key("concerns");
        let mut concerns = BTreeMap::new();
        for (name, words) in raw {
            let Some(words) = words else { continue };
            if name.trim().is_empty() || words.is_empty() {
                let help = "write a name and its words, such as shipping = [\"快递\", \"物流\"]";
                self.fault(&at.key(&name), "has no name or no words", help);
            }
            concerns.insert(name, words.into_iter().flatten().collect());
        }
        concerns
    }

    /// How much is logged, and how.
    pub(super) fn log(&mut self, raw: RawLog) -> Log {
        let format = match raw.format {
            None | Some(RawLogFormat::Pretty) => LogFormat::Pretty,
            Some(RawLogFormat::Json) => LogFormat::Json,
        };
        let level = raw.level.unwrap_or_else(|| defaults::LOG_LEVEL.to_owned());
        if let Err(why) = super::super::log_level(&level) {
            let help =
                "write error, warn, info, debug or trace, or by part: level = \"info,tocsin_inlets=debug\"";
            self.fault(&At::top().key("log").key("level"), &why, help);
        }
        Log { format, level }
    }

    /// Where traces go.
    pub(super) fn trace(&mut self, raw: Option<RawTrace>) -> Option<Address> {
        let otlp = raw?.otlp?;
        self.address(&At::top().key("trace").key("otlp"), RawSecret::Inline(otlp))
    }
}
