//! The actor that finds runs that nobody runs any more while this process serves (their own was killed, or their actor is
//! gone), ends them as lost and removes what they left.

use std::time::Duration;

use actix::prelude::*;
use loom_bridge::Context;

use crate::engine::{Engine, EngineError, Recovered};
use crate::machine::{self, Choice};

/// How often to look.
const ROUND: Duration = Duration::from_secs(3);

/// Rounds between two tries to remove what could not be removed before.
const PATIENCE: u32 = 20;

/// Finds what dead processes left.
pub(super) struct Janitor {
    engine: Engine,
    choice: Choice,
    looking: bool,
    round: u32,
}

impl Janitor {
    pub(super) fn new(engine: Engine, choice: Choice) -> Self {
        Self {
            engine,
            choice,
            looking: false,
            round: 0,
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        crate::fault::in_actor("janitor");
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (engine, choice) = (self.engine.clone(), self.choice);
        self.round = self.round.wrapping_add(1);
        let again = self.round.is_multiple_of(PATIENCE);
        let looked = async move {
            // The history first, which is cheap; an engine is asked only when somebody has died, and from time to time as
            // long as something of the dead may be left.
            let found = engine.recover(Vec::new()).await?;
            let clean = found.unswept.is_empty() && found.awake.is_empty();
            if clean || (found.runs.is_empty() && !again) {
                return Ok(found);
            }
            let swept = engine
                .recover(machine::for_recovery(&engine, choice != Choice::Host).await)
                .await?;
            Ok(Recovered {
                runs: found.runs.into_iter().chain(swept.runs).collect(),
                ..swept
            })
        };
        ctx.spawn(
            looked
                .into_actor(self)
                .map(|looked, _, ctx| ctx.notify(Looked(looked))),
        );
    }
}

impl Actor for Janitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.run_interval(ROUND, |act, ctx| act.look(ctx));
    }
}

/// A round has ended.
#[derive(Message)]
#[rtype(result = "()")]
struct Looked(Result<Recovered, EngineError>);

impl Handler<Looked> for Janitor {
    type Result = ();

    fn handle(&mut self, Looked(looked): Looked, _: &mut Context<Self>) {
        self.looking = false;
        match looked {
            Ok(recovered) => {
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
