//! An actor within the one that watches it.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;

use loom_bridge::observe::{Observer, leave_chain, panic_text};
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

use crate::address::Shared;
use crate::sent::Sent;

/// What ractor runs: the application's actor, with all its hooks, and what counts for it.
pub struct Observed<A, M> {
    actor: A,
    shared: Arc<Shared<M>>,
}

/// The application's state, and who watches. Dropped by ractor when the actor has ended, however that was.
pub struct Watched<S> {
    observer: Option<Observer>,
    state: S,
}

impl<A, M> Observed<A, M> {
    pub(crate) fn new(actor: A, shared: Arc<Shared<M>>) -> Self {
        Self { actor, shared }
    }
}

/// Runs one of its hooks as the actor's own doing. A panic is written into its journal, and goes on to ractor.
async fn watched<F>(observer: &mut Option<Observer>, work: F) -> F::Output
where
    F: Future,
{
    let mut work = pin!(work);
    poll_fn(|task| {
        let Some(watching) = observer.as_mut() else {
            return work.as_mut().poll(task);
        };
        let polled = catch_unwind(AssertUnwindSafe(|| watching.poll(|_| work.as_mut().poll(task))));
        match polled {
            Ok(polled) => polled,
            Err(panic) => {
                if let Some(observer) = observer.take() {
                    observer.panicked(&panic_text(&*panic));
                }
                resume_unwind(panic)
            }
        }
    })
    .await
}

/// Where a hook returned an error, ractor ends the actor.
fn failed(observer: &mut Option<Observer>, outcome: &Result<(), ActorProcessingErr>) {
    if let Err(error) = outcome
        && let Some(observer) = observer.take()
    {
        observer.failed(error.to_string());
    }
}

impl<A, M> Actor for Observed<A, M>
where
    A: Actor<Msg = Sent<M>>,
    M: Send + 'static,
{
    type Msg = Sent<M>;
    type State = Watched<A::State>;
    type Arguments = (Observer, A::Arguments);

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        (observer, arguments): Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let mut observer = Some(observer);
        match watched(&mut observer, self.actor.pre_start(myself, arguments)).await {
            Ok(state) => Ok(Watched { observer, state }),
            Err(error) => {
                if let Some(observer) = observer {
                    observer.failed(error.to_string());
                }
                Err(error)
            }
        }
    }

    async fn post_start(
        &self,
        myself: ActorRef<Self::Msg>,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let Watched { observer, state } = state;
        let outcome = watched(observer, self.actor.post_start(myself, state)).await;
        failed(observer, &outcome);
        outcome
    }

    async fn post_stop(
        &self,
        myself: ActorRef<Self::Msg>,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let Watched { observer, state } = state;
        let outcome = watched(observer, self.actor.post_stop(myself, state)).await;
        failed(observer, &outcome);
        if let Some(observer) = observer.take() {
            observer.stopped();
        }
        outcome
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        mut sent: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let Watched { observer, state } = state;
        sent.queued = None;
        let (letter, asked) = (sent.letter.take(), sent.asked.take());
        let kind = self.shared.kind_of(&sent.message);
        let seen = &self.shared.actor;
        let Some(letter) = letter else {
            return watched(observer, self.actor.handle(myself, sent, state)).await;
        };
        if asked.as_ref().is_some_and(|asked| asked.is_given_up()) {
            seen.cancel(letter);
            return Ok(());
        }
        let work = async {
            // Within the poll, so that what follows is of the message's chain.
            let handling = seen.take_as(letter, kind, asked.is_some());
            let handling = match &asked {
                Some(asked) => {
                    asked.taken(handling);
                    None
                }
                None => Some(handling),
            };
            let outcome = self.actor.handle(myself, sent, state).await;
            match (handling, &outcome) {
                (Some(handling), Ok(())) => handling.end(),
                (Some(handling), Err(_)) => handling.fail(),
                (None, _) => {}
            }
            if let Some(asked) = &asked {
                asked.go_on_elsewhere();
            }
            leave_chain();
            outcome
        };
        let outcome = watched(observer, work).await;
        failed(observer, &outcome);
        outcome
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let Watched { observer, state } = state;
        let outcome = watched(observer, self.actor.handle_supervisor_evt(myself, event, state)).await;
        failed(observer, &outcome);
        outcome
    }
}
