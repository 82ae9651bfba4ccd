//! Gathers what a run is given: values, the event, the repository at hand; from flags, configuration and files.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::args::RunArgs;
use super::{Exit, prompt, talk};
use crate::config::FileConfig;
use crate::context::values::{self, Asked, ValueSources};
use crate::context::{Given, RunFacts, Values, ValuesError, event, git};

/// What a run is given.
pub(super) struct Gathered {
    /// Secrets, variables, environment, inputs.
    pub(super) values: Values,
    /// The event, and what is known of the repository.
    pub(super) facts: RunFacts,
}

/// Gathers all of it. It waits for files, for git, and perhaps for a person.
pub(super) fn gather(args: &RunArgs, config: &FileConfig, workspace: &Path) -> Result<Gathered, Exit> {
    let values = values::read(&sources(args, config, workspace), &mut Terminal).map_err(|error| {
        if let ValuesError::Prompt { cause, .. } = &error
            && cause.kind() == io::ErrorKind::Interrupted
        {
            talk::note("stopped before anything was started");
            return Exit::Cancelled;
        }
        refuse(&error, error.help())
    })?;
    let payload = args.event_path.as_deref().map(event::payload_file).transpose();
    let payload = payload.map_err(|error| {
        refuse(
            &error,
            "name a file with a JSON object, as GitHub sends it with the event",
        )
    })?;
    let repository = git::read(workspace);
    if let Some(problem) = &repository.problem {
        talk::warning(&format!("the repository at hand cannot be asked: {problem}"));
        talk::help("`github.sha` and its like are made up; `--sha`, `--ref` and `--repository` give them");
    }
    let given = Given {
        event: args.event.clone().or_else(|| config.run.event.clone()),
        payload,
        actor: args.actor.clone().or_else(|| config.run.actor.clone()),
        repository: args.repository.clone(),
        reference: args.reference.clone(),
        sha: args.sha.clone(),
        default_branch: args
            .default_branch
            .clone()
            .or_else(|| config.run.default_branch.clone()),
        inputs: values.inputs.clone(),
    };
    let folder = workspace
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    let facts = RunFacts::gather(&repository, given, &folder, |branch| {
        git::compare(workspace, branch)
    });
    Ok(Gathered { values, facts })
}

/// Flags first, then the configuration, whose paths start in the project.
fn sources(args: &RunArgs, config: &FileConfig, workspace: &Path) -> ValueSources {
    let file = |flag: &Option<PathBuf>, key: &Option<PathBuf>| {
        let configured = || key.as_ref().map(|path| workspace.join(path));
        flag.clone().or_else(configured)
    };
    ValueSources {
        project: workspace.to_owned(),
        secrets: args.secrets.clone(),
        secret_file: file(&args.secret_file, &config.run.secret_file),
        vars: args.vars.clone(),
        var_file: file(&args.var_file, &config.run.var_file),
        env_defaults: config.run.env.clone(),
        env: args.env.clone(),
        env_file: file(&args.env_file, &config.run.env_file),
        inputs: args.inputs.clone(),
        input_file: file(&args.input_file, &config.run.input_file),
    }
}

/// Whoever sits at the terminal, and the environment.
pub(super) struct Terminal;

impl Asked for Terminal {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn typed(&mut self, name: &str) -> io::Result<Option<String>> {
        prompt::secret(name)
    }
}

fn refuse(error: &dyn std::error::Error, help: &str) -> Exit {
    talk::error(&format!("failed to {}", crate::chain::chain(error)));
    talk::help(help);
    Exit::Usage
}
