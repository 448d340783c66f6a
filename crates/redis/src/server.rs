//! Connections: one to each primary, and every request as one pipeline a primary.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ErrorKind, IntoConnectionInfo,
    Pipeline, RedisConnectionInfo, RedisError, ServerErrorKind, TlsCertificates, Value,
};
use tocsin_flow::{Fault, Room};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::check::{Server, check_layout};
use crate::desk::RedisState;
use crate::layout::{Key, Keys, LAYOUT_VERSION};
use crate::reply::{away, list, maybe_bytes, number, text};
use crate::route::{SLOTS, slot};
use crate::scripts;
use crate::settings::{Address, Place, Settings, Tls};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an answer may take: a paused or hanging server is away.
const ANSWER: Duration = Duration::from_secs(5);

/// How many keys a server looks at before it answers.
const SCANNED: u32 = 1_000;

/// A Redis that keeps state: one server, a Cluster, or what sentinels point at. Cheap to clone.
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    keys: Keys,
    room: Room,
    nodes: Mutex<Option<Arc<Nodes>>>,
    /// The run ids of the primaries when they were last asked.
    run_ids: Mutex<Option<BTreeSet<String>>>,
    incarnation: AtomicU64,
}

/// The primaries, and who serves which slot.
struct Nodes {
    primaries: Vec<Primary>,
    /// The place of the primary of each slot; none where there is one server for all.
    slots: Option<Vec<u16>>,
}

struct Primary {
    address: Address,
    connection: MultiplexedConnection,
}

/// A command, and the key that decides where it goes.
pub(crate) struct Request {
    pub(crate) key: Key,
    pub(crate) command: Cmd,
}

impl Request {
    pub(crate) fn new(key: impl Into<Key>, command: Cmd) -> Request {
        Request { key: key.into(), command }
    }
}

impl Redis {
    /// Connects, and looks whether the servers are as they must be.
    ///
    /// # Errors
    /// [`Fault::Misconfigured`] for a wrong password, an eviction policy, an old version, another layout;
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn open(settings: Settings, room: Room) -> Result<Redis, Fault> {
        let shared = Shared {
            keys: Keys::new(&settings.prefix),
            settings,
            room,
            nodes: Mutex::new(None),
            run_ids: Mutex::new(None),
            incarnation: AtomicU64::new(0),
        };
        let redis = Redis { shared: Arc::new(shared) };
        redis.nodes().await?;
        Ok(redis)
    }

    /// What a chain remembers. `chain` names what its positions are positions of: a chain of another name has
    /// other claims and kin.
    pub fn state(&self, chain: &str) -> RedisState {
        RedisState::new(self.clone(), chain)
    }

    /// Another number whenever Redis was seen to have started again, or another server to have taken over:
    /// what it was told last may be lost, and every lane must be gone over again from a position of which
    /// Redis is sure.
    pub fn incarnation(&self) -> u64 {
        self.shared.incarnation.load(Ordering::Acquire)
    }

