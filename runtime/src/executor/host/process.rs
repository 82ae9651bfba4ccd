//! Ends what a dead owner's job left on the host, and never anything else.
//!
//! A process is known by its number *and* its start time, and by a mark in its environment that no other job has; it is
//! signalled through a handle that keeps meaning that very process. Where there is no `/proc` only the agent itself is
//! asked to end.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crate::executor::channel::JobDirectory;

/// Names the job in the environment of its agent and steps. No secret: only to find what outlives an agent.
pub(crate) const MARK: &str = "LOOM_JOB_MARK";

/// How long a killed process has to vanish.
const END_TIME: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(5);
/// The pause between two looks at one process; a program begins within less.
const SHORTLY: Duration = Duration::from_micros(200);

/// How often one process is looked at whose environment changes, or cannot be read, each time.
const TRIES: u32 = 500;
/// How often all are looked at again because some ended meanwhile. On a busy machine some always do.
const LOOKS_AFTER_ENDS: u32 = 3;

/// What became of processes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Those that were ended: `pid name`.
    pub(super) ended: Vec<String>,
    /// Those that do not end, not even when killed.
    pub(super) stuck: Vec<String>,
}

/// A process, told from every other one that ever had its number.
pub(super) type Known = (u32, u64);

/// The agent of the job in `directory` that still runs, and the process that watches over it.
pub(super) fn agent_of(name: &str, directory: &JobDirectory) -> (Option<Known>, Option<Known>) {
    let ours = |known: &Known| start_time(known.0) == Some(known.1) && is_marked(known.0, name);
    (directory.process().filter(ours), directory.guard().filter(ours))
}

/// Kills an agent, frozen or not, and waits until what watches over it has ended what it left.
pub(super) fn kill_agent(name: &str, agent: Option<Known>, guard: Option<Known>) {
    if let Some((pid, started)) = agent {
        kill_if(pid, |pid| {
            start_time(pid) == Some(started) && is_marked(pid, name)
        });
    }
    for known in agent.into_iter().chain(guard) {
        wait_for_end(known);
    }
}

/// Whether a process has ended.
pub(super) fn has_ended((pid, started): Known) -> bool {
    start_time(pid) != Some(started)
}

/// Waits until a process has ended, for as long as a killed one may take.
pub(super) fn wait_for_end((pid, started): Known) {
    let deadline = Instant::now() + END_TIME;
    while start_time(pid) == Some(started) && Instant::now() < deadline {
        std::thread::sleep(LOOK);
    }
}

/// Whose a process is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Ours,
    Others,
    /// Nobody's any more. What it started may have come after the list of processes was read.
    Ended,
}

/// Kills every process that carries one of these marks. For a thread that may block.
pub(super) fn end_marked(names: &[&str]) -> Outcome {
    let deadline = Instant::now() + END_TIME;
    let mut ended = BTreeMap::new();
    let (mut dead, mut looks_after_ends) = (BTreeSet::new(), 0);
    loop {
        let (mut left, mut one_ended) = (Vec::new(), false);
        for pid in pids() {
            match whose(pid, names, deadline) {
                Whose::Ours => left.push(pid),
                Whose::Ended => one_ended |= dead.insert(pid),
                Whose::Others => {}
            }
        }
        let late = Instant::now() > deadline;
        if left.is_empty() && one_ended && looks_after_ends < LOOKS_AFTER_ENDS {
            looks_after_ends += 1;
            continue;
        }
        if left.is_empty() || late {
            let stuck: Vec<String> = left.iter().map(ToString::to_string).collect();
            for pid in left {
                ended.remove(&pid);
            }
            return Outcome {
                ended: ended
                    .into_iter()
                    .map(|(pid, name)| format!("{pid} {name}"))
                    .collect(),
                stuck,
            };
        }
        looks_after_ends = 0;
        for pid in left {
            ended.entry(pid).or_insert_with(|| program(pid));
            kill_if(pid, |pid| whose(pid, names, deadline) == Whose::Ours);
        }
        std::thread::sleep(LOOK);
    }
}

