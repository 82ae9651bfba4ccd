//! The place of a job that is done is left as it is, for people who look into it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entrance::Entrance;
use super::machine::Trouble;
use super::opened::Opened;
use super::opening::{broke_off, brought_files, reclaim, remove, written};
use crate::chain::chain;
use crate::engine::kept::{self, KeptPlace};
use crate::executor::{Closed, ContainerSpec, Program, RoomSpec, StepSpec};
use crate::output::Masks;
use crate::plan::JobPlan;

/// What came of keeping a place.
#[derive(Debug, Default)]
pub(in crate::engine) struct Left {
    pub(in crate::engine) closed: Closed,
    /// Whether it is there; else it was removed.
    pub(in crate::engine) is_kept: bool,
}

/// Ends what runs in the place and leaves the rest. What cannot be kept is removed; a panic on the way leaves nothing
/// behind either.
pub(in crate::engine) async fn keep(opened: Opened, entrances: Vec<Entrance>) -> Result<Left, Trouble> {
    let (shared, executor, key) = (
        Arc::clone(&opened.shared),
        Arc::clone(&opened.executor),
        opened.key.clone(),
    );
    let io = shared.io.clone();
    let broken = match io.spawn(leave(opened, entrances)).await {
        Ok(left) => return left,
        Err(broken) => broke_off(&broken),
    };
    tracing::error!(job = %key.job, cause = %broken.reason.message, "keeping a job's place broke off");
    reclaim(&shared, &*executor, &key).await.map(|()| Left::default())
}

async fn leave(opened: Opened, entrances: Vec<Entrance>) -> Result<Left, Trouble> {
    opened.grounds.at_rest().await;
    let without = secret_services(&opened);
    for name in &without {
        opened.notes.say(&format!(
            "the service `{name}` is not kept: what it is made of holds a secret, which everybody would see who may use the \
             engine"
        ));
    }
    let left = match stay(&opened, entrances, &without).await {
        Ok(closed) => {
            for process in &closed.killed {
                let text = format!("a step left process {process} running; it was ended");
                opened.notes.say(&text);
            }
            opened.notes.say("the job's place is kept");
            Ok(Left {
                closed,
                is_kept: true,
            })
        }
        Err(cause) => {
            opened.notes.say(&format!("the job's place is not kept: {cause}"));
            reclaim(&opened.shared, &*opened.executor, &opened.key)
                .await
                .map(|()| Left::default())
        }
    };
    let now = opened.shared.world.now();
    written(&opened.shared, opened.log, move |log| log.finish(now)).await;
    left
}

/// Has the place stay, and writes down that it does.
async fn stay(opened: &Opened, entrances: Vec<Entrance>, without: &[String]) -> Result<Closed, String> {
    let closed = opened
        .place
        .keep(without)
        .await
        .map_err(|error| format!("failed to {}", chain(&error)))?;
    let (shared, key) = (&opened.shared, &opened.key);
    let services = !opened.grounds.plan.services.is_empty();
    let engine = if services || opened.executor.name() != "host" {
        let address = shared.executors.docker.address().await;
        address.map_err(|error| format!("failed to {}", chain(&error)))?
    } else {
        None
    };
    let place = KeptPlace {
        run: key.run.clone(),
        job: key.job.clone(),
        attempt: key.attempt,
        executor: opened.executor.name().to_owned(),
        services,
        engine,
        since: shared.world.now(),
        entrances,
    };
    let jobs = shared.directory.jobs();
    let noted = shared.io.blocking(move || kept::note(&jobs, &place));
    let noted = noted.await.map_err(|broken| broken.to_string())?;
    noted.map_err(|error| format!("it cannot be written down: {error}"))?;
    // What was brought from it was for the job alone.
    if let Err(error) = remove(&shared.io, vec![brought_files(shared, key)]).await {
        tracing::debug!(%error, "what was brought from a kept place stays");
    }
    Ok(closed)
}

/// The services that would show a secret to everybody who may use the engine.
fn secret_services(opened: &Opened) -> Vec<String> {
    let masks = &opened.grounds.masks;
    let shows = |spec: &ContainerSpec| {
        let words = [
            Some(&spec.options),
            spec.entrypoint.as_ref(),
            spec.command.as_ref(),
        ];
        let words = words
            .into_iter()
            .flatten()
            .chain(spec.env.values())
            .chain(&spec.volumes);
        words.into_iter().any(|word| masks.reveals(word))
    };
    let services = opened.grounds.plan.services.iter();
    services
        .filter(|(_, spec)| shows(spec))
        .map(|(name, _)| name.clone())
        .collect()
}

/// The room of a job that may be kept, and those variables of it that are secret: the engine would show them for as long as
/// the container is there, so its steps get them instead.
pub(super) fn without_secrets(plan: &JobPlan, masks: &Masks) -> (RoomSpec, BTreeMap<String, String>) {
    let mut room = plan.room.clone();
    let mut hidden = BTreeMap::new();
    if let RoomSpec::Container(spec) = &mut room
        && !plan.scope.run.options.keep.is_never()
    {
        spec.env.retain(|name, value| {
            let is_secret = masks.reveals(value);
            if is_secret {
                hidden.insert(name.clone(), value.clone());
            }
            !is_secret
        });
    }
    (room, hidden)
}

impl Opened {
    /// Gives a step of the job's room the variables of the room that the engine was not told.
    pub(super) fn add_hidden(&self, spec: &mut StepSpec) {
        if matches!(spec.program, Program::Container { .. }) {
            return;
        }
        for (name, value) in &self.hidden {
            spec.env.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}
