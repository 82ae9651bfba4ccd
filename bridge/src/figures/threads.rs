//! The threads that run actors, by the numbers that the system has for them.

use std::sync::{Mutex, PoisonError};

/// Threads that are followed; a process with more has other troubles.
const MOST: usize = 1_024;

static THREADS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// This thread, for as long as it lives.
struct Noted(Option<u32>);

impl Noted {
    fn new() -> Self {
        let number = own_number();
        if let Some(number) = number {
            let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
            if threads.len() < MOST {
                threads.push(number);
            }
        }
        Self(number)
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        if let Some(number) = self.0 {
            let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
            threads.retain(|noted| *noted != number);
        }
    }
}

/// An actor runs on this thread. Costs something only the first time.
pub(crate) fn note_this_thread() {
    thread_local! {
        static NOTED: Noted = Noted::new();
    }
    // While the thread ends there is nothing to note.
    let _ending = NOTED.try_with(|_| ());
}

/// All that are noted.
pub(super) fn noted() -> Vec<u32> {
    THREADS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A link in memory: nothing is waited for.
fn own_number() -> Option<u32> {
    let link = std::fs::read_link("/proc/thread-self").ok()?;
    link.file_name()?.to_str()?.parse().ok()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_noted_while_it_lives() {
        let number = std::thread::spawn(|| {
            note_this_thread();
            note_this_thread();
            let number = own_number().unwrap();
            assert_eq!(noted().iter().filter(|noted| **noted == number).count(), 1);
            number
        })
        .join()
        .unwrap();
        assert!(!noted().contains(&number));
    }
}
