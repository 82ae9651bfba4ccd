//! Does the work of a step: runs its process, pumps what it says, reads what it left.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_protocol::Timestamp;

use super::contexts::Deeds;
use super::machine::{Trouble, WorkEnd};
use super::notes::{StepLines, StepNotes};
use super::opened::Opened;
use super::opening::{broke_off, trouble};
use super::room_files::{Failures, NamedFiles};
use super::task::{Build, Task};
use crate::engine::shared::Shared;
use crate::event::{Annotation, AnnotationLevel, Event, Outputs, Reason};
use crate::executor::{
    CommandFiles, ExitStatus, FileContent, Notes, Program, StepEnd, StepOutput, StepSpec, Stream,
};
use crate::id::{JobId, StepId};
use crate::logs::{LogError, LogWriterHandle};
use crate::output::{self, Allowed, Pump, PumpOptions, StepEffects, StepFiles};

/// What is known of a step that another process had begin, which is gone.
pub(super) struct Earlier {
    /// Lines of it that are in the log.
    pub(super) said: u64,
}

/// Does the work of a step, or goes on with it. All that it said is in the log before its end is told: whoever hears of the end may read it.
///
/// # Errors
/// When it could not be done, or its end cannot be known.
pub(super) async fn perform(
    opened: Opened,
    job: JobId,
    id: StepId,
    attempt: u32,
    task: Task,
    earlier: Option<Earlier>,
) -> Result<(WorkEnd, Deeds), Trouble> {
    let of = |mut spec: Box<StepSpec>| {
        spec.id = in_place(&id, attempt);
        *spec
    };
    match task {
        Task::Process(spec) => process(&opened, (job, id.clone()), of(spec), None, earlier).await,
        Task::Node(spec, missing) => {
            process(&opened, (job, id.clone()), of(spec), Some(missing), earlier).await
        }
        Task::Container(mut spec, build) => {
            if let (Some(build), Program::Container { image, .. }) = (build, &mut spec.program) {
                *image = built(&opened, build).await?;
            }
            process(&opened, (job, id.clone()), of(spec), None, None).await
        }
        Task::Checkout(inputs) => checkout(&opened, id, inputs).await,
        Task::Enter(_) => Ok((WorkEnd::default(), Deeds::default())),
    }
}

/// What the place calls an attempt at a step: a signal for one is never for the next.
pub(super) fn in_place(step: &StepId, attempt: u32) -> StepId {
    match attempt {
        0 | 1 => step.clone(),
        _ => StepId(format!("{step}@{attempt}")),
    }
}

/// Builds the image of an action; answers what to run it by.
pub(super) async fn built(opened: &Opened, build: Build) -> Result<String, Trouble> {
    let known = build.once.then(|| opened.grounds.image_of(&build.dockerfile));
    let building = opened
        .place
        .build(build.context, build.dockerfile, opened.notes.clone());
    let image = match known {
        Some(known) => known.get_or_try_init(|| building).await.cloned(),
        None => building.await,
    };
    image.map_err(|error| trouble(&error))
}

async fn checkout(
    opened: &Opened,
    id: StepId,
    inputs: indexmap::IndexMap<String, String>,
) -> Result<(WorkEnd, Deeds), Trouble> {
    let world = &opened.shared().world;
    let began = world.elapsed();
    let mut log = writer(opened)?;
    let lines = StepNotes::new(
        writer(opened)?,
        id,
        Arc::clone(opened.shared()),
        opened.grounds.masks.clone(),
    );
    let mut end = WorkEnd::default();
    let mut deeds = Deeds::default();
    match opened.grounds.checkout(&inputs, &lines).await {
        Ok(outputs) => {
            end.success = true;
            end.outputs = masked(opened, &outputs);
            deeds.outputs = outputs;
        }
        Err(trouble) if trouble.by_workflow => {
            lines.line(&format!("##[error]{}", trouble.reason.message));
            end.reason = Some(trouble.reason);
            end.by_itself = true;
        }
        Err(trouble) => return Err(trouble),
    }
    let flushed = opened.shared().io.blocking(move || log.flush());
    if let Err(error) = flushed.await.map_err(|broken| broke_off(&broken))? {
        end.lost = Some(lost(
            lost_lines(&error),
            &format!(": {}", crate::chain::chain(&error)),
        ));
    }
    end.took = world.elapsed().saturating_sub(began);
    Ok((end, deeds))
}

fn lost_lines(error: &LogError) -> u64 {
    match error {
        LogError::Lost { lines, .. } => *lines,
        _ => 1,
    }
}

