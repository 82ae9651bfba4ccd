//! `loom-runtime runs logs`: what the jobs of a run printed, and what they print until it ends.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

use super::args::{DataFormat, LogsArgs};
use super::output::{Columns, for_stdout};
use super::runs::{check_job, load, print_json, unreadable};
use super::{Exit, data, talk};
use crate::engine::Engine;
use crate::id::{JobId, StepId};
use crate::logs::{Line, LogError, LogStore};
use crate::search::steps;
use crate::state::Run;
use crate::view::LogLine;

/// Lines read at a time.
const PAGE: usize = 1000;
/// How often a run that goes on is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How many looks there are from one question to the next whether the run's process is still there.
const OWNER: u32 = 20;

pub(super) async fn logs(engine: &Engine, args: &LogsArgs) -> Result<(), Exit> {
    let mut run = load(engine, &args.run).await?;
    let is_over = run.state.is_final();
    check(&run, args, args.follow && !is_over)?;
    let mut follower = Follower::new(args.clone());
    let mut looks = 0;
    loop {
        // What was written before the end was told is there by then.
        let last = !args.follow || run.state.is_final();
        (follower, run) = follower.print(engine, run).await?;
        data::flush();
        if last || !data::is_taken() {
            break;
        }
        tokio::time::sleep(LOOK).await;
        looks += 1;
        if looks % OWNER == 0
            && let Err(error) = engine.recover(Vec::new()).await
        {
            tracing::debug!(%error, "whether the run's owner lives cannot be said");
        }
        let news = engine.journal().read(&run.id, run.last, usize::MAX).await;
        for event in &news.map_err(|error| unreadable(&error))? {
            run.apply(event).map_err(|error| unreadable(&error))?;
        }
    }
    match Exit::of(run.state, run.somebody_cancelled()) {
        Exit::Success => Ok(()),
        _ if !args.follow || !run.state.is_final() => Ok(()),
        exit => Err(exit),
    }
}

/// Refuses a job or a step that the run does not have; one that goes on may still get it.
fn check(run: &Run, args: &LogsArgs, goes_on: bool) -> Result<(), Exit> {
    check_job(run, args.job.as_deref())?;
    if let Some(step) = &args.step
        && !goes_on
        && steps(run, step).is_none()
    {
        talk::error(&format!("run {} has no step `{step}`", run.id));
        talk::help(&format!("`loom-runtime runs show {}` names them", run.id));
        return Err(Exit::Usage);
    }
    Ok(())
}

/// How far each log was printed.
struct Follower {
    args: LogsArgs,
    /// The attempt at each job, and its next line.
    places: BTreeMap<JobId, (u32, u64)>,
}

impl Follower {
    fn new(args: LogsArgs) -> Self {
        let places = BTreeMap::new();
        Self { args, places }
    }

    /// Prints what is new, of every job in the order of the run.
    async fn print(mut self, engine: &Engine, run: Run) -> Result<(Self, Run), Exit> {
        let store = engine.logs().clone();
        let done = engine.io().spawn_blocking(move || {
            let printed = self.print_all(&store, &run);
            (self, run, printed)
        });
        let (follower, run, printed) = done.await.map_err(|error| unreadable(&error))?;
        printed.map(|()| (follower, run))
    }

    fn print_all(&mut self, store: &LogStore, run: &Run) -> Result<(), Exit> {
        let columns = Columns::of(run);
        let only = self.args.step.as_deref().map(|step| steps(run, step));
        let only = only.map(Option::unwrap_or_default);
        let jobs: Vec<&JobId> = run
            .jobs
            .keys()
            .filter(|id| self.args.job.as_ref().is_none_or(|job| id.is_of(job)))
            .collect();
        for id in jobs {
            let counts = Counting {
                steps: only.as_ref().map(|only| only.get(id)),
                args: self.args.clone(),
            };
            let print = |line: &Line| match (counts.args.format, &counts.args.job) {
                (DataFormat::Json, _) => print_json(&LogLine::new(&run.id.0, &id.0, line)),
                (DataFormat::Text, Some(_)) => {
                    data::print(&format!("{}\n", for_stdout(&line.text)));
                    Ok(())
                }
                (DataFormat::Text, None) => {
                    data::print(&format!("{} | {}\n", columns.job(&id.0), for_stdout(&line.text)));
                    Ok(())
                }
            };
            self.print_job(store, run, id, &counts, print)?;
        }
        Ok(())
    }

    /// What is new of a job: the rest of the attempt that was printed, and all of those after it.
    fn print_job(
        &mut self,
        store: &LogStore,
        run: &Run,
        id: &JobId,
        counts: &Counting<'_>,
        mut print: impl FnMut(&Line) -> Result<(), Exit>,
    ) -> Result<(), Exit> {
        let (of, newest) = run.log_of(id);
        let known = self.places.get(id).copied();
        let first = known.map_or(newest, |(attempt, _)| attempt);
        for attempt in first..=newest {
            let mut next = match known {
                Some((known, next)) if known == attempt => next,
                _ => 1,
            };
            let mut held = VecDeque::new();
            let mut failed = None;
            let tail = counts.args.tail.filter(|_| known.is_none());
            let mut read = || -> Result<(), LogError> {
                let mut log = store.open(&of, id, attempt)?;
                if let (Some(tail), true) = (tail, counts.counts_all()) {
                    next = log.total()?.saturating_sub(tail as u64) + 1;
                }
                loop {
                    let window = log.window(next, PAGE)?;
                    let Some(last) = window.lines.last() else {
                        return Ok(());
                    };
                    next = last.number + 1;
                    for line in window.lines.into_iter().filter(|line| counts.counts(line)) {
                        held.push_back(line);
                        if tail.is_some_and(|tail| held.len() > tail) {
                            held.pop_front();
                        }
                    }
                    if tail.is_none() {
                        for line in held.drain(..) {
                            failed = print(&line).err();
                            if failed.is_some() || !data::is_taken() {
                                return Ok(());
                            }
                        }
                    }
                }
            };
            read().map_err(|error| unreadable(&error))?;
            if let Some(exit) = failed {
                return Err(exit);
            }
            held.iter().try_for_each(&mut print)?;
            self.places.insert(id.clone(), (attempt, next));
        }
        Ok(())
    }
}

/// Which lines of a job's log are printed.
struct Counting<'a> {
    /// Those of these steps: all when nothing was said, none when the job has no such step.
    steps: Option<Option<&'a HashSet<StepId>>>,
    args: LogsArgs,
}

impl Counting<'_> {
    fn counts_all(&self) -> bool {
        self.steps.is_none() && self.args.since.is_none()
    }

    fn counts(&self, line: &Line) -> bool {
        let of_step = |steps: Option<&HashSet<StepId>>| {
            steps.is_some_and(|steps| line.step.as_ref().is_some_and(|step| steps.contains(step)))
        };
        self.steps.is_none_or(of_step) && self.args.since.is_none_or(|since| line.time >= since)
    }
}
