//! What every executor does alike. Test support: included by one test file an executor (`tests/host_executor.rs`,
//! `tests/docker_executor/`), which says how to make the executor and calls [`suite!`].

mod bench;
mod command_files;
mod ends;
mod places;
mod steps;

pub(crate) use bench::*;
pub(crate) use command_files::*;
pub(crate) use ends::*;
pub(crate) use places::*;
pub(crate) use steps::*;

/// One test for each check; `$bench` is an expression that makes a [`Bench`].
macro_rules! suite {
    ($bench:expr; $($check:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $check() {
            crate::conformance::$check($bench).await;
        })*
    };
    ($bench:expr) => {
        $crate::conformance::suite! { $bench;
            streams_come_apart_with_the_exit_code
            a_signal_reaches_the_running_step
            a_missing_shell_is_named
            the_first_shell_that_is_there_is_used
            steps_run_in_the_workspace_or_where_they_say
            a_step_has_its_own_environment_and_an_empty_stdin
            no_byte_is_lost
            what_steps_leave_running_is_ended_and_named
            two_places_work_at_once
            a_closed_place_holds_nothing_and_does_nothing
            closing_ends_a_step_that_runs
            reclaim_removes_what_a_lost_place_holds
            sweep_removes_the_named_runs_and_no_other
            a_kept_place_runs_nothing_and_is_left_by_a_sweep
            an_open_that_fails_leaves_nothing
            signals_before_the_first_output_are_remembered
            several_steps_run_at_once
            an_output_that_is_slow_holds_up_nothing_else
            command_files_of_every_kind_are_read
            what_is_planted_in_place_of_command_files_is_not_read
            programs_run_without_a_shell_and_folders_go_before_the_path
            facts_are_where_steps_find_things
            a_frozen_step_and_agent_end_when_the_place_is_closed
            an_agent_that_is_told_to_end_loses_the_step
            a_script_can_be_read_by_whomever_its_shell_becomes
        }
    };
}

pub(crate) use suite;
