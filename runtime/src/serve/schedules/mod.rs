//! Begins runs by the clock: the actor that looks whether a schedule of a workflow (`on.schedule`) is due while this process
//! serves.
//!
//! [`times`] knows the calendar, [`due`] what is to be done, [`record`] what was done, by any process on the state directory. A time
//! is written down before its run begins: it may be missed where a process dies at that moment, and never begins twice.

mod due;
mod record;
mod times;
mod view;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::prelude::*;
use jiff::Timestamp;
use loom_bridge::Context;

use self::due::due;
use self::record::{Begun, Kept, Key, Outcome, Record, RecordFile};
use self::times::Times;
pub(super) use self::view::ScheduleView;
use super::catalog::{Catalog, Entry};
use super::runtime::Runtime;
use super::starter::{RunWishes, Starter};
use crate::engine::Engine;
use crate::id::RunId;
use crate::owner::is_alive;

/// The event of a run that the clock begins.
const SCHEDULE: &str = "schedule";

/// How often the clock is looked at.
const ROUND: Duration = Duration::from_secs(1);

/// How long a schedule is remembered that is in no file.
const FORGOTTEN: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A schedule of a workflow that can be started.
#[derive(Clone)]
struct Plan {
    key: Key,
    entry: Arc<Entry>,
    /// When it is due; else why it never is.
    times: Result<Times, String>,
}

/// The schedules as they stand: what is shown of them.
#[derive(Clone, Default)]
pub(super) struct Board(Arc<Mutex<Shown>>);

#[derive(Default)]
struct Shown {
    plans: Vec<Plan>,
    record: Record,
}

/// Looks whether schedules are due, and begins their runs.
pub(super) struct Schedules {
    engine: Engine,
    catalog: Arc<Catalog>,
    starter: Arc<Starter>,
    board: Board,
    file: RecordFile,
    looking: bool,
    /// The catalog that was looked at last.
    generation: Option<u64>,
    /// When the next one is due.
    next: Option<Timestamp>,
    last: Timestamp,
    /// Whether that is to be found out anew: a clock went back, or a look failed.
    stale: bool,
    /// What is wrong with the record, when that was said.
    trouble: Option<String>,
}

