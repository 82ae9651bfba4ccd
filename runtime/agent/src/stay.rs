//! An agent from job to job. On the host one may serve many jobs of a run, one after the other, while none leaves anything:
//! to start a process anew for each would cost more than short jobs do.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::clients::Client;
use crate::kernel::Source;
use crate::options::Serve;
use crate::process::Process;
use crate::serve;
use crate::wire::{Command, NextJob};
use crate::{layout, program, sys};

/// What an agent on the host tells the process that watches over it, and what of that process it writes down in each job's
/// directory.
#[derive(Debug)]
pub(crate) struct Watched {
    /// A file without a name that both hold open: where the agent's job has its directory.
    place: File,
    /// The content of [`layout::GUARD`].
    guard: String,
}

impl Watched {
    /// Between an agent that begins in `directory` and a process whose file says `guard`.
    pub(crate) fn new(directory: &Path, guard: String) -> std::io::Result<Self> {
        let path = directory.join("agent.place");
        let mut options = File::options();
        let place = options.read(true).write(true).create_new(true).open(&path)?;
        std::fs::remove_file(path)?;
        layout::replace(&directory.join(layout::GUARD), guard.as_bytes())?;
        Ok(Self { place, guard })
    }

    /// The agent serves the job in `directory` from now on: one write, so that it is there whole or not at all.
    fn serves(&self, directory: &Path) -> std::io::Result<()> {
        let name = directory.as_os_str().as_bytes();
        let length = u32::try_from(name.len()).map_err(std::io::Error::other)?;
        let mut record = length.to_le_bytes().to_vec();
        record.extend_from_slice(name);
        self.place.write_all_at(&record, 0)?;
        layout::replace(&directory.join(layout::GUARD), self.guard.as_bytes())
    }

    /// Where the agent's job has its directory, when it is not the one that it began in.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        let mut length = [0; 4];
        self.place.read_exact_at(&mut length, 0).ok()?;
        let mut name = vec![0; usize::try_from(u32::from_le_bytes(length)).ok()?];
        self.place.read_exact_at(&mut name, 4).ok()?;
        Some(PathBuf::from(std::ffi::OsStr::from_bytes(&name)))
    }
}

/// The client that is there from the beginning, if the arguments say so.
pub(crate) fn client_of(options: &Serve) -> Result<Option<UnixStream>, String> {
    let taken = options.client.then(sys::take_client).transpose();
    taken.map_err(|error| format!("use standard input as a connection: {}", program::plain(&error)))
}

/// How a job ended that an agent served.
pub(crate) struct Served {
    pub(crate) code: u8,
    /// The client that may have another job for this agent, which nothing of this one binds.
    pub(crate) next: Option<Client>,
}

/// Serves a job, and what comes after it; returns the exit code.
pub(crate) fn run(
    mut options: Serve,
    client: Option<UnixStream>,
    watched: Option<&Watched>,
) -> Result<u8, String> {
    sys::own_session();
    sys::adopt_orphans();
    // SIGXFSZ is caught, not obeyed: the write that caused it then fails, and the step's end says so.
    let signals = sys::catch_signals(&[libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGXFSZ])
        .map_err(|error| format!("catch signals: {error}"))?;
    let process = Process::new(signals);
    let client = client.map(Client::new).transpose();
    let mut client = client.map_err(|error| format!("use the connection: {error}"))?;
    let own = Own::open();
    let condition = own.condition();
    let mut buffer = serve::buffer();
    loop {
        let Served { code, next } = serve::run(options.clone(), &process, client.take(), &mut buffer)?;
        let Some(idle) = next else { return Ok(code) };
        // What a step did to this process is not the next job's.
        if condition != own.condition() || own.is_guard_stopped() {
            return Ok(code);
        }
        let Some((job, same)) = next_job(idle, process.signals()) else {
            return Ok(code);
        };
        client = Some(same);
        options.directory = job.directory.into();
        options.scripts = job.script_paths.into();
        options.workspace = job.workspace.into();
        options.files = Some(job.files.into());
        if let Some(watched) = watched {
            let noted = watched.serves(&options.directory);
            noted.map_err(|error| format!("use `{}`: {error}", options.directory.display()))?;
        }
    }
}

