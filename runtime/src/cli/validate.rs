//! `loom-runtime validate`: checks files without running them.
//!
//! stdout has the findings: drawn, one JSON object a file, one SARIF document, or workflow commands; stderr has the summary and
//! what cannot be read. With `--fix` and standard input stdout has the repaired text, and stderr the findings.

mod fix;
mod github;
mod json;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use loom_workflow::{Diagnostic, Diagnostics, Fixed, Level, Severity, Source};

use super::args::{CheckLevel, FindingFormat, ValidateArgs};
use super::places::Root;
use super::sarif::Sarif;
use super::{Exit, data, diagnostics, talk, together};
use crate::config::ConfigError;
use crate::lints::FileLints;
use crate::project::{self, ProjectError, WorkflowFile};
use crate::repository::Repository;

pub(super) fn validate(args: &ValidateArgs) -> Exit {
    let inputs = files(&args.files);
    let writes_out = args.fix && inputs.iter().any(|input| matches!(input, Input::Stdin));
    if writes_out && args.format != FindingFormat::Text {
        talk::error(
            "`--fix` prints the repaired text of standard input, so the findings have no place on stdout",
        );
        talk::help("leave out `--format`: the findings are on stderr");
        return Exit::Usage;
    }
    let root = root(args);
    let mut report = Report {
        args,
        writes_out,
        sum: Sum::default(),
        sarif: Sarif::new(root.clone()),
        root,
        warned: HashSet::new(),
        exit: Exit::Success,
    };
    if args.fix {
        // One after the other: two names may lead to one file.
        for input in &inputs {
            report.add(look(input, args));
        }
    } else {
        for outcome in together::in_order(&inputs, |input| look(input, args)) {
            report.add(outcome);
        }
    }
    report.end()
}

/// What is to be checked.
enum Input {
    /// A file that was named.
    File(PathBuf),
    /// A file of a folder that was named.
    Inside(PathBuf),
    /// A folder without anything to check.
    Nothing(PathBuf),
    Stdin,
}

/// What came of looking at something.
enum Outcome {
    Looked(Box<Looked>),
    /// The configuration leaves it out.
    LeftOut,
    Failed {
        why: String,
        help: &'static str,
    },
}

/// A file that was looked at.
struct Looked {
    /// The file; with `--fix` as it is now.
    file: WorkflowFile,
    found: Diagnostics,
    /// Whether its own level is all that is asked for.
    level: CheckLevel,
    valid: bool,
    fixed: Vec<Fixed>,
    /// Whether lints were asked for, and the configuration leaves the file out of them.
    lints_are_off: bool,
}

impl Looked {
    /// The findings that were asked for.
    fn shown(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter().filter(|one| wanted(one, self.level))
    }
}

impl From<ProjectError> for Outcome {
    fn from(error: ProjectError) -> Self {
        Self::Failed {
            why: error.to_string(),
            help: error.help(),
        }
    }
}

impl From<ConfigError> for Outcome {
    fn from(error: ConfigError) -> Self {
        Self::Failed {
            why: format!("failed to {error}"),
            help: "`docs/configuration.md` says what can stand there; `loom-runtime explain` lists all codes",
        }
    }
}

