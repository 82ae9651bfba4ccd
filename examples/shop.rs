//! An ordinary actix application, made visible and controllable: what was added to it ends with `// +`.
//!
//! ```text
//! STUDIO_ENABLED=true cargo run -p loom-examples --example shop
//! ```
//!
//! Customers buy tea until the stock is empty, which shows as errors; one of them is clumsy, panics at times and is started
//! again. In the studio, the stock takes `Restock {"article": "tea", "count": 20}`, and everybody can be paused. Ends with
//! Ctrl-C.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{ActorSpec, Context, DiscoveryService, Keeper, RestartPolicy, get_discovery_bridge, spawn}; // +
use serde::{Deserialize, Serialize};

/// Takes one of an article out of the stock; the answer is how many are left.
#[derive(Message)]
#[rtype(result = "Result<u32, OutOfStock>")]
struct Take {
    article: &'static str,
}

#[derive(Debug)]
struct OutOfStock;

/// Puts so many of an article into the stock; the answer is how many there are.
#[derive(Message, Deserialize)]
#[rtype(result = "u32")]
struct Restock {
    article: String,
    count: u32,
}

#[derive(Serialize)]
struct Stock {
    articles: BTreeMap<String, u32>,
}

#[loom_bridge::actor(controls(snapshot, pause, message(Restock)))] // +
impl Actor for Stock {
    type Context = Context<Self>;
}

impl Handler<Take> for Stock {
    type Result = Result<u32, OutOfStock>;

    fn handle(&mut self, take: Take, ctx: &mut Self::Context) -> Self::Result {
        let left = self.articles.get_mut(take.article).ok_or(OutOfStock)?;
        *left = left.checked_sub(1).ok_or(OutOfStock)?;
        if *left == 0 {
            ctx.note(format!("sold the last {}", take.article)); // +
        }
        Ok(*left)
    }
}

impl Handler<Restock> for Stock {
    type Result = u32;

    fn handle(&mut self, restock: Restock, _: &mut Self::Context) -> u32 {
        let count = self.articles.entry(restock.article).or_default();
        *count = count.saturating_add(restock.count);
        *count
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Buy;

struct Customer {
    stock: Addr<Stock>,
    bought: u32,
    drops_every: Option<u32>,
}

#[loom_bridge::actor(controls(pause, restart))] // +
impl Actor for Customer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(Duration::from_millis(50), |_, ctx| ctx.notify(Buy));
    }
}

impl Handler<Buy> for Customer {
    type Result = ();

    #[expect(clippy::panic, reason = "to show what becomes of it")]
    fn handle(&mut self, _: Buy, _: &mut Self::Context) {
        self.bought += 1;
        if self
            .drops_every
            .is_some_and(|every| self.bought.is_multiple_of(every))
        {
            panic!("dropped the teapot");
        }
        // A full mailbox means that the shop is crowded: this customer comes again.
        let _crowded = self.stock.try_send(Take { article: "tea" });
    }
}

#[actix::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let discovery = DiscoveryService::new(); // +
    get_discovery_bridge().connect(&discovery.registry)?; // +

    let stock = spawn(ActorSpec::of::<Stock>().id("stock"), |_| Stock {
        articles: BTreeMap::from([("tea".to_owned(), 30)]),
    });
    let customer = |drops_every| {
        let stock = stock.clone();
        move |_: &mut Context<Customer>| Customer {
            stock: stock.clone(),
            bought: 0,
            drops_every,
        }
    };
    let _careful = spawn(ActorSpec::of::<Customer>().id("careful"), customer(None));
    // Started again when it panics, after a pause, at most so often.
    let clumsy = ActorSpec::of::<Customer>().id("clumsy");
    let _keeper = Keeper::new(clumsy, RestartPolicy::default(), customer(Some(20))).start();

    tokio::signal::ctrl_c().await?;
    get_discovery_bridge().close().await; // +
    Ok(())
}
