//! The flags of `run`. Some have a second name, under which `act` knows them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{
    ExecutorChoice, FAILS, Format, OUTPUT, PLACE, Pull, Unmapped, VALUES, WHAT, platform, split, whole,
};
use crate::config::{Keep, WorkspaceMode};
use crate::secret::Secret;

/// How `run` is called.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct RunArgs {
    /// The workflow file, or a directory
    ///
    /// Of a directory all run that the event starts [default: .loom.yml, then .github/workflows].
    #[arg(env = "LOOM_CONFIG_PATH", value_name = "FILE|DIR")]
    file: Option<PathBuf>,
    /// The same as FILE|DIR
    #[arg(short = 'W', long, value_name = "FILE|DIR", help_heading = WHAT)]
    workflows: Option<PathBuf>,
    /// Run this job and what it needs; may be given more than once
    ///
    /// Of a directory, in the workflows that have it.
    #[arg(short, long = "job", value_name = "JOB", help_heading = WHAT)]
    pub(in crate::cli) jobs: Vec<String>,
    /// Of a matrix, run only what has this value
    ///
    /// The same key twice is either, different keys are both.
    #[arg(long, value_name = "KEY:VALUE", value_parser = key_value, help_heading = WHAT)]
    pub(in crate::cli) matrix: Vec<(String, String)>,
    /// List the jobs that would run, and start nothing
    #[arg(short, long, help_heading = WHAT)]
    pub(in crate::cli) list: bool,
    /// Do all but start anything
    #[arg(short = 'n', long = "dry-run", visible_alias = "dryrun", help_heading = WHAT)]
    pub(in crate::cli) dry_run: bool,

    /// The event that happened [default: push]
    #[arg(long, value_name = "NAME", help_heading = EVENT)]
    pub(in crate::cli) event: Option<String>,
    /// A JSON file with what GitHub would send with the event
    ///
    /// [default: made from the repository at hand]
    #[arg(
        short = 'e',
        long = "event-path",
        visible_alias = "eventpath",
        value_name = "FILE",
        help_heading = EVENT
    )]
    pub(in crate::cli) event_path: Option<PathBuf>,
    /// Who caused the event [default: git's user.name]
    #[arg(long, value_name = "NAME", help_heading = EVENT)]
    pub(in crate::cli) actor: Option<String>,
    /// The repository's name [default: that of the remote]
    #[arg(long, value_name = "OWNER/NAME", value_parser = repository, help_heading = EVENT)]
    pub(in crate::cli) repository: Option<String>,
    /// The branch or tag that the event is about
    ///
    /// [default: what is checked out]
    #[arg(long = "ref", value_name = "REF", value_parser = reference, help_heading = EVENT)]
    pub(in crate::cli) reference: Option<String>,
    /// The commit that the event is about [default: what is checked out]
    #[arg(long, value_name = "COMMIT", value_parser = commit, help_heading = EVENT)]
    pub(in crate::cli) sha: Option<String>,
    /// The repository's main branch
    ///
    /// [default: that of the remote, main or master]
    #[arg(
        long = "default-branch",
        visible_alias = "defaultbranch",
        value_name = "BRANCH",
        help_heading = EVENT
    )]
    pub(in crate::cli) default_branch: Option<String>,

    /// A secret; may be given more than once
    ///
    /// Without a value it is taken from the environment, or asked for.
    #[arg(short, long = "secret", value_name = "NAME[=VALUE]", value_parser = hidden, help_heading = VALUES)]
    pub(in crate::cli) secrets: Vec<Secret>,
    /// A file of NAME=value lines with secrets
    ///
    /// [default: .secrets of the project, if there is one]
    #[arg(long = "secret-file", value_name = "FILE", help_heading = VALUES)]
    pub(in crate::cli) secret_file: Option<PathBuf>,
    /// A variable of the `vars` context; may be given more than once
    ///
    /// Without a value it is taken from the environment.
    #[arg(long = "var", value_name = "NAME[=VALUE]", help_heading = VALUES)]
    pub(in crate::cli) vars: Vec<String>,
    /// A file of NAME=value lines with such variables
    ///
    /// [default: .vars of the project, if there is one]
    #[arg(long = "var-file", value_name = "FILE", help_heading = VALUES)]
    pub(in crate::cli) var_file: Option<PathBuf>,
    /// A variable for every step; may be given more than once
    ///
    /// Those of the workflow beat it. Without a value it is taken from the environment.
    #[arg(long = "env", value_name = "NAME[=VALUE]", help_heading = VALUES)]
    pub(in crate::cli) env: Vec<String>,
    /// A file of NAME=value lines with such variables
    ///
    /// [default: .env of the project, if there is one]
    #[arg(long = "env-file", value_name = "FILE", help_heading = VALUES)]
    pub(in crate::cli) env_file: Option<PathBuf>,
    /// An input of workflow_dispatch or workflow_call
    ///
    /// Declared or not; may be given more than once. Without a value it is taken from the environment.
    #[arg(long = "input", value_name = "NAME[=VALUE]", help_heading = VALUES)]
    pub(in crate::cli) inputs: Vec<String>,
    /// A file of NAME=value lines with inputs
    #[arg(long = "input-file", value_name = "FILE", help_heading = VALUES)]
    pub(in crate::cli) input_file: Option<PathBuf>,

    /// Where jobs run [default: docker]
    #[arg(long, value_enum, help_heading = PLACE)]
    pub(in crate::cli) executor: Option<ExecutorChoice>,
    /// The image for a `runs-on` label, or `host` for this machine
    #[arg(
        short = 'P',
        long = "platform",
        value_name = "LABEL=IMAGE",
        value_parser = platform,
        help_heading = PLACE
    )]
    pub(in crate::cli) platforms: Vec<(String, String)>,
    /// What becomes of a job whose label nothing runs [default: skip]
    #[arg(long = "unmapped-label", value_enum, value_name = "WHAT", help_heading = PLACE)]
    pub(in crate::cli) unmapped_label: Option<Unmapped>,
    /// How jobs see the project [default: bind]
    #[arg(long = "workspace-mode", value_enum, value_name = "MODE", help_heading = PLACE)]
    pub(in crate::cli) workspace_mode: Option<Mode>,
    /// When to pull images [default: missing]
    #[arg(long, value_enum, help_heading = PLACE)]
    pub(in crate::cli) pull: Option<Pull>,
    /// Jobs that run at the same time, at most
    ///
    /// [default: 16, or 4 for each core where that is more]
    #[arg(long, value_name = "N", value_parser = whole(1, u32::MAX), help_heading = PLACE)]
    pub(in crate::cli) parallel: Option<u32>,

    /// Use a directory instead of an action of another repository
    ///
    /// Or instead of a called workflow of another one.
    #[arg(
        long = "action-override",
        value_name = "OWNER/NAME[@REF]=DIR",
        value_parser = action_override,
        help_heading = ACTIONS
    )]
    pub(in crate::cli) action_overrides: Vec<(String, PathBuf)>,
    /// Fetch no actions: what was fetched before is used
    #[arg(long, help_heading = ACTIONS)]
    pub(in crate::cli) offline: bool,
    /// Use the commits of the lock file, and refuse other actions
    #[arg(long, help_heading = ACTIONS)]
    pub(in crate::cli) frozen: bool,

    /// Stop at a step that fails, and ask what to do
    ///
    /// Where nobody can be asked, leave with code 77: `retry`, `skip` and `end` go on then.
    #[arg(long = "pause-on-failure", help_heading = FAILS)]
    pub(in crate::cli) pause_on_failure: bool,
    /// Whose place is kept when its job is done [default: never]
    ///
    /// `shell` opens a command line in it, `runs clean` removes it.
    #[arg(long, value_enum, value_name = "WHICH", help_heading = FAILS)]
    pub(in crate::cli) keep: Option<Kept>,

    /// What is printed
    ///
    /// [default: pretty on a terminal, else plain]
    #[arg(long, value_enum, help_heading = OUTPUT)]
    pub(in crate::cli) format: Option<Format>,
    /// Print the end page alone
    ///
    /// It has the jobs, and the last lines of the steps that failed; `runs logs` has all of it. Warnings and errors are
    /// said all the same, and `--format json` stays whole.
    #[arg(short, long, help_heading = OUTPUT)]
    pub(in crate::cli) quiet: bool,
    /// The studio that shows this run's actors
    ///
    /// [default: the one of STUDIO_URL when STUDIO_ENABLED is true, else a `serve` on the same state directory]
    #[arg(long, value_name = "URL", help_heading = OUTPUT)]
    pub(in crate::cli) studio: Option<String>,
}