impl Schedules {
    pub(super) fn new(runtime: &Runtime) -> Self {
        Self {
            engine: runtime.engine.clone(),
            catalog: Arc::clone(&runtime.catalog),
            starter: Arc::clone(&runtime.starter),
            board: runtime.schedules.clone(),
            file: RecordFile::new(runtime.engine.directory().schedules()),
            looking: false,
            generation: None,
            next: None,
            last: Timestamp::MIN,
            stale: true,
            trouble: None,
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        crate::fault::in_actor("schedules");
        let (now, generation) = (Timestamp::now(), self.catalog.generation());
        self.stale |= now < self.last;
        self.last = now;
        let news = self.stale || self.generation != Some(generation);
        if self.looking || !(news || self.next.is_some_and(|next| next <= now)) {
            return;
        }
        (self.looking, self.stale) = (true, false);
        let catalog = Arc::clone(&self.catalog);
        let (file, owners, owner) = (
            self.file.clone(),
            self.engine.directory().owners(),
            self.engine.owner().clone(),
        );
        let looking = self.engine.io().spawn_blocking(move || {
            let plans = plans(&catalog);
            let looked = file.change(|record| {
                for kept in &mut record.schedules {
                    kept.give_up_on(|by| *by != owner && !is_alive(&owners, by));
                }
                let starts = take_due(record, &plans, now, &owner);
                (starts, record.clone())
            });
            (looked, plans)
        });
        ctx.spawn(looking.into_actor(self).map(move |looked, act, ctx| {
            act.looking = false;
            let Ok((looked, plans)) = looked else { return };
            match looked {
                Ok((starts, record)) => {
                    act.generation = Some(generation);
                    act.trouble = None;
                    let nexts = plans
                        .iter()
                        .filter_map(|plan| plan.times.as_ref().ok()?.after(now));
                    act.next = nexts.min();
                    act.board.show(plans, record);
                    for start in starts {
                        act.begin(start, ctx);
                    }
                }
                // Tried again in the next round.
                Err(error) => {
                    act.stale = true;
                    act.cannot(&error);
                }
            }
        }));
    }

    fn cannot(&mut self, error: &std::io::Error) {
        let why = error.to_string();
        if self.trouble.as_ref() != Some(&why) {
            tracing::error!(
                error = %why,
                "no schedule begins a run: what became of schedules cannot be read or written in the state directory; \
                 it is tried again each second"
            );
            self.trouble = Some(why);
        }
    }

    /// Begins the run of a time that was written down.
    fn begin(&self, (plan, at): (Plan, Timestamp), ctx: &mut Context<Self>) {
        let (starter, file, io) = (
            Arc::clone(&self.starter),
            self.file.clone(),
            self.engine.io().clone(),
        );
        let began = async move {
            let wishes = RunWishes {
                event: Some(SCHEDULE.to_owned()),
                payload: Some(serde_json::json!({ "schedule": plan.key.cron })),
                ..RunWishes::default()
            };
            let started = starter.start(&plan.entry, wishes).await;
            let started = started.map_err(|problem| crate::chain::chain(&problem));
            report(&plan.key, at, &started);
            let outcome = match started {
                Ok(run) => Outcome::Run { run },
                Err(why) => Outcome::Failed { why },
            };
            let write = move || {
                file.change(|record| {
                    let begun = record.find(&plan.key).and_then(|kept| kept.begun.as_mut());
                    if let Some(begun) = begun.filter(|begun| begun.at == at) {
                        begun.outcome = outcome;
                    }
                    record.clone()
                })
            };
            io.spawn_blocking(write).await
        };
        ctx.spawn(began.into_actor(self).map(|written, act, _| match written {
            Ok(Ok(record)) => act.board.keep(record),
            Ok(Err(error)) => act.cannot(&error),
            Err(_) => {}
        }));
    }
}

fn report(key: &Key, at: Timestamp, started: &Result<RunId, String>) {
    let file = &key.file;
    match started {
        Ok(run) => tracing::info!(%run, %file, %at, "a schedule began a run"),
        Err(why) => tracing::error!(%file, %at, %why, "a schedule is due and its run does not begin"),
    }
}

/// The schedules of the workflows that can be started. Waits for the disk.
fn plans(catalog: &Catalog) -> Vec<Plan> {
    let workspace = catalog.workspace();
    let project = workspace.canonicalize().unwrap_or_else(|_| workspace.to_owned());
    let project = project.display().to_string();
    let mut plans = Vec::new();
    for entry in catalog.all() {
        let workflow = entry
            .prepared
            .as_ref()
            .and_then(|prepared| prepared.workflow.as_ref());
        let trigger = workflow.and_then(|workflow| workflow.triggers.events.get(SCHEDULE));
        for schedule in trigger.iter().flat_map(|trigger| &trigger.schedule) {
            let timezone = schedule.timezone.as_ref().map(|zone| zone.value.to_string());
            let key = Key {
                project: project.clone(),
                file: entry.file.clone(),
                cron: schedule.cron.value.to_string(),
                timezone: timezone.clone(),
            };
            if plans.iter().any(|plan: &Plan| plan.key == key) {
                continue;
            }
            let times = Times::new(&key.cron, timezone.as_deref()).map_err(|error| error.to_string());
            plans.push(Plan {
                key,
                entry: Arc::clone(&entry),
                times,
            });
        }
    }
    plans
}

/// What is due of these schedules, which is written down as begun by this owner. A new one begins with its next time. One that is
/// no longer in its file is forgotten; where this process cannot read the file, or has none of that name, it may be back, or be
/// another's.
fn take_due(
    record: &mut Record,
    plans: &[Plan],
    now: Timestamp,
    owner: &crate::executor::Owner,
) -> Vec<(Plan, Timestamp)> {
    let of_file = |key: &Key| {
        let is_of = |plan: &Plan| plan.key.file == key.file && plan.key.project == key.project;
        plans.iter().any(is_of)
    };
    let oldest = now.checked_sub(FORGOTTEN).unwrap_or(now);
    record.schedules.retain(|kept| {
        let is_there = plans.iter().any(|plan| plan.key == kept.key);
        is_there || (!of_file(&kept.key) && kept.until > oldest)
    });
    let mut starts = Vec::new();
    for plan in plans {
        let Ok(times) = &plan.times else { continue };
        let Some(kept) = record.find(&plan.key) else {
            record.schedules.push(Kept {
                key: plan.key.clone(),
                until: now,
                begun: None,
                missed: None,
            });
            continue;
        };
        let due = due(times, kept.until, now);
        kept.until = due.until.unwrap_or(kept.until);
        if let Some(missed) = due.missed {
            tracing::warn!(
                file = %plan.key.file,
                cron = %plan.key.cron,
                count = missed.count,
                first = %missed.first,
                last = %missed.last,
                "a schedule was missed: nothing that serves the project looked in time"
            );
            kept.missed = Some(missed);
        }
        // A clock that was far behind for a moment makes a time due again.
        let done = kept.begun.as_ref().map(|begun| begun.at);
        if let Some(at) = due.start.filter(|at| Some(*at) != done) {
            kept.begun = Some(Begun {
                at,
                by: owner.clone(),
                outcome: Outcome::Begins,
            });
            starts.push((plan.clone(), at));
        }
    }
    starts
}

impl Kept {
    /// A time whose process died before its run was in the history: whether it was cannot be known, so it does not begin again.
    fn give_up_on(&mut self, is_dead: impl Fn(&crate::executor::Owner) -> bool) {
        let begun = self
            .begun
            .as_mut()
            .filter(|begun| begun.outcome == Outcome::Begins);
        if let Some(begun) = begun.filter(|begun| is_dead(&begun.by)) {
            let why =
                "the process that began it died at that moment; the list of runs says whether there is one";
            tracing::warn!(file = %self.key.file, at = %begun.at, "a schedule may have been missed: {why}");
            begun.outcome = Outcome::Failed { why: why.to_owned() };
        }
    }
}

impl Board {
    fn show(&self, plans: Vec<Plan>, record: Record) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (shown.plans, shown.record) = (plans, record);
    }

