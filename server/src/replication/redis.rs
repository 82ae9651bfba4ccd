//! The log in a Redis, or whatever speaks as one: a stream, the place of its newest record beside it, and a base.
//!
//! A connection of its own waits for records, so that nothing waits behind it; another one is for all the rest, of all workspaces of a
//! server. So a server has one connection, and one more for each workspace. The stream is added to by a script, which writes
//! into each record where the one before it is: a stream that was emptied or restored is found out by that. Keys begin with a
//! prefix and expire a day after the last server wrote; nothing else of the Redis is touched.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use loom_protocol::Timestamp;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisError, Script, Value};
use tokio::time::timeout;

use super::log::{Base, Later, LogError, Position, Record, ReplicatedLog};
use crate::workspaces::WorkspaceName;

/// What the keys begin with unless somebody says otherwise.
const PREFIX: &str = "loom:";
/// Records that the stream keeps, about.
const KEEPS: usize = 20_000;
/// Seconds after the last word of any server until nothing is left.
const EXPIRES: usize = 24 * 60 * 60;
/// Seconds after which what was left for another server is dropped.
const PARCEL_EXPIRES: usize = 60;
/// How long anything may take beyond what it waits for.
const ANSWERS: Duration = Duration::from_secs(3);
/// How long a connection may take to come about.
const CONNECTS: Duration = Duration::from_secs(2);

/// Adds records. Keys: the stream, its head. Values: records kept, seconds, then the bodies.
const APPEND: &str = r"
local before = redis.call('GET', KEYS[2]) or ''
if before ~= '' and redis.call('EXISTS', KEYS[1]) == 0 then before = '' end
for i = 3, #ARGV do
  before = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'p', before, 'b', ARGV[i])