    /// Asks the servers whether they are as they must be, and who they are.
    ///
    /// # Errors
    /// As [`Redis::open`].
    pub async fn check(&self) -> Result<(), Fault> {
        let nodes = self.nodes().await?;
        let mut run_ids = BTreeSet::new();
        for primary in &nodes.primaries {
            let checked = ask_who(&primary.address, primary.connection.clone()).await;
            match checked {
                Ok(run_id) => run_ids.insert(run_id),
                Err(fault) => {
                    self.forget_nodes(&nodes).await;
                    return Err(fault);
                }
            };
        }
        self.seen(run_ids).await;
        Ok(())
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    pub(crate) fn room(&self) -> &Room {
        &self.shared.room
    }

    /// Sends all requests, in their order, as one pipeline a primary, and waits for all answers. Each request
    /// must be safe to send twice.
    pub(crate) async fn ask(&self, requests: Vec<Request>) -> Result<Vec<Value>, Fault> {
        // A server that has restarted knows no scripts; one that was replaced says so. Ask again, once.
        for _ in 0..2 {
            let nodes = self.nodes().await?;
            match nodes.ask(&requests).await {
                Ok(answers) => return Ok(answers),
                Err(Trouble::Elsewhere) => self.forget_nodes(&nodes).await,
                Err(Trouble::Fault(fault)) => {
                    self.forget_nodes(&nodes).await;
                    return Err(fault);
                }
            }
        }
        Err(away("its slots are on the move"))
    }

    /// One request that has one answer.
    pub(crate) async fn ask_one(&self, request: Request) -> Result<Value, Fault> {
        Ok(self.ask(vec![request]).await?.pop().unwrap_or(Value::Nil))
    }

    /// The keys of all servers that a pattern matches; each maybe twice.
    pub(crate) async fn keys_like(&self, pattern: &str) -> Result<Vec<Key>, Fault> {
        let nodes = self.nodes().await?;
        let mut found = Vec::new();
        for Primary { address, connection } in &nodes.primaries {
            let mut cursor = "0".to_owned();
            loop {
                let mut scan = redis::cmd("SCAN");
                scan.arg(&cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(SCANNED);
                let answered = connection.clone().send_packed_command(&scan).await;
                let told = answer(address, answered.map_err(|e| fault(address, &e))?)?;
                let mut parts = list(told, "keys")?.into_iter();
                let mut part = || parts.next().unwrap_or(Value::Nil);
                cursor = text(part(), "keys")?;
                for key in list(part(), "keys")? {
                    found.push(crate::reply::bytes(key, "a key")?);
                }
                if cursor == "0" {
                    break;
                }
            }
        }
        Ok(found)
    }

    async fn forget_nodes(&self, nodes: &Arc<Nodes>) {
        let mut known = self.shared.nodes.lock().await;
        if known.as_ref().is_some_and(|known| Arc::ptr_eq(known, nodes)) {
            *known = None;
        }
    }

    async fn nodes(&self) -> Result<Arc<Nodes>, Fault> {
        let mut known = self.shared.nodes.lock().await;
        if let Some(nodes) = known.as_ref() {
            return Ok(Arc::clone(nodes));
        }
        let (nodes, run_ids) = self.connect().await?;
        self.seen(run_ids).await;
        let nodes = Arc::new(nodes);
        *known = Some(Arc::clone(&nodes));
        Ok(nodes)
    }

    async fn seen(&self, run_ids: BTreeSet<String>) {
        let mut known = self.shared.run_ids.lock().await;
        if known.as_ref().is_some_and(|known| *known != run_ids) {
            self.shared.incarnation.fetch_add(1, Ordering::AcqRel);
        }
        *known = Some(run_ids);
    }

    async fn connect(&self) -> Result<(Nodes, BTreeSet<String>), Fault> {
        let settings = &self.shared.settings;
        let (addresses, slots) = match &settings.place {
            Place::One(address) => (vec![address.clone()], None),
            Place::Sentinel { sentinels, name } => {
                (vec![ask_sentinels(settings, sentinels, name).await?], None)
            }
            Place::Cluster(seeds) => {
                let (addresses, slots) = ask_cluster(settings, seeds).await?;
                (addresses, Some(slots))
            }
        };
        let mut primaries = Vec::new();
        let mut run_ids = BTreeSet::new();
        for address in addresses {
            let connection = connect(settings, &address).await?;
            run_ids.insert(ask_who(&address, connection.clone()).await?);
            primaries.push(Primary { address, connection });
        }
        let nodes = Nodes { primaries, slots };
        nodes.introduce(&self.shared.keys).await?;
        Ok((nodes, run_ids))
    }
}

/// Why a request has no answer.
enum Trouble {
    /// Somebody else serves it now, or the server does not know our scripts.
    Elsewhere,
    Fault(Fault),
}

impl Nodes {
    fn primary_of(&self, key: &[u8]) -> usize {
        self.slots.as_ref().map_or(0, |slots| usize::from(slots[slot(key)]))
    }

    async fn ask(&self, requests: &[Request]) -> Result<Vec<Value>, Trouble> {
        let mut groups: BTreeMap<usize, (Pipeline, Vec<usize>)> = BTreeMap::new();
        for (place, request) in requests.iter().enumerate() {
            let (pipeline, places) = groups.entry(self.primary_of(&request.key)).or_default();
            pipeline.add_command(request.command.clone());
            places.push(place);
        }
        let mut answers = vec![Value::Nil; requests.len()];
        let mut asked = JoinSet::new();
        let mut one = None;
        let alone = groups.len() == 1;
        for (primary, (pipeline, places)) in groups {
            let (connection, address) =
                (self.primaries[primary].connection.clone(), self.primaries[primary].address.clone());
            let asking = async move { (send(connection, &address, &pipeline).await, places) };
            if alone {
                one = Some(asking.await);
            } else {
                asked.spawn(asking);
            }
        }
        let mut take = |(values, places): (Result<Vec<Value>, Trouble>, Vec<usize>)| {
            for (place, value) in places.into_iter().zip(values?) {
                answers[place] = value;
            }
            Ok(())
        };
        one.map_or(Ok(()), &mut take)?;
        while let Some(joined) = asked.join_next().await {
            take(joined.map_err(|e| Trouble::Fault(away(e)))?)?;
        }
        Ok(answers)
    }

    /// Tells the servers our scripts, and looks at the layout.
    async fn introduce(&self, keys: &Keys) -> Result<(), Fault> {
        let fault = |trouble| match trouble {
            Trouble::Elsewhere => away("its slots are on the move"),
            Trouble::Fault(fault) => fault,
        };
        let mut load = Pipeline::new();
        scripts::load().into_iter().for_each(|command| {
            load.add_command(command);
        });
        for primary in &self.primaries {
            send(primary.connection.clone(), &primary.address, &load).await.map_err(fault)?;
        }
        let mut layout = redis::cmd("SET");
        layout.arg(keys.layout()).arg(LAYOUT_VERSION).arg("NX").arg("GET");
        let found = self.ask(&[Request::new(keys.layout(), layout)]).await.map_err(fault)?;
        check_layout(maybe_bytes(found.into_iter().next().unwrap_or(Value::Nil), "the layout")?)
    }
}

async fn send(
    mut connection: MultiplexedConnection,
    address: &Address,
    pipeline: &Pipeline,
) -> Result<Vec<Value>, Trouble> {
    let answers = connection.send_packed_commands(pipeline, 0, pipeline.len()).await;
    let answers = answers.map_err(|e| Trouble::Fault(fault(address, &e)))?;
    for answer in &answers {
        if let Value::ServerError(error) = answer {
            let error = RedisError::from(error.clone());
            return Err(match error.kind() {
                ErrorKind::Server(
                    ServerErrorKind::Moved | ServerErrorKind::NoScript | ServerErrorKind::ReadOnly,
                ) => Trouble::Elsewhere,
                _ => Trouble::Fault(fault(address, &error)),
            });
        }
    }
    Ok(answers)
}

async fn ask_who(address: &Address, mut connection: MultiplexedConnection) -> Result<String, Fault> {
    let mut info = redis::cmd("INFO");
    info.arg("server").arg("memory").arg("replication").arg("persistence");
    let info = connection.send_packed_command(&info).await.map_err(|e| fault(address, &e))?;
    let server = Server::read(answer(address, info)?)?;
    server.check(address)?;
    Ok(server.run_id)
}

/// Where the primary is, by the first sentinel that says so.
async fn ask_sentinels(settings: &Settings, sentinels: &[Address], name: &str) -> Result<Address, Fault> {
    let mut last = away("no sentinels are given");
    for sentinel in sentinels {
        match ask_sentinel(settings, sentinel, name).await {
            Ok(address) => return Ok(address),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

async fn ask_sentinel(settings: &Settings, sentinel: &Address, name: &str) -> Result<Address, Fault> {
    // Sentinels have users of their own; ours is the servers'.
    let nobody = Settings { user: None, password: None, ..settings.clone() };
    let mut connection = connect(&nobody, sentinel).await?;
    let mut ask = redis::cmd("SENTINEL");
    ask.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
    let told = connection.send_packed_command(&ask).await.map_err(|e| fault(sentinel, &e))?;
    let told = answer(sentinel, told)?;
    if let Value::Nil = told {
        return Err(Fault::Misconfigured {
            setting: "the name of the primary".into(),
            found: format!("{name}, which sentinel {sentinel} does not know"),
            expected: "a name that stands in `sentinel monitor`".into(),
        });
    }
    let what = "the primary's address";
    let mut parts = list(told, what)?.into_iter();
    let (host, port) = (parts.next().unwrap_or(Value::Nil), parts.next().unwrap_or(Value::Nil));
    let port = text(port, what)?.parse().map_err(|e| crate::reply::broken(what, e))?;
    Ok(Address { host: text(host, what)?, port })
}

/// The primaries of a Cluster and the place of each slot's, by the first of its servers that answers.
async fn ask_cluster(settings: &Settings, seeds: &[Address]) -> Result<(Vec<Address>, Vec<u16>), Fault> {
    let mut last = away("no servers are given");
    for seed in seeds {
        let told = match connect(settings, seed).await {
            Ok(mut connection) => {
                let mut slots = redis::cmd("CLUSTER");
                slots.arg("SLOTS");
                connection.send_packed_command(&slots).await.map_err(|e| fault(seed, &e))
            }
            Err(fault) => Err(fault),
        };
        match told.and_then(|told| read_slots(seed, answer(seed, told)?)) {
            Ok(slots) => return Ok(slots),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

/// `CLUSTER SLOTS`: first slot, last slot, host and port of the primary, its replicas.
fn read_slots(seed: &Address, told: Value) -> Result<(Vec<Address>, Vec<u16>), Fault> {
    const NOBODY: u16 = u16::MAX;
    let what = "the slots of the Cluster";
    let mut addresses: Vec<Address> = Vec::new();
    let mut slots = vec![NOBODY; SLOTS];
    for range in list(told, what)? {
        let mut parts = list(range, what)?.into_iter();
        let mut part = || parts.next().unwrap_or(Value::Nil);
        let (from, to) = (number(part(), what)? as usize, number(part(), what)? as usize);
        let mut node = list(part(), what)?.into_iter();
        let host = maybe_bytes(node.next().unwrap_or(Value::Nil), what)?.unwrap_or_default();
        let port = number(node.next().unwrap_or(Value::Nil), what)? as u16;
        let host =
            if host.is_empty() { seed.host.clone() } else { String::from_utf8_lossy(&host).into_owned() };
        let address = Address { host, port };
        let place = addresses.iter().position(|a| *a == address).unwrap_or_else(|| {
            addresses.push(address);
            addresses.len() - 1
        });
        slots[from..=to.min(SLOTS - 1)].fill(place as u16);
    }
    match slots.iter().position(|s| *s == NOBODY) {
        Some(slot) => Err(away(format_args!("nobody serves slot {slot} of the Cluster"))),
        None => Ok((addresses, slots)),
    }
}

async fn connect(settings: &Settings, address: &Address) -> Result<MultiplexedConnection, Fault> {
    let client = client(settings, address)?;
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(ANSWER));
    client.get_multiplexed_async_connection_with_config(&config).await.map_err(|e| fault(address, &e))
}

fn client(settings: &Settings, address: &Address) -> Result<Client, Fault> {
    let mut who = RedisConnectionInfo::default().set_skip_set_lib_name();
    if let Some(user) = &settings.user {
        who = who.set_username(user);
    }
    if let Some(password) = &settings.password {
        who = who.set_password(password);
    }
    let certificates = settings.tls.as_ref().map(certificates).transpose()?;
    let (host, port) = (address.host.clone(), address.port);
    let made = match certificates {
        None => ConnectionAddr::Tcp(host, port)
            .into_connection_info()
            .and_then(|place| Client::open(place.set_redis_settings(who))),
        Some(certificates) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
            .into_connection_info()
            .and_then(|place| Client::build_with_tls(place.set_redis_settings(who), certificates)),
    };
    made.map_err(|e| fault(address, &e))
}

fn certificates(tls: &Tls) -> Result<TlsCertificates, Fault> {
    // Fails where somebody has said so before, with the same ciphers.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|why| Fault::Misconfigured {
            setting: format!("{}, which [redis] tls names,", path.display()),
            found: format!("not readable ({why})"),
            expected: "a PEM file that this process may read".into(),
        })
    };
    let client_tls = match &tls.identity {
        Some((cert, key)) => Some(ClientTlsConfig { client_cert: read(cert)?, client_key: read(key)? }),
        None => None,
    };
    Ok(TlsCertificates { client_tls, root_cert: tls.ca.as_ref().map(read).transpose()? })
}

/// An answer that is an error is a fault.
fn answer(address: &Address, value: Value) -> Result<Value, Fault> {
    match value {
        Value::ServerError(error) => Err(fault(address, &RedisError::from(error))),
        value => Ok(value),
    }
}

/// Whose fault it is.
fn fault(address: &Address, error: &RedisError) -> Fault {
    let code = error.code().unwrap_or_default();
    let said = error.to_string();
    let misconfigured = |setting: &str, expected: &str| Fault::Misconfigured {
        setting: format!("{setting} of Redis {address}"),
        found: format!("refused ({said})"),
        expected: expected.into(),
    };
    let is_auth = error.kind() == ErrorKind::AuthenticationFailed;
    if is_auth || code == "WRONGPASS" || code == "NOAUTH" {
        return misconfigured(
            "user or password",
            "the user and password of an ACL user: [redis] user, password",
        );
    }
    if code == "NOPERM" {
        return misconfigured(
            "the rights",
            "a user that may use all our keys and commands: `~tocsin:* +@all`",
        );
    }
    // rustls has no code of its own by the time it comes here.
    if said.contains("certificate") {
        return misconfigured(
            "the certificate",
            "a certificate signed by [redis] tls.ca, for the name that is dialled",
        );
    }
    if code == "OOM" {
        return away(format_args!("{address} is full: raise its maxmemory"));
    }
    away(format_args!("{address}: {said}"))
}
