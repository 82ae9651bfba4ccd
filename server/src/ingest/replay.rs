//! The same reports at the same moments make the same studio.

use std::sync::{Arc, Mutex};

use loom_history::{By, Metric};
use loom_protocol::filter::Filter;
use loom_protocol::{
    ActorBatch, ActorEvent, ActorId, ActorMessages, ActorPatch, ActorRecord, ActorStatus, BootId, Edge,
    EventKind, Histogram, MessageTotals, Source, Timestamp, TypeTotals,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Ingest, Intake, Recorder};
use crate::directory::{ActorQuery, Directory, DirectoryOptions};
use crate::memory::Asked;
use crate::traffic::{HistoryOf, Plumbing};
use crate::{Clock, SystemClock};

/// What came in, and when somebody swept.
#[derive(Clone, Debug)]
enum Step {
    Came(Box<Ingest>),
    Swept,
}

#[derive(Default)]
struct Tape(Mutex<Vec<(Timestamp, Step)>>);

impl Recorder for Tape {
    fn record(&self, at: Timestamp, ingest: &Ingest) {
        self.0
            .lock()
            .unwrap()
            .push((at, Step::Came(Box::new(ingest.clone()))));
    }

    fn swept(&self, at: Timestamp) {
        self.0.lock().unwrap().push((at, Step::Swept));
    }
}

fn intake(recorders: Vec<Arc<dyn Recorder>>) -> Intake {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let options = DirectoryOptions {
        max_actors: 6,
        ..DirectoryOptions::default()
    };
    Intake::recorded(Arc::new(Directory::new(options, clock)), recorders)
}

fn play(intake: &Intake, steps: &[(Timestamp, Step)]) -> Vec<String> {
    let outcomes = steps.iter().map(|(at, step)| match step {
        Step::Came(ingest) => format!("{:?}", intake.take(*at, (**ingest).clone())),
        Step::Swept => {
            intake.sweep_at(*at);
            String::new()
        }
    });
    outcomes.collect()
}

/// All that can be asked of a studio.
fn all_of(intake: &Intake, now: Timestamp) -> Value {
    let ids = intake.directory().list(&ActorQuery::default()).unwrap().records;
    let mut journals = Vec::new();
    let mut traffic = Vec::new();
    for record in &ids {
        let id = record.id.0.as_str();
        journals.push(json!({"of": id, "lines": intake.journal().page(id, None, 1_000)}));
        let (messages, mut hears, mut talks) = intake.traffic().of_actor(id, now, 600);
        for neighbours in [&mut hears, &mut talks] {
            neighbours.sort_by(|a, b| (&a.id, &a.message).cmp(&(&b.id, &b.message)));
        }
        traffic.push(json!({"messages": messages, "hears": hears, "talks": talks,
            "history": intake.traffic().history(&HistoryOf::Actor(id), now, 600)}));
    }
    // The status and the beat depend on when somebody looks; what they are made of was looked at by the sweeps.
    let records: Vec<Value> = ids
        .into_iter()
        .map(|mut record| {
            (record.status, record.uptime) = (None, None);
            serde_json::to_value(record).unwrap()
        })
        .collect();
    let newest: Vec<Value> = intake
        .journal()
        .newest(None, 10_000)
        .into_iter()
        .map(|(id, line)| json!({"actor": &*id, "line": &*line}))
        .collect();
    json!({"records": records, "journals": journals, "events": newest, "traffic": traffic,
        "types": intake.traffic().types(now, 600, Plumbing::Shown), "lately": intake.traffic().history(&HistoryOf::All, now, 600),
        "lints": intake.lints().list(), "past": past(intake, now)})
}

/// All that is remembered, and what is about to be.
fn past(intake: &Intake, now: Timestamp) -> Vec<String> {
    let metrics = [Metric::Rate, Metric::Queue, Metric::Actors, Metric::Wait(0.95)];
    let kinds = By::EACH
        .iter()
        .flat_map(|by| [600, 7_200].map(|length| (*by, length)));
    let told = kinds.map(|(by, length)| {
        let asked = Asked {
            by,
            metrics: metrics.to_vec(),
            filter: Filter::default(),
            from: now.as_millis() - length * 1_000,
            to: now.as_millis(),
            points: 2_000,
            limit: 100,
        };
        let past = asked.answer(intake, now);
        let values = past
            .lines
            .iter()
            .flat_map(|line| line.values.iter().chain(&line.most));
        assert!(
            values.flatten().all(|value| *value >= 0.0),
            "nothing is below zero"
        );
        format!("{past:?}")
    });
    told.collect()
}

fn id() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}

fn kind() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["Cart", "Mailer"]).prop_map(str::to_owned)
}

fn status() -> impl Strategy<Value = ActorStatus> {
    prop::sample::select(vec![
        ActorStatus::Active,
        ActorStatus::Idle,
        ActorStatus::Failed,
        ActorStatus::Stopped,
    ])
}

