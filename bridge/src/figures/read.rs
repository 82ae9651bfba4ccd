//! Reading `/proc`. Waits, if only for the kernel.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use loom_protocol::{ArbiterTime, ProcessFigures};

use super::threads;

/// Microseconds of a tick in `/proc/self/stat`: the kernel's interface has 100 a second on every Linux.
const TICK_US: u64 = 10_000;

/// Reads the figures, and remembers of threads what it takes to tell how busy they are.
#[derive(Default)]
pub(super) struct Reader {
    /// Nanoseconds for which each thread had run.
    ran: HashMap<u32, u64>,
    at: Option<Instant>,
    arbiters: ArbiterTime,
}

impl Reader {
    /// What the process uses now; nothing where there is no `/proc`.
    pub(super) fn read(&mut self) -> Option<ProcessFigures> {
        let figures = ProcessFigures {
            cpu_us: fs::read_to_string("/proc/self/stat")
                .ok()
                .and_then(|text| cpu_us(&text)),
            memory: fs::read_to_string("/proc/self/status")
                .ok()
                .and_then(|text| memory(&text)),
            files: files(),
            arbiters: self.arbiters(),
        };
        (figures != ProcessFigures::default()).then_some(figures)
    }

    fn arbiters(&mut self) -> Option<ArbiterTime> {
        let now = Instant::now();
        let ran: HashMap<u32, u64> = threads::noted()
            .into_iter()
            .filter_map(|thread| {
                let text = fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).ok()?;
                Some((thread, text.split_whitespace().next()?.parse().ok()?))
            })
            .collect();
        let before = std::mem::replace(&mut self.ran, ran);
        let between = self.at.replace(now).map(|at| now.saturating_duration_since(at));
        if self.ran.is_empty() {
            return None;
        }
        let between = between.map_or(0, |between| u64::try_from(between.as_micros()).unwrap_or(0));
        // Of threads that began or ended meanwhile there is no whole stretch.
        for (thread, ran) in &self.ran {
            if let Some(before) = before.get(thread) {
                let busy = ran.saturating_sub(*before) / 1_000;
                self.arbiters.busy_us = self.arbiters.busy_us.saturating_add(busy);
                self.arbiters.of_us = self.arbiters.of_us.saturating_add(between);
            }
        }
        Some(self.arbiters)
    }
}

/// Time in programs and in the kernel, of all threads, also those that have ended. The name before it may hold anything, brackets too.
fn cpu_us(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)?.checked_mul(TICK_US)
}

fn memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1_024)
}

fn files() -> Option<u64> {
    // Newer kernels tell how many there are as the size of the directory, which spares counting.
    let entries = fs::metadata("/proc/self/fd").ok()?.len();
    if entries > 0 {
        return Some(entries);
    }
    let counted = fs::read_dir("/proc/self/fd").ok()?.count();
    // Without the one that it was counted by.
    u64::try_from(counted).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_name_may_hold_anything() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 9 0 100 1000 200";
        assert_eq!(cpu_us(stat), Some(2_000_000));
        assert_eq!(cpu_us("42 (a"), None);
    }

    #[test]
    fn what_is_not_told_is_not_known() {
        assert_eq!(memory("Name:\ta\nVmRSS:\t    2048 kB\n"), Some(2 << 20));
        assert_eq!(memory("Name:\ta\n"), None, "a thread of the kernel");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_something() {
        super::super::note_this_thread();
        let mut reader = Reader::default();
        let first = reader.read().unwrap();
        assert!(first.memory.unwrap() > 0 && first.files.unwrap() >= 3);
        let before = first.arbiters.unwrap();
        let mut sum = 0_u64;
        // Until the kernel has accounted for some of it.
        let later = loop {
            (0..100_000).for_each(|number: u64| sum = sum.wrapping_mul(31).wrapping_add(number));
            let later = reader.read().unwrap().arbiters.unwrap();
            if later.busy_us > before.busy_us {
                break later;
            }
        };
        assert!(later.of_us > 0, "{sum}");
    }
}
