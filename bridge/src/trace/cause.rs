//! What led to what runs now, and for which actor it runs.
//!
//! Both travel in thread-locals that are set around every poll and every handler, so that a send needs no argument.
//! Futures that an actor spawns into its context, and those that give its answers, keep the cause under which they were
//! begun; a task of its own keeps it where it is carried.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::sync::Arc;

use loom_protocol::ActorId;

use super::carried::Carried;
use super::ids::{SpanId, TraceId, new_trace, once};
use super::parent::Parent;
use super::{span, state};
use crate::cell::ActorCell;
use crate::measure::Sender;

/// The chain of messages that led to what runs now, as W3C trace context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// Names the chain; every message that follows from a first one carries it. Zero: none yet.
    pub(super) trace: u128,
    /// Names what happened last in it that is known outside: the message that is recorded and handled now, or who sent the first
    /// one. Zero: nothing.
    pub(super) span: u64,
    is_sampled: bool,
}

thread_local! {
    static CAUSE: Cell<Cause> = const { Cell::new(Cause::NONE) };
    static ACTOR: RefCell<Option<Arc<ActorCell>>> = const { RefCell::new(None) };
}

impl Cause {
    const NONE: Self = Self {
        trace: 0,
        span: 0,
        is_sampled: false,
    };

    /// The cause of what runs on this thread now; `None` outside of every chain.
    pub fn current() -> Option<Self> {
        let cause = CAUSE.get();
        (cause.trace != 0).then_some(cause)
    }

    /// Begins a chain.
    pub fn begin() -> Self {
        let trace = new_trace();
        Self {
            trace,
            span: 0,
            is_sampled: span::samples(trace),
        }
    }

    /// The chain that a request from outside belongs to, by its header `traceparent`; a new one where there is none, or one that
    /// the rules of W3C trace context call invalid. Where a request has the header more than once it has none.
    ///
    /// With actix-web:
    ///
    /// ```text
    /// let mut headers = request.headers().get_all("traceparent");
    /// let header = match (headers.next(), headers.next()) {
    ///     (Some(one), None) => one.to_str().ok(),
    ///     _ => None,
    /// };
    /// let answer = Cause::of_request(header).carry(async { shop.send(Order).await }).await;
    /// ```
    pub fn of_request(traceparent: Option<&str>) -> Self {
        match traceparent.and_then(Parent::read) {
            Some(parent) => Self {
                trace: parent.trace.get(),
                span: parent.span.get(),
                is_sampled: parent.is_sampled,
            },
            None => Self::begin(),
        }
    }

    /// The same with the header `tracestate` of that request, which [`Self::tracestate`] gives to the next program. What the rules
    /// call invalid is left out, and so is what has more than 512 bytes; of a chain that begins here there is none.
    pub fn with_tracestate(self, tracestate: Option<&str>) -> Self {
        // Who began it here has no span of somebody else.
        if let (Some(header), Some(trace)) = (tracestate, self.trace_id().filter(|_| self.span != 0)) {
            state::keep(trace, header);
        }
        self
    }

    /// The header `tracestate` for a request to another program, beside [`Self::traceparent`]; `None` where the chain has none, or
    /// more than 4,096 chains with one came since.
    pub fn tracestate(self) -> Option<String> {
        state::of(self.trace_id()?)
    }

    /// The chain's name: the same for a message and all that follows from it, also in other programs. In a studio it is
    /// the `correlationId` of their lines.
    pub fn trace_id(self) -> Option<TraceId> {
        TraceId::new(self.trace)
    }

    /// Whether whoever began the chain wants it recorded.
    pub fn is_sampled(self) -> bool {
        self.is_sampled
    }

    /// The header `traceparent` for a request to another program; `None` outside of every chain.
    pub fn traceparent(self) -> Option<String> {
        let parent = Parent {
            trace: self.trace_id()?,
            // A name is required; this one is nobody's.
            span: SpanId::new(self.span).or_else(|| SpanId::new(once()))?,
            is_sampled: self.is_sampled,
        };
        Some(parent.write())
    }

    /// Does some work under this cause: messages that it sends belong to the chain.
    pub fn run<T>(self, work: impl FnOnce() -> T) -> T {
        let _carrying = carrying(self, None);
        work()
    }

    /// A future that runs under this cause, wherever it is polled, and for the actor that runs now, where one does.
    pub fn carry<F: Future>(self, future: F) -> Carried<F> {
        Carried::new(future, self)
    }

    /// The cause of what a recorded message does, and what that message is below.
    #[cfg(feature = "otlp")]
    pub(super) fn below(self, span: u64) -> (Self, u64) {
        (Self { span, ..self }, self.span)
    }

    /// The chain's name for a studio; `None` outside of every chain.
    pub(crate) fn correlation_id(self) -> Option<String> {
        self.trace_id().map(|trace| trace.to_string())
    }

    /// The cause that a message sent now carries; starts a chain where there is none.
    #[inline]
    pub(crate) fn of_send() -> Self {
        let cause = CAUSE.get();
        if cause.trace == 0 { Self::begin() } else { cause }
    }

    #[inline]
    pub(crate) fn here() -> Self {
        CAUSE.get()
    }

    /// Makes `self` the current cause and returns what it replaces.
    #[inline]
    pub(crate) fn enter(self) -> Self {
        CAUSE.replace(self)
    }
}

/// The observed actor that is being polled on this thread.
pub(crate) fn current_actor() -> Option<ActorId> {
    ACTOR.with_borrow(|actor| actor.as_ref().map(|cell| cell.id()))
}

/// Who sends what is sent now on this thread.
#[inline]
pub(crate) fn sender() -> Sender {
    with_current_actor(|cell| cell.sender()).unwrap_or(Sender::OUTSIDE)
}

/// Looks at the observed actor that is being polled on this thread, where there is one.
#[inline]
pub(crate) fn with_current_actor<T>(look: impl FnOnce(&Arc<ActorCell>) -> T) -> Option<T> {
    // While the thread's locals are being destroyed there is none.
    ACTOR
        .try_with(|actor| actor.try_borrow().ok()?.as_ref().map(look))
        .ok()
        .flatten()
}

/// Its cell.
pub(crate) fn current_cell() -> Option<Arc<ActorCell>> {
    with_current_actor(Arc::clone)
}

/// Says that `cell`'s actor is being polled until the returned guard is dropped.
pub(crate) fn polling(cell: Arc<ActorCell>) -> Polling {
    let cause = Cause::default().enter();
    let actor = ACTOR.replace(Some(cell));
    Polling { cause, actor }
}

/// Says that what runs until the returned guard is dropped has this cause, and is of this actor; without one, of whoever runs now.
pub(super) fn carrying(cause: Cause, actor: Option<&Arc<ActorCell>>) -> Polling {
    let actor = actor.cloned().or_else(current_cell);
    Polling {
        cause: cause.enter(),
        actor: ACTOR.replace(actor),
    }
}

/// Restores what was current before, also when a panic passes through.
pub(crate) struct Polling {
    cause: Cause,
    actor: Option<Arc<ActorCell>>,
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.cause.enter();
        ACTOR.replace(self.actor.take());
    }
}
