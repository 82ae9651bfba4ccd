//! The actor that finds runs that nobody runs any more while this process serves, and those that were left when it began:
//! their own process was killed, or their actor is gone. It goes on with those that are to be gone on with, ends the others as
//! lost, and removes what they left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::Context;

use super::starter::Starter;
use crate::engine::{Engine, EngineError, Recovered};
use crate::id::RunId;
use crate::machine::{self, Choice};

/// How often to look.
const ROUND: Duration = Duration::from_secs(3);

/// Rounds between two tries to remove what could not be removed before, or to go on with a run that could not be.
const PATIENCE: u32 = 20;

/// Finds what dead processes left.
pub(super) struct Janitor {
    engine: Engine,
    starter: Arc<Starter>,
    looking: bool,
    round: u32,
    /// Runs that could not be gone on with yet, each with why.
    waiting: Waiting,
}

type Waiting = BTreeMap<RunId, String>;

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
        let again = self.round.is_multiple_of(PATIENCE);
        let before = self.waiting.clone();
        let looked = async move {
            // The history first, which is cheap; an engine is asked only when somebody has died, and from time to time as
            // long as something of the dead may be left.
            let found = engine.recover(Vec::new()).await?;
            let waiting = resume(&starter, &found.resumable, before, again).await;
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

/// Goes on with runs whose process has died. Those that have to wait are the answer; who had to before is tried again when
/// `again` says so.
async fn resume(starter: &Starter, runs: &[RunId], before: Waiting, again: bool) -> Waiting {
    let mut waiting = Waiting::new();
    for run in runs {
        let known = before.get(run);
        if let Some(why) = known.filter(|_| !again) {
            waiting.insert(run.clone(), why.clone());
            continue;
        }
        let problem = match starter.resume(run).await {
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
        if known != Some(&why) {
            tracing::warn!(%run, %why, "a run of a dead process cannot be gone on with yet; it is tried again");
        }
        waiting.insert(run.clone(), why);
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
