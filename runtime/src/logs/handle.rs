//! Writes logs without waiting for the disk: one thread of a store writes them all.
//!
//! Who has lines gathers them and hands them over by the batch; what has gathered in the queue meanwhile is one write. The
//! queue is bounded: when the disk is slower than the jobs, [`LogWriterHandle::line`] waits for room, and with it what the
//! lines come from.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use loom_protocol::Timestamp;

use super::batch::Batch;
use super::{JobLog, LogError, Source};
use crate::id::StepId;

/// Text that is gathered before it is handed over, in bytes.
const BATCH: usize = 64 * 1024;
/// Orders that may wait for the thread.
const QUEUE: usize = 128;
/// Text that is written at once at most, in bytes, but for the last batch.
const AT_ONCE: usize = 2 * 1024 * 1024;

/// Starts the thread when it is first needed. It ends with the last one who can give it orders.
#[derive(Default)]
pub(super) struct Threads {
    queue: Mutex<Option<SyncSender<Order>>>,
}

pub(super) struct Order {
    log: Underway,
    batch: Batch,
    /// Who waits until it is done.
    done: Option<SyncSender<()>>,
}

/// The log of an order, which counts as under way for as long as this lives.
struct Underway(JobLog);

impl Underway {
    fn new(log: &JobLog) -> Self {
        log.order_begins();
        Self(log.clone())
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.order_ends();
    }
}

impl Threads {
    pub(super) fn queue(&self) -> io::Result<SyncSender<Order>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = &*queue {
            return Ok(queue.clone());
        }
        let (sender, orders) = sync_channel(QUEUE);
        thread::Builder::new()
            .name("loom-log".to_owned())
            .spawn(move || keep_writing(&orders))?;
        Ok(queue.insert(sender).clone())
    }
}

/// Writes to one log by way of the store's thread. Several handles of one log keep the order in which they hand over.
///
/// Flush it before it is dropped: dropping hands over what is left only if there is room.
pub struct LogWriterHandle {
    log: JobLog,
    queue: SyncSender<Order>,
    batch: Batch,
    /// The step of the last line, with its number.
    step: Option<(StepId, u32)>,
    /// Lost lines that the caller was told of.
    reported: u64,
}

impl LogWriterHandle {
    pub(super) fn new(log: JobLog, queue: SyncSender<Order>) -> Self {
        let reported = log.lost();
        Self {
            log,
            queue,
            batch: Batch::default(),
            step: None,
            reported,
        }
    }

    /// Adds a line, without its `\n`; `step` is absent for what Loom itself has to say. Waits for room when much has
    /// gathered: for threads that may wait, never for async ones. A line is on its way for certain after
    /// [`LogWriterHandle::hand_over`] or [`LogWriterHandle::flush`].
    ///
    /// # Errors
    /// [`LogError::Lost`] when lines that were added before could not be written; this one is taken all the same.
    pub fn line(
        &mut self,
        step: Option<&StepId>,
        source: Source,
        at: Timestamp,
        text: &[u8],
    ) -> Result<(), LogError> {
        let ordinal = step.map(|step| self.ordinal(step));
        self.batch.push(at, ordinal, source, text);
        if self.batch.text.len() >= BATCH {
            return self.hand_over();
        }
        Ok(())
    }

    /// Hands over what has gathered, as after each piece of output. Waits for room: for threads that may wait.
    ///
    /// # Errors
    /// As for [`LogWriterHandle::line`].
    pub fn hand_over(&mut self) -> Result<(), LogError> {
        if !self.batch.entries.is_empty() {
            let order = self.order(None);
            if let Err(unsent) = self.queue.send(order) {
                return Err(unsent.0.give_up());
            }
        }
        self.check()
    }

    /// Hands over what has gathered if there is room, else keeps it for the next time: for threads that must not wait.
    pub fn hand_over_if_room(&mut self) {
        if self.batch.entries.is_empty() {
            return;
        }
        let order = self.order(None);
        if let Err(TrySendError::Full(order)) = self.queue.try_send(order) {
            self.batch = order.batch;
        }
    }

