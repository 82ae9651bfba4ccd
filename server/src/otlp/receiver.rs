//! What comes in as spans goes on as reports.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_protocol::{ActorBatch, BootId, Rejection, RejectionCode, Timestamp};
use uuid::Uuid;

use super::chains::{Chains, Message, Sent, causes};
use super::service::Service;
use super::span::{Request, Resource, Role, Span};
use crate::replication::Door;

/// Starts of services at a time.
const MOST_SERVICES: usize = 1_000;
/// A service that was heard of within so many milliseconds counts as alive: spans say when something happened, and nothing says that
/// nothing did.
const ALIVE: i64 = 60_000;
/// One that was not for so long is taken off.
const GONE: i64 = 10 * 60_000;
/// How often it is said to be alive.
const BEAT: i64 = 3_000;

/// What became of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Spans that were not taken.
    pub(crate) rejected: u64,
    /// Why not.
    pub(crate) why: String,
}

/// Takes spans in. Shared by all who serve.
pub(crate) struct Receiver {
    door: Door,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_resource: HashMap<Resource, u64>,
    services: BTreeMap<u64, Service>,
    next: u64,
    chains: Chains,
}

impl Receiver {
    pub(crate) fn new(door: Door) -> Self {
        Self {
            door,
            state: Mutex::default(),
        }
    }

    /// Takes the spans of one request in, and reports what they say before it returns.
    pub(crate) fn take(&self, request: Request) -> Outcome {
        let now = self.door.intake().now();
        let mut reasons = Reasons::default();
        reasons.reject(request.left_out(), "more than 20000 spans in one request");
        let mut state = self.state();
        let mut touched = BTreeSet::new();
        for (resource, spans) in request.into_groups() {
            state.group(&resource, &spans, now, &mut touched, &mut reasons);
        }
        let sent = state.chains.give_up(now.as_millis());
        state.found(sent, &mut touched);
        for number in touched {
            self.report(&mut state, number, now);
        }
        reasons.outcome()
    }

    /// Says who is alive, and who is gone. To be called about once a second.
    pub(crate) fn sweep(&self) {
        let now = self.door.intake().now();
        let mut state = self.state();
        let mut touched = BTreeSet::new();
        let sent = state.chains.give_up(now.as_millis());
        state.found(sent, &mut touched);
        let at = now.as_millis();
        for (number, service) in &state.services {
            let is_alive = at - service.heard < ALIVE && at - service.reported >= BEAT;
            if is_alive || service.is_changed() {
                touched.insert(*number);
            }
        }
        for number in touched {
            self.report(&mut state, number, now);
        }
        let gone: Vec<u64> = state
            .services
            .iter()
            .filter(|(_, service)| at - service.heard >= GONE)
            .map(|(number, _)| *number)
            .collect();
        for number in gone {
            if let Some(mut service) = state.services.remove(&number) {
                let farewell = service.farewell(now);
                let _known = self.deliver(farewell);
            }
            state.by_resource.retain(|_, known| *known != number);
        }
    }

    fn report(&self, state: &mut State, number: u64, now: Timestamp) {
        let Some(service) = state.services.get_mut(&number) else {
            return;
        };
        let batch = service.batch(now);
        if !self.deliver(batch) {
            service.tell_all_again();
        }
    }

