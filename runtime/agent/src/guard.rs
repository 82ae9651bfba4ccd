//! The process that stays behind an agent on the host: it ends what is left when the agent is killed.
//!
//! A step may kill its agent, and leave a process that has cut all ties: no parent, no session, no environment of the
//! job's. Such a process becomes the child of the next ancestor that adopts orphans, which is this one.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::options::Serve;
use crate::spool::Status;
use crate::stay::{self, Watched};
use crate::{layout, leftovers, sys};

/// How long to try to end what does not end.
const GIVE_UP: Duration = Duration::from_secs(8);
const LOOK: Duration = Duration::from_millis(2);

/// Becomes two processes: the agent, and the one that watches over it; each returns its exit code.
pub(crate) fn run(options: Serve) -> Result<u8, String> {
    sys::own_session();
    sys::adopt_orphans();
    let signals = sys::catch_signals(&[libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP])
        .map_err(|error| format!("catch signals: {error}"))?;
    let directory = options.directory.clone();
    let client = stay::client_of(&options)?;
    let own = format!("{} {}\n", std::process::id(), leftovers::own_start());
    let watched =
        Watched::new(&directory, own).map_err(|error| format!("use `{}`: {error}", directory.display()))?;
    match sys::fork().map_err(|error| format!("start the agent: {error}"))? {
        None => {
            sys::die_with_parent();
            stay::run(options, client, Some(&watched))
        }
        Some(agent) => {
            // The agent's alone: it hangs up when the agent ends.
            drop(client);
            let place = || watched.directory().unwrap_or_else(|| directory.clone());
            Ok(watch(agent, signals, || place().join(layout::LEFT)))
        }
    }
}

fn watch(agent: i32, mut signals: UnixStream, left: impl Fn() -> PathBuf) -> u8 {
    let mut agent_status = None;
    while agent_status.is_none() {
        let mut fds = [sys::readable(signals.as_raw_fd())];
        if sys::poll(&mut fds, None).is_err() {
            break;
        }
        let mut numbers = [0; 64];
        while let Ok(length) = signals.read(&mut numbers) {
            let is_stop = |n: &u8| matches!(i32::from(*n), libc::SIGTERM | libc::SIGINT | libc::SIGHUP);
            // Whoever wants this to end has asked the agent before.
            if numbers.iter().take(length).any(is_stop) {
                sys::kill(agent, libc::SIGKILL);
            }
            if length < numbers.len() {
                break;
            }
        }
        while let Some(reaped) = sys::reap() {
            if reaped.pid == agent {
                agent_status = Some(reaped.status);
            }
        }
    }
    let ended = end_all();
    if !ended.is_empty() {
        let lines: String = ended
            .iter()
            .map(|(pid, name)| format!("{pid} {}\n", name.replace('\n', " ")))
            .collect();
        let _ = layout::replace(&left(), lines.as_bytes());
    }
    match agent_status {
        Some(Status::Code(code)) => u8::try_from(code).unwrap_or(1),
        Some(Status::Signal(signal)) => u8::try_from(128 + signal).unwrap_or(1),
        _ => 1,
    }
}

/// Ends every descendant; says which there were.
fn end_all() -> BTreeMap<u32, String> {
    let mut ended = BTreeMap::new();
    let until = Instant::now() + GIVE_UP;
    loop {
        while sys::reap().is_some() {}
        let left = leftovers::descendants();
        if left.is_empty() || Instant::now() > until {
            return ended;
        }
        for process in left {
            sys::kill(i32::try_from(process.pid).unwrap_or(0), libc::SIGKILL);
            ended.insert(process.pid, process.name);
        }
        // They end at once; a process stuck in the kernel is given up.
        let _ = sys::poll(&mut [], Some(LOOK));
    }
}
