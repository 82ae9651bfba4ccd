//! Chains of messages as W3C trace context: where they come from, how far they go, and that others do not get into them.

use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{Cause, Context, carry, spawn};

use crate::common::{measured_closely, spec, until};
use crate::studio::Board;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What runs, as another program would be asked.
fn header() -> Option<String> {
    Cause::current().and_then(Cause::traceparent)
}

#[derive(Message, Clone, Copy)]
#[rtype(result = "Option<String>")]
enum Ask {
    /// Answers from a future, after a while.
    Later,
    /// Has another actor asked from that future.
    PassOn,
    /// Its future panics.
    Break,
    /// Notes from a task of its own, carried or not.
    Task { carried: bool },
}

struct Link {
    next: Option<Addr<Link>>,
}

#[loom_bridge::actor]
impl Actor for Link {
    type Context = Context<Self>;
}

impl Handler<Ask> for Link {
    type Result = ResponseFuture<Option<String>>;

    fn handle(&mut self, ask: Ask, _: &mut Self::Context) -> Self::Result {
        let next = self.next.clone();
        if let Ask::Task { carried } = ask {
            let task = async {
                tokio::task::yield_now().await;
                loom_bridge::note("from a task");
            };
            if carried {
                actix_rt::spawn(carry(task));
            } else {
                actix_rt::spawn(task);
            }
        }
        Box::pin(async move {
            tokio::task::yield_now().await;
            loom_bridge::note("from a future");
            match ask {
                Ask::PassOn => next?.send(Ask::Later).await.ok()?,
                Ask::Break => panic!("boom on purpose"),
                _ => header(),
            }
        })
    }
}

/// A first actor that knows a second.
fn two(board: &Board) -> Addr<Link> {
    let second = spawn(spec(&board.registry, "second"), |_| Link { next: None });
    spawn(spec(&board.registry, "first"), |_| Link { next: Some(second) })
}

#[actix::test]
async fn a_requests_trace_goes_through_futures_from_actor_to_actor_and_out_again() {
    measured_closely();
    let board = Board::new();
    let first = two(&board);
    let cause = Cause::of_request(Some(HEADER));
    let passed_on = cause
        .carry(async { first.send(Ask::PassOn).await.unwrap() })
        .await;
    assert_eq!(passed_on.as_deref(), Some(HEADER));
    for actor in ["first", "second"] {
        let note = board.wait_for(actor, "note", 1).await.remove(0);
        assert_eq!(note.correlation_id.as_deref(), Some(TRACE), "{actor}");
    }
    assert_eq!(Cause::current(), None, "it stays where it was carried");
}

#[actix::test]
async fn a_missing_or_invalid_header_begins_a_trace_of_its_own() {
    let board = Board::new();
    let first = two(&board);
    let mut traces = Vec::new();
    for header in [None, Some(""), Some("00-0-0-00"), Some(&HEADER[1..])] {
        let cause = Cause::of_request(header);
        assert!(!cause.is_sampled());
        let passed_on = cause.run(|| first.send(Ask::Later)).await.unwrap().unwrap();
        let [version, trace, span, flags] = passed_on.split('-').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((version, trace.len(), span.len(), flags), ("00", 32, 16, "00"));
        assert_eq!(trace, cause.trace_id().unwrap().to_string());
        assert_eq!(Cause::of_request(Some(&passed_on)).trace_id(), cause.trace_id());
        traces.push(trace.to_owned());
    }
    traces.push(TRACE.to_owned());
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), 5, "none is used twice");
}

#[actix::test]
async fn a_task_is_the_actors_and_of_the_chain_where_it_is_carried() {
    let board = Board::new();
    let first = two(&board);
    let cause = Cause::of_request(Some(HEADER));
    for carried in [true, false] {
        cause
            .carry(async { first.send(Ask::Task { carried }).await.unwrap() })
            .await;
    }
    board.wait_for("first", "note", 3).await;
    board.caught_up().await;
    let texts: Vec<_> = board
        .lines("first", "note")
        .into_iter()
        .map(|line| line.message)
        .collect();
    assert_eq!(
        texts.iter().filter(|text| *text == "from a task").count(),
        1,
        "{texts:?}"
    );
    assert!(
        board
            .lines("first", "note")
            .iter()
            .all(|line| line.correlation_id.as_deref() == Some(TRACE))
    );
}

#[actix::test]
async fn a_future_that_panics_says_so_in_its_chain_and_counts_as_an_error_once() {
    let board = Board::new();
    let first = two(&board);
    let cause = Cause::of_request(Some(HEADER));
    let asked = cause.carry(async { first.send(Ask::Break).await }).await;
    assert!(asked.is_err());
    let line = board.wait_for("first", "error", 1).await.remove(0);
    assert!(line.message.contains("gets no answer"), "{}", line.message);
    assert_eq!(line.correlation_id.as_deref(), Some(TRACE));
    until("it waits no more", || {
        let actor = board.registry.get(&"first".into()).unwrap();
        actor.status.unwrap().as_str() == "idle" && actor.error_count == Some(1)
    })
    .await;
    // The actor itself goes on.
    assert!(first.send(Ask::Later).await.unwrap().is_some());
}

struct Timer;

#[loom_bridge::actor]
impl Actor for Timer {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct Begin(tokio::sync::mpsc::UnboundedSender<Option<String>>);

impl Handler<Begin> for Timer {
    type Result = ();

    fn handle(&mut self, Begin(sender): Begin, ctx: &mut Self::Context) {
        ctx.run_later(Duration::from_millis(1), move |_, _| drop(sender.send(header())));
    }
}

#[actix::test]
async fn a_timer_goes_on_in_the_chain_in_which_it_was_begun() {
    let board = Board::new();
    let timer = spawn(spec(&board.registry, "timer"), |_| Timer);
    let (sender, mut headers) = tokio::sync::mpsc::unbounded_channel();
    Cause::of_request(Some(HEADER)).run(|| timer.do_send(Begin(sender)));
    assert_eq!(headers.recv().await.unwrap().as_deref(), Some(HEADER));
}

#[actix::test]
async fn what_other_systems_say_of_a_trace_is_passed_on_with_it() {
    let registry = loom_bridge::ActorRegistry::new();
    let second = spawn(spec(&registry, "second"), |_| Traced);
    let of = |header: Option<&str>, state: Option<&str>| {
        let second = second.clone();
        let cause = Cause::of_request(header).with_tracestate(state);
        cause.carry(async move { second.send(TraceState).await.unwrap() })
    };
    let trace = |number: u32| format!("00-{number:032x}-00f067aa0ba902b7-01");
    let state = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
    assert_eq!(of(Some(&trace(1)), Some(state)).await.as_deref(), Some(state));
    // None came, or none that may be passed on.
    assert_eq!(of(Some(&trace(2)), None).await, None);
    assert_eq!(of(Some(&trace(3)), Some("rojo\r\nHost: x")).await, None);
    // Without its trace it means nothing.
    assert_eq!(of(None, Some(state)).await, None);
    assert_eq!(of(Some("no trace"), Some(state)).await, None);
    assert_eq!(Cause::begin().with_tracestate(Some(state)).tracestate(), None);
}

/// Says what it would tell the next program.
struct Traced;

#[loom_bridge::actor]
impl Actor for Traced {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "Option<String>")]
struct TraceState;

impl Handler<TraceState> for Traced {
    type Result = ResponseFuture<Option<String>>;

    fn handle(&mut self, _: TraceState, _: &mut Self::Context) -> Self::Result {
        Box::pin(async {
            tokio::task::yield_now().await;
            Cause::current()?.tracestate()
        })
    }
}
