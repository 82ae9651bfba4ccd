//! A run that goes on, as the one who started it sees it: what it prints, signals that end it, pauses that are answered.

use super::super::args::Format;
use super::super::output::{self, Attention, Audience, Known, Subject, follow, printer};
use super::super::pause::{Asker, Choice, Waiting, is_anybody_there, leave_alone};
use super::super::signals::{Stop, Stops};
use super::super::{Exit, kept, talk};
use crate::engine::{Engine, Outcome, RunHandle};
use crate::event::{PauseAnswer, RunState};
use crate::id::{JobId, RunId, StepId};
use crate::state::Run;

/// How a run ended for the one who watched it.
pub(in crate::cli) struct Ended {
    pub(in crate::cli) exit: Exit,
    pub(super) state: Option<RunState>,
    /// Whether nothing here runs any of its jobs.
    pub(super) nothing_could_run: bool,
    /// Whether somebody asked to stop.
    pub(super) was_stopped: bool,
    /// Whether files changed meanwhile.
    pub(super) is_stale: bool,
    /// Whether it went on alone: nobody waits for what would follow.
    pub(super) was_left: bool,
}

impl Ended {
    pub(super) fn word(&self) -> String {
        self.state
            .map_or_else(|| "left".to_owned(), |state| state.to_string())
    }

    fn left(exit: Exit) -> Self {
        Self {
            exit,
            state: None,
            nothing_could_run: false,
            was_stopped: false,
            is_stale: false,
            was_left: false,
        }
    }
}

/// Attends a run of this process to its end.
pub(in crate::cli) async fn attend(
    engine: &Engine,
    handle: RunHandle,
    stops: &mut Stops,
    format: Option<Format>,
) -> Ended {
    let id = handle.id().clone();
    let ending = handle.clone().finished();
    watch(engine, id, Subject::Ours(handle), ending, stops, format).await
}

/// Attends a run of another process, of which these steps were just answered.
///
/// # Errors
/// When it cannot be followed.
pub(in crate::cli) async fn attend_other(
    engine: &Engine,
    run: Known,
    answered: Vec<(JobId, StepId)>,
    stops: &mut Stops,
    format: Option<Format>,
) -> Result<Exit, Exit> {
    let id = run.run.id.clone();
    let subject = Subject::Others {
        run: Box::new(run),
        answered,
    };
    let never = std::future::pending();
    Ok(watch(engine, id, subject, never, stops, format).await.exit)
}

async fn watch(
    engine: &Engine,
    id: RunId,
    subject: Subject,
    ending: impl Future<Output = Outcome>,
    stops: &mut Stops,
    format: Option<Format>,
) -> Ended {
    let is_ours = matches!(subject, Subject::Ours(_));
    let mut asker = is_anybody_there(format).then(|| Asker::new(engine, &id));
    let format = format.unwrap_or(if talk::on_terminal() {
        Format::Pretty
    } else {
        Format::Plain
    });
    let mut ending = std::pin::pin!(ending);
    let (attention, mut news) = tokio::sync::mpsc::channel(16);
    let audience = match asker {
        Some(_) => Audience::Person,
        None => Audience::Program,
    };
    let following = follow(engine.clone(), subject, printer(format), (audience, attention));
    let mut following = engine.io().spawn(following);
    let mut stalled = std::pin::pin!(output::stalled());
    let (mut followed, mut ended) = (None, None);
    let mut asked = 0;
    let mut is_stale = false;
    let mut was_left = false;
    let outcome = loop {
        tokio::select! {
            end = &mut following, if followed.is_none() => {
                if let Ok(Err(error)) = &end {
                    talk::warning(&format!("the run cannot be followed any more: failed to {error}; it goes on"));
                }
                if !is_ours {
                    match &end {
                        Ok(Ok(Some(run))) if run.state.is_final() => ended = Some(Outcome { state: run.state, problem: None }),
                        _ => return Ended::left(Exit::Machine),
                    }
                }
                followed = Some(end);
            }
            outcome = &mut ending, if ended.is_none() => {
                stalled.set(output::stalled());
                ended = Some(outcome);
            }
            Some(attention) = news.recv() => match (attention, &mut asker) {
                (Attention::Waits(open), Some(asker)) => asker.set(open),
                (Attention::StandsStill, None) if is_ours => {
                    was_left = true;
                    leave_alone();
                }
                (Attention::StandsStill, None) => return Ended::left(Exit::Paused),
                _ => {}
            },
            (step, choice) = chosen(&mut asker) => match (step, choice) {
                (Some(step), Choice::Answer(answer)) => order(engine, &id, &step, answer).await,
                (Some(step), Choice::Gone) => {
                    talk::note("nobody answers any more: the job ends");
                    order(engine, &id, &step, PauseAnswer::End).await;
                }
                _ => {}
            },
            // All is told first, however long its reader takes; unless somebody wants it to end.
            () = &mut stalled, if ended.is_some() && followed.is_none() && asked > 0 => {
                talk::warning("nobody reads the output: its rest is not printed; `loom-runtime runs logs` has it");
                if let Some(outcome) = ended.take() { break outcome; }
            }
            stop = stops.next() => {
                let by = match stop {
                    Stop::Asked(by) => by,
                    Stop::Stale => {
                        // Once is enough: a second would not wait for the steps to end.
                        if !std::mem::replace(&mut is_stale, true) && ended.is_none() {
                            talk::note("files have changed: what runs is cancelled");
                            if let Err(error) = engine.cancel(&id, "watch").await {
                                talk::error(&format!("failed to cancel the run: {error}"));
                            }
                        }
                        continue;
                    }
                };
                asked += 1;
                if asked > 2 {
                    talk::warning("left without waiting; what still runs is removed at the next start");
                    return Ended { was_stopped: true, is_stale, ..Ended::left(Exit::Cancelled) };
                }
                if asked == 1 {
                    talk::note("cancelling; once more ends the steps at once, a third time does not wait for that");
                }
                stalled.set(output::stalled());
                if ended.is_none() && let Err(error) = engine.cancel(&id, by).await {
                    talk::error(&format!("failed to cancel the run: {error}"));
                }
            }
        }
        if followed.is_some()
            && let Some(outcome) = ended.take()
        {
            break outcome;
        }
    };
    // Left behind where it waits for a reader.
    following.abort();
    let run = followed.and_then(Result::ok).and_then(Result::ok).flatten();
    if let Some(problem) = &outcome.problem {
        talk::error(&format!("the run's history is incomplete: {problem}"));
    }
    run.iter().for_each(kept::tell);
    Ended {
        exit: Exit::of(outcome.state, run.as_ref().is_none_or(Run::somebody_cancelled)),
        state: Some(outcome.state),
        nothing_could_run: outcome.state == RunState::Skipped
            && run.is_some_and(|run| nothing_could_run(&run)),
        was_stopped: asked > 0,
        is_stale,
        was_left,
    }
}

async fn chosen(asker: &mut Option<Asker>) -> (Option<Waiting>, Choice) {
    match asker {
        Some(asker) => asker.chosen().await,
        None => std::future::pending().await,
    }
}

async fn order(engine: &Engine, run: &RunId, at: &Waiting, answer: PauseAnswer) {
    if let Err(error) = at.answer(engine, run, answer).await {
        talk::error(&format!("failed to {}", crate::chain::chain(&error)));
    }
}

fn nothing_could_run(run: &Run) -> bool {
    run.jobs.values().any(|job| {
        job.reason
            .as_ref()
            .is_some_and(|reason| reason.code == "unmapped-label")
    })
}
