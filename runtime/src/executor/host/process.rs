//! Ends what a dead owner's job left on the host, and never anything else.
//!
//! A process is known by its number *and* its start time, and by a mark in its environment that no other job has; it is
//! signalled through a handle that keeps meaning that very process. Where there is no `/proc` only the agent itself is
//! asked to end.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::executor::SilentNotes;
use crate::executor::channel::{Channel, JobDirectory};

/// Names the job in the environment of its agent and steps. No secret: only to find what outlives an agent.
pub(super) const MARK: &str = "LOOM_JOB_MARK";

/// How long a killed process has to vanish.
const END_TIME: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(5);

/// Ends the agent in `directory`: by asking it, else by killing it.
pub(super) async fn end_agent(name: &str, directory: &Path) {
    let Ok(directory) = JobDirectory::open(directory) else {
        return;
    };
    let Some((pid, started)) = directory.process() else {
        return;
    };
    if start_time(pid) != Some(started) || !is_marked(pid, name) {
        return;
    }
    let notes = std::sync::Arc::new(SilentNotes);
    if let Ok(channel) = Channel::connect(directory, Duration::from_secs(2), notes).await
        && channel.close(false).await.is_ok()
    {
        let deadline = Instant::now() + END_TIME;
        while start_time(pid) == Some(started) && Instant::now() < deadline {
            sleep(LOOK).await;
        }
    }
    kill_if(pid, |pid| {
        start_time(pid) == Some(started) && is_marked(pid, name)
    });
}

/// Kills every process that carries the job's mark; returns those that do not end.
pub(super) async fn end_marked(name: &str) -> Vec<String> {
    let deadline = Instant::now() + END_TIME;
    loop {
        let left: Vec<u32> = pids()
            .into_iter()
            .filter(|pid| is_alive(*pid) && is_marked(*pid, name))
            .collect();
        if left.is_empty() {
            return Vec::new();
        }
        if Instant::now() > deadline {
            return left.into_iter().map(|pid| pid.to_string()).collect();
        }
        for pid in left {
            kill_if(pid, |pid| is_marked(pid, name));
        }
        sleep(LOOK).await;
    }
}

fn pids() -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// Whether the environment of a process names this job. What is not ours to read is not ours.
fn is_marked(pid: u32, name: &str) -> bool {
    let wanted = format!("{MARK}={name}");
    std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| {
        environ
            .split(|byte| *byte == 0)
            .any(|entry| entry == wanted.as_bytes())
    })
}

/// The fields of `/proc/PID/stat` after the name, which may hold anything; the first is the state.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(
        stat.rsplit_once(')')?
            .1
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect(),
    )
}

fn is_alive(pid: u32) -> bool {
    stat(pid)
        .and_then(|fields| fields.into_iter().next())
        .is_some_and(|state| state != "Z" && state != "X")
}

/// Field 22 of the file, in clock ticks since boot; `None` when there is no such living process.
fn start_time(pid: u32) -> Option<u64> {
    if is_alive(pid) {
        stat(pid)?.get(19)?.parse().ok()
    } else {
        None
    }
}

/// Kills a process if `it_is` the one, checked when a handle to it is held: its number cannot pass to another then.
#[cfg(target_os = "linux")]
fn kill_if(pid: u32, it_is: impl FnOnce(u32) -> bool) {
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    let handle = i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    if let Some(handle) = handle
        && it_is(pid)
    {
        // It may have ended by itself meanwhile.
        let _ = pidfd_send_signal(handle, Signal::KILL);
    }
}

#[cfg(not(target_os = "linux"))]
fn kill_if(_pid: u32, _it_is: impl FnOnce(u32) -> bool) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn only_what_carries_the_mark_is_ended() {
        let mut ours = Command::new("sleep")
            .arg("1000")
            .env(MARK, "loom-test-a-1")
            .spawn()
            .unwrap();
        let mut other = Command::new("sleep")
            .arg("1000")
            .env(MARK, "loom-test-a-10")
            .spawn()
            .unwrap();
        let started = start_time(ours.id()).unwrap();
        assert!(started > 0);
        assert_eq!(end_marked("loom-test-a-1").await, Vec::<String>::new());
        assert_eq!(start_time(ours.id()), None, "a zombie is no living process");
        assert!(is_alive(other.id()));
        other.kill().unwrap();
        other.wait().unwrap();
        ours.wait().unwrap();
    }

    #[tokio::test]
    async fn a_number_that_passed_to_another_process_is_left_alone() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("job");
        JobDirectory::create(&path).unwrap();
        let mut other = Command::new("sleep")
            .arg("1000")
            .env(MARK, "loom-test-b-1")
            .spawn()
            .unwrap();
        let wrong = start_time(other.id()).unwrap() + 1;
        std::fs::write(path.join("agent.pid"), format!("{} {wrong}\n", other.id())).unwrap();
        end_agent("loom-test-b-1", &path).await;
        assert!(is_alive(other.id()));
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
