//! Plain tokio tasks in a studio: `loom_tokio::spawn` and a channel of Loom's in place of tokio's own.
//!
//! ```text
//! STUDIO_ENABLED=true cargo run -p loom-examples --example tokio_tasks
//! ```
//!
//! Stands in `docs/other-systems.md`, word for word. Ends with Ctrl-C.

use std::time::Duration;

use loom_bridge::{ActorRegistry, get_discovery_bridge};
use loom_tokio::{Inbox, Reply, Task, channel_named};

enum Order {
    Bread(u32),
    Stock(Reply<u32>),
}

impl Order {
    fn name(&self) -> &'static str {
        match self {
            Self::Bread(_) => "Bread",
            Self::Stock(_) => "Stock",
        }
    }
}

async fn bake(mut inbox: Inbox<Order>) {
    let mut stock = 0;
    while let Some(order) = inbox.recv().await {
        match order {
            Order::Bread(loaves) => stock += loaves,
            Order::Stock(reply) => {
                reply.send(stock);
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    get_discovery_bridge().connect(&ActorRegistry::process_wide())?;
    let (orders, inbox) = channel_named(16, Order::name); // instead of `mpsc::channel`
    Task::new("Oven").id("oven-1").controllable().spawn(bake(inbox));
    loom_tokio::spawn("Customer", async move {
        // instead of `tokio::spawn`
        let mut ticks = tokio::time::interval(Duration::from_millis(200));
        while orders.send(Order::Bread(2)).await.is_ok() {
            ticks.tick().await;
            if orders.ask(Order::Stock).await == Ok(10) {
                loom_bridge::note("ten loaves by now");
            }
        }
    });
    tokio::signal::ctrl_c().await?;
    get_discovery_bridge().close().await;
    Ok(())
}