/// What the kernel tells of this process, opened once: a short job would pay for it.
struct Own {
    limits: Option<Source>,
    groups: Option<Source>,
    oom_score: Option<Source>,
    status: Option<Source>,
    stat: Option<Source>,
    /// `stat` of the process that watches over this one, and dies with it.
    guard: Option<Source>,
}

impl Own {
    fn open() -> Self {
        let own = |name: &str| Source::open(format!("/proc/self/{name}")).ok();
        Self {
            limits: own("limits"),
            groups: own("cgroup"),
            oom_score: own("oom_score_adj"),
            status: own("status"),
            stat: own("stat"),
            guard: Source::open(format!("/proc/{}/stat", std::os::unix::process::parent_id())).ok(),
        }
    }

    /// What of this process its children inherit and others may change (proc(5)): limits, control group, the mark for the
    /// out-of-memory killer, umask, processors, niceness and scheduling.
    fn condition(&self) -> Vec<String> {
        let mut found: Vec<String> = [&self.limits, &self.groups, &self.oom_score].map(text).into();
        let status = text(&self.status);
        let names = [
            "Umask:",
            "Cpus_allowed:",
            "Mems_allowed:",
            "SigIgn:",
            "CapBnd:",
            "NoNewPrivs:",
        ];
        let lines = status
            .lines()
            .filter(|line| names.iter().any(|name| line.starts_with(name)));
        found.extend(lines.map(str::to_owned));
        let stat = text(&self.stat);
        let fields: Vec<&str> = fields(&stat).collect();
        // Niceness, real-time priority and policy are the 19th, 40th and 41st; the first here is the third.
        found.extend([16, 37, 38].map(|place| fields.get(place).copied().unwrap_or_default().to_owned()));
        found
    }

    /// Whether somebody has stopped the process that watches over this one.
    fn is_guard_stopped(&self) -> bool {
        matches!(fields(&text(&self.guard)).next(), Some("T" | "t"))
    }
}

/// What is there now; nothing where it cannot be read.
fn text(source: &Option<Source>) -> String {
    source
        .as_ref()
        .and_then(|source| source.read().ok())
        .unwrap_or_default()
}

/// The fields behind the name, which may hold anything (proc(5)).
fn fields(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit(')').next().unwrap_or_default().split_whitespace()
}

/// Waits for the next job; `None` when there is none: the client has hung up, or somebody wants this process to end.
fn next_job(mut client: Client, mut signals: &UnixStream) -> Option<(NextJob, Client)> {
    // Nothing keeps the directory of the job that was.
    let _ = std::env::set_current_dir("/");
    let mut buffer = [0; 4096];
    loop {
        match client.next_command() {
            Ok(Some(Command::Next(job))) => return Some((job, client)),
            Ok(None) if !client.gone => {}
            Ok(_) | Err(_) => return None,
        }
        let mut fds = [sys::readable(signals.as_raw_fd()), client.interest()];
        sys::poll(&mut fds, None).ok()?;
        let [of_signals, of_client] = fds;
        if of_signals.revents != 0 {
            let mut numbers = [0; 64];
            let length = signals.read(&mut numbers).unwrap_or(0);
            let is_stop = |n: &u8| matches!(i32::from(*n), libc::SIGTERM | libc::SIGINT);
            if numbers.iter().take(length).any(is_stop) {
                return None;
            }
            while sys::reap().is_some() {}
        }
        if of_client.revents != 0 {
            client.flush();
            if of_client.revents & !libc::POLLOUT != 0 {
                client.receive(&mut buffer);
            }
        }
    }
}
