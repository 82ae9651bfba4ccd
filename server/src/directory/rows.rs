//! What filters and orders look at, of all actors, in one stretch of memory: to go through 100,000 actors where they are kept
//! costs a walk through all of memory, here it costs a few milliseconds.
//!
//! A row follows its record: whoever writes a record holds its map entry and then, for a moment, the row's chunk. A reader
//! holds one chunk at a time and must not touch a record meanwhile.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use loom_protocol::{ActorStatus, Timestamp};
use serde_json::{Map, Value};

use super::boot::Boot;
use super::entry::{Entry, Text};
use super::measured::Number;
use super::texts::{Place, Texts};

/// Rows that are locked together: some microseconds of a reader's work.
const CHUNK: usize = 512;
/// A prime that leads from chunk to chunk in no order that anybody would ask for.
const SHUFFLE: usize = 7_919;

/// One actor, as far as lists look at it. In this order in memory: what a search looks at stands together, for what a pass over
/// all rows costs is what it has to fetch.
#[repr(C)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) id: Text,
    pub(super) kind: Text,
    pub(super) status: Option<ActorStatus>,
    pub(super) worker: Option<Text>,
    pub(super) node: Option<Text>,
    pub(super) parent: Option<Text>,
    pub(super) beat: Timestamp,
    pub(super) owner: Option<Arc<Boot>>,
    pub(super) metadata: Option<Arc<Map<String, Value>>>,
    pub(super) message_count: Option<u64>,
    pub(super) queue_depth: Option<u64>,
    pub(super) error_count: Option<u64>,
    pub(super) restart_count: Option<u64>,
    pub(super) rate: Both,
    pub(super) wait: Both,
    pub(super) handle: Both,
    pub(super) started: Option<Timestamp>,
    /// It tells the sums of its times.
    pub(super) times: bool,
    pub(super) system: bool,
}

/// A number as it was measured here, and as the actor says it of itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Both {
    pub(super) measured: Number,
    pub(super) reported: Number,
}

/// Rows that are locked together, and what is searched in each of them.
struct Chunk {
    rows: Vec<Option<Row>>,
    texts: Texts,
}

/// The rows of all actors.
#[derive(Default)]
pub(super) struct Rows {
    chunks: RwLock<Vec<Arc<RwLock<Chunk>>>>,
    free: Mutex<Free>,
}

/// Places that can be had.
#[derive(Default)]
struct Free {
    given_back: Vec<usize>,
    /// Places from here on were never taken.
    rest: usize,
}

impl Rows {
    /// Takes a place for an actor that comes.
    pub(super) fn insert(&self, id: &Text, entry: &Entry) -> usize {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let place = free.given_back.pop().unwrap_or_else(|| {
            free.rest += 1;
            free.rest - 1
        });
        drop(free);
        self.make(place / CHUNK);
        self.write(place, |row, texts| *row = Some(Row::of(id, entry, texts)));
        place
    }

    /// Follows a record that changed.
    pub(super) fn update(&self, place: usize, entry: &Entry) {
        self.write(place, |row, texts| {
            if let Some(row) = row {
                row.follow(entry, texts);
            }
        });
    }

    /// Gives a place back.
    pub(super) fn remove(&self, place: usize) {
        let mut gone = None;
        self.write(place, |row, texts| {
            gone = row.take();
            if let Some(row) = &gone {
                texts.give_back(row.place);
            }
        });
        drop(gone);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.given_back.push(place);
    }

    /// Runs `look` on each row, with the texts that its place is in. Actors come in an order that is often one that is asked for, and whoever looks for the last ones of
    /// it would take each row for the best so far: so the chunks have their turn as if shuffled.
    pub(super) fn each(&self, mut look: impl FnMut(&Row, &Texts)) {
        let mut chunks = self.chunks.read().unwrap_or_else(PoisonError::into_inner).clone();
        let count = chunks.len();
        for (place, other) in (0..count).map(|place| (place, place.wrapping_mul(SHUFFLE) % count)) {
            chunks.swap(place, other);
        }
        for chunk in chunks {
            let chunk = chunk.read().unwrap_or_else(PoisonError::into_inner);
            let rows = chunk.rows.iter().flatten();
            rows.for_each(|row| look(row, &chunk.texts));
        }
    }

