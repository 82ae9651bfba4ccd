//! Variables that scripts read and nothing sets: a misspelt name, or one that another job or another step had.
//!
//! Where a variable could come from somewhere that cannot be seen here, nothing is said: after an action that may set
//! some, after a script that may, on somebody's own machine, in a container. A name that stands anywhere in the file
//! without a `$` is taken as set.

use super::{labels, scripts};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::model::{Action, ActionReference, Fields, Job, Run, Uses, Workflow};
use crate::scripts::shell_variables;
use crate::source::Source;
use crate::words::name;

/// How many of them are reported in a file.
const MOST: usize = 20;

/// What the names of variables begin with that a runner, its images or the shell have.
const KNOWN: &[&str] = &[
    "ACCEPT_EULA",
    "ACTIONS_",
    "AGENT_",
    "ALLUSERSPROFILE",
    "ANDROID_",
    "ANT_",
    "APPDATA",
    "AZURE_",
    "BASH",
    "BOOTSTRAP_HASKELL",
    "CARGO_HOME",
    "CHROME",
    "CI",
    "COBERTURA_",
    "COLUMNS",
    "COMMONPROGRAM",
    "COMPUTERNAME",
    "COMSPEC",
    "CONDA",
    "COPROC",
    "DBUS_",
    "DEBIAN_FRONTEND",
    "DIRSTACK",
    "DISPLAY",
    "DOTNET_",
    "DRIVERDATA",
    "EDGE",
    "ENABLE_RUNNER",
    "EPOCH",
    "EUID",
    "FUNCNAME",
    "GCM_",
    "GECKO",
    "GHCUP",
    "GITHUB_",
    "GOROOT",
    "GRADLE_",
    "GRAALVM_",
    "GROUPS",
    "HISTCMD",
    "HOME",
    "HOSTNAME",
    "HOSTTYPE",
    "IEWEBDRIVER",
    "IFS",
    "IMAGE",
    "INVOCATION_ID",
    "JAVA_HOME",
    "JOURNAL_",
    "LANG",
    "LC_",
    "LEIN_",
    "LINENO",
    "LINES",
    "LOCALAPPDATA",
    "LOGNAME",
    "LOGONSERVER",
    "M2",
    "MACHTYPE",
    "MAIL",
    "MAPFILE",
    "MAVEN_",
    "MEMORY_PRESSURE",
    "MINGW",
    "MONGODB_",
    "MSYSTEM",
    "MYSQL",
    "NPM_",
    "NUMBER_OF_",
    "NUNIT",
    "NVM_",
    "OLDPWD",
    "OPTARG",
    "OPTERR",
    "OPTIND",
    "OS",
    "PATH",
    "PERFLOG",
    "PG",
    "PHP",
    "PIPESTATUS",
    "PIPX_",
    "POSTGRESQL",
    "POWERSHELL_",
    "PPID",
    "PROCESSOR_",
    "PROGRAM",
    "PROMPT",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PSMODULEPATH",
    "PUBLIC",
    "PWD",
    "R_LIBS",
    "RANDOM",
    "READLINE",
    "REPLY",
    "RTOOLS",
    "RUBY",
    "RUNNER_",
    "RUSTUP_HOME",
    "SBT_",
    "SECONDS",
    "SELENIUM",
    "SGX_",
    "SHELL",
    "SHLVL",
    "SRANDOM",
    "SSH_",
    "STATS_",
    "SUDO_",
    "SWIFT",
    "SYSTEM",
    "TEMP",
    "TERM",
    "TIMEFORMAT",
    "TMP",
    "TZ",
    "UID",
    "USER",
    "VCPKG",
    "VS1",
    "WINDIR",
    "WIX",
    "XCODE",
    "XDG_",
    "XPC_",
    "HOMEBREW_",
    "_",
];

/// Actions that set no variables for later steps.
const QUIET: &[&str] = &[
    "actions/cache",
    "actions/checkout",
    "actions/download-artifact",
    "actions/upload-artifact",
];

/// What a script may do that sets variables unseen, for itself or for later steps.
const OPAQUE: &[&str] = &[
    "source",
    ". ",
    "eval",
    "set -a",
    "allexport",
    "GITHUB_ENV",
    "BASH_ENV",
    "set-env",
    "curl",
    "wget",
    "clone",
    "gh ",
];

