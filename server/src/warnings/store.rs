//! The warnings of a studio: one value holds them, whoever asks or looks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_protocol::{HealthStatus, PartHealth, Timestamp};
use serde::Serialize;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use utoipa::ToSchema;
use uuid::Uuid;

use super::evaluation::Change;
use super::files::{FileError, Files, Kept, Settings};
use super::message::{Message, What};
use super::preview::{Preview, PreviewRange, of_work, preview};
use super::rule::{Condition, Rule};
use super::send::Sender;
use super::warning::{Warning, WarningState};
use super::watch::Turn;
use super::work::WorkOutcome;
use crate::{Clock, Intake};

/// Warnings that are resolved and kept.
const MOST_RESOLVED: usize = 200;
/// Warnings of a kind that are told.
const MOST_TOLD: usize = 1_000;
/// Previews that are made at once; each may read a week.
const PREVIEWS: usize = 2;

/// The warnings of a studio. Safe from any thread.
pub(crate) struct Warnings {
    pub(super) files: Option<Files>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) state: Mutex<State>,
    /// Held while a file is written, so that the later is the one that stays.
    pub(super) saving: Mutex<()>,
    pub(super) sender: Sender,
    /// There is something to do before the next second.
    pub(super) wake: Notify,
    pub(super) previews: Arc<Semaphore>,
    /// The first second of which this process can have heard all.
    pub(super) opened: i64,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) kept: Kept,
    /// Counts up with each change.
    pub(super) version: u64,
    /// What was last published.
    published: u64,
    /// What is kept has changed since it was last written.
    pub(super) is_dirty: bool,
    /// Why nothing may be changed: a file that can't be read must not be overwritten.
    pub(super) broken: Option<String>,
    /// Why what is kept could not be written.
    trouble: Option<String>,
}

/// All warnings that there are, and those that were lately.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WarningList {
    /// Those that are said, the gravest and then the newest first.
    pub(crate) firing: Vec<Warning>,
    /// Those that are not well for too short to be said.
    pub(crate) pending: Vec<Warning>,
    /// Those that are over, the newest first.
    pub(crate) resolved: Vec<Warning>,
    /// Things that are not well and found no room.
    pub(crate) left_out: u64,
    /// Counts up with each change of what the studio knows of warnings.
    pub(crate) version: u64,
}

/// What viewers are told when something changed: they fetch what they show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WarningNews {
    firing: usize,
    pending: usize,
    silenced: usize,
    failing: usize,
    version: u64,
}

impl Warnings {
    /// Those of a studio that keeps its state in a directory, or in memory. Waits for the disk.
    pub(crate) fn open(state: Option<&std::path::Path>, clock: Arc<dyn Clock>) -> Self {
        let files = state.map(Files::below);
        let mut opened = State::default();
        if let Some(files) = &files {
            let read = files
                .settings()
                .and_then(|settings| Ok((settings, files.kept()?)));
            match read {
                Ok((settings, kept)) => (opened.settings, opened.kept) = (settings, kept),
                Err(error) => {
                    tracing::error!("nothing is warned of: {error}");
                    opened.settings.rules.clear();
                    opened.broken = Some(error.to_string());
                }
            }
        }
        let first = clock.now().as_millis().div_euclid(1_000).saturating_add(1);
        Self {
            files,
            clock,
            state: Mutex::new(opened),
            saving: Mutex::default(),
            sender: Sender::default(),
            wake: Notify::new(),
            previews: Arc::new(Semaphore::new(PREVIEWS)),
            opened: first,
        }
    }

    /// All that there are, and those that were lately.
    pub(crate) fn list(&self) -> WarningList {
        let now = self.clock.now();
        let state = self.lock();
        let mut list = WarningList {
            firing: Vec::new(),
            pending: Vec::new(),
            resolved: state.kept.resolved.iter().rev().cloned().collect(),
            left_out: state.kept.evaluations.values().map(|one| one.left_out).sum(),
            version: state.version,
        };
        for warning in state.open() {
            let mut warning = warning.clone();
            warning.silenced_by = state.silence_of(&warning, now);
            match warning.state {
                WarningState::Firing => list.firing.push(warning),
                _ => list.pending.push(warning),
            }
        }
        drop(state);
        for told in [&mut list.firing, &mut list.pending] {
            told.sort_by(|a, b| {
                let first = a.severity.cmp(&b.severity).then(b.since.cmp(&a.since));
                first.then_with(|| a.id.cmp(&b.id))
            });
            let beyond = told.len().saturating_sub(MOST_TOLD);
            told.truncate(MOST_TOLD);
            list.left_out = list.left_out.saturating_add(beyond as u64);
        }
        list
    }

