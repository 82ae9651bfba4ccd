//! Steps by the engine's exec, where the agent cannot start: 40 ms a step instead of one, and less exact. A signal that
//! ends a step shows as the exit code 128 + n, as the engine tells no more.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt as _;
use loom_agent::layout;
use tokio::sync::Mutex;

use super::container::{self, Parts, SCRIPTS, WORKSPACE};
use super::engine::Connection;
use super::failure;
use super::image::Image;
use crate::executor::{
    Closed, ExecutorError, ExitStatus, JobSpec, Notes, Program, Shell, Signal, StepEnd, StepOutput, StepSpec,
    Stream,
};

/// Keeps the container alive, and ends at once when told to.
const IDLE: &str = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done";

/// Says which of its arguments is a program, the first one that is.
const WHICH: &str =
    "for s; do command -v \"$s\" >/dev/null 2>&1 && { printf %s \"$s\"; exit 0; }; done; exit 127";

/// Enters the directory `$2`, says its process id in the file `$1` and becomes the rest of its arguments.
const ENTER: &str =
    "cd \"$2\" 2>/dev/null || { echo nowhere >\"$1\"; exit 126; }; echo $$ >\"$1\"; shift 2; exec \"$@\"";

/// How long a step's streams stay open after its end.
const DRAIN: Duration = Duration::from_secs(5);

/// Between two looks whether a step has ended whose output is still open.
const LOOK: Duration = Duration::from_millis(200);

/// A job whose steps run by exec.
pub(super) struct ExecSteps {
    connection: Connection,
    name: String,
    user: String,
    scripts: PathBuf,
    notes: Arc<dyn Notes>,
    next: AtomicU32,
    /// The file in which the step that runs says its process id.
    running: Mutex<Option<PathBuf>>,
    /// The shell that was found, by what was asked for.
    shells: Mutex<HashMap<Vec<String>, Option<String>>>,
    open: Mutex<bool>,
}

/// Starts the job's container with a program that waits.
pub(super) async fn begin(
    connection: &Connection,
    job: &JobSpec,
    image: &Image,
    instance: &str,
    notes: Arc<dyn Notes>,
) -> Result<ExecSteps, ExecutorError> {
    let name = job.key.resource_name();
    let scripts = job.directory.join(layout::SCRIPTS);
    let parts = Parts {
        name: &name,
        image: &image.id,
        instance,
        entrypoint: ["sh", "-c", IDLE].map(str::to_owned).to_vec(),
        mounts: vec![
            container::mount(&scripts, SCRIPTS, false),
            container::mount(&job.workspace, WORKSPACE, false),
        ],
    };
    container::create(connection, job, parts).await?;
    connection
        .docker
        .start_container(&name, None)
        .await
        .map_err(|error| {
            failure::setup(
                "start the container (without the agent it needs a shell, `sh`)",
                &connection.endpoint,
                &error,
            )
        })?;
    Ok(ExecSteps {
        connection: connection.clone(),
        name,
        user: image.user.clone(),
        scripts,
        notes,
        next: AtomicU32::new(0),
        running: Mutex::new(None),
        shells: Mutex::new(HashMap::new()),
        open: Mutex::new(true),
    })
}

impl ExecSteps {
    pub(super) async fn run_step(
        &self,
        step: StepSpec,
        output: &mut dyn StepOutput,
    ) -> Result<StepEnd, ExecutorError> {
        if !*self.open.lock().await {
            return Err(lost("it was closed already".to_owned()));
        }
        let started = Instant::now();
        let status = self.run(step, output).await?;
        *self.running.lock().await = None;
        Ok(StepEnd {
            status,
            took: started.elapsed(),
            usage: None,
        })
    }

