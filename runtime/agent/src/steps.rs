//! A step that runs: its main process, its two streams, its spool.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::files::CommandFiles;
use crate::memory::OutOfMemory;
use crate::program::{self, Places, Prepared};
use crate::spool::{self, Exit, HEADER, Status, Stream};
use crate::sys::{self, Reaped};
use crate::wire::{StartStep, StepSignal};
use crate::{layout, leftovers};

/// How much is read from a stream at once; also the size asked for its pipe.
pub(crate) const CHUNK: usize = 256 * 1024;
/// Reads of what a stream holds when it is cut off: a pipe and its end. More comes only from one that goes on writing.
const REST: usize = 4;

/// A step that has said as much at once says much.
const MUCH: usize = 16 * 1024;

/// How long a step may say nothing before the client is told that it runs.
const SILENCE: Duration = Duration::from_secs(1);

/// A step from its start to the record of its end.
pub(crate) struct Step {
    pub(crate) number: u32,
    /// The main process, while it has not been waited for; also the leader of the step's session and group.
    pub(crate) main: Option<i32>,
    /// The spool's length that the client has been told.
    pub(crate) reported: u64,
    /// When the client is told of it though it has said nothing, while it was not told at all.
    pub(crate) silent_until: Option<Instant>,
    leader: i32,
    started: Instant,
    script: Option<PathBuf>,
    files: Option<CommandFiles>,
    /// How often the kernel had ended something for want of memory when the step began.
    memory_kills: u64,
    stdout: Option<File>,
    stderr: Option<File>,
    /// Whether its pipes have been made larger than they come.
    wide: bool,
    spool: Spool,
    end: Option<Exit>,
    drain: Duration,
    drained_by: Option<Instant>,
    /// Whether a signal that somebody asked for reached the main process.
    signalled: bool,
}

impl Step {
    /// Starts a step. What the user's side got wrong becomes the step's end ([`Status::NotStarted`]).
    ///
    /// # Errors
    /// Only when its spool cannot be used: then there is no place to say anything.
    pub(crate) fn start(
        start: &StartStep,
        places: &Places,
        memory: &OutOfMemory,
        drain: Duration,
    ) -> Result<Self, String> {
        let mut step = Self {
            number: start.step,
            main: None,
            reported: 0,
            silent_until: Some(Instant::now() + SILENCE),
            leader: 0,
            started: Instant::now(),
            script: None,
            files: None,
            memory_kills: memory.kills(),
            stdout: None,
            stderr: None,
            wide: false,
            spool: Spool::open(start.step)?,
            end: None,
            drain,
            drained_by: None,
            signalled: false,
        };
        // Before anything of it happens: who comes after this runtime knows by it that the step has begun.
        step.spool.write(&spool::begin(now(), &start.name));
        if let Some(trouble) = step.spool.trouble.take() {
            return Err(trouble);
        }
        step.reported = step.spool.length;
        if let Err(why) = program::prepare(start, places).and_then(|prepared| step.spawn(prepared)) {
            step.finish(Status::NotStarted(why), None);
        }
        Ok(step)
    }

    fn spawn(&mut self, mut prepared: Prepared<'_>) -> Result<(), String> {
        self.script = prepared.script.take();
        self.files = prepared.files.take();
        self.started = Instant::now();
        let started = prepared.start.spawn().map_err(|error| {
            let program = prepared.start.program.display().to_string();
            let hint = program::largest_variable(&prepared.start, &error);
            format!("`{program}` cannot be started: {}{hint}", program::plain(&error))
        })?;
        self.main = Some(started.pid);
        self.leader = started.pid;
        self.stdout = Some(started.stdout);
        self.stderr = Some(started.stderr);
        Ok(())
    }

    /// The streams that are still open, to wait on.
    pub(crate) fn streams(&self) -> impl Iterator<Item = (Stream, RawFd)> {
        let out = self
            .stdout
            .as_ref()
            .map(|pipe| (Stream::Stdout, pipe.as_raw_fd()));
        let err = self
            .stderr
            .as_ref()
            .map(|pipe| (Stream::Stderr, pipe.as_raw_fd()));
        out.into_iter().chain(err)
    }

