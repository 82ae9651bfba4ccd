//! What stands on the page of compatibility.

/// A part of the page.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) rows: &'static [Row],
}

/// A key, or several that belong together.
pub(super) struct Row {
    /// As it is written, in backticks.
    pub(super) key: &'static str,
    pub(super) does: &'static str,
    /// The tests that show it.
    pub(super) cases: &'static [&'static str],
}

const fn row(key: &'static str, does: &'static str, cases: &'static [&'static str]) -> Row {
    Row { key, does, cases }
}

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "The workflow",
        about: "",
        rows: &[
            row(
                "`name`, `run-name`, `description`",
                "shown; `github.workflow` is the name",
                &["names_and_run_name"],
            ),
            row(
                "`on`",
                "`--event` says what happened, `push` when nothing does. The filters (branches, tags, paths, types) are judged against `--ref`, the event's file and the repository; a file that is named runs whatever they say, with a warning",
                &["on_filters_choose", "on_filters_warn_of_a_named_file"],
            ),
            row(
                "`on.workflow_dispatch.inputs`",
                "values by `--input`, with their types and defaults; `inputs` has the typed ones, `github.event.inputs` texts",
                &["dispatch_inputs"],
            ),
            row(
                "`env`",
                "of workflow, job and step, the nearest wins; each may use expressions",
                &["env_levels"],
            ),
            row(
                "`defaults`",
                "`run.shell` and `run.working-directory`, of workflow and job",
                &["defaults_run"],
            ),
            row(
                "`concurrency`",
                "among all runs of a state directory, of whatever process: `group`, `cancel-in-progress`, `queue`",
                &["concurrency_one_at_a_time", "concurrency_cancels"],
            ),
            row(
                "`permissions`",
                "no effect, said once: there is no token of the run that it could limit",
                &["permissions_are_named"],
            ),
            row(
                "`cache-mode`",
                "no effect, said once: there is no cache yet",
                &["no_effect_is_said_once"],
            ),
            row(
                "`jobs`",
                "all that `needs` allow at the same time, up to `--parallel`",
                &["needs_and_outputs"],
            ),
        ],
    },
    Section {
        title: "Jobs",
        about: "",
        rows: &[
            row("`name`", "shown; may use expressions", &["names_and_run_name"]),
            row(
                "`needs`, `outputs`",
                "`needs.*.outputs` and `needs.*.result`, also of matrices and called workflows",
                &["needs_and_outputs", "called_workflow"],
            ),
            row(
                "`if`",
                "all contexts and `success()`, `failure()`, `always()`, `cancelled()`",
                &["job_if"],
            ),
            row(
                "`runs-on`",
                "an image for the label: `-P LABEL=IMAGE`, `[images]` of `loom.toml`, then the built-in table; `host` is this machine. A label that nothing runs skips its job with a warning. A `.loom.yml` may leave it out, and name an image",
                &[
                    "unmapped_labels",
                    "loom_files_need_no_label",
                    "docker::label_to_image",
                ],
            ),
            row(
                "`strategy`",
                "`matrix` with `include` and `exclude`",
                &["matrix_include_exclude"],
            ),
            row(
                "`strategy.matrix` from `fromJSON`",
                "evaluated when the jobs it needs are done",
                &["matrix_of_outputs"],
            ),
            row(
                "`strategy.fail-fast`",
                "the others are cancelled; the run is a failure",
                &["matrix_fail_fast"],
            ),
            row(
                "`strategy.max-parallel`",
                "as on GitHub",
                &["matrix_max_parallel"],
            ),
            row("`env`", "see the workflow's", &["env_levels"]),
            row("`defaults`", "see the workflow's", &["defaults_run"]),
            row(
                "`concurrency`",
                "see the workflow's",
                &["concurrency_one_at_a_time", "concurrency_cancels"],
            ),
            row(
                "`continue-on-error`",
                "the run goes on; `needs.*.result` is `success`",
                &["job_continue_on_error"],
            ),
            row(
                "`timeout-minutes`, `cancel-timeout-minutes`",
                "360 minutes and 5 when not set, fractions allowed; the job is `cancelled`, and its `always()` and `cancelled()` steps still run",
                &["job_timeout"],
            ),
            row(
                "`container`",
                "`image`, `env`, `volumes`, `ports`, `options`, `credentials`. It wants an engine, with `--executor host` too",
                &["docker::container_of_a_job", "docker::container_with_options"],
            ),
            row(
                "`services`",
                "on the job's own network, under their names; `ports`, `env`, `volumes`, `options` with health checks that are waited for, `entrypoint`, `command`. Reached by name, and without `container:` also by `localhost` with the ports as written or as `job.services.*.ports` has them: in a container of the label's image, or on this machine. In a container they are published nowhere else, so jobs that want the same port run side by side",
                &[
                    "docker::services_by_name",
                    "docker::services_on_localhost",
                    "docker::services_of_host_jobs",
                ],
            ),
            row("`steps`", "in order, by one small agent a job", &["step_if"]),
            row(
                "`uses`, `with`, `secrets`",
                "a workflow of the same repository or of another one, nested, in a matrix; `secrets: inherit` or by name",
                &["called_workflow"],
            ),
            row(
                "`permissions`",
                "no effect, said once",
                &["permissions_are_named"],
            ),
            row(
                "`environment`",
                "no effect, said once: nothing to approve, no deployment is recorded",
                &["permissions_are_named"],
            ),
            row(
                "`cache-mode`, `snapshot`",
                "no effect, said once",
                &["no_effect_is_said_once"],
            ),
            row(
                "`retry`",
                "of `.loom.yml`: the job is tried again, with `max-attempts`, `delay`, `factor`, `max-delay`",
                &["retry_of_a_job"],
            ),
        ],
    },
    Section {
        title: "Steps",
        about: "",
        rows: &[
            row("`name`, `id`", "as on GitHub", &["names_and_run_name", "step_if"]),
            row("`if`", "all contexts and status functions", &["step_if"]),
            row(
                "`run`, `shell`",
                "`bash`, `sh`, `python`, `pwsh` where it is installed, and `COMMAND {0}`, with GitHub's flags",
                &["shells"],
            ),
            row("`working-directory`", "as on GitHub", &["working_directory"]),
            row("`env`", "see the workflow's", &["env_levels"]),
            row(
                "`uses`, `with`",
                "see Actions",
                &[
                    "local_composite_action",
                    "local_javascript_action",
                    "docker::image_as_a_step",
                ],
            ),
            row(
                "`continue-on-error`",
                "`outcome` and `conclusion` differ",
                &["step_continue_on_error"],
            ),
            row(
                "`timeout-minutes`",
                "fractions allowed; the step fails",
                &["step_timeout"],
            ),
            row(
                "`background`, `wait`",
                "the step runs beside the others; its outputs are there once it was waited for",
                &["background_and_wait"],
            ),
            row(
                "`wait-all`",
                "a failure among what it waits for is its own; the end of the job waits too",
                &["background_wait_all"],
            ),
            row(
                "`cancel`",
                "ends a background step without failing the job",
                &["background_cancel"],
            ),
            row(
                "`parallel`",
                "its steps run at the same time",
                &["parallel_steps"],
            ),
            row(
                "`retry`",
                "of `.loom.yml`: the step is tried again after its delay, also when its time was over. What a failed attempt left in its command files is gone; its log stays. What it does at the end of the job it does once",
                &[
                    "retry_of_a_step",
                    "retry_forgets_what_failed",
                    "retry_beside_others",
                ],
            ),
            row(
                "`on-lost`",
                "of `.loom.yml`: what becomes of a step that the machine's failure took (its container was removed, the engine stopped). `retry`: its job runs again from the start, as its own `retry` says, else up to three times. `fail`: it does not, whatever `retry` says. A job that was told to end, or whose time was over, does not run again",
                &["on_lost_runs_the_job_again"],
            ),
            row(
                "`tty`",
                "of `.loom.yml`: no effect so far, said once: no step has a terminal",
                &["tty_is_taken"],
            ),
        ],
    },
    Section {
        title: "Expressions",
        about: "`loom-runtime eval` evaluates one at the prompt.",
        rows: &[
            row(
                "`github`, `env`, `vars`, `job`, `steps`, `runner`, `matrix`, `strategy`, `needs`, `inputs`",
                "`github` from the repository at hand, the flags and the event's file (`-e FILE`, else one is made)",
                &["contexts", "dispatch_inputs", "needs_and_outputs"],
            ),
            row(
                "`secrets`",
                "by `-s`, `.secrets` or the prompt; never kept, and masked wherever they appear, also encoded",
                &["secrets_are_masked"],
            ),
            row(
                "`github.token`, `secrets.GITHUB_TOKEN`",
                "what is given by `-s GITHUB_TOKEN`, else empty",
                &["github_token"],
            ),
            row(
                "functions",
                "all of GitHub's, `hashFiles` and `case` included",
                &["functions"],
            ),
            row(
                "`--matrix KEY:VALUE`",
                "runs a part of a matrix",
                &["matrix_chosen_from_outside"],
            ),
        ],
    },
    Section {
        title: "What steps say",
        about: "",
        rows: &[
            row(
                "`GITHUB_ENV`, `GITHUB_OUTPUT`, `GITHUB_PATH`, `GITHUB_STATE`, `GITHUB_STEP_SUMMARY`",
                "in all forms",
                &["file_commands", "local_javascript_action"],
            ),
            row(
                "`::add-mask::`, `::group::`, `::stop-commands::`, `::notice::`, `::warning::`, `::error::`, `::debug::`",
                "as on GitHub",
                &["workflow_commands"],
            ),
            row(
                "`::add-matcher::`",
                "problem matchers make annotations of lines",
                &["problem_matchers"],
            ),
        ],
    },
    Section {
        title: "Actions",
        about: "Fetched from git by `owner/repository[/path]@ref`, kept by commit in the user's cache, recorded in `loom.lock`.",
        rows: &[
            row(
                "`actions/checkout`",
                "of the repository at hand: done by Loom, the tree as it is, with what is not committed. Any other repository goes to the real action",
                &["checkout_of_the_project"],
            ),
            row(
                "composite",
                "nested, with inputs, outputs and `if`",
                &["local_composite_action"],
            ),
            row(
                "JavaScript",
                "`pre`, `main`, `post` and their state; Node.js comes from the image, or from `node` of `loom.toml`",
                &["local_javascript_action"],
            ),
            row(
                "Docker",
                "`docker://image` and Dockerfiles, built by the engine",
                &["docker::image_as_a_step", "docker::dockerfile_action"],
            ),
            row(
                "`--action-override`",
                "a directory instead of what would be fetched",
                &["action_override"],
            ),
            row(
                "`--offline`, `--frozen`",
                "only what was fetched before; only the commits of `loom.lock`",
                &["offline_needs_the_cache", "frozen_needs_the_lock"],
            ),
            row(
                "`actions/cache`, `actions/upload-artifact`, `actions/download-artifact`",
                "not there yet: said before the run begins, and the step fails with a sentence; `continue-on-error: true` goes on without",
                &["cache_and_artifacts_fail"],
            ),
            row(
                "identity tokens, GitHub Pages, attestations, code scanning",
                "exist on GitHub only: said before the run begins, and a step that needs one fails with a sentence",
                &["services_of_github"],
            ),
        ],
    },
];
