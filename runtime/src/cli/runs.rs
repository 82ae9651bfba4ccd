//! `loom-runtime runs`: what ran and how it went, read from the history.

use jiff::Zoned;

use super::args::{DataFormat, Global, ListArgs, RunsCommand, ShowArgs};
use super::output::{Tails, for_stdout, numbered, page, place, since, tails};
use super::pause::waiting;
use super::{Exit, data, kept, logs, prune, rerun, search, setup, talk};
use crate::engine::Engine;
use crate::event::Seq;
use crate::id::RunId;
use crate::journal::RunQuery;
use crate::runs::{NameError, find};
use crate::state::Run;
use crate::view::{RunDetail, RunSummary};

pub(super) async fn runs(global: Global, command: RunsCommand) -> Exit {
    let answer = async {
        let workspace = setup::workspace(&global)?;
        let engine = setup::engine(&global, &workspace).await?;
        // A run whose process was killed is lost, not running, from the first look. What it left in an engine is
        // removed by the next `run` or `serve`.
        setup::recover(&engine, Vec::new(), &mut setup::Warned::default()).await;
        match command {
            RunsCommand::List(args) => list(&engine, &args).await,
            RunsCommand::Show(args) => show(&engine, &args).await,
            RunsCommand::Logs(args) => logs::logs(&engine, &args).await,
            RunsCommand::Search(args) => search::search(&engine, args).await,
            RunsCommand::Cancel(args) => rerun::cancel(&engine, &args.run).await,
            // They open the engine themselves, when it is their turn.
            RunsCommand::Rerun(_) | RunsCommand::Resume(_) => Ok(()),
            RunsCommand::Clean(args) => kept::clean(&engine, &args).await,
            RunsCommand::Prune(args) => prune::prune(&engine, &args).await,
        }
    };
    match answer.await {
        Ok(()) => Exit::Success,
        Err(exit) => exit,
    }
}

async fn list(engine: &Engine, args: &ListArgs) -> Result<(), Exit> {
    let filter = args.filter.asked().read(&Zoned::now()).map_err(|wrong| {
        talk::error(&wrong.to_string());
        Exit::Usage
    })?;
    let query = RunQuery {
        workflow: args.filter.workflow.clone(),
        filter,
        limit: args.limit,
        ..RunQuery::default()
    };
    let runs = engine
        .journal()
        .runs(query)
        .await
        .map_err(|error| unreadable(&error))?;
    let kept = kept::all(engine).await?;
    let kept_of = |run: &RunId| -> Vec<&str> {
        let places = kept.iter().filter(|place| place.run == *run);
        places.map(|place| place.job.0.as_str()).collect()
    };
    if args.format == DataFormat::Json {
        let views = runs
            .iter()
            .map(|run| with_kept(&RunSummary::from(run), &kept_of(&run.id)));
        return print_json(&views.collect::<Result<Vec<_>, Exit>>()?);
    }
    if runs.is_empty() {
        talk::note(if args.filter.is_empty() {
            "nothing has run here yet"
        } else {
            "no run is like this; `loom-runtime runs list` without filters shows them all"
        });
    }
    for run in runs {
        let took = since(run.started_at, run.finished_at).unwrap_or_default();
        let kept = match kept_of(&run.id).as_slice() {
            [] => String::new(),
            jobs => format!("  (kept: {})", jobs.join(", ")),
        };
        let line = format!(
            "{}  {:<9}  {}  {took:>8}  {}{}{}{kept}\n",
            run.id,
            run.state_word(),
            run.created_at,
            run.workflow.name,
            numbered(run.number),
            attempt(run.attempt)
        );
        data::print(&line);
    }
    Ok(())
}