    async fn run(&self, step: StepSpec, output: &mut dyn StepOutput) -> Result<ExitStatus, ExecutorError> {
        let Program::Script { text, shells } = step.program;
        let env: Vec<String> = step
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let Some(shell) = self.find_shell(&shells, step.env.get("PATH")).await? else {
            let names: Vec<String> = shells
                .iter()
                .map(|shell| format!("`{}`", shell.program))
                .collect();
            return Ok(ExitStatus::NotStarted(format!(
                "none of the shells {} is there",
                names.join(", ")
            )));
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let script = format!("{number}{}", shell.extension);
        let said = self.scripts.join(format!("{number}.pid"));
        // Whoever the step runs as reads the one and writes the other; the directory around both is the caller's alone.
        write(&self.scripts.join(&script), text.as_bytes(), 0o755)
            .and_then(|()| write(&said, b"", 0o666))
            .map_err(|error| lost(format!("write the step's script: {error}")))?;
        let directory = step.working_directory.unwrap_or_default();
        let inside = PathBuf::from(WORKSPACE).join(directory).display().to_string();
        let command = [
            "sh".into(),
            "-c".into(),
            ENTER.into(),
            "sh".into(),
            format!("{SCRIPTS}/{number}.pid"),
        ]
        .into_iter()
        .chain([inside.clone(), shell.program.clone()])
        .chain(
            shell
                .arguments
                .iter()
                .map(|argument| argument.replace("{0}", &format!("{SCRIPTS}/{script}"))),
        )
        .collect();
        *self.running.lock().await = Some(said.clone());
        let code = self.exec(command, env, output).await?;
        let nowhere = fs::read_to_string(&said).is_ok_and(|text| text.trim() == "nowhere");
        let _ = fs::remove_file(self.scripts.join(script));
        let _ = fs::remove_file(said);
        if nowhere {
            return Ok(ExitStatus::NotStarted(format!(
                "the working directory `{inside}` cannot be entered"
            )));
        }
        Ok(ExitStatus::Code(code))
    }

    async fn find_shell<'a>(
        &self,
        shells: &'a [Shell],
        path: Option<&String>,
    ) -> Result<Option<&'a Shell>, ExecutorError> {
        let asked: Vec<String> = shells.iter().map(|shell| shell.program.clone()).collect();
        let env: Vec<String> = path
            .filter(|path| !path.is_empty())
            .map(|path| format!("PATH={path}"))
            .into_iter()
            .collect();
        let key: Vec<String> = asked.iter().chain(&env).cloned().collect();
        let known = self.shells.lock().await.get(&key).cloned();
        let name = match known {
            Some(name) => name,
            None => {
                let mut answer = Collected::default();
                let which = ["sh", "-c", WHICH, "sh"]
                    .map(str::to_owned)
                    .into_iter()
                    .chain(asked)
                    .collect();
                self.exec(which, env, &mut answer).await?;
                let name =
                    Some(String::from_utf8_lossy(&answer.0).into_owned()).filter(|name| !name.is_empty());
                self.shells.lock().await.insert(key, name.clone());
                name
            }
        };
        Ok(shells.iter().find(|shell| Some(&shell.program) == name.as_ref()))
    }

    /// Runs a command as the image's user and waits for its end.
    async fn exec(
        &self,
        command: Vec<String>,
        env: Vec<String>,
        output: &mut dyn StepOutput,
    ) -> Result<i32, ExecutorError> {
        let docker = &self.connection.docker;
        let failed = |error: bollard::errors::Error| lost(failure::explain(&error));
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
            return Err(lost("the engine did not attach to the step".to_owned()));
        };
        let mut drained_by = None;
        loop {
            match tokio::time::timeout(LOOK, stream.next()).await {
                Ok(Some(piece)) => hand_on(piece.map_err(failed)?, output),
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
        let state = state.map_err(|error| lost(failure::explain(&error)))?;
        if state.running == Some(true) {
            return Ok(None);
        }
        Ok(state.exit_code.map(|code| i32::try_from(code).unwrap_or(-1)))
    }

    /// The engine has no call for this: another exec, as root, sends the signal.
    pub(super) async fn signal(&self, signal: Signal) -> Result<(), ExecutorError> {
        if !*self.open.lock().await {
            return Err(lost("it was closed already".to_owned()));
        }
        let Some(said) = self.running.lock().await.clone() else {
            return Ok(());
        };
        let Some(pid) = fs::read_to_string(said)
            .ok()
            .and_then(|text| text.trim().parse::<u32>().ok())
        else {
            return Ok(());
        };
        let name = match signal {
            Signal::Interrupt => "INT",
            Signal::Terminate => "TERM",
            Signal::Kill => "KILL",
        };
        let options = CreateExecOptions {
            // An exec's process leads a session of its own, so this reaches its children too.
            cmd: Some(vec![
                "sh".to_owned(),
                "-c".to_owned(),
                format!("kill -s {name} -- -{pid} || kill -s {name} {pid}"),
            ]),
            user: Some("0:0".to_owned()),
            ..CreateExecOptions::default()
        };
        let docker = &self.connection.docker;
        let failed = |error: bollard::errors::Error| lost(failure::explain(&error));
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
        *self.open.lock().await = false;
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

/// What a command of ours says.
#[derive(Default)]
struct Collected(Vec<u8>);

impl StepOutput for Collected {
    fn chunk(&mut self, stream: Stream, _: jiff::Timestamp, bytes: &[u8]) {
        if stream == Stream::Stdout {
            self.0.extend_from_slice(bytes);
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

fn lost(cause: String) -> ExecutorError {
    ExecutorError::SessionLost { cause }
}
