//! The table of an application's actors.
//!
//! Actors on [`Context`](crate::Context) enter it by themselves; what is not an actix actor enters by
//! [`ActorRegistry::register`]. An actor that ended stays for a while ([`Retention`]), so that short lives and panics
//! are seen; then it leaves. Subscribers pay for what changed, not for what is there.

mod changes;
mod graves;
mod handle;
mod service;
mod table;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use loom_protocol::{ActorEvent, ActorId, ActorRecord};

pub use changes::{Changes, Delta, TooManySubscriptions};
pub use graves::Retention;
pub use handle::ActorHandle;
pub use service::DiscoveryService;

use crate::cell::{ActorCell, Details, More, Subscriptions};
use crate::clock::Nanos;
use crate::events::{Ring, Tap};
use crate::measure::{Kind, TypeCell};
use crate::names::{Serial, default_id};
use crate::spec::ActorSpec;
use crate::trace;
use graves::Graves;
use table::Table;

/// Outside of a subscription, an actor counts as active for so long after it handled a message: one default poll.
const LATELY: Duration = Duration::from_secs(1);

/// The actors of an application. A clone is another handle to the same table.
#[derive(Clone, Default)]
pub struct ActorRegistry {
    inner: Arc<Inner>,
}

#[derive(Default)]
pub(crate) struct Inner {
    cells: Table,
    /// Those of handles, which have to beat by themselves.
    handles: Table,
    pub(crate) subscriptions: Subscriptions,
    graves: Mutex<Graves>,
    pub(crate) journal: Ring,
}

