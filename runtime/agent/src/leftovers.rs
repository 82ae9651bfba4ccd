//! Finds the processes that steps have left running, by `/proc`. Where there is none (macOS) nothing is found, and
//! only process groups of running steps are ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::wire::LeftOver;
use crate::{kernel, sys};

/// All living descendants of this process. Orphans among them have become its children (subreaper, or PID 1).
pub(crate) fn descendants() -> Vec<LeftOver> {
    // As mostly: a machine's whole list of processes is long, and a thousand jobs would each read it.
    if !sys::has_children() {
        return Vec::new();
    }
    let all = processes();
    let mut found: Vec<LeftOver> = Vec::new();
    let mut parents = vec![std::process::id()];
    // Each process has one parent and is taken once, so this ends.
    while let Some(parent) = parents.pop() {
        for (pid, process) in &all {
            if process.parent == parent && *pid != parent {
                parents.push(*pid);
                if process.alive {
                    found.push(LeftOver {
                        pid: *pid,
                        name: process.name.clone(),
                    });
                }
            }
        }
    }
    found
}

/// The living processes of a session, by its leader.
pub(crate) fn of_session(leader: i32) -> Vec<LeftOver> {
    processes()
        .into_iter()
        .filter(|(_, process)| process.alive && process.session == leader)
        .map(|(pid, process)| LeftOver {
            pid,
            name: process.name,
        })
        .collect()
}

/// Whether anything lives in this container but this process and what started it (`--init`). One that shares the process
/// numbers of its machine or of another container (`--pid`) sees more: what is in other control groups is not in it.
pub(crate) fn are_others() -> bool {
    let all = processes();
    let mut own = BTreeSet::new();
    let mut next = Some(std::process::id());
    while let Some(pid) = next.filter(|pid| own.insert(*pid)) {
        next = all.get(&pid).map(|process| process.parent);
    }
    let home = kernel::read("/proc/self/cgroup").unwrap_or_default();
    all.iter()
        .filter(|(pid, process)| process.alive && !own.contains(pid))
        .any(|(pid, _)| match kernel::read(format!("/proc/{pid}/cgroup")) {
            Ok(groups) => is_within(&home, &groups),
            Err(_) => true, // it has just ended, or may not be looked at: at worst this stays a little longer
        })
}

/// Whether a process of these control groups is in the others, or below; both as in `/proc/PID/cgroup`, see cgroups(7).
fn is_within(home: &str, groups: &str) -> bool {
    let split = |line: &'_ str| -> Option<(String, String)> {
        // `number:controllers:path`; the path alone may have more colons.
        let (number, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        Some((format!("{number}:{controllers}"), path.to_owned()))
    };
    let found: BTreeMap<String, String> = groups.lines().filter_map(split).collect();
    home.lines().filter_map(split).all(|(hierarchy, own)| {
        let Some(path) = found.get(&hierarchy) else {
            return true;
        };
        // What is above the root of a namespace of its own is shown as `/..`.
        let below = path.strip_prefix(own.trim_end_matches('/'));
        below.is_some_and(|below| (below.is_empty() || below.starts_with('/')) && !below.starts_with("/.."))
    })
}

/// This process's start time in clock ticks since boot.
pub(crate) fn own_start() -> u64 {
    kernel::read("/proc/self/stat")
        .ok()
        .and_then(|stat| Process::parse(&stat))
        .map_or(0, |own| own.started)
}

fn processes() -> BTreeMap<u32, Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| {
            Some((
                pid,
                Process::parse(&kernel::read(format!("/proc/{pid}/stat")).ok()?)?,
            ))
        })
        .collect()
}

struct Process {
    name: String,
    alive: bool,
    parent: u32,
    session: i32,
    started: u64,
}

impl Process {
    /// `pid (name) state ppid pgrp session …`, see proc(5). The name may hold anything, parentheses included.
    fn parse(stat: &str) -> Option<Self> {
        let (before, after) = stat.rsplit_once(')')?;
        let name = before.split_once('(')?.1.to_owned();
        let mut fields = after.split_ascii_whitespace();
        let alive = !matches!(fields.next()?, "Z" | "X" | "x");
        let parent = fields.next()?.parse().ok()?;
        let session = fields.nth(1)?.parse().ok()?;
        let started = fields.nth(15)?.parse().ok()?;
        Some(Self {
            name,
            alive,
            parent,
            session,
            started,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_whatever_the_name_is() {
        let line = "42 (a) b (c)) S 7 42 43 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 2 3";
        let process = Process::parse(line).unwrap();
        assert_eq!(
            (
                process.name.as_str(),
                process.alive,
                process.parent,
                process.session,
                process.started
            ),
            ("a) b (c)", true, 7, 43, 98765)
        );
        assert!(Process::parse("nonsense").is_none());
    }

    #[test]
    fn what_is_in_other_control_groups_is_elsewhere() {
        let own = "4:memory:/docker/one\n3:cpu,cpuacct:/\n0::/docker/one\n";
        for (groups, within) in [
            (own, true),
            (
                "4:memory:/docker/one/below\n3:cpu,cpuacct:/\n0::/docker/one\n",
                true,
            ),
            ("4:memory:/docker/one\n3:cpu,cpuacct:/\n0::/docker/two\n", false),
            ("4:memory:/docker/one2\n3:cpu,cpuacct:/\n0::/docker/one\n", false),
            ("4:memory:/\n3:cpu,cpuacct:/\n0::/\n", false),
            ("", true),
        ] {
            assert_eq!(is_within(own, groups), within, "{groups}");
        }
        // In a namespace of its own.
        for (path, within) in [("/", true), ("/a:b", true), ("/../two", false), ("/..", false)] {
            assert_eq!(is_within("0::/\n", &format!("0::{path}\n")), within, "{path}");
        }
    }
}
