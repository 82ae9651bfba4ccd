//! Small workflows and what GitHub does with them: a table in `*.cases` beside this file. On this machine here, in containers
//! in `docker/cases.rs`.
//!
//! A case begins with `=== NAME`, then says what is expected, a line each:
//!
//! | line | says |
//! | --- | --- |
//! | `exit: 1` | how the program ends; 0 when nothing is said |
//! | `jobs: a=failure b=skipped` | every job of the file with how it ended, a matrix or called workflow as one; one with `continue-on-error` is `failure` here and `success` for its dependents |
//! | `shows: TEXT`, `never: TEXT` | what is somewhere in the output, and what is not |
//! | `order: ONE / TWO` | what comes in this order |
//! | `args: --input a=b` | more arguments, split at blanks |
//! | `only: host`, `only: docker` | where it can run at all |
//!
//! After `---` comes `.github/workflows/w.yml`, after `--- PATH` another file. Texts are computed by the steps (`$((6*7))`),
//! so that a script that is only printed never counts.

use std::collections::{BTreeMap, VecDeque};
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;

use crate::harness::{Loom, Outcome, Project};

const TABLE: &[(&str, &str)] = &[
    ("actions", include_str!("actions.cases")),
    ("bad", include_str!("bad.cases")),
    ("calls", include_str!("calls.cases")),
    ("commands", include_str!("commands.cases")),
    ("conditions", include_str!("conditions.cases")),
    ("containers", include_str!("containers.cases")),
    ("contexts", include_str!("contexts.cases")),
    ("files", include_str!("files.cases")),
    ("jobs", include_str!("jobs.cases")),
    ("matrix", include_str!("matrix.cases")),
    ("secrets", include_str!("secrets.cases")),
    ("steps", include_str!("steps.cases")),
];

/// Runs that go on at once.
const AT_ONCE: usize = 4;

/// One workflow with what is expected of it.
#[derive(Debug, Default)]
pub(crate) struct Case {
    name: String,
    exit: i32,
    jobs: BTreeMap<String, String>,
    shows: Vec<String>,
    never: Vec<String>,
    order: Vec<Vec<String>>,
    args: Vec<String>,
    pub(crate) only: Option<String>,
    files: Vec<(String, String)>,
}

/// All cases of the table.
pub(crate) fn all() -> Vec<Case> {
    let cases: Vec<Case> = TABLE.iter().flat_map(|(file, text)| read(file, text)).collect();
    let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "names that are there twice: {twice:?}");
    cases
}

fn read(file: &str, text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut in_files = false;
    for (at, line) in text.lines().enumerate() {
        let place = || format!("{file}.cases:{}: {line}", at + 1);
        if let Some(name) = line.strip_prefix("=== ") {
            in_files = false;
            cases.push(Case {
                name: format!("{file}/{name}"),
                ..Case::default()
            });
            continue;
        }
        let Some(case) = cases.last_mut() else {
            assert!(line.is_empty() || line.starts_with('#'), "{}", place());
            continue;
        };
        if line == "---" || line.starts_with("--- ") {
            in_files = true;
            let path = line[3..].trim();
            let path = if path.is_empty() {
                ".github/workflows/w.yml"
            } else {
                path
            };
            case.files.push((path.to_owned(), String::new()));
        } else if in_files {
            let (_, text) = case.files.last_mut().expect("a file was begun");
            text.push_str(line);
            text.push('\n');
        } else {
            let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("{}", place()));
            expect(case, key, value, &place);
        }
    }
    cases
}

fn expect(case: &mut Case, key: &str, value: &str, place: &dyn Fn() -> String) {
    match key {
        "exit" => case.exit = value.parse().unwrap_or_else(|_| panic!("{}", place())),
        "jobs" => {
            let pairs = value.split(' ').map(|pair| pair.split_once('='));
            for pair in pairs {
                let (job, state) = pair.unwrap_or_else(|| panic!("{}", place()));
                case.jobs.insert(job.to_owned(), state.to_owned());
            }
        }
        "shows" => case.shows.push(value.to_owned()),
        "never" => case.never.push(value.to_owned()),
        "order" => case.order.push(value.split(" / ").map(str::to_owned).collect()),
        "args" => case.args = value.split(' ').map(str::to_owned).collect(),
        "only" => case.only = Some(value.to_owned()),
        _ => panic!("{}", place()),
    }
}

