//! From what was written to what it means: [`super::raw`] to [`super::checked`], every fault told.

mod brands; // what is watched
mod circumstances; // events, sources, known authors and sites
mod enough; // what few posts are enough for
mod inlets; // how posts come in
mod outlets; // how notices go out
mod secrets; // from files, the environment, or as they stand
mod servers; // Kafka and Redis
mod settings; // the sections with one of each

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tocsin_outlets::Language;

use super::at::At;
use super::checked::Config;
use super::document::Document;
use super::faults::Fault;
use super::raw::{RawConfig, RawHolidays, RawLanguage};

/// What a check needs to know besides the raw values.
pub(super) struct Surroundings<'a> {
    /// Where values stand.
    pub(super) document: &'a Document,
    /// The folder that relative paths start from.
    pub(super) folder: &'a Path,
    /// The environment, for secrets.
    pub(super) env: &'a BTreeMap<String, String>,
}

/// The checks so far.
struct Checker<'a> {
    around: &'a Surroundings<'a>,
    faults: Vec<Fault>,
    cautions: Vec<Fault>,
}

/// Checks everything. The config, if there was nothing to tell; file and hash are left to the caller.
pub(super) fn check(raw: RawConfig, around: &Surroundings<'_>, faults: &mut Vec<Fault>) -> Option<Config> {
    let mut checker = Checker { around, faults: Vec::new(), cautions: Vec::new() };
    let brands = checker.brands(raw.brand);
    let inlets = checker.inlets(raw.inlet);
    let outlets = checker.outlets(raw.outlet, &brands);
    let listen = checker.listen(raw.http.unwrap_or_default(), inlets.as_deref());
    let events = checker.events(raw.event, &brands);
    let reports = checker.reports(raw.source);
    let lists = checker.lists(raw.lists.unwrap_or_default());
    let detect = raw.detect.unwrap_or_default();
    let chinese_holidays = !matches!(detect.holidays, Some(RawHolidays::None));
    let (rule, authors) = checker.rule(detect);
    let notify = raw.notify.unwrap_or_default();
    let language = match notify.language {
        Some(RawLanguage::Zh) => Language::Chinese,
        Some(RawLanguage::En) => Language::English,
        None | Some(RawLanguage::Both) => Language::Both,
    };
    let cool_down = checker.cool_down(notify);
    let store = checker.store(raw.store.unwrap_or_default());
    let servers = checker.servers(raw.kafka, raw.redis, store.as_ref());
    let dictionary = checker.dictionary(raw.tokenize.unwrap_or_default());
    let score = raw.score.unwrap_or_default();
    let model = checker.model(score.model);
    let lexicon = checker.lexicon(score.lexicon.unwrap_or_default());
    let concerns = checker.concerns(score.concerns.unwrap_or_default());
    let log = checker.log(raw.log.unwrap_or_default());
    let trace = checker.trace(raw.trace);
    faults.append(&mut checker.faults);
    Some(Config {
        file: None,
        file_hash: 0,
        cautions: checker.cautions,
        brands,
        inlets: inlets?,
        outlets: outlets?,
        rule: rule?,
        chinese_holidays,
        events,
        reports,
        authors,
        lists,
        cool_down: cool_down?,
        language,
        store: store?,
        servers,
        listen: listen?,
        dictionary,
        lexicon,
        model,
        concerns,
        log,
        trace,
    })
    .filter(|_| faults.is_empty())
}

impl Checker<'_> {
    /// Tells of a fault of the value at `at`.
    fn fault(&mut self, at: &At, what: &str, help: &str) {
        self.faults.push(self.around.document.fault_at(at, what, help));
    }

    /// Whether something is written at `at`: what is not in the raw values but is written was told of before.
    fn is_written(&self, at: &At) -> bool {
        self.around.document.find(at).is_some()
    }

    /// A path from the config's folder.
    fn path(&self, text: &str) -> PathBuf {
        self.around.folder.join(text)
    }

    /// A number greater than `above`; tells if it is not.
    fn number_above(&mut self, at: &At, number: f64, above: f64, example: &str) -> Option<f64> {
        if number > above {
            return Some(number);
        }
        self.fault(at, &format!("is {number} and must be more than {above}"), &format!("write {example}"));
        None
    }

    /// A name of an inlet or an outlet: short, without white space, not yet taken.
    fn name(
        &mut self,
        at: &At,
        written: Option<String>,
        kind: &str,
        taken: &mut Vec<String>,
    ) -> Option<String> {
        let is_silent = written.is_none();
        let name = written.unwrap_or_else(|| kind.to_owned());
        let at_name = if is_silent { at.clone() } else { at.key("name") };
        if let Err(why) = tocsin_model::OutletId::new(&name) {
            let help = "write a short name without white space, such as name = \"duty-desk\"";
            self.fault(&at_name, &format!("{name:?} {why}"), help);
            return None;
        }
        if taken.contains(&name) {
            let what = format!("there is another one of the name {name:?}");
            self.fault(&at_name, &what, &format!("give each its own, such as name = \"{name}-2\""));
            return None;
        }
        taken.push(name.clone());
        Some(name)
    }
}
