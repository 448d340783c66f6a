//! `tocsin brands try`: what a query would take among posts that are there already.

use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;
use serde_json::{Value, json};
use tocsin_ingest::{Found, Query, QueryFault, Term, TermKind, Trial, Wanted, try_queries};
use tocsin_inlets::records::{Columns, Format, read_records};
use tocsin_model::Post;

use super::Stop;
use super::args::BrandsTry;
use crate::config;

/// Characters of a sample on a terminal.
const SAMPLE_CHARS_MAX: usize = 100;

const HEADING: Style = Style::new().bold();

/// Runs `tocsin brands try`.
///
/// # Errors
/// A query with faults, a file that cannot be read; inside: what the output says.
pub(crate) fn try_query(typed: &BrandsTry, output: &mut impl Write) -> Result<io::Result<()>, Stop> {
    let query = parse("the query", &typed.query)?;
    let other = match &typed.vs {
        Some(text) => Some(parse("--vs", &brand_or_query(text, typed.config.as_deref())?)?),
        None => None,
    };
    let path = typed.against.display().to_string();
    let mut posts = Posts { records: open(&path)?, rejected: 0, failed: None };
    let trial = try_queries(&query, other.as_ref(), &mut posts).map_err(Stop::failed)?;
    if let Some(why) = posts.failed {
        return Err(Stop::failed(format_args!("{path}: {why}")));
    }
    if typed.json {
        let answer = as_json(&trial, posts.rejected);
        return Ok(writeln!(output, "{answer}"));
    }
    let cautions: Vec<&QueryFault> = query.cautions().iter().collect();
    let text = as_text(&trial, posts.rejected, &cautions);
    Ok(write!(output, "{}", shown(&text)))
}

/// The text, without its colours where nobody wants them.
fn shown(text: &str) -> String {
    match anstream::AutoStream::choice(&io::stdout()) {
        anstream::ColorChoice::Never => anstream::adapter::strip_str(text).to_string(),
        _ => text.to_owned(),
    }
}

/// The query of a brand of the config, if it has one of this name; else the query that it is.
fn brand_or_query(text: &str, config: Option<&Path>) -> Result<String, Stop> {
    // Without a config every text is a query; one that is named must be right.
    if config.is_none() && !Path::new(config::defaults::FILE).exists() {
        return Ok(text.to_owned());
    }
    let config = config::load(config, config::environment())?;
    let brand = config.brands.into_iter().find(|brand| brand.name.as_str() == text.trim());
    Ok(brand.map_or_else(|| text.to_owned(), |brand| brand.query_text))
}

/// A query, or all its faults with a mark under each.
fn parse(which: &str, text: &str) -> Result<Query, Stop> {
    Query::parse(text).map_err(|faults| {
        let mut words = String::new();
        for fault in faults {
            words.push_str(&format!("{which}:{}: {}\n  help: {}\n", fault.column, fault.message, fault.help));
        }
        Stop::usage(format_args!("{words}\n  {text}\nnothing was tried"))
    })
}

type Records = Box<dyn Iterator<Item = io::Result<tocsin_inlets::records::RawRecord>> + Send>;

fn open(path: &str) -> Result<Records, Stop> {
    read_records(path, Format::Auto, &Columns::default()).map_err(Stop::usage)
}

/// The posts of a file; what is no post is counted.
struct Posts {
    records: Records,
    rejected: u64,
    failed: Option<io::Error>,
}

impl Iterator for Posts {
    type Item = Post;

    fn next(&mut self) -> Option<Post> {
        loop {
            let record = match self.records.next()? {
                Ok(record) => record,
                Err(why) => {
                    self.failed = Some(why);
                    return None;
                }
            };
            let read = match record.fault {
                Some(_) => None,
                None => tocsin_wire::read_recorded(record.bytes.trim_ascii()).ok(),
            };
            match read {
                Some(post) => return Some(post),
                None => self.rejected += 1,
            }
        }
    }
}

