//! The command's side: asks the running process, else opens the folder; over Kafka and Redis it looks there itself.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tocsin_model::{BrandId, Subject};

use super::answers::{Clerk, Question, Which};
use super::door::{Card, PATH};
use super::{authors, reasons, usual, words};
use crate::cli::args::{Baselines, Explain, Incidents, Place, Rejected};
use crate::cli::{self, Exit};
use crate::config::{self, Config, Servers};
use crate::house::House;
use crate::servers;

/// How long the running process may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `tocsin incidents …`.
pub(crate) fn incidents(typed: &Incidents, out: &mut impl Write) -> Result<std::io::Result<()>, cli::Stop> {
    match typed {
        Incidents::List { place, open, brand, limit, json } => {
            let question = Question::Incidents { open: *open, brand: brand.clone(), limit: *limit };
            let answer = ask(place, &question)?.answer;
            Ok(if *json { lines(out, &answer) } else { words::incidents(out, &answer) })
        }
        Incidents::Authors { brand, place, limit, json } => {
            let every = Question::Incidents { open: false, brand: Some(brand.clone()), limit: usize::MAX };
            let authors = authors::across(&ask(place, &every)?.answer, *limit);
            Ok(if *json { authors::lines(out, &authors) } else { authors::table(out, &authors) })
        }
        Incidents::Show { id, place, json } => {
            let visit = ask(place, &Question::Incident { id: id.clone() })?;
            if visit.answer.is_null() {
                return Err(cli::Stop::failed(format_args!(
                    "no incident {id}; tocsin incidents list has them"
                )));
            }
            Ok(if *json {
                writeln!(out, "{}", visit.answer)
            } else {
                words::incident(out, &visit.answer, &visit.config)
            })
        }
    }
}

/// Runs `tocsin rejected …`.
pub(crate) fn rejected(typed: &Rejected, out: &mut impl Write) -> Result<std::io::Result<()>, cli::Stop> {
    match typed {
        Rejected::List { place, reason, limit, json } => {
            let answer =
                ask(place, &Question::RejectedList { reason: reason.clone(), limit: *limit })?.answer;
            Ok(if *json { lines(out, &answer) } else { words::rejected(out, &answer) })
        }
        Rejected::Show { number, place, json } => {
            let answer = ask(place, &Question::RejectedOne { number: *number })?.answer;
            if answer.is_null() {
                return Err(cli::Stop::failed(format_args!(
                    "no rejected record {number}; tocsin rejected list has them"
                )));
            }
            Ok(if *json { writeln!(out, "{answer}") } else { words::rejected_one(out, &answer) })
        }
        Rejected::Retry { numbers, reason, all, place } => {
            let which = match (reason, all) {
                (Some(reason), _) => Which::Reason(reason.clone()),
                (None, true) => Which::All,
                (None, false) => Which::Numbers(numbers.clone()),
            };
            let answer = ask(place, &Question::Retry { which })?.answer;
            Ok(words::retried(out, &answer))
        }
    }
}

/// Runs `tocsin baseline …`.
pub(crate) fn baseline(typed: &Baselines, out: &mut impl Write) -> Result<std::io::Result<()>, cli::Stop> {
    let Baselines::Show { brand: name, place, json } = typed;
    let visit = ask(place, &Question::Days { brand: name.clone() })?;
    let brand = BrandId::new(name).map_err(|why| cli::Stop::usage(format_args!("{name:?} {why}")))?;
    let subject = Subject::Brand(brand.clone());
    let history = usual::history(subject, &visit.answer).filter(|history| history.first.is_some());
    let Some(history) = history else {
        let words =
            format!("nothing was ever counted of {brand}; tocsin config show has the names of the brands");
        return Err(cli::Stop { exit: Exit::Usage, words });
    };
    let life = visit.config.as_ref().and_then(|config| crate::house::lives(config).brands.remove(&brand));
    let zone = visit
        .config
        .as_ref()
        .and_then(|c| c.brands.iter().find(|b| b.name == brand))
        .map(|b| b.time_zone.clone());
    let week = usual::week(&history, &life.unwrap_or_default().habits);
    Ok(if *json {
        usual::lines(out, &week)
    } else {
        usual::plot(out, &week, &zone.unwrap_or(jiff::tz::TimeZone::UTC))
    })
}

