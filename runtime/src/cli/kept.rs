//! Places that `run --keep` has kept: what is said of them, and their end.

use super::args::CleanArgs;
use super::runs::load;
use super::{Exit, talk};
use crate::engine::{Engine, KeptError, KeptPlace};
use crate::id::{JobId, RunId};
use crate::state::Run;

/// Says of each place of a run that was kept how to get in, and how to remove it.
pub(super) fn tell(run: &Run) {
    for (job, _) in run.jobs.iter().filter(|(_, job)| job.place_kept) {
        say(&run.id, job);
    }
}

/// The same of places that are there.
pub(super) fn tell_of(places: &[KeptPlace]) {
    for place in places {
        say(&place.run, &place.job);
    }
}

fn say(run: &RunId, job: &JobId) {
    talk::note(&format!(
        "the place of job {job} is kept: `loom-runtime shell {run} {job}` opens a shell in it, `loom-runtime runs clean {run} {job}` \
         removes it"
    ));
}

/// The kept places of a run.
pub(super) async fn of(engine: &Engine, run: &RunId) -> Result<Vec<KeptPlace>, Exit> {
    let mut places = all(engine).await?;
    places.retain(|place| place.run == *run);
    Ok(places)
}

/// All kept places.
pub(super) async fn all(engine: &Engine) -> Result<Vec<KeptPlace>, Exit> {
    engine.kept().await.map_err(|error| {
        talk::error(&format!("failed to {}", crate::chain::chain(&error)));
        Exit::Machine
    })
}

/// `runs clean`: removes the kept places of one run, or of all.
pub(super) async fn clean(engine: &Engine, args: &CleanArgs) -> Result<(), Exit> {
    let places = match &args.run {
        None => all(engine).await?,
        Some(run) => {
            let run = load(engine, run).await?;
            let mut places = of(engine, &run.id).await?;
            if let Some(job) = &args.job {
                if !run.jobs.keys().any(|id| id.is_of(job)) {
                    talk::error(&format!("run {} has no job `{job}`", run.id));
                    talk::help(&format!("`loom-runtime runs show {}` shows its jobs", run.id));
                    return Err(Exit::Usage);
                }
                places.retain(|place| place.job.is_of(job));
            }
            if places.is_empty() {
                talk::note(&match &args.job {
                    None => format!("no place of run {} is kept", run.id),
                    Some(job) => format!("the place of job {job} of run {} is not kept", run.id),
                });
                return Ok(());
            }
            places
        }
    };
    if places.is_empty() {
        talk::note("no place is kept");
    }
    if remove(engine, &places, args.force).await {
        Ok(())
    } else {
        Err(Exit::Machine)
    }
}

/// Removes these places, and says what comes of each. Whether none is kept any more; with `force` one is not, also when
/// something of it stays.
pub(super) async fn remove(engine: &Engine, places: &[KeptPlace], force: bool) -> bool {
    let mut good = true;
    for place in places {
        let (job, run) = (&place.job, &place.run);
        let removed = if force {
            engine.abandon_kept(place).await
        } else {
            engine.remove_kept(place).await.map(|()| None)
        };
        match removed {
            Ok(None) => talk::note(&format!("removed the place of job {job} of run {run}")),
            Ok(Some(left)) => talk::warning(&format!(
                "the place of job {job} of run {run} is kept no longer, and {left}"
            )),
            Err(error) => {
                good = false;
                talk::error(&format!("failed to {}", crate::chain::chain(&error)));
                if let KeptError::Stays { .. } = error {
                    talk::help("with `--force` it is kept no longer, whatever stays of it");
                }
            }
        }
    }
    good
}
