//! A hundred thousand messages on several arbiters, with panics, intervals, streams, answers that come later and errors:
//! every count is that of what the handlers saw. `LOOM_SOAK_MESSAGES` says how many.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use actix::prelude::*;
use loom_bridge::protocol::ActorId;
use loom_bridge::{ActorRegistry, ActorSpec, Changes, Context, Delta, Keeper, RestartPolicy};

/// What really happened to one actor, counted by itself.
#[derive(Default)]
struct Truth {
    messages: AtomicU64,
    errors: AtomicU64,
    turns: AtomicU64,
    answered: AtomicU64,
    panics: AtomicU64,
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, SeqCst);
}

struct Worker {
    truth: Arc<Truth>,
}

impl Actor for Worker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(Duration::from_millis(3), |worker, _| add(&worker.truth.turns));
    }
}

type Answer = Result<u64, ()>;

#[derive(Message)]
#[rtype(result = "Answer")]
struct Now(u64);

impl Handler<Now> for Worker {
    type Result = Answer;

    fn handle(&mut self, ask: Now, ctx: &mut Self::Context) -> Answer {
        add(&self.truth.messages);
        if ask.0 % 5_000 == 4_999 {
            add(&self.truth.panics);
            add(&self.truth.errors);
            panic!("number {}", ask.0);
        }
        if ask.0 % 100 == 50 {
            let truth = Arc::clone(&self.truth);
            let later = async { tokio::task::yield_now().await };
            ctx.spawn(later.into_actor(self).map(move |(), _, _| add(&truth.turns)));
        }
        if ask.0 % 1_000 == 10 {
            ctx.add_stream(futures_util::stream::iter(0..20_u8));
        }
        add(&self.truth.answered);
        if ask.0 % 10 == 3 {
            add(&self.truth.errors);
            return Err(());
        }
        Ok(ask.0)
    }
}

#[derive(Message)]
#[rtype(result = "Answer")]
struct Later(u64);

impl Handler<Later> for Worker {
    type Result = ResponseFuture<Answer>;

