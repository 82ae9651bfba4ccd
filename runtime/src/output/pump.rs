//! The one way for all that a step says: bytes, lines, workflow commands, masks, sink.

use std::fmt;
use std::io;
use std::sync::Arc;

use loom_protocol::Timestamp;

use super::annotation::{Annotation, Level};
use super::effects::StepEffects;
use super::files::{self, StepFiles, Summary};
use super::interpreter::{Action, Allowed, Interpreter, Removal};
use super::masks::Masks;
use super::matchers::MatcherSet;
use super::matching::Matching;
use super::sink::{Kind, Line, LineSink, lines_of};
use crate::executor::Stream;
use crate::logs::{LineAssembler, Source};

/// A line of more bytes is cut, and a line after it says so.
pub const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// Reads the files of problem matchers that a step names.
pub trait MatcherFiles: Send + Sync {
    /// The bytes of a file, by its absolute path as the step sees it.
    ///
    /// # Errors
    /// When it cannot be read. The step fails, as in the runner.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
}

/// For steps that cannot add problem matchers.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMatcherFiles;

impl MatcherFiles for NoMatcherFiles {
    fn read(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "files of problem matchers cannot be read here",
        ))
    }
}

/// What a pump needs.
#[derive(Clone)]
pub struct PumpOptions {
    /// The run's.
    pub masks: Masks,
    /// Where the lines go.
    pub sink: Arc<dyn LineSink>,
    /// What the step's environment opts into.
    pub allowed: Allowed,
    /// Whether `debug` lines are shown and commands echoed.
    pub debug: bool,
    /// The job's.
    pub matchers: MatcherSet,
    /// How files of problem matchers are read.
    pub matcher_files: Arc<dyn MatcherFiles>,
    /// The directory of the workspace as the step sees it.
    pub workspace: String,
}

/// Takes what one step says, and gives what it asked for at its end. Everything passes the masks on the way.
pub struct Pump {
    stdout: LineAssembler,
    stderr: LineAssembler,
    step: Step,
}

struct Step {
    options: PumpOptions,
    interpreter: Interpreter,
    matching: Matching,
    effects: StepEffects,
    /// So many bytes of a line are kept.
    cap: usize,
    /// Lines that the sink may still hold back.
    held: u64,
}

impl Pump {
    /// For a step that starts.
    pub fn new(options: PumpOptions) -> Self {
        Self::with_cap(options, LONGEST_LINE)
    }

    fn with_cap(options: PumpOptions, cap: usize) -> Self {
        Self {
            stdout: LineAssembler::new(cap),
            stderr: LineAssembler::new(cap),
            step: Step {
                cap,
                interpreter: Interpreter::new(options.allowed, options.workspace.clone(), options.debug),
                matching: Matching::new(options.matchers.clone()),
                effects: StepEffects::default(),
                held: 0,
                options,
            },
        }
    }

    /// Takes the next piece of a stream. A line is handed on when its end has come.
    pub fn chunk(&mut self, stream: Stream, at: Timestamp, bytes: &[u8]) {
        let assembler = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let step = &mut self.step;
        assembler.push(bytes, |line, cut| step.line(stream.into(), at, line, cut));
        step.flush();
    }

    /// Says something of Loom's own in the step's log. It passes the masks too; nothing in it is a command.
    pub fn note(&mut self, at: Timestamp, text: &str) {
        self.step.show(Source::Loom, at, Kind::Plain, text);
        self.step.flush();
    }

    /// An annotation of Loom's own, which is shown too: an error about a command file, say.
    pub fn annotate(&mut self, at: Timestamp, annotation: Annotation) {
        self.step.annotate(Source::Loom, at, annotation, None);
        self.step.flush();
    }

    /// The step fails, whatever its exit code; says why in its log.
    pub fn fail(&mut self, at: Timestamp, reason: &str) {
        self.step.fail(Source::Loom, at, reason);
        self.step.flush();
    }

    /// Takes what the step's command files say, after it has ended however it ended. A file with a mistake fails the
    /// step, what stands before the mistake counts.
    pub fn files(&mut self, at: Timestamp, files: &StepFiles<'_>) {
        self.step.files(at, files);
        self.step.flush();
    }

