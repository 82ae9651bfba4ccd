//! One start of one service: its actors with their totals, and what of them is to be reported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use loom_protocol::{
    ActorBatch, ActorEvent, ActorId, ActorMessages, ActorPatch, ActorRecord, BootId, Dropped, Edge,
    EventKind, MessageTotals, Source, Timestamp, TypeTotals, Work,
};
use serde_json::{Map, Value};

use super::chains::Who;
use super::span::{Resource, Role, Span};

/// Consumers and producers of one service that are kept apart.
const MOST_ACTORS: usize = 200;
/// Types of messages of one of them.
const MOST_KINDS: usize = 50;
/// Edges that end at one service.
const MOST_EDGES: usize = 2_000;
/// Lines about errors in one batch.
const MOST_LINES: usize = 50;
/// What those that there is no room for have in common.
const OTHERS: &str = "(others)";

/// A consumer or producer.
struct Actor {
    id: Arc<str>,
    /// Its type: what it does, and where.
    kind: String,
    metadata: Map<String, Value>,
    began: u64,
    messages: u64,
    errors: u64,
    work: Work,
    by_kind: BTreeMap<Arc<str>, MessageTotals>,
    is_new: bool,
}

pub(super) struct Service {
    name: String,
    /// What tells it from other starts of the same service; empty where there were none when it began.
    suffix: String,
    pub(super) boot: BootId,
    source: Source,
    seq: u64,
    /// When spans of it came last, and when it was reported last.
    pub(super) heard: i64,
    pub(super) reported: i64,
    actors: Vec<Actor>,
    by_name: BTreeMap<(Role, String), usize>,
    edges: BTreeMap<(Option<Who>, usize, Arc<str>), u64>,
    changed: BTreeSet<usize>,
    changed_edges: BTreeSet<(Option<Who>, usize, Arc<str>)>,
    events: Vec<ActorEvent>,
    dropped: Dropped,
    /// Its studio wants to hear of all of it again.
    all_again: bool,
    has_others: bool,
}

impl Service {
    pub(super) fn new(resource: &Resource, suffix: String, boot: BootId, now: Timestamp) -> Self {
        let source = Source {
            app: Some(resource.service()),
            node: resource.node(),
            pid: resource.pid,
            boot: boot.clone(),
            started: Some(now),
        };
        Self {
            name: resource.service(),
            suffix,
            boot,
            source,
            seq: 0,
            heard: now.as_millis(),
            reported: 0,
            actors: Vec::new(),
            by_name: BTreeMap::new(),
            edges: BTreeMap::new(),
            changed: BTreeSet::new(),
            changed_edges: BTreeSet::new(),
            events: Vec::new(),
            dropped: Dropped::default(),
            all_again: false,
            has_others: false,
        }
    }

    /// The actor that a span is of.
    pub(super) fn actor(&mut self, role: Role, span: &Span) -> usize {
        let mut name = match (role, span.group()) {
            (Role::Consumer, group) if !group.is_empty() => format!("{} ({group})", span.destination()),
            _ => span.destination().to_owned(),
        };
        if name.is_empty() {
            "(unnamed)".clone_into(&mut name);
        }
        if let Some(known) = self.by_name.get(&(role, name.clone())) {
            return *known;
        }
        if self.actors.len() >= MOST_ACTORS {
            OTHERS.clone_into(&mut name);
            if let Some(known) = self.by_name.get(&(role, name.clone())) {
                return *known;
            }
        }
        self.begin(role, name, span)
    }

    fn begin(&mut self, role: Role, name: String, span: &Span) -> usize {
        let word = match role {
            Role::Producer => "producer",
            Role::Consumer => "consumer",
        };
        let mut metadata = Map::new();
        metadata.insert("role".to_owned(), word.into());
        metadata.insert("destination".to_owned(), name.as_str().into());
        metadata.insert("service".to_owned(), self.name.as_str().into());
        let place = self.actors.len();
        let id: Arc<str> = format!("{}: {name} {word}{}", self.name, self.suffix).into();
        if name == OTHERS && !std::mem::replace(&mut self.has_others, true) {
            self.event(ActorEvent {
                actor: ActorId(id.to_string()),
                time: None,
                kind: EventKind::Note,
                message: format!(
                    "the service names more than {MOST_ACTORS} destinations: those that came later count here; \
                     name their kind in `messaging.destination.template`"
                ),
                correlation_id: None,
                data: None,
            });
        }
        self.actors.push(Actor {
            id,
            kind: format!("{name} {word}"),
            metadata,
            began: span.start,
            messages: 0,
            errors: 0,
            work: Work::default(),
            by_kind: BTreeMap::new(),
            is_new: true,
        });
        self.by_name.insert((role, name), place);
        place
    }

    /// Whom the actor at a place is, for others.
    pub(super) fn who(&self, place: usize) -> Option<Who> {
        Some(Who {
            boot: self.boot.clone(),
            id: Arc::clone(&self.actors.get(place)?.id),
        })
    }

    /// Counts a span of an actor, and returns by which name its messages go.
    pub(super) fn count(&mut self, place: usize, span: &Span) -> Arc<str> {
        let (mut line, mut kind) = (None, Arc::from(span.message()));
        if let Some(actor) = self.actors.get_mut(place) {
            if actor.by_kind.len() >= MOST_KINDS && !actor.by_kind.contains_key(&kind) {
                kind = OTHERS.into();
            }
            let count = span.count();
            actor.messages = actor.messages.saturating_add(count);
            // The time is that of all of a batch, measured once.
            actor.work.handled += 1;
            actor.work.handle_us = actor.work.handle_us.saturating_add(span.nanos() / 1_000);
            let totals = actor
                .by_kind
                .entry(Arc::clone(&kind))
                .or_insert_with(|| MessageTotals {
                    kind: kind.to_string(),
                    ..MessageTotals::default()
                });
            totals.handled = totals.handled.saturating_add(count);
            totals.handle.get_or_insert_default().record(span.nanos());
            if let Some(error) = span.error() {
                actor.errors += 1;
                totals.errors += 1;
                line = Some((Arc::clone(&actor.id), error.to_owned()));
            }
        }
        self.changed.insert(place);
        if let Some((id, error)) = line {
            self.tell_error(&id, &kind, error, span);
        }
        kind
    }