/// What one look at a process says.
enum Look {
    Clear(Whose),
    /// It begins another program: its environment is not there yet. How long that lasts is up to the disk and to how busy the
    /// machine is, and what comes of it may well be ours.
    Begins,
    /// Its environment is not the one that was read, or cannot be read.
    Changes,
}

fn whose(pid: u32, names: &[&str], deadline: Instant) -> Whose {
    once_clear(|| look_at(pid, names), deadline)
}

/// Looks until it is clear whose a process is. One that begins a program has until the deadline, one that is never clear does not hold
/// up the others for long.
fn once_clear(mut look: impl FnMut() -> Look, deadline: Instant) -> Whose {
    let mut tries = 0;
    loop {
        match look() {
            Look::Clear(whose) => return whose,
            Look::Changes => tries += 1,
            Look::Begins => {}
        }
        if tries == TRIES || Instant::now() > deadline {
            return Whose::Others;
        }
        std::thread::sleep(SHORTLY);
    }
}

fn look_at(pid: u32, names: &[&str]) -> Look {
    let environ = std::fs::read(format!("/proc/{pid}/environ"));
    let Some(fields) = stat(pid).filter(|fields| !is_ended(fields)) else {
        return Look::Clear(Whose::Ended);
    };
    if is_kernel_thread(&fields) {
        return Look::Clear(Whose::Others);
    }
    let environ = match environ {
        Ok(environ) => environ,
        // Another user's.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Look::Clear(Whose::Others),
        Err(_) => return Look::Changes,
    };
    if names.iter().any(|name| names_job(&environ, name)) {
        return Look::Clear(Whose::Ours);
    }
    match length_of_environment(&fields) {
        None => Look::Begins,
        Some(length) if length == environ.len() => Look::Clear(Whose::Others),
        Some(_) => Look::Changes,
    }
}

/// How long the environment of a process is: from `env_start` to `env_end`, fields 50 and 51 (proc(5)). `None` in the middle of
/// `execve`: there is no place for one then, or one of no length, as a program has that was given none; and no end of the code
/// either, field 27, which the kernel sets last (`load_elf_binary`).
fn length_of_environment(fields: &[String]) -> Option<usize> {
    let address = |index: usize| {
        let address = fields.get(index)?.parse::<usize>().ok();
        address.filter(|address| *address != 0)
    };
    let _code = address(24)?;
    Some(address(48)?.saturating_sub(address(47)?))
}

/// A process's name, as the kernel has it.
fn program(pid: u32) -> String {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim().to_owned()
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
    std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| names_job(&environ, name))
}

fn names_job(environ: &[u8], name: &str) -> bool {
    let wanted = format!("{MARK}={name}");
    environ
        .split(|byte| *byte == 0)
        .any(|entry| entry == wanted.as_bytes())
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
    stat(pid).is_some_and(|fields| !is_ended(&fields))
}

fn is_ended(fields: &[String]) -> bool {
    fields.first().is_none_or(|state| state == "Z" || state == "X")
}

