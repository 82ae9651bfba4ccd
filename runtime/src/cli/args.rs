//! What may be typed. The doc comments are the help texts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::machine::Choice;
use crate::prepare::UnmappedLabel;

mod rerun;
mod run;

pub(super) use rerun::RerunArgs;
pub(super) use run::RunArgs;

/// Runs GitHub-Actions-style workflows on your own machine and shows every actor of a running system live.
#[derive(Debug, Parser)]
#[command(
    name = "loom-runtime",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub(super) struct Global {
    /// Work in this directory instead of the current one
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(super) directory: Option<PathBuf>,
    /// The project directory, which the steps see as their workspace [default: the current directory]
    #[arg(long, global = true, env = "LOOM_WORKSPACE_PATH", value_name = "PATH")]
    pub(super) workspace: Option<PathBuf>,
    /// Where journal and logs lie [default: $XDG_STATE_HOME/loom/<project>]
    #[arg(
        long = "state-dir",
        global = true,
        env = "LOOM_STATE_DIR",
        value_name = "PATH"
    )]
    pub(super) state_dir: Option<PathBuf>,
    /// How much to say about inner workings on stderr
    #[arg(long = "log-level", global = true, env = "LOOM_LOG_LEVEL", value_enum, default_value_t = LogLevel::Warn)]
    pub(super) log_level: LogLevel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a workflow, or those of a directory that the event starts
    Run(Box<RunArgs>),
    /// Run it, and again whenever it or files that it is about change
    Watch(Box<WatchArgs>),
    /// Do the step again at which a run is paused, as its file is now, and follow the run from there
    Retry(AnswerArgs),
    /// Leave out the step at which a run is paused: it counts as skipped, and the steps behind it go on
    Skip(AnswerArgs),
    /// Let a job fail that is paused, as it would have without the pause
    End(AnswerArgs),
    /// Open a command line in the place of a job that is paused, or was kept, with the variables of its step
    Shell(ShellArgs),
    /// Serve the studio on :9090 and run the project's workflows from there
    Serve(ServeArgs),
    /// Look at runs: list them, show one, print its logs; run one again, or cancel it
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Check workflow and action files without running them
    Validate(ValidateArgs),
    /// Show which jobs of a workflow wait for which
    Graph(GraphArgs),
    /// Say what the code of a finding means and what to do about it
    Explain(ExplainArgs),
    /// Print the JSON Schema of .loom.yml, for editors
    Schema,
    /// Serve an editor on stdin and stdout: findings, completion, what things mean (Language Server Protocol)
    Lsp,
    /// Evaluate an expression
    Eval(EvalArgs),
    /// Look at what runs need on this machine, and say what to do about what is missing
    Doctor(DoctorArgs),
}

/// How `watch` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct WatchArgs {
    /// Run again when a file changes whose path in the project matches, as under `paths:`; may be given more than once,
    /// and one that begins with ! takes files out again. Name none that the run writes itself
    #[arg(long = "paths", value_name = "GLOB")]
    pub(super) paths: Vec<String>,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// How `retry`, `skip` and `end` are called.
#[derive(Clone, Debug, Args)]
pub(super) struct AnswerArgs {
    /// The run: its id, a part of it, or `latest`
    #[arg(value_name = "RUN")]
    pub(super) run: String,
    /// The job [default: every job that is paused]
    #[arg(value_name = "JOB")]
    pub(super) job: Option<String>,
    /// The step, by its number or its name [default: every step that the job is paused at]
    #[arg(long, value_name = "STEP")]
    pub(super) step: Option<String>,
    /// What is printed from there on, as with `run`
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,
}

/// How `shell` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct ShellArgs {
    /// The run: its id, a part of it, or `latest`
    #[arg(value_name = "RUN")]
    pub(super) run: String,
    /// The job [default: the one that is paused, or was kept]
    #[arg(value_name = "JOB")]
    pub(super) job: Option<String>,
    /// The step, where several are paused, or whose variables a kept place is to have: its number or its name
    #[arg(long, value_name = "STEP")]
    pub(super) step: Option<String>,
}

/// How `doctor` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct DoctorArgs {
    /// text, or a JSON array
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(super) format: DataFormat,
}

/// How `serve` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct ServeArgs {
    /// The workflow file or a directory of them, beside those of .github/workflows [default: .loom.yml]
    #[arg(env = "LOOM_CONFIG_PATH", value_name = "FILE|DIR")]
    pub(super) file: Option<PathBuf>,
    /// The port [default: 9090]
    #[arg(long, env = "LOOM_PORT", value_name = "PORT")]
    pub(super) port: Option<u16>,
    /// The address to listen on; another than loopback needs STUDIO_TOKEN [default: 127.0.0.1]
    #[arg(long, env = "LOOM_BIND", value_name = "ADDRESS")]
    pub(super) bind: Option<String>,
    /// Origins of pages that may talk to the studio beside its own, separated by commas
    #[arg(long = "cors-origins", env = "LOOM_CORS_ORIGINS", value_name = "ORIGINS")]
    pub(super) cors_origins: Option<String>,
    /// Start a workflow when its file changes
    #[arg(long)]
    pub(super) watch: bool,
    /// Where jobs run: in containers, on this machine, or in containers if an engine answers [default: docker]
    #[arg(long, value_enum)]
    pub(super) executor: Option<ExecutorChoice>,
    /// The image for a `runs-on` label, or `host` to run such jobs on this machine
    #[arg(short = 'P', long = "platform", value_name = "LABEL=IMAGE", value_parser = platform)]
    pub(super) platforms: Vec<(String, String)>,
    /// When to pull images [default: missing]
    #[arg(long, value_enum)]
    pub(super) pull: Option<Pull>,
    /// Jobs of a run at the same time, at most [default: 16, or 4 for each core where that is more]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) parallel: Option<u32>,
    /// A variable for every step, beside those of the workflow; may be given more than once
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) env: Vec<(String, String)>,
}

