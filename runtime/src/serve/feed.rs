//! The actor that follows the history of all runs on the state directory and tells the viewers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::Context;
use loom_studio::{Draft, Hub};
use serde_json::json;

use super::delta::{Changes, Update};
use super::phoenix::{Phoenix, Push};
use super::runtime::Runtime;
use super::views::{WorkflowView, workflow_views};
use crate::event::{Event, Recorded};
use crate::fault;
use crate::id::{JobId, RunId};
use crate::journal::{Journal, JournalError, Tail};
use crate::logs::{LogKey, LogStore};
use crate::state::Run;
use crate::view::LogLine;

/// How often logs are looked at for growth; whoever writes them, this process or another.
const LOG_POLL: Duration = Duration::from_millis(150);
/// Lines that one look hands to the Phoenix sockets at most, of one log and of all; the rest comes with the next looks.
const LINES: usize = 2000;
const LINES_OF_ALL: usize = 10_000;
/// A pause after the history could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// Follows the history and tells the viewers.
pub(super) struct Feed {
    runtime: Arc<Runtime>,
    hub: Hub,
    phoenix: Arc<Phoenix>,
    /// Logs that may still grow, with the lines that were told and the lines that were handed to Phoenix.
    logs: BTreeMap<LogKey, LogProgress>,
    looking: bool,
    /// Runs that changed since they were last published.
    changes: Changes,
    /// The reading of the workflow files that was last told of, and its files.
    generation: u64,
    files: BTreeSet<String>,
    /// What was last told of each workflow, as JSON.
    workflows: HashMap<String, String>,
}

#[derive(Clone, Copy, Default)]
struct LogProgress {
    total: u64,
    handed: u64,
    /// Its job has ended: once all is told it is forgotten.
    ended: bool,
}

impl Feed {
    pub(super) fn new(runtime: Arc<Runtime>, hub: Hub, phoenix: Arc<Phoenix>) -> Self {
        Self {
            runtime,
            hub,
            phoenix,
            logs: BTreeMap::new(),
            looking: false,
            changes: Changes::default(),
            generation: 0,
            files: BTreeSet::new(),
            workflows: HashMap::new(),
        }
    }

    /// Takes what happened. Answers what to tell of the runs that ended, and the files of the workflows whose runs changed.
    fn apply(&mut self, events: &[Recorded]) -> (Vec<(RunId, Update)>, BTreeSet<String>) {
        let mut pushes = Vec::new();
        let mut workflows = BTreeSet::new();
        let mut open = self.runtime.open();
        open.trouble = None;
        for event in events {
            let applied = match open.runs.get_mut(&event.run) {
                Some(run) => run.apply(event),
                None => Run::create(event).map(|run| drop(open.runs.insert(event.run.clone(), run))),
            };
            if let Err(error) = applied {
                tracing::warn!(%error, "an event is not shown");
                continue;
            }
            self.changes.note(&event.run, &event.event);
            pushes.extend(open.runs.get(&event.run).and_then(|run| job_status(run, event)));
            let shown = matches!(
                event.event,
                Event::RunCreated { .. } | Event::RunStarted | Event::RunFinished { .. }
            );
            if let Some(run) = open.runs.get(&event.run).filter(|_| shown) {
                workflows.insert(run.workflow.file.clone());
            }
            match &event.event {
                Event::JobStarting { job, attempt, .. } => {
                    end_logs(&mut self.logs, &event.run, job);
                    let key = LogKey {
                        run: event.run.clone(),
                        job: job.clone(),
                        attempt: *attempt,
                    };
                    self.logs.entry(key).or_default();
                }
                Event::JobFinished { job, .. } => end_logs(&mut self.logs, &event.run, job),
                _ => {}
            }
        }
        let is_over = |id: &&RunId| open.runs.get(*id).is_some_and(|run| run.state.is_final());
        let over: Vec<RunId> = self.changes.runs().filter(is_over).cloned().collect();
        let ended: Vec<Run> = over.iter().filter_map(|id| open.runs.remove(id)).collect();
        drop(open);
        ended.iter().for_each(|run| self.runtime.report(run));
        let ended = ended
            .iter()
            .map(|run| {
                (
                    run.id.clone(),
                    self.changes.take_ended(run, &self.runtime.starter),
                )
            })
            .collect();
        pushes.iter().for_each(|push| self.phoenix.push(push));
        (ended, workflows)
    }

