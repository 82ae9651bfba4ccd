//! A million messages on several arbiters, with panics, intervals, streams, answers that come later and errors:
//! every count is that of what the handlers saw. `LOOM_SOAK_MESSAGES` says how many.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use actix::prelude::*;
use loom_bridge::protocol::ActorId;
use loom_bridge::{ActorRegistry, ActorSpec, Changes, Context, Delta, Keeper, RestartPolicy, spawn};

use crate::common::{Studio, measured_closely, until};

/// What really happened to one actor, counted by itself.
#[derive(Default)]
struct Truth {
    messages: AtomicU64,
    nows: AtomicU64,
    laters: AtomicU64,
    items: AtomicU64,
    notes: AtomicU64,
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
    book: Addr<Book>,
}

/// Every worker sends to it.
struct Book;

impl Actor for Book {
    type Context = Context<Self>;
}

/// From a worker.
#[derive(Message)]
#[rtype(result = "()")]
struct Note(Arc<Truth>);

impl Handler<Note> for Book {
    type Result = ();

    fn handle(&mut self, note: Note, _: &mut Self::Context) {
        add(&note.0.notes);
    }
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
        add(&self.truth.nows);
        if ask.0.is_multiple_of(7) {
            self.book.do_send(Note(Arc::clone(&self.truth)));
        }
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
        add(&self.truth.laters);
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
        add(&self.truth.items);
        add(&self.truth.messages);
        add(&self.truth.answered);
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

/// What a subscriber was told last, of each.
#[derive(Default)]
struct Reported(HashMap<ActorId, (u64, u64, u64, u64, u64)>);

impl Reported {
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
    book: &Addr<Book>,
) -> Addr<Keeper<Worker>> {
    let policy = RestartPolicy {
        initial: Duration::from_millis(1),
        // Many panics are meant here: a pause that grows with each would be nearly all of the time.
        factor: 1.0,
        budget: u32::MAX,
        ..RestartPolicy::default()
    };
    let (truth, book) = (Arc::clone(truth), book.clone());
    let spec = ActorSpec::new("SoakWorker").id(id).registry(registry);
    Keeper::new(spec, policy, move |_| Worker {
        truth: Arc::clone(&truth),
        book: book.clone(),
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

type Kept = (String, Arc<Truth>, Addr<Keeper<Worker>>);

/// What the studio was told of each type of message, of each actor's, and of who sent them.
async fn by_type_and_sender(studio: &Studio, workers: &[Kept]) {
    let mut sums = [0; 5];
    for (id, truth, _) in workers {
        let counts = [
            &truth.nows,
            &truth.laters,
            &truth.items,
            &truth.notes,
            &truth.errors,
        ];
        let counts = counts.map(|counter| counter.load(SeqCst));
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        let [nows, laters, items, notes, errors] = counts;
        let edges = |message| studio.edge(None, id, message);
        let of = |message| studio.of_actor(id, message);
        let reported = || {
            let errors = of("Now").errors + of("Later").errors;
            (of("Now").handled, of("Later").handled, of("u8").handled, errors)
        };
        until("the actor's own", || reported() == (nows, laters, items, errors)).await;
        let sent = || (edges("Now"), edges("Later"), edges("u8"), edges("End"));
        until("who sent to it", || sent() == (nows, laters, items, 1)).await;
        until("to whom it sent", || {
            studio.edge(Some(id), "book", "Note") == notes
        })
        .await;
        let times = |message| of(message).handle.map_or(0, |times| times.count());
        let now = nows - truth.panics.load(SeqCst);
        // Some come after a panic, when the next life counts already. All but the last message are of these types.
        let later = truth.answered.load(SeqCst) - now - items - 1;
        until("the times", || {
            (times("Now"), times("Later"), times("u8")) == (now, later, items)
        })
        .await;
    }
    let [nows, laters, items, notes, errors] = sums;
    let of = |message| studio.of_type("SoakWorker", message);
    let reported = || {
        let errors = of("Now").errors + of("Later").errors;
        (of("Now").handled, of("Later").handled, of("u8").handled, errors)
    };
    until("the types", || reported() == (nows, laters, items, errors)).await;
    until("the notes", || {
        studio.of_type("SoakBook", "Note").handled == notes
    })
    .await;
    assert_eq!(studio.of_actor("book", "Note").handled, notes);
    let dropped = studio.reported(|reported| reported.dropped);
    // Panics and errors come faster than a journal takes them; of messages and edges none is left out.
    assert_eq!((dropped.edges, dropped.messages), (0, 0));
}

#[test]
fn every_count_is_what_the_handlers_saw() {
    const ACTORS: usize = 6;
    let messages: u64 = std::env::var("LOOM_SOAK_MESSAGES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    System::new().block_on(async move {
        measured_closely();
        let registry = ActorRegistry::new();
        let studio = Studio::default();
        let bridge = studio.looks_at(&registry);
        let book = ActorSpec::new("SoakBook").id("book").registry(&registry);
        let book = spawn(book, |_| Book);
        let arbiters: Vec<_> = (0..3).map(|_| Arbiter::new()).collect();
        let mut changes: Changes = registry.subscribe().unwrap();
        let mut reported = Reported::default();
        let mut workers = Vec::new();
        let mut driving = Vec::new();
        for n in 0..ACTORS {
            let truth = Arc::new(Truth::default());
            let arbiter = arbiters[n % arbiters.len()].handle();
            let keeper = keep(&registry, &arbiter, &format!("w{n}"), &truth, &book);
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
                () = tokio::time::sleep(Duration::from_millis(5)) => reported.note(changes.poll()),
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
            reported.note(changes.poll());
            open = registry
                .get_all()
                .iter()
                .filter(|record| {
                    record.kind == "SoakWorker" && record.status.as_ref().unwrap().as_str() != "stopped"
                })
                .count();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for _ in 0..3 {
            reported.note(changes.poll());
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
            assert_eq!(
                reported.of(id),
                (messages, errors, panics, turns, answered),
                "{id}"
            );
            assert!(panics > 0 && turns > 0 && errors > panics && answered > 0, "{id}");
            sum += messages;
        }
        assert!(sum >= messages, "{sum}");
        by_type_and_sender(&studio, &workers).await;
        bridge.close().await;
        arbiters.iter().for_each(|arbiter| {
            arbiter.stop();
        });
    });
}
