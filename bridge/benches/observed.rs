//! What being observed costs, as ratios against plain actix and against a full sweep, in one run.
//!
//! `cargo bench -p loom-bridge`. A plain harness: it prints one table and judges nothing. The targets are in the
//! design's section 8.

#![expect(clippy::print_stdout, reason = "the table is what a bench is for")]
#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot measure has nothing else to say"
)]

use std::time::{Duration, Instant};

use actix::prelude::*;
use loom_bridge::{ActorHandle, ActorRegistry, ActorSpec, Level, set_level, spawn, spawn_in};

#[derive(Message)]
#[rtype(result = "u64")]
struct Add(u64);

struct Plain(u64);

impl Actor for Plain {
    type Context = Context<Self>;
}

impl Handler<Add> for Plain {
    type Result = u64;

    fn handle(&mut self, add: Add, _: &mut Self::Context) -> u64 {
        self.0 = self.0.wrapping_add(add.0);
        self.0
    }
}

struct Seen(u64);

impl Actor for Seen {
    type Context = loom_bridge::Context<Self>;
}

impl Handler<Add> for Seen {
    type Result = u64;

    fn handle(&mut self, add: Add, _: &mut Self::Context) -> u64 {
        self.0 = self.0.wrapping_add(add.0);
        self.0
    }
}

/// Answers `Err` half the time: what it costs to tell.
#[derive(Message)]
#[rtype(result = "Result<u64, u64>")]
struct Try(u64);

fn tried(n: u64) -> Result<u64, u64> {
    if n & 1 == 0 { Ok(n) } else { Err(n) }
}

/// Answers later: what it costs to wait for the end.
#[derive(Message)]
#[rtype(result = "u64")]
struct Later(u64);

impl Handler<Try> for Plain {
    type Result = Result<u64, u64>;

    fn handle(&mut self, ask: Try, _: &mut Self::Context) -> Self::Result {
        tried(ask.0)
    }
}

impl Handler<Try> for Seen {
    type Result = Result<u64, u64>;

    fn handle(&mut self, ask: Try, _: &mut Self::Context) -> Self::Result {
        tried(ask.0)
    }
}

impl Handler<Later> for Plain {
    type Result = ResponseFuture<u64>;

    fn handle(&mut self, ask: Later, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move { ask.0 })
    }
}

impl Handler<Later> for Seen {
    type Result = ResponseFuture<u64>;

    fn handle(&mut self, ask: Later, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move { ask.0 })
    }
}

const MESSAGES: u64 = 128_000;
const ASKS: u64 = 20_000;
const ACTORS: usize = 100_000;
const ROUNDS: usize = 31;

/// Nanoseconds for one `do_send` with its handling, and for one `send` with its answer.
async fn one_round<A>(actor: &Addr<A>) -> (f64, f64)
where
    A: Actor + Handler<Add>,
    A::Context: actix::dev::ToEnvelope<A, Add>,
{
    let start = Instant::now();
    for burst in 0..MESSAGES / 64 {
        for n in 0..64 {
            actor.do_send(Add(burst + n));
        }
        tokio::task::yield_now().await;
    }
    actor.send(Add(0)).await.unwrap();
    let tells = nanos_each(start, MESSAGES);
    let start = Instant::now();
    for n in 0..ASKS {
        actor.send(Add(n)).await.unwrap();
    }
    (tells, nanos_each(start, ASKS))
}

fn nanos_each(start: Instant, count: u64) -> f64 {
    start.elapsed().as_nanos() as f64 / count as f64
}

/// The cheapest round of each: what the code costs when nothing else runs.
fn cheapest(rounds: &[(f64, f64)]) -> (f64, f64) {
    rounds.iter().fold((f64::MAX, f64::MAX), |best, round| {
        (best.0.min(round.0), best.1.min(round.1))
    })
}

