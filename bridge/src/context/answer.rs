//! How a handler answers: at once, at once with what may be an error, or later; and whether an answer is an error.
//!
//! Neither can be asked of a type parameter, so both are read off what the language tells of any type: its name, and the
//! discriminant of a value. A compiler that names `Result` otherwise shows in the tests below, and would cost counts of
//! errors, never soundness.

use std::any::{Any, type_name};
use std::mem::discriminant;
use std::sync::Arc;

use actix::ResponseFuture;
use tokio::sync::oneshot::Receiver;

use super::Reply;
use super::envelope::{answered, answered_late, answered_wrongly};
use crate::cell::{ActorCell, Pending};
use crate::clock;
use crate::measure::{Level, MessageCell, level};
use crate::number;
use crate::trace::{Carried, Cause, Span};

/// How a handler that returns an `R` answers a message whose result is a `T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// What it returns is the result.
    Plain,
    /// The same, and it is a `Result`.
    Fallible,
    /// What it returns becomes the result some time: a future, or a wrapper of whatever kind.
    Later,
}

#[inline]
pub(crate) fn manner<R, T>() -> Manner {
    if type_name::<R>() != type_name::<T>() {
        Manner::Later
    } else if is_result::<T>() {
        Manner::Fallible
    } else {
        Manner::Plain
    }
}

/// How the name of every `Result` begins.
const RESULT: &str = "core::result::Result<";

/// For each message, so it is one comparison of bytes that are known when this is compiled.
#[inline]
pub(crate) fn is_result<T>() -> bool {
    type_name::<T>().starts_with(RESULT)
}

/// Whether a value is an `Err`. Of a value that is no `Result` it is not.
#[inline]
pub fn is_error<T>(value: &T) -> bool {
    is_result::<T>() && number::of(&discriminant(value)) == number::of(&discriminant(&Err::<(), ()>(())))
}

/// The future that gives an answer, where that is what a handler returned; otherwise what it returned.
#[inline]
pub(super) fn future_of<R: 'static, T: 'static>(response: R) -> Result<ResponseFuture<T>, Option<R>> {
    let mut response = Some(response);
    let future = (&mut response as &mut dyn Any).downcast_mut::<Option<ResponseFuture<T>>>();
    match future.and_then(Option::take) {
        Some(future) => Ok(future),
        None => Err(response),
    }
}

/// A message whose answer is not there yet, and who waits for it.
pub(super) struct Awaited<T> {
    cell: Arc<ActorCell>,
    /// The cell's life in which it was handled.
    life: u32,
    kind: &'static MessageCell,
    /// Raw ticks of the entry into the handler.
    entered: u64,
    reply: Reply<T>,
    /// The whole name of the message's type.
    message: &'static str,
    span: Span,
}

impl<T: 'static> Awaited<T> {
    pub(super) fn new(
        cell: Arc<ActorCell>,
        kind: &'static MessageCell,
        entered: u64,
        reply: Reply<T>,
        message: &'static str,
        span: Span,
    ) -> Self {
        Self {
            life: cell.life(),
            cell,
            kind,
            entered,
            reply,
            message,
            span,
        }
    }

    /// Has a future give the answer, as a task of its own as in actix. It is the actor's, and of the chain.
    pub(super) fn given_by(self, future: ResponseFuture<T>) {
        let pending = Pending::new(Arc::clone(&self.cell));
        let cell = Arc::clone(&self.cell);
        let unanswered = Unanswered(Some(self));
        actix_rt::spawn(Carried::of(&cell, Cause::here(), async move {
            // Both dropped within, where it panics.
            let (pending, unanswered) = (pending, unanswered);
            let answer = future.await;
            drop(pending);
            unanswered.answer(answer);
        }));
    }

    /// Passes the answer on: now, where it is there, else when it comes.
    pub(super) fn follow(self, mut answer: Receiver<T>) {
        use tokio::sync::oneshot::error::TryRecvError;
        match answer.try_recv() {
            Ok(answer) => self.pass_on(answer),
            // Nobody will answer: the handler said so at once, as actix lets it.
            Err(TryRecvError::Closed) => {}
            Err(TryRecvError::Empty) => {
                let pending = Pending::new(Arc::clone(&self.cell));
                // The answer belongs to the chain, and nothing else that runs in this task.
                let cause = Cause::here();
                actix_rt::spawn(async move {
                    let answer = answer.await;
                    drop(pending);
                    cause.run(|| match answer {
                        Ok(answer) => self.pass_on(answer),
                        Err(_) => self.tell_no_answer(),
                    });
                });
            }
        }
    }

    /// Counts first: who has the answer sees the counters. Where the actor has ended, another may have taken over its counters,
    /// perhaps on another thread.
    fn pass_on(self, answer: T) {
        let (cell, kind) = (&self.cell, self.kind);
        if level() == Level::Traffic {
            let took = clock::between(self.entered, clock::raw());
            if cell.ended().is_some() {
                answered_late(cell, kind, took);
            } else {
                answered(cell, kind, took);
            }
        }
        let is_wrong = is_error(&answer);
        self.span.end(is_wrong);
        if is_wrong {
            answered_wrongly(cell, kind);
            cell.newest().tell_error_answer(self.message, clock::raw());
        }
        if let Some(reply) = self.reply.into_sender() {
            // Whoever asked may have given up.
            let _given_up = reply.send(answer);
        }
    }

    /// What was to give the answer panicked on its own, or was thrown away. With its actor, or with that one's life, it is no news.
    fn tell_no_answer(&self) {
        if self.cell.is_running() && self.cell.life() == self.life {
            answered_wrongly(&self.cell, self.kind);
            self.cell.tell_no_answer(self.message);
        }
    }
}