    /// False where all is to be reported again.
    fn deliver(&self, batch: ActorBatch) -> bool {
        match self.door.batch_waiting(batch) {
            Ok(outcome) => {
                if let Some(rejection) = outcome.rejected.first() {
                    tracing::debug!(
                        problem = rejection.problem,
                        "a part of what spans say was not taken"
                    );
                }
                let is_unknown = |rejection: &Rejection| rejection.code == Some(RejectionCode::UnknownActor);
                !outcome.resync && !outcome.rejected.iter().any(is_unknown)
            }
            Err(error) => {
                tracing::warn!("what spans say of a service is not shown: {error}");
                false
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What is half-done under this lock is counts that a panic left out.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The spans of one service.
    fn group(
        &mut self,
        resource: &Resource,
        spans: &[Span],
        now: Timestamp,
        touched: &mut BTreeSet<u64>,
        reasons: &mut Reasons,
    ) {
        for span in spans {
            if !span.is_named() {
                reasons.reject(1, "a span without a trace id of 16 bytes and a span id of 8");
                continue;
            }
            if self.chains.knows((span.trace, span.id)) {
                continue;
            }
            let Some(role) = span.role() else {
                let sent = self.chains.add(span, None);
                self.found(sent, touched);
                continue;
            };
            let Some(number) = self.service(resource, now) else {
                reasons.reject(1, "more than 1000 services at a time");
                continue;
            };
            self.message(number, role, span, now, touched);
        }
        if let Some(service) = self
            .by_resource
            .get(resource)
            .and_then(|number| self.services.get_mut(number))
        {
            service.heard = now.as_millis();
        }
    }

    /// A span that is a message of an actor.
    fn message(&mut self, number: u64, role: Role, span: &Span, now: Timestamp, touched: &mut BTreeSet<u64>) {
        let Some(service) = self.services.get_mut(&number) else {
            return;
        };
        let place = service.actor(role, span);
        let kind = service.count(place, span);
        let who = service.who(place);
        touched.insert(number);
        // What waits for this one first; then who sent this one, which may be among its own.
        let mut sent = self.chains.add(span, who);
        let message = |count| Message {
            service: number,
            to: place,
            kind: Arc::clone(&kind),
            count,
        };
        let linked = span.links().len() as u64;
        if linked > 1 {
            // One link for each message of a batch; of those without one nobody knows.
            for cause in causes(span) {
                sent.extend(self.chains.look(Some(cause), message(1), now.as_millis()));
            }
            if span.count() > linked {
                sent.push((message(span.count() - linked), None));
            }
        } else {
            let cause = causes(span).next();
            sent.extend(self.chains.look(cause, message(span.count()), now.as_millis()));
        }
        self.found(sent, touched);
    }

    fn found(&mut self, sent: Vec<Sent>, touched: &mut BTreeSet<u64>) {
        for (message, from) in sent {
            if let Some(service) = self.services.get_mut(&message.service) {
                service.sent(from, message.to, message.kind, message.count);
                touched.insert(message.service);
            }
        }
    }

    /// The service of that name and start; `None` where there is no room for it.
    fn service(&mut self, resource: &Resource, now: Timestamp) -> Option<u64> {
        if let Some(number) = self.by_resource.get(resource) {
            return Some(*number);
        }
        if self.services.len() >= MOST_SERVICES {
            return None;
        }
        self.next += 1;
        let number = self.next;
        let name = resource.service();
        let is_first = !self.by_resource.keys().any(|other| other.service() == name);
        let node = resource.node().or_else(|| resource.instance());
        let node = node.unwrap_or_else(|| number.to_string());
        let suffix = match (is_first, resource.pid) {
            (true, _) => String::new(),
            (false, Some(pid)) => format!(" @ {node}:{pid}"),
            (false, None) => format!(" @ {node}"),
        };
        let boot = BootId(format!("otlp-{}", Uuid::new_v4()));
        let service = Service::new(resource, suffix, boot, now);
        tracing::info!(service = name, "Discovered a service by its spans");
        self.services.insert(number, service);
        self.by_resource.insert(resource.clone(), number);
        Some(number)
    }
}

/// How many spans are rejected, and the first reasons.
#[derive(Default)]
struct Reasons {
    rejected: u64,
    reasons: BTreeMap<&'static str, u64>,
}

impl Reasons {
    fn reject(&mut self, count: u64, why: &'static str) {
        if count > 0 {
            self.rejected += count;
            *self.reasons.entry(why).or_default() += count;
        }
    }

    fn outcome(self) -> Outcome {
        let reasons: Vec<_> = self
            .reasons
            .iter()
            .map(|(why, count)| format!("{count}: {why}"))
            .collect();
        Outcome {
            rejected: self.rejected,
            why: reasons.join("; "),
        }
    }
}
