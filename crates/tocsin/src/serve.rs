//! `tocsin run`: everything in one process, until told to stop.
//!
//! On SIGTERM: inlets take nothing more in, the chain finishes its batch and commits, what is committed is
//! synced, exit 0. What is in the log and not yet done comes first at the next start.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tocsin_embedded::Store;
use tocsin_flow::{Fault, Inlet as _, Intake, Outlet, Stop};
use tocsin_inlets::{FileConfig, FileInlet, HttpConfig, http};
use tocsin_model::Subject;
use tocsin_outlets::{
    Console, ConsoleConfig, Dingtalk, DingtalkConfig, Secret, Webhook, WebhookConfig, Zones,
};
use tocsin_runtime::{deliver, pages, stop_on_signals};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::cli::args::Run;
use crate::config::{self, Config, FileSource, Inlet, Way};
use crate::control::Door;
use crate::house::{House, Told, keep, knowledge, log_format};
use crate::pipeline::{Knowledge, Stage};
use crate::{backfill, cli, services};

/// How long a connection that is still open may hold up the end.
const CLOSING: Duration = Duration::from_secs(2);

/// How many doubts about queries are logged; `tocsin config check` prints them all.
pub(crate) const CAUTIONS_MAX: usize = 20;

/// Runs the command.
pub(crate) fn run(typed: &Run, level: impl FnOnce(&str) -> String) -> Result<(), cli::Stop> {
    let place = &typed.place;
    let config = config::load(place.config.as_deref(), config::environment())?;
    let collector = config.trace.as_ref().map(config::Address::reveal);
    let _guard = tocsin_runtime::init(log_format(config.log.format), &level(&config.log.level), collector)?;
    let folder = place.data.clone().unwrap_or_else(|| config.store.path.clone());
    let house = House::new();
    let runtime = tokio::runtime::Runtime::new().map_err(cli::Stop::failed)?;
    if let Some(servers) = config.servers.clone() {
        return runtime.block_on(services::serve(&house, config, servers, typed));
    }
    if !typed.stages.is_empty() {
        return Err(cli::Stop::usage(
            "one stage alone needs Kafka and Redis between the stages: write [kafka] and [redis] into the config, or \
             run all stages in one process with `tocsin run`",
        ));
    }
    runtime.block_on(async {
        let store = house.open(&folder, keep(&config))?;
        stop_on_signals(house.stopper.clone()).map_err(cli::Stop::failed)?;
        serve(&house, &store, config, &folder, |address| {
            info!(%address, folder = %folder.display(), "listening");
        })
        .await
    })
}

/// Lives until the house is told to stop. `ready` hears the address once posts can come in.
pub(crate) async fn serve(
    house: &House,
    store: &Store,
    config: Config,
    folder: &Path,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), cli::Stop> {
    let stop = house.stopper.stop();
    for caution in config.cautions.iter().take(CAUTIONS_MAX) {
        warn!("{caution}");
    }
    backfill::catch_up(house, store, folder, &config).await?;
    let knowledge = knowledge(&config, Told::Outlets)?;
    knowledge.prepare(&Stage::ALL);
    house.metrics.config_taken(&format!("{:016x}", config.version()), house.room.clock.now());
    let (reload, known) = watch::channel(knowledge);

    let (outlets, files) = (outlets(&config, house)?, file_inlets(&config)?);
    let (listener, address) = listen(&config).await?;
    let door = Door::open(folder, address, store, house).map_err(cli::Stop::failed)?;
    let router = pages(Arc::clone(&house.metrics))
        .merge(posts(&config, Arc::new(store.intake()), house))
        .merge(door.router());

    let mut tasks: JoinSet<Result<(), Fault>> = JoinSet::new();
    let (changed, configs) = watch::channel(Arc::new(config.clone()));
    tasks.spawn(backfill::chains(house.clone(), store.clone(), folder.to_owned(), known, configs));
    tasks.spawn(deliver(Arc::new(store.ledger()), outlets, house.room.clone(), stop.clone()));
    for inlet in files {
        tasks.spawn(Box::new(inlet).listen(Arc::new(store.intake()), house.room.clone(), stop.clone()));
    }
    if config.file.is_some() {
        tasks.spawn(watch_config(
            config.clone(),
            Stage::ALL.to_vec(),
            move |config: &Config, knowledge| {
                reload.send_replace(knowledge);
                changed.send_replace(Arc::new(config.clone()));
            },
            Arc::clone(&house.metrics),
            house.room.clone(),
            stop.clone(),
        ));
    }
    tasks.spawn(answer(listener, router, house));
    house.metrics.health().running();
    ready(address);

    let outcome = until_stopped(&mut tasks, house).await;
    store.sync().await?;
    drop(door);
    info!("stopped; everything acknowledged is kept");
    outcome
}

