//! The Docker executor by the suite that all executors pass, and what only it does, on a real engine.
//!
//! The engine's address is in `LOOM_TEST_DOCKER_HOST`, and it has the images `loom-test/busybox`, `loom-test/debian` (with
//! bash), `loom-test/empty` (nothing at all) and `loom-test/user` (busybox with `USER 1000`). `make test` sets this up.
#![cfg(test)]

#[path = "../../src/executor/conformance/mod.rs"]
mod conformance;

mod actions;
mod apart;
mod bench;
mod containers;
mod engines;
mod images;
mod on_the_host;
mod ordinary_users;
mod services;
mod volumes;

use loom_runtime::executor::docker::StepsBy;

use bench::{BUSYBOX, apart_bench, bench, bench_with};

/// What the suite looks at on this machine stays there: that has tests of its own.
mod through_an_engine_elsewhere {
    crate::conformance::suite! { match crate::apart_bench() { Some(bench) => bench, None => return };
        streams_come_apart_with_the_exit_code
        a_signal_reaches_the_running_step
        a_missing_shell_is_named
        the_first_shell_that_is_there_is_used
        a_step_has_its_own_environment_and_an_empty_stdin
        no_byte_is_lost
        what_steps_leave_running_is_ended_and_named
        closing_ends_a_step_that_runs
        reclaim_removes_what_a_lost_place_holds
        sweep_removes_the_named_runs_and_no_other
        an_open_that_fails_leaves_nothing
        signals_before_the_first_output_are_remembered
        several_steps_run_at_once
        an_output_that_is_slow_holds_up_nothing_else
        command_files_of_every_kind_are_read
        what_is_planted_in_place_of_command_files_is_not_read
        programs_run_without_a_shell_and_folders_go_before_the_path
        a_frozen_step_and_agent_end_when_the_place_is_closed
        an_agent_that_is_told_to_end_loses_the_step
        a_script_can_be_read_by_whomever_its_shell_becomes
    }
}

mod through_the_agent {
    crate::conformance::suite!(crate::bench());
}

mod with_bash {
    crate::conformance::suite! { crate::bench_with("loom-test/debian", crate::StepsBy::Agent);
        streams_come_apart_with_the_exit_code
        a_signal_reaches_the_running_step
        no_byte_is_lost
    }
}

/// Exec tells no signals; everything else holds.
mod through_exec {
    crate::conformance::suite! { crate::bench_with(crate::BUSYBOX, crate::StepsBy::Exec);
        streams_come_apart_with_the_exit_code
        a_missing_shell_is_named
        the_first_shell_that_is_there_is_used
        steps_run_in_the_workspace_or_where_they_say
        no_byte_is_lost
        two_places_work_at_once
        a_closed_place_holds_nothing_and_does_nothing
        closing_ends_a_step_that_runs
        reclaim_removes_what_a_lost_place_holds
        sweep_removes_the_named_runs_and_no_other
        signals_before_the_first_output_are_remembered
        several_steps_run_at_once
        an_output_that_is_slow_holds_up_nothing_else
        command_files_of_every_kind_are_read
        what_is_planted_in_place_of_command_files_is_not_read
        programs_run_without_a_shell_and_folders_go_before_the_path
        facts_are_where_steps_find_things
    }
}