    fn make(&self, chunk: usize) {
        let chunks = self.chunks.read().unwrap_or_else(PoisonError::into_inner);
        if chunk < chunks.len() {
            return;
        }
        drop(chunks);
        let mut chunks = self.chunks.write().unwrap_or_else(PoisonError::into_inner);
        while chunks.len() <= chunk {
            let rows = std::iter::repeat_with(|| None).take(CHUNK).collect();
            let texts = Texts::default();
            chunks.push(Arc::new(RwLock::new(Chunk { rows, texts })));
        }
    }

    fn write(&self, place: usize, change: impl FnOnce(&mut Option<Row>, &mut Texts)) {
        let chunks = self.chunks.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(chunk) = chunks.get(place / CHUNK) {
            let mut chunk = chunk.write().unwrap_or_else(PoisonError::into_inner);
            let Chunk { rows, texts } = &mut *chunk;
            if let Some(row) = rows.get_mut(place % CHUNK) {
                change(row, texts);
            }
            if texts.are_mostly_gone() {
                texts.tidy(rows.iter_mut().flatten().map(|row| &mut row.place));
            }
        }
    }
}

impl Row {
    fn of(id: &Text, entry: &Entry, texts: &mut Texts) -> Self {
        let mut row = Self {
            place: Place::default(),
            id: id.clone(),
            kind: entry.kind.clone(),
            status: None,
            worker: None,
            node: None,
            parent: None,
            message_count: None,
            queue_depth: None,
            error_count: None,
            restart_count: None,
            rate: Both::default(),
            wait: Both::default(),
            handle: Both::default(),
            metadata: None,
            started: None,
            beat: entry.beat,
            owner: None,
            times: false,
            system: false,
        };
        row.follow(entry, texts);
        if !row.place.is_taken() {
            row.keep_texts(texts);
        }
        row
    }

    fn keep_texts(&mut self, texts: &mut Texts) {
        texts.give_back(self.place);
        self.place = texts.take(&self.id, self.parent.as_deref(), self.metadata.as_deref());
    }

    fn follow(&mut self, entry: &Entry, texts: &mut Texts) {
        if !Text::ptr_eq(&self.kind, &entry.kind) {
            self.kind = entry.kind.clone();
        }
        if self.status != entry.status {
            self.status.clone_from(&entry.status);
        }
        same(&mut self.worker, entry.worker.as_ref());
        same(&mut self.node, entry.node.as_ref());
        let has_other_parent = same(&mut self.parent, entry.parent.as_ref());
        if same(&mut self.metadata, entry.metadata.as_ref()) || has_other_parent {
            self.keep_texts(texts);
        }
        same(&mut self.owner, entry.owner.as_ref());
        self.message_count = entry.message_count;
        self.queue_depth = entry.queue_depth;
        self.error_count = entry.error_count;
        self.restart_count = entry.restart_count;
        let (rates, latency) = (entry.rates.as_deref(), entry.latency.as_deref());
        self.rate.reported = Number::of(rates.and_then(|rates| rates.messages));
        self.wait.reported = Number::of(latency.and_then(|latency| latency.wait_ms));
        self.handle.reported = Number::of(latency.and_then(|latency| latency.handle_ms));
        self.rate.measured = entry.measured.rate;
        self.wait.measured = entry.measured.wait;
        self.handle.measured = entry.measured.handle;
        self.times = entry.work.is_some();
        self.started = entry.started;
        self.beat = entry.beat;
        self.system = entry.system == Some(true);
    }
}

/// Takes over what is shared, and says whether it is another; mostly it is the same as before, which costs no count.
fn same<T: ?Sized>(mine: &mut Option<Arc<T>>, theirs: Option<&Arc<T>>) -> bool {
    let is_same = match (&*mine, theirs) {
        (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs),
        (None, None) => true,
        _ => false,
    };
    if !is_same {
        *mine = theirs.cloned();
    }
    !is_same
}