end
redis.call('SET', KEYS[2], before, 'EX', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return before
";

/// Puts a base in the place of another. Keys: the base, the stream. Values: the id that is there, the new one, where it ends, its
/// body, seconds, the last record that is needless.
const SET_BASE: &str = r"
if (redis.call('HGET', KEYS[1], 'id') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'id', ARGV[2], 'after', ARGV[3], 'body', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
if ARGV[6] ~= '' then redis.call('XTRIM', KEYS[2], 'MINID', '~', ARGV[6]) end
return 1
";

/// Where a Redis is, and how to be let in. Never printed: there may be a password in it.
#[derive(Clone)]
pub struct RedisUrl {
    client: Client,
    name: String,
}

/// An address of no Redis. Says nothing of what was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; it looks like redis://user:password@host:6379/0, or rediss:// for one that speaks TLS")]
pub struct InvalidRedisUrl(String);

impl FromStr for RedisUrl {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<Self, InvalidRedisUrl> {
        let text = text.trim();
        // What the library says may have parts of the address in it.
        let wrong = |_| InvalidRedisUrl("the address of the Redis can't be read".to_owned());
        let info = text.into_connection_info().map_err(wrong)?;
        let name = match info.addr() {
            ConnectionAddr::Tcp(host, port) => format!("Redis at {host}:{port}"),
            ConnectionAddr::TcpTls { host, port, .. } => format!("Redis at {host}:{port} (TLS)"),
            ConnectionAddr::Unix(path) => format!("Redis at {}", path.display()),
            _ => "Redis".to_owned(),
        };
        let client = Client::open(info).map_err(wrong)?;
        Ok(Self { client, name })
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisUrl(…)")
    }
}

/// A log in a Redis.
pub struct RedisLog {
    engine: Arc<Engine>,
    name: String,
    stream: String,
    head: String,
    base: String,
    parcels: String,
    keeps: usize,
    /// For what waits, and what is large: who reads asks for nothing else meanwhile.
    listens: Mutex<Option<MultiplexedConnection>>,
}

/// What the logs of all workspaces of a server share.
struct Engine {
    url: RedisUrl,
    prefix: String,
    append: Script,
    set_base: Script,
    /// For everything that is answered at once.
    talks: Mutex<Option<MultiplexedConnection>>,
}

impl RedisLog {
    /// The log at an address, under keys that begin with `prefix`, or `loom:`. Nothing is sent yet.
    pub fn new(url: RedisUrl, prefix: Option<&str>) -> Self {
        let prefix = prefix.unwrap_or(PREFIX).to_owned();
        let name = url.name.clone();
        let engine = Engine {
            url,
            prefix: prefix.clone(),
            append: Script::new(APPEND),
            set_base: Script::new(SET_BASE),
            talks: Mutex::default(),
        };
        Self::at(Arc::new(engine), &prefix, name, KEEPS)
    }

    fn at(engine: Arc<Engine>, keys: &str, name: String, keeps: usize) -> Self {
        Self {
            engine,
            name,
            stream: format!("{keys}log"),
            head: format!("{keys}head"),
            base: format!("{keys}base"),
            parcels: format!("{keys}parcel:"),
            keeps,
            listens: Mutex::default(),
        }
    }

    /// The same, keeping so many records.
    #[must_use]
    pub fn keeping(mut self, keeps: usize) -> Self {
        self.keeps = keeps;
        self
    }

    async fn connect(&self) -> Result<MultiplexedConnection, LogError> {
        // Nothing of the library's own limits: what waits may wait, and everything has one of ours around it.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTS))
            .set_response_timeout(None);
        let connecting = self
            .engine
            .url
            .client
            .get_multiplexed_async_connection_with_config(&config);
        match timeout(CONNECTS, connecting).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(self.error(&error)),
            Err(_) => Err(self.away("it can't be connected to in time")),
        }
    }

    /// Does something by a connection that is kept for the next time if it went well.
    async fn by<T>(
        &self,
        kept: &Mutex<Option<MultiplexedConnection>>,
        within: Duration,
        what: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, LogError> {
        let connection = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut connection = match connection {
            Some(connection) => connection,
            None => {
                let connection = self.connect().await?;
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection.clone());
                connection
            }
        };
        let answer = timeout(within + ANSWERS, what(&mut connection)).await;
        let error = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => self.error(&error),
            Err(_) => self.away("it does not answer in time"),
        };
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Err(error)
    }

    fn error(&self, error: &RedisError) -> LogError {
        let (name, why) = (self.name.clone(), error.to_string());
        if error.is_io_error()
            || error.is_timeout()
            || error.is_connection_dropped()
            || error.is_connection_refusal()
        {
            return LogError::Away { name, why };
        }
        LogError::Refused { name, why }
    }

    fn away(&self, why: &str) -> LogError {
        let (name, why) = (self.name.clone(), why.to_owned());
        LogError::Away { name, why }
    }

    async fn read_now(
        &self,
        after: Option<Position>,
        most: usize,
        within: Duration,
    ) -> Result<Vec<Record>, LogError> {
        let after = after.map_or_else(|| "0-0".to_owned(), |after| after.to_string());
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(most);
        let kept = if within.is_zero() {
            &self.engine.talks
        } else {
            // Zero would be for ever.
            command.arg("BLOCK").arg(within.as_millis().max(1).to_string());
            &self.listens
        };
        command.arg("STREAMS").arg(&self.stream).arg(after);
        let answer: Value = self
            .by(kept, within, async |connection| {
                command.query_async(connection).await
            })
            .await?;
        records(answer).ok_or_else(|| LogError::Refused {
            name: self.name.clone(),
            why: format!("what is in the key {} was not written by a studio", self.stream),
        })
    }
}

impl ReplicatedLog for RedisLog {
    fn of_workspace(&self, name: &WorkspaceName) -> Arc<dyn ReplicatedLog> {
        // No name has a colon in it, so the keys of one never begin as those of another.
        let keys = format!("{}workspace:{name}:", self.engine.prefix);
        let called = format!("{} (workspace {name})", self.engine.url.name);
        Arc::new(Self::at(self.engine.clone(), &keys, called, self.keeps))
    }