    /// What viewers are to be told, when something changed since this was last asked.
    pub(crate) fn take_news(&self) -> Option<WarningNews> {
        let now = self.clock.now();
        let mut state = self.lock();
        if state.published == state.version {
            return None;
        }
        state.published = state.version;
        let (mut firing, mut pending, mut silenced) = (0, 0, 0);
        for warning in state.open() {
            let count = match warning.state {
                WarningState::Firing => &mut firing,
                _ => &mut pending,
            };
            *count += 1;
            silenced += usize::from(state.silence_of(warning, now).is_some());
        }
        Some(WarningNews {
            firing,
            pending,
            silenced,
            failing: state.kept.outbox.failing(),
            version: state.version,
        })
    }

    /// Takes in how a piece of work ended.
    pub(crate) fn work_ended(&self, outcome: WorkOutcome) {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(judged) = state.kept.work.take(outcome) else {
            return;
        };
        state.is_dirty = true;
        let rules = state.settings.rules.clone();
        for rule in rules.iter().filter(|rule| rule.enabled) {
            if matches!(rule.when, Condition::Work { .. }) {
                let evaluation = state.kept.evaluations.entry(rule.id.clone()).or_default();
                let changes = of_work(evaluation, rule, &judged);
                state.changed(rule, changes, now);
            }
        }
        drop(state);
        self.wake.notify_one();
    }

    /// A turn to make a preview, while others wait for theirs.
    pub(crate) async fn turn_of_previews(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        self.previews.clone().acquire_owned().await.ok()
    }

    /// When a rule would have fired. Waits for the disk.
    pub(crate) fn preview(&self, rule: &Rule, range: PreviewRange, intake: &Intake) -> Preview {
        let state = self.lock();
        let work = match rule.when {
            Condition::Work { .. } => (state.kept.work.past(), state.kept.work.since()),
            _ => (Vec::new(), None),
        };
        drop(state);
        preview(rule, range, intake, work)
    }

    /// How it does, for everybody: no names.
    pub(crate) fn health(&self) -> PartHealth {
        let state = self.lock();
        let firing = state
            .open()
            .filter(|warning| warning.state == WarningState::Firing);
        let mut message = format!("{} rules, {} firing", state.settings.rules.len(), firing.count());
        let failing = state.kept.outbox.failing();
        if failing > 0 {
            message.push_str(&format!(
                "; {failing} of {} channels did not take what was last sent there, GET /api/warnings/deliveries says why",
                state.settings.channels.len()
            ));
        }
        let (_, dropped) = state.kept.outbox.counts();
        if dropped > 0 {
            message.push_str(&format!("; {dropped} messages found no room and were not sent"));
        }
        let trouble = state.broken.as_ref().or(state.trouble.as_ref());
        let is_well = failing == 0 && trouble.is_none();
        if let Some(trouble) = trouble {
            message = format!("{message}; {trouble}");
        }
        PartHealth {
            status: if is_well {
                HealthStatus::Ok
            } else {
                HealthStatus::Degraded
            },
            message: Some(message),
        }
    }