/// Runs `tocsin explain`.
pub(crate) fn explain(typed: &Explain, out: &mut impl Write) -> Result<std::io::Result<()>, cli::Stop> {
    let (_, config) = whither(&typed.place)?;
    let is_of = |brand: &&config::Brand| typed.signal.starts_with(&format!("{}:", brand.subject()));
    let brand = config.as_ref().and_then(|config| config.brands.iter().find(is_of));
    let query = brand.map(|brand| brand.query_text.clone());
    let answer = ask(&typed.place, &Question::Signal { id: typed.signal.clone(), query })?.answer;
    if answer.is_null() {
        let words = format!("no signal {}; tocsin incidents show has those of an incident", typed.signal);
        return Err(cli::Stop::failed(words));
    }
    Ok(reasons::explain(out, &answer))
}

fn lines(out: &mut impl Write, answer: &Value) -> std::io::Result<()> {
    for value in answer.as_array().into_iter().flatten() {
        writeln!(out, "{value}")?;
    }
    Ok(())
}

struct Visit {
    answer: Value,
    config: Option<Config>,
}

/// Where records lie.
enum Where {
    Folder(PathBuf),
    Servers(Arc<Servers>),
}

/// The folder of the command line; else what the config says. In an image a folder is always named: one without a store
/// does not stand before the servers of the config.
fn whither(place: &Place) -> Result<(Where, Option<Config>), cli::Stop> {
    let config = config::load(place.config.as_deref(), config::environment());
    let (named, servers) = (&place.data, config.as_ref().ok().and_then(|config| config.servers.clone()));
    match (named, servers, config) {
        (Some(folder), None, config) => Ok((Where::Folder(folder.clone()), config.ok())),
        (Some(folder), _, config) if is_data(folder) => Ok((Where::Folder(folder.clone()), config.ok())),
        (_, Some(servers), config) => Ok((Where::Servers(servers.into()), config.ok())),
        (None, None, Ok(config)) => Ok((Where::Folder(config.store.path.clone()), Some(config))),
        (None, None, Err(faults)) => Err(faults.into()),
    }
}

/// Whether it is a data folder.
fn is_data(folder: &Path) -> bool {
    folder.join("store").exists()
}

fn ask(place: &Place, question: &Question) -> Result<Visit, cli::Stop> {
    let (whither, config) = whither(place)?;
    let answer = match whither {
        Where::Folder(folder) => ask_folder(&folder, question)?,
        Where::Servers(at) => {
            let now = House::new().room.clock.now();
            servers::wait(async { Clerk::over(at)?.answer(question, now).await })?
        }
    };
    Ok(Visit { answer, config })
}

fn ask_folder(folder: &Path, question: &Question) -> Result<Value, cli::Stop> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cli::Stop::failed)?;
    runtime.block_on(async {
        if let Some(card) = Card::read(folder)
            && let Some(answer) = knock(&card, question).await?
        {
            return Ok(answer);
        }
        look(folder, question).await
    })
}

/// Asks the running process; `None` where nobody opens.
async fn knock(card: &Card, question: &Question) -> Result<Option<Value>, cli::Stop> {
    let client =
        reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().map_err(cli::Stop::failed)?;
    let asked = client.post(format!("http://{}{PATH}", card.address)).bearer_auth(&card.token).json(question);
    let answer = match asked.send().await {
        Err(why) if why.is_connect() => return Ok(None),
        other => other.map_err(cli::Stop::failed)?,
    };
    let status = answer.status();
    let body: Value = answer.json().await.map_err(cli::Stop::failed)?;
    if !status.is_success() {
        let why = body["error"].as_str().unwrap_or("no reason given");
        return Err(cli::Stop::failed(format_args!("the running process answers {status}: {why}")));
    }
    Ok(Some(body))
}

/// Opens the folder itself.
async fn look(folder: &Path, question: &Question) -> Result<Value, cli::Stop> {
    if !is_data(folder) {
        let words = format!(
            "{} is no data folder of tocsin: name it with --data, or the config with --config",
            folder.display()
        );
        return Err(cli::Stop { exit: Exit::Usage, words });
    }
    let house = House::new();
    let store = tocsin_embedded::Store::open(
        &folder.join("store"),
        tocsin_embedded::Keep::default(),
        house.room.clone(),
    )?;
    Ok(Clerk::of(&store).answer(question, house.room.clock.now()).await?)
}