    /// Ends the step: what has no line end counts as a line.
    pub fn finish(mut self, at: Timestamp) -> StepEffects {
        let step = &mut self.step;
        self.stdout
            .finish(|line, cut| step.line(Source::Stdout, at, line, cut));
        self.stderr
            .finish(|line, cut| step.line(Source::Stderr, at, line, cut));
        step.flush();
        self.step.effects.settled()
    }
}

impl fmt::Debug for Pump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pump")
            .field("effects", &self.step.effects)
            .finish_non_exhaustive()
    }
}

impl Step {
    fn line(&mut self, source: Source, at: Timestamp, bytes: &[u8], cut: u64) {
        if cut > 0 {
            self.cut_line(source, at, bytes, cut);
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        if let Some(actions) = self.interpreter.read(&text) {
            for action in actions {
                self.perform(source, at, action);
            }
            return;
        }
        if let Some((annotation, plain)) = self.matching.line(&text, &self.options.workspace) {
            self.annotate(source, at, annotation, Some(&plain));
            return;
        }
        let masked = self.options.masks.mask(&text);
        self.effects.lines += 1;
        let line = Line {
            source,
            at,
            text: &masked,
            kind: Kind::Plain,
        };
        emit(&self.options, &mut self.effects, &mut self.held, &line);
    }

    /// A line that is not whole. What is left of it may be a command that hides something: it is shown as none.
    fn cut_line(&mut self, source: Source, at: Timestamp, bytes: &[u8], cut: u64) {
        let whole_characters = match std::str::from_utf8(bytes) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => bytes.len(),
        };
        let text = String::from_utf8_lossy(bytes.get(..whole_characters).unwrap_or_default());
        if let Some(actions) = self.interpreter.read(&text) {
            for action in actions {
                if let Action::Mask(value) = action {
                    self.options.masks.add(&value);
                }
            }
            self.fail(
                source,
                at,
                &format!("a workflow command has more than the {} bytes that are kept of a line: it is not carried out", self.cap),
            );
            return;
        }
        let masked = self.options.masks.mask_cut(&text).into_owned();
        self.show(source, at, Kind::Plain, &masked);
        let more = cut + (bytes.len() - whole_characters) as u64;
        self.show(
            Source::Loom,
            at,
            Kind::Plain,
            &format!(
                "the line above is cut: it had {more} bytes more than the {} that are kept of a line",
                self.cap
            ),
        );
    }

    fn perform(&mut self, source: Source, at: Timestamp, action: Action) {
        match action {
            Action::Show(Kind::Debug, _) if !self.options.debug => {}
            Action::Show(kind, text) => self.show(source, at, kind, &text),
            Action::Mask(value) => self.options.masks.add(&value),
            Action::MaskToken(token) => self.options.masks.add_exact(&token),
            Action::Annotate(annotation) => self.annotate(source, at, annotation, None),
            Action::Output(name, value) => self.keep(source, at, |e| &mut e.outputs, name, value),
            Action::State(name, value) => self.keep(source, at, |e| &mut e.state, name, value),
            Action::Env(name, value) => self.keep(source, at, |e| &mut e.env, name, value),
            Action::Path(path) => {
                if self.has_room(source, at, path.len()) {
                    self.effects.path.push(path);
                }
            }
            Action::AddMatchers(file) => self.add_matchers(source, at, &file),
            Action::RemoveMatchers(Removal::Owner(owner)) => self.matching.set().remove_owner(&owner),
            Action::RemoveMatchers(Removal::File(file)) => self.remove_matchers(source, at, &file),
            Action::Fail(reason) => self.failed(&reason),
        }
    }

    fn keep(
        &mut self,
        source: Source,
        at: Timestamp,
        list: impl Fn(&mut StepEffects) -> &mut Vec<(String, String)>,
        name: String,
        value: String,
    ) {
        if self.has_room(source, at, name.len() + value.len()) {
            list(&mut self.effects).push((name, value));
        }
    }

    fn has_room(&mut self, source: Source, at: Timestamp, bytes: usize) -> bool {
        let fits = self.effects.reserve(bytes);
        if !fits && self.effects.failed_by.is_none() {
            self.fail(
                source,
                at,
                "the workflow commands of a step may set 64 MiB in all: the rest is not taken",
            );
        }
        fits
    }

