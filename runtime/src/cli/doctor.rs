//! `loom-runtime doctor`: looks at everything that runs need, and says what to do about what is missing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;

use super::args::{DataFormat, DoctorArgs, Global};
use super::{Exit, data, setup, talk};
use crate::config::{FileConfig, default_state_directory};
use crate::engine::{StateDirectory, kept_places};
use crate::executor::ExecutorError;
use crate::executor::channel::AgentBinary;
use crate::executor::docker::{DockerExecutor, DockerOptions, EngineReport, Sees};
use crate::prepare::action_cache;
use crate::project;

/// Free space below which runs may fail, in bytes.
const LITTLE: u64 = 2 * 1024 * 1024 * 1024;
/// Free space below which they will, in bytes.
const TOO_LITTLE: u64 = 100 * 1024 * 1024;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// Some runs will miss it.
    Warn,
    /// Runs in containers cannot work.
    Fail,
}

/// What was found of one thing.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    text: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

impl Finding {
    fn new(what: &'static str, state: State, text: impl Into<String>, help: Option<&str>) -> Self {
        Self {
            what,
            state,
            text: text.into(),
            help: help.map(str::to_owned),
        }
    }

    fn ok(what: &'static str, text: impl Into<String>) -> Self {
        Self::new(what, State::Ok, text, None)
    }
}

pub(super) fn doctor(global: Global, args: &DoctorArgs) -> Exit {
    let workspace = match setup::workspace(&global) {
        Ok(workspace) => workspace,
        Err(exit) => return exit,
    };
    // A configuration with mistakes has been told of; the rest is looked at all the same.
    let config = setup::configuration(&workspace);
    let mut found = vec![match &config {
        Ok(_) => Finding::ok("configuration", "read"),
        Err(_) => Finding::new(
            "configuration",
            State::Fail,
            "it has mistakes, said above",
            Some("mend the file; nothing runs before"),
        ),
    }];
    let config = config.unwrap_or_default();
    let state = global
        .state_dir
        .clone()
        .or_else(|| default_state_directory(&workspace, |name| std::env::var_os(name)));
    let directory = state_directory(state, &mut found);
    found.extend(directory.as_ref().map(kept));
    found.push(agent(directory.as_ref()));
    let cache = directory
        .as_ref()
        .map_or_else(std::env::temp_dir, StateDirectory::cache);
    let images = images(&config);
    setup::system(async || {
        let executor = DockerExecutor::new(DockerOptions::new("doctor".to_owned(), cache.clone()));
        let seen = directory
            .as_ref()
            .map_or(workspace.as_path(), StateDirectory::root);
        found.extend(engine(executor.report(&images, seen).await, images.len()));
        Exit::Success
    });
    found.push(rights());
    found.push(program(
        "git",
        "commits, refs and actions of other repositories are not known without it",
    ));
    found.push(program(
        "node",
        "JavaScript actions of jobs on this machine need it; in a container that of the image counts, or `node` under \
         `[run]` in loom.toml",
    ));
    found.push(action_directory(&action_cache()));
    found.push(workflows(&workspace));
    print(&found, args.format)
}

fn print(found: &[Finding], format: DataFormat) -> Exit {
    match format {
        DataFormat::Json => match serde_json::to_string(found) {
            Ok(json) => data::print(&format!("{json}\n")),
            Err(error) => talk::error(&format!("the findings cannot be written as JSON: {error}")),
        },
        DataFormat::Text => {
            for Finding {
                what,
                state,
                text,
                help,
            } in found
            {
                let word = match state {
                    State::Ok => "ok",
                    State::Warn => "warn",
                    State::Fail => "FAIL",
                };
                data::print(&format!("{word:<4}  {what:<15} {text}\n"));
                if let Some(help) = help {
                    data::print(&format!("      {:<15} -> {help}\n", ""));
                }
            }
        }
    }
    if found.iter().any(|one| one.state == State::Fail) {
        Exit::Machine
    } else {
        Exit::Success
    }
}

/// The directory of journal and logs, and how much room its disk has.
fn state_directory(path: Option<PathBuf>, found: &mut Vec<Finding>) -> Option<StateDirectory> {
    const WHAT: &str = "state directory";
    let Some(path) = path else {
        found.push(Finding::new(
            WHAT,
            State::Fail,
            "there is no place for journal and logs: neither HOME nor XDG_STATE_HOME is set",
            Some("set LOOM_STATE_DIR to a directory"),
        ));
        return None;
    };
    let opened = StateDirectory::open(path.clone()).and_then(|directory| {
        // Whether it can be written is known when it was.
        tempfile_in(directory.root())?;
        Ok(directory)
    });
    match opened {
        Ok(directory) => {
            found.push(Finding::ok(WHAT, directory.root().display().to_string()));
            found.push(space(directory.root()));
            Some(directory)
        }
        Err(error) => {
            found.push(Finding::new(
                WHAT,
                State::Fail,
                format!("{} cannot be written: {error}", path.display()),
                Some("name another with LOOM_STATE_DIR or --state-dir, or give yourself the right to write there"),
            ));
            None
        }
    }
}

