//! One made-up stream of the shared generator: its posts by the minute, its truth, and its way through tocsin.

use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tocsin_wire::parse_rfc3339;

use crate::Fault;
use crate::tools::Tools;

/// A folder of the generator.
pub(crate) struct Stream {
    pub(crate) folder: PathBuf,
    pub(crate) truth: Value,
}

/// What a single stream is made of.
pub(crate) struct Single {
    pub(crate) scenario: &'static str,
    /// Posts an hour.
    pub(crate) base: f64,
    /// How great the event is: 1 as usual.
    pub(crate) magnitude: f64,
    pub(crate) seed: u64,
}

/// A post, as far as rules look at it.
pub(crate) struct Heard {
    /// When it is heard, in minutes since 1970.
    pub(crate) minute: i64,
}

impl Stream {
    pub(crate) fn open(folder: &Path) -> Result<Stream, Fault> {
        let truth = serde_json::from_str(&fs::read_to_string(folder.join("truth.json"))?)?;
        Ok(Stream { folder: folder.to_owned(), truth })
    }

    /// The streams of a suite, which is made first where it is not there.
    pub(crate) fn suite(tools: &Tools, suite: &str) -> Result<Vec<Stream>, Fault> {
        let root = tools.streams.join(suite);
        if !root.exists() {
            eprintln!("making the streams of {suite} …");
            let half = tools.streams.join(format!("{suite}.half"));
            fs::create_dir_all(&half)?;
            tools.python("crises/generate.py", |python| {
                python.args(["--suite", suite, "--out"]).arg(&half);
            })?;
            fs::rename(half, &root)?;
        }
        let mut folders: Vec<PathBuf> =
            fs::read_dir(&root)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
        folders.retain(|folder| folder.join("truth.json").exists());
        folders.sort();
        folders.iter().map(|folder| Stream::open(folder)).collect()
    }

    /// A single stream of a suite of our own, which is made first where it is not there.
    pub(crate) fn single(tools: &Tools, suite: &str, single: &Single) -> Result<Stream, Fault> {
        let Single { scenario, base, magnitude, seed } = single;
        let name = format!("{scenario}-b{base}-m{magnitude}-s{seed}");
        let folder = tools.streams.join(suite).join(&name);
        if !folder.join("truth.json").exists() {
            fs::create_dir_all(&folder)?;
            tools.python("crises/generate.py", |python| {
                python.args([
                    "--scenario",
                    scenario,
                    "--base",
                    &base.to_string(),
                    "--magnitude",
                    &magnitude.to_string(),
                    "--seed",
                    &seed.to_string(),
                    "--prefix",
                    &name,
                ]);
                python.arg("--out").arg(&folder);
            })?;
        }
        Stream::open(&folder)
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.truth[key].as_str().unwrap_or_default()
    }

    pub(crate) fn number(&self, key: &str) -> f64 {
        self.truth[key].as_f64().unwrap_or_default()
    }

    /// The brand's names.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.truth["keywords"].as_array().map(Vec::as_slice).unwrap_or_default();
        names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    pub(crate) fn events(&self) -> &[Value] {
        self.truth["events"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The posts that name the brand, by the time at which they are heard. In `rival` most do not; elsewhere all
    /// are about it, and those that do not name it follow one that does.
    pub(crate) fn heard(&self) -> Result<Vec<Heard>, Fault> {
        let arrivals = self.arrivals()?;
        let names = self.names();
        let is_rival = self.text("scenario") == "rival";
        let mut heard = Vec::new();
        for line in BufReader::new(fs::File::open(self.folder.join("posts.jsonl"))?).lines() {
            let post: Value = serde_json::from_str(&line?)?;
            let text = post["text"].as_str().unwrap_or_default();
            if is_rival && !names.iter().any(|name| text.contains(name.as_str())) {
                continue;
            }
            let id = post["id"].as_str().unwrap_or_default();
            let at = match arrivals.get(id) {
                Some(arrival) => parse_rfc3339(arrival),
                None => post["created_at"].as_str().and_then(parse_rfc3339),
            };
            heard.push(Heard { minute: at.ok_or("a post without a time")?.div_euclid(60_000) });
        }
        heard.sort_by_key(|post| post.minute);
        Ok(heard)
    }

    /// When posts are heard, of those that are not heard at once.
    pub(crate) fn arrivals(&self) -> Result<std::collections::HashMap<String, String>, Fault> {
        let file = self.folder.join("arrival.tsv");
        if !file.exists() {
            return Ok(std::collections::HashMap::new());
        }
        let text = fs::read_to_string(file)?;
        let rows = text.lines().skip(1).filter_map(|line| line.split_once('\t'));
        Ok(rows.map(|(id, at)| (id.to_owned(), at.to_owned())).collect())
    }

    /// Runs it through tocsin, and lays down what rang as alerts for the scorer.
    pub(crate) fn replay(&self, tools: &Tools, alerts: &str) -> Result<(), Fault> {
        let place = tempfile::tempdir()?;
        let (config, rings) = (place.path().join("tocsin.toml"), place.path().join("rings.jsonl"));
        fs::write(&config, self.config())?;
        let arrivals = self.arrivals()?;
        let posts = match arrivals.is_empty() {
            true => self.folder.join("posts.jsonl"),
            false => self.with_arrivals(&arrivals, place.path())?,
        };
        tools.tocsin(|tocsin| {
            tocsin.arg("replay").arg(&posts).arg("--config").arg(&config).arg("--incidents").arg(&rings);
        })?;
        let mut out = BufWriter::new(fs::File::create(self.folder.join(alerts))?);
        for line in fs::read_to_string(&rings)?.lines() {
            let mut ring: Value = serde_json::from_str(line)?;
            ring["at"] = ring["rang_at"].take();
            writeln!(out, "{ring}")?;
        }
        Ok(out.flush()?)
    }

    /// The brand by all its names.
    fn config(&self) -> String {
        let names: Vec<String> = self.names().iter().map(|n| format!("\"{n}\"")).collect();
        format!(
            "[[brand]]\nname = {}\nquery = '{}'\ntime_zone = \"Asia/Shanghai\"\n[[inlet]]\nkind = \"http\"\n\
             [[outlet]]\nkind = \"console\"\n",
            json!(self.text("brand")),
            names.join(" OR "),
        )
    }

    fn with_arrivals(
        &self,
        arrivals: &std::collections::HashMap<String, String>,
        place: &Path,
    ) -> Result<PathBuf, Fault> {
        let path = place.join("posts.jsonl");
        let mut out = BufWriter::new(fs::File::create(&path)?);
        for line in BufReader::new(fs::File::open(self.folder.join("posts.jsonl"))?).lines() {
            let mut post: Value = serde_json::from_str(&line?)?;
            let arrival = post["id"].as_str().and_then(|id| arrivals.get(id));
            if let Some(arrival) = arrival {
                post["arrives_at"] = json!(arrival);
            }
            writeln!(out, "{post}")?;
        }
        out.flush()?;
        Ok(path)
    }
}
