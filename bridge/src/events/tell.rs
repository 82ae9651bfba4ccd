//! What is told of an actor, and where the telling comes from.

use std::any::type_name;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use loom_protocol::EventKind;
use serde_json::{Map, Value};

use super::limits::Lane;
use super::note::{Note, bounded_text};
use super::ring::Line;
use crate::cell::ActorCell;
use crate::clock::Nanos;
use crate::names::shorten;
use crate::owner::RestartPolicy;
use crate::trace::Cause;

/// How long a handler may hold its thread before that is told, in nanoseconds.
static SLOW: AtomicU64 = AtomicU64::new(100_000_000);

/// A handler that holds its thread for longer is written into its actor's journal; 100 ms unless somebody chose otherwise.
pub fn slow_message() -> Duration {
    Duration::from_nanos(SLOW.load(Relaxed))
}

/// Chooses how long a handler may hold its thread before that is told, for every actor of the process, at once.
pub fn set_slow_message(longest: Duration) {
    SLOW.store(u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX), Relaxed);
}

/// A handler held its thread for so long.
#[inline]
pub(crate) fn handled_in<M>(cell: &Arc<ActorCell>, nanos: u64) {
    held_thread(cell, type_name::<M>(), nanos);
}

/// What goes by this name held its thread for so long.
#[inline]
pub(crate) fn held_thread(cell: &Arc<ActorCell>, what: &'static str, nanos: u64) {
    if nanos > SLOW.load(Relaxed) {
        cell.slow(what, nanos);
    }
}

impl ActorCell {
    /// Writes a line under the cause that is current.
    fn line(&self, kind: EventKind, text: impl Into<Cow<'static, str>>, data: Option<Map<String, Value>>) {
        self.write(Line {
            at: Nanos::now(),
            actor: Arc::clone(&self.name),
            kind,
            text: bounded_text(text.into()),
            cause: Cause::here(),
            data,
        });
    }

