//! What the suite needs: a log that can be made to fail, servers on it, and processes that report to any of them.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use loom_protocol::{ActorBatch, ActorPatch, ActorRecord, BatchOutcome, BootId, Source};
use loom_studio::replication::{Door, NotTaken, ReplicatedLog};
use loom_studio::{RunningStudio, Studio, StudioOptions};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{LIMIT, options, send};

/// Where logs are, and what can become of them.
pub(crate) trait Site {
    /// The log, as one more server sees it.
    fn log(&self) -> Arc<dyn ReplicatedLog>;
    /// Nobody reaches it any more, or everybody does again, with all that was in it.
    fn set_away(&self, away: bool);
    /// It loses everything.
    fn lose_all(&self);
    /// It drops all but the newest records.
    fn keep_newest(&self, count: usize);
    /// A replica has all that is in it now, and nothing later.
    fn mark(&self);
    /// That replica takes its place.
    fn return_to_mark(&self);
}

/// Waits until something is so. It fails the test when that takes longer than anything may.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < LIMIT * 3, "in vain: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// A server that follows the log.
pub(crate) async fn server(site: &impl Site) -> RunningStudio {
    server_with(site, options()).await
}

pub(crate) async fn server_with(site: &impl Site, options: StudioOptions) -> RunningStudio {
    let studio = Studio::builder(options).log(site.log()).start().await.unwrap();
    until("a server follows the log", || async { is_fine(&studio).await }).await;
    studio
}

pub(crate) async fn servers(site: &impl Site, count: usize) -> Vec<RunningStudio> {
    let mut studios = Vec::new();
    for _ in 0..count {
        studios.push(server(site).await);
    }
    studios
}

pub(crate) async fn is_fine(studio: &RunningStudio) -> bool {
    health(studio).await["status"] == "ok"
}

/// What the server says of itself and the others.
pub(crate) async fn health(studio: &RunningStudio) -> Value {
    get(studio.addr, "/api/health").await["parts"]["servers"].clone()
}

pub(crate) async fn get(addr: SocketAddr, path: &str) -> Value {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    send(addr, &request).await.json()
}

/// A process with actors, which reports to one server after the other.
pub(crate) struct Process {
    boot: String,
    seq: u64,
    generation: u64,
    /// Its actors, and how many messages they handled.
    pub(crate) actors: BTreeMap<String, u64>,
    /// It was asked for all of them.
    asked: bool,
}

impl Process {
    pub(crate) fn new(boot: &str, ids: &[&str]) -> Self {
        Self {
            boot: boot.to_owned(),
            seq: 0,
            generation: 1,
            actors: ids.iter().map(|id| ((*id).to_owned(), 0)).collect(),
            asked: true,
        }
    }

    /// What it has to tell next.
    pub(crate) fn next(&mut self) -> ActorBatch {
        self.seq += 1;
        let mut batch = ActorBatch::new(BootId(self.boot.clone()), self.seq);
        if std::mem::take(&mut self.asked) {
            self.generation += 1;
            batch.complete = true;
            batch.source = Some(Source {
                app: None,
                node: Some(self.boot.clone()),
                pid: None,
                boot: batch.boot.clone(),
                started: None,
            });
            let whole = self.actors.iter().map(|(id, count)| {
                let mut record = ActorRecord::new(id.as_str(), "T");
                record.message_count = Some(*count);
                record.controls = serde_json::from_value(json!({"orders": ["snapshot", "pause"]})).ok();
                record
            });
            batch.register = whole.collect();
        } else {
            let part = self.actors.iter().map(|(id, count)| {
                let mut patch = ActorPatch::new(id.as_str());
                patch.message_count = Some(*count);
                patch
            });
            batch.update = part.collect();
        }
        batch.generation = Some(self.generation);
        batch
    }

    /// All its actors handled so many more messages.
    pub(crate) fn work(&mut self, messages: u64) {
        self.actors.values_mut().for_each(|count| *count += messages);
    }

    /// Takes in what a studio said.
    pub(crate) fn hear(&mut self, outcome: &BatchOutcome) {
        self.asked |= outcome.resync || outcome.rejected.iter().any(|one| one.code.is_some());
    }

    /// Nobody knows whether all of it arrived: it is told again.
    pub(crate) fn ask_again(&mut self) {
        self.asked = true;
    }

    /// Reports to a server.
    pub(crate) async fn report(&mut self, studio: &RunningStudio) -> Result<BatchOutcome, NotTaken> {
        let batch = self.next();
        self.send(studio, batch).await
    }

    pub(crate) async fn send(
        &mut self,
        studio: &RunningStudio,
        batch: ActorBatch,
    ) -> Result<BatchOutcome, NotTaken> {
        self.send_by(&studio.door, batch).await
    }

    /// Sends to whichever workspace is behind a door.
    pub(crate) async fn send_by(&mut self, door: &Door, batch: ActorBatch) -> Result<BatchOutcome, NotTaken> {
        let is_whole = !batch.register.is_empty();
        match door.batch(batch).await {
            Ok(outcome) => {
                self.hear(&outcome);
                Ok(outcome)
            }
            Err(error) => {
                // It was not counted.
                self.seq -= 1;
                if is_whole {
                    self.ask_again();
                }
                Err(error)
            }
        }
    }

    /// Reports until it is taken, and nothing more is asked for.
    pub(crate) async fn tell(&mut self, studio: &RunningStudio) {
        self.tell_by(&studio.door).await;
    }

    pub(crate) async fn tell_by(&mut self, door: &Door) {
        let began = Instant::now();
        loop {
            let batch = self.next();
            match self.send_by(door, batch).await {
                Ok(_) if !self.asked => return,
                Ok(_) => {}
                Err(NotTaken::Refused(refusal)) => {
                    // Number used: by what was taken though nobody heard so.
                    self.seq += 1;
                    assert!(began.elapsed() < LIMIT * 3, "{refusal}");
                }
                Err(NotTaken::Away(away)) => {
                    assert!(began.elapsed() < LIMIT * 3, "{away}");
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
}

/// All that a server shows, without what depends on when it is asked.
pub(crate) async fn all_of(studio: &RunningStudio) -> Value {
    let mut actors = get(studio.addr, "/api/actors").await;
    for actor in actors.as_array_mut().unwrap() {
        actor.as_object_mut().unwrap().remove("uptime");
    }
    let orders = get(studio.addr, "/api/orders").await;
    let types = get(studio.addr, "/api/types").await;
    let counts: Vec<Value> = types
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!({"type": one["type"], "actors": one["actors"], "handled": one["handled"]}))
        .collect();
    json!({"actors": actors, "orders": orders, "types": counts})
}

/// Waits until all servers show the same, and gives that.
pub(crate) async fn same(studios: &[RunningStudio]) -> Value {
    let began = Instant::now();
    loop {
        let mut all = Vec::new();
        for studio in studios {
            all.push(all_of(studio).await);
        }
        if all.windows(2).all(|two| two[0] == two[1]) {
            return all.swap_remove(0);
        }
        assert!(began.elapsed() < LIMIT * 3, "they differ: {all:#?}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The messages that each actor handled, as shown.
pub(crate) fn counts(all: &Value) -> BTreeMap<String, u64> {
    let actors = all["actors"].as_array().unwrap().iter();
    actors
        .map(|actor| {
            let count = actor["messageCount"].as_u64().unwrap_or(0);
            (actor["id"].as_str().unwrap().to_owned(), count)
        })
        .collect()
}

pub(crate) async fn stop(studios: Vec<RunningStudio>) {
    for studio in studios {
        studio.stop().await;
    }
}
