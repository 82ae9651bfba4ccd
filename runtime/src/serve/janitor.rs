//! The actor that finds runs that nobody runs any more while this process serves, and those that were left when it began:
//! their own process was killed, or their actor is gone. It goes on with those that are to be gone on with, ends the others as
//! lost, and removes what they left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::future::join_all;
use loom_bridge::Context;

use super::starter::Starter;
use crate::engine::{Engine, EngineError, Recovered};
use crate::id::RunId;
use crate::machine::{self, Choice};

/// How often to look.
const ROUND: Duration = Duration::from_secs(3);

/// Rounds between two tries to remove what could not be removed before, or to go on with the same run.
const PATIENCE: u32 = 20;

/// Finds what dead processes left.
pub(super) struct Janitor {
    engine: Engine,
    starter: Arc<Starter>,
    looking: bool,
    round: u32,
    /// Runs that could not be gone on with yet.
    waiting: Waiting,
}

type Waiting = BTreeMap<RunId, Wait>;

/// A run that could not be gone on with yet.
#[derive(Clone, Debug)]
struct Wait {
    why: String,
    /// The round in which it was tried last.
    tried: u32,
    /// Whether something could not be fetched for it: to find that out again may take a minute.
    fetches: bool,
}

impl Janitor {
    pub(super) fn new(engine: Engine, starter: Arc<Starter>) -> Self {
        Self {
            engine,
            starter,
            looking: false,
            round: 0,
            waiting: Waiting::new(),
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        crate::fault::in_actor("janitor");
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (engine, starter) = (self.engine.clone(), Arc::clone(&self.starter));
        self.round = self.round.wrapping_add(1);
        let round = self.round;
        let again = round.is_multiple_of(PATIENCE);
        let before = self.waiting.clone();
        let looked = async move {
            // The history first, which is cheap; an engine is asked only when somebody has died, and from time to time as
            // long as something of the dead may be left.
            let found = engine.recover(Vec::new()).await?;
            let waiting = resume(&starter, &found.resumable, before, round).await;
            let clean = found.unswept.is_empty() && found.awake.is_empty();
            if clean || (found.runs.is_empty() && !again) {
                return Ok((found, waiting));
            }
            let with_engine = starter.choice() != Choice::Host;
            let swept = engine
                .recover(machine::for_recovery(&engine, with_engine).await)
                .await?;
            let recovered = Recovered {
                runs: found.runs.into_iter().chain(swept.runs).collect(),
                ..swept
            };
            Ok((recovered, waiting))
        };
        ctx.spawn(
            looked
                .into_actor(self)
                .map(|looked, _, ctx| ctx.notify(Looked(looked))),
        );
    }
}

/// Which of these runs are tried in this round, in order. Those for which something is fetched come last and one a round, so
/// that the others do not wait for a network that is not there.
fn due<'a>(runs: &'a [RunId], before: &Waiting, round: u32) -> Vec<&'a RunId> {
    let since = |run: &RunId| {
        before
            .get(run)
            .map_or(u32::MAX, |wait| round.wrapping_sub(wait.tried))
    };
    let fetches = |run: &RunId| before.get(run).is_some_and(|wait| wait.fetches);
    let due = runs.iter().filter(|run| since(run) >= PATIENCE);
    let (last, mut tried): (Vec<_>, Vec<_>) = due.partition(|run| fetches(run));
    tried.extend(last.into_iter().max_by_key(|run| since(run)));
    tried
}

/// Goes on with runs whose process has died. Those that have to wait are the answer.
async fn resume(starter: &Starter, runs: &[RunId], before: Waiting, round: u32) -> Waiting {
    let tried = due(runs, &before, round);
    let wait_on = runs.iter().filter(|run| !tried.contains(run));
    let mut waiting: Waiting = wait_on
        .filter_map(|run| Some((run.clone(), before.get(run)?.clone())))
        .collect();
    // All at once: while one is waited for, the agents of the others may end.
    let resumed = join_all(tried.iter().map(|run| starter.resume(run))).await;
    for (run, resumed) in tried.into_iter().zip(resumed) {
        let problem = match resumed {
            Ok(()) => {
                tracing::info!(%run, "its process had died; this one goes on with it");
                continue;
            }
            Err(problem) => problem,
        };
        let why = crate::chain::chain(&problem);
        if problem.lasts() {
            tracing::warn!(%run, %why, "a run of a dead process is not gone on with; it is marked as lost");
            if let Err(error) = starter.give_up(run, &problem).await {
                tracing::warn!(%run, %error, "the end of a run cannot be written");
            }
            continue;
        }
        if before.get(run).is_none_or(|wait| wait.why != why) {
            tracing::warn!(%run, %why, "a run of a dead process cannot be gone on with yet; it is tried again");
        }
        let wait = Wait {
            why,
            tried: round,
            fetches: problem.is_of_fetching(),
        };
        waiting.insert(run.clone(), wait);
    }
    waiting
}

impl Actor for Janitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.look(ctx);
        ctx.run_interval(ROUND, |act, ctx| act.look(ctx));
    }
}

/// A round has ended.
#[derive(Message)]
#[rtype(result = "()")]
struct Looked(Result<(Recovered, Waiting), EngineError>);

impl Handler<Looked> for Janitor {
    type Result = ();

    fn handle(&mut self, Looked(looked): Looked, _: &mut Context<Self>) {
        self.looking = false;
        match looked {
            Ok((recovered, waiting)) => {
                self.waiting = waiting;
                for run in &recovered.runs {
                    tracing::warn!(%run, "nobody runs it any more; it is marked as lost");
                }
                for problem in &recovered.problems {
                    tracing::warn!(%problem, "something of a lost run is left");
                }
            }
            Err(error) => tracing::warn!(%error, "what dead processes left cannot be looked for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_fetch_come_last_and_one_a_round() {
        let ids = ["slow", "slower", "engine", "new", "just-tried"].map(|id| RunId(id.into()));
        let wait = |tried, fetches| Wait {
            why: String::new(),
            tried,
            fetches,
        };
        let before: Waiting = [
            (ids[0].clone(), wait(2, true)),
            (ids[1].clone(), wait(1, true)),
            (ids[2].clone(), wait(2, false)),
            (ids[4].clone(), wait(PATIENCE, false)),
        ]
        .into();
        let tried = due(&ids, &before, PATIENCE + 2);
        assert_eq!(tried, [&ids[2], &ids[3], &ids[1]]);
    }
}