/// The door of this process.
pub(crate) async fn listen(config: &Config) -> Result<(TcpListener, SocketAddr), cli::Stop> {
    let listener = TcpListener::bind(config.listen).await.map_err(|why| {
        cli::Stop::usage(format_args!("http: listen {}: {why}; is another process there?", config.listen))
    })?;
    let address = listener.local_addr().map_err(cli::Stop::failed)?;
    Ok((listener, address))
}

/// Answers at the door until it is time to stop.
pub(crate) fn answer(
    listener: TcpListener,
    router: Router,
    house: &House,
) -> impl Future<Output = Result<(), Fault>> + Send + use<> {
    let (closing, late) = (house.stopper.stop(), house.stopper.stop());
    let clock = Arc::clone(&house.room.clock);
    async move {
        let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(async move { closing.wait().await });
        tokio::select! {
            served = server.into_future() => served.map_err(|why| away(&why)),
            () = async { late.wait().await; clock.wait(CLOSING).await } => Ok(()),
        }
    }
}

/// Until somebody says stop, or a part ends that must not; then until all parts have ended.
pub(crate) async fn until_stopped(
    tasks: &mut JoinSet<Result<(), Fault>>,
    house: &House,
) -> Result<(), cli::Stop> {
    let outcome = until_told(tasks, house).await;
    house.metrics.health().stopping();
    while let Some(ended) = tasks.join_next().await {
        if let Ok(Err(fault)) = ended {
            warn!(%fault, "while stopping");
        }
    }
    outcome
}

async fn until_told(tasks: &mut JoinSet<Result<(), Fault>>, house: &House) -> Result<(), cli::Stop> {
    let stop = house.stopper.stop();
    loop {
        let ended = tokio::select! {
            () = stop.wait() => return Ok(()),
            Some(ended) = tasks.join_next() => ended,
        };
        match ended {
            // A file inlet that does not follow has come to its end.
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                error!(%fault, "stopping");
                house.stopper.set();
                return Err(fault.into());
            }
            Err(panicked) => {
                house.stopper.set();
                return Err(cli::Stop::failed(format_args!(
                    "a part of tocsin failed: {panicked}; please report this"
                )));
            }
        }
    }
}

fn away(why: &std::io::Error) -> Fault {
    Fault::Unavailable { peer: tocsin_flow::Peer::Pipeline, why: why.to_string(), retry_after: None }
}

/// A live chain has no end of its own.
pub(crate) fn never() -> Stop {
    tocsin_runtime::Stopper::new().stop()
}

/// The HTTP inlet, if the config has one.
pub(crate) fn posts(config: &Config, intake: Arc<dyn Intake>, house: &House) -> Router {
    let http = config.inlets.iter().find_map(|inlet| match inlet {
        Inlet::Http(http) => Some(http),
        Inlet::File(_) => None,
    });
    let Some(inlet) = http else { return Router::new() };
    let reveal = |secrets: &[config::Secret]| secrets.iter().map(|s| s.reveal().to_owned()).collect();
    let settings = HttpConfig {
        tokens: reveal(&inlet.tokens),
        hmac_secrets: reveal(&inlet.hmac_secrets),
        ..HttpConfig::default()
    };
    http::router(settings, intake, house.room.clone(), house.stopper.stop())
}

