//! What is seen live is what is seen of that moment later.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use loom_protocol::{
    ActorBatch, ActorEvent, ActorId, ActorMessages, ActorPatch, ActorRecord, ActorStatus, BootId, Edge,
    EventKind, Histogram, MessageTotals, Source, Timestamp, TypeTotals, WaitingAsk, Work,
};
use serde_json::{Value, json};

use super::flight::{Flight, FlightOptions};
use super::past::{self, Past, Unseen};
use crate::directory::{ActorQuery, Directory, DirectoryOptions};
use crate::ingest::Recorder;
use crate::traffic::{HistoryOf, Plumbing};
use crate::{Clock, Intake};

/// A clock that a test sets.
#[derive(Clone)]
pub(crate) struct Hands(pub(crate) Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Numbers that look random and are the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % most
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap()]
    }
}

/// A studio that is recorded, and what reports to it.
pub(crate) struct World {
    pub(crate) hands: Hands,
    pub(crate) dice: Dice,
    pub(super) intake: Arc<Intake>,
    pub(super) flight: Arc<Flight>,
    seqs: [u64; 3],
    counts: Vec<u64>,
}

/// Actors of each process; the ids of the first few are the same in all of them.
const ACTORS: u64 = 12;

impl World {
    pub(super) fn new(seed: u64, options: FlightOptions) -> Self {
        Self::told_to(seed, options, Vec::new())
    }