    /// Publishes the runs that changed since the last time. A run of many jobs changes far more often than anybody can
    /// look: it is told a few times a second, by what changed, and once more when it ends.
    fn publish_runs(&mut self) {
        let changed = self.changes.take();
        if changed.is_empty() {
            return;
        }
        let open = self.runtime.open();
        let starter = &self.runtime.starter;
        let updates: Vec<(RunId, Update)> = changed
            .into_iter()
            .filter_map(|(id, changed)| {
                let update = self.changes.update(open.runs.get(&id)?, &changed, starter);
                Some((id, update))
            })
            .collect();
        // Writing JSON takes longer than looking: those who ask for something else do not wait for it.
        drop(open);
        self.tell(&updates);
    }

    fn tell(&self, updates: &[(RunId, Update)]) {
        let drafts = updates.iter().map(|(run, update)| update.draft(run)).collect();
        self.hub.publish_all(drafts);
    }

    /// Tells of the workflows of these files what is not told yet; of all when none is named.
    fn publish_workflows(&self, files: Option<BTreeSet<String>>, ctx: &mut Context<Self>) {
        let runtime = Arc::clone(&self.runtime);
        let listed = async move {
            let wanted = |file: &str| files.as_ref().is_none_or(|files| files.contains(file));
            workflow_views(&runtime, wanted).await
        };
        ctx.spawn(listed.into_actor(self).map(|listed, act, _| match listed {
            Ok(views) => {
                let drafts = views.iter().filter_map(|view| act.news_of(view)).collect();
                act.hub.publish_all(drafts);
            }
            Err(error) => tracing::warn!(%error, "the list of workflows is not shown"),
        }));
    }

    /// What there is to tell of a workflow; nothing when that was told last.
    fn news_of(&mut self, view: &WorkflowView) -> Option<Draft> {
        let text = serde_json::to_string(view).ok()?;
        let before = self.workflows.insert(view.file().to_owned(), text.clone());
        let key = format!("workflow/{}", view.file());
        (before.as_ref() != Some(&text)).then(|| Draft::new("workflow:update", Some(&key), view))
    }

    fn look_at_catalog(&mut self, ctx: &mut Context<Self>) {
        let generation = self.runtime.catalog.generation();
        if std::mem::replace(&mut self.generation, generation) == generation {
            return;
        }
        let files = self
            .runtime
            .catalog
            .all()
            .iter()
            .map(|entry| entry.file.clone())
            .collect();
        let before = std::mem::replace(&mut self.files, files);
        self.workflows.retain(|file, _| self.files.contains(file));
        if !before.is_subset(&self.files) {
            // A file is gone, which no frame about what there is can say.
            self.hub.resync_all();
        }
        self.publish_workflows(None, ctx);
    }

    fn look_at_logs(&mut self, ctx: &mut Context<Self>) {
        if self.logs.is_empty() || std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (store, wanted) = (self.runtime.engine.logs().clone(), self.phoenix.wants_logs());
        let logs: Vec<_> = self
            .logs
            .iter()
            .map(|(key, progress)| (key.clone(), *progress))
            .collect();
        let looked = self
            .runtime
            .engine
            .io()
            .spawn_blocking(move || look(&store, logs, wanted));
        ctx.spawn(looked.into_actor(self).map(|looked, act, _| {
            act.looking = false;
            let grown = looked.unwrap_or_default();
            act.logs_grew(grown);
        }));
    }

    fn logs_grew(&mut self, grown: Vec<Grown>) {
        let mut drafts = Vec::new();
        for Grown { key, progress, lines } in grown {
            let LogKey { run, job, attempt } = &key;
            let before = self.logs.get(&key).copied().unwrap_or_default();
            if progress.total > before.total {
                let data = json!({"runId": run, "job": job, "attempt": attempt, "total": progress.total});
                let topic = format!("log/{run}/{job}@{attempt}");
                drafts.push(Draft::new("log:grown", Some(&topic), &data));
            }
            if !lines.is_empty() {
                self.phoenix.push(&Push::logs(&job.0, &lines));
            }
            let all_sent = progress.handed >= progress.total && progress.total == before.total;
            match self.logs.get_mut(&key) {
                Some(known) if known.ended && progress.ended && all_sent => drop(self.logs.remove(&key)),
                Some(known) => (known.total, known.handed) = (progress.total, progress.handed),
                None => {}
            }
        }
        self.hub.publish_all(drafts);
    }
}