impl ActorRegistry {
    /// An empty table, apart from the process-wide one.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty table that keeps what ended for other times than the default ones.
    pub fn with_retention(retention: Retention) -> Self {
        let inner = Inner {
            graves: Mutex::new(Graves::new(retention)),
            ..Inner::default()
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The table that actors enter when their spec names no other.
    pub fn process_wide() -> Self {
        static TABLE: LazyLock<ActorRegistry> = LazyLock::new(ActorRegistry::new);
        TABLE.clone()
    }

    /// Every actor, those that ended lately included, in no order.
    pub fn get_all(&self) -> Vec<ActorRecord> {
        let now = Nanos::now();
        self.inner.bury(now);
        self.inner
            .cells
            .iter()
            .map(|cell| record_of(&cell, now))
            .collect()
    }

    /// One actor by id.
    pub fn get(&self, id: &ActorId) -> Option<ActorRecord> {
        let now = Nanos::now();
        self.inner.bury(now);
        self.inner.cells.get(&id.0).map(|cell| record_of(&cell, now))
    }

    /// How many [`Self::get_all`] would return.
    pub fn len(&self) -> usize {
        self.inner.bury(Nanos::now());
        self.inner.cells.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Registers something that is no actix actor. It is there until the handle is dropped, and has to be reported
    /// about by the handle's methods.
    pub fn register(&self, spec: ActorSpec) -> ActorHandle {
        let cell = self.inner.admit(spec, None);
        self.inner.handles.put(&cell);
        cell.tell_begun();
        ActorHandle::new(cell, self.clone())
    }

    /// Starts to collect changes, beginning with every actor there is as a new one.
    ///
    /// # Errors
    /// A registry serves 32 subscriptions at a time.
    pub fn subscribe(&self) -> Result<Changes, TooManySubscriptions> {
        Changes::open(self.clone())
    }

    /// Removes handles that were not used for longer than `max_age`. Actors on the observed context are alive as long as
    /// they run and are never removed. A removed handle that is used again comes back.
    ///
    /// Returns how many were removed. Costs a look at every handle.
    pub fn remove_silent(&self, max_age: Duration) -> usize {
        self.inner.remove_silent(max_age, Nanos::now())
    }

    /// Who has the id now.
    pub(crate) fn cell(&self, id: &ActorId) -> Option<Arc<ActorCell>> {
        self.inner.find(&id.0)
    }

    /// What happened since the tap was read last, at most so many lines.
    pub(crate) fn events(&self, tap: &Tap, most: usize) -> Vec<ActorEvent> {
        tap.read(&self.inner.journal, most, Nanos::now())
    }

    /// How many lines were gone before the tap could be read.
    pub(crate) fn missed_events(&self, tap: &Tap) -> u64 {
        tap.missed(&self.inner.journal)
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Takes a cell out, as its burial does.
    #[cfg(test)]
    pub(crate) fn forget(&self, cell: &Arc<ActorCell>) {
        self.inner.remove(cell);
    }

    /// Those of one type that have not ended. Costs a look at every actor.
    pub(crate) fn living_of(&self, kind: &'static TypeCell) -> impl Iterator<Item = Arc<ActorCell>> {
        self.inner.cells.iter().filter(move |cell| {
            let counters = cell.kind.counters;
            counters.is_some_and(|counters| std::ptr::eq(counters, kind)) && cell.ended().is_none()
        })
    }

    pub(crate) fn is(&self, table: &Weak<Inner>) -> bool {
        std::ptr::eq(table.as_ptr(), Arc::as_ptr(&self.inner))
    }
}

fn record_of(cell: &Arc<ActorCell>, now: Nanos) -> ActorRecord {
    let lately = Nanos(
        now.0
            .saturating_sub(u64::try_from(LATELY.as_nanos()).unwrap_or(u64::MAX)),
    );
    cell.record(cell.view(lately), now)
}

impl ActorSpec {
    /// Who has the id in its registry now.
    pub(crate) fn find(&self, id: &ActorId) -> Option<Arc<ActorCell>> {
        match &self.registry {
            Some(registry) => registry.cell(id),
            None => ActorRegistry::process_wide().cell(id),
        }
    }

    /// Enters the actor of this spec into its registry, with the counters of its type where it is on an observed context.
    pub(crate) fn admit(self, counters: Option<&'static TypeCell>) -> Arc<ActorCell> {
        let registry = self.registry.clone().unwrap_or_else(ActorRegistry::process_wide);
        registry.inner.admit(self, counters)
    }
}

impl Inner {
    fn admit(self: &Arc<Self>, spec: ActorSpec, counters: Option<&'static TypeCell>) -> Arc<ActorCell> {
        self.bury(Nanos::now());
        let id = spec.id.unwrap_or_else(|| default_id(&spec.kind, Serial::next()));
        let details = Details {
            metadata: spec.metadata,
            parent: spec.parent.or_else(trace::current_actor),
            worker: spec.worker,
            watchers: spec.watchers,
            system: spec.system,
            more: spec.restarter.map(|restarter| {
                Box::new(More {
                    restarter: Some(restarter),
                    ..More::default()
                })
            }),
            ..Details::default()
        };
        let kind = match counters {
            Some(counters) => counters.born(spec.kind),
            None => Arc::new(Kind::of_handle(spec.kind)),
        };
        let cell = ActorCell::new(id.0.into(), kind, details, Arc::downgrade(self));
        let cell = self.enter(cell);
        self.subscriptions.push_to_all(&cell);
        cell
    }

    /// Enters the cell under its name; under another one when a living actor has it.
    fn enter(&self, cell: ActorCell) -> Arc<ActorCell> {
        let wanted = Arc::clone(&cell.name);
        let mut cell = Arc::new(cell);
        let mut number = 2_u32;
        let takes_over = |cell: &ActorCell, before: &ActorCell| {
            let has_ended = before.ended().is_some();
            if has_ended {
                cell.succeed(before);
            }
            has_ended
        };
        while !self.cells.put_where(&cell, |before| takes_over(&cell, before)) {
            // Nobody else has it before it is in the table.
            if let Some(cell) = Arc::get_mut(&mut cell) {
                cell.name = format!("{wanted}#{number}").into();
            }
            number += 1;
        }
        if cell.name != wanted {
            tracing::warn!(id = %wanted, given = %cell.name,
                "two living actors want one id; the later one was given another, choose ids apart");
        }
        cell
    }

    /// Who has the name now.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<ActorCell>> {
        self.cells.get(name)
    }

    /// Takes note of an end, for the burial.
    pub(crate) fn dug(&self, cell: &Arc<ActorCell>, failed: bool) {
        if cell.is_handle() {
            self.forget_handle(cell);
        }
        self.graves().dig(Arc::clone(cell), failed);
    }

    /// Removes what ended long enough ago, and tells the subscribers.
    fn bury(&self, now: Nanos) {
        // Out of the lock before the map is touched.
        let due = self.graves().due(now);
        for cell in due {
            self.remove(&cell);
        }
    }

    fn remove_silent(&self, max_age: Duration, now: Nanos) -> usize {
        // Collected first: removing while iterating would lock the table against itself.
        let silent: Vec<_> = self
            .handles
            .iter()
            .filter(|cell| !cell.is_held() && now.since(cell.last_beat()) > max_age)
            .collect();
        for cell in &silent {
            self.forget_handle(cell);
            self.remove(cell);
        }
        silent.len()
    }

    fn forget_handle(&self, cell: &Arc<ActorCell>) {
        self.handles.remove(cell);
    }

    fn remove(&self, cell: &Arc<ActorCell>) {
        self.cells.remove(cell);
        cell.bury();
        self.subscriptions.push_to_all(cell);
    }

    /// Lets a removed handle in again; not when its name was given to somebody else meanwhile.
    pub(crate) fn readmit(&self, cell: &Arc<ActorCell>) {
        let is_back = self.cells.put_new(cell, || {
            cell.unbury();
            cell.marks.forget_all();
        });
        if is_back {
            self.handles.put(cell);
            self.subscriptions.push_to_all(cell);
        }
    }

    fn graves(&self) -> std::sync::MutexGuard<'_, Graves> {
        // Nothing is left half-done under this lock.
        self.graves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
