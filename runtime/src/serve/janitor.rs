//! The actor that finds runs whose process was killed while this one serves, and removes what they left.

use std::time::Duration;

use actix::prelude::*;
use loom_bridge::Context;

use crate::engine::{Engine, EngineError, Recovered, Remains};
use crate::machine::{self, Choice};

/// How often to look.
const ROUND: Duration = Duration::from_secs(3);

/// Finds what dead processes left.
pub(super) struct Janitor {
    engine: Engine,
    choice: Choice,
    looking: bool,
}

impl Janitor {
    pub(super) fn new(engine: Engine, choice: Choice) -> Self {
        Self {
            engine,
            choice,
            looking: false,
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        crate::fault::in_actor("janitor");
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (engine, choice) = (self.engine.clone(), self.choice);
        let looked = async move {
            // The history first, which is cheap; an engine is asked only when somebody has died.
            let found = engine.recover(Vec::new(), Remains::New).await?;
            if found.runs.is_empty() {
                return Ok(found);
            }
            let mut executors = vec![machine::host(&engine).await];
            if choice != Choice::Host
                && let Ok(docker) = machine::docker(&engine).await
            {
                executors.push(docker);
            }
            let swept = engine.recover(executors, Remains::All).await?;
            Ok(Recovered {
                runs: found.runs,
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
                    tracing::warn!(%run, "the process that ran it is gone; it is marked as lost");
                }
                for problem in &recovered.problems {
                    tracing::warn!(%problem, "something of a lost run is left");
                }
            }
            Err(error) => tracing::warn!(%error, "what dead processes left cannot be looked for"),
        }
    }
}