/// Lines of a step that are in no log, and how its job ends for that.
fn lost(lines: u64, why: &str) -> (u64, Reason) {
    (
        lines,
        Reason::new("log", format!("{lines} lines of its log are lost{why}")),
    )
}

fn writer(opened: &Opened) -> Result<LogWriterHandle, Trouble> {
    opened
        .shared()
        .logs
        .writer(&opened.log)
        .map_err(|error| Trouble::machine("log", crate::chain::chain(&error)))
}

/// Runs a process, or follows the one that runs; `missing` says what to do when its program is not there.
async fn process(
    opened: &Opened,
    (job, id): (JobId, StepId),
    mut spec: StepSpec,
    missing: Option<String>,
    earlier: Option<Earlier>,
) -> Result<(WorkEnd, Deeds), Trouble> {
    opened.add_hidden(&mut spec);
    let said = earlier.as_ref().map_or(0, |earlier| earlier.said);
    let sink = Arc::new(StepLines::behind(writer(opened)?, id.clone(), said));
    let env = spec.env.clone();
    let failures = Failures::default();
    let options = PumpOptions {
        masks: opened.grounds.masks.clone(),
        sink,
        allowed: Allowed::from_env(|name| env.get(name).map(String::as_str)),
        debug: opened.debug,
        matchers: opened.matchers.clone(),
        matcher_files: Arc::new(NamedFiles::new(
            Arc::clone(&opened.grounds.files),
            failures.clone(),
        )),
        workspace: opened.grounds.facts.workspace.clone(),
    };
    let output = Output(Arc::new(Mutex::new(Said {
        pump: Some(Pump::new(options)),
        log: writer(opened)?,
        shared: Arc::clone(opened.shared()),
        effects: None,
    })));
    let followed = match earlier {
        Some(_) => opened.place.follow(&spec.id, Box::new(output.clone())).await,
        None => Ok(None),
    };
    let result = match followed {
        Ok(Some(end)) => Ok(end),
        // It begins now: also the one of another process that did not come to it.
        Ok(None) => opened.place.run(spec, Box::new(output.clone())).await,
        Err(error) => Err(error),
    };
    let done = output.lock().effects.take();
    let (end, effects) = match done {
        Some(effects) => (result, effects),
        None => {
            // What is left of the output is written: nothing for an async thread.
            let read = opened.shared().io.blocking(move || {
                output.lock().finish(result.as_ref().ok());
                let effects = output.lock().effects.take();
                (result, effects.unwrap_or_default())
            });
            read.await.map_err(|broken| broke_off(&broken))?
        }
    };
    let end = end.map_err(|error| trouble(&error))?;
    if let Some(trouble) = failures.take() {
        return Err(trouble);
    }
    Ok(conclude(opened, &job, &id, end, effects, missing))
}

/// Takes what the command files of a step say.
pub(super) fn take_files(files: &CommandFiles, pump: &mut Pump, now: Timestamp) {
    let mut read = |content: &FileContent, name: &str| match content {
        FileContent::Bytes(bytes) => bytes.clone(),
        FileContent::Empty => Vec::new(),
        FileContent::TooLarge(size) => {
            pump.fail(now, &format!("{name} is too large to be read: {size} bytes"));
            Vec::new()
        }
        FileContent::Unreadable(why) => {
            pump.fail(now, &format!("{name} cannot be read: {why}"));
            Vec::new()
        }
    };
    let (env, output) = (
        read(&files.env, "GITHUB_ENV"),
        read(&files.output, "GITHUB_OUTPUT"),
    );
    let (state, path) = (
        read(&files.state, "GITHUB_STATE"),
        read(&files.path, "GITHUB_PATH"),
    );
    let (summary, summary_size) = match &files.summary {
        FileContent::TooLarge(size) => (Vec::new(), *size),
        content => {
            let bytes = read(content, "GITHUB_STEP_SUMMARY");
            let size = bytes.len() as u64;
            (bytes, size)
        }
    };
    pump.files(
        now,
        &StepFiles {
            env: &env,
            output: &output,
            state: &state,
            path: &path,
            summary: &summary,
            summary_size,
        },
    );
}

/// Outputs differ by more than case; the last value counts, under the first spelling.
fn put_outputs(outputs: &mut Outputs, pairs: Vec<(String, String)>) {
    for (name, value) in pairs {
        let known = outputs
            .keys()
            .find(|known| known.eq_ignore_ascii_case(&name))
            .cloned();
        outputs.insert(known.unwrap_or(name), value);
    }
}