    fn files(&mut self, at: Timestamp, files: &StepFiles<'_>) {
        let environment = files::environment(files.env);
        let (output, state) = (files::outputs(files.output), files::state(files.state));
        self.effects.env.extend(environment.pairs);
        self.effects.outputs.extend(output.pairs);
        self.effects.state.extend(state.pairs);
        let path_error = match files::paths(files.path) {
            Ok(paths) => {
                self.effects.path.extend(paths);
                None
            }
            Err(error) => Some(error),
        };
        for name in environment.refused {
            let message =
                format!("{name} cannot be set by GITHUB_ENV: it would change how later actions run");
            self.annotate(Source::Loom, at, Annotation::new(Level::Error, message), None);
        }
        for (name, error) in [
            ("GITHUB_ENV", environment.error),
            ("GITHUB_OUTPUT", output.error),
            ("GITHUB_STATE", state.error),
            ("GITHUB_PATH", path_error),
        ] {
            if let Some(error) = error {
                self.fail(
                    Source::Loom,
                    at,
                    &format!("the file of {name} is not taken to its end: {error}"),
                );
            }
        }
        let summary = files::summary(files.summary_size, files.summary, &self.options.masks);
        if let Some(complaint) = summary.complaint() {
            self.annotate(Source::Loom, at, Annotation::new(Level::Error, complaint), None);
        }
        if let Summary::Text(text) = summary {
            self.effects.summary = Some(text);
        }
    }

    fn add_matchers(&mut self, source: Source, at: Timestamp, file: &str) {
        let Some(json) = self.matcher_file(source, at, file) else {
            return;
        };
        match self.matching.set().add(&json) {
            Ok(left_out) => {
                for reason in left_out {
                    self.annotate(source, at, Annotation::new(Level::Warning, reason), None);
                }
            }
            Err(error) => self.fail(source, at, &format!("{file} brings no problem matchers: {error}")),
        }
    }

    fn remove_matchers(&mut self, source: Source, at: Timestamp, file: &str) {
        if let Some(json) = self.matcher_file(source, at, file)
            && let Err(error) = self.matching.set().remove_file(&json)
        {
            self.fail(source, at, &format!("{file} names no problem matchers: {error}"));
        }
    }

    fn matcher_file(&mut self, source: Source, at: Timestamp, file: &str) -> Option<Vec<u8>> {
        let path = if file.starts_with('/') {
            file.to_owned()
        } else {
            format!("{}/{file}", self.options.workspace.trim_end_matches('/'))
        };
        match self.options.matcher_files.read(&path) {
            Ok(json) => Some(json),
            Err(error) => {
                self.fail(
                    source,
                    at,
                    &format!("cannot read the problem matchers in {file}: {error}"),
                );
                None
            }
        }
    }

    /// Says why the step fails, and remembers it.
    fn fail(&mut self, source: Source, at: Timestamp, reason: &str) {
        self.annotate(source, at, Annotation::new(Level::Error, reason), None);
        self.failed(reason);
    }

    fn failed(&mut self, reason: &str) {
        if self.effects.failed_by.is_none() {
            self.effects.failed_by = Some(self.options.masks.mask(reason).into_owned());
        }
    }

    /// Shows an annotation, by the line it was found in when it was found in one, and keeps it when there are not too
    /// many of its level.
    fn annotate(&mut self, source: Source, at: Timestamp, annotation: Annotation, found_in: Option<&str>) {
        let text = found_in.unwrap_or(&annotation.message);
        self.show(source, at, annotation.level.into(), text);
        let masks = &self.options.masks;
        self.effects
            .annotate(annotation.mapped(|text| masks.mask(text).into_owned()));
    }

    /// Masks a text and hands on its lines; the kind is that of the first.
    fn show(&mut self, source: Source, at: Timestamp, kind: Kind, text: &str) {
        let masked = self.options.masks.mask(text);
        let mut kind = kind;
        for text in lines_of(&masked) {
            self.effects.lines += 1;
            let line = Line {
                source,
                at,
                text,
                kind,
            };
            emit(&self.options, &mut self.effects, &mut self.held, &line);
            kind = Kind::Plain;
        }
    }

    fn flush(&mut self) {
        let held = std::mem::take(&mut self.held);
        if held > 0
            && let Err(error) = self.options.sink.flush()
        {
            self.effects.lose(held, error);
        }
    }
}

fn emit(options: &PumpOptions, effects: &mut StepEffects, held: &mut u64, line: &Line<'_>) {
    match options.sink.line(line) {
        Ok(()) => *held += 1,
        Err(error) => effects.lose(1, error),
    }
}

#[cfg(test)]
#[path = "pump_tests.rs"]
mod tests;
