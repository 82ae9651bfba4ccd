//! Whether the kernel has ended something for want of memory: the counter of the control group that the agent is in.

use std::path::PathBuf;

use crate::kernel::{self, Source};

/// The counter, found once.
pub(crate) struct OutOfMemory {
    counter: Option<Source>,
}

impl OutOfMemory {
    /// Finds the counter of this process's control group: version 2 (`memory.events`), else version 1
    /// (`memory.oom_control`). In a container the group is often seen as the top.
    pub(crate) fn find() -> Self {
        let groups = kernel::read("/proc/self/cgroup").unwrap_or_default();
        let group = |is_it: &dyn Fn(&str) -> bool| {
            groups.lines().find_map(|line| {
                let mut parts = line.splitn(3, ':').skip(1);
                let (controllers, path) = (parts.next()?, parts.next()?);
                is_it(controllers).then(|| path.trim_start_matches('/').to_owned())
            })
        };
        let unified = group(&|controllers| controllers.is_empty());
        let memory = group(&|controllers| controllers.split(',').any(|c| c == "memory"));
        let candidates = [
            ("/sys/fs/cgroup", unified, "memory.events"),
            ("/sys/fs/cgroup", Some(String::new()), "memory.events"),
            ("/sys/fs/cgroup/memory", memory, "memory.oom_control"),
            ("/sys/fs/cgroup/memory", Some(String::new()), "memory.oom_control"),
        ];
        let counter = candidates.into_iter().find_map(|(top, group, name)| {
            let counter = Source::open(PathBuf::from(top).join(group?).join(name)).ok()?;
            read(&counter).map(|_| counter)
        });
        Self { counter }
    }

    /// How many processes the kernel has ended so far; zero where it does not tell.
    pub(crate) fn kills(&self) -> u64 {
        self.counter.as_ref().and_then(read).unwrap_or(0)
    }
}

fn read(counter: &Source) -> Option<u64> {
    count(&counter.read().ok()?)
}

fn count(text: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix("oom_kill "))
        .and_then(|number| number.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read() {
        assert_eq!(count("low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\n"), Some(3));
        assert_eq!(count("oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"), Some(5));
        assert_eq!(count("oom_kill_disable 0\n"), None);
    }
}