    /// Writes down what is going on, when that has changed. Waits for the disk.
    pub(super) fn save(&self) {
        let Some(files) = &self.files else { return };
        let _one = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.lock();
        if !state.is_dirty || state.broken.is_some() {
            return;
        }
        state.is_dirty = false;
        let kept = state.kept.clone();
        drop(state);
        let saved = files.save_kept(&kept);
        self.lock().saved(saved);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// All warnings that are not over.
    pub(super) fn open(&self) -> impl Iterator<Item = &Warning> {
        self.kept
            .evaluations
            .values()
            .flat_map(|evaluation| evaluation.open())
    }

    /// The silence that holds for a warning.
    pub(super) fn silence_of(&self, warning: &Warning, now: Timestamp) -> Option<String> {
        let mut silences = self.settings.silences.iter();
        silences
            .find(|silence| silence.covers(warning, now))
            .map(|silence| silence.id.clone())
    }

    /// Something that people see has changed.
    pub(super) fn touch(&mut self) {
        self.version = self.version.saturating_add(1);
        self.is_dirty = true;
    }

    /// Takes over what became of a rule's warnings. Those that are over are said to be, where it was said that they fire; that they fire
    /// is said by [`State::say`], which may be later.
    pub(super) fn changed(&mut self, rule: &Rule, changes: Vec<Change>, now: Timestamp) {
        if changes.is_empty() {
            return;
        }
        self.touch();
        let (mut resolved, mut fired) = (Vec::new(), Vec::new());
        for change in changes {
            match change.turn {
                Turn::Resolved => {
                    if change.is_said {
                        resolved.push(change.warning.clone());
                    } else if is_momentary(rule) && self.silence_of(&change.warning, now).is_none() {
                        fired.push(change.warning.clone());
                    }
                    self.kept.resolved.push_back(change.warning);
                    if self.kept.resolved.len() > MOST_RESOLVED {
                        self.kept.resolved.pop_front();
                    }
                }
                Turn::Began | Turn::FiredAtOnce | Turn::Fired | Turn::Passed => {}
            }
        }
        if !fired.is_empty() {
            self.post(rule, What::Fired, fired, now);
        }
        if !resolved.is_empty() && rule.send_resolved {
            self.post(rule, What::Resolved, resolved, now);
        }
    }

    /// Says of all that fires, and of which that was not said, that it does: once there is a channel for it, and no silence.
    pub(super) fn say(&mut self, now: Timestamp) {
        let rules = self.settings.rules.clone();
        for rule in &rules {
            if !self.has_channel(rule) {
                continue;
            }
            let Some(evaluation) = self.kept.evaluations.get(&rule.id) else {
                continue;
            };
            let unsaid = evaluation.watched.iter().filter(|(_, watched)| !watched.is_said);
            let unsaid: Vec<(String, Warning)> = unsaid
                .filter_map(|(key, watched)| Some((key.clone(), watched.warning.clone()?)))
                .filter(|(_, warning)| warning.state == WarningState::Firing)
                .filter(|(_, warning)| self.silence_of(warning, now).is_none())
                .collect();
            if unsaid.is_empty() {
                continue;
            }
            let (keys, warnings): (Vec<String>, Vec<Warning>) = unsaid.into_iter().unzip();
            self.post(rule, What::Fired, warnings, now);
            let evaluation = self.kept.evaluations.entry(rule.id.clone()).or_default();
            for key in keys {
                if let Some(watched) = evaluation.watched.get_mut(&key) {
                    watched.is_said = true;
                }
            }
            self.is_dirty = true;
        }
    }

    /// Ends all that a rule raised.
    pub(super) fn end(&mut self, rule: &Rule, now: Timestamp) {
        if let Some(mut evaluation) = self.kept.evaluations.remove(&rule.id) {
            let changes = evaluation.end(now);
            self.changed(rule, changes, now);
        }
    }

    /// The rules that are looked at.
    pub(super) fn looked_at(&self) -> Vec<Rule> {
        let rules = self.settings.rules.iter();
        rules.filter(|rule| rule.enabled).cloned().collect()
    }

    /// Whether a rule is as it was.
    pub(super) fn is_looked_at(&self, rule: &Rule) -> bool {
        self.settings.rules.contains(rule)
    }

    fn has_channel(&self, rule: &Rule) -> bool {
        let mut channels = self.settings.channels.iter();
        channels.any(|channel| channel.enabled && rule.channels.contains(&channel.id))
    }

    fn post(&mut self, rule: &Rule, what: What, warnings: Vec<Warning>, now: Timestamp) {
        let channels = self.settings.channels.iter();
        let channels: Vec<String> = channels
            .filter(|channel| channel.enabled && rule.channels.contains(&channel.id))
            .map(|channel| channel.id.clone())
            .collect();
        for channel in channels {
            let message = Message::new(new_id("m"), &channel, what, (rule, warnings.clone()), now);
            self.kept.outbox.push(message);
        }
        self.is_dirty = true;
    }

    fn saved(&mut self, saved: Result<(), FileError>) {
        let failed = saved.err().map(|error| error.to_string());
        if failed.is_some() {
            self.is_dirty = true;
        }
        if failed != self.trouble {
            if let Some(failed) = &failed {
                tracing::error!("what is going on with warnings would not outlive a restart: {failed}");
            }
            self.trouble = failed;
        }
    }
}

/// Whether what a rule raises is over as soon as it is said.
fn is_momentary(rule: &Rule) -> bool {
    use super::rule::WorkEvent;
    matches!(
        rule.when,
        Condition::Work {
            event: WorkEvent::Fixed,
            ..
        }
    )
}

/// A new name for programs.
pub(super) fn new_id(kind: &str) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("{kind}-{}", random.get(..12).unwrap_or(&random))
}