async fn messages() {
    let registry = ActorRegistry::new();
    let plain = Plain(0).start();
    let seen = spawn(ActorSpec::new("Seen").registry(&registry), |_| Seen(0));
    let levels = [Level::Off, Level::Counters, Level::Traffic];
    let mut of_plain = Vec::new();
    let mut of_seen = [const { Vec::new() }; 3];
    let mut of_watched = Vec::new();
    // By turns, so that a busy moment of the machine hits all alike.
    for _ in 0..ROUNDS {
        of_plain.push(one_round(&plain).await);
        for (rounds, level) in of_seen.iter_mut().zip(levels) {
            set_level(level);
            rounds.push(one_round(&seen).await);
        }
        let mut changes = registry.subscribe().unwrap();
        changes.poll();
        of_watched.push(one_round(&seen).await);
    }
    let base = cheapest(&of_plain);
    println!(
        "{:<28}{:>12}{:>10}{:>10}{:>14}{:>10}",
        "message", "do_send ns", "over ns", "ratio", "send ns", "ratio"
    );
    let print = |name: &str, (tells, asked): (f64, f64)| {
        let (over, ratio, ratio_asked) = (tells - base.0, tells / base.0, asked / base.1);
        println!("{name:<28}{tells:>12.1}{over:>10.1}{ratio:>10.2}{asked:>14.1}{ratio_asked:>10.2}");
    };
    print("plain actix", base);
    for (rounds, level) in of_seen.iter().zip(levels) {
        print(&format!("observed, {level:?}"), cheapest(rounds));
    }
    print("observed, Traffic, subscribed", cheapest(&of_watched));
    println!();
}

/// The same for a sender on one arbiter and a receiver on another: nanoseconds for a message from the first `do_send` to the
/// last handler. `PAIRS` of them, so that both processors work.
async fn one_round_of_pairs<A>(actors: &[Addr<A>], drivers: &[Arbiter]) -> f64
where
    A: Actor + Handler<Add>,
    A::Context: actix::dev::ToEnvelope<A, Add>,
{
    let start = Instant::now();
    let rounds: Vec<_> = actors
        .iter()
        .zip(drivers)
        .map(|(actor, driver)| {
            let (done, round) = tokio::sync::oneshot::channel();
            let actor = actor.clone();
            driver.spawn(async move {
                for burst in 0..MESSAGES / 64 {
                    for n in 0..63 {
                        actor.do_send(Add(burst + n));
                    }
                    // So that the queue stays short.
                    actor.send(Add(burst)).await.unwrap();
                }
                let _nobody_waits = done.send(());
            });
            round
        })
        .collect();
    for round in rounds {
        round.await.unwrap();
    }
    nanos_each(start, MESSAGES * actors.len() as u64)
}

/// Two arbiters that send to each other's actors, all of one type, which is what shared counts would cost most.
async fn two_arbiters() {
    let registry = ActorRegistry::new();
    let arbiters = [Arbiter::new(), Arbiter::new()];
    let crosswise = || arbiters.iter().rev();
    let plain: Vec<_> = crosswise()
        .map(|arbiter| Plain::start_in_arbiter(&arbiter.handle(), |_| Plain(0)))
        .collect();
    let seen: Vec<_> = crosswise()
        .map(|arbiter| {
            let spec = ActorSpec::new("Seen").registry(&registry);
            spawn_in(&arbiter.handle(), spec, |_| Seen(0))
        })
        .collect();
    let levels = [Level::Off, Level::Counters, Level::Traffic];
    let mut of_plain = f64::MAX;
    let mut of_seen = [f64::MAX; 3];
    for _ in 0..ROUNDS {
        of_plain = of_plain.min(one_round_of_pairs(&plain, &arbiters).await);
        for (best, level) in of_seen.iter_mut().zip(levels) {
            set_level(level);
            *best = best.min(one_round_of_pairs(&seen, &arbiters).await);
        }
    }
    println!(
        "{:<28}{:>12}{:>10}{:>10}",
        "two arbiters", "do_send ns", "over ns", "ratio"
    );
    println!("{:<28}{of_plain:>12.1}{:>10.1}{:>10.2}", "plain actix", 0.0, 1.0);
    for (tells, level) in of_seen.iter().zip(levels) {
        let (over, ratio) = (tells - of_plain, tells / of_plain);
        println!(
            "{:<28}{tells:>12.1}{over:>10.1}{ratio:>10.2}",
            format!("observed, {level:?}")
        );
    }
    println!();
    arbiters.iter().for_each(|arbiter| {
        arbiter.stop();
    });
}

