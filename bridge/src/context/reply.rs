//! The way of an answer back to whoever asked.

use std::sync::Arc;

use actix::dev::OneshotSender;

use crate::cell::ActorCell;
use crate::measure::{Ask, MessageCell, Sender};

/// Where an answer goes.
pub(crate) enum Reply<R> {
    /// Nobody waits for it.
    Nobody,
    /// Somebody does.
    Plain(OneshotSender<R>),
    /// An actor does, and somebody looks at who waits for whom.
    Followed(Arc<Ask<R>>),
}

impl<R> Reply<R> {
    #[inline]
    pub(crate) fn new(reply: Option<OneshotSender<R>>) -> Self {
        match reply {
            Some(reply) => Self::Plain(reply),
            None => Self::Nobody,
        }
    }

    /// The same for an ask of an actor of type `A` by `from`.
    #[inline]
    pub(crate) fn of_ask<A: 'static>(
        reply: Option<OneshotSender<R>>,
        from: Sender,
        message: &'static MessageCell,
    ) -> Self
    where
        R: Send + 'static,
    {
        match reply {
            Some(reply) if from.is_an_actor() => match Ask::begin::<A>(reply, from, message) {
                Ok(ask) => Self::Followed(ask),
                Err(reply) => Self::Plain(reply),
            },
            reply => Self::new(reply),
        }
    }

    pub(crate) fn is_asked(&self) -> bool {
        !matches!(self, Self::Nobody)
    }

    /// Whether somebody asked and waits no more.
    #[inline]
    pub(crate) fn is_given_up(&self) -> bool {
        match self {
            Self::Nobody => false,
            Self::Plain(reply) => reply.is_closed(),
            Self::Followed(ask) => ask.is_given_up(),
        }
    }

    /// The actor takes the message.
    #[inline]
    pub(crate) fn taken_by(&self, cell: &Arc<ActorCell>) {
        if let Self::Followed(ask) = self {
            ask.taken_by(cell);
        }
    }

    /// For the answer, which comes now.
    #[inline]
    pub(crate) fn into_sender(self) -> Option<OneshotSender<R>> {
        match self {
            Self::Nobody => None,
            Self::Plain(reply) => Some(reply),
            Self::Followed(ask) => ask.answer(),
        }
    }
}
