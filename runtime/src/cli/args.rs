//! What may be typed. The doc comments are the help texts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod about;
mod actors;
mod command;
mod eval;
mod filter;
mod logs;
mod rerun;
mod run;
mod runs;
mod search;
mod values;

pub(super) use about::{CompletionsArgs, ManArgs};
pub(super) use actors::{ActorsArgs, ActorsCommand, ListActorsArgs, ShowActorArgs};
pub(super) use command::{command, parse};
pub(super) use eval::EvalArgs;
pub(super) use filter::FilterArgs;
pub(super) use logs::LogsArgs;
pub(super) use rerun::RerunArgs;
pub(super) use run::RunArgs;
pub(super) use runs::{CleanArgs, ListArgs, PruneArgs, ResumeArgs, RunsCommand, ShowArgs};
pub(super) use search::SearchArgs;
pub(super) use values::{DataFormat, ExecutorChoice, Format, Pull, Unmapped};
use values::{bytes, pair, platform, split, whole};

/// Headings that several commands have.
const WHAT: &str = "What runs";
const VALUES: &str = "Secrets and variables";
const PLACE: &str = "Where it runs";
const FAILS: &str = "When things fail";
const OUTPUT: &str = "Output";
const EVERYWHERE: &str = "Options of every command";

/// Runs GitHub-Actions-style workflows on your own machine and shows every actor of a running system live.
#[derive(Debug, Parser)]
#[command(name = "loom-runtime", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    /// Print less, of commands that have `--quiet` themselves
    #[arg(short, long, help_heading = EVERYWHERE)]
    quiet: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

impl Cli {
    /// What was typed before the command's name means what it means behind it.
    fn spread(mut self) -> Self {
        let quiet = match &mut self.command {
            Command::Run(args) => &mut args.quiet,
            Command::Watch(args) => &mut args.run.quiet,
            Command::Validate(args) => &mut args.quiet,
            Command::Runs(RunsCommand::Rerun(args)) => &mut args.quiet,
            Command::Runs(RunsCommand::Resume(args)) => &mut args.quiet,
            _ => return self,
        };
        *quiet |= self.quiet;
        self
    }
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub(super) struct Global {
    /// Work in this directory instead of the current one
    #[arg(short = 'C', long, global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    pub(super) directory: Option<PathBuf>,
    /// The project directory [default: the current directory]
    ///
    /// The steps see it as their workspace.
    #[arg(
        long,
        global = true,
        env = "LOOM_WORKSPACE_PATH",
        value_name = "PATH",
        help_heading = EVERYWHERE
    )]
    pub(super) workspace: Option<PathBuf>,
    /// Where journal and logs lie
    ///
    /// [default: $XDG_STATE_HOME/loom/<project>]
    #[arg(
        long = "state-dir",
        global = true,
        env = "LOOM_STATE_DIR",
        value_name = "PATH",
        help_heading = EVERYWHERE
    )]
    pub(super) state_dir: Option<PathBuf>,
    /// How much to say about inner workings on stderr
    #[arg(
        long = "log-level",
        global = true,
        env = "LOOM_LOG_LEVEL",
        value_name = "LEVEL",
        value_enum,
        default_value_t = LogLevel::Warn,
        help_heading = EVERYWHERE
    )]
    pub(super) log_level: LogLevel,
    /// How those lines are written: for people, or each as a JSON object
    #[arg(
        long = "log-format",
        global = true,
        env = "LOOM_LOG_FORMAT",
        value_name = "FORMAT",
        value_enum,
        default_value_t = LogFormat::Text,
        help_heading = EVERYWHERE
    )]
    pub(super) log_format: LogFormat,
    /// Whether to colour what is printed
    ///
    /// On its own it is coloured on a terminal, as far as NO_COLOR, CLICOLOR and CLICOLOR_FORCE leave it so; `always` and
    /// `never` beat them. Colours that jobs print themselves are taken out by `never` alone.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t = Colour::Auto,
        help_heading = EVERYWHERE
    )]
    pub(super) color: Colour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
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

