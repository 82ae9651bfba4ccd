//! Actors of ractor in Loom's studio.
//!
//! An actor takes [`Sent`] messages and is spawned by [`spawn`]; everything else is ractor's. From then on it is registered, its
//! messages counted and timed, and its panics and ends in its journal. What it costs an application is the `Sent` around its messages: ractor
//! has no place at which something outside of a message could travel with it.
//!
//! ```
//! use loom_bridge::{ActorRegistry, ActorSpec};
//! use loom_ractor::{Reply, Sent};
//! use ractor::{Actor, ActorProcessingErr, ActorRef};
//!
//! struct Counter;
//!
//! struct Add(u64, Reply<u64>); // instead of an `RpcReplyPort`
//!
//! impl Actor for Counter {
//!     type Msg = Sent<Add>; // instead of `Add`
//!     type State = u64;
//!     type Arguments = ();
//!
//!     async fn pre_start(&self, _: ActorRef<Self::Msg>, (): ()) -> Result<u64, ActorProcessingErr> {
//!         Ok(0)
//!     }
//!
//!     async fn handle(&self, _: ActorRef<Self::Msg>, add: Self::Msg, sum: &mut u64) -> Result<(), ActorProcessingErr> {
//!         let Add(more, reply) = add.message;
//!         *sum += more;
//!         reply.send(*sum);
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let spec = ActorSpec::new("Counter").id("counter-1");
//! let (counter, _ended) = loom_ractor::spawn("Counter", spec, Counter, ())?; // instead of `Actor::spawn`
//! assert_eq!(counter.ask(|reply| Add(3, reply)).await?, 3);
//! let record = ActorRegistry::process_wide().get(&"counter-1".into());
//! assert_eq!(record.and_then(|record| record.message_count), Some(1));
//! # Ok(())
//! # }
//! ```

mod address;
mod observed;
mod sent;

pub use address::{Address, Gone, spawn, spawn_named};
pub use loom_bridge::observe::{AskError, Reply};
pub use observed::Observed;
pub use sent::Sent;
