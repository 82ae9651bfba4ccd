//! Makes a step ready to start: its environment, its shell, its script file, who it runs as.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::accounts::{self, Account};
use crate::sys;
use crate::wire::{ShellChoice, StartStep};

/// Where programs are looked for when the step's `PATH` is missing or empty; what Docker gives a container.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A step that can be started.
pub(crate) struct Prepared {
    pub(crate) command: Command,
    pub(crate) script: PathBuf,
}

/// Prepares a step; an error says in a sentence why it cannot start.
pub(crate) fn prepare(start: &StartStep, scripts: &Path, workspace: &Path) -> Result<Prepared, String> {
    let account = start.user.as_deref().map(accounts::find).transpose()?;
    let env = environment(start, account.as_ref());
    let directory = working_directory(start, workspace)?;
    let path = env
        .get(OsStr::new("PATH"))
        .map(OsString::as_os_str)
        .filter(|path| !path.is_empty());
    let path = path.unwrap_or(OsStr::new(DEFAULT_PATH));
    let (shell, program) = start
        .shells
        .iter()
        .find_map(|shell| Some((shell, find_program(&shell.program, path, &directory)?)))
        .ok_or_else(|| no_shell(&start.shells, path))?;
    let script = write_script(start, shell, scripts, account.as_ref())?;

    let mut command = Command::new(program);
    let file = script.to_string_lossy();
    command
        .args(
            shell
                .arguments
                .iter()
                .map(|argument| argument.replace("{0}", &file)),
        )
        .env_clear()
        .envs(&env)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    sys::prepare(&mut command, account.map(|account| account.identity));
    Ok(Prepared { command, script })
}

/// The agent's own environment, the step's over it, and what a user's login would have set.
fn environment(start: &StartStep, account: Option<&Account>) -> BTreeMap<OsString, OsString> {
    let mut env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    if account.is_some() {
        // The engine has set the home of the user the agent runs as, which need not be the step's.
        env.remove(OsStr::new("HOME"));
    }
    env.extend(start.env.iter().map(|(name, value)| (name.into(), value.into())));
    if let Some(account) = account {
        env.entry("HOME".into())
            .or_insert_with(|| account.home.clone().into());
    }
    env.entry("PATH".into()).or_insert_with(|| DEFAULT_PATH.into());
    env
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

/// Writes the script where the step's user can read it, and nobody else but root.
fn write_script(
    start: &StartStep,
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
    let path = scripts.join(format!("{}{}", start.step, shell.extension));
    let write = || {
        // A step before this one may have left anything at all here, a link included.
        if fs::symlink_metadata(&path).is_ok() {
            fs::remove_file(&path)?;
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(start.script.as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(0o500))?;
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
