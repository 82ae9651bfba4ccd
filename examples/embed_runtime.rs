//! Loom as a library: load a workflow, ask which of its jobs are ready, run it.
//!
//! ```text
//! cargo run -p loom-examples --example embed_runtime                                        # the diamond, on this machine
//! cargo run -p loom-examples --example embed_runtime -- path/to/workflow.loom.yml
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal"
)]

use std::collections::HashSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use loom_runtime::engine::{Engine, EngineOptions};
use loom_runtime::event::RunState;
use loom_runtime::id::JobId;
use loom_runtime::machine::Choice;
use loom_runtime::prepare::{RunInputs, launch, needs_engine, prepare, workflow_ref};
use loom_runtime::{agent, machine, project};

fn main() -> ExitCode {
    // Jobs on the host run under an agent, which is this program started once more.
    if let Some(code) = agent::run_if_asked() {
        return code;
    }
    let named = std::env::args_os().nth(1).map(PathBuf::from);
    let file =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows/diamond.loom.yml"));
    match actix::System::new().block_on(run(&file)) {
        Ok(RunState::Success) => ExitCode::SUCCESS,
        Ok(state) => {
            eprintln!("the run ended as {state}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(path: &Path) -> Result<RunState, Box<dyn Error>> {
    // Load: every mistake in the file is found at once, each with its place.
    let file = project::read(path)?;
    let prepared = prepare(&file, &[]);
    for finding in &prepared.diagnostics {
        let line = finding
            .span()
            .map_or(1, |span| file.source.position(span.start).line);
        eprintln!("{}:{line}: {}", file.source.name(), finding.message);
    }
    let workflow = prepared.workflow.as_deref().ok_or("the workflow has mistakes")?;

    // Ask: the graph answers without running anything.
    let dag = workflow.dag();
    let ready = |done: &HashSet<_>| {
        let jobs = dag.ready(done);
        jobs.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    println!("ready at first: {}", ready(&HashSet::new()));
    let first: HashSet<_> = dag.ready(&HashSet::new()).into_iter().cloned().collect();
    println!("ready after those: {}", ready(&first));

    // Run: history and logs go to a state directory of our own.
    let state = std::env::temp_dir().join(format!("loom-embed-{}", std::process::id()));
    let engine = Engine::open(EngineOptions::new(state.clone())).await?;
    let mut inputs = RunInputs::new(std::env::current_dir()?);
    // With `Choice::Docker` the engine for containers is asked whether it is there, but only when it may be needed.
    let needed = needs_engine(workflow, &inputs.options);
    inputs.options.on_host = machine::choose(&engine, Choice::Host, needed).await?.on_host;
    let named = workflow_ref(workflow, &file, &inputs.workspace);
    let handle = engine.start(launch(&prepared, named, inputs)?).await?;
    let run = handle.id().clone();
    let outcome = handle.finished().await;

    for job in workflow.jobs.keys() {
        // A job with a matrix has a log for each of its instances, and for each attempt: `engine.run(&run)` has their ids.
        let job = JobId(job.to_string());
        for line in engine.logs().open(&run, &job, 1)?.window(1, 1000)?.lines {
            println!("{job} | {}", line.text);
        }
    }
    std::fs::remove_dir_all(state)?;
    Ok(outcome.state)
}