/// Whether it is a thread of the kernel, which never has an environment: `PF_KTHREAD` among the flags, field 9 (proc(5)).
fn is_kernel_thread(fields: &[String]) -> bool {
    const PF_KTHREAD: u64 = 0x0020_0000;
    let flags = fields.get(6).and_then(|flags| flags.parse::<u64>().ok());
    flags.is_some_and(|flags| flags & PF_KTHREAD != 0)
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
    use std::process::{Child, Command};

    use super::*;

    /// A process that carries a mark. It ends with the test, also with one that fails: whoever waits for the end of what the test
    /// prints would wait for it, too.
    struct Sleeper(Child);

    impl Sleeper {
        #[expect(
            clippy::unwrap_used,
            reason = "a helper of a test fails the test by panicking"
        )]
        fn marked(mark: &str) -> Self {
            let sleeper = Command::new("sleep").arg("1000").env(MARK, mark).spawn().unwrap();
            // The kernel lets the parent go on before the new program has its environment.
            let environment = format!("/proc/{}/environ", sleeper.id());
            while std::fs::read(&environment).unwrap().is_empty() {
                std::thread::yield_now();
            }
            Self(sleeper)
        }

        fn id(&self) -> u32 {
            self.0.id()
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            // It may have been ended already.
            let _ended = self.0.kill();
            let _reaped = self.0.wait();
        }
    }

    #[test]
    fn only_what_carries_the_mark_is_ended() {
        let ours = Sleeper::marked("loom-test-a-1");
        let other = Sleeper::marked("loom-test-a-10");
        let started = start_time(ours.id()).unwrap();
        assert!(started > 0);
        let outcome = end_marked(&["loom-test-a-1"]);
        assert_eq!(outcome.ended, [format!("{} sleep", ours.id())]);
        assert_eq!(outcome.stuck, Vec::<String>::new());
        assert_eq!(start_time(ours.id()), None, "a zombie is no living process");
        assert!(is_alive(other.id()));
    }

    #[test]
    fn what_begins_another_program_at_the_moment_is_ended_too() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("again.sh");
        std::fs::write(&script, "exec sh \"$0\"\n").unwrap();
        for round in 0..200 {
            let mark = format!("loom-test-c-{round}");
            let mut command = Command::new("sh");
            let mut busy = Sleeper(command.arg(&script).env(MARK, &mark).spawn().unwrap());
            let outcome = end_marked(&[&mark]);
            assert_eq!(outcome.stuck, Vec::<String>::new());
            assert_ne!(busy.0.try_wait().unwrap(), None, "it goes on, in round {round}");
        }
    }

    #[test]
    fn a_place_of_no_length_is_an_environment_once_the_program_is_there() {
        let fields = |line: &str| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
        let line = |code: &str, environment: &str| {
            let before = vec!["0"; 23].join(" ");
            fields(&format!(
                "S {before} {code} {} {environment} 0",
                vec!["0"; 22].join(" ")
            ))
        };
        assert_eq!(length_of_environment(&line("94", "700 900")), Some(200));
        assert_eq!(length_of_environment(&line("94", "700 700")), Some(0));
        assert_eq!(
            length_of_environment(&line("0", "700 700")),
            None,
            "in the middle of it"
        );
        assert_eq!(length_of_environment(&line("0", "0 0")), None);
        let own = stat(std::process::id()).unwrap();
        let read = std::fs::read("/proc/self/environ").unwrap();
        assert_eq!(length_of_environment(&own), Some(read.len()));
    }

    #[test]
    fn however_long_a_program_takes_to_begin_it_is_waited_for() {
        let looks = |kind: fn() -> Look| {
            let mut times = 0;
            move || {
                times += 1;
                if times > 2 * TRIES {
                    Look::Clear(Whose::Ours)
                } else {
                    kind()
                }
            }
        };
        let (later, now) = (Instant::now() + Duration::from_secs(600), Instant::now());
        assert!(once_clear(looks(|| Look::Begins), later) == Whose::Ours);
        assert!(
            once_clear(looks(|| Look::Begins), now) == Whose::Others,
            "but not for ever"
        );
        assert!(
            once_clear(looks(|| Look::Changes), later) == Whose::Others,
            "nor for one that is never clear"
        );
    }

    #[test]
    fn a_number_that_passed_to_another_process_is_left_alone() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("job");
        let directory = JobDirectory::create(&path).unwrap();
        let other = Sleeper::marked("loom-test-b-1");
        let wrong = start_time(other.id()).unwrap() + 1;
        std::fs::write(path.join("agent.pid"), format!("{} {wrong}\n", other.id())).unwrap();
        assert_eq!(agent_of("loom-test-b-1", &directory), (None, None));
        kill_agent("loom-test-b-1", Some((other.id(), wrong)), None);
        // Nor is a process that a step names in these files, and that is none of the job's.
        for file in ["agent.pid", "agent.guard"] {
            std::fs::write(path.join(file), format!("{} {}\n", other.id(), wrong - 1)).unwrap();
        }
        assert_eq!(agent_of("loom-test-b-2", &directory), (None, None));
        assert!(is_alive(other.id()));
    }
}