/// How lines about the inner workings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// Each a JSON object, for programs that gather logs.
    Json,
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
    /// List the actors of a running studio, by the filters that its page has, or show one of them
    Actors(ActorsArgs),
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
    /// Print a script that completes commands and flags in a shell
    ///
    /// For bash: `loom-runtime completions bash > ~/.local/share/bash-completion/completions/loom-runtime`. For zsh: into
    /// a file `_loom-runtime` in a folder of $fpath. For fish: into ~/.config/fish/completions/loom-runtime.fish.
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(ManArgs),
}

/// How `watch` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct WatchArgs {
    /// Run again when a file changes whose path matches
    ///
    /// The path is that in the project, the pattern one as under `paths:`. May be given more than once, and one that begins
    /// with ! takes files out again. Name none that the run writes itself.
    #[arg(long = "paths", value_name = "GLOB", help_heading = WHAT)]
    pub(super) paths: Vec<String>,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// How `retry`, `skip` and `end` are called.
#[derive(Clone, Debug, Args)]
pub(super) struct AnswerArgs {
    /// The run: its number, its id, a part of it, or `latest`
    #[arg(value_name = "RUN")]
    pub(super) run: String,
    /// The job [default: every job that is paused]
    #[arg(value_name = "JOB")]
    pub(super) job: Option<String>,
    /// The step, by its number or its name
    ///
    /// [default: every step that the job is paused at]
    #[arg(long, value_name = "STEP")]
    pub(super) step: Option<String>,
    /// What is printed from there on, as with `run`
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,
}

/// How `shell` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct ShellArgs {
    /// The run: its number, its id, a part of it, or `latest`
    #[arg(value_name = "RUN")]
    pub(super) run: String,
    /// The job [default: the one that is paused, or was kept]
    #[arg(value_name = "JOB")]
    pub(super) job: Option<String>,
    /// The step, by its number or its name
    ///
    /// Of several that are paused the one that is meant; of a place that was kept the one whose variables the shell is to
    /// have.
    #[arg(long, value_name = "STEP")]
    pub(super) step: Option<String>,
}

/// How `doctor` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct DoctorArgs {
    /// Text, or a JSON array
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(super) format: DataFormat,
}

/// How `serve` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct ServeArgs {
    /// The workflow file, or a directory of them [default: .loom.yml]
    ///
    /// They are beside those of .github/workflows.
    #[arg(env = "LOOM_CONFIG_PATH", value_name = "FILE|DIR")]
    pub(super) file: Option<PathBuf>,
    /// Start a workflow when its file changes
    #[arg(long, help_heading = WHAT)]
    pub(super) watch: bool,
    /// Start no workflow at the times of its `on.schedule`
    #[arg(long = "no-schedules", help_heading = WHAT)]
    pub(super) no_schedules: bool,
    /// A variable for every step; may be given more than once
    ///
    /// It is beside those of the workflow, which beat it.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair, help_heading = VALUES)]
    pub(super) env: Vec<(String, String)>,
    /// The port [default: 9090]
    #[arg(
        long,
        env = "LOOM_PORT",
        value_name = "PORT",
        value_parser = whole(0, u16::MAX),
        help_heading = STUDIO
    )]
    pub(super) port: Option<u16>,
    /// The address to listen on [default: 127.0.0.1]
    ///
    /// Another than loopback needs STUDIO_TOKEN.
    #[arg(long, env = "LOOM_BIND", value_name = "ADDRESS", help_heading = STUDIO)]
    pub(super) bind: Option<String>,
    /// PEM file of the certificate that the studio shows over TLS
    ///
    /// With those that signed it behind. Without one the studio speaks plain HTTP.
    #[arg(long = "tls-cert", env = "LOOM_TLS_CERT", value_name = "FILE", help_heading = STUDIO)]
    pub(super) tls_cert: Option<PathBuf>,
    /// PEM file of that certificate's private key
    #[arg(long = "tls-key", env = "LOOM_TLS_KEY", value_name = "FILE", help_heading = STUDIO)]
    pub(super) tls_key: Option<PathBuf>,
    /// Origins of pages that may talk to the studio, beside its own
    ///
    /// Separated by commas.
    #[arg(
        long = "cors-origins",
        env = "LOOM_CORS_ORIGINS",
        value_name = "ORIGINS",
        help_heading = STUDIO
    )]
    pub(super) cors_origins: Option<String>,
    /// Seconds for which actors that fell silent are shown [default: 3600]
    #[arg(
        long = "forget-after",
        env = "LOOM_FORGET_AFTER",
        value_name = "SECONDS",
        value_parser = whole(10, u64::from(u32::MAX)),
        help_heading = STUDIO
    )]
    pub(super) forget_after: Option<u64>,
    /// MiB of memory to record ten minutes in; 0 for none [default: 64]
    #[arg(
        long = "recorder-mb",
        env = "LOOM_RECORDER_MB",
        value_name = "MB",
        value_parser = whole(0, 16_384),
        help_heading = STUDIO
    )]
    pub(super) recorder_mb: Option<u16>,
    /// Where jobs run [default: docker]
    #[arg(long, value_enum, help_heading = PLACE)]
    pub(super) executor: Option<ExecutorChoice>,
    /// The image for a `runs-on` label, or `host` for this machine
    #[arg(
        short = 'P',
        long = "platform",
        value_name = "LABEL=IMAGE",
        value_parser = platform,
        help_heading = PLACE
    )]
    pub(super) platforms: Vec<(String, String)>,
    /// When to pull images [default: missing]
    #[arg(long, value_enum, help_heading = PLACE)]
    pub(super) pull: Option<Pull>,
    /// Jobs of a run at the same time, at most
    ///
    /// [default: 16, or 4 for each core where that is more]
    #[arg(
        long,
        value_name = "N",
        value_parser = whole(1, u32::MAX),
        help_heading = PLACE
    )]
    pub(super) parallel: Option<u32>,
}