/// An actor that has another one send to a third: the sender is known, and has an edge.
async fn edges() {
    let registry = ActorRegistry::new();
    let spec = || ActorSpec::new("Seen").registry(&registry);
    let seen = spawn(spec(), |_| Seen(0));
    let sender = spawn(ActorSpec::new("Driver").registry(&registry), {
        let seen = seen.clone();
        |_| Driver(seen)
    });
    let plain = Plain(0).start();
    let base = PlainDriver(plain.clone()).start();
    let (mut of_plain, mut of_seen) = (f64::MAX, [f64::MAX; 2]);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..MESSAGES / 64 {
            base.send(Burst).await.unwrap();
        }
        plain.send(Add(0)).await.unwrap();
        of_plain = of_plain.min(nanos_each(start, MESSAGES));
        for (best, level) in of_seen.iter_mut().zip([Level::Counters, Level::Traffic]) {
            set_level(level);
            let start = Instant::now();
            for _ in 0..MESSAGES / 64 {
                sender.send(Burst).await.unwrap();
            }
            seen.send(Add(0)).await.unwrap();
            *best = best.min(nanos_each(start, MESSAGES));
        }
    }
    println!(
        "from actor to actor: plain {of_plain:.1} ns, Counters {:+.1} ns, Traffic {:+.1} ns",
        of_seen[0] - of_plain,
        of_seen[1] - of_plain
    );
    println!();
}

#[derive(Message)]
#[rtype(result = "()")]
struct Burst;

struct Driver(Addr<Seen>);

impl Actor for Driver {
    type Context = loom_bridge::Context<Self>;
}

impl Handler<Burst> for Driver {
    type Result = ();

    fn handle(&mut self, _: Burst, _: &mut Self::Context) {
        (0..64).for_each(|n| self.0.do_send(Add(n)));
    }
}

struct PlainDriver(Addr<Plain>);

impl Actor for PlainDriver {
    type Context = Context<Self>;
}

impl Handler<Burst> for PlainDriver {
    type Result = ();

    fn handle(&mut self, _: Burst, _: &mut Self::Context) {
        (0..64).for_each(|n| self.0.do_send(Add(n)));
    }
}

