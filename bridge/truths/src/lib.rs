//! What must be true of whatever shows actors to Loom.
//!
//! An [`ActorSystem`] says how one system starts a worker and sends to it; [`scenarios`] has it work and asks a studio that believes
//! nothing what it was told. The same scenarios run for every system that Loom has an adapter for, in `tests/it`. A new adapter is done
//! when `truths!` passes for it.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a suite of tests, outside of test functions"
)]
#![expect(
    missing_docs,
    reason = "names of scenarios and of what they look at say what they are"
)]

mod random;
pub mod scenarios;
mod studio;
mod system;

pub use studio::{Reported, Studio, Tally, in_its_own_process, measured_closely, record, status, until};
pub use system::{ActorSystem, Gate, Start, Truth, Wish};

/// The suite, as tests of the module in which it stands, for one system. Each runs in a process of its own: how closely is measured,
/// and what is counted by type, is of a whole process.
#[macro_export]
macro_rules! truths {
    ($system:ty) => {
        $crate::truths!($system:
            every_message_is_counted_by_type_actor_and_sender,
            a_queue_is_as_long_as_what_waits_while_the_actor_is_held,
            a_wait_lasts_from_the_sending_to_the_taking,
            answers_that_come_later_count_when_they_come,
            an_ask_that_was_given_up_is_not_handled,
            a_panic_is_told_with_its_message_and_what_waited,
            a_stop_is_told_and_a_name_goes_on_with_its_counts,
            who_starts_another_is_its_parent,
            what_follows_from_a_message_is_of_its_chain,
            nothing_but_counts_is_measured_until_somebody_looks,
            random_work_is_counted_as_it_was_done
        );
    };
    ($system:ty: $($name:ident),+) => {
        $(
            #[test]
            fn $name() {
                // The path without the crate, as the harness calls it.
                let path = concat!(module_path!(), "::", stringify!($name));
                let path = path.split_once("::").map_or(path, |(_, path)| path);
                if $crate::in_its_own_process(path) {
                    $crate::scenarios::$name::<$system>();
                }
            }
        )+
    };
}

/// The programs of the page, which has them built.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/other-systems.md")]
struct Page;