    fn tell_error(&mut self, id: &str, kind: &str, error: String, span: &Span) {
        let ended = i64::try_from(span.end / 1_000_000).unwrap_or(i64::MAX);
        let mut data = Map::new();
        data.insert("message".to_owned(), kind.into());
        let text = if error.is_empty() {
            format!("`{kind}` ended in an error")
        } else {
            format!("`{kind}` ended in an error: {error}")
        };
        self.event(ActorEvent {
            actor: ActorId(id.to_owned()),
            time: Some(Timestamp::from_millis(ended)),
            kind: EventKind::Error,
            message: text,
            correlation_id: Some(format!("{:032x}", span.trace)),
            data: Some(data),
        });
    }

    fn event(&mut self, event: ActorEvent) {
        if self.events.len() < MOST_LINES {
            self.events.push(event);
        } else {
            self.dropped.events += 1;
        }
    }

    /// So many messages to an actor were sent by this one.
    pub(super) fn sent(&mut self, from: Option<Who>, to: usize, kind: Arc<str>, count: u64) {
        let key = (from, to, kind);
        if self.edges.len() >= MOST_EDGES && !self.edges.contains_key(&key) {
            self.dropped.edges = self.dropped.edges.saturating_add(count);
            return;
        }
        let edge = self.edges.entry(key.clone()).or_default();
        *edge = edge.saturating_add(count);
        self.changed_edges.insert(key);
    }

    /// Whether there is something to be reported.
    pub(super) fn is_changed(&self) -> bool {
        !self.changed.is_empty()
            || !self.changed_edges.is_empty()
            || !self.events.is_empty()
            || self.all_again
    }

    /// All of it is to be reported again.
    pub(super) fn tell_all_again(&mut self) {
        self.all_again = true;
    }

    /// What is to be reported now; a beat where that is nothing.
    pub(super) fn batch(&mut self, now: Timestamp) -> ActorBatch {
        if std::mem::take(&mut self.all_again) {
            self.actors.iter_mut().for_each(|actor| actor.is_new = true);
            self.changed = (0..self.actors.len()).collect();
            self.changed_edges = self.edges.keys().cloned().collect();
        }
        self.seq += 1;
        self.reported = now.as_millis();
        let mut batch = ActorBatch::new(self.boot.clone(), self.seq);
        batch.source = Some(self.source.clone());
        for place in std::mem::take(&mut self.changed) {
            let Some(actor) = self.actors.get_mut(place) else {
                continue;
            };
            if std::mem::take(&mut actor.is_new) {
                batch.register.push(actor.record(&self.source, now));
            } else {
                batch.update.push(actor.patch());
            }
            let messages: Vec<_> = actor.by_kind.values().cloned().collect();
            if messages.is_empty() {
                continue;
            }
            // It is the only one of its type in this process.
            batch.types.push(TypeTotals {
                kind: actor.kind.clone(),
                messages: messages.clone(),
            });
            batch.messages.push(ActorMessages {
                id: ActorId(actor.id.to_string()),
                messages,
            });
        }
        for key in std::mem::take(&mut self.changed_edges) {
            let (Some(count), Some(to)) = (self.edges.get(&key), self.actors.get(key.1)) else {
                continue;
            };
            let (from, _, kind) = key;
            batch.edges.push(Edge {
                from: from.as_ref().map(|from| ActorId(from.id.to_string())),
                from_boot: from.map(|from| from.boot).filter(|boot| *boot != self.boot),
                to: ActorId(to.id.to_string()),
                message: kind.to_string(),
                count: *count,
            });
        }
        batch.events = std::mem::take(&mut self.events);
        batch.dropped = (!self.dropped.is_none()).then_some(self.dropped);
        batch
    }

    /// That all of its actors are gone.
    pub(super) fn farewell(&mut self, now: Timestamp) -> ActorBatch {
        self.changed.clear();
        self.changed_edges.clear();
        self.events.clear();
        let mut batch = self.batch(now);
        let ids = self.actors.iter().map(|actor| ActorId(actor.id.to_string()));
        batch.unregister = ids.collect();
        batch
    }
}

impl Actor {
    fn patch(&self) -> ActorPatch {
        let mut patch = ActorPatch::new(self.id.as_ref());
        patch.message_count = Some(self.messages);
        patch.error_count = Some(self.errors);
        patch.work = self.work();
        patch
    }

    fn work(&self) -> Option<Work> {
        (self.work != Work::default()).then_some(self.work)
    }

    fn record(&self, source: &Source, now: Timestamp) -> ActorRecord {
        let mut record = ActorRecord::new(self.id.as_ref(), self.kind.clone());
        record.message_count = Some(self.messages);
        record.error_count = Some(self.errors);
        record.work = self.work();
        let began = i64::try_from(self.began / 1_000_000).unwrap_or(i64::MAX);
        // By a clock that is fast it begins later than now.
        record.uptime = u64::try_from(now.as_millis().saturating_sub(began)).ok();
        record.node.clone_from(&source.node);
        record.worker_id = source.pid.map(|pid| pid.to_string());
        record.metadata = Some(self.metadata.clone());
        record
    }
}
