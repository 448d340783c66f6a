//! `[[inlet]]`: how posts come in.

use std::collections::BTreeMap;

use tocsin_inlets::records::{Columns, FIELDS, Format};

use super::super::at::At;
use super::super::checked::{FileInlet, FileSource, HttpInlet, Inlet};
use super::super::defaults;
use super::super::nearest::nearest;
use super::super::raw::{OneOrMany, RawFormat, RawInlet};
use super::Checker;

impl Checker<'_> {
    /// The inlets, if all of them are right; without any: one by HTTP.
    pub(super) fn inlets(&mut self, raw: Option<Vec<Option<RawInlet>>>) -> Option<Vec<Inlet>> {
        let all = At::top().key("inlet");
        let raw = raw.unwrap_or_default();
        if raw.is_empty() && !self.is_written(&all) {
            let http = HttpInlet { name: "http".to_owned(), tokens: Vec::new(), hmac_secrets: Vec::new() };
            return Some(vec![Inlet::Http(http)]);
        }
        let count = raw.len();
        let mut taken = Vec::new();
        let mut inlets = Vec::new();
        for (n, raw) in raw.into_iter().enumerate() {
            let at = all.index(n);
            let Some(inlet) = raw.and_then(|raw| self.inlet(&at, raw, &mut taken)) else { continue };
            let is_second = |other: &Inlet| matches!((other, &inlet), (Inlet::Http(_), Inlet::Http(_)));
            if inlets.iter().any(is_second) {
                self.fault(&at, "there is another one by HTTP", "keep one, and write all its tokens into it");
            } else {
                inlets.push(inlet);
            }
        }
        (inlets.len() == count).then_some(inlets)
    }

    fn inlet(&mut self, at: &At, raw: RawInlet, taken: &mut Vec<String>) -> Option<Inlet> {
        match raw {
            RawInlet::Http { name, tokens, hmac_secrets } => {
                let name = self.name(at, name, "http", taken);
                let tokens = self.secrets(&at.key("tokens"), tokens);
                let hmac_secrets = self.secrets(&at.key("hmac_secrets"), hmac_secrets);
                Some(Inlet::Http(HttpInlet { name: name?, tokens: tokens?, hmac_secrets: hmac_secrets? }))
            }
            RawInlet::File { name, path, follow, format, columns, defaults: given } => {
                let name = self.name(at, name, "file", taken);
                let from = self.file_sources(&at.key("path"), path);
                let format = match format {
                    None => Format::Auto,
                    Some(RawFormat::Jsonl) => Format::Jsonl,
                    Some(RawFormat::Csv) => Format::Csv,
                };
                let at_columns = at.key("columns");
                if columns.as_ref().is_some_and(|c| !c.is_empty()) && format == Format::Jsonl {
                    let help = "leave columns out, or write format = \"csv\"";
                    self.fault(&at_columns, "is for CSV, and the format is JSON Lines", help);
                }
                let columns = Columns {
                    columns: self.fields(&at_columns, columns.unwrap_or_default()),
                    defaults: self.fields(&at.key("defaults"), given.unwrap_or_default()),
                };
                let follow = follow.unwrap_or(defaults::FOLLOW);
                Some(Inlet::File(FileInlet { name: name?, from: from?, follow, format, columns }))
            }
        }
    }

    fn file_sources(&mut self, at: &At, raw: Option<OneOrMany>) -> Option<Vec<FileSource>> {
        let paths: Vec<(At, String)> = match raw? {
            OneOrMany::One(path) => vec![(at.clone(), path)],
            OneOrMany::Many(paths) => {
                paths.into_iter().enumerate().filter_map(|(n, path)| Some((at.index(n), path?))).collect()
            }
        };
        if paths.is_empty() {
            self.fault(at, "names no file", "write path = \"posts/*.jsonl\"");
            return None;
        }
        let mut sources = Vec::new();
        for (at, path) in paths {
            match path.as_str() {
                "-" => sources.push(FileSource::StandardInput),
                "" => self.fault(&at, "is empty", "write path = \"posts/*.jsonl\""),
                path => sources.push(FileSource::Path(self.path(path))),
            }
        }
        Some(sources)
    }

    /// A word to each of some fields of a post.
    fn fields(&mut self, at: &At, raw: BTreeMap<String, Option<String>>) -> BTreeMap<String, String> {
        let known: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
        let mut fields = BTreeMap::new();
        for (field, word) in raw {
            if known.contains(&field.as_str()) {
                fields.extend(word.map(|word| (field, word)));
                continue;
            }
            let help = match nearest(&field, known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("known are {}", known.join(", ")),
            };
            let what = format!("{field:?} is no field of a post");
            self.faults.push(self.around.document.fault_at_key(&at.key(&field), &what, &help));
        }
        fields
    }
}
