//! `retry`, `skip` and `end`: answer a run that is paused, whichever process runs it, and follow it from there.

use super::waiting::{Waiting, waiting};
use crate::cli::args::{AnswerArgs, Global};
use crate::cli::output::Known;
use crate::cli::run::attend_other;
use crate::cli::runs::load;
use crate::cli::signals::Stops;
use crate::cli::{Exit, setup, talk};
use crate::event::PauseAnswer;
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
    setup::recover(&engine, Vec::new(), &mut setup::Warned::default()).await;
    let run = load(&engine, &args.run).await?;
    // What is printed is what follows: where the logs stand is asked before anything goes on.
    let inside = engine.clone();
    let known = engine.io().spawn_blocking(move || Known::so_far(&inside, run));
    let mut known = known.await.map_err(|_| Exit::Machine)?;
    known.run = load(&engine, &known.run.id.0).await?;
    let meant = meant(&known.run, args)?;
    for one in &meant {
        one.answer(&engine, &known.run.id, answer)
            .await
            .map_err(|error| {
                talk::error(&format!("failed to {}", crate::chain::chain(&error)));
                Exit::Machine
            })?;
    }
    let answered = meant.into_iter().map(|one| (one.job, one.step)).collect();
    attend_other(&engine, known, answered, &mut stops, args.format).await
}

/// The paused steps that are meant.
fn meant(run: &Run, args: &AnswerArgs) -> Result<Vec<Waiting>, Exit> {
    let paused = waiting(run);
    let of_job = |one: &&Waiting| args.job.as_deref().is_none_or(|named| one.job.is_of(named));
    let jobs: Vec<&Waiting> = paused.iter().filter(of_job).collect();
    let of_step = |one: &&&Waiting| args.step.as_deref().is_none_or(|named| one.is_step(named));
    let steps: Vec<Waiting> = jobs.iter().filter(of_step).map(|one| (*one).clone()).collect();
    if !steps.is_empty() {
        return Ok(steps);
    }
    if run.state.is_final() {
        talk::error(&format!(
            "run {} has ended, as {}; nothing of it is paused",
            run.id, run.state
        ));
        talk::help("start it again: `loom-runtime run --pause-on-failure` stops at a step that fails");
    } else if !jobs.is_empty() {
        let all: Vec<String> = jobs.iter().map(|one| one.line()).collect();
        talk::error(&format!("that step is not paused; what is: {}", all.join("; ")));
    } else if let (Some(named), false) = (args.job.as_deref(), paused.is_empty()) {
        let mut others: Vec<&str> = paused.iter().map(|one| one.job.0.as_str()).collect();
        others.dedup();
        talk::error(&format!(
            "the job `{named}` of run {} is not paused; those that are: {}",
            run.id,
            others.join(", ")
        ));
    } else {
        talk::error(&format!("nothing of run {} is paused", run.id));
        talk::help("`loom-runtime runs show` says how it stands");
    }
    Err(Exit::Usage)
}
