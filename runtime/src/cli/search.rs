//! `loom-runtime runs search`: lines of the logs of runs that match.

use std::collections::HashMap;

use super::args::{DataFormat, SearchArgs};
use super::runs::{check_job, load, print_json, unreadable};
use super::{Exit, data, talk};
use crate::engine::Engine;
use crate::id::RunId;
use crate::journal::RunQuery;
use crate::logs::search::{Case, Hit, Kind, Only, Pattern, PatternError, Scope, Search, TURN_HITS};
use crate::search::{LogHit, steps, targets};

const MATCH: &str = "\u{1b}[1;31m";
const RESET: &str = "\u{1b}[0m";

/// Ends as `grep` does: with [`Exit::Failure`] when nothing matches.
pub(super) async fn search(engine: &Engine, args: SearchArgs) -> Result<(), Exit> {
    let pattern = pattern(&args).map_err(|error| refused(&args.pattern, &error))?;
    let (scope, only, workflows) = match &args.run {
        Some(named) => of_run(engine, named, &args).await?,
        None => of_all(engine, &args).await?,
    };
    let mut search = Search::new(engine.logs().clone(), pattern, scope, only);
    let mut found = 0;
    let mut failed = false;
    loop {
        let wanted = args.limit.map_or(TURN_HITS, |limit| limit - found);
        let turn = engine.io().spawn_blocking(move || {
            let turn = search.turn(wanted);
            (turn, search)
        });
        let turn = turn.await.map_err(|error| unreadable(&error))?;
        search = turn.1;
        let turn = turn.0;
        for error in &turn.unreadable {
            talk::warning(&format!("failed to {}", crate::chain::chain(error)));
            failed = true;
        }
        found += turn.hits.len();
        for hit in turn.hits {
            let workflow = workflows.get(&hit.target.run).map_or("", String::as_str);
            match args.format {
                DataFormat::Json => print_json(&LogHit::new(hit, workflow))?,
                DataFormat::Text => data::print(&line(&hit, args.run.is_none(), workflow)),
            }
        }
        if turn.is_last || !data::is_taken() {
            break;
        }
        if args.limit.is_some_and(|limit| found >= limit) {
            talk::note(&format!(
                "the search stopped at {found} lines; there may be more, which a larger `--limit` shows"
            ));
            break;
        }
    }
    match (failed, found) {
        (true, _) => Err(Exit::Machine),
        (false, 0) => Err(Exit::Failure),
        (false, _) => Ok(()),
    }
}

fn pattern(args: &SearchArgs) -> Result<Pattern, PatternError> {
    let kind = if args.regex { Kind::Regex } else { Kind::Literal };
    let case = match (args.ignore_case, args.case_sensitive) {
        (true, _) => Case::Insensitive,
        (_, true) => Case::Sensitive,
        _ => Case::Smart,
    };
    Pattern::new(&args.pattern, kind, case)
}

/// Says what is wrong with a pattern, with a mark under the place.
fn refused(pattern: &str, error: &PatternError) -> Exit {
    talk::error(&error.to_string());
    if let Some(column) = error.column() {
        let before = " ".repeat(column.saturating_sub(1));
        talk::raw(&format!("    {}\n    {before}^", pattern.replace('\t', " ")));
        talk::help("without `--regex` the pattern means itself");
    }
    Exit::Usage
}

/// Where to search, which lines count, and what the workflows of the runs are called.
type Subject = (Scope, Only, HashMap<RunId, String>);

async fn of_run(engine: &Engine, named: &str, args: &SearchArgs) -> Result<Subject, Exit> {
    let run = load(engine, named).await?;
    check_job(&run, args.job.as_deref())?;
    let steps = match &args.step {
        None => None,
        Some(step) => Some(steps(&run, step).ok_or_else(|| {
            talk::error(&format!("run {} has no step `{step}`", run.id));
            talk::help(&format!("`loom-runtime runs show {}` names them", run.id));
            Exit::Usage
        })?),
    };
    let only = Only {
        job: args.job.clone(),
        steps,
        ..Only::default()
    };
    let workflows = HashMap::from([(run.id.clone(), run.workflow.name.clone())]);
    Ok((Scope::Logs(targets(&run, args.attempt)), only, workflows))
}

async fn of_all(engine: &Engine, args: &SearchArgs) -> Result<Subject, Exit> {
    let query = RunQuery {
        workflow: args.workflow.clone(),
        limit: usize::MAX,
        ..RunQuery::default()
    };
    let runs = engine.journal().runs(query).await;
    let mut runs = runs.map_err(|error| unreadable(&error))?;
    runs.retain(|run| args.state.is_none_or(|state| run.state == state));
    let scope = Scope::Runs(runs.iter().map(|run| run.id.clone()).collect());
    let only = Only {
        job: args.job.clone(),
        ..Only::default()
    };
    let workflows = runs.into_iter().map(|run| (run.id, run.workflow.name)).collect();
    Ok((scope, only, workflows))
}

/// `job:12: text`, of several runs behind the run; later attempts are `job@2`.
fn line(hit: &Hit, with_run: bool, workflow: &str) -> String {
    let log = &hit.target.log;
    let attempt = match log.attempt {
        0 | 1 => String::new(),
        attempt => format!("@{attempt}"),
    };
    let run = match with_run {
        true => format!("{}  {workflow}  ", hit.target.run.short()),
        false => String::new(),
    };
    let (begin, end) = if data::in_colour() {
        (MATCH, RESET)
    } else {
        ("", "")
    };
    let excerpt = &hit.excerpt;
    format!(
        "{run}{}{attempt}:{}: {}{begin}{}{end}{}\n",
        log.job, hit.line, excerpt.before, excerpt.matched, excerpt.after
    )
}