impl Case {
    /// Whether it is one of those that were asked for: all, or as `LOOM_TEST_CASE` and `LOOM_TEST_CASE_WITHOUT` say.
    fn is_chosen(&self) -> bool {
        let asked = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let named = asked("LOOM_TEST_CASE").is_none_or(|part| self.name.contains(&part));
        let without = asked("LOOM_TEST_CASE_WITHOUT");
        named && without.is_none_or(|text| !self.files.iter().any(|(_, file)| file.contains(&text)))
    }

    /// Runs it, and says what was not as it should be.
    pub(crate) fn wrong(&self, run: &dyn Fn(&Project) -> Loom) -> Option<String> {
        let project = Project::new();
        for (path, text) in &self.files {
            project.file(path, text);
            if path.ends_with(".sh") {
                let permissions = std::fs::Permissions::from_mode(0o755);
                std::fs::set_permissions(project.path().join(path), permissions).expect("permissions");
            }
        }
        let more: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let outcome = run(&project)
            .args(&["--format", "plain", ".github/workflows/w.yml"])
            .args(&more)
            .run();
        let wrong = self.compare(&outcome);
        (!wrong.is_empty()).then(|| format!("{}: {}\n{outcome}", self.name, wrong.join("; ")))
    }

    fn compare(&self, outcome: &Outcome) -> Vec<String> {
        let mut wrong = Vec::new();
        if outcome.status.code() != Some(self.exit) {
            wrong.push(format!("exit {:?}, not {}", outcome.status.code(), self.exit));
        }
        let jobs = conclusions(&outcome.stdout);
        if jobs != self.jobs {
            wrong.push(format!("jobs {jobs:?}, not {:?}", self.jobs));
        }
        let said = format!("{}\n{}", outcome.stdout, outcome.stderr);
        let missing = self.shows.iter().filter(|text| !said.contains(*text));
        wrong.extend(missing.map(|text| format!("`{text}` is missing")));
        let there = self.never.iter().filter(|text| said.contains(*text));
        wrong.extend(there.map(|text| format!("`{text}` is there")));
        let disordered = self
            .order
            .iter()
            .filter(|texts| !in_order(&outcome.stdout, texts));
        wrong.extend(disordered.map(|texts| format!("not in order: {}", texts.join(" / "))));
        wrong
    }
}

/// What the plain output says of the jobs that the file names: `a = success`. A step may print such a line too, but behind a bar.
fn conclusions(stdout: &str) -> BTreeMap<String, String> {
    let of_line = |line: &str| {
        let (job, rest) = line.split_once(' ')?;
        let rest = rest.trim_start().strip_prefix("= ")?;
        let state = rest.split([' ', ':', ',']).next()?;
        (!job.contains(['#', '/', '…'])).then(|| (job.to_owned(), state.to_owned()))
    };
    stdout.lines().filter_map(of_line).collect()
}

fn in_order(said: &str, texts: &[String]) -> bool {
    let mut rest = said;
    texts.iter().all(|text| match rest.find(text.as_str()) {
        Some(at) => {
            rest = &rest[at + text.len()..];
            true
        }
        None => false,
    })
}

/// Runs the cases, several at once, and fails with all that are wrong. `LOOM_TEST_CASE` chooses those that have it in their
/// name, `LOOM_TEST_CASE_WITHOUT` those that have it in no file.
pub(crate) fn run_all(cases: Vec<Case>, run: &(dyn Fn(&Project) -> Loom + Sync)) {
    let queue: VecDeque<Case> = cases.into_iter().filter(Case::is_chosen).collect();
    let count = queue.len();
    let queue = Mutex::new(queue);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(case) = queue.lock().expect("nobody panics with it").pop_front() else {
                        break;
                    };
                    if let Some(text) = case.wrong(run) {
                        wrong.lock().expect("nobody panics with it").push(text);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody panics with it");
    assert!(count > 0, "no case has what LOOM_TEST_CASE names");
    assert!(
        wrong.is_empty(),
        "{} of {count} cases:\n\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn workflows_end_on_this_machine_as_on_github() {
    let here = all()
        .into_iter()
        .filter(|case| case.only.as_deref() != Some("docker"))
        .collect();
    run_all(here, &|project| project.loom(&["run", "--executor", "host"]));
}

#[test]
fn the_table_is_a_hundred_workflows_and_more() {
    assert!(all().len() > 100, "{}", all().len());
}
