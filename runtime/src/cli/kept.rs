//! Places that `run --keep` has kept: what is said of them, and their end.

use super::args::CleanArgs;
use super::runs::{is_meant, load};
use super::{Exit, talk};
use crate::engine::{Engine, KeptPlace};
use crate::id::{JobId, RunId};
use crate::state::Run;

/// Says of each job of a run that was kept how to get in, and how to remove it.
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
        "job {job} is kept: `loom-runtime shell {run} {job}` opens a shell in it, `loom-runtime runs clean {run} {job}` \
         removes it"
    ));
}

/// What is kept of a run.
pub(super) async fn of(engine: &Engine, run: &RunId) -> Result<Vec<KeptPlace>, Exit> {
    let mut places = all(engine).await?;
    places.retain(|place| place.run == *run);
    Ok(places)
}

/// All that is kept.
pub(super) async fn all(engine: &Engine) -> Result<Vec<KeptPlace>, Exit> {
    engine.kept().await.map_err(|error| {
        talk::error(&format!("failed to {}", crate::chain::chain(&error)));
        Exit::Machine
    })
}

/// `runs clean`: removes what is kept of one run, or of all.
pub(super) async fn clean(engine: &Engine, args: &CleanArgs) -> Result<(), Exit> {
    let places = match &args.run {
        None => all(engine).await?,
        Some(run) => {
            let run = load(engine, run).await?;
            let mut places = of(engine, &run.id).await?;
            if places.is_empty() {
                talk::note(&format!("nothing of run {} is kept", run.id));
                return Ok(());
            }
            if let Some(job) = &args.job {
                let kept: Vec<&str> = places.iter().map(|place| place.job.0.as_str()).collect();
                let kept = kept.join(", ");
                places.retain(|place| is_meant(&place.job, job));
                if places.is_empty() {
                    talk::error(&format!(
                        "the job `{job}` of run {} is not kept; what is: {kept}",
                        run.id
                    ));
                    return Err(Exit::Usage);
                }
            }
            places
        }
    };
    if places.is_empty() {
        talk::note("nothing is kept");
    }
    if remove(engine, &places).await {
        Ok(())
    } else {
        Err(Exit::Machine)
    }
}

/// Removes these places, and says what comes of each. Whether all are gone.
pub(super) async fn remove(engine: &Engine, places: &[KeptPlace]) -> bool {
    let mut good = true;
    for place in places {
        match engine.remove_kept(place).await {
            Ok(()) => talk::note(&format!(
                "removed what was kept of job {} of run {}",
                place.job, place.run
            )),
            Err(error) => {
                good = false;
                talk::error(&format!("failed to {}", crate::chain::chain(&error)));
            }
        }
    }
    good
}