    fn handle(&mut self, ask: Later, _: &mut Self::Context) -> Self::Result {
        add(&self.truth.messages);
        let truth = Arc::clone(&self.truth);
        Box::pin(async move {
            tokio::task::yield_now().await;
            add(&truth.answered);
            if ask.0 % 10 == 3 {
                add(&truth.errors);
                return Err(());
            }
            Ok(ask.0)
        })
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct End;

impl Handler<End> for Worker {
    type Result = ();

    fn handle(&mut self, _: End, ctx: &mut Self::Context) {
        add(&self.truth.messages);
        add(&self.truth.answered);
        ctx.stop();
    }
}

impl StreamHandler<u8> for Worker {
    fn handle(&mut self, _: u8, _: &mut Self::Context) {
        add(&self.truth.messages);
        add(&self.truth.answered);
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

/// What a subscriber was told last, of each.
#[derive(Default)]
struct Told(HashMap<ActorId, (u64, u64, u64, u64, u64)>);

impl Told {
    /// Counts only grow, and no rate is below zero.
    fn note(&mut self, delta: Delta) {
        let new = delta.new.into_iter().map(|actor| {
            let counts = (
                actor.message_count,
                actor.error_count,
                actor.restart_count,
                actor.work,
            );
            (actor.id, counts, actor.rates)
        });
        let changed = delta.changed.into_iter().map(|actor| {
            let counts = (
                actor.message_count,
                actor.error_count,
                actor.restart_count,
                actor.work,
            );
            (actor.id, counts, actor.rates)
        });
        for (id, (messages, errors, restarts, work), rates) in new.chain(changed) {
            let rate = rates.and_then(|rates| rates.messages).unwrap_or(0.0);
            assert!((0.0..1e9).contains(&rate), "{id}: {rate}");
            let last = self.0.entry(id.clone()).or_default();
            let work = work.unwrap_or_default();
            let now = (
                messages.unwrap_or(last.0),
                errors.unwrap_or(last.1),
                restarts.unwrap_or(last.2),
                work.turns.max(last.3),
                work.handled.max(last.4),
            );
            assert!(
                now.0 >= last.0 && now.1 >= last.1 && now.2 >= last.2,
                "{id}: {last:?} then {now:?}"
            );
            *last = now;
        }
    }

    fn of(&self, id: &str) -> (u64, u64, u64, u64, u64) {
        self.0.get(&ActorId::from(id)).copied().unwrap_or_default()
    }
}

/// Those that are started again after a panic go on counting under their name.
fn keep(
    registry: &ActorRegistry,
    arbiter: &ArbiterHandle,
    id: &str,
    truth: &Arc<Truth>,
) -> Addr<Keeper<Worker>> {
    let policy = RestartPolicy {
        initial: Duration::from_millis(1),
        budget: u32::MAX,
        ..RestartPolicy::default()
    };
    let truth = Arc::clone(truth);
    let spec = ActorSpec::new("Worker").id(id).registry(registry);
    Keeper::new(spec, policy, move |_| Worker {
        truth: Arc::clone(&truth),
    })
    .start_in(arbiter)
}

async fn child(keeper: &Addr<Keeper<Worker>>) -> Addr<Worker> {
    loop {
        if let Ok(Some(worker)) = keeper.send(loom_bridge::CurrentChild::new()).await
            && worker.connected()
        {
            return worker;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Sends its share, waiting for answers now and then so that nothing grows without bounds.
async fn drive(keeper: Addr<Keeper<Worker>>, messages: u64) {
    let mut worker = child(&keeper).await;
    for n in 0..messages {
        if n % 16 == 0 || n % 5_000 == 4_999 {
            // A panic takes what waits behind it: what never reached a handler is in no count.
            let (now, later) = (worker.send(Now(n)), worker.send(Later(n)));
            let lost = now.await.is_err() | later.await.is_err();
            if lost {
                worker = child(&keeper).await;
            }
        } else if n % 3 == 0 {
            worker.do_send(Later(n));
        } else {
            worker.do_send(Now(n));
        }
    }
    let _answered = worker.send(Now(0)).await;
}

#[test]
fn every_count_is_what_the_handlers_saw() {
    const ACTORS: usize = 6;
    let messages: u64 = std::env::var("LOOM_SOAK_MESSAGES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    System::new().block_on(async move {
        let registry = ActorRegistry::new();
        let arbiters: Vec<_> = (0..3).map(|_| Arbiter::new()).collect();
        let mut changes: Changes = registry.subscribe().unwrap();
        let mut told = Told::default();
        let mut workers = Vec::new();
        let mut driving = Vec::new();
        for n in 0..ACTORS {
            let truth = Arc::new(Truth::default());
            let arbiter = arbiters[n % arbiters.len()].handle();
            let keeper = keep(&registry, &arbiter, &format!("w{n}"), &truth);
            driving.push(actix::spawn(drive(keeper.clone(), messages / ACTORS as u64)));
            workers.push((format!("w{n}"), truth, keeper));
        }
        let all = futures_util::future::join_all(driving);
        tokio::pin!(all);
        loop {
            tokio::select! {
                ended = &mut all => {
                    ended.into_iter().for_each(|ended| ended.unwrap());
                    break;
                }
                () = tokio::time::sleep(Duration::from_millis(5)) => told.note(changes.poll()),
            }
        }
        // Intervals go on until the actors end: then all counts stand still.
        for (_, _, keeper) in &workers {
            child(keeper).await.send(End).await.unwrap();
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut open = 1;
        while open > 0 {
            assert!(Instant::now() < deadline, "the workers do not end");
            told.note(changes.poll());
            open = registry
                .get_all()
                .iter()
                .filter(|record| {
                    record.kind == "Worker" && record.status.as_ref().unwrap().as_str() != "stopped"
                })
                .count();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for _ in 0..3 {
            told.note(changes.poll());
        }
        let mut sum = 0;
        for (id, truth, _) in &workers {
            let counts = [
                &truth.messages,
                &truth.errors,
                &truth.panics,
                &truth.turns,
                &truth.answered,
            ];
            let [messages, errors, panics, turns, answered] = counts.map(|counter| counter.load(SeqCst));
            assert_eq!(told.of(id), (messages, errors, panics, turns, answered), "{id}");
            assert!(panics > 0 && turns > 0 && errors > panics && answered > 0, "{id}");
            sum += messages;
        }
        assert!(sum >= messages / 2, "{sum}");
        arbiters.iter().for_each(|arbiter| {
            arbiter.stop();
        });
    });
}
