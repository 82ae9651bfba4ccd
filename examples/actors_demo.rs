//! Three actors of two types that never rest, for the studio to show.
//!
//! ```text
//! cargo run -p loom-examples --example actors_demo                 # until Ctrl-C
//! cargo run -p loom-examples --example actors_demo -- --for 30     # for 30 seconds
//! ```
//!
//! Connects to `STUDIO_URL` (`http://localhost:9090` when it is not set) with `STUDIO_TOKEN`, if there is one, and keeps
//! trying while no studio answers there. Two counters count and report to an aggregator, which takes its time over every
//! fifth sum; all that the page shows of them is what the bridge saw. Where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector of
//! traces, that gets spans of their messages, too.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal"
)]

use std::process::ExitCode;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::discovery::uplink::{Uplink, UplinkOptions};
use loom_bridge::otlp::{self, OtlpOptions};
use loom_bridge::{
    Activity, ActorRegistry, ActorSpec, Context, DiscoveryService, JournalLayer, get_discovery_bridge, spawn,
};
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// A counter has counted.
#[derive(Message)]
#[rtype(result = "()")]
struct Counted {
    value: u64,
}

/// Counts once more.
#[derive(Message)]
#[rtype(result = "()")]
struct Count;

struct CounterActor {
    value: u64,
    pause: Duration,
    aggregator: Recipient<Counted>,
}

#[loom_bridge::actor]
impl Actor for CounterActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.notify(Count);
    }
}

impl Handler<Count> for CounterActor {
    type Result = ();

    fn handle(&mut self, _: Count, ctx: &mut Self::Context) {
        self.value += 1;
        // A full mailbox means that the aggregator is behind: this count is then part of the next one.
        let sent = self.aggregator.try_send(Counted { value: self.value });
        if let Err(error) = sent {
            ctx.report_error(error.to_string());
        }
        // Busy three times as often as not, so that the page shows both.
        if self.value.is_multiple_of(4) {
            ctx.notify_later(Count, self.pause * 4);
        } else {
            let working = ctx.declare(Activity::Busy);
            ctx.run_later(self.pause, move |_, ctx| {
                drop(working);
                ctx.notify(Count);
            });
        }
    }
}

#[derive(Default)]
struct AggregatorActor {
    sums: u64,
    highest: u64,
}

#[loom_bridge::actor]
impl Actor for AggregatorActor {
    type Context = Context<Self>;
}

impl Handler<Counted> for AggregatorActor {
    type Result = ();

    fn handle(&mut self, counted: Counted, ctx: &mut Self::Context) {
        self.sums += 1;
        self.highest = self.highest.max(counted.value);
        ctx.set_metadata("highest", self.highest);
        if self.sums.is_multiple_of(5) {
            tracing::debug!(sums = self.sums, highest = self.highest, "takes its time");
            // Takes no message meanwhile: the page shows it waiting, and its queue growing.
            ctx.wait(tokio::time::sleep(Duration::from_millis(1_500)).into_actor(self));
        }
    }
}

fn start(registry: &ActorRegistry) -> [Addr<CounterActor>; 2] {
    let spec = |kind, id: &str| ActorSpec::new(kind).id(id).worker("worker-1").registry(registry);
    let aggregator = spawn(spec("AggregatorActor", "aggregator-1"), |_| {
        AggregatorActor::default()
    });
    [("counter-1", 0, 400), ("counter-2", 100, 700)].map(|(id, value, pause)| {
        let aggregator = aggregator.clone().recipient();
        let pause = Duration::from_millis(pause);
        spawn(spec("CounterActor", id).meta("initialValue", value), |_| {
            CounterActor {
                value,
                pause,
                aggregator,
            }
        })
    })
}

/// How long to run; `None` without end.
fn duration(mut arguments: impl Iterator<Item = String>) -> Result<Option<Duration>, String> {
    let usage = "usage: actors_demo [--for SECONDS]";
    let Some(flag) = arguments.next() else {
        return Ok(None);
    };
    let seconds = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .filter(|_| flag == "--for");
    match (seconds, arguments.next()) {
        (Some(seconds), None) => Ok(Some(Duration::from_secs(seconds))),
        _ => Err(usage.to_owned()),
    }
}

/// Returns when the time is up or somebody wants the program to end.
async fn until_the_end(duration: Option<Duration>) -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let time_is_up = async {
        match duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = time_is_up => Ok(()),
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

async fn demo(duration: Option<Duration>) -> Result<(), String> {
    let studio = UplinkOptions::from_env();
    let uplink = Uplink::new(&studio).map_err(|error| format!("failed to {error}"))?;
    // A registry of its own: the page shows these three, and not the bridge that carries them.
    let discovery = DiscoveryService::with_registry(ActorRegistry::new());
    let bridge = get_discovery_bridge();
    bridge
        .deliver_to(uplink)
        .connect(&discovery.registry)
        .map_err(|error| format!("failed to {error}"))?;
    let traces = match std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT") {
        Some(_) => {
            Some(otlp::export(&OtlpOptions::from_env()).map_err(|error| format!("failed to {error}"))?)
        }
        None => None,
    };
    let _counters = start(&discovery.registry);
    println!("two counters and an aggregator run; look at {}", studio.url);
    until_the_end(duration)
        .await
        .map_err(|error| format!("failed to listen for signals: {error}"))?;
    bridge.close().await;
    if let Some(traces) = traces {
        traces.close().await;
    }
    Ok(())
}

/// On the screen what matters; in the journals of the actors all that they log.
fn log() {
    let screen = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .with_filter(LevelFilter::INFO);
    tracing_subscriber::registry()
        .with(screen)
        .with(JournalLayer::new().level(Level::DEBUG))
        .init();
}

#[actix::main]
async fn main() -> ExitCode {
    log();
    let duration = match duration(std::env::args().skip(1)) {
        Ok(duration) => duration,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    match demo(duration).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
