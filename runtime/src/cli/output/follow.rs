//! Follows a run: its events in order, and before each event of a job the lines that were written before it. It never waits
//! for stdout on a thread that others need: a reader that pauses holds back this follower and nothing else.

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::Printer;
use super::screen::{self, Order};
use crate::engine::{Engine, RunHandle};
use crate::event::{Event, Recorded, Seq};
use crate::journal::{JournalError, Tail};
use crate::state::Run;

/// Prints a run of this process until it has ended, and returns how it ended. Dropping it leaves the printing behind.
///
/// # Errors
/// When the history cannot be read.
pub(in crate::cli) async fn follow(
    engine: Engine,
    handle: RunHandle,
    printer: Box<dyn Printer>,
) -> Result<Option<Run>, JournalError> {
    let (orders, printed) = screen::start(engine.clone(), printer);
    let forwarded = forward(&engine, &handle, &orders).await;
    drop(orders);
    // Nobody answers when the printing broke; that was told.
    let run = printed.await.ok().flatten();
    forwarded.map(|()| run)
}

/// Tells the printing thread what there is, until the run is over or nobody prints any more.
async fn forward(
    engine: &Engine,
    handle: &RunHandle,
    orders: &mpsc::Sender<Order>,
) -> Result<(), JournalError> {
    let mut grown = engine.logs().hub().all();
    let mut progress = engine.progress();
    let mut news = pump(engine, handle);
    let mut finished = std::pin::pin!(handle.clone().finished());
    let mut over = false;
    loop {
        let mut last = false;
        let order = tokio::select! {
            events = news.recv() => {
                let Some(events) = events else { return Ok(()) };
                let events = events?;
                last = events.iter().any(is_last);
                Order::Events(events)
            }
            told = grown.recv() => match told {
                Ok(told) if told.log.run == *handle.id() => Order::Lines(told.log.job),
                Ok(_) => continue,
                Err(RecvError::Lagged(_)) => Order::AllLines,
                Err(RecvError::Closed) => return Ok(()),
            },
            told = progress.recv() => match told {
                Ok(told) => Order::Progress(told),
                Err(_) => continue,
            },
            outcome = &mut finished, if !over => {
                // The last event is in the history before this is told, unless the history could not be written.
                over = true;
                if outcome.problem.is_some() {
                    return Ok(());
                }
                continue;
            }
        };
        if orders.send(order).await.is_err() || last {
            return Ok(());
        }
    }
}

fn is_last(event: &Recorded) -> bool {
    matches!(event.event, Event::RunFinished { .. })
}

/// Reads the history in a task of its own, so that a flood of output cannot keep it from being read.
fn pump(engine: &Engine, handle: &RunHandle) -> mpsc::Receiver<Result<Vec<Recorded>, JournalError>> {
    let (sender, news) = mpsc::channel(16);
    let mut tail = Tail::run(engine.journal().clone(), handle.id().clone(), Seq::default());
    engine.io().spawn(async move {
        loop {
            let events = tail.next().await;
            let last = events.as_ref().map_or(true, |events| events.iter().any(is_last));
            // Nobody reads any more: the run was followed to its end, or its history cannot be read.
            if sender.send(events).await.is_err() || last {
                return;
            }
        }
    });
    news
}
