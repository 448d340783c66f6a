//! Which brand a drill is about, and how a post names it.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tocsin_ingest::{BrandSet, Matcher, clean};
use tocsin_model::BrandId;
use tocsin_scenarios::{TEA_HOUSE_BRAND, TEA_HOUSE_QUERY};

use crate::cli;
use crate::config::{self, Config, defaults};

/// A brand as the config watches it.
pub(super) struct Watched {
    pub(super) config: Config,
    pub(super) brand: BrandId,
    /// The words by which a made-up post names it: its query takes them.
    pub(super) said: String,
}

impl Watched {
    /// The brand of this name in the config, or its first; where there is no config, any brand by its name.
    pub(super) fn find(file: Option<&Path>, name: Option<&str>) -> Result<Watched, cli::Stop> {
        if file.is_none() && !Path::new(defaults::FILE).exists() {
            return Watched::alone(name);
        }
        let config = config::load(file, config::environment())?;
        let brand = match name {
            None => &config.brands[0],
            Some(name) => config.brands.iter().find(|b| b.name.as_str() == name.trim()).ok_or_else(|| {
                let known: Vec<&str> = config.brands.iter().map(|b| b.name.as_str()).collect();
                cli::Stop::usage(format_args!(
                    "the config has no brand {name:?}\n  help: write one of {}",
                    known.join(", ")
                ))
            })?,
        };
        let terms = brand.query.terms().into_iter().filter(|(term, _)| term.is_in_text());
        let terms: Vec<String> = terms.map(|(term, _)| term.text().to_owned()).collect();
        let names = std::iter::once(brand.name.as_str()).chain(terms.iter().map(String::as_str));
        let said = names.map(str::to_owned).find(|said| is_taken(&config, &brand.name, said));
        let Some(said) = said else {
            return Err(cli::Stop::usage(format_args!(
                "a made-up post about {} is not taken by its query: {}\n  help: a drill needs a query that takes a post \
                 of which nothing is known but that it holds the brand's name or one of the query's terms",
                brand.name, brand.query_text
            )));
        };
        Ok(Watched { brand: brand.name.clone(), said, config })
    }

    /// A brand that needs no config: its name is its query.
    fn alone(name: Option<&str>) -> Result<Watched, cli::Stop> {
        let (name, query) = match name {
            None => (TEA_HOUSE_BRAND, TEA_HOUSE_QUERY.to_owned()),
            Some(name) => (name, format!("\"{name}\"")),
        };
        let folder = tempfile::tempdir().map_err(cli::Stop::failed)?;
        let file = folder.path().join(defaults::FILE);
        let text = json!({ "name": name, "query": query });
        let text = format!(
            "[[brand]]\nname = {}\nquery = {}\ntime_zone = \"Asia/Shanghai\"\n[[inlet]]\nkind = \"http\"\n\
             [[outlet]]\nkind = \"console\"\n",
            text["name"], text["query"]
        );
        std::fs::write(&file, text).map_err(cli::Stop::failed)?;
        let config = config::load(Some(&file), std::iter::empty())?;
        let brand = config.brands[0].name.clone();
        Ok(Watched { config, brand, said: name.to_owned() })
    }
}

/// Whether the brand's query takes a post that says this.
fn is_taken(config: &Config, brand: &BrandId, said: &str) -> bool {
    let queries = config.brands.iter().map(|b| (b.name.clone(), b.query.clone())).collect();
    let post = json!({
        "id": "1", "source": "weibo", "text": format!("朋友推荐的{said}新款,很好用"),
        "created_at": "2026-01-01T00:00:00Z", "author": { "id": "1" },
    });
    let (Ok(set), Ok(post)) = (
        BrandSet::compile(queries, config.version()),
        tocsin_wire::read_recorded(post.to_string().as_bytes()),
    ) else {
        return false;
    };
    let mentions = Matcher::new(Arc::new(set)).mentions(&post, &clean(&post));
    mentions.iter().any(|mention| mention.brand == *brand)
}