fn record() -> impl Strategy<Value = ActorRecord> {
    (id(), kind(), status(), 0..50_u64, 0..200_u64, 0..30_000_u64).prop_map(
        |(id, kind, status, handled, queued, uptime)| {
            let mut record = ActorRecord::new(id, kind);
            (record.status, record.worker_id) = (Some(status), Some("worker".into()));
            (record.message_count, record.queue_depth) = (Some(handled), Some(queued));
            record.uptime = Some(uptime);
            record
        },
    )
}

fn patch() -> impl Strategy<Value = ActorPatch> {
    (id(), status(), 0..80_u64, 0..200_u64, 0..9_u64).prop_map(|(id, status, handled, queued, restarts)| {
        let mut patch = ActorPatch::new(id);
        (patch.status, patch.message_count) = (Some(status), Some(handled));
        (patch.queue_depth, patch.restart_count) = (Some(queued), Some(restarts));
        patch
    })
}

fn batch() -> impl Strategy<Value = ActorBatch> {
    let lists = (
        prop::collection::vec(record(), 0..3),
        prop::collection::vec(patch(), 0..3),
        prop::collection::vec(id(), 0..2),
        prop::collection::vec((id(), "[a-z]{1,8}"), 0..3),
        prop::collection::vec((id(), id(), 0..90_u64), 0..3),
    );
    let who = (prop::sample::select(vec!["one", "two"]), 1..7_u64, any::<bool>());
    (who, lists, any::<bool>()).prop_map(
        |((boot, seq, named), (register, update, unregister, events, edges), complete)| {
            let mut batch = ActorBatch::new(BootId(boot.into()), seq);
            batch.source = named.then(|| Source {
                app: None,
                node: Some(format!("node-{boot}")),
                pid: Some(1),
                boot: batch.boot.clone(),
                started: None,
            });
            (batch.generation, batch.complete) = (Some(seq / 2), complete);
            (batch.register, batch.update) = (register, update);
            batch.unregister = unregister.into_iter().map(ActorId).collect();
            let event = |(actor, message): (String, String)| ActorEvent {
                actor: ActorId(actor),
                time: None,
                kind: EventKind::Note,
                correlation_id: Some(message.chars().take(1).collect()),
                message,
                data: None,
            };
            batch.events = events.into_iter().map(event).collect();
            for (from, to, count) in edges {
                let mut wait = Histogram::default();
                (0..count).for_each(|nanos| wait.record(nanos * 1_000));
                let totals = MessageTotals {
                    kind: "Add".into(),
                    handled: count,
                    wait: Some(wait),
                    ..MessageTotals::default()
                };
                let (id, messages) = (ActorId(to.clone()), vec![totals]);
                batch.types.push(TypeTotals {
                    kind: "Cart".into(),
                    messages: messages.clone(),
                });
                batch.messages.push(ActorMessages { id, messages });
                batch.edges.push(Edge {
                    from: Some(ActorId(from)),
                    to: ActorId(to),
                    message: "Add".into(),
                    count,
                });
            }
            batch
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let came = |ingest| Step::Came(Box::new(ingest));
    prop_oneof![
        6 => batch().prop_map(move |batch| came(Ingest::Batch(Box::new(batch)))),
        2 => record().prop_map(move |record| came(Ingest::Register(Box::new(record)))),
        3 => patch().prop_map(move |patch| came(Ingest::Update(Box::new(patch)))),
        1 => id().prop_map(move |id| came(Ingest::Unregister(ActorId(id)))),
        3 => Just(Step::Swept),
    ]
}

/// Mostly a second passes, now and then so much that actors fall silent, and once in a while the clock jumps back.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 0..2_000_i64, 2 => 9_000..12_000_i64, 1 => Just(3_600_000), 1 => Just(-60_000)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_recorded_makes_the_same_studio(steps in prop::collection::vec((pause(), step()), 1..60)) {
        let mut now = 1_765_596_838_077_i64;
        let steps: Vec<(Timestamp, Step)> = steps
            .into_iter()
            .map(|(pause, step)| {
                now += pause;
                (Timestamp::from_millis(now), step)
            })
            .collect();
        let tape = Arc::new(Tape::default());
        let first = intake(vec![tape.clone()]);
        let outcomes = play(&first, &steps);
        let second = intake(Vec::new());
        let recorded = tape.0.lock().unwrap().clone();
        prop_assert_eq!(play(&second, &recorded), outcomes);
        let now = Timestamp::from_millis(now + 1_000);
        let (first, second) = (all_of(&first, now), all_of(&second, now));
        prop_assert_eq!(&first, &second);
        let rates = first["types"].as_array().unwrap().iter().map(|row| row["rate"].as_f64().unwrap_or(0.0));
        prop_assert!(rates.into_iter().all(|rate| rate >= 0.0), "no rate is below zero");
    }
}
