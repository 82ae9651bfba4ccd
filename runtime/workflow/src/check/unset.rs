//! Variables that scripts read and nothing sets: a misspelt name, or one that another job or another step had.
//!
//! Where a variable could come from somewhere that cannot be seen here, nothing is said: after an action that may set
//! some, after a script that may, on somebody's own machine, in a container. A name that stands anywhere in the file
//! without a `$` is taken as set.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::labels;
use super::scripts::{self, Readings};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::model::{ActionReference, Env, Job, Run, StepAction, Uses, Workflow};
use crate::source::Source;
use crate::span::{Span, Spanned};
use crate::words::name;

/// How many of them are reported in a file.
const MOST: usize = 20;

/// What the names of variables begin with that a runner, its images or the shell have; sorted.
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
    "GRAALVM_",
    "GRADLE_",
    "GROUPS",
    "HISTCMD",
    "HOME",
    "HOMEBREW_",
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
    "RANDOM",
    "READLINE",
    "REPLY",
    "RTOOLS",
    "RUBY",
    "RUNNER_",
    "RUSTUP_HOME",
    "R_LIBS",
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
    "_",
];

/// Actions that set no variables for later steps.
const KEEPS_ENV: &[(&str, &str)] = &[
    ("actions", "cache"),
    ("actions", "checkout"),
    ("actions", "download-artifact"),
    ("actions", "upload-artifact"),
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

pub(super) fn check(
    workflow: &Workflow,
    source: &Source,
    readings: &Readings,
    diagnostics: &mut Diagnostics,
) {
    // Whoever writes a `.loom.yml` picks images, which have variables of their own.
    if workflow.dialect != Dialect::GitHub || is_open(workflow.env.as_ref()) {
        return;
    }
    let mut file = File {
        source,
        readings,
        left: MOST,
        set: Names::default(),
    };
    for job in workflow.jobs.values().filter(|job| is_plain(job)) {
        let default = job.defaults.shell.as_ref().or(workflow.defaults.shell.as_ref());
        let mut files = false;
        // Scripts that may set variables unseen, which is only looked at once it matters: mostly every variable is set.
        let mut before = Vec::new();
        for step in &job.steps {
            let run = match &step.action {
                StepAction::Run(run) => run,
                StepAction::Uses(uses) if keeps_env(uses) => {
                    files = true;
                    continue;
                }
                _ => break,
            };
            let is_bash = match run.shell.as_ref().or(default) {
                // A login shell reads a profile first.
                Some(shell) => shell.as_plain().is_some_and(|shell| {
                    scripts::is_bash(shell) && !shell.contains("-l") && !shell.contains("-i")
                }),
                None => labels::is_windows(job) == Some(false),
            };
            before.push(&*run.script.text);
            if is_bash && !is_open(step.env.as_ref()) {
                let unset = file.unset(run);
                if !unset.is_empty() && before.drain(..).any(is_opaque) {
                    break;
                }
                file.report(run, unset, diagnostics);
            }
            // A program of the repository may set variables for what follows.
            if files || file.left == 0 {
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
    hosted && job.container.is_none() && !is_open(job.env.as_ref())
}

/// Whether variables are given that have no names in the file.
fn is_open(env: Option<&Spanned<Env>>) -> bool {
    env.is_some_and(|env| match &env.value {
        Env::Variables(variables) => !variables.has_known_names(),
        Env::Expression(_) => true,
    })
}

fn keeps_env(uses: &Uses) -> bool {
    match uses.target() {
        Some(ActionReference::Repository(action)) => KEEPS_ENV.iter().any(|(owner, name)| {
            action.owner.eq_ignore_ascii_case(owner) && action.name.eq_ignore_ascii_case(name)
        }),
        _ => false,
    }
}

/// A file with its scripts, and what was found out about the variables in it.
struct File<'a> {
    source: &'a Source,
    readings: &'a Readings,
    /// How many more are reported.
    left: usize,
    set: Names<'a>,
}

impl<'a> File<'a> {
    /// The variables of a script that nothing sets, each at its first place; no more than may be reported.
    fn unset(&mut self, run: &Run) -> Vec<Span> {
        let text = &*run.script.text;
        let reading = self.readings.of(&run.script);
        let mut unset = Vec::new();
        let mut asked = None;
        let mut seen = BTreeSet::new();
        for place in &reading.variables {
            let variable = text.get(place.range()).unwrap_or_default();
            if unset.len() == self.left {
                break;
            }
            if is_known(variable) || self.set.has(variable, self.source.text()) || !seen.insert(variable) {
                continue;
            }
            let asked = asked.get_or_insert_with(|| asked_in(text, &reading.variables));
            if !asked.contains(variable) {
                unset.push(*place);
            }
        }
        unset
    }

    fn report(&mut self, run: &Run, unset: Vec<Span>, diagnostics: &mut Diagnostics) {
        for place in unset {
            let variable = run.script.text.get(place.range()).unwrap_or_default();
            self.left -= 1;
            diagnostics.push(
                Diagnostic::new(
                    codes::SCRIPT_VARIABLE,
                    format!("nothing sets the variable {}", name(variable)),
                )
                .at(scripts::place(run, self.source, place), "always empty here")
                .help(format!(
                    "set it under `env`; `${{{variable}:-}}` says that it may be empty"
                )),
            );
        }
    }
}

/// After so many questions all names of a file are looked up at once.
const QUESTIONS: usize = 16;

/// The names that stand in a file anywhere but where the value of a variable is put in and nothing else: `NAME=`, `NAME:`,
/// `read NAME`, or `${NAME:-…}`, which says that it may come from elsewhere.
#[derive(Default)]
struct Names<'a> {
    /// What was asked already.
    answers: BTreeMap<String, bool>,
    all: Option<HashSet<&'a str>>,
}

impl<'a> Names<'a> {
    fn has(&mut self, variable: &str, text: &'a str) -> bool {
        if let Some(all) = &self.all {
            return all.contains(variable);
        }
        if let Some(answer) = self.answers.get(variable) {
            return *answer;
        }
        if self.answers.len() == QUESTIONS {
            return self.all.insert(all_names(text)).contains(variable);
        }
        let mut places = text.match_indices(variable).map(|(start, _)| start);
        let answer = places.any(|start| is_set(text, start, start + variable.len()));
        self.answers.insert(variable.to_owned(), answer);
        answer
    }
}

/// Whether what stands here is a whole name, and not that of a variable that is put in.
fn is_set(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    if before.ends_with(is_part) || after.starts_with(is_part) {
        return false;
    }
    let is_read = if before.ends_with("${") {
        after.starts_with(['}', '%', '#', '/', '^', ','])
    } else {
        before.ends_with('$')
    };
    !is_read
}

fn is_part(next: char) -> bool {
    next.is_ascii_alphanumeric() || next == '_'
}

fn all_names(text: &str) -> HashSet<&str> {
    let mut names = HashSet::new();
    let mut at = 0;
    while let Some(start) = text
        .get(at..)
        .and_then(|rest| rest.find(is_part))
        .map(|found| at + found)
    {
        let rest = text.get(start..).unwrap_or_default();
        let name = rest.split(|next| !is_part(next)).next().unwrap_or_default();
        at = start + name.len();
        if is_set(text, start, at) {
            names.insert(name);
        }
    }
    names
}

/// The variables of lines that ask what they are, so that their author knows that they may be empty.
fn asked_in<'t>(script: &'t str, places: &[Span]) -> HashSet<&'t str> {
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
    let Some(first) = variable.bytes().next().map(|first| first.to_ascii_uppercase()) else {
        return false;
    };
    let begin = KNOWN.partition_point(|known| known.bytes().next() < Some(first));
    let of_letter = KNOWN.iter().skip(begin);
    let mut alike = of_letter.take_while(|known| known.bytes().next() == Some(first));
    alike.any(|known| {
        variable
            .get(..known.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_sorted_and_found() {
        assert!(KNOWN.is_sorted());
        for known in KNOWN {
            assert!(is_known(known) && is_known(&format!("{known}X")), "{known}");
            assert!(is_known(&known.to_ascii_lowercase()), "{known}");
        }
        for unknown in ["", "A", "NAME", "HOM", "ZZ", "ä", "Bü"] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }

    #[test]
    fn a_name_is_found_alone_and_among_all() {
        let text = "A=1 ${B} $C ${D:-x} xE E_ $F $F-F ${G%x} read H\n$I";
        let all = all_names(text);
        for name in ["A", "B", "C", "D", "E", "F", "G", "H", "I", "x"] {
            let alone = Names::default().has(name, text);
            assert_eq!(alone, all.contains(name), "{name}");
        }
        let mut names = Names::default();
        for question in 0..2 * QUESTIONS {
            assert!(!names.has(&format!("N{question}"), text));
        }
        assert!(names.has("A", text) && names.has("F", text) && !names.has("C", text));
    }
}