fn as_json(trial: &Trial, rejected: u64) -> Value {
    let found = |found: &Found| {
        let samples: Vec<Value> = found
            .samples
            .iter()
            .map(|sample| json!({ "id": sample.id.to_string(), "text": sample.text }))
            .collect();
        json!({
            "posts": found.posts,
            "an_hour": trial.an_hour(found.posts),
            "share": share(found.posts, trial.posts),
            "samples": samples,
        })
    };
    let terms: Vec<Value> = trial
        .terms
        .iter()
        .map(|tried| {
            let mut term = found(&tried.found);
            term["term"] = as_typed(&tried.term).into();
            term["under_not"] = (tried.wanted == Wanted::Absent).into();
            term["anywhere"] = tried.anywhere.into();
            term
        })
        .collect();
    json!({
        "posts": trial.posts,
        "rejected": rejected,
        "hours": trial.span.millis() as f64 / 3_600_000.0,
        "taken": found(&trial.taken),
        "terms": terms,
        "never": trial.never().map(as_typed).collect::<Vec<_>>(),
        "removed": found(&trial.removed),
        "only_this": trial.only_this.as_ref().map(found),
        "only_other": trial.only_other.as_ref().map(found),
    })
}

fn as_text(trial: &Trial, rejected: u64, cautions: &[&QueryFault]) -> String {
    let mut text = String::new();
    for caution in cautions {
        text.push_str(&format!(
            "caution, column {}: {}; {}\n",
            caution.column, caution.message, caution.help
        ));
    }
    let hours = trial.span.millis() as f64 / 3_600_000.0;
    text.push_str(&format!("{} posts over {hours:.1} hours", trial.posts));
    if rejected > 0 {
        let were = if rejected == 1 { "line was no post" } else { "lines were no posts" };
        text.push_str(&format!("; {rejected} {were}"));
    }
    text.push_str("\n\n");
    let taken = &trial.taken;
    section(&mut text, "The query takes", trial, taken);
    for tried in trial.terms.iter().filter(|tried| tried.wanted == Wanted::There && tried.anywhere > 0) {
        section(&mut text, &format!("with {}", as_typed(&tried.term)), trial, &tried.found);
    }
    let never: Vec<String> = trial.never().map(as_typed).collect();
    if !never.is_empty() {
        text.push_str(&format!("{HEADING}Never found{HEADING:#}: {}\n\n", never.join(", ")));
    }
    let nots = || trial.terms.iter().filter(|tried| tried.wanted == Wanted::Absent);
    if nots().next().is_some() {
        section(&mut text, "NOT takes away", trial, &trial.removed);
        for tried in nots().filter(|tried| tried.anywhere > 0) {
            section(&mut text, &format!("by NOT {}", as_typed(&tried.term)), trial, &tried.found);
        }
    }
    if let Some(only) = &trial.only_this {
        section(&mut text, "Only this query takes", trial, only);
    }
    if let Some(only) = &trial.only_other {
        section(&mut text, "Only the other query takes", trial, only);
    }
    text
}

/// A heading with its figures, and the samples below it.
fn section(text: &mut String, heading: &str, trial: &Trial, found: &Found) {
    let posts = if found.posts == 1 { "post" } else { "posts" };
    text.push_str(&format!(
        "{HEADING}{heading}{HEADING:#}: {} {posts}, {:.1} an hour, {:.1} % of all\n",
        found.posts,
        trial.an_hour(found.posts),
        share(found.posts, trial.posts) * 100.0
    ));
    for sample in &found.samples {
        text.push_str(&format!("  {}  {}\n", sample.id, in_one_line(&sample.text)));
    }
    text.push('\n');
}

/// Strangers' words, harmless on a terminal: one line, no control characters, not too long.
fn in_one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line: String = words.chars().filter(|c| !c.is_control()).take(SAMPLE_CHARS_MAX).collect();
    if words.chars().count() > SAMPLE_CHARS_MAX {
        line.push('…');
    }
    line
}

/// A term as one would write it in a query.
fn as_typed(term: &Term) -> String {
    let text = match term.text() {
        text if text.contains(char::is_whitespace) => format!("\"{text}\""),
        text => text.to_owned(),
    };
    match term.kind() {
        TermKind::Words => text,
        TermKind::Hashtag => format!("#{text}"),
        TermKind::Account => format!("@{text}"),
        TermKind::Author => format!("author:{text}"),
        TermKind::Source => format!("source:{text}"),
        TermKind::Lang => format!("lang:{text}"),
    }
}

