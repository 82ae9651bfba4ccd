//! The shortest way to show an application's actors in a studio: one `use`, one attribute, one line to connect.
//!
//! ```text
//! STUDIO_ENABLED=true cargo run -p loom-examples --example embed_bridge
//! ```
//!
//! `STUDIO_ENABLED=true` makes the bridge deliver to `STUDIO_URL`, `http://localhost:9090` when that is not set. Without it
//! the same program runs and says why nobody is told of it. Ends with Ctrl-C.

use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{Context, DiscoveryService, get_discovery_bridge}; // `Context` instead of actix's own

#[derive(Message)]
#[rtype(result = "()")]
struct Tick;

struct Clock;

#[loom_bridge::actor]
impl Actor for Clock {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(Duration::from_secs(1), |_, ctx| ctx.notify(Tick));
    }
}

impl Handler<Tick> for Clock {
    type Result = ();

    fn handle(&mut self, _: Tick, _: &mut Self::Context) {}
}

#[actix::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let discovery = DiscoveryService::new();
    get_discovery_bridge().connect(&discovery.registry)?;

    let _clock = Clock.start();

    tokio::signal::ctrl_c().await?;
    get_discovery_bridge().close().await;
    Ok(())
}
