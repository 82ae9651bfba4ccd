//! Steps by the engine's exec, where the agent cannot start: 40 ms a step instead of one, and less exact. A signal that
//! ends a step shows as the exit code 128 + n, as the engine tells no more. Command files are made and read from outside,
//! by the same reader that the agent has.

mod beginning;
mod programs;

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::models::{ContainerCreateBody, HostConfig};
use futures_util::StreamExt as _;
use loom_agent::files::{self, CommandFiles};
use loom_agent::layout;
use tokio::sync::{Mutex, OnceCell};

use super::container::{self, SCRIPTS, TEMP, WORKSPACE};
use super::engine::Connection;
use super::marks::Marks;
use super::room::Workspace;
use super::{failure, layers};
use crate::executor::channel::{self, StepNumbers, StepSignals, blocking, command_files};
use crate::executor::{
    Closed, ExecutorError, ExitStatus, Notes, PlaceSpec, Program, Signal, StepEnd, StepOutput, StepSpec,
    Stream,
};

/// Keeps the container alive, and ends at once when told to.
const IDLE: &str = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done";

/// Enters the directory `$2`, puts the folders `$3` before the `PATH`, says its process id in the file `$1` and becomes the
/// rest of its arguments.
const ENTER: &str = "cd \"$2\" 2>/dev/null || { echo nowhere >\"$1\"; exit 126; }; \
     [ -z \"$3\" ] || { PATH=\"$3:$PATH\"; export PATH; }; echo $$ >\"$1\"; shift 3; exec \"$@\"";

/// How long a step's streams stay open after its end.
const DRAIN: Duration = Duration::from_secs(5);

/// Between two looks whether a step has ended whose output is still open.
const LOOK: Duration = Duration::from_millis(200);

/// Between two looks whether a step that is to be signalled has said its process id.
const PID_LOOK: Duration = Duration::from_millis(10);

/// A job whose steps run by exec.
pub(super) struct ExecSteps {
    connection: Connection,
    name: String,
    user: String,
    directory: PathBuf,
    notes: Arc<dyn Notes>,
    pub(super) numbers: StepNumbers,
    /// The program that was found, by what was asked for.
    /// What was found already.
    programs: Mutex<HashMap<Vec<String>, Option<programs::Found>>>,
    /// Where the shell is that Loom's own commands run in: a step may have spoilt its `PATH`.
    shell: OnceCell<String>,
    open: AtomicBool,
}

/// Starts the job's container with a program that waits; answers its id too.
pub(super) async fn begin(
    connection: &Connection,
    spec: &PlaceSpec,
    marks: &Marks,
    mut body: ContainerCreateBody,
    user: String,
    notes: Arc<dyn Notes>,
) -> Result<(ExecSteps, String), ExecutorError> {
    let directory = &spec.directory;
    let below = |name: &str| directory.join(name);
    let (source, marked) = (spec.clone(), marks.clone());
    let workspace = blocking(move || Workspace::of(&source, &marked).seen_at(WORKSPACE)).await?;
    let host = body.host_config.get_or_insert_with(HostConfig::default);
    let mounts = host.mounts.get_or_insert_with(Vec::new);
    mounts.extend(workspace);
    mounts.extend([
        container::mount(&below(layout::SCRIPTS), SCRIPTS, false),
        container::mount(&below(channel::TEMP), TEMP, false),
        container::mount(&below(channel::ACTIONS), container::ACTIONS, false),
        container::mount(&below(channel::TOOLS), container::TOOLS, false),
    ]);
    let idle = ["sh", "-c", IDLE].map(str::to_owned).to_vec();
    container::with_agent(&mut body, idle, WORKSPACE);
    let name = marks.name.clone();
    let id = container::create(connection, marks, &name, body).await?;
    if spec.layered {
        layers::own(connection, &name, WORKSPACE, &spec.workspace).await?;
    }
    connection
        .docker
        .start_container(&name, None)
        .await
        .map_err(|error| {
            let said = failure::explain(&error);
            if spec.layered && layers::is_about(&said, marks) {
                return layers::refused(&said);
            }
            failure::setup(
                "start the container (without the agent it needs a shell, `sh`)",
                &connection.endpoint,
                &error,
            )
        })?;
    let steps = ExecSteps {
        connection: connection.clone(),
        name,
        user,
        directory: directory.clone(),
        notes,
        numbers: StepNumbers::default(),
        programs: Mutex::new(HashMap::new()),
        shell: OnceCell::new(),
        open: AtomicBool::new(true),
    };
    steps.see_it_going_on().await?;
    Ok((steps, id))
}

