//! The one thread that writes. What has gathered while a commit was under way goes into the next one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rusqlite::{Connection, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot, watch};

use super::append::{Append, Appended, append, take_over};
use super::recent::Recent;
use super::rows::{StoredRequest, to_json};
use super::schema;
use super::{claims, forget};
use crate::event::Recorded;
use crate::executor::Owner;
use crate::id::RunId;
use crate::journal::{ClaimRequest, Claimant, Claimed, JournalError, Request};
use crate::world::World;

/// Orders that may wait; senders wait for room beyond that.
const QUEUE: usize = 1024;
/// Orders in one commit at most.
const GROUP: usize = 256;

/// A handle of the writer thread.
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
    written: watch::Receiver<u64>,
    recent: Recent,
}

struct Order {
    work: Work,
    reply: oneshot::Sender<Result<Done, JournalError>>,
}

enum Work {
    Append(Append),
    Request(RunId, Request),
    TakeOver { from: Owner, append: Append },
    MarkSwept(Vec<RunId>),
    Claim(ClaimRequest),
    Release(Claimant),
    ReleaseRuns(Vec<RunId>),
    Forget(Vec<RunId>),
}

enum Done {
    Appended(Result<Appended, JournalError>),
    Written,
    Taken(bool),
    Claimed(Result<Claimed, JournalError>),
    Forgotten(Vec<RunId>),
}

impl Writer {
    pub(super) fn start(
        path: &Path,
        connection: Connection,
        world: Arc<dyn World>,
    ) -> Result<Self, JournalError> {
        let (orders, inbox) = mpsc::channel(QUEUE);
        let (announce, written) = watch::channel(0);
        let path = path.to_owned();
        let file = path.clone();
        let recent = Recent::default();
        let kept = recent.clone();
        thread::Builder::new()
            .name("loom-journal".to_owned())
            .spawn(move || keep_writing((&path, connection), inbox, (&announce, &kept), &*world))
            .map_err(|error| JournalError::Open {
                path: file,
                cause: error.to_string(),
            })?;
        Ok(Self {
            orders,
            written,
            recent,
        })
    }

    pub(super) async fn append(&self, append: Append) -> Result<Vec<Recorded>, JournalError> {
        match self.order(Work::Append(append)).await? {
            Done::Appended(appended) => appended.map(|appended| appended.events),
            _ => Err(JournalError::Closed),
        }
    }

    pub(super) async fn claim(&self, claim: ClaimRequest) -> Result<Claimed, JournalError> {
        match self.order(Work::Claim(claim)).await? {
            Done::Claimed(claimed) => claimed,
            _ => Err(JournalError::Closed),
        }
    }

    pub(super) async fn forget(&self, runs: Vec<RunId>) -> Result<Vec<RunId>, JournalError> {
        match self.order(Work::Forget(runs)).await? {
            Done::Forgotten(runs) => Ok(runs),
            _ => Err(JournalError::Closed),
        }
    }

    pub(super) async fn release(&self, claimant: Claimant) -> Result<(), JournalError> {
        self.order(Work::Release(claimant)).await.map(drop)
    }

    pub(super) async fn release_runs(&self, runs: Vec<RunId>) -> Result<(), JournalError> {
        self.order(Work::ReleaseRuns(runs)).await.map(drop)
    }

    pub(super) async fn request(&self, run: RunId, request: Request) -> Result<(), JournalError> {
        self.order(Work::Request(run, request)).await.map(drop)
    }

    pub(super) async fn take_over(&self, from: Owner, append: Append) -> Result<bool, JournalError> {
        Ok(matches!(
            self.order(Work::TakeOver { from, append }).await?,
            Done::Taken(true)
        ))
    }

    pub(super) async fn mark_swept(&self, runs: Vec<RunId>) -> Result<(), JournalError> {
        self.order(Work::MarkSwept(runs)).await.map(drop)
    }

    /// What was written last, while it is in memory.
    pub(super) fn recent(&self) -> &Recent {
        &self.recent
    }

    pub(super) fn written(&self) -> watch::Receiver<u64> {
        self.written.clone()
    }

    async fn order(&self, work: Work) -> Result<Done, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.orders
            .send(Order { work, reply })
            .await
            .map_err(|_| JournalError::Closed)?;
        answer
            .await
            .map_err(|_| JournalError::Write("the writer broke off".to_owned()))?
    }
}