    fn append(&self, bodies: Vec<Bytes>) -> Later<'_, ()> {
        Box::pin(async move {
            let mut call = self.engine.append.key(&self.stream);
            call.key(&self.head).arg(self.keeps).arg(EXPIRES);
            for body in &bodies {
                call.arg(&body[..]);
            }
            self.by(&self.engine.talks, Duration::ZERO, async |connection| {
                call.invoke_async::<Value>(connection).await
            })
            .await
            .map(|_| ())
        })
    }

    fn read(&self, after: Option<Position>, most: usize, within: Duration) -> Later<'_, Vec<Record>> {
        Box::pin(self.read_now(after, most, within))
    }

    fn head(&self) -> Later<'_, Option<Position>> {
        Box::pin(async move {
            let mut command = redis::cmd("GET");
            command.arg(&self.head);
            let head: Option<String> = self
                .by(&self.engine.talks, Duration::ZERO, async |connection| {
                    command.query_async(connection).await
                })
                .await?;
            Ok(head.and_then(|head| head.parse().ok()))
        })
    }

    fn base(&self) -> Later<'_, Option<Base>> {
        Box::pin(async move {
            let mut command = redis::cmd("HMGET");
            command.arg(&self.base).arg(&["id", "after", "body"]);
            let (id, after, body): (Option<String>, Option<String>, Option<Vec<u8>>) = self
                .by(&self.listens, Duration::ZERO, async |connection| {
                    command.query_async(connection).await
                })
                .await?;
            let base = id.zip(body).map(|(id, body)| Base {
                id,
                after: after.and_then(|after| after.parse().ok()),
                body: body.into(),
            });
            Ok(base)
        })
    }

    fn base_id(&self) -> Later<'_, Option<String>> {
        Box::pin(async move {
            let mut command = redis::cmd("HGET");
            command.arg(&self.base).arg("id");
            self.by(&self.engine.talks, Duration::ZERO, async |connection| {
                command.query_async(connection).await
            })
            .await
        })
    }

    fn set_base(
        &self,
        base: Base,
        instead_of: Option<String>,
        needless: Option<Position>,
    ) -> Later<'_, bool> {
        Box::pin(async move {
            let place = |place: Option<Position>| place.map(|place| place.to_string()).unwrap_or_default();
            let mut call = self.engine.set_base.key(&self.base);
            call.key(&self.stream)
                .arg(instead_of.unwrap_or_default())
                .arg(&base.id)
                .arg(place(base.after))
                .arg(&base.body[..])
                .arg(EXPIRES)
                .arg(place(needless));
            self.by(&self.listens, Duration::ZERO, async |connection| {
                call.invoke_async::<bool>(connection).await
            })
            .await
        })
    }

    fn leave(&self, name: String, parcel: Bytes) -> Later<'_, ()> {
        Box::pin(async move {
            let mut command = redis::cmd("SET");
            command.arg(format!("{}{name}", self.parcels)).arg(&parcel[..]);
            command.arg("EX").arg(PARCEL_EXPIRES);
            self.by(&self.engine.talks, Duration::ZERO, async |connection| {
                command.query_async::<Value>(connection).await
            })
            .await
            .map(|_| ())
        })
    }

    fn pick_up(&self, name: String) -> Later<'_, Option<Bytes>> {
        Box::pin(async move {
            let mut command = redis::cmd("GETDEL");
            command.arg(format!("{}{name}", self.parcels));
            let parcel: Option<Vec<u8>> = self
                .by(&self.engine.talks, Duration::ZERO, async |connection| {
                    command.query_async(connection).await
                })
                .await?;
            Ok(parcel.map(Bytes::from))
        })
    }

    fn now(&self) -> Later<'_, Timestamp> {
        Box::pin(async move {
            let command = redis::cmd("TIME");
            let (seconds, micros): (i64, i64) = self
                .by(&self.engine.talks, Duration::ZERO, async |connection| {
                    command.query_async(connection).await
                })
                .await?;
            Ok(Timestamp::from_millis(
                seconds.saturating_mul(1_000).saturating_add(micros / 1_000),
            ))
        })
    }

    fn keeps(&self) -> usize {
        self.keeps
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// What a stream has: where, and names and values one after the other.
type Entries = Vec<(String, Vec<Vec<u8>>)>;

/// The records in the answer to XREAD: nothing, or one stream with its entries. None when they are no records of ours.
fn records(answer: Value) -> Option<Vec<Record>> {
    let streams: Vec<(Vec<u8>, Entries)> = match answer {
        Value::Nil => return Some(Vec::new()),
        answer => redis::from_redis_value(answer).ok()?,
    };
    let entries = streams.into_iter().flat_map(|(_, entries)| entries);
    entries
        .map(|(position, fields)| record(&position, fields))
        .collect()
}

fn record(position: &str, fields: Vec<Vec<u8>>) -> Option<Record> {
    let position = position.parse().ok()?;
    let (mut before, mut body) = (None, None);
    let mut fields = fields.into_iter();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        match name.as_slice() {
            b"p" => before = Some(value),
            b"b" => body = Some(Bytes::from(value)),
            _ => {}
        }
    }
    let before = String::from_utf8(before?).ok()?;
    let before = if before.is_empty() {
        None
    } else {
        Some(before.parse().ok()?)
    };
    Some(Record {
        position,
        before,
        body: body?,
    })
}