/// Nanoseconds for a `do_send` whose handler may fail, and for a `send` whose answer comes later.
async fn one_round_of_answers<A>(actor: &Addr<A>) -> (f64, f64)
where
    A: Actor + Handler<Try> + Handler<Later>,
    A::Context: actix::dev::ToEnvelope<A, Try> + actix::dev::ToEnvelope<A, Later>,
{
    let start = Instant::now();
    for burst in 0..MESSAGES / 64 {
        for n in 0..64 {
            actor.do_send(Try(burst + n));
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(actor.send(Try(0)).await.unwrap(), Ok(0));
    let tells = nanos_each(start, MESSAGES);
    let start = Instant::now();
    for n in 0..ASKS {
        actor.send(Later(n)).await.unwrap();
    }
    (tells, nanos_each(start, ASKS))
}

async fn answers() {
    let registry = ActorRegistry::new();
    let plain = Plain(0).start();
    let seen = spawn(ActorSpec::new("Seen").registry(&registry), |_| Seen(0));
    let levels = [Level::Counters, Level::Traffic];
    let mut of_plain = Vec::new();
    let mut of_seen = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        of_plain.push(one_round_of_answers(&plain).await);
        for (rounds, level) in of_seen.iter_mut().zip(levels) {
            set_level(level);
            rounds.push(one_round_of_answers(&seen).await);
        }
    }
    let base = cheapest(&of_plain);
    println!(
        "{:<28}{:>12}{:>10}{:>14}{:>10}",
        "answer", "Result ns", "over ns", "later ns", "over ns"
    );
    let print = |name: &str, (failing, later): (f64, f64)| {
        let over = (failing - base.0, later - base.1);
        println!(
            "{name:<28}{failing:>12.1}{:>10.1}{later:>14.1}{:>10.1}",
            over.0, over.1
        );
    };
    print("plain actix", base);
    for (rounds, level) in of_seen.iter().zip(levels) {
        print(&format!("observed, {level:?}"), cheapest(rounds));
    }
    println!();
}

/// Resident memory of this process, where the system tells.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim()
        .strip_suffix(" kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes * 1024)
}

async fn memory(level: Level) {
    set_level(level);
    fn bytes_each(before: Option<u64>) -> String {
        let grown = resident()
            .zip(before)
            .map(|(now, before)| now.saturating_sub(before) / ACTORS as u64);
        grown.map_or_else(|| "not known here".to_owned(), |bytes| format!("{bytes} B"))
    }
    let before = resident();
    let plain: Vec<_> = (0..ACTORS).map(|_| Plain(0).start()).collect();
    first_messages(&plain).await;
    let of_plain = bytes_each(before);
    let registry = ActorRegistry::new();
    let before = resident();
    let start = Instant::now();
    let seen: Vec<_> = (0..ACTORS)
        .map(|_| spawn(ActorSpec::new("Seen").registry(&registry), |_| Seen(0)))
        .collect();
    let started = start.elapsed();
    first_messages(&seen).await;
    println!(
        "an actor with its first message, {level:?}: plain {of_plain}, observed {}",
        bytes_each(before)
    );
    println!("{ACTORS} observed starts: {started:?}");
    println!();
}

/// A message for each, few at a time: what is measured is the actor and not its mail.
async fn first_messages<A>(actors: &[Addr<A>])
where
    A: Actor + Handler<Add>,
    A::Context: actix::dev::ToEnvelope<A, Add>,
{
    for some in actors.chunks(100) {
        for actor in some {
            actor.do_send(Add(1));
        }
        tokio::task::yield_now().await;
    }
    actors.last().unwrap().send(Add(1)).await.unwrap();
}

fn polls() {
    let registry = ActorRegistry::new();
    let handles: Vec<_> = (0..ACTORS)
        .map(|_| registry.register(ActorSpec::new("Handle")))
        .collect();
    let mut changes = registry.subscribe().unwrap();
    let start = Instant::now();
    assert_eq!(changes.poll().new.len(), ACTORS);
    let first = start.elapsed();
    let quiet = median(|| {
        let start = Instant::now();
        let delta = changes.poll();
        (start.elapsed(), delta.len())
    });
    let some = median(|| {
        touch(&handles);
        let start = Instant::now();
        let delta = changes.poll();
        (start.elapsed(), delta.len())
    });
    let sweep = median(|| {
        let start = Instant::now();
        let all = registry.get_all();
        (start.elapsed(), all.len())
    });
    println!(
        "{:<28}{:>12}{:>14}{:>10}",
        format!("{ACTORS} registered"),
        "entries",
        "time",
        "ratio"
    );
    for (name, (time, entries)) in [
        ("get_all", sweep),
        ("first poll", (first, ACTORS)),
        ("poll, 1 % changed", some),
        ("poll, nothing changed", quiet),
    ] {
        let ratio = time.as_secs_f64() / sweep.0.as_secs_f64();
        println!(
            "{name:<28}{entries:>12}{:>14}{ratio:>10.5}",
            format!("{time:.1?}")
        );
    }
}

fn touch(handles: &[ActorHandle]) {
    for handle in handles.iter().step_by(100) {
        handle.message_handled();
    }
}

fn median(mut measure: impl FnMut() -> (Duration, usize)) -> (Duration, usize) {
    let mut rounds: Vec<_> = (0..ROUNDS).map(|_| measure()).collect();
    rounds.sort();
    rounds.swap_remove(ROUNDS / 2)
}

fn main() {
    System::new().block_on(async {
        messages().await;
        edges().await;
        two_arbiters().await;
        answers().await;
        memory(Level::Counters).await;
        memory(Level::Traffic).await;
    });
    polls();
}