/// Serves orders until the last handle is gone. A panic loses the group at hand, whose senders learn of it, and the
/// connection, which is opened again.
fn keep_writing(
    (path, connection): (&Path, Connection),
    mut inbox: mpsc::Receiver<Order>,
    (announce, recent): (&watch::Sender<u64>, &Recent),
    world: &dyn World,
) {
    let mut connection = Some(connection);
    while let Some(first) = inbox.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP {
            match inbox.try_recv() {
                Ok(order) => group.push(order),
                Err(_) => break,
            }
        }
        let mut open = match connection.take().map_or_else(|| schema::connect(path), Ok) {
            Ok(open) => open,
            Err(error) => {
                group
                    .into_iter()
                    .for_each(|order| drop(order.reply.send(Err(error.clone()))));
                continue;
            }
        };
        let served = catch_unwind(AssertUnwindSafe(|| {
            serve(&mut open, group, recent, world);
            open
        }));
        match served {
            Ok(open) => connection = Some(open),
            Err(_) => tracing::error!("the journal's writer panicked; its connection is opened again"),
        }
        announce.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// Commits the group as one; when that fails, each order alone, so that one bad order harms no other.
fn serve(connection: &mut Connection, group: Vec<Order>, recent: &Recent, world: &dyn World) {
    let works: Vec<&Work> = group.iter().map(|order| &order.work).collect();
    match commit(connection, &works, world) {
        Ok(done) => {
            done.iter().for_each(|done| remember(recent, done));
            for (order, done) in group.into_iter().zip(done) {
                // The sender may have given up waiting; what was written stays written.
                drop(order.reply.send(Ok(done)));
            }
        }
        Err(error) if group.len() == 1 => {
            let error = JournalError::Write(schema::explain(&error, connection.path()));
            group
                .into_iter()
                .for_each(|order| drop(order.reply.send(Err(error.clone()))));
        }
        Err(_) => {
            for order in group {
                let result = commit(connection, &[&order.work], world);
                let result =
                    result.map_err(|error| JournalError::Write(schema::explain(&error, connection.path())));
                let one = result.and_then(|done| done.into_iter().next().ok_or(JournalError::Closed));
                one.iter().for_each(|done| remember(recent, done));
                drop(order.reply.send(one));
            }
        }
    }
}

/// Keeps in memory what was committed.
fn remember(recent: &Recent, done: &Done) {
    match done {
        Done::Appended(Ok(appended)) => recent.keep(&appended.events, appended.bytes),
        Done::Forgotten(_) => recent.clear(),
        _ => {}
    }
}

fn commit(connection: &mut Connection, works: &[&Work], world: &dyn World) -> rusqlite::Result<Vec<Done>> {
    // IMMEDIATE: a deferred transaction that reads and then writes is refused as busy at once when somebody else
    // wrote in between, without waiting for the timeout.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut done = Vec::with_capacity(works.len());
    for work in works {
        done.push(match work {
            Work::Append(order) => Done::Appended(append(&transaction, order)?),
            Work::Request(run, request) => {
                let body = to_json(&StoredRequest::from(request.clone()))?;
                // One that comes after the end has nobody to answer it, and would be kept for ever.
                transaction
                    .prepare_cached(
                        "INSERT INTO request (run, time, body)
                         SELECT id, ?2, ?3 FROM run WHERE id = ?1 AND finished IS NULL",
                    )?
                    .execute(params![run.0, world.now().as_millis(), body])?;
                Done::Written
            }
            Work::TakeOver { from, append } => Done::Taken(take_over(&transaction, from, append)?),
            Work::MarkSwept(runs) => {
                for run in runs {
                    transaction
                        .prepare_cached("UPDATE run SET remains = 0 WHERE id = ?1")?
                        .execute([&run.0])?;
                }
                Done::Written
            }
            Work::Forget(runs) => Done::Forgotten(forget::forget(&transaction, runs)?),
            Work::Claim(request) => Done::Claimed(claims::claim(&transaction, request)?),
            Work::Release(claimant) => {
                claims::release(&transaction, claimant)?;
                Done::Written
            }
            Work::ReleaseRuns(runs) => {
                for run in runs {
                    claims::release_run(&transaction, run)?;
                }
                Done::Written
            }
        });
    }
    transaction.commit()?;
    Ok(done)
}