    /// Hands over what has gathered and waits until all that was handed over is in the files: for threads that may wait.
    ///
    /// # Errors
    /// As for [`LogWriterHandle::line`].
    pub fn flush(&mut self) -> Result<(), LogError> {
        if self.batch.entries.is_empty() && self.log.is_written() {
            return self.check();
        }
        let (done, written) = sync_channel(1);
        let order = self.order(Some(done));
        if let Err(unsent) = self.queue.send(order) {
            return Err(unsent.0.give_up());
        }
        // An answer that never comes means lines that were counted as lost.
        let _answered = written.recv();
        self.check()
    }

    /// The log it writes to.
    pub fn log(&self) -> &JobLog {
        &self.log
    }

    fn ordinal(&mut self, step: &StepId) -> u32 {
        match &self.step {
            Some((last, ordinal)) if last == step => *ordinal,
            _ => {
                let ordinal = self.log.ordinal(step);
                self.step = Some((step.clone(), ordinal));
                ordinal
            }
        }
    }

    fn order(&mut self, done: Option<SyncSender<()>>) -> Order {
        Order {
            log: Underway::new(&self.log),
            batch: std::mem::take(&mut self.batch),
            done,
        }
    }

    /// Tells of lines that were lost since it was last asked.
    fn check(&mut self) -> Result<(), LogError> {
        let lost = self.log.lost();
        let since = lost.saturating_sub(std::mem::replace(&mut self.reported, lost));
        match self.log.first_error() {
            Some(LogError::Lost { path, cause, .. }) if since > 0 => Err(LogError::Lost {
                path: PathBuf::clone(path),
                lines: since,
                cause: cause.clone(),
            }),
            _ => Ok(()),
        }
    }
}

impl Drop for LogWriterHandle {
    fn drop(&mut self) {
        if self.batch.entries.is_empty() {
            return;
        }
        let order = self.order(None);
        if let Err(TrySendError::Full(order) | TrySendError::Disconnected(order)) = self.queue.try_send(order)
        {
            let error = order.give_up();
            tracing::error!(%error, "a log was left with lines that nobody waited for");
        }
    }
}

impl Order {
    /// Nobody takes it.
    fn give_up(&self) -> LogError {
        let cause = io::Error::other("the thread that writes logs has ended or is too busy");
        self.log.0.lose(self.batch.lines(), cause)
    }
}

fn keep_writing(orders: &Receiver<Order>) {
    while let Ok(first) = orders.recv() {
        let mut bytes = first.batch.text.len();
        let mut gathered = vec![first];
        while bytes < AT_ONCE {
            match orders.try_recv() {
                Ok(order) => {
                    bytes += order.batch.text.len();
                    gathered.push(order);
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        write(gathered);
    }
}

/// Writes what has gathered, one log after the other.
fn write(gathered: Vec<Order>) {
    let mut logs: Vec<(JobLog, Vec<Batch>)> = Vec::new();
    let mut places: HashMap<PathBuf, usize> = HashMap::new();
    let (mut waiting, mut underway) = (Vec::new(), Vec::new());
    for Order { log, batch, done } in gathered {
        let place = *places.entry(log.0.path().to_owned()).or_insert_with(|| {
            logs.push((log.0.clone(), Vec::new()));
            logs.len() - 1
        });
        if let Some((_, batches)) = logs.get_mut(place) {
            batches.push(batch);
        }
        waiting.extend(done);
        underway.push(log);
    }
    for (log, batches) in &logs {
        // What is lost is counted in the log itself, where its writers look.
        let written = catch_unwind(AssertUnwindSafe(|| drop(log.write(batches))));
        if written.is_err() {
            let lines = batches.iter().map(Batch::lines).sum();
            let error = log.lose(lines, io::Error::other("the thread that writes logs panicked"));
            tracing::error!(%error, "a log was not written");
        }
    }
    drop(underway);
    for done in waiting {
        // Who waited may have gone.
        let _heard = done.send(());
    }
}