impl ExecSteps {
    pub(super) async fn run(
        &self,
        step: StepSpec,
        output: Box<dyn StepOutput>,
        signals: &mut StepSignals,
    ) -> Result<StepEnd, ExecutorError> {
        if !self.open.load(Ordering::Acquire) {
            return Err(ExecutorError::lost("it was closed already"));
        }
        let started = Instant::now();
        let number = self.numbers.next();
        let own = CommandFiles::of(&self.directory.join(channel::TEMP).join(files::DIRECTORY), number);
        let made = own.clone();
        // Whoever the step runs as writes to them.
        blocking(move || made.create(None, 0o666))
            .await?
            .map_err(|error| ExecutorError::lost(format!("make the step's command files: {error}")))?;
        let status = self.run_program(number, step, &own, output, signals).await?;
        let read = blocking(move || {
            let read = own.read();
            own.remove();
            read
        });
        Ok(StepEnd {
            status,
            took: started.elapsed(),
            usage: None,
            files: command_files(read.await?),
            // Exec does not tell whether a signal arrived: one that was asked for counts.
            signalled: true,
        })
    }

    async fn run_program(
        &self,
        number: u32,
        step: StepSpec,
        own: &CommandFiles,
        output: Box<dyn StepOutput>,
        signals: &mut StepSignals,
    ) -> Result<ExitStatus, ExecutorError> {
        let mut env: Vec<String> = step
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !step.env.contains_key("GIT_CONFIG_COUNT") {
            env.extend(
                [
                    "GIT_CONFIG_COUNT=1",
                    "GIT_CONFIG_KEY_0=safe.directory",
                    "GIT_CONFIG_VALUE_0=*",
                ]
                .map(str::to_owned),
            );
        }
        env.extend(own.variables().map(|(variable, file)| {
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            format!("{variable}={TEMP}/{}/{name}", files::DIRECTORY)
        }));
        let path = step.env.get("PATH");
        let (programs, kind) = match &step.program {
            Program::Script { shells, .. } => (
                shells
                    .iter()
                    .map(|shell| shell.program.clone())
                    .collect::<Vec<_>>(),
                "shells",
            ),
            Program::Exec { programs, .. } => (programs.clone(), "programs"),
            Program::Container { .. } => (Vec::new(), "programs"),
        };
        let Some((name, program)) = self.find_program(&programs, path, &step.path).await? else {
            let names: Vec<String> = programs.iter().map(|name| format!("`{name}`")).collect();
            return Ok(ExitStatus::NotStarted(format!(
                "none of the {kind} {} is there",
                names.join(", ")
            )));
        };
        let (script, arguments) = match step.program {
            Program::Script { text, shells } => {
                let shell = shells.into_iter().find(|shell| shell.program == name);
                let (extension, arguments) = shell
                    .map(|shell| (shell.extension, shell.arguments))
                    .unwrap_or_default();
                let name = format!("{number}{extension}");
                let file = format!("{SCRIPTS}/{name}");
                let arguments = arguments
                    .iter()
                    .map(|argument| argument.replace("{0}", &file))
                    .collect();
                (Some((name, text)), arguments)
            }
            Program::Exec { arguments, .. } => (None, arguments),
            Program::Container { arguments, .. } => (None, arguments),
        };
        let scripts = self.directory.join(layout::SCRIPTS);
        let said = scripts.join(format!("{number}.pid"));
        let written = (scripts.clone(), said.clone(), script.clone());
        // Whoever the step runs as reads the one and writes the other; the directory around both is the caller's alone.
        blocking(move || {
            let (scripts, said, script) = written;
            if let Some((name, text)) = script {
                write(&scripts.join(name), text.as_bytes(), 0o755)?;
            }
            write(&said, b"", 0o666)
        })
        .await?
        .map_err(|error| ExecutorError::lost(format!("write the step's script: {error}")))?;
        let directory = step.working_directory.unwrap_or_default();
        let inside = PathBuf::from(WORKSPACE).join(directory).display().to_string();
        let pid_file = format!("{SCRIPTS}/{number}.pid");
        let command = [
            self.shell().await?,
            "-c",
            ENTER,
            "sh",
            &pid_file,
            &inside,
            &step.path.join(":"),
            &program,
        ]
        .map(str::to_owned)
        .into_iter()
        .chain(arguments)
        .collect();
        let code = self
            .exec_with_signals(command, env, output, signals, &said)
            .await?;
        let nowhere = blocking(move || {
            let nowhere = fs::read_to_string(&said).is_ok_and(|text| text.trim() == "nowhere");
            if let Some((name, _)) = script {
                let _ = fs::remove_file(scripts.join(name));
            }
            let _ = fs::remove_file(said);
            nowhere
        });
        if nowhere.await? {
            return Ok(ExitStatus::NotStarted(format!(
                "the working directory `{inside}` cannot be entered"
            )));
        }
        Ok(ExitStatus::Code(code))
    }