/// Takes what a step did that counts for others.
pub(super) fn deeds_of(effects: &mut StepEffects) -> Deeds {
    let mut deeds = Deeds {
        env: std::mem::take(&mut effects.env),
        path: std::mem::take(&mut effects.path),
        state: std::mem::take(&mut effects.state),
        ..Deeds::default()
    };
    put_outputs(&mut deeds.outputs, std::mem::take(&mut effects.outputs));
    deeds
}

fn conclude(
    opened: &Opened,
    job: &JobId,
    id: &StepId,
    end: StepEnd,
    mut effects: StepEffects,
    missing: Option<String>,
) -> (WorkEnd, Deeds) {
    let (exit_code, signal, reason) = match end.status {
        ExitStatus::Code(code) => (Some(code), None, None),
        ExitStatus::Signal(signal) => (
            None,
            Some(signal),
            Some(Reason::new("signal", format!("signal {signal} ended it"))),
        ),
        ExitStatus::OutOfMemory => (
            None,
            Some(9),
            Some(Reason::new("memory", "it ran out of memory: the system ended it")),
        ),
        ExitStatus::NotStarted(why) => {
            let why = missing.unwrap_or(why);
            (None, None, Some(Reason::new("not-started", why)))
        }
    };
    let deeds = deeds_of(&mut effects);
    let failed_by = effects.failed_by;
    let mut notes: Vec<Event> = effects
        .annotations
        .into_iter()
        .map(|annotation| Event::Annotated {
            job: job.clone(),
            step: id.clone(),
            annotation: annotated(annotation),
        })
        .collect();
    notes.extend(effects.summary.map(|text| Event::Summarized {
        job: job.clone(),
        step: id.clone(),
        text,
    }));
    let lost = (effects.lost_lines > 0).then(|| {
        let why = effects
            .lost_by
            .as_ref()
            .map_or_else(String::new, |error| format!(": {error}"));
        lost(effects.lost_lines, &why)
    });
    let end = WorkEnd {
        success: exit_code == Some(0) && failed_by.is_none(),
        exit_code,
        signal,
        reason: reason
            .or(failed_by.map(|why| Reason::new("command", opened.grounds.masks.mask(&why).into_owned()))),
        took: end.took,
        by_itself: !end.signalled,
        outputs: masked(opened, &deeds.outputs),
        notes,
        lost,
    };
    (end, deeds)
}

/// Outputs as they may be written down.
pub(super) fn masked(opened: &Opened, outputs: &Outputs) -> Outputs {
    let masks = &opened.grounds.masks;
    outputs
        .iter()
        .map(|(name, value)| (masks.mask(name).into_owned(), masks.mask(value).into_owned()))
        .collect()
}

fn annotated(annotation: output::Annotation) -> Annotation {
    Annotation {
        level: match annotation.level {
            output::Level::Notice => AnnotationLevel::Notice,
            output::Level::Warning => AnnotationLevel::Warning,
            output::Level::Error => AnnotationLevel::Error,
        },
        message: annotation.message,
        title: annotation.title,
        file: annotation.file,
        line: annotation.line,
        end_line: annotation.end_line,
        column: annotation.column,
        end_column: annotation.end_column,
    }
}

/// What a step says; all clones are the same.
#[derive(Clone)]
struct Output(Arc<Mutex<Said>>);

/// What a step has said so far.
struct Said {
    /// Until its end.
    pump: Option<Pump>,
    log: LogWriterHandle,
    shared: Arc<Shared>,
    /// What came of it, once it is at its end.
    effects: Option<StepEffects>,
}

impl Output {
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Said {
    /// Writes what is left of the output, and reads what the step left. Blocks.
    fn finish(&mut self, end: Option<&StepEnd>) {
        let Some(mut pump) = self.pump.take() else { return };
        let now = self.shared.world.now();
        if let Some(end) = end {
            take_files(&end.files, &mut pump, now);
        }
        let mut effects = pump.finish(now);
        if let Err(error) = self.log.flush() {
            effects.lost_lines = effects.lost_lines.max(lost_lines(&error));
            effects
                .lost_by
                .get_or_insert_with(|| io::Error::other(crate::chain::chain(&error)));
        }
        self.effects = Some(effects);
    }
}

impl StepOutput for Output {
    fn chunk(&mut self, stream: Stream, at: jiff::Timestamp, bytes: &[u8]) {
        let at = Timestamp::from_millis(at.as_millisecond());
        if let Some(pump) = &mut self.lock().pump {
            pump.chunk(stream, at, bytes);
        }
    }

    fn ended(&mut self, end: &StepEnd) {
        self.lock().finish(Some(end));
    }
}
