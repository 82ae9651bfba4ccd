//! `retry`, `skip` and `end`: answer a run that is paused, whichever process runs it, and follow it from there.

use crate::cli::args::{AnswerArgs, Global};
use crate::cli::output::Known;
use crate::cli::run::attend_other;
use crate::cli::runs::{is_meant, load};
use crate::cli::signals::Stops;
use crate::cli::{Exit, setup, talk};
use crate::event::PauseAnswer;
use crate::id::JobId;
use crate::state::Run;

/// Has the paused step done again, and ends as `run` does.
pub(in crate::cli) async fn retry(global: Global, args: AnswerArgs) -> Exit {
    say(global, args, PauseAnswer::Retry).await
}

/// Says how a paused step goes on, and ends as `run` does.
pub(in crate::cli) async fn say(global: Global, args: AnswerArgs, answer: PauseAnswer) -> Exit {
    answer_and_follow(&global, &args, answer)
        .await
        .unwrap_or_else(|exit| exit)
}

async fn answer_and_follow(global: &Global, args: &AnswerArgs, answer: PauseAnswer) -> Result<Exit, Exit> {
    let mut stops = Stops::listen().map_err(|error| {
        talk::error(&format!("signals cannot be listened for: {error}"));
        Exit::Machine
    })?;
    let workspace = setup::workspace(global)?;
    let engine = setup::engine(global, &workspace).await?;
    // A run whose process is gone is lost, not paused.
    setup::recover(&engine, Vec::new()).await;
    let run = load(&engine, &args.run).await?;
    // What is printed is what follows: where the logs stand is asked before anything goes on.
    let inside = engine.clone();
    let known = engine.io().spawn_blocking(move || Known::so_far(&inside, run));
    let mut known = known.await.map_err(|_| Exit::Machine)?;
    known.run = load(&engine, &known.run.id.0).await?;
    let jobs = meant(&known.run, args.job.as_deref())?;
    for job in &jobs {
        engine
            .answer(&known.run.id, Some(job), answer)
            .await
            .map_err(|error| {
                talk::error(&format!("failed to {}", crate::chain::chain(&error)));
                Exit::Machine
            })?;
    }
    attend_other(&engine, known, jobs, &mut stops, args.format).await
}

/// The paused jobs that are meant.
fn meant(run: &Run, named: Option<&str>) -> Result<Vec<JobId>, Exit> {
    let paused: Vec<&JobId> = run
        .jobs
        .iter()
        .filter(|(_, job)| job.is_paused())
        .map(|(id, _)| id)
        .collect();
    let jobs: Vec<JobId> = paused
        .iter()
        .filter(|id| named.is_none_or(|named| is_meant(id, named)))
        .map(|id| (*id).clone())
        .collect();
    if !jobs.is_empty() {
        return Ok(jobs);
    }
    if run.state.is_final() {
        talk::error(&format!(
            "run {} has ended, as {}; nothing of it is paused",
            run.id, run.state
        ));
        talk::help("start it again: `loom-runtime run --pause-on-failure` stops at a step that fails");
    } else if let (Some(named), false) = (named, paused.is_empty()) {
        let paused: Vec<&str> = paused.iter().map(|id| id.0.as_str()).collect();
        talk::error(&format!(
            "the job `{named}` of run {} is not paused; those that are: {}",
            run.id,
            paused.join(", ")
        ));
    } else {
        talk::error(&format!("nothing of run {} is paused", run.id));
        talk::help("`loom-runtime runs show` says how it stands");
    }
    Err(Exit::Usage)
}