    fn keep(&self, record: Record) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).record = record;
    }
}

impl Actor for Schedules {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.look(ctx);
        ctx.run_interval(ROUND, |act, ctx| act.look(ctx));
    }
}

/// Begin nothing any more.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Halt;

impl Handler<Halt> for Schedules {
    type Result = ();

    fn handle(&mut self, _: Halt, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::Owner;

    fn plan(project: &str, cron: &str) -> Plan {
        Plan {
            key: Key {
                project: project.into(),
                file: ".loom.yml".into(),
                cron: cron.into(),
                timezone: None,
            },
            entry: Arc::new(Entry {
                name: "ci".into(),
                stem: "loom".into(),
                file: ".loom.yml".into(),
                prepared: None,
                findings: Vec::new(),
            }),
            times: Times::new(cron, None).map_err(|error| error.to_string()),
        }
    }

    fn owner() -> Owner {
        Owner {
            instance: "i".into(),
            boot: "b".into(),
            pid: 7,
            started: 8,
        }
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-11-30T{text}Z").parse().unwrap()
    }

    #[test]
    fn two_projects_on_one_state_directory_leave_each_others_schedules_alone() {
        let (one, other) = ([plan("/one", "0 4 * * *")], [plan("/other", "5 4 * * *")]);
        let mut record = Record::default();
        let mut look = |plans: &[Plan], time: &str| take_due(&mut record, plans, at(time), &owner()).len();
        assert_eq!(
            (look(&one, "03:00:00"), look(&other, "03:00:00")),
            (0, 0),
            "they are new"
        );
        assert_eq!((look(&one, "04:00:00"), look(&other, "04:00:00")), (1, 0));
        assert_eq!((look(&one, "04:05:00"), look(&other, "04:05:00")), (0, 1));
    }

    #[test]
    fn a_time_that_was_begun_is_not_begun_again_when_a_clock_was_far_behind_for_a_moment() {
        let plans = [plan("/one", "0 4 * * *")];
        let mut record = Record::default();
        let mut look = |now: Timestamp| take_due(&mut record, &plans, now, &owner()).len();
        assert_eq!(look(at("03:00:00")), 0);
        assert_eq!(look(at("04:00:10")), 1);
        assert_eq!(look("2026-03-01T00:00:00Z".parse().unwrap()), 0);
        assert_eq!(look(at("04:01:00")), 0);
    }

    #[test]
    fn a_schedule_that_leaves_its_file_is_forgotten_and_one_whose_file_cannot_be_read_is_not() {
        let (two, one) = (
            [plan("/one", "0 4 * * *"), plan("/one", "0 5 * * *")],
            [plan("/one", "0 4 * * *")],
        );
        let mut record = Record::default();
        take_due(&mut record, &two, at("03:00:00"), &owner());
        take_due(&mut record, &[], at("03:00:00"), &owner());
        assert_eq!(record.schedules.len(), 2);
        take_due(&mut record, &one, at("03:00:00"), &owner());
        assert_eq!(record.schedules.len(), 1);
    }
}