fn look(input: &Input, args: &ValidateArgs) -> Outcome {
    match try_look(input, args) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn try_look(input: &Input, args: &ValidateArgs) -> Result<Outcome, Outcome> {
    let path = match input {
        Input::File(path) | Input::Inside(path) => path.as_path(),
        Input::Nothing(folder) => return Err(ProjectError::Nothing(folder.clone()).into()),
        Input::Stdin => args.stdin_name.as_deref().unwrap_or(Path::new("stdin.yml")),
    };
    let lints = FileLints::of(path)?;
    if matches!(input, Input::Inside(_)) && lints.is_left_out() {
        return Ok(Outcome::LeftOut);
    }
    let mut file = match input {
        Input::Stdin => project::read_stdin(args.stdin_name.as_deref())?,
        _ => project::read(path)?,
    };
    if args.fix && matches!(input, Input::Stdin) && !file.source.is_whole() {
        // Whoever puts back what is printed must not lose anything.
        return Err(Outcome::Failed {
            why: "standard input is not UTF-8 text, or too large: there is nothing to print".to_owned(),
            help: "leave out `--fix` to see what is wrong with it",
        });
    }
    let check = checker(&file, args.level, &lints);
    let (found, fixed) = if args.fix {
        let mended = loom_workflow::mend(&file.source, check);
        if !mended.fixed.is_empty() && !matches!(input, Input::Stdin) {
            let (before, after) = (file.source.text(), mended.source.text());
            fix::write(path, before, after).map_err(|error| Outcome::Failed {
                help: error.help(),
                why: error.to_string(),
            })?;
        }
        // Without a change it stays the source that it was: what is no text has none to write.
        if !mended.fixed.is_empty() {
            file.source = mended.source;
        }
        (mended.left, mended.fixed)
    } else {
        (check(&file.source), Vec::new())
    };
    Ok(Outcome::Looked(Box::new(Looked {
        valid: is_valid(&found, args.level),
        level: args.level,
        lints_are_off: args.level == CheckLevel::Lint && lints.is_left_out(),
        file,
        found,
        fixed,
    })))
}

/// What finds everything of a level in the text of a workflow, or of the `action.yml` of an action.
fn checker(
    file: &WorkflowFile,
    level: CheckLevel,
    lints: &FileLints,
) -> impl Fn(&Source) -> Diagnostics + use<> {
    let is_action = loom_workflow::is_action(&project::resolved(&file.path).to_string_lossy());
    let repository = if is_action {
        Repository::of_action(&file.path)
    } else {
        Repository::of(&file.path)
    };
    let repository = repository.with_lints(lints.lints());
    let dialect = file.dialect;
    move |source| match level {
        CheckLevel::Schema if is_action => loom_workflow::load_action_unlinted(source).diagnostics,
        CheckLevel::Lint if is_action => loom_workflow::load_action_with(source, &repository).diagnostics,
        CheckLevel::Schema => loom_workflow::load_unlinted(source, dialect, &repository).diagnostics,
        CheckLevel::Lint => loom_workflow::load_with(source, dialect, &repository).diagnostics,
    }
}

/// What is meant: a directory stands for all that it has to be checked, `-` for standard input.
fn files(named: &[PathBuf]) -> Vec<Input> {
    let mut files = Vec::with_capacity(named.len());
    for path in named {
        if path == Path::new("-") {
            files.push(Input::Stdin);
        } else if path.is_dir() {
            let inside = project::checkable(path);
            if inside.is_empty() {
                files.push(Input::Nothing(path.clone()));
            }
            files.extend(inside.into_iter().map(Input::Inside));
        } else {
            files.push(Input::File(path.clone()));
        }
    }
    files
}

/// The folder that paths in SARIF and in annotations start in.
fn root(args: &ValidateArgs) -> Root {
    let first = args.files.first().map(PathBuf::as_path);
    match first.filter(|path| *path != Path::new("-")) {
        Some(path) => Root::around(path),
        None => Root::around(args.stdin_name.as_deref().unwrap_or(Path::new("."))),
    }
}

fn wanted(diagnostic: &Diagnostic, level: CheckLevel) -> bool {
    level == CheckLevel::Lint || diagnostic.level() == Level::Schema
}

fn is_valid(found: &Diagnostics, level: CheckLevel) -> bool {
    // What was too much to keep counts when it would stop a run.
    !found.is_blocking()
        && !found
            .iter()
            .any(|one| wanted(one, level) && one.severity == Severity::Error)
}

/// Tells what came of each file, and of all of them.
struct Report<'a> {
    args: &'a ValidateArgs,
    /// Whether stdout is for the repaired text.
    writes_out: bool,
    root: Root,
    sum: Sum,
    sarif: Sarif,
    /// What failed and was said: one configuration may fail for every file.
    warned: HashSet<String>,
    exit: Exit,
}

impl Report<'_> {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Looked(looked) => {
                self.sum.add(&looked);
                self.tell(&looked);
            }
            Outcome::LeftOut => self.sum.left_out += 1,
            Outcome::Failed { why, help } => {
                self.exit = Exit::Usage;
                if self.warned.insert(why.clone()) {
                    talk::error(&why);
                    talk::help(help);
                    self.sarif.fail(&why);
                }
            }
        }
    }

    fn tell(&mut self, looked: &Looked) {
        let source = &looked.file.source;
        match self.args.format {
            FindingFormat::Text if self.writes_out => {
                data::print(source.text());
                talk::raw(&repaired(looked));
                talk::raw(&diagnostics::draw(source, looked.shown(), talk::in_colour()));
            }
            FindingFormat::Text => {
                data::print(&repaired(looked));
                data::print(&diagnostics::draw(source, looked.shown(), data::in_colour()));
            }
            FindingFormat::Json => json::print(looked),
            FindingFormat::Sarif => {
                for one in looked.shown() {
                    self.sarif.add(source, one);
                }
                if looked.found.omitted() > 0 {
                    self.sarif.cut(source, looked.found.omitted());
                }
            }
            FindingFormat::Github => {
                for one in looked.shown() {
                    data::print(&github::command(&self.root, source, one));
                }
            }
        }
        let people = matches!(self.args.format, FindingFormat::Text | FindingFormat::Github);
        if people && looked.found.omitted() > 0 {
            talk::note(&format!("{} more findings are not shown", looked.found.omitted()));
        }
    }

    fn end(self) -> Exit {
        match self.args.format {
            FindingFormat::Text | FindingFormat::Github if self.args.quiet => {}
            FindingFormat::Text | FindingFormat::Github => self.sum.tell(self.args.fix),
            FindingFormat::Sarif => data::print(&format!("{:#}\n", self.sarif.document())),
            FindingFormat::Json => {}
        }
        let denied = self.args.deny_warnings && self.sum.warnings > 0;
        if (self.sum.invalid > 0 || denied) && self.exit == Exit::Success {
            return Exit::Failure;
        }
        self.exit
    }
}

