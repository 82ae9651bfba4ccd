//! What an actor logs through `tracing` is in its journal, bounded, and nothing of the bridge's own.

use std::sync::LazyLock;
use std::time::Duration;

use actix::fut::WrapFuture;
use actix::prelude::*;
use loom_bridge::protocol::ActorEvent;
use loom_bridge::{ActorRegistry, Context, JournalLayer, SyncArbiter, SyncContext, spawn};
use serde_json::{Value, json};
use tracing::{debug, info, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

use crate::common::{Tally, spec, until};
use crate::studio::Board;

/// Listens for the whole process, as an application has it.
fn listening() {
    static LISTENING: LazyLock<()> = LazyLock::new(|| {
        let subscriber = tracing_subscriber::registry().with(JournalLayer::new());
        tracing::subscriber::set_global_default(subscriber).unwrap();
        // What another test logged for the first time just before this is remembered as heard by nobody.
        tracing::callsite::rebuild_interest_cache();
    });
    LazyLock::force(&LISTENING);
}

#[derive(Message)]
#[rtype(result = "()")]
struct Say(fn(&mut Context<Teller>));

struct Teller;

#[loom_bridge::actor]
impl Actor for Teller {
    type Context = Context<Self>;
}

impl Handler<Say> for Teller {
    type Result = ();

    fn handle(&mut self, Say(say): Say, ctx: &mut Self::Context) {
        say(ctx);
    }
}

/// A board and an actor of it that did this in a handler.
async fn said(say: fn(&mut Context<Teller>)) -> Board {
    listening();
    let board = Board::new();
    let teller = spawn(spec(&board.registry, "a"), |_| Teller);
    teller.send(Say(say)).await.unwrap();
    board
}

fn data(event: &ActorEvent) -> Value {
    json!(event.data)
}

#[actix::test]
async fn an_event_of_a_handler_is_a_line_with_level_target_fields_and_the_messages_chain() {
    let board = said(|ctx| {
        let error = std::io::Error::other("no tea");
        let cause: &dyn std::error::Error = &error;
        warn!(target: "shop::stock", article = "tea", left = 0, ratio = 0.5, open = true, cause, who = ?Some(1), "sold {}", "out");
        ctx.note("a note");
    })
    .await;
    let line = board.wait_for("a", "log", 1).await.remove(0);
    assert_eq!(line.message, "sold out");
    let fields =
        json!({"article": "tea", "left": 0, "ratio": 0.5, "open": true, "cause": "no tea", "who": "Some(1)"});
    assert_eq!(
        data(&line),
        json!({"level": "warn", "target": "shop::stock", "fields": fields})
    );
    let note = board.wait_for("a", "note", 1).await.remove(0);
    assert!(line.correlation_id.is_some() && line.time.is_some());
    assert_eq!(line.correlation_id, note.correlation_id);
}

#[actix::test]
async fn intervals_futures_and_actors_on_threads_of_their_own_log_into_their_journals() {
    struct Blocking;
    #[loom_bridge::actor]
    impl Actor for Blocking {
        type Context = SyncContext<Self>;

        fn started(&mut self, _: &mut Self::Context) {
            info!("blocks");
        }
    }
    let board = said(|ctx| {
        ctx.run_later(Duration::from_millis(1), |_, _| info!("later"));
        ctx.spawn(
            async {
                tokio::task::yield_now().await;
                info!("in a future");
            }
            .into_actor(&Teller),
        );
    })
    .await;
    let lines = board.wait_for("a", "log", 2).await;
    let mut texts: Vec<_> = lines.iter().map(|line| line.message.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["in a future", "later"]);
    let blocking = SyncArbiter::spawn(spec(&board.registry, "b"), 1, std::thread::Builder::new, || {
        Blocking
    });
    let line = board.wait_for("b-1", "log", 1).await.remove(0);
    assert_eq!(data(&line), json!({"level": "info", "target": "it::log"}));
    drop(blocking);
}

#[actix::test]
async fn what_no_actor_logs_and_what_is_below_the_level_goes_by() {
    info!("nobody says this");
    let board = said(|_| {
        debug!("too little");
        info!("enough");
    })
    .await;
    info!("nobody says this either");
    let lines = board.wait_for("a", "log", 1).await;
    board.caught_up().await;
    assert_eq!(lines.len(), board.lines("a", "log").len());
    assert_eq!(lines[0].message, "enough");

    // The same where somebody wants more.
    let chatty = tracing_subscriber::registry().with(JournalLayer::new().level(tracing::Level::DEBUG));
    let _chatty = tracing::subscriber::set_default(chatty);
    tracing::callsite::rebuild_interest_cache();
    let teller = spawn(spec(&board.registry, "chatty"), |_| Teller);
    teller.send(Say(|_| debug!("a detail"))).await.unwrap();
    let line = board.wait_for("chatty", "log", 1).await.remove(0);
    assert_eq!(
        (line.message.as_str(), &data(&line)["level"]),
        ("a detail", &json!("debug"))
    );
}

/// Counts what reaches the layers beside.
#[derive(Clone, Default)]
struct Beside(Tally);

impl<S: tracing::Subscriber> Layer<S> for Beside {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == "beside" {
            self.0.add();
        }
    }
}

