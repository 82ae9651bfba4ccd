//! Variables that scripts read and nothing sets: a misspelt name, or one that another job or another step had.
//!
//! Where a variable could come from somewhere that cannot be seen here, nothing is said: after an action that may set
//! some, after a script that may, on somebody's own machine, in a container. A name that stands anywhere in the file
//! without a `$` is taken as set.

use std::collections::HashSet;

use super::{labels, scripts};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::model::{ActionReference, Fields, Job, Run, StepAction, Uses, Workflow};
use crate::scripts::shell_variables;
use crate::source::Source;
use crate::span::Span;
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
const KEEPS_ENV: &[&str] = &[
    "actions/cache",
    "actions/checkout",
    "actions/download-artifact",
    "actions/upload-artifact",
];

/// What a script may do that sets variables unseen, for itself or for later steps.
const OPAQUE: &[&str] = &[
    "source",
    ". ",
    ".\t",
    "coproc",
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

/// Commands that set what they are told, which may be put together.
const MAKES: &[&str] = &[
    "export ",
    "declare ",
    "typeset ",
    "readonly ",
    "local ",
    "read ",
    "printf -v",
];

pub(super) fn check(workflow: &Workflow, source: &Source, diagnostics: &mut Diagnostics) {
    // Whoever writes a `.loom.yml` picks images, which have variables of their own.
    if workflow.dialect != Dialect::GitHub || has_open_env(&workflow.fields) {
        return;
    }
    let mut left = MOST;
    let mut file = File { source, set: None };
    for job in workflow.jobs.values().filter(|job| is_plain(job)) {
        let default = job.defaults.shell.as_ref().or(workflow.defaults.shell.as_ref());
        let mut files = false;
        for step in &job.steps {
            let run = match &step.action {
                StepAction::Run(run) => run,
                StepAction::Uses(uses) if keeps_env(uses) => {
                    files = true;
                    continue;
                }
                _ => break,
            };
            let text = &*run.script.text;
            let is_bash = match run.shell.as_ref().or(default) {
                // A login shell reads a profile first.
                Some(shell) => shell.as_plain().is_some_and(|shell| {
                    scripts::is_bash(shell) && !shell.contains("-l") && !shell.contains("-i")
                }),
                None => labels::is_windows(job) == Some(false),
            };
            let opaque = is_opaque(text);
            if is_bash && !opaque && !has_open_env(&step.fields) {
                script(run, &mut file, &mut left, diagnostics);
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

fn keeps_env(uses: &Uses) -> bool {
    match uses.target() {
        Some(ActionReference::Repository(action)) => {
            let named = format!("{}/{}", action.owner, action.name);
            KEEPS_ENV.contains(&&*named.to_ascii_lowercase())
        }
        _ => false,
    }
}

/// What a file says about variables, found out at the first question.
struct File<'a> {
    source: &'a Source,
    set: Option<HashSet<&'a str>>,
}

impl<'a> File<'a> {
    /// Whether a name stands anywhere but where its value is put in and nothing else: `NAME=`, `NAME:`, `read NAME`, or
    /// `${NAME:-…}`, which says that it may come from elsewhere.
    fn sets(&mut self, variable: &str) -> bool {
        let text = self.source.text();
        self.set.get_or_insert_with(|| set_names(text)).contains(variable)
    }
}

fn set_names(text: &str) -> HashSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = HashSet::new();
    let mut at = 0;
    while let Some(start) = text
        .get(at..)
        .and_then(|rest| rest.find(is_part))
        .map(|found| at + found)
    {
        let rest = text.get(start..).unwrap_or_default();
        let name = rest.split(|c: char| !is_part(c)).next().unwrap_or_default();
        at = start + name.len();
        let before = text.get(..start).unwrap_or_default();
        let after = text.get(at..).unwrap_or_default();
        let read = if before.ends_with("${") {
            after.starts_with(['}', '%', '#', '/', '^', ','])
        } else {
            before.ends_with('$')
        };
        if !read {
            names.insert(name);
        }
    }
    names
}

fn script(run: &Run, file: &mut File<'_>, left: &mut usize, diagnostics: &mut Diagnostics) {
    let text = &*run.script.text;
    let places = shell_variables(text);
    let asked = asked(text, &places);
    let mut seen: HashSet<&str> = HashSet::new();
    for place in places {
        let variable = text.get(place.range()).unwrap_or_default();
        if *left == 0
            || !seen.insert(variable)
            || is_known(variable)
            || asked.contains(variable)
            || file.sets(variable)
        {
            continue;
        }
        *left -= 1;
        diagnostics.push(
            Diagnostic::new(
                codes::SCRIPT_VARIABLE,
                format!("nothing sets the variable {}", name(variable)),
            )
            .at(scripts::place(run, file.source, place), "always empty here")
            .help(format!(
                "set it under `env`; `${{{variable}:-}}` says that it may be empty"
            )),
        );
    }
}

/// The variables of lines that ask what they are, so that their author knows that they may be empty.
fn asked<'t>(script: &'t str, places: &[Span]) -> HashSet<&'t str> {
    let mut lines: Vec<(usize, bool)> = Vec::new();
    let mut start = 0;
    for line in script.split_inclusive('\n') {
        let asks = ["[ ", "[[", "test ", "case "]
            .iter()
            .any(|sign| line.contains(sign));
        lines.push((start, asks));
        start += line.len();
    }
    let asks = |at: usize| {
        let line = lines.partition_point(|(start, _)| *start <= at);
        line.checked_sub(1)
            .and_then(|line| lines.get(line))
            .is_some_and(|(_, asks)| *asks)
    };
    let asked = places.iter().filter(|place| asks(place.start));
    asked.filter_map(|place| script.get(place.range())).collect()
}

/// Whether a script may set variables whose names nobody can see here, for itself or for later steps.
fn is_opaque(script: &str) -> bool {
    OPAQUE.iter().any(|sign| script.contains(sign))
        || script.lines().any(|line| {
            let line = line.trim_start();
            // A command that is put in may be anything.
            if line.starts_with("${{") || line.contains("; ${{") || line.contains("& ${{") {
                return true;
            }
            // `set -a`, alone or among other letters.
            let all = line.match_indices("set -").any(|(at, sign)| {
                let letters = line.get(at + sign.len()..).unwrap_or_default();
                letters
                    .split(char::is_whitespace)
                    .next()
                    .is_some_and(|letters| letters.contains('a'))
            });
            // Names that are put together.
            let made = MAKES.iter().any(|word| {
                line.find(word)
                    .and_then(|at| line.get(at + word.len()..))
                    .is_some_and(|rest| rest.contains(['$', '`', '{']))
            });
            all || made
        })
}

fn is_known(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    KNOWN.iter().any(|known| upper.starts_with(known))
}