const STUDIO: &str = "The studio";

/// How `validate` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct ValidateArgs {
    /// The files, or folders of them; `-` is standard input
    ///
    /// A folder stands for its .loom.yml, its workflows and the action.yml files below it.
    #[arg(value_name = "FILE", default_value = ".")]
    pub(super) files: Vec<PathBuf>,
    /// What standard input is called in findings
    ///
    /// It is read as the file there would be [default: as a .loom.yml].
    #[arg(long, value_name = "PATH", help_heading = CHECKED)]
    pub(super) stdin_name: Option<PathBuf>,
    /// What to look for
    #[arg(long, value_enum, default_value_t = CheckLevel::Lint, help_heading = CHECKED)]
    pub(super) level: CheckLevel,
    /// End with 1 for warnings, too
    #[arg(long, help_heading = FAILS)]
    pub(super) deny_warnings: bool,
    /// Write the changes that are certain into the files
    ///
    /// Of standard input the repaired text is printed, and the findings go to stderr.
    #[arg(long, help_heading = FAILS)]
    pub(super) fix: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = FindingFormat::Text, help_heading = OUTPUT)]
    pub(super) format: FindingFormat,
    /// Print the findings alone, without a summary
    ///
    /// What cannot be read is said all the same, and so is what `--fix` repaired.
    #[arg(short, long, help_heading = OUTPUT)]
    pub(super) quiet: bool,
}

const CHECKED: &str = "What is checked";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FindingFormat {
    /// Drawings for people
    Text,
    /// One JSON object a file, each on a line
    Json,
    /// One SARIF document, for code scanning
    Sarif,
    /// Annotations, for a job on GitHub
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckLevel {
    /// What GitHub would refuse, or in .loom.yml Loom
    Schema,
    /// Also what goes wrong when it runs
    Lint,
}

/// How `graph` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct GraphArgs {
    /// The workflow file, or a directory that holds one
    ///
    /// [default: .loom.yml, then .github/workflows]
    #[arg(env = "LOOM_CONFIG_PATH", value_name = "FILE|DIR")]
    pub(super) file: Option<PathBuf>,
    /// How the graph is printed
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub(super) format: GraphFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// A drawing
    Text,
    /// For Graphviz
    Dot,
    Mermaid,
    /// A JSON object
    Json,
}

/// How `explain` is called.
#[derive(Clone, Debug, Args)]
pub(super) struct ExplainArgs {
    /// The code, as a finding shows it, e.g. schema/unknown-key
    ///
    /// Without one, all codes are listed.
    #[arg(value_name = "CODE")]
    pub(super) code: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