async fn show(engine: &Engine, args: &ShowArgs) -> Result<(), Exit> {
    let run = load(engine, &args.run).await?;
    let places = kept::of(engine, &run.id).await?;
    if args.format == DataFormat::Json {
        let jobs: Vec<&str> = places.iter().map(|place| place.job.0.as_str()).collect();
        return print_json(&with_kept(&RunDetail::from(&run), &jobs)?);
    }
    kept::tell_of(&places);
    for paused in waiting(&run) {
        talk::note(&format!(
            "{}; `loom-runtime retry {}` goes on",
            paused.line(),
            run.id
        ));
    }
    let tails = last_lines(engine, &run).await;
    for line in page(&run, &tails).trim_start().split_inclusive('\n') {
        let text = line.trim_end_matches('\n');
        data::print(&format!("{}\n", for_stdout(text)));
    }
    for (id, job) in &run.jobs {
        for (step_id, step) in &job.steps {
            let took = since(step.started_at, step.finished_at).unwrap_or_default();
            data::print(&format!(
                "  {id} step {:<5} {:<9} {took:>7}  {}\n",
                place(job, step_id),
                step.state,
                for_stdout(&step.name)
            ));
        }
    }
    Ok(())
}

/// Said from the second attempt on.
fn attempt(attempt: u32) -> String {
    match attempt {
        0 | 1 => String::new(),
        attempt => format!(" (attempt {attempt})"),
    }
}

/// A view with the jobs whose places are kept, where there are any.
fn with_kept(view: &impl serde::Serialize, jobs: &[&str]) -> Result<serde_json::Value, Exit> {
    let mut view = serde_json::to_value(view).map_err(|error| unreadable(&error))?;
    if let (false, Some(fields)) = (jobs.is_empty(), view.as_object_mut()) {
        fields.insert("kept".to_owned(), jobs.into());
    }
    Ok(view)
}

/// The last lines of what failed.
async fn last_lines(engine: &Engine, run: &Run) -> Tails {
    let (inside, run) = (engine.clone(), run.clone());
    let read = engine.io().spawn_blocking(move || tails(inside.logs(), &run));
    read.await.unwrap_or_default()
}

/// Refuses a job that the run does not have; none is fine.
pub(super) fn check_job(run: &Run, job: Option<&str>) -> Result<(), Exit> {
    let Some(job) = job.filter(|job| !run.jobs.keys().any(|id| id.is_of(job))) else {
        return Ok(());
    };
    let known: Vec<&str> = run.jobs.keys().map(|id| id.0.as_str()).collect();
    talk::error(&format!(
        "run {} has no job `{job}`; its jobs: {}",
        run.id,
        known.join(", ")
    ));
    Err(Exit::Usage)
}

/// The run that is meant by a name: its number, its id, a part of that, or `latest`.
pub(super) async fn load(engine: &Engine, named: &str) -> Result<Run, Exit> {
    let found = find(&**engine.journal(), named)
        .await
        .map_err(|error| match error {
            NameError::Journal(error) => unreadable(&error),
            none => {
                talk::error(&none.to_string());
                talk::help("`loom-runtime runs list` shows them");
                Exit::Usage
            }
        })?;
    let events = engine
        .journal()
        .read(&found.id, Seq::default(), usize::MAX)
        .await
        .map_err(|error| unreadable(&error))?;
    match Run::replay(&events) {
        Ok(Some(mut run)) => {
            // Older histories do not say it; the journal has counted.
            run.number = run.number.or(found.number);
            Ok(run)
        }
        Ok(None) => Err(unreadable(&crate::engine::EngineError::UnknownRun(found.id))),
        Err(error) => Err(unreadable(&error)),
    }
}

pub(super) fn unreadable(error: &dyn std::error::Error) -> Exit {
    talk::error(&format!("failed to {}", crate::chain::chain(error)));
    Exit::Machine
}

pub(super) fn print_json(value: &impl serde::Serialize) -> Result<(), Exit> {
    let text = serde_json::to_string(value).map_err(|error| unreadable(&error))?;
    data::print(&format!("{text}\n"));
    Ok(())
}
