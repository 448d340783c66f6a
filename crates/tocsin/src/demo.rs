//! `tocsin demo`: a tea-house chain, three quiet weeks, then a crisis, through the real pipeline in a
//! temporary folder; the incident with its reasons; then a process that waits for your own posts.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tocsin_embedded::Store;
use tocsin_flow::Arrival;
use tocsin_model::{ArrivalTime, DAY, EventTime, HOUR, Post, Span};
use tocsin_runtime::{Stopper, Ticks, deliver, stop_on_signals};
use tocsin_scenarios::{TEA_HOUSE_BRAND, TEA_HOUSE_QUERY, tea_house};
use tokio::sync::watch;

use crate::cli;
use crate::cli::args::Speed;
use crate::config::{self, Config};
use crate::house::{House, Told, keep, knowledge};
use crate::replay::{Entry, Feeder, Progress};
use crate::serve::{outlets, serve};

/// The stream is the same every time; only its dates are of today.
const SEED: u64 = 7;
/// How long the demo waits for the console to have told everything.
const TELLING: Duration = Duration::from_secs(20);

/// Runs the command.
pub(crate) fn demo(exit: bool, log: &str) -> Result<(), cli::Stop> {
    let _guard = tocsin_runtime::init(tocsin_runtime::LogFormat::Pretty, log, None)?;
    let folder = tempfile::Builder::new().prefix("tocsin-demo-").tempdir().map_err(cli::Stop::failed)?;
    let file = folder.path().join("tocsin.toml");
    std::fs::write(&file, written(folder.path())).map_err(cli::Stop::failed)?;
    let config = config::load(Some(&file), std::iter::empty())?;
    let house = House::new();
    let runtime = tokio::runtime::Runtime::new().map_err(cli::Stop::failed)?;
    runtime.block_on(async {
        stop_on_signals(house.stopper.clone()).map_err(cli::Stop::failed)?;
        let store = house.open(folder.path(), keep(&config))?;
        past(&house, &store, &config).await?;
        tell(&house, &store, &config).await?;
        if exit || house.stopper.stop().is_set() {
            return Ok(());
        }
        let place = folder.path().to_owned();
        serve(&house, &store, config, folder.path(), |address| next(address, &place)).await
    })
}

/// The config of the demo: it is left in its folder, to be read and copied.
fn written(folder: &Path) -> String {
    format!(
        "# The config of `tocsin demo`. `tocsin config example` prints one with every key.\n\
         [[brand]]\nname = \"{TEA_HOUSE_BRAND}\"\nquery = '{TEA_HOUSE_QUERY}'\ntime_zone = \"Asia/Shanghai\"\n\n\
         [[inlet]]\nkind = \"http\"\n\n[[outlet]]\nkind = \"console\"\n\n\
         [http]\nlisten = \"{}\"\n\n[store]\npath = {}\n",
        free_address(),
        // Quoted: a path may hold what means something else in a string, as each one of Windows does.
        toml::Value::from(folder.display().to_string()),
    )
}

/// The usual port, or any other if somebody has it.
fn free_address() -> SocketAddr {
    let usual = SocketAddr::from(([127, 0, 0, 1], 7227));
    let bind = |address: SocketAddr| std::net::TcpListener::bind(address).and_then(|l| l.local_addr());
    bind(usual).or_else(|_| bind(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap_or(usual)
}

/// The three weeks and the crisis, as fast as they go.
async fn past(house: &House, store: &Store, config: &Config) -> Result<(), cli::Stop> {
    let posts = tea_house(SEED, start(house.room.clock.now()));
    let count = posts.len();
    say(&format!(
        "{TEA_HOUSE_BRAND}, a tea-house chain that we made up: three quiet weeks, then one evening. {count} records \
         go through ingest, tokenize, score, spike-detect and notify."
    ));
    let (_keep, known) = watch::channel(knowledge(config, Told::Outlets)?);
    let drain = Stopper::new();
    let chain =
        house.chain(store, store.author_secret(), known, Ticks::Records, house.stopper.stop(), drain.stop());
    let began = house.room.clock.steady();
    let progress = Progress::new(count as u64);
    let feeder = Feeder {
        intake: Arc::new(store.intake()),
        room: house.room.clone(),
        stop: house.stopper.stop(),
        speed: Speed::Max,
        key: "demo".into(),
    };
    let fed = feeder.feed(posts.into_iter().map(|post| Ok(entry(&post))), &progress).await;
    // Also after a failure: the chain must not be left alone with a runtime that goes away.
    drain.set();
    progress.reading_ends();
    chain.await.map_err(cli::Stop::failed)??;
    fed?;
    progress.clear();
    let took = house.room.clock.steady().saturating_sub(began).as_secs_f64();
    say(&format!("{count} records read, counted and judged in {took:.1} s.\n"));
    Ok(())
}

fn entry(post: &Post) -> Entry {
    let arrival = Arrival {
        arrived: post.arrived,
        source: post.id.source.clone(),
        json: tocsin_wire::write_post(post),
    };
    Entry { at: post.arrived, arrival: Ok(arrival) }
}

/// So that the crisis, which begins at 19:42 in Shanghai, has just ended or did so within a day.
fn start(now: ArrivalTime) -> EventTime {
    const BEGINS_UTC: Span = Span::from_minutes(11 * 60 + 42);
    let latest = now.minus(Span::from_minutes(240)).minus(BEGINS_UTC).millis();
    let day = latest - latest.rem_euclid(DAY.millis());
    EventTime::from_millis(day).plus(BEGINS_UTC).minus(Span::from_millis(21 * 24 * HOUR.millis()))
}

/// Lets the console tell what happened.
async fn tell(house: &House, store: &Store, config: &Config) -> Result<(), cli::Stop> {
    let told = Stopper::new();
    let telling = tokio::spawn(deliver(
        Arc::new(store.ledger()),
        outlets(config, house)?,
        house.room.clone(),
        told.stop(),
    ));
    let office = store.office();
    let began = house.room.clock.steady();
    while office.waiting()? > 0 && house.room.clock.steady().saturating_sub(began) < TELLING {
        house.room.clock.wait(Duration::from_millis(10)).await;
    }
    told.set();
    telling.await.map_err(cli::Stop::failed)??;
    Ok(())
}

/// What to type next.
fn next(address: SocketAddr, folder: &Path) {
    let data = folder.display();
    // As it was called: a program that was only just built is on nobody's path.
    let tocsin = std::env::args().next().unwrap_or_else(|| "tocsin".to_owned());
    say(&format!(
        "\nThis process stays up and listens at http://{address}. Send it a post of your own:\n\n  \
         curl http://{address}/v1/posts -d '{{\"id\":\"1\",\"source\":\"weibo\",\"text\":\"山岚茶饮又喝出虫子,太恶心了\",\
         \"created_at\":\"'$(date -u +%FT%TZ)'\",\"author\":{{\"id\":\"me\"}}}}'\n\n\
         Then look around, in another terminal:\n\n  \
         {tocsin} incidents list --data {data}\n  \
         curl http://{address}/metrics\n\n\
         ctrl-c ends it, and its folder goes with it. Your own brand: {tocsin} config example > tocsin.toml"
    ));
}

fn say(words: &str) {
    let mut out = anstream::stdout().lock();
    // Nobody reads: then there is nobody to show it to.
    writeln!(out, "{words}").and_then(|()| out.flush()).ok();
}