pub(super) fn check(workflow: &Workflow, source: &Source, diagnostics: &mut Diagnostics) {
    // Whoever writes a `.loom.yml` picks images, which have variables of their own.
    if workflow.dialect != Dialect::GitHub || has_open_env(&workflow.fields) {
        return;
    }
    let mut left = MOST;
    for job in workflow.jobs.values().filter(|job| is_plain(job)) {
        let default = job.defaults.shell.as_ref().or(workflow.defaults.shell.as_ref());
        let mut files = false;
        for step in &job.steps {
            let run = match &step.action {
                Action::Run(run) => run,
                Action::Uses(uses) if is_quiet(uses) => {
                    files = true;
                    continue;
                }
                _ => break,
            };
            let text = &*run.script.text;
            let is_bash = match run.shell.as_ref().or(default) {
                Some(shell) => shell.as_plain().is_some_and(scripts::is_bash),
                None => labels::is_windows(job) == Some(false),
            };
            let opaque = OPAQUE.iter().any(|sign| text.contains(sign));
            if is_bash && !opaque && !has_open_env(&step.fields) {
                script(run, source, &mut left, diagnostics);
            }
            // A program of the repository may set variables for what follows.
            if files || opaque || left == 0 {
                break;
            }
        }
    }
}

/// Whether nothing but the file and GitHub's runner says which variables a job has.
fn is_plain(job: &Job) -> bool {
    let hosted = job.runs_on.as_ref().is_some_and(|runs_on| {
        let mut labels = runs_on.labels.iter().map(|label| label.as_plain());
        runs_on.group.is_none() && labels.all(|label| label.is_some_and(labels::is_hosted))
    });
    hosted && job.container.is_none() && !has_open_env(&job.fields)
}

/// Whether variables are given that have no names in the file.
fn has_open_env(fields: &Fields) -> bool {
    let Some(field) = fields.get("env") else {
        return false;
    };
    field
        .value
        .as_mapping()
        .is_none_or(|env| env.incomplete || env.entries.iter().any(|entry| entry.key.text.contains("${{")))
}

fn is_quiet(uses: &Uses) -> bool {
    match uses.target() {
        Some(ActionReference::Repository(action)) => {
            let named = format!("{}/{}", action.owner, action.name);
            QUIET.contains(&&*named.to_ascii_lowercase())
        }
        _ => false,
    }
}

fn script(run: &Run, source: &Source, left: &mut usize, diagnostics: &mut Diagnostics) {
    let text = &*run.script.text;
    let mut seen: Vec<&str> = Vec::new();
    for place in shell_variables(text) {
        let variable = text.get(place.range()).unwrap_or_default();
        if *left == 0 || seen.contains(&variable) || is_known(variable) {
            continue;
        }
        seen.push(variable);
        if is_asked(text, place.start) || is_set(source.text(), variable) {
            continue;
        }
        *left -= 1;
        diagnostics.push(
            Diagnostic::new(
                codes::SCRIPT_VARIABLE,
                format!("nothing sets the variable {}", name(variable)),
            )
            .at(scripts::place(run, source, place), "always empty here")
            .help(format!(
                "set it under `env`; `${{{variable}:-}}` says that it may be empty"
            )),
        );
    }
}

fn is_known(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    KNOWN.iter().any(|known| upper.starts_with(known))
}

/// Whether a line asks what a variable is, so that its author knows that it may be empty.
fn is_asked(script: &str, at: usize) -> bool {
    let before = script.get(..at).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.get(line..).unwrap_or_default();
    line.contains("[ ") || line.contains("[[") || line.contains("test ") || line.contains("case ")
}

/// Whether a file has a name anywhere but where its value is put in and nothing else: `NAME=`, `NAME:`, `read NAME`, or
/// `${NAME:-…}`, which says that it may come from elsewhere.
fn is_set(file: &str, variable: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    file.match_indices(variable).any(|(at, _)| {
        let before = file.get(..at).unwrap_or_default();
        let after = file.get(at + variable.len()..).unwrap_or_default();
        if before.ends_with(is_part) || after.starts_with(is_part) {
            return false;
        }
        let read = if before.ends_with("${") {
            after.starts_with(['}', '%', '#', '/', '^', ','])
        } else {
            before.ends_with('$')
        };
        !read
    })
}