/// How `validate` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct ValidateArgs {
    /// The files; a directory stands for its .loom.yml, its workflows and the action.yml files below it, and `-` for standard
    /// input
    #[arg(value_name = "FILE", default_value = ".")]
    pub(super) files: Vec<PathBuf>,
    /// What standard input is called in findings; it is read as the file there would be [default: as a .loom.yml]
    #[arg(long, value_name = "PATH")]
    pub(super) stdin_name: Option<PathBuf>,
    /// End with 1 for warnings, too
    #[arg(long)]
    pub(super) deny_warnings: bool,
    /// Write the changes that are certain into the files; of standard input the repaired text is printed
    #[arg(long)]
    pub(super) fix: bool,
    /// What to look for: what GitHub (or, in .loom.yml, Loom) would refuse, or also what goes wrong when it runs
    #[arg(long, value_enum, default_value_t = CheckLevel::Lint)]
    pub(super) level: CheckLevel,
    /// Drawings for people, one JSON object a file and line, one SARIF document, or annotations for a job on GitHub
    #[arg(long, value_enum, default_value_t = FindingFormat::Text)]
    pub(super) format: FindingFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FindingFormat {
    Text,
    Json,
    Sarif,
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckLevel {
    Schema,
    Lint,
}

/// How `graph` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct GraphArgs {
    /// The workflow file, or a directory that holds one [default: .loom.yml, then .github/workflows]
    #[arg(env = "LOOM_CONFIG_PATH", value_name = "FILE|DIR")]
    pub(super) file: Option<PathBuf>,
    /// A drawing, a graph for Graphviz or Mermaid, or a JSON object
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub(super) format: GraphFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    Text,
    Dot,
    Mermaid,
    Json,
}

/// How `explain` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct ExplainArgs {
    /// The code, as a finding shows it, e.g. schema/unknown-key; without one, all codes are listed
    #[arg(value_name = "CODE")]
    pub(super) code: Option<String>,
}

/// How `eval` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct EvalArgs {
    /// The expression, with or without ${{ }}; hashFiles reads the files of the workspace
    #[arg(
        value_name = "EXPR",
        required_unless_present = "batch",
        allow_hyphen_values = true
    )]
    pub(super) expression: Option<String>,
    /// A JSON object with the value of each context
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(super) context: Option<PathBuf>,
    /// Evaluate the lines of this file, or of stdin for `-`: {"id","expr","contexts"} in, {"id","kind","value"} or
    /// {"id","error":{"kind","message"}} out
    #[arg(long, value_name = "FILE", conflicts_with = "expression")]
    pub(super) batch: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExecutorChoice {
    Docker,
    Host,
    Auto,
}

impl From<ExecutorChoice> for Choice {
    fn from(choice: ExecutorChoice) -> Self {
        match choice {
            ExecutorChoice::Docker => Self::Docker,
            ExecutorChoice::Host => Self::Host,
            ExecutorChoice::Auto => Self::Auto,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Pull {
    Missing,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Unmapped {
    Skip,
    Fail,
}

impl From<Unmapped> for UnmappedLabel {
    fn from(unmapped: Unmapped) -> Self {
        match unmapped {
            Unmapped::Skip => Self::Skip,
            Unmapped::Fail => Self::Fail,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Pretty,
    Plain,
    Json,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum RunsCommand {
    /// List runs, newest first
    List(ListArgs),
    /// Show one run with its jobs and steps
    Show(ShowArgs),
    /// Print the log of a run, or of one of its jobs
    Logs(LogsArgs),
    /// Remove the places that `run --keep` has kept
    Clean(CleanArgs),
    /// Run a run that has ended again, as another attempt: all of it, what failed, or some jobs
    Rerun(Box<RerunArgs>),
    /// Cancel a run, whichever process has it; once more ends its steps at once
    Cancel(CancelArgs),
}

#[derive(Clone, Debug, Args)]
pub(super) struct CancelArgs {
    /// The run: its id, a part of it, or `latest`
    #[arg(value_name = "RUN")]
    pub(super) run: String,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ListArgs {
    /// At most so many
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(super) limit: usize,
    /// text, or a JSON array
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(super) format: DataFormat,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ShowArgs {
    /// The run: its id, a part of it, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub(super) run: String,
    /// text, or a JSON object
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(super) format: DataFormat,
}

#[derive(Clone, Debug, Args)]
pub(super) struct CleanArgs {
    /// The run: its id, a part of it, or `latest`
    #[arg(value_name = "RUN", required_unless_present = "all", conflicts_with = "all")]
    pub(super) run: Option<String>,
    /// That job alone
    #[arg(value_name = "JOB")]
    pub(super) job: Option<String>,
    /// The kept places of all runs
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct LogsArgs {
    /// The run: its id, a part of it, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub(super) run: String,
    /// Only this job
    #[arg(short, long = "job", value_name = "JOB")]
    pub(super) job: Option<String>,
    /// text, or one JSON object a line
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(super) format: DataFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DataFormat {
    Text,
    Json,
}

fn pair(text: &str) -> Result<(String, String), String> {
    split(text, "NAME=VALUE")
}

fn platform(text: &str) -> Result<(String, String), String> {
    split(text, "LABEL=IMAGE, or LABEL=host")
}

fn split(text: &str, form: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("it has to look like {form}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_pair_keeps_further_equal_signs() {
        assert_eq!(pair("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(pair("=x").is_err() && pair("A").is_err());
    }
}