/// What was repaired in a file, a line each.
fn repaired(looked: &Looked) -> String {
    let name = looked.file.source.name();
    looked
        .fixed
        .iter()
        .map(
            |Fixed {
                 code,
                 message,
                 position,
             }| {
                format!(
                    "fixed {name}:{}:{}: {message} [{code}]\n",
                    position.line, position.column
                )
            },
        )
        .collect()
}

/// What came of all files together.
#[derive(Default)]
struct Sum {
    checked: usize,
    invalid: usize,
    warnings: usize,
    notes: usize,
    left_out: usize,
    /// Files that were named although they are left out: lints have nothing to say of them.
    unlinted: usize,
    fixed: usize,
    /// Findings with a change that `--fix` would make.
    fixable: usize,
}

impl Sum {
    fn add(&mut self, looked: &Looked) {
        let count = |severity| looked.shown().filter(|one| one.severity == severity).count();
        self.checked += 1;
        self.invalid += usize::from(!looked.valid);
        self.warnings += count(Severity::Warning);
        self.notes += count(Severity::Note);
        self.unlinted += usize::from(looked.lints_are_off);
        self.fixed += looked.fixed.len();
        let is_fixable = |one: &&Diagnostic| one.suggestion.as_ref().is_some_and(|it| it.is_safe());
        self.fixable += looked.shown().filter(is_fixable).count();
    }

    fn tell(&self, fix: bool) {
        if self.left_out > 0 {
            talk::note(&format!(
                "{} left out by `exclude` of `[lint]`",
                counted(self.left_out, "file is", "files are")
            ));
        }
        if self.unlinted > 0 {
            talk::note(&format!(
                "lints are off for {} (`exclude` of `[lint]`)",
                counted(self.unlinted, "file", "files")
            ));
        }
        if self.fixed > 0 {
            talk::note(&format!(
                "{} repaired",
                counted(self.fixed, "finding", "findings")
            ));
        }
        if self.checked == 0 {
            return;
        }
        if self.invalid == 0 {
            talk::note(&self.words());
        } else {
            talk::error(&self.words());
            talk::help("`loom-runtime explain CODE` says more about a finding");
        }
        if self.fixable > 0 && !fix {
            talk::help(&format!(
                "`--fix` can repair {}",
                counted(self.fixable, "of them", "of them")
            ));
        }
    }

    fn words(&self) -> String {
        let Self {
            checked,
            invalid,
            warnings,
            notes,
            ..
        } = self;
        let files = counted(*checked, "file", "files");
        match (invalid, warnings, notes) {
            (0, 0, 0) => format!("{files} checked, nothing is wrong"),
            (0, 0, _) => format!("{files} checked: no errors, {}", counted(*notes, "note", "notes")),
            (0, _, _) => format!(
                "{files} checked: no errors, {}",
                counted(*warnings, "warning", "warnings")
            ),
            (1, _, _) => format!("1 of {files} has errors"),
            _ => format!("{invalid} of {files} have errors"),
        }
    }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(text: &str, level: CheckLevel) -> Looked {
        let source = Source::new("w.yml", text);
        let found = loom_workflow::load(&source, loom_workflow::Dialect::Loom).diagnostics;
        Looked {
            valid: is_valid(&found, level),
            file: WorkflowFile {
                path: "w.yml".into(),
                source,
                dialect: loom_workflow::Dialect::Loom,
            },
            found,
            level,
            fixed: Vec::new(),
            lints_are_off: false,
        }
    }

    #[test]
    fn lints_count_at_their_level_only() {
        let text = "jobs: {a: {timeout-minutes: 0, steps: [{run: x}]}}\n";
        assert!(looked(text, CheckLevel::Schema).valid);
        assert!(!looked(text, CheckLevel::Lint).valid);
    }

    #[test]
    fn the_summary_counts_what_was_shown() {
        let shown = |texts: &[&str], level| {
            let mut sum = Sum::default();
            for text in texts {
                sum.add(&looked(text, level));
            }
            sum.words()
        };
        let good = "jobs: {a: {steps: [{run: x}]}}\n";
        let warned = "jobs: {a: {steps: [{run: x}]}, b: {needs: [a, a], steps: [{run: x}]}}\n";
        let broken = "jobs: {}\n";
        for (texts, level, want) in [
            (
                &[good, good][..],
                CheckLevel::Lint,
                "2 files checked, nothing is wrong",
            ),
            (
                &[good, warned],
                CheckLevel::Lint,
                "2 files checked: no errors, 1 warning",
            ),
            (
                &[warned, warned],
                CheckLevel::Lint,
                "2 files checked: no errors, 2 warnings",
            ),
            (&[warned], CheckLevel::Schema, "1 file checked, nothing is wrong"),
            (&[warned, broken], CheckLevel::Lint, "1 of 2 files has errors"),
        ] {
            assert_eq!(shown(texts, level), want);
        }
    }
}
