//! How a handler answers: at once, at once with what may be an error, or later; and whether an answer is an error.
//!
//! Neither can be asked of a type parameter, so both are read off what the language tells of any type: its name, and the
//! discriminant of a value. A compiler that names `Result` otherwise shows in the tests below, and would cost counts of
//! errors, never soundness.

use std::any::type_name;
use std::hash::{Hash, Hasher};
use std::mem::discriminant;
use std::sync::Arc;

use actix::dev::OneshotSender;
use tokio::sync::oneshot::Receiver;

use super::envelope::{answered, answered_wrongly};
use crate::cause::Cause;
use crate::cell::{ActorCell, Pending};
use crate::clock;
use crate::measure::{Level, MessageCell, level};

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
pub(crate) fn is_error<T>(value: &T) -> bool {
    is_result::<T>() && number_of(value) == number_of(&Err::<(), ()>(()))
}

/// The number of an enum's variant.
#[inline]
fn number_of<T>(value: &T) -> u64 {
    let mut number = Number(0);
    discriminant(value).hash(&mut number);
    number.0
}

/// Keeps the one number that a discriminant feeds to a hasher.
struct Number(u64);

impl Hasher for Number {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_isize(&mut self, number: isize) {
        self.0 = number.unsigned_abs() as u64;
    }

    fn finish(&self) -> u64 {
        self.0
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
    answer: Receiver<T>,
    reply: Option<OneshotSender<T>>,
    /// The whole name of the message's type.
    message: &'static str,
}

impl<T: 'static> Awaited<T> {
    pub(super) fn new(
        cell: Arc<ActorCell>,
        kind: &'static MessageCell,
        entered: u64,
        answer: Receiver<T>,
        reply: Option<OneshotSender<T>>,
        message: &'static str,
    ) -> Self {
        Self {
            life: cell.life(),
            cell,
            kind,
            entered,
            answer,
            reply,
            message,
        }
    }

    /// Passes the answer on: now, where it is there, else when it comes.
    pub(super) fn follow(mut self) {
        use tokio::sync::oneshot::error::TryRecvError;
        match self.answer.try_recv() {
            Ok(answer) => pass_on(
                &self.cell,
                self.kind,
                self.entered,
                answer,
                self.reply,
                self.message,
            ),
            // Nobody will answer: the handler said so at once, as actix lets it.
            Err(TryRecvError::Closed) => {}
            Err(TryRecvError::Empty) => {
                let pending = Pending::new(Arc::clone(&self.cell));
                // The answer belongs to the chain, and nothing else that runs in this task.
                let cause = Cause::here();
                actix_rt::spawn(async move {
                    let answer = self.answer.await;
                    drop(pending);
                    let outer = cause.enter();
                    match answer {
                        Ok(answer) => pass_on(
                            &self.cell,
                            self.kind,
                            self.entered,
                            answer,
                            self.reply,
                            self.message,
                        ),
                        // A future that panicked on its own, or was thrown away. With its actor, or with that one's life,
                        // it is no news.
                        Err(_) if self.cell.is_running() && self.cell.life() == self.life => {
                            answered_wrongly(&self.cell, self.kind);
                            self.cell.tell_no_answer(self.message);
                        }
                        Err(_) => {}
                    }
                    outer.enter();
                });
            }
        }
    }
}

/// Counts first: who has the answer sees the counters. Where another actor has taken over the counters, perhaps on another
/// thread, its times are not ours to write.
fn pass_on<T>(
    cell: &Arc<ActorCell>,
    kind: &'static MessageCell,
    entered: u64,
    answer: T,
    reply: Option<OneshotSender<T>>,
    message: &'static str,
) {
    if level() == Level::Traffic && !cell.is_superseded() {
        answered(cell, kind, clock::between(entered, clock::raw()));
    }
    if is_error(&answer) {
        let newest = cell.newest();
        answered_wrongly(&newest, kind);
        newest.tell_error_answer(message);
    }
    if let Some(reply) = reply {
        // Whoever asked may have given up.
        let _given_up = reply.send(answer);
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