#[actix::test]
async fn other_layers_get_what_they_got_without_it() {
    for is_first in [true, false] {
        let beside = Beside::default();
        let journal = JournalLayer::new();
        let both: Box<dyn tracing::Subscriber + Send + Sync> = match is_first {
            true => Box::new(tracing_subscriber::registry().with(journal).with(beside.clone())),
            false => Box::new(tracing_subscriber::registry().with(beside.clone()).with(journal)),
        };
        let _both = tracing::subscriber::set_default(both);
        tracing::callsite::rebuild_interest_cache();
        debug!(target: "beside", "a detail");
        info!(target: "beside", "more");
        assert_eq!(beside.0.get(), 2, "{is_first}");
    }
}

#[actix::test]
async fn what_is_logged_is_cut_where_it_is_too_much() {
    let board = said(|_| {
        let long = "x".repeat(10_000);
        info!(long = ?vec![&long; 1_000], short = 1, "{long}");
        info!(a = %long, b = %long, c = %long, d = %long, e = %long, "much");
    })
    .await;
    let lines = board.wait_for("a", "log", 2).await;
    assert_eq!(lines[0].message.chars().count(), 2_049);
    let of_long = data(&lines[0]);
    assert_eq!(of_long["fields"]["long"].as_str().unwrap().chars().count(), 1_025);
    assert_eq!(of_long["fields"]["short"], 1);
    let much = data(&lines[1]);
    assert_eq!(much["level"], "info", "what it is stays: {much}");
    assert!(much["fields"]["bytesLeftOut"].as_u64().unwrap() > 5_000, "{much}");
}

#[actix::test]
async fn an_actor_that_logs_without_end_is_held_to_a_hundred_lines_and_the_others_are_counted() {
    let board = said(|_| (0..1_000).for_each(|number| info!(number, "again"))).await;
    until("900 lines to be counted", || board.known().dropped >= 800).await;
    let lines = board.lines("a", "log").len() as u64;
    // A second may begin anew between two of them.
    assert!((100..=200).contains(&lines), "{lines}");
    assert_eq!(lines + board.known().dropped, 1_000);
}

#[actix::test]
async fn nothing_of_the_bridges_own_is_a_line() {
    listening();
    // Its sink logs each batch that it takes, while the bridge's actor is polled.
    let board = Board::polling(ActorRegistry::process_wide(), Duration::from_millis(10));
    let twin = ActorRegistry::process_wide();
    let teller = spawn(spec(&twin, "asks for a twin"), |_| Teller);
    // The registry warns of it.
    let twins = |_: &mut Context<Teller>| {
        let start = || {
            spawn(spec(&ActorRegistry::process_wide(), "asks for a twin"), |_| {
                Teller
            })
        };
        start().do_send(Say(|_| {}));
        info!("has one");
    };
    teller.send(Say(twins)).await.unwrap();
    let lines = board.wait_for("asks for a twin", "log", 1).await;
    assert_eq!((lines.len(), lines[0].message.as_str()), (1, "has one"));
    for _ in 0..3 {
        board.caught_up().await;
    }
    let known = board.known();
    let is_of_a_bridge = |line: &&ActorEvent| line.actor.0.starts_with("DiscoveryBridge");
    let own: Vec<_> = known.events.iter().filter(is_of_a_bridge).collect();
    assert!(!own.is_empty(), "the bridge's actor is seen");
    assert!(own.iter().all(|line| line.kind.as_str() != "log"), "{own:?}");
}