    /// The same where the actor may have too much to say; with how many lines were left out before.
    fn tell_within(
        &self,
        lane: Lane,
        kind: EventKind,
        now: Nanos,
        make: impl FnOnce() -> (Cow<'static, str>, Option<Map<String, Value>>),
    ) {
        let Some(left_out) = self.admit(lane, now) else {
            self.left_out();
            return;
        };
        let (text, mut data) = make();
        if left_out > 0 {
            data.get_or_insert_default()
                .insert("leftOutBefore".to_owned(), left_out.into());
        }
        self.line(kind, text, data);
    }

    /// It begins to run.
    #[cold]
    pub(crate) fn tell_begun(&self) {
        self.line(EventKind::Started, "started", None);
    }

    /// It ended in good order.
    #[cold]
    pub(crate) fn tell_stopped(&self) {
        self.line(EventKind::Stopped, "stopped", None);
    }

    /// It ended with nobody having asked for it, and why.
    #[cold]
    pub(crate) fn tell_dropped(&self, why: &'static str) {
        self.line(EventKind::Stopped, why, None);
    }

    /// It was started again by whatever owns it, and why.
    #[cold]
    pub(crate) fn tell_restarted_because(&self, why: String) {
        self.line(EventKind::Restarted, why, None);
    }

    /// It ended by a panic.
    #[cold]
    pub(crate) fn tell_panicked(&self, panic: &str) {
        let handling = UNWOUND.take();
        let data = (!handling.is_empty()).then(|| entries([("handling", shorten(handling).into())]));
        self.line(EventKind::Panicked, panic.to_owned(), data);
    }

    /// It was started again in place, after it had stopped.
    #[cold]
    pub(crate) fn tell_restarted_in_place(&self) {
        self.line(
            EventKind::Restarted,
            "its supervisor started it again after it stopped",
            None,
        );
    }

    /// Its keeper starts it again, so long after its panic, within the policy's budget.
    #[cold]
    pub(crate) fn tell_restarted(
        &self,
        panic: &str,
        pause: Duration,
        restarts: usize,
        policy: &RestartPolicy,
    ) {
        let mut data = of_policy(panic, restarts, policy);
        data.insert("pauseMs".to_owned(), millis(pause));
        self.line(
            EventKind::Restarted,
            format!(
                "started again after a pause of {pause:?}: restart {restarts} of at most {} within {:?}",
                policy.budget, policy.window
            ),
            Some(data),
        );
    }

    /// Its keeper starts it again because somebody ordered it.
    #[cold]
    pub(crate) fn tell_restarted_by(&self, who: &str) {
        self.line(
            EventKind::Restarted,
            format!("started again because {who} ordered it"),
            Some(entries([("by", who.into())])),
        );
    }

    /// Its keeper starts it no more.
    #[cold]
    pub(crate) fn tell_gave_up(&self, panic: &str, restarts: usize, policy: &RestartPolicy) {
        self.line(
            EventKind::GaveUp,
            format!(
                "not started again: it panicked after {restarts} restarts within {:?}, and its budget is {}",
                policy.window, policy.budget
            ),
            Some(of_policy(panic, restarts, policy)),
        );
    }

    #[cold]
    pub(crate) fn slow(&self, message: &'static str, nanos: u64) {
        let took = Duration::from_nanos(nanos);
        self.tell_within(Lane::Slow, EventKind::SlowMessage, Nanos::now(), || {
            let message = shorten(message);
            let text = format!("`{message}` held its thread for {took:.1?}");
            let data = entries([("message", message.into()), ("handleMs", millis(took))]);
            (text.into(), Some(data))
        });
    }

    /// A message was answered with an error, at this moment in raw ticks; its type's whole name. Nothing is made where the
    /// line is not written: some actors answer so by the thousand.
    pub(crate) fn tell_error_answer(&self, message: &'static str, at: u64) {
        self.tell_within(Lane::Errors, EventKind::Error, Nanos::of(at), || {
            let message = shorten(message);
            let text = format!("`{message}` was answered with an error");
            (text.into(), Some(entries([("message", message.into())])))
        });
    }

    /// The answer to a message will never come; its type's whole name.
    #[cold]
    pub(crate) fn tell_no_answer(&self, message: &'static str) {
        self.tell_within(Lane::Errors, EventKind::Error, Nanos::now(), || {
            let message = shorten(message);
            let text = format!("`{message}` gets no answer: what was to give it panicked or was thrown away");
            (text.into(), Some(entries([("message", message.into())])))
        });
    }

    /// An error that the actor survived and reported itself.
    #[cold]
    pub(crate) fn reported(&self, text: Cow<'static, str>) {
        self.tell_within(Lane::Errors, EventKind::Error, Nanos::now(), || (text, None));
    }

    /// It failed for good, by its own word. Once in a life, so no flood of errors before it may keep it out.
    #[cold]
    pub(crate) fn tell_failed(&self, reason: String) {
        self.line(EventKind::Failed, reason, None);
    }

    /// What it wants noted.
    #[cold]
    pub(crate) fn note(&self, kind: EventKind, note: Note) {
        let (text, data) = note.bounded();
        self.tell_within(Lane::Notes, kind, Nanos::now(), || (text, data));
    }

    /// What it logs: a text, and level, target and fields. Made only when it is written.
    #[cfg(feature = "tracing")]
    #[cold]
    pub(crate) fn log(&self, line: impl FnOnce() -> (String, Map<String, Value>)) {
        let Some(left_out) = self.admit(Lane::Notes, Nanos::now()) else {
            self.left_out();
            return;
        };
        let (text, mut data) = line();
        if left_out > 0 {
            data.insert("leftOutBefore".to_owned(), left_out.into());
        }
        self.line(EventKind::Log, text, Some(data));
    }

    /// Somebody ordered something of it.
    #[cold]
    pub(crate) fn tell_order(&self, text: String, data: Map<String, Value>) {
        self.line(EventKind::Order, text, Some(data));
    }

    /// Messages that waited for it when it ended, by type.
    #[cold]
    pub(crate) fn tell_dead_letters(&self, letters: &Letters) {
        let all = letters.all();
        let by_type: Map<String, Value> = letters
            .by_type
            .iter()
            .map(|(message, count)| (shorten(message), (*count).into()))
            .collect();
        let plural = if all == 1 { "message" } else { "messages" };
        let mut data = entries([("count", all.into())]);
        data.insert("messages".to_owned(), Value::Object(by_type));
        self.line(
            EventKind::DeadLetter,
            format!("{all} {plural} waited when it ended and reached no handler"),
            Some(data),
        );
    }
}

fn of_policy(panic: &str, restarts: usize, policy: &RestartPolicy) -> Map<String, Value> {
    let panic = bounded_text(panic.to_owned().into());
    entries([
        ("panic", panic.into()),
        ("restarts", restarts.into()),
        ("budget", policy.budget.into()),
        ("windowMs", millis(policy.window)),
    ])
}

fn entries<const N: usize>(entries: [(&str, Value); N]) -> Map<String, Value> {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn millis(duration: Duration) -> Value {
    // To a hundredth: more digits are noise.
    let millis = (duration.as_secs_f64() * 100_000.0).round() / 100.0;
    millis.into()
}

thread_local! {
    /// The type of the message whose handler panicked last on this thread, until it is told.
    static UNWOUND: Cell<&'static str> = const { Cell::new("") };
    /// Messages that are dropped with the actor that ends on this thread.
    static DEAD: RefCell<Option<Letters>> = const { RefCell::new(None) };
}

/// Notes which message's handler panicked; costs nothing where none does.
pub(crate) struct Unwinding(&'static str);

impl Unwinding {
    #[inline]
    pub(crate) fn from_handler_of<M>() -> Self {
        Self(type_name::<M>())
    }

    /// The handler of a message of this name panicked.
    pub(crate) fn happened(message: &'static str) {
        drop(Self(message));
    }

    /// The handler has returned.
    #[inline]
    pub(crate) fn returned(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unwinding {
    fn drop(&mut self) {
        UNWOUND.set(self.0);
    }
}

/// Types of messages that are told apart among the dead letters of one end.
const MOST_TYPES: usize = 16;

/// Messages that waited for an actor when it ended, by the whole names of their types.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    by_type: Vec<(&'static str, u64)>,
    others: u64,
}

impl Letters {
    pub(crate) fn all(&self) -> u64 {
        self.others + self.by_type.iter().map(|(_, count)| count).sum::<u64>()
    }

    fn add(&mut self, message: &'static str) {
        if let Some((_, count)) = self.by_type.iter_mut().find(|(known, _)| *known == message) {
            *count += 1;
        } else if self.by_type.len() < MOST_TYPES {
            self.by_type.push((message, 1));
        } else {
            self.others += 1;
        }
    }
}

/// While it is there, messages that are dropped on this thread were in the mailbox of the actor that ends.
pub(crate) struct Burying(Option<Letters>);

impl Burying {
    pub(crate) fn begin() -> Self {
        Self(DEAD.replace(Some(Letters::default())))
    }

    pub(crate) fn end(self) -> Letters {
        DEAD.take().unwrap_or_default()
        // The drop puts back what was there before.
    }
}

impl Drop for Burying {
    fn drop(&mut self) {
        DEAD.replace(self.0.take());
    }
}

/// A message is dropped that reached no handler and whose sender did not give up.
#[cold]
pub(crate) fn dead_letter<M>() {
    dead_letter_of(type_name::<M>());
}

/// The same of a message whose type goes by this name.
#[cold]
pub(crate) fn dead_letter_of(message: &'static str) {
    // A message may be dropped while the thread's locals are being destroyed.
    let _gone = DEAD.try_with(|dead| {
        if let Ok(mut dead) = dead.try_borrow_mut()
            && let Some(letters) = dead.as_mut()
        {
            letters.add(message);
        }
    });
}
