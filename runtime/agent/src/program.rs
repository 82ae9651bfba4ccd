//! Makes a step ready to start: its environment, its shell, its script file, who it runs as.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::accounts::{self, Account};
use crate::files::CommandFiles;
use crate::git;
use crate::sys::{Start, Variables};
use crate::wire::{ShellChoice, StartStep, StepProgram};

/// Where programs are looked for when the step's `PATH` is missing or empty; what Docker gives a container.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A step that can be started.
pub(crate) struct Prepared<'a> {
    pub(crate) start: Start<'a>,
    /// The script's file, when there is one.
    pub(crate) script: Option<PathBuf>,
    pub(crate) files: Option<CommandFiles>,
}

/// Where things of steps go.
#[derive(Debug)]
pub(crate) struct Places {
    /// What the paths of script files begin with.
    pub(crate) scripts: PathBuf,
    pub(crate) workspace: PathBuf,
    pub(crate) files: Option<PathBuf>,
    /// Whether git is told to trust the workspace.
    pub(crate) trusted: bool,
}

/// Prepares a step; an error says in a sentence why it cannot start.
pub(crate) fn prepare<'a>(start: &'a StartStep, places: &Places) -> Result<Prepared<'a>, String> {
    let account = start.user.as_deref().map(accounts::find).transpose()?;
    let files = command_files(start, places, account.as_ref())?;
    let env = environment(start, places, account.as_ref(), files.as_ref());
    let directory = working_directory(start, &places.workspace)?;
    let path = env
        .get(OsStr::new("PATH"))
        .map(|path| &**path)
        .filter(|path| !path.is_empty());
    let path = path.unwrap_or(OsStr::new(DEFAULT_PATH));
    let (program, arguments, script) = match &start.program {
        StepProgram::Script { text, shells } => {
            let (shell, program) = shells
                .iter()
                .find_map(|shell| Some((shell, find_shell(&shell.program, path, &directory)?)))
                .ok_or_else(|| no_shell(shells, path))?;
            let script = write_script(start.step, text, shell, &places.scripts, account.as_ref())?;
            let file = script.to_string_lossy();
            let arguments = shell
                .arguments
                .iter()
                .map(|argument| argument.replace("{0}", &file));
            (program, arguments.collect(), Some(script.clone()))
        }
        StepProgram::Exec { programs, arguments } => {
            let program = programs
                .iter()
                .find_map(|program| find_program(program, path, &directory))
                .ok_or_else(|| no_program(programs, path))?;
            (program, arguments.clone(), None)
        }
    };
    let start = Start {
        program,
        arguments,
        env,
        directory,
        identity: account.map(|account| account.identity),
    };
    Ok(Prepared { start, script, files })
}

fn command_files(
    start: &StartStep,
    places: &Places,
    account: Option<&Account>,
) -> Result<Option<CommandFiles>, String> {
    let Some(directory) = &places.files else {
        return Ok(None);
    };
    let files = CommandFiles::of(directory, start.step);
    let owner = account.map(|account| (account.identity.uid, account.identity.gid));
    files.create(owner, 0o600).map_err(|error| {
        format!(
            "the step's command files in `{}` cannot be made: {}",
            directory.display(),
            plain(&error)
        )
    })?;
    Ok(Some(files))
}

/// The agent's own environment, the step's over it, what a user's login would have set, and where its files are.
fn environment<'a>(
    start: &'a StartStep,
    places: &Places,
    account: Option<&Account>,
    files: Option<&CommandFiles>,
) -> Variables<'a> {
    let said = |text: &'a str| Cow::Borrowed(OsStr::new(text));
    let mut env: Variables<'a> = own_environment()
        .iter()
        .map(|(name, value)| (Cow::Borrowed(name.as_os_str()), Cow::Borrowed(value.as_os_str())))
        .collect();
    if account.is_some() {
        // The engine has set the home of the user the agent runs as, which need not be the step's.
        env.remove(OsStr::new("HOME"));
    }
    env.extend(start.env.iter().map(|(name, value)| (said(name), said(value))));
    if let Some(account) = account {
        env.entry(said("HOME"))
            .or_insert_with(|| Cow::Owned(account.home.clone().into()));
    }
    if places.trusted && !env.contains_key(OsStr::new("GIT_CONFIG_COUNT")) {
        env.extend(
            git::variables()
                .into_iter()
                .map(|(name, value)| (said(name), said(value))),
        );
    }
    if let Some(files) = files {
        env.extend(
            files
                .variables()
                .map(|(name, file)| (said(name), Cow::Owned(file.into_os_string()))),
        );
    }
    let path = env.entry(said("PATH")).or_insert_with(|| said(DEFAULT_PATH));
    if !start.path.is_empty() {
        let rest = if path.is_empty() {
            said(DEFAULT_PATH)
        } else {
            path.clone()
        };
        let mut whole = OsString::from(start.path.join(":"));
        whole.push(":");
        whole.push(rest);
        *path = Cow::Owned(whole);
    }
    env
}