    /// When the step wants to be looked at again though nothing happened.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.drained_by.into_iter().chain(self.silent_until).min()
    }

    /// The spool's length and what is wrong with it.
    pub(crate) fn spooled(&self) -> (u64, Option<&str>) {
        (self.spool.length, self.spool.trouble.as_deref())
    }

    /// Moves what a stream has into the spool. Called when it is readable, so it does not wait.
    pub(crate) fn pump(&mut self, stream: Stream, buffer: &mut [u8]) {
        let Some((head, content)) = buffer.split_at_mut_checked(HEADER) else {
            return;
        };
        let read = match stream {
            Stream::Stdout => self.stdout.as_mut().map(|pipe| pipe.read(content)),
            Stream::Stderr => self.stderr.as_mut().map(|pipe| pipe.read(content)),
        };
        let length = match read {
            Some(Ok(length)) if length > 0 => length,
            Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => return,
            _ => return self.shut(stream),
        };
        if length >= MUCH && !self.wide {
            // Most steps say little, and would pay for the room.
            self.wide = true;
            let size = i32::try_from(CHUNK).unwrap_or(i32::MAX);
            let pipes = self.stdout.iter().chain(&self.stderr);
            pipes.for_each(|pipe| sys::widen_pipe(pipe, size));
        }
        head.copy_from_slice(&spool::output_header(
            stream,
            now(),
            u32::try_from(length).unwrap_or(u32::MAX),
        ));
        if let Some(record) = buffer.get(..HEADER + length) {
            self.spool.write(record);
        }
        if self.spool.trouble.is_some() {
            // What it says can no longer be kept: a step whose output would be lost must not go on as if it were not.
            self.kill_all();
        }
    }

    /// The main process has ended. `lost` says why its end says nothing of the step: the agent was told to end.
    pub(crate) fn reaped(&mut self, reaped: Reaped, memory: &OutOfMemory, lost: Option<&str>) {
        self.main = None;
        let killed = matches!(reaped.status, Status::Signal(libc::SIGKILL) | Status::Code(137));
        let status = match (lost, reaped.status) {
            (Some(why), _) => Status::Lost(why.to_owned()),
            (_, _) if killed && memory.kills() > self.memory_kills => Status::OutOfMemory,
            (_, status) => status,
        };
        self.finish(status, Some(reaped.usage));
    }

    fn finish(&mut self, status: Status, usage: Option<spool::Usage>) {
        self.end = Some(Exit {
            status,
            took: self.started.elapsed(),
            usage,
            signalled: self.signalled,
        });
        self.drained_by = Some(Instant::now() + self.drain);
    }

    /// Sends a signal to the step's group. Once the main process has ended there is none: its number may be another's
    /// by now, so what it left is no longer waited for, and ended with the job.
    pub(crate) fn signal(&mut self, signal: StepSignal) {
        let number = match signal {
            StepSignal::Interrupt => libc::SIGINT,
            StepSignal::Terminate => libc::SIGTERM,
            StepSignal::Kill => libc::SIGKILL,
        };
        if self.main.is_some() {
            self.signalled = true;
            sys::kill_group(self.leader, number);
        } else if self.drained_by.is_some() {
            self.drained_by = Some(Instant::now());
        }
    }

    /// Ends the main process and its group at once.
    pub(crate) fn kill_all(&self) {
        if self.main.is_some() {
            sys::kill_group(self.leader, libc::SIGKILL);
        }
    }

    /// Takes what the streams still hold, without waiting: who cuts them off now must not lose what was said before, nor take an
    /// end that was not read yet for a process that holds them open.
    fn take_rest(&mut self, buffer: &mut [u8]) {
        for _ in 0..REST {
            let (streams, mut fds): (Vec<_>, Vec<_>) = self
                .streams()
                .map(|(stream, fd)| (stream, sys::readable(fd)))
                .unzip();
            if sys::poll(&mut fds, Some(Duration::ZERO)).is_err() || fds.iter().all(|fd| fd.revents == 0) {
                return;
            }
            for (stream, fd) in streams.into_iter().zip(&fds) {
                if fd.revents != 0 {
                    self.pump(stream, buffer);
                }
            }
        }
    }

    /// Writes the record of the end once there is nothing to wait for; returns whether the step is over.
    pub(crate) fn settle(&mut self, buffer: &mut [u8]) -> bool {
        let is_open = |step: &Self| step.streams().count() > 0;
        if self.end.is_none() || (is_open(self) && self.drained_by.is_some_and(|by| Instant::now() < by)) {
            return false;
        }
        if is_open(self) {
            self.take_rest(buffer);
        }
        if is_open(self) {
            self.spool.write(&spool::note(now(), &self.held_open()));
            self.shut(Stream::Stdout);
            self.shut(Stream::Stderr);
        }
        if let Some(files) = &self.files {
            for (kind, content) in files.read() {
                self.spool.write(&spool::file(now(), kind, &content));
            }
        }
        if let Some(end) = self.end.take() {
            self.spool.write(&spool::exit(now(), &end));
        }
        true
    }

    /// Removes what a step that is over was told with.
    pub(crate) fn clean_up(&mut self) {
        if let Some(files) = self.files.take() {
            files.remove();
        }
        if let Some(script) = self.script.take() {
            let _ = fs::remove_file(script);
        }
    }

    fn held_open(&self) -> String {
        let names: Vec<String> = leftovers::of_session(self.leader)
            .into_iter()
            .map(|left| format!("{} {}", left.pid, left.name))
            .collect();
        let who = if names.is_empty() {
            "a process".to_owned()
        } else {
            names.join(", ")
        };
        format!(
            "the step has ended, but {who} that it left running kept its output open; what comes from there now is \
             not recorded"
        )
    }

    fn shut(&mut self, stream: Stream) {
        match stream {
            Stream::Stdout => self.stdout = None,
            Stream::Stderr => self.stderr = None,
        }
    }
}

/// The file that a step's records go to.
struct Spool {
    file: File,
    length: u64,
    trouble: Option<String>,
}

impl Spool {
    /// Opens what the runtime has made. Relative to the job's directory, in which the agent stands.
    fn open(step: u32) -> Result<Self, String> {
        let path = Path::new(layout::SPOOL).join(layout::spool_name(step));
        let trouble = |why: String| format!("the spool `{}` cannot be used: {why}", path.display());
        let file = OpenOptions::new()
            .append(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&path)
            .map_err(|error| trouble(program::plain(&error)))?;
        match file.metadata() {
            Ok(found) if !found.is_file() => Err(trouble("it is no regular file".to_owned())),
            Ok(found) if found.len() > 0 => Err(trouble("it is not empty".to_owned())),
            Ok(_) => Ok(Self {
                file,
                length: 0,
                trouble: None,
            }),
            Err(error) => Err(trouble(program::plain(&error))),
        }
    }

    fn write(&mut self, record: &[u8]) {
        if self.trouble.is_some() {
            return;
        }
        match self.file.write_all(record) {
            Ok(()) => self.length += u64::try_from(record.len()).unwrap_or(0),
            Err(error) => {
                self.trouble = Some(format!(
                    "the step's output cannot be written to its spool: {}",
                    program::plain(&error)
                ));
            }
        }
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