    /// Runs a step's command; signals are sent as soon as its process is there.
    async fn exec_with_signals(
        &self,
        command: Vec<String>,
        env: Vec<String>,
        output: Box<dyn StepOutput>,
        signals: &mut StepSignals,
        said: &Path,
    ) -> Result<i32, ExecutorError> {
        let running = self.exec(command, env, output);
        tokio::pin!(running);
        let mut waiting: Vec<Signal> = Vec::new();
        loop {
            tokio::select! {
                biased;
                code = &mut running => return code,
                signal = signals.next() => waiting.push(signal),
                () = tokio::time::sleep(PID_LOOK), if !waiting.is_empty() => {
                    let said = said.to_owned();
                    let text = blocking(move || fs::read_to_string(said).unwrap_or_default()).await?;
                    if let Ok(pid) = text.trim().parse::<u32>() {
                        for signal in waiting.drain(..) {
                            self.signal(pid, signal).await?;
                        }
                    }
                }
            }
        }
    }

    /// Runs a command as the image's user and waits for its end. Its output may go to a slow disk, so it is handed on by
    /// a thread that may wait.
    async fn exec(
        &self,
        command: Vec<String>,
        env: Vec<String>,
        mut output: Box<dyn StepOutput>,
    ) -> Result<i32, ExecutorError> {
        let docker = &self.connection.docker;
        let failed = |error: bollard::errors::Error| ExecutorError::lost(failure::explain(&error));
        let options = CreateExecOptions {
            cmd: Some(command),
            env: Some(env),
            user: Some(self.user.clone()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::default()
        };
        let id = docker.create_exec(&self.name, options).await.map_err(failed)?.id;
        let start = StartExecOptions {
            output_capacity: Some(64 * 1024),
            ..StartExecOptions::default()
        };
        let StartExecResults::Attached {
            output: mut stream, ..
        } = docker.start_exec(&id, Some(start)).await.map_err(failed)?
        else {
            return Err(ExecutorError::lost("the engine did not attach to the step"));
        };
        let mut drained_by = None;
        loop {
            match tokio::time::timeout(LOOK, stream.next()).await {
                Ok(Some(piece)) => {
                    let piece = piece.map_err(failed)?;
                    let handing_on = blocking(move || {
                        hand_on(piece, output.as_mut());
                        output
                    });
                    output = handing_on.await?;
                }
                Ok(None) => break,
                Err(_) => match drained_by {
                    None if self.exit_code(&id).await?.is_some() => drained_by = Some(Instant::now() + DRAIN),
                    Some(by) if Instant::now() >= by => {
                        self.notes.line(
                            "the step has ended, but something that it left running kept its output open; what comes \
                             from there now is not recorded",
                        );
                        break;
                    }
                    _ => {}
                },
            }
        }
        loop {
            // The stream may end a moment before the engine knows the code.
            match self.exit_code(&id).await? {
                Some(code) => return Ok(code),
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    async fn exit_code(&self, id: &str) -> Result<Option<i32>, ExecutorError> {
        let state = self.connection.docker.inspect_exec(id).await;
        let state = state.map_err(|error| ExecutorError::lost(failure::explain(&error)))?;
        if state.running == Some(true) {
            return Ok(None);
        }
        Ok(state.exit_code.map(|code| i32::try_from(code).unwrap_or(-1)))
    }

    /// The engine has no call for this: another exec, as root, sends the signal.
    async fn signal(&self, pid: u32, signal: Signal) -> Result<(), ExecutorError> {
        let name = match signal {
            Signal::Interrupt => "INT",
            Signal::Terminate => "TERM",
            Signal::Kill => "KILL",
        };
        let options = CreateExecOptions {
            // An exec's process leads a session of its own, so this reaches its children too.
            cmd: Some(vec![
                self.shell().await?.to_owned(),
                "-c".to_owned(),
                format!("kill -s {name} -- -{pid} || kill -s {name} {pid}"),
            ]),
            user: Some("0:0".to_owned()),
            ..CreateExecOptions::default()
        };
        let docker = &self.connection.docker;
        let failed = |error: bollard::errors::Error| ExecutorError::lost(failure::explain(&error));
        let id = docker.create_exec(&self.name, options).await.map_err(failed)?.id;
        let start = StartExecOptions {
            detach: true,
            ..StartExecOptions::default()
        };
        docker
            .start_exec(&id, Some(start))
            .await
            .map(drop)
            .map_err(failed)
    }

    /// Names what runs beside the program that waits; removing the container ends it.
    pub(super) async fn close(&self) -> Closed {
        self.open.store(false, Ordering::Release);
        let Ok(top) = self.connection.docker.top_processes(&self.name, None).await else {
            return Closed::default();
        };
        let titles = top.titles.unwrap_or_default();
        let column = |name: &str| titles.iter().position(|title| title == name);
        let (Some(pid), Some(command)) = (column("PID"), column("CMD")) else {
            return Closed::default();
        };
        let waiting = [IDLE, "sleep 3600"];
        let killed = top.processes.unwrap_or_default().into_iter().filter_map(|row| {
            let (pid, command) = (row.get(pid)?, row.get(command)?);
            let idle = waiting.iter().any(|part| command.contains(part));
            let program = command.split(' ').next()?.rsplit('/').next()?;
            (!idle).then(|| format!("{pid} {program}"))
        });
        Closed {
            killed: killed.collect(),
        }
    }
}

/// What a command of ours says; all clones are the same.
#[derive(Clone, Default)]
struct Collected(Arc<std::sync::Mutex<Vec<u8>>>);

impl Collected {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl StepOutput for Collected {
    fn chunk(&mut self, stream: Stream, _: jiff::Timestamp, bytes: &[u8]) {
        if stream == Stream::Stdout {
            let mut collected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            collected.extend_from_slice(bytes);
        }
    }
}

fn hand_on(piece: LogOutput, output: &mut dyn StepOutput) {
    let now = jiff::Timestamp::now();
    match piece {
        LogOutput::StdErr { message } => output.chunk(Stream::Stderr, now, &message),
        LogOutput::StdOut { message } | LogOutput::Console { message } => {
            output.chunk(Stream::Stdout, now, &message);
        }
        LogOutput::StdIn { .. } => {}
    }
}

/// Writes a file anew: never through something that a step has put in its place.
fn write(path: &std::path::Path, content: &[u8], mode: u32) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.set_permissions(fs::Permissions::from_mode(mode))
}
