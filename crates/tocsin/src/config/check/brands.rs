//! `[[brand]]`: what is watched.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use tocsin_ingest::{Query, QueryFault};
use tocsin_model::BrandId;

use super::super::at::At;
use super::super::checked::Brand;
use super::super::defaults;
use super::super::faults::Fault;
use super::super::nearest::nearest;
use super::super::raw::RawBrand;
use super::Checker;

impl Checker<'_> {
    /// The brands that are right.
    pub(super) fn brands(&mut self, raw: Option<Vec<Option<RawBrand>>>) -> Vec<Brand> {
        let all = At::top().key("brand");
        if raw.as_ref().map_or(!self.is_written(&all), Vec::is_empty) {
            let help =
                "write [[brand]], and below it name = \"山岚茶饮\" and query = '山岚茶饮 OR \"shanlan tea\"'";
            self.fault(&all, "there is none, so there is nothing to watch", help);
        }
        let mut brands: Vec<Brand> = Vec::new();
        let mut names = BTreeSet::new();
        let mut rivals = Vec::new();
        for (n, raw) in raw.into_iter().flatten().enumerate() {
            let at = all.index(n);
            let Some(mut raw) = raw else { continue };
            let of_rivals = raw.rivals.take();
            let name = raw.name.as_deref().map(|name| name.trim().to_owned());
            let taken = name.filter(|name| !names.insert(name.clone()));
            if let Some(name) = &taken {
                let what = format!("there is another brand of the name {name:?}");
                let help = "give each brand its own name, or join the two queries with OR";
                self.fault(&at.key("name"), &what, help);
            }
            if let Some(brand) = self.brand(&at, raw).filter(|_| taken.is_none()) {
                brands.push(brand);
                rivals.push((at.key("rivals"), of_rivals));
            }
        }
        for (n, (at, rivals)) in rivals.into_iter().enumerate() {
            brands[n].rivals = self.some_brands(&at, rivals, &brands);
            if brands[n].rivals.contains(&brands[n].name) {
                let help = "write the names of others, each with a [[brand]] of its own";
                self.fault(&at, "names the brand itself", help);
            }
        }
        brands
    }

    fn brand(&mut self, at: &At, raw: RawBrand) -> Option<Brand> {
        let name = raw.name.and_then(|name| self.brand_name(&at.key("name"), &name));
        let query = raw.query.and_then(|text| Some((self.query(&at.key("query"), &text)?, text)));
        let zone = raw.time_zone.unwrap_or_else(|| defaults::TIME_ZONE.to_owned());
        let time_zone = self.time_zone(&at.key("time_zone"), &zone);
        let at_expected = at.key("expected_per_hour");
        let expected_per_hour = match raw.expected_per_hour {
            Some(n) => Some(self.number_above(&at_expected, n, 0.0, "expected_per_hour = 20")?),
            None => None,
        };
        let sources = self.sources(&at.key("sources"), raw.sources);
        let accounts = self.accounts(&at.key("accounts"), raw.accounts);
        let keywords = self.keywords(&at.key("keyword"), raw.keyword);
        let (query, query_text) = query?;
        let (name, time_zone) = (name?, time_zone?);
        // Rivals are known when all brands are.
        Some(Brand {
            name,
            query,
            query_text,
            time_zone,
            expected_per_hour,
            sources,
            rivals: Vec::new(),
            accounts,
            keywords,
        })
    }

    fn brand_name(&mut self, at: &At, name: &str) -> Option<BrandId> {
        let trimmed = name.trim();
        match BrandId::new(trimmed) {
            Ok(id) => Some(id),
            Err(why) => {
                self.fault(
                    at,
                    &format!("{why}"),
                    "write the name that people shall read, such as name = \"山岚茶饮\"",
                );
                None
            }
        }
    }

    /// Each fault of a query, and each caution, at its own line and column.
    fn query(&mut self, at: &At, text: &str) -> Option<Query> {
        let place = |told: &QueryFault| {
            let nth = told.column.saturating_sub(1);
            self.around.document.fault_inside(at, nth, &told.message, &told.help)
        };
        match Query::parse(text) {
            Ok(query) => {
                let cautions: Vec<Fault> = query.cautions().iter().map(place).collect();
                self.cautions.extend(cautions);
                Some(query)
            }
            Err(faults) => {
                let faults: Vec<Fault> = faults.iter().map(place).collect();
                self.faults.extend(faults);
                None
            }
        }
    }

    fn time_zone(&mut self, at: &At, name: &str) -> Option<TimeZone> {
        if let Ok(zone) = TimeZone::get(name) {
            return Some(zone);
        }
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
        let help = match nearest(name, names.iter().map(String::as_str)) {
            _ if names.is_empty() => {
                "this machine has no time zones; install its tzdata package, or write time_zone = \"UTC\""
                    .to_owned()
            }
            Some(near) => format!("did you mean {near:?}?"),
            None => "write a name of the IANA list, such as time_zone = \"Asia/Shanghai\"".to_owned(),
        };
        self.fault(at, &format!("{name:?} is no time zone"), &help);
        None
    }
}