/// Dropped before it was answered, by a panic, it says that no answer comes.
struct Unanswered<T: 'static>(Option<Awaited<T>>);

impl<T: 'static> Unanswered<T> {
    fn answer(mut self, answer: T) {
        if let Some(awaited) = self.0.take() {
            awaited.pass_on(answer);
        }
    }
}

impl<T: 'static> Drop for Unanswered<T> {
    fn drop(&mut self) {
        // Otherwise it goes with its arbiter, and nobody is there to hear of it.
        if let Some(awaited) = self.0.take()
            && std::thread::panicking()
        {
            awaited.tell_no_answer();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU8;

    use super::*;

    #[test]
    fn errors_of_every_layout_are_told_from_answers() {
        assert!(is_error(&Err::<(), ()>(())) && !is_error(&Ok::<(), ()>(())));
        assert!(is_error(&Err::<u64, String>("no".into())) && !is_error(&Ok::<u64, String>(7)));
        // Laid out without a tag of their own.
        assert!(is_error(&Err::<Box<u8>, ()>(())) && !is_error(&Ok::<Box<u8>, ()>(Box::new(1))));
        let niche = NonZeroU8::new(3);
        assert!(is_error(&niche.ok_or(()).and(Err::<NonZeroU8, ()>(()))) && !is_error(&niche.ok_or(())));
        assert!(!is_error(&Ok::<u8, std::convert::Infallible>(1)));
        assert!(is_error(&Err::<std::convert::Infallible, u8>(1)));
        assert!(is_error(&std::io::Result::<()>::Err(
            std::io::ErrorKind::Other.into()
        )));
    }

    #[test]
    fn what_is_no_result_is_no_error() {
        #[expect(dead_code, reason = "the variant before it has the number of `Err`")]
        enum Result2 {
            Ok,
            Err,
        }
        assert!(!is_error(&None::<u8>) && !is_error(&Some(1)));
        assert!(!is_error(&Result2::Err) && !is_error(&1_u8) && !is_error(&true));
    }

    #[test]
    fn the_compiler_names_results_as_it_is_written_here() {
        assert!(type_name::<Result<(), ()>>().starts_with(RESULT));
        assert!(type_name::<std::io::Result<String>>().starts_with(RESULT));
    }

    #[test]
    fn handlers_answer_at_once_or_later() {
        assert_eq!(manner::<(), ()>(), Manner::Plain);
        assert_eq!(manner::<Option<u8>, Option<u8>>(), Manner::Plain);
        type Fallible = Result<Vec<u8>, std::io::Error>;
        assert_eq!(manner::<Fallible, Fallible>(), Manner::Fallible);
        assert_eq!(
            manner::<actix::ResponseFuture<Fallible>, Fallible>(),
            Manner::Later
        );
        assert_eq!(manner::<actix::ResponseFuture<()>, ()>(), Manner::Later);
    }
}
