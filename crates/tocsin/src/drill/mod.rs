//! `tocsin drill`: a made-up crisis of your own brand through the real pipeline, apart from what is live; then a
//! score card.

mod brand; // which brand, and how a post names it
mod card; // what came of it

use std::io::{self, Write};

use tocsin_flow::Arrival;
use tocsin_ingest::Query;
use tocsin_model::{ArrivalTime, DAY, EventTime, HOUR, Post, Span};
use tocsin_scenarios::{Drill, Expect, SCENARIOS, Scenario, Story, Swap, play};

use crate::cli::{self, Exit, args};
use crate::config::Config;
use crate::replay::Entry;
use crate::sandbox::Sandbox;

use brand::Watched;
use card::Card;

/// How long a story lasts at most, about: so that it has happened by today.
const STORY: Span = Span::from_hours(26 * 24);

/// Runs the command.
///
/// # Errors
/// The config or the brand is not right; the drill was missed, or its calm was called a crisis.
pub(crate) fn drill(typed: &args::Drill, log: &str) -> Result<(), cli::Stop> {
    let mut out = anstream::stdout().lock();
    let Some(name) = &typed.scenario else {
        return cli::exit::quiet_on_broken_pipe(list(&mut out));
    };
    let scenario = tocsin_scenarios::scenario(name).ok_or_else(|| unknown(name))?;
    let _guard = tocsin_runtime::init(tocsin_runtime::LogFormat::Pretty, log, None)?;
    let watched = Watched::find(typed.config.as_deref(), typed.brand.as_deref())?;
    let sandbox = Sandbox::open(&watched.config)?;
    let drill = Drill {
        brand: watched.said.clone(),
        usual_tenths: typed.usual.map(|usual| (usual * 10.0).round().max(1.0) as u64),
        scale_percent: (typed.scale * 100.0).round().max(1.0) as u64,
        seed: typed.seed,
        start: start(sandbox.now()),
    };
    let story = play(&drill, scenario);
    let posts = story.posts.len();
    if !typed.json {
        let told = writeln!(
            out,
            "{}: {}.\n{posts} records about {} go through ingest, tokenize, score, spike-detect and notify, apart from \
             what is live.",
            scenario.name, scenario.about, watched.brand
        );
        cli::exit::quiet_on_broken_pipe(told.and_then(|()| out.flush()))?;
    }
    pass(&sandbox, &watched, scenario, &story)?;
    let card = Card::of(&watched.brand, scenario.expect, &story, drill.start, &sandbox.incidents()?);
    let written = if typed.json { writeln!(out, "{}", card.json(scenario)) } else { card.write(&mut out) };
    cli::exit::quiet_on_broken_pipe(written)?;
    if card.passed() {
        return Ok(());
    }
    let words = "the watch did not do what a good one does: exit code 4".to_owned();
    Err(cli::Stop { exit: Exit::Missed, words })
}

fn list(out: &mut impl Write) -> io::Result<()> {
    for scenario in SCENARIOS {
        let expected = match scenario.expect {
            Expect::Crisis => "rings",
            Expect::Calm => "stays calm",
            Expect::Silence => "tells a silence",
        };
        writeln!(out, "{:<18} {expected:<16} {}", scenario.name, scenario.about)?;
    }
    Ok(())
}

fn unknown(name: &str) -> cli::Stop {
    let names: Vec<&str> = SCENARIOS.iter().map(|s| s.name).collect();
    cli::Stop::usage(format_args!(
        "{name:?} is no scenario\n  help: write one of {}; `tocsin drill --list` says what each is",
        names.join(", ")
    ))
}

/// The posts; where the scenario changes the watch itself, in two parts.
fn pass(sandbox: &Sandbox, watched: &Watched, scenario: &Scenario, story: &Story) -> Result<(), cli::Stop> {
    let begins = ArrivalTime::from_millis(story.begins.millis());
    let at = story.posts.partition_point(|post| post.arrived < begins);
    let (before, after) = story.posts.split_at(if scenario.swap.is_some() { at } else { story.posts.len() });
    sandbox.pass(
        &watched.config,
        "drill: before",
        before.iter().map(|p| Ok(entry(p))),
        before.len() as u64,
    )?;
    if let Some(swap) = scenario.swap {
        let changed = changed(watched, swap)?;
        sandbox.pass(&changed, "drill: after", after.iter().map(|p| Ok(entry(p))), after.len() as u64)?;
    }
    Ok(())
}

/// The config from the beginning of the scenario on.
fn changed(watched: &Watched, swap: Swap) -> Result<Config, cli::Stop> {
    let mut config = watched.config.clone();
    match swap {
        Swap::Query(nickname) => {
            for brand in config.brands.iter_mut().filter(|brand| brand.name == watched.brand) {
                brand.query_text = format!("({}) OR {nickname}", brand.query_text);
                brand.query = Query::parse(&brand.query_text).map_err(|faults| {
                    cli::Stop::failed(format_args!("{}: {}", brand.query_text, faults[0].message))
                })?;
            }
        }
        Swap::Model(words) => config.lexicon.extend(words.iter().map(|word| ((*word).to_owned(), -3.0))),
    }
    Ok(config)
}

fn entry(post: &Post) -> Entry {
    let arrival = Arrival {
        arrived: post.arrived,
        source: post.id.source.clone(),
        json: tocsin_wire::write_post(post),
    };
    Entry { at: post.arrived, arrival: Ok(arrival) }
}

/// A midnight in Shanghai, so long ago that the story has happened.
fn start(now: ArrivalTime) -> EventTime {
    let latest = now.minus(STORY).millis();
    let midnight = latest - (latest + 8 * HOUR.millis()).rem_euclid(DAY.millis());
    EventTime::from_millis(midnight)
}