const EVENT: &str = "The event";
const ACTIONS: &str = "Actions";

impl RunArgs {
    /// The file or directory that was named, either way.
    pub(in crate::cli) fn file(&self) -> Option<&Path> {
        self.workflows.as_deref().or(self.file.as_deref())
    }

    /// What is printed, as far as that was said.
    pub(in crate::cli) fn shown(&self) -> Option<Format> {
        Format::shown(self.format, self.quiet)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Mode {
    /// The project itself
    Bind,
    /// A copy that is instant and thrown away
    Overlay,
    /// A copy that is made and thrown away
    Copy,
}

impl From<Mode> for WorkspaceMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Bind => Self::Bind,
            Mode::Overlay => Self::Overlay,
            Mode::Copy => Self::Copy,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Kept {
    Failed,
    Always,
    Never,
}

impl From<Kept> for Keep {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Failed => Self::Failed,
            Kept::Always => Self::Always,
            Kept::Never => Self::Never,
        }
    }
}

/// Anything: what is wrong with it is said without showing it.
pub(super) fn hidden(text: &str) -> Result<Secret, String> {
    Ok(Secret::new(text))
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it has to look like KEY:VALUE".to_owned()),
    }
}

fn repository(text: &str) -> Result<String, String> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    match text.split_once('/') {
        Some((owner, name)) if is_word(owner) && is_word(name) => Ok(text.to_owned()),
        _ => Err("it has to look like OWNER/NAME".to_owned()),
    }
}

