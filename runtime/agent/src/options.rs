//! The agent's arguments. It is started by a runtime of the same version, so they are few and strict.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What the process is to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Be the agent of a job.
    Serve(Serve),
    /// Hand over files of a job whose agent is gone.
    Give(Give),
    /// Pass on what a runtime and the agent of this job's directory say to each other.
    Connect(PathBuf),
    /// Empty this folder, or remove this file.
    Clear(PathBuf),
}

/// How to be the agent of a job.
#[derive(Clone, Debug)]
pub(crate) struct Serve {
    /// The job's directory.
    pub(crate) directory: PathBuf,
    /// What the paths of script files begin with, as steps can walk them: a folder and `/`, or more.
    pub(crate) scripts: PathBuf,
    /// Where steps run.
    pub(crate) workspace: PathBuf,
    /// Where the command files of steps go; without it there are none.
    pub(crate) files: Option<PathBuf>,
    /// Folders beside workspace and job's directory whose files are handed over too.
    pub(crate) also: Vec<PathBuf>,
    /// Stay behind as a second process that ends what is left when the agent is killed.
    pub(crate) guard: bool,
    /// A connected socket is standard input: its other end is the first client, and needs no hello.
    pub(crate) client: bool,
    /// Wait for the next job of the first client when one has closed in order, and left nothing.
    pub(crate) stay: bool,
    /// This is a container of the job's own: git may be told to trust the workspace.
    pub(crate) own_machine: bool,
    /// How long to go on without a client: zero ends with it, `None` is for ever.
    pub(crate) orphan_grace: Option<Duration>,
    /// How long a step's streams stay open after its main process has ended.
    pub(crate) drain: Duration,
    /// How long what is left running has between SIGTERM and SIGKILL.
    pub(crate) kill_grace: Duration,
}

/// Which files to hand over.
#[derive(Debug)]
pub(crate) struct Give {
    /// The job's directory, whose owner is the caller.
    pub(crate) directory: PathBuf,
    /// The workspace.
    pub(crate) workspace: PathBuf,
    /// Further folders.
    pub(crate) also: Vec<PathBuf>,
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut arguments = arguments.into_iter();
    let verb = arguments
        .next()
        .ok_or("expected `serve`, `give`, `connect` or `clear`")?;
    let mut found = Found::default();
    while let Some(name) = arguments.next() {
        let name = name
            .into_string()
            .map_err(|name| format!("unknown argument `{}`", name.display()))?;
        if found.switch(&name) {
            continue;
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("`{name}` needs a value"))?;
        found.take(&name, value)?;
    }
    let directory = found.directory.ok_or("`--dir` is missing")?;
    match verb.to_str() {
        Some("clear") => return Ok(Command::Clear(directory)),
        Some("connect") => return Ok(Command::Connect(directory)),
        _ => {}
    }
    let workspace = found.workspace.ok_or("`--workspace` is missing")?;
    match verb.to_str() {
        Some("serve") => Ok(Command::Serve(Serve {
            scripts: found
                .scripts
                .unwrap_or_else(|| directory.join(crate::layout::SCRIPTS).join("")),
            directory,
            workspace,
            files: found.files,
            also: found.also,
            guard: found.guard,
            client: found.client,
            stay: found.stay,
            own_machine: found.own_machine,
            orphan_grace: found.orphan_grace,
            drain: found.drain.unwrap_or(Duration::from_secs(5)),
            kill_grace: found.kill_grace.unwrap_or(Duration::from_secs(1)),
        })),
        Some("give") => Ok(Command::Give(Give {
            directory,
            workspace,
            also: found.also,
        })),
        _ => Err(format!(
            "unknown command `{}`: expected `serve`, `give`, `connect` or `clear`",
            verb.display()
        )),
    }
}

#[derive(Default)]
struct Found {
    directory: Option<PathBuf>,
    scripts: Option<PathBuf>,
    workspace: Option<PathBuf>,
    files: Option<PathBuf>,
    also: Vec<PathBuf>,
    guard: bool,
    client: bool,
    stay: bool,
    own_machine: bool,
    orphan_grace: Option<Duration>,
    drain: Option<Duration>,
    kill_grace: Option<Duration>,
}

impl Found {
    /// Takes an argument that has no value.
    fn switch(&mut self, name: &str) -> bool {
        match name {
            "--guard" => self.guard = true,
            "--client" => self.client = true,
            "--stay" => self.stay = true,
            "--own-machine" => self.own_machine = true,
            _ => return false,
        }
        true
    }

    fn take(&mut self, name: &str, value: OsString) -> Result<(), String> {
        match name {
            "--dir" => self.directory = Some(value.into()),
            "--scripts" => self.scripts = Some(PathBuf::from(value).join("")),
            "--script-paths" => self.scripts = Some(value.into()),
            "--also" => self.also.push(value.into()),
            "--files" => self.files = Some(value.into()),
            "--workspace" => self.workspace = Some(value.into()),
            "--orphan-grace" => self.orphan_grace = Some(Duration::from_secs(number(name, &value)?)),
            "--drain-ms" => self.drain = Some(Duration::from_millis(number(name, &value)?)),
            "--kill-grace-ms" => self.kill_grace = Some(Duration::from_millis(number(name, &value)?)),
            _ => return Err(format!("unknown argument `{name}`")),
        }
        Ok(())
    }
}

fn number(name: &str, value: &OsString) -> Result<u64, String> {
    value
        .to_str()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| format!("`{name}` takes a whole number, not `{}`", value.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn scripts_default_to_the_jobs_directory_and_the_grace_to_for_ever() {
        let Ok(Command::Serve(serve)) = parsed("serve --dir /j --workspace /w") else {
            panic!("not a serve")
        };
        assert_eq!(serve.scripts.as_os_str(), "/j/scripts/");
        assert_eq!(serve.orphan_grace, None);
        assert_eq!(serve.drain, Duration::from_secs(5));
        let Ok(Command::Serve(serve)) = parsed(
            "serve --guard --client --dir /j --workspace /w --files /f --own-machine --script-paths /s/a- \
             --orphan-grace 0",
        ) else {
            panic!("not a serve")
        };
        assert!(serve.guard && serve.client && serve.own_machine && serve.files == Some(PathBuf::from("/f")));
        assert_eq!(serve.scripts, PathBuf::from("/s/a-"));
        assert_eq!(serve.orphan_grace, Some(Duration::ZERO));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, part) in [
            ("", "expected `serve`"),
            ("dance --dir /j --workspace /w", "`dance`"),
            ("serve --workspace /w", "`--dir`"),
            ("serve --dir /j --workspace /w --drain-ms soon", "`soon`"),
            ("serve --dir", "needs a value"),
            ("serve --what x", "`--what`"),
        ] {
            let message = parsed(line).expect_err(line);
            assert!(message.contains(part), "{line}: {message}");
        }
    }
}
