//! A log in memory, for servers of one process.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use loom_protocol::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::log::{Base, Later, LogError, Position, Record, ReplicatedLog};
use crate::Clock;
use crate::workspaces::WorkspaceName;

/// What errors call it.
const NAME: &str = "the log in memory";

/// Parcels that wait for somebody.
const PARCELS: usize = 1_000;

/// Records in memory. Can be made to fail in the ways in which one of another process does.
pub struct MemoryLog {
    clock: Arc<dyn Clock>,
    keeps: usize,
    name: String,
    state: Mutex<State>,
    arrived: Notify,
    /// Those of workspaces, which fail with this one.
    others: Mutex<BTreeMap<WorkspaceName, Arc<Self>>>,
}

#[derive(Default)]
struct State {
    records: VecDeque<Record>,
    head: Option<Position>,
    base: Option<Base>,
    parcels: HashMap<String, Bytes>,
    marked: Option<(VecDeque<Record>, Option<Position>, Option<Base>)>,
    away: bool,
}

impl MemoryLog {
    /// An empty log that stamps by `clock` and keeps so many records.
    pub fn new(clock: Arc<dyn Clock>, keeps: usize) -> Self {
        Self {
            clock,
            keeps,
            name: NAME.to_owned(),
            state: Mutex::default(),
            arrived: Notify::new(),
            others: Mutex::default(),
        }
    }

    /// Nobody reaches it any more, or everybody does again.
    pub fn set_away(&self, away: bool) {
        self.each(|log| {
            log.lock().away = away;
            log.arrived.notify_waiters();
        });
    }

    /// Loses everything.
    pub fn lose_all(&self) {
        self.each(|log| {
            let mut state = log.lock();
            *state = State {
                away: state.away,
                marked: state.marked.take(),
                ..State::default()
            };
        });
    }

    /// Remembers all that is in it, as one that is a replica of it.
    pub fn mark(&self) {
        self.each(|log| {
            let mut state = log.lock();
            state.marked = Some((state.records.clone(), state.head, state.base.clone()));
        });
    }

    /// Is as it was when that was marked: the replica took its place, and does not have what came later.
    pub fn return_to_mark(&self) {
        self.each(|log| {
            let mut state = log.lock();
            if let Some((records, head, base)) = state.marked.clone() {
                (state.records, state.head, state.base) = (records, head, base);
            }
        });
    }

    /// Drops all but the newest records.
    pub fn keep_newest(&self, count: usize) {
        self.each(|log| {
            let mut state = log.lock();
            let dropped = state.records.len().saturating_sub(count);
            state.records.drain(..dropped);
        });
    }

    /// Does something to it and to the logs of all workspaces.
    fn each(&self, what: impl Fn(&Self)) {
        let others = self.others();
        what(self);
        others.values().for_each(|other| what(other));
    }

    fn others(&self) -> MutexGuard<'_, BTreeMap<WorkspaceName, Arc<Self>>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, LogError> {
        let state = self.lock();
        if state.away {
            let (name, why) = (self.name.clone(), "it is away".to_owned());
            return Err(LogError::Away { name, why });
        }
        Ok(state)
    }

    fn put(&self, bodies: Vec<Bytes>) -> Result<(), LogError> {
        let mut state = self.open()?;
        let millis = u64::try_from(self.clock.now().as_millis()).unwrap_or(0);
        for body in bodies {
            let before = state.head;
            let position = match before {
                Some(last) if last.millis >= millis => Position {
                    millis: last.millis,
                    number: last.number + 1,
                },
                _ => Position { millis, number: 0 },
            };
            state.records.push_back(Record {
                position,
                before,
                body,
            });
            state.head = Some(position);
        }
        let dropped = state.records.len().saturating_sub(self.keeps);
        state.records.drain(..dropped);
        drop(state);
        self.arrived.notify_waiters();
        Ok(())
    }

    fn after(&self, after: Option<Position>, most: usize) -> Result<Vec<Record>, LogError> {
        let state = self.open()?;
        let is_later = |record: &&Record| after.is_none_or(|after| record.position > after);
        let records = state.records.iter().filter(is_later).take(most);
        Ok(records.cloned().collect())
    }

    fn swap_base(
        &self,
        base: Base,
        instead_of: Option<&str>,
        needless: Option<Position>,
    ) -> Result<bool, LogError> {
        let mut state = self.open()?;
        if state.base.as_ref().map(|base| base.id.as_str()) != instead_of {
            return Ok(false);
        }
        state.base = Some(base);
        if let Some(needless) = needless {
            state.records.retain(|record| record.position > needless);
        }
        Ok(true)
    }
}

impl ReplicatedLog for MemoryLog {
    fn of_workspace(&self, name: &WorkspaceName) -> Arc<dyn ReplicatedLog> {
        let mut others = self.others();
        let away = self.lock().away;
        let other = others.entry(name.clone()).or_insert_with(|| {
            let log = Self {
                name: format!("{NAME} (workspace {name})"),
                ..Self::new(self.clock.clone(), self.keeps)
            };
            log.lock().away = away;
            Arc::new(log)
        });
        other.clone()
    }

    fn append(&self, bodies: Vec<Bytes>) -> Later<'_, ()> {
        Box::pin(ready(self.put(bodies)))
    }

    fn read(&self, after: Option<Position>, most: usize, within: Duration) -> Later<'_, Vec<Record>> {
        Box::pin(async move {
            let until = Instant::now() + within;
            loop {
                let arrived = self.arrived.notified();
                tokio::pin!(arrived);
                // From here on it is heard.
                arrived.as_mut().enable();
                let records = self.after(after, most)?;
                if !records.is_empty() || timeout_at(until, arrived).await.is_err() {
                    return Ok(records);
                }
            }
        })
    }

    fn head(&self) -> Later<'_, Option<Position>> {
        Box::pin(ready(self.open().map(|state| state.head)))
    }

    fn base(&self) -> Later<'_, Option<Base>> {
        Box::pin(ready(self.open().map(|state| state.base.clone())))
    }

    fn base_id(&self) -> Later<'_, Option<String>> {
        let id = |state: MutexGuard<'_, State>| state.base.as_ref().map(|base| base.id.clone());
        Box::pin(ready(self.open().map(id)))
    }

    fn set_base(
        &self,
        base: Base,
        instead_of: Option<String>,
        needless: Option<Position>,
    ) -> Later<'_, bool> {
        Box::pin(ready(self.swap_base(base, instead_of.as_deref(), needless)))
    }

    fn leave(&self, name: String, parcel: Bytes) -> Later<'_, ()> {
        let left = self.open().map(|mut state| {
            // In place of a minute: nobody leaves more than one waits for.
            if state.parcels.len() >= PARCELS {
                state.parcels.clear();
            }
            state.parcels.insert(name, parcel);
        });
        Box::pin(ready(left))
    }

    fn pick_up(&self, name: String) -> Later<'_, Option<Bytes>> {
        Box::pin(ready(self.open().map(|mut state| state.parcels.remove(&name))))
    }

    fn now(&self) -> Later<'_, Timestamp> {
        Box::pin(ready(self.open().map(|_| self.clock.now())))
    }

    fn keeps(&self) -> usize {
        self.keeps
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