    /// The same where others hear of what comes in.
    pub(crate) fn told_to(seed: u64, options: FlightOptions, others: Vec<Arc<dyn Recorder>>) -> Self {
        let hands = Hands(Arc::new(AtomicI64::new(1_765_596_838_077)));
        let flight = Flight::new(options);
        let directory = Directory::new(limits(), Arc::new(hands.clone()));
        let mut recorders = others;
        recorders.push(flight.clone());
        Self {
            intake: Arc::new(Intake::recorded(Arc::new(directory), recorders)),
            hands,
            dice: Dice(seed),
            flight,
            seqs: [0; 3],
            counts: vec![0; 100],
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.hands.now()
    }

    pub(crate) fn pass(&self, millis: i64) {
        self.hands.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub(crate) fn id(&mut self, boot: usize) -> String {
        let number = self.dice.below(ACTORS);
        if number < 3 {
            format!("shared-{number}")
        } else {
            format!("of{boot}-{number}")
        }
    }

    /// A report of one of the processes, or of somebody who posts single calls.
    pub(super) fn report(&mut self) {
        let boot = usize::try_from(self.dice.below(4)).unwrap();
        if boot == 3 {
            let id = format!("loner-{}", self.dice.below(3));
            let mut record = ActorRecord::new(id.clone(), "Loner");
            record.message_count = Some(self.dice.below(50));
            match self.dice.below(5) {
                0 => drop(self.intake.unregister(ActorId(id))),
                1 => {
                    let mut patch = ActorPatch::new(id);
                    patch.queue_depth = Some(self.dice.below(9));
                    drop(self.intake.update(patch));
                }
                _ => drop(self.intake.register(record)),
            }
            return;
        }
        let batch = self.batch(boot);
        // As over HTTP, where the text is what is recorded.
        if self.dice.below(2) == 0 {
            let text = bytes::Bytes::from(serde_json::to_vec(&batch).unwrap());
            let batch = serde_json::from_slice(&text).unwrap();
            drop(self.intake.batch_as(batch, Some(&text)));
        } else {
            drop(self.intake.batch(batch));
        }
    }

    fn batch(&mut self, boot: usize) -> ActorBatch {
        self.seqs[boot] += 1;
        let mut batch = ActorBatch::new(BootId(format!("boot-{boot}")), self.seqs[boot]);
        batch.source = (self.seqs[boot] % 5 == 1).then(|| Source {
            app: None,
            node: Some(format!("web-{boot}")),
            pid: Some(7),
            boot: batch.boot.clone(),
            started: None,
        });
        for _ in 0..self.dice.below(3) {
            let mut record = ActorRecord::new(self.id(boot), self.dice.one_of(&["Cart", "Mailer", "Order"]));
            record.status = Some(ActorStatus::from(self.dice.one_of(&["active", "idle", "failed"])));
            record.parent_id = (self.dice.below(2) == 0).then(|| "shared-0".into());
            record.worker_id = Some(format!("arbiter-{}", self.dice.below(3)));
            record.uptime = Some(self.dice.below(20_000));
            record.message_count = Some(self.dice.below(1_000));
            record.metadata = (self.dice.below(2) == 0).then(|| {
                let half = 1.0 / (1.0 + self.dice.below(1_000) as f64);
                json!({"half": half, "text": "ü"}).as_object().unwrap().clone()
            });
            batch.register.push(record);
        }
        for _ in 0..self.dice.below(6) {
            let mut patch = ActorPatch::new(self.id(boot));
            let place = usize::try_from(self.dice.below(100)).unwrap();
            self.counts[place] += self.dice.below(400);
            let count = self.counts[place];
            patch.message_count = Some(count);
            patch.error_count = Some(count / 50);
            patch.queue_depth = Some(self.dice.below(40));
            patch.restart_count = (self.dice.below(4) == 0).then_some(count / 90);
            patch.work = Some(Work {
                handled: count,
                handle_us: count * 7,
                queued: count,
                wait_us: count * 3,
                busy_us: count * 9,
                turns: 0,
            });
            batch.update.push(patch);
        }
        if self.dice.below(6) == 0 {
            batch.unregister.push(ActorId(self.id(boot)));
        }
        if self.dice.below(3) == 0 {
            batch.events.push(ActorEvent {
                actor: ActorId(self.id(boot)),
                time: None,
                kind: EventKind::from(self.dice.one_of(&["note", "panicked", "restarted"])),
                message: format!("said {}", self.dice.below(1_000)),
                correlation_id: Some(format!("chain-{}", self.dice.below(20))),
                data: json!({"x": 0.1 * self.dice.below(100) as f64})
                    .as_object()
                    .cloned(),
            });
        }
        let totals = self.totals();
        batch.types.push(TypeTotals {
            kind: "Cart".into(),
            messages: vec![totals.clone()],
        });
        batch.messages.push(ActorMessages {
            id: ActorId(self.id(boot)),
            messages: vec![totals],
        });
        batch.edges.push(Edge {
            from: Some(ActorId(self.id(boot))),
            from_boot: None,
            to: ActorId(self.id(boot)),
            message: "Add".into(),
            count: self.seqs[boot] * self.dice.below(50),
        });
        batch.asks = (self.dice.below(4) == 0).then(|| {
            vec![WaitingAsk {
                from: ActorId(format!("of{boot}-5")),
                to: vec![ActorId(format!("of{boot}-5"))],
                message: "Ask".into(),
                age_ms: self.dice.below(20_000),
            }]
        });
        batch
    }

    fn totals(&mut self) -> MessageTotals {
        self.counts[99] += self.dice.below(300);
        let handled = self.counts[99];
        let mut wait = Histogram::default();
        for _ in 0..handled.min(20) {
            wait.record(self.dice.below(50_000_000));
        }
        wait.buckets.iter_mut().for_each(|bucket| *bucket *= handled);
        MessageTotals {
            kind: self.dice.one_of(&["Add", "Remove"]).into(),
            handled,
            dead: handled / 500,
            wait: Some(wait),
            ..MessageTotals::default()
        }
    }

    /// What happens in a second.
    pub(crate) fn second(&mut self) {
        let end = self.now().as_millis() + 1_000;
        for _ in 0..self.dice.below(5) {
            let millis = i64::try_from(self.dice.below(250)).unwrap();
            self.pass(millis);
            self.report();
        }
        if self.dice.below(15) == 0 {
            let looked_at = self.id(1);
            self.intake
                .lookers()
                .looked_at_rates([looked_at.as_str()], self.now());
            self.intake.watched_changed();
        }
        self.intake.sweep();
        self.flight.turn(&self.intake);
        self.hands.0.fetch_max(end, Ordering::SeqCst);
    }

    pub(super) fn past(&self) -> Past {
        Past::new(past::Source::Running(self.flight.clone()), limits())
    }
}

pub(crate) fn limits() -> DirectoryOptions {
    DirectoryOptions::default()
}

/// All that can be seen of one actor.
fn seen_of(intake: &Intake, id: &str) -> Value {
    let now = intake.now();
    let traffic = intake.traffic();
    let (messages, mut hears, mut talks) = traffic.of_actor(id, now, 60);
    for neighbours in [&mut hears, &mut talks] {
        neighbours.sort_by(|a, b| (&a.id, &a.message).cmp(&(&b.id, &b.message)));
    }
    json!({
        "record": intake.directory().get(id),
        "journal": intake.journal().page(id, None, 100),
        "messages": messages, "hears": hears, "talks": talks,
        "history": traffic.history(&HistoryOf::Actor(id), now, 600),
        "rates": traffic.rates_of_actors([id], now, 60, 30),
    })
}

/// All that can be seen of all actors.
fn seen_of_all(intake: &Intake) -> Value {
    let now = intake.now();
    let traffic = intake.traffic();
    let mut edges: Vec<String> = traffic
        .edges(now, 60)
        .into_iter()
        .map(|edge| {
            format!(
                "{:?} {} {} {} {}",
                edge.from, edge.to, edge.message, edge.count, edge.rate
            )
        })
        .collect();
    edges.sort();
    let lines = |lines: Vec<(Arc<str>, Arc<loom_protocol::JournalLine>)>| -> Vec<Value> {
        lines
            .into_iter()
            .map(|(id, line)| json!([&*id, &*line]))
            .collect()
    };
    let by_rate = ActorQuery {
        sort: "-rate".parse().unwrap(),
        ..ActorQuery::default()
    };
    json!({
        "list": intake.directory().list(&by_rate).unwrap().records,
        "metrics": intake.directory().metrics(),
        "events": lines(intake.journal().newest(None, 50)),
        "chain": lines(intake.journal().of_chain("chain-3", 20)),
        "edges": edges,
        "of type": traffic.history(&HistoryOf::Kind("Cart"), now, 600),
        "types": traffic.types(now, 60, Plumbing::Shown),
        "lints": intake.lints().list(),
    })
}

/// All that can be seen.
pub(crate) fn seen(intake: &Intake, id: &str) -> Value {
    json!([seen_of(intake, id), seen_of_all(intake)])
}

#[test]
fn a_moment_is_seen_later_as_it_was_seen_then() {
    let seed = std::env::var("LOOM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or(7);
    let options = FlightOptions {
        bytes: 64 * 1024 * 1024,
        back: 600_000,
        holds: 0,
        is_of_several: false,
    };
    let mut world = World::new(seed, options);
    let mut then: Vec<(Timestamp, Vec<String>, Vec<Value>)> = Vec::new();
    // Longer than it reaches back, so that some of it is gone.
    for second in 0..780 {
        world.second();
        if second > 190 && world.dice.below(3) == 0 {
            let millis = i64::try_from(world.dice.below(40)).unwrap();
            world.pass(millis + 1);
            let ids: Vec<String> = (0..6).map(|number| world.id(number % 3)).collect();
            let seen = ids.iter().map(|id| seen_of(&world.intake, id));
            let seen = seen.chain([seen_of_all(&world.intake)]).collect();
            then.push((world.now(), ids, seen));
            world.pass(1);
        }
    }
    world.flight.turn(&world.intake);
    let past = world.past();
    let mut compared = 0;
    // In no order, as somebody looks.
    while !then.is_empty() {
        let place = usize::try_from(world.dice.below(then.len() as u64)).unwrap();
        let (at, ids, as_then) = then.swap_remove(place);
        let intake = past.at(at, Some(&world.intake)).unwrap();
        let now = ids.iter().map(|id| seen_of(&intake, id));
        for (now, as_then) in now.chain([seen_of_all(&intake)]).zip(&as_then) {
            for (part, value) in now.as_object().unwrap() {
                assert_eq!(value, &as_then[part], "seed {seed}, {at}, {ids:?}: {part}");
            }
        }
        compared += ids.len();
    }
    assert!(compared >= 1_000, "{compared}");
    let stretch = world.flight.state(&world.intake).tape.stretch().unwrap();
    let before = Timestamp::from_millis(stretch.from.as_millis() - 1);
    let after = Timestamp::from_millis(stretch.to.as_millis() + 1);
    for outside in [before, after] {
        assert_eq!(
            past.at(outside, Some(&world.intake)).err(),
            Some(Unseen::Outside(stretch))
        );
    }
    let reach = stretch.to.millis_since(stretch.from);
    assert!((600_000..680_000).contains(&reach), "{reach}");
}