/// Makes a file and removes it.
fn tempfile_in(directory: &Path) -> std::io::Result<()> {
    let path = directory.join(format!(".doctor-{}", uuid::Uuid::new_v4()));
    std::fs::write(&path, b"loom")?;
    std::fs::remove_file(&path)
}

fn space(directory: &Path) -> Finding {
    const WHAT: &str = "disk";
    match rustix::fs::statvfs(directory) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let state = match free {
                0..TOO_LITTLE => State::Fail,
                TOO_LITTLE..LITTLE => State::Warn,
                _ => State::Ok,
            };
            let help = "remove old runs (`loom-runtime runs prune`) and unused images (`docker image prune`)";
            let text = format!("{} free where the state directory lies", size(free));
            Finding::new(WHAT, state, text, (state != State::Ok).then_some(help))
        }
        Err(error) => Finding::new(
            WHAT,
            State::Warn,
            format!("its free space cannot be read: {error}"),
            None,
        ),
    }
}

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    let mib = bytes / (1024 * 1024);
    if mib >= 10 * 1024 {
        format!("{} GiB", mib / 1024)
    } else {
        format!("{mib} MiB")
    }
}

/// What `run --keep` has kept.
fn kept(directory: &StateDirectory) -> Finding {
    const WHAT: &str = "kept places";
    let places = match kept_places(&directory.jobs()) {
        Ok(places) => places,
        Err(error) => {
            let text = format!("they cannot be read: {error}");
            return Finding::new(WHAT, State::Warn, text, None);
        }
    };
    let runs: BTreeSet<&str> = places.iter().map(|place| place.run.0.as_str()).collect();
    match places.len() {
        0 => Finding::ok(WHAT, "none"),
        places => Finding::new(
            WHAT,
            State::Ok,
            match runs.len() {
                1 => format!("{places}, of one run"),
                runs => format!("{places}, of {runs} runs"),
            },
            Some("`loom-runtime runs clean --all` removes them, `runs list` says whose they are"),
        ),
    }
}

/// The small program that runs steps inside containers.
fn agent(directory: Option<&StateDirectory>) -> Finding {
    const WHAT: &str = "agent";
    let Some(agent) = AgentBinary::embedded() else {
        return Finding::new(
            WHAT,
            State::Warn,
            "this build carries none: steps in containers are started by exec, which is slower, and container actions fail",
            Some(
                "use a release build, or build with the musl target installed (`rustup target add x86_64-unknown-linux-musl`)",
            ),
        );
    };
    let Some(directory) = directory else {
        return Finding::new(
            WHAT,
            State::Fail,
            "there is no place to put it",
            Some("see the state directory"),
        );
    };
    let path = match agent.materialise(&directory.cache()) {
        Ok(path) => path,
        Err(error) => {
            let text = format!("failed to {}", crate::chain::chain(&error));
            return Finding::new(WHAT, State::Fail, text, Some("see the state directory"));
        }
    };
    match quiet(&path).status() {
        Ok(_) => Finding::ok(WHAT, "embedded, and starts on this machine"),
        Err(error) => Finding::new(
            WHAT,
            State::Warn,
            format!("{} does not start on this machine: {error}", path.display()),
            Some(
                "jobs on this machine are slower to begin; is the state directory on a disk mounted with `noexec`?",
            ),
        ),
    }
}

fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The images that labels stand for.
fn images(config: &FileConfig) -> Vec<String> {
    let table = loom_workflow::images::LANGUAGES.iter();
    let mut images: Vec<String> = table.map(|row| format!("{}:{}", row.image, row.newest)).collect();
    images.extend(config.images.values().filter(|image| *image != "host").cloned());
    images.sort();
    images.dedup();
    images
}