/// The logs of a job do not grow any more; those of attempts before the one that begins neither.
fn end_logs(logs: &mut BTreeMap<LogKey, LogProgress>, run: &RunId, job: &JobId) {
    let at = |attempt| LogKey {
        run: run.clone(),
        job: job.clone(),
        attempt,
    };
    logs.range_mut(at(0)..=at(u32::MAX))
        .for_each(|(_, progress)| progress.ended = true);
}

/// What the Phoenix sockets hear of an event.
fn job_status(run: &Run, event: &Recorded) -> Option<Push> {
    let job = event.event.job()?;
    let state = match &event.event {
        Event::JobQueued { .. } => "queued",
        Event::JobStarting { .. } => "running",
        Event::JobFinished { state, .. } => state.as_str(),
        _ => return None,
    };
    let (name, file) = (&run.workflow.name, &run.workflow.file);
    let stem = crate::prepare::stem(std::path::Path::new(file));
    let payload = json!({"runId": run.id, "job": job, "state": state});
    Some(Push::job_status(&[name, &stem, file], &payload))
}

struct Grown {
    key: LogKey,
    progress: LogProgress,
    lines: Vec<LogLine>,
}

/// Waits for the disk: how far each log has got, and what is new in it when somebody wants the lines.
fn look(store: &LogStore, logs: Vec<(LogKey, LogProgress)>, wanted: bool) -> Vec<Grown> {
    let each = (LINES_OF_ALL / logs.len().max(1)).clamp(10, LINES);
    let one = |(key, mut progress): (LogKey, LogProgress)| {
        let mut log = store.open(&key.run, &key.job, key.attempt).ok()?;
        let mut lines = Vec::new();
        progress.total = log.total().ok()?;
        if wanted {
            let window = log.window(progress.handed + 1, each).ok()?;
            lines = window
                .lines
                .iter()
                .map(|line| LogLine::new(&key.run.0, &key.job.0, line))
                .collect();
            progress.handed = window.lines.last().map_or(progress.handed, |line| line.number);
        } else {
            progress.handed = progress.total;
        }
        Some(Grown { key, progress, lines })
    };
    logs.into_iter().filter_map(one).collect()
}

impl Actor for Feed {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        // What an earlier feed left is told again from the first event.
        self.runtime.open().runs.clear();
        let (me, journal) = (ctx.address(), Arc::clone(self.runtime.engine.journal()));
        self.runtime.engine.io().spawn(follow(me.downgrade(), journal));
        ctx.run_interval(LOG_POLL, |act, ctx| {
            fault::in_actor("history-feed");
            act.publish_runs();
            act.look_at_catalog(ctx);
            act.look_at_logs(ctx);
        });
    }
}

/// Reads the history for the feed, on the IO threads, until the feed is gone.
async fn follow(feed: actix::WeakAddr<Feed>, journal: Arc<dyn Journal>) {
    let mut tail = None;
    loop {
        let news = match &mut tail {
            Some(tail) => Tail::next(tail).await,
            None => Tail::all(Arc::clone(&journal)).await.map(|started| {
                tail = Some(started);
                Vec::new()
            }),
        };
        // One run that cannot be read keeps no other from being followed.
        let failed = matches!(&news, Err(error) if !matches!(error, JournalError::Event { .. }));
        // Waits for room in the mailbox: a feed that lags reads later, it loses nothing.
        let Some(feed) = feed.upgrade() else { return };
        if feed.send(News(news)).await.is_err() {
            return;
        }
        if failed {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The history went on, or cannot be read.
#[derive(Message)]
#[rtype(result = "()")]
struct News(Result<Vec<Recorded>, JournalError>);

impl Handler<News> for Feed {
    type Result = ();

    fn handle(&mut self, News(news): News, ctx: &mut Context<Self>) {
        match news {
            Ok(events) => {
                let (ended, workflows) = self.apply(&events);
                self.tell(&ended);
                if !workflows.is_empty() {
                    self.publish_workflows(Some(workflows), ctx);
                }
            }
            Err(JournalError::Event { run, seq, cause }) => {
                tracing::error!(%run, seq, %cause, "a run is not shown any more: its history cannot be read");
                let run = RunId(run);
                self.runtime.open().runs.remove(&run);
                self.changes.forget(&run);
                self.logs.retain(|log, _| log.run != run);
            }
            Err(error) => {
                tracing::error!(%error, "the history cannot be followed; trying again");
                self.runtime.open().trouble = Some(format!("failed to {error}"));
            }
        }
    }
}
