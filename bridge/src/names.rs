//! Names that are given where nobody chose one: ids, kinds, the start of this process, its machine, its threads.

use std::any::type_name;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};

use loom_protocol::{ActorId, BootId};

/// The number of an actor within its process, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Serial(pub(crate) u64);

impl Serial {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Relaxed))
    }
}

/// A name that no other sender has: 32 hex digits from the standard library's seeds, which come from the system.
pub(crate) fn new_boot_id() -> BootId {
    BootId(format!("{:016x}{:016x}", random(), random()))
}

/// A number that nobody foresees, another one with each call. For names, never for secrets.
pub(crate) fn random() -> u64 {
    // The standard library counts its seeds on within a thread, so the hasher has to see more than them.
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(CALLS.fetch_add(1, Relaxed));
    hasher.write_u32(std::process::id());
    hasher.finish()
}

/// Six hex digits that tell this process's actors from those of other processes that report to the same studio.
pub(crate) fn process_tag() -> &'static str {
    static TAG: LazyLock<String> = LazyLock::new(|| new_boot_id().0.chars().take(6).collect());
    &TAG
}

/// The id of an actor that was given none: `CounterActor-3f9a2c-17`.
pub(crate) fn default_id(kind: &str, serial: Serial) -> ActorId {
    ActorId(format!("{kind}-{}-{}", process_tag(), serial.0))
}

/// The name of a type without its modules: `Counter<String>` for `app::Counter<alloc::string::String>`.
pub(crate) fn short_type_name<T: ?Sized>() -> String {
    shorten(type_name::<T>())
}

/// A whole name of a type without its modules.
pub(crate) fn shorten(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    let mut word = String::new();
    let mut colons = 0_u8;
    for letter in full.chars() {
        match letter {
            ':' => {
                colons += 1;
                if colons == 2 {
                    word.clear();
                    colons = 0;
                }
            }
            _ if letter.is_alphanumeric() || letter == '_' => word.push(letter),
            _ => {
                short.push_str(&std::mem::take(&mut word));
                short.push(letter);
            }
        }
    }
    short.push_str(&word);
    short
}

/// The machine this process runs on, where it can be known without asking anybody.
pub(crate) fn node() -> Option<&'static str> {
    static NODE: LazyLock<Option<String>> = LazyLock::new(|| {
        let known = std::fs::read_to_string("/proc/sys/kernel/hostname")
            .ok()
            .or_else(|| std::env::var("HOSTNAME").ok())?;
        let name = known.trim();
        (!name.is_empty()).then(|| name.to_owned())
    });
    NODE.as_deref()
}

/// The name of the running program's file.
pub(crate) fn program() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    Some(path.file_stem()?.to_string_lossy().into_owned())
}

/// The name of a thread, shared by the actors that it runs. A thin pointer: there is one in each of their cells.
pub(crate) type Worker = Arc<String>;

/// What the running thread is called; threads without a name go by number.
pub(crate) fn worker() -> Worker {
    thread_local! {
        static NAME: Worker = {
            let thread = std::thread::current();
            match thread.name() {
                Some(name) => Arc::new(name.to_owned()),
                None => Arc::new(format!("{:?}", thread.id())),
            }
        };
    }
    NAME.with(Arc::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_lose_their_modules_and_keep_their_parameters() {
        let table = [
            ("app::deep::Counter", "Counter"),
            ("app::Pair<alloc::string::String, app::b::C>", "Pair<String, C>"),
            ("(app::A, [app::B; 3])", "(A, [B; 3])"),
            ("Plain", "Plain"),
        ];
        for (full, short) in table {
            assert_eq!(shorten(full), short);
        }
    }

    #[test]
    fn boots_differ_and_ids_carry_kind_and_number() {
        assert_ne!(new_boot_id(), new_boot_id());
        let id = default_id("Counter", Serial(17)).0;
        assert!(id.starts_with("Counter-") && id.ends_with("-17"), "{id}");
    }
}
