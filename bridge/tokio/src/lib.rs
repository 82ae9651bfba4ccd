//! Plain tokio tasks as actors: what an application without an actor system puts in place of `tokio::spawn` and
//! `tokio::sync::mpsc::channel` so that Loom sees it.
//!
//! ```
//! use loom_bridge::ActorRegistry;
//!
//! # #[tokio::main] async fn main() {
//! let (orders, mut inbox) = loom_tokio::channel::<u32>(16); // instead of `mpsc::channel`
//! let packer = loom_tokio::spawn("Packer", async move { // instead of `tokio::spawn`
//!     let mut packed = 0;
//!     while let Some(order) = inbox.recv().await {
//!         packed += order;
//!     }
//!     packed
//! });
//! orders.send(3).await.expect("the packer lives");
//! drop(orders);
//! assert_eq!(packer.await.expect("it came to its end"), 3);
//! assert_eq!(ActorRegistry::process_wide().get_all()[0].message_count, Some(1));
//! # }
//! ```
//!
//! A message is handled from the moment in which `recv` gave it out until `recv` is called again; one that was sent by
//! [`Sender::ask`] until it is answered.

mod channel;
mod task;

pub use channel::{Inbox, SendError, Sender, TrySendError, channel, channel_named};
pub use loom_bridge::observe::{AskError, Reply};
pub use task::{Observed, Task, spawn};