fn engine(report: Result<EngineReport, ExecutorError>, asked: usize) -> Vec<Finding> {
    const WHAT: &str = "engine";
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            let help = match &error {
                ExecutorError::Unreachable { help, .. } => help.clone(),
                _ => "look at the engine's own log; jobs also run without it: `--executor host`".to_owned(),
            };
            return vec![Finding::new(
                WHAT,
                State::Fail,
                format!("failed to {error}"),
                Some(&help),
            )];
        }
    };
    let mut found = vec![Finding::ok(
        WHAT,
        format!("{} at {}", report.version, report.endpoint),
    )];
    found.push(match report.sees {
        Sees::Yes => Finding::ok("engine's files", "it sees the files of this machine"),
        Sees::No => Finding::new(
            "engine's files",
            State::Warn,
            "it does not see the files of this machine, being remote or in a virtual one: projects are sent to it, and what jobs \
             change in their workspace stays there",
            Some("to have it come back, share the state directory and the project with it, or name an engine of this machine in DOCKER_HOST"),
        ),
        Sees::Unknown(why) => Finding::new(
            "engine's files",
            State::Warn,
            format!("not known whether it sees the files of this machine: {why}"),
            Some("pull an image (`docker pull ubuntu:latest`) and look again"),
        ),
    });
    let there = report.images.len();
    found.push(if there == 0 {
        Finding::new(
            "images",
            State::Warn,
            "none of those that labels stand for is there: the first run of each pulls it",
            Some("`docker pull ubuntu:latest`, or name images of your own with `-P LABEL=IMAGE`"),
        )
    } else {
        Finding::ok(
            "images",
            format!("{there} of the {asked} that labels stand for are there ({}); others are pulled when they are needed", report.images.join(", ")),
        )
    });
    found
}

/// Who runs this, and whether the system lets it use the usual engine.
fn rights() -> Finding {
    const WHAT: &str = "rights";
    if rustix::process::getuid().is_root() {
        return Finding::ok(WHAT, "this is root");
    }
    let uid = rustix::process::getuid().as_raw();
    let socket = Path::new("/var/run/docker.sock");
    if !socket.exists() {
        return Finding::ok(WHAT, format!("user {uid}; there is no system-wide Docker socket"));
    }
    match rustix::fs::access(socket, rustix::fs::Access::WRITE_OK) {
        Ok(()) => Finding::ok(WHAT, format!("user {uid} may use {}", socket.display())),
        Err(_) => Finding::new(
            WHAT,
            State::Warn,
            format!("user {uid} may not use {}", socket.display()),
            Some("`sudo usermod -aG docker $USER`, then log in again; or use rootless Docker or Podman"),
        ),
    }
}

/// A program of this machine, by what it says of its version.
fn program(name: &'static str, without: &str) -> Finding {
    let asked = Command::new(name)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match asked {
        Ok(answer) if answer.status.success() => {
            let text = String::from_utf8_lossy(&answer.stdout);
            Finding::ok(name, text.lines().next().unwrap_or_default().trim())
        }
        Ok(_) => Finding::new(name, State::Warn, "it does not tell its version", Some(without)),
        Err(_) => Finding::new(name, State::Warn, "it is not in the PATH", Some(without)),
    }
}

/// Where actions of other repositories are kept.
fn action_directory(path: &Path) -> Finding {
    const WHAT: &str = "actions";
    let made = std::fs::create_dir_all(path).and_then(|()| tempfile_in(path));
    match made {
        Ok(()) => Finding::ok(WHAT, format!("kept in {}", path.display())),
        Err(error) => Finding::new(
            WHAT,
            State::Warn,
            format!("they cannot be kept in {}: {error}", path.display()),
            Some("set XDG_CACHE_HOME to a directory that can be written"),
        ),
    }
}

fn workflows(workspace: &Path) -> Finding {
    let files = project::candidates(workspace);
    match files.as_slice() {
        [] => Finding::new(
            "workflows",
            State::Warn,
            "the project has none",
            Some("write a `.loom.yml`, or files in `.github/workflows`"),
        ),
        [one] => Finding::ok(
            "workflows",
            one.strip_prefix(workspace).unwrap_or(one).display().to_string(),
        ),
        some => Finding::ok("workflows", format!("{} files", some.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_directory_that_cannot_be_made_fails_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let mut found = Vec::new();
        assert!(state_directory(Some(file.join("below")), &mut found).is_none());
        assert!(
            found
                .iter()
                .all(|one| one.state == State::Fail && one.help.is_some())
        );
        found.clear();
        assert!(state_directory(Some(folder.path().join("state")), &mut found).is_some());
        assert_eq!(
            found.iter().map(|one| one.what).collect::<Vec<_>>(),
            ["state directory", "disk"]
        );
    }

    #[test]
    fn an_engine_that_does_not_answer_is_what_cannot_work() {
        let error = ExecutorError::Unreachable {
            endpoint: "unix:///none".into(),
            cause: "there is no socket".into(),
            help: "start it".into(),
        };
        let found = engine(Err(error), 9);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].state, State::Fail);
        assert_eq!(found[0].help.as_deref(), Some("start it"));
        assert_eq!(print(&found, DataFormat::Json), Exit::Machine);
    }

    #[test]
    fn an_engine_that_answers_is_described() {
        let report = EngineReport {
            endpoint: "unix:///x".into(),
            version: "27 (API 1.47, linux/amd64)".into(),
            images: vec!["node:22".into()],
            sees: Sees::No,
        };
        let states: Vec<State> = engine(Ok(report), 9).iter().map(|one| one.state).collect();
        assert_eq!(states, [State::Ok, State::Warn, State::Ok]);
    }
}