/// What this process was started with; it changes nothing of it.
fn own_environment() -> &'static [(OsString, OsString)] {
    static OWN: OnceLock<Vec<(OsString, OsString)>> = OnceLock::new();
    OWN.get_or_init(|| std::env::vars_os().collect())
}

fn working_directory(start: &StartStep, workspace: &Path) -> Result<PathBuf, String> {
    let wanted = start.directory.as_deref().unwrap_or_default();
    let directory = workspace.join(wanted);
    match fs::metadata(&directory) {
        Ok(found) if found.is_dir() => Ok(directory),
        Ok(_) => Err(format!(
            "the working directory `{}` is a file",
            directory.display()
        )),
        Err(error) => Err(format!(
            "the working directory `{}` cannot be entered: {}",
            directory.display(),
            plain(&error)
        )),
    }
}

/// A step may spoil its own `PATH`: its shell is then one of the agent's, as GitHub's runner looks for it in its own.
fn find_shell(name: &str, path: &OsStr, directory: &Path) -> Option<PathBuf> {
    find_program(name, path, directory).or_else(|| {
        let own = std::env::var_os("PATH").filter(|path| !path.is_empty());
        find_program(
            name,
            own.as_deref().unwrap_or(OsStr::new(DEFAULT_PATH)),
            directory,
        )
    })
}

/// A program by its name in `path`, or by its path where the name has a slash.
fn find_program(name: &str, path: &OsStr, directory: &Path) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    if name.contains('/') {
        return Some(directory.join(name)).filter(|file| executable(file));
    }
    // Relative entries are looked up where the step runs, as its shell would.
    std::env::split_paths(path)
        .filter(|entry| !entry.as_os_str().is_empty())
        .map(|entry| directory.join(entry).join(name))
        .find(|file| executable(file))
}

/// When a process got more than the kernel takes: which variable to look at. Linux takes 128 KiB each.
pub(crate) fn largest_variable(start: &Start<'_>, error: &std::io::Error) -> String {
    if error.kind() != std::io::ErrorKind::ArgumentListTooLong {
        return String::new();
    }
    let Some((name, size)) = start.largest_variable() else {
        return String::new();
    };
    format!(
        " (the largest of its variables is `{}` with {size} bytes; hand what is large over in a file)",
        name.display()
    )
}

fn executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn no_shell(shells: &[ShellChoice], path: &OsStr) -> String {
    let names: Vec<String> = shells
        .iter()
        .map(|shell| format!("`{}`", shell.program))
        .collect();
    match names.as_slice() {
        [] => "the step names no shell".to_owned(),
        [name] => format!("the shell {name} is not there (PATH is {})", path.display()),
        names => format!(
            "none of the shells {} is there (PATH is {})",
            names.join(", "),
            path.display()
        ),
    }
}

fn no_program(programs: &[String], path: &OsStr) -> String {
    let names: Vec<String> = programs.iter().map(|program| format!("`{program}`")).collect();
    match names.as_slice() {
        [] => "the step names no program".to_owned(),
        [name] => format!(
            "the program {name} is not there, or may not be run (PATH is {})",
            path.display()
        ),
        names => format!(
            "none of the programs {} is there (PATH is {})",
            names.join(", "),
            path.display()
        ),
    }
}

/// Writes the script where the step's user can read it, and whomever the step's shell becomes (`su`, `sudo`).
fn write_script(
    step: u32,
    text: &str,
    shell: &ShellChoice,
    scripts: &Path,
    account: Option<&Account>,
) -> Result<PathBuf, String> {
    if shell.extension.contains(['/', '\0']) {
        return Err(format!(
            "`{}` is no ending for a file's name",
            shell.extension.escape_debug()
        ));
    }
    let mut path = scripts.as_os_str().to_owned();
    path.push(format!("{step}{}", shell.extension));
    let path = PathBuf::from(path);
    let write = || {
        let make = || {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600).open(&path)
        };
        let mut file = match make() {
            // A step before this one may have left anything at all here, a link included.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                fs::remove_file(&path)?;
                make()?
            }
            made => made?,
        };
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(0o555))?;
        if let Some(account) = account {
            std::os::unix::fs::fchown(&file, Some(account.identity.uid), Some(account.identity.gid))?;
        }
        Ok(())
    };
    match write() {
        Ok(()) => Ok(path),
        Err(error) => {
            let error: std::io::Error = error;
            Err(format!(
                "the script's file `{}` cannot be written: {}",
                path.display(),
                plain(&error)
            ))
        }
    }
}

/// An error of the system without its number.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}