pub(crate) fn file_inlets(config: &Config) -> Result<Vec<FileInlet>, Fault> {
    let files = config.inlets.iter().filter_map(|inlet| match inlet {
        Inlet::File(file) => Some(file),
        Inlet::Http(_) => None,
    });
    let path = |from: &FileSource| match from {
        FileSource::Path(path) => path.to_string_lossy().into_owned(),
        FileSource::StandardInput => "-".to_owned(),
    };
    files
        .map(|file| {
            let settings = FileConfig {
                name: file.name.clone(),
                paths: file.from.iter().map(path).collect(),
                follow: file.follow,
                format: file.format,
                columns: file.columns.clone(),
            };
            FileInlet::new(settings)
        })
        .collect()
}

/// The outlets of a config, in its brands' time zones.
pub(crate) fn outlets(config: &Config, house: &House) -> Result<Vec<Arc<dyn Outlet>>, Fault> {
    let zones = zones(config);
    let secret = |secret: &str| Secret::new(secret);
    config
        .outlets
        .iter()
        .map(|outlet| -> Result<Arc<dyn Outlet>, Fault> {
            let name = outlet.name.clone();
            Ok(match &outlet.way {
                Way::Console => {
                    let (zones, language) = (zones.clone(), config.language);
                    Arc::new(Console::new(ConsoleConfig { name, zones, language }))
                }
                Way::Webhook { url, secrets, headers, timeout } => {
                    let keys = secrets.iter().map(|s| secret(s.reveal())).collect();
                    let mut settings = WebhookConfig::new(name, secret(url.reveal()), keys);
                    settings.headers = headers.iter().map(|(k, v)| (k.clone(), secret(v.reveal()))).collect();
                    settings.timeout = *timeout;
                    Arc::new(Webhook::new(settings, house.room.clone())?)
                }
                Way::Dingtalk { url, secret: key, at_mobiles, timeout } => {
                    let key = key.as_ref().map(|k| secret(k.reveal()));
                    let mut settings = DingtalkConfig::new(name, secret(url.reveal()), key, zones.clone());
                    settings.at_mobiles.clone_from(at_mobiles);
                    settings.timeout = *timeout;
                    Arc::new(Dingtalk::new(settings, house.room.clone())?)
                }
            })
        })
        .collect()
}

/// Each brand's own time; a source's silence in UTC.
pub(crate) fn zones(config: &Config) -> Zones {
    let of: std::collections::HashMap<_, _> =
        config.brands.iter().map(|b| (b.name.clone(), b.time_zone.clone())).collect();
    Zones::by(move |subject| match subject {
        Subject::Brand(brand) => of.get(brand).cloned().unwrap_or(jiff::tz::TimeZone::UTC),
        Subject::Source(_) => jiff::tz::TimeZone::UTC,
    })
}

/// Takes over brands, words and rules when the file changes; a bad new file is refused loudly and the old
/// one stays. `take`: who goes by the new one. What needs a start (addresses, inlets, outlets, the store) is said.
pub(crate) async fn watch_config(
    loaded: Config,
    stages: Vec<Stage>,
    take: impl Fn(&Config, Knowledge) + Send,
    metrics: Arc<tocsin_runtime::Metrics>,
    room: tocsin_flow::Room,
    stop: Stop,
) -> Result<(), Fault> {
    let changed = |loaded: Result<Config, config::Faults>| {
        let taken = loaded.map_err(cli::Stop::from).and_then(|config| {
            let knowledge = knowledge(&config, Told::Outlets)?;
            knowledge.prepare(&stages);
            Ok((config, knowledge))
        });
        match taken {
            Ok((config, knowledge)) => {
                let version = config.version();
                take(&config, knowledge);
                metrics.config_taken(&format!("{version:016x}"), room.clock.now());
                info!(
                    version = format!("{version:016x}"),
                    "config reloaded: brands, words and rules are in force; inlets, outlets, addresses and the store need a start"
                );
            }
            Err(refused) => {
                metrics.config_refused();
                error!("the new config is refused and the old one stays:\n{refused}");
            }
        }
    };
    let environment: Vec<_> = config::environment().collect();
    tokio::select! {
        watched = config::watch::watch(&loaded, environment.into_iter(), changed) => {
            if let Err(why) = watched {
                warn!(fault = %why, "the config is not watched: changes need a start");
            }
            stop.wait().await;
        }
        () = stop.wait() => {}
    }
    Ok(())
}