fn share(posts: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { posts as f64 / of as f64 }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn posts() -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
        let texts =
            ["苹果手机真好", "苹果园\n开园了\u{1b}[31m", "iPhone 起火", "果园里的 iPhone", "今天下雨"];
        for (hour, text) in texts.iter().enumerate() {
            let post = json!({
                "id": hour.to_string(),
                "source": "weibo",
                "text": text,
                "created_at": format!("2026-03-01T{:02}:00:00Z", hour * 2),
                "author": { "id": "u1" },
            });
            writeln!(file, "{post}").unwrap();
        }
        writeln!(file, "not a post").unwrap();
        file
    }

    fn run(query: &str, vs: Option<&str>, json: bool) -> Result<String, Stop> {
        let file = posts();
        let typed = BrandsTry {
            query: query.to_owned(),
            against: file.path().to_owned(),
            vs: vs.map(str::to_owned),
            config: None,
            json,
        };
        let mut output = Vec::new();
        try_query(&typed, &mut output)?.unwrap();
        // Whoever runs this on a terminal gets colours.
        Ok(anstream::adapter::strip_str(&String::from_utf8(output).unwrap()).to_string())
    }

    #[test]
    fn a_trial_reads_like_a_report() {
        let told = run("(苹果 OR iPhone OR 安卓) NOT 果园", Some("iPhone"), false).unwrap();
        expect![[r#"
            5 posts over 8.0 hours; 1 line was no post

            The query takes: 2 posts, 0.2 an hour, 40.0 % of all
              weibo/0  苹果手机真好
              weibo/2  iPhone 起火

            with iPhone: 1 post, 0.1 an hour, 20.0 % of all
              weibo/2  iPhone 起火

            with 苹果: 1 post, 0.1 an hour, 20.0 % of all
              weibo/0  苹果手机真好

            Never found: 安卓

            NOT takes away: 2 posts, 0.2 an hour, 40.0 % of all
              weibo/1  苹果园 开园了 [31m
              weibo/3  果园里的 iPhone

            by NOT 果园: 2 posts, 0.2 an hour, 40.0 % of all
              weibo/1  苹果园 开园了 [31m
              weibo/3  果园里的 iPhone

            Only this query takes: 1 post, 0.1 an hour, 20.0 % of all
              weibo/0  苹果手机真好

            Only the other query takes: 1 post, 0.1 an hour, 20.0 % of all
              weibo/3  果园里的 iPhone

        "#]]
        .assert_eq(&told);
    }

    #[test]
    fn a_trial_for_programs_has_the_same_figures() {
        let told: Value = serde_json::from_str(&run("苹果 NOT 果园", None, true).unwrap()).unwrap();
        assert_eq!((&told["posts"], &told["rejected"], &told["hours"]), (&json!(5), &json!(1), &json!(8.0)));
        assert_eq!((&told["taken"]["posts"], &told["taken"]["share"]), (&json!(1), &json!(0.2)));
        assert_eq!((&told["removed"]["posts"], &told["only_this"]), (&json!(1), &Value::Null));
        assert_eq!(told["terms"][0]["under_not"], true);
    }

    #[test]
    fn faults_of_a_query_are_all_told() {
        let told = run("苹果 OR (", None, false).unwrap_err();
        assert_eq!(told.exit, super::super::Exit::Usage);
        expect![[r#"
            the query:7: this parenthesis is never closed
              help: put a ) where it ends

              苹果 OR (
            nothing was tried"#]]
        .assert_eq(&told.words);
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let typed = BrandsTry {
            query: "a".to_owned(),
            against: "/nowhere/posts.jsonl".into(),
            vs: None,
            config: None,
            json: false,
        };
        let told = try_query(&typed, &mut Vec::new()).unwrap_err();
        assert!(told.words.contains("/nowhere/posts.jsonl"), "{told}");
    }
}