/// A commit by its whole name: workflows compare it, and ask servers for it.
fn commit(text: &str) -> Result<String, String> {
    let is_whole = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_whole {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("it has to be a commit by its whole name, 40 hexadecimal digits, as `git rev-parse HEAD` prints it".to_owned())
    }
}

/// What git takes for a branch or tag, as far as its rules can be told from the name.
fn reference(text: &str) -> Result<String, String> {
    let refused = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    if text.is_empty() || text.contains(refused) || text.contains("..") || text.starts_with('-') {
        return Err("it has to be the name of a branch or tag, such as main or refs/tags/v1".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn action_override(text: &str) -> Result<(String, PathBuf), String> {
    let (name, directory) = split(text, "OWNER/NAME@REF=DIR")?;
    if name.contains('/') && !directory.is_empty() {
        Ok((name, PathBuf::from(directory)))
    } else {
        Err("it has to look like OWNER/NAME@REF=DIR".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, Command};
    use super::*;

    fn args(words: &[&str]) -> RunArgs {
        let words = ["loom-runtime", "run"].iter().chain(words);
        match Cli::try_parse_from(words).unwrap().command {
            Command::Run(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_names_that_act_has_mean_the_same() {
        let args = args(&[
            "-e",
            "event.json",
            "-W",
            "flows",
            "-s",
            "A=b",
            "-l",
            "--dryrun",
            "-j",
            "x",
            "-P",
            "l=i",
            "--defaultbranch",
            "m",
        ]);
        assert_eq!(args.event_path.as_deref(), Some(Path::new("event.json")));
        assert_eq!(args.file(), Some(Path::new("flows")));
        assert!(args.list && args.dry_run);
        assert_eq!(args.default_branch.as_deref(), Some("m"));
        let other = self::args(&["--eventpath", "event.json", "-n"]);
        assert!(other.event_path.is_some() && other.dry_run);
    }

    #[test]
    fn a_secret_of_the_command_line_is_not_shown() {
        let args = args(&["--secret", "A=hunter2"]);
        assert!(!format!("{args:?}").contains("hunter2"));
    }

    #[test]
    fn pairs_are_taken_apart() {
        let args = args(&["--matrix", "os:a:b", "--action-override", "o/r/p@v1=dir=x"]);
        assert_eq!(args.matrix, [("os".to_owned(), "a:b".to_owned())]);
        assert_eq!(
            args.action_overrides,
            [("o/r/p@v1".to_owned(), PathBuf::from("dir=x"))]
        );
        for wrong in ["os", ":x", ""] {
            assert!(Cli::try_parse_from(["loom-runtime", "run", "--matrix", wrong]).is_err());
        }
        for (flag, wrong) in [
            ("--sha", "abc"),
            ("--sha", "HEAD"),
            ("--sha", ""),
            ("--sha", "g123456789012345678901234567890123456789"),
            ("--parallel", "0"),
            ("--parallel", "two"),
            ("--repository", "name"),
            ("--repository", "a/b/c"),
            ("--repository", "a/ b"),
            ("--ref", ""),
            ("--ref", "a branch"),
            ("--ref", "a..b"),
            ("--platform", "ubuntu-latest="),
            ("--platform", "=x"),
        ] {
            let read = Cli::try_parse_from(["loom-runtime", "run", flag, wrong]);
            assert!(read.is_err(), "{flag} {wrong}");
        }
        let sha = "0123456789ABCDEF0123456789abcdef01234567";
        let right = self::args(&[
            "--sha",
            sha,
            "--repository",
            "o/r.x",
            "--ref",
            "refs/heads/feature/a",
        ]);
        assert_eq!(right.sha, Some(sha.to_ascii_lowercase()));
        assert_eq!(right.repository.as_deref(), Some("o/r.x"));
        assert_eq!(right.reference.as_deref(), Some("refs/heads/feature/a"));
        for wrong in ["o=d", "o/r=", "o/r"] {
            assert!(Cli::try_parse_from(["loom-runtime", "run", "--action-override", wrong]).is_err());
        }
    }
}
