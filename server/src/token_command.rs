//! `loom-studio token`: making, listing and revoking named tokens. Works on the file; a server that runs notices by itself.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use loom_studio::{Clock, Role, SystemClock, TokenFile, TokenFileError, TokenWorkspaces, WorkspaceName};

use crate::{chain, say};

/// What to do with tokens.
#[derive(Args)]
pub(crate) struct TokenCommand {
    #[command(subcommand)]
    action: Action,
    /// The file of tokens; the server reads the same one
    #[arg(long, env = "STUDIO_TOKENS", value_name = "FILE", global = true)]
    tokens: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Action {
    /// Makes a token and prints it, this once
    Add {
        /// Who gets it; stands beside all that is done with it
        name: String,
        /// report: report actors alone; view: look; operate: also start, stop, order; admin: everything
        #[arg(long, value_parser = role)]
        role: Role,
        /// The workspace that it is for, `main` when absent; given several times, the first is the one without another word
        #[arg(long = "workspace", value_parser = workspace, value_name = "WORKSPACE")]
        workspaces: Vec<WorkspaceName>,
    },
    /// Lists names, roles, when tokens were made, and their workspaces where there are others than `main`
    List,
    /// Takes a token away; its sessions and sockets end within two seconds
    Revoke {
        /// Whose
        name: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    text.parse()
        .map_err(|error: loom_studio::UnknownRole| error.to_string())
}

fn workspace(text: &str) -> Result<WorkspaceName, String> {
    text.parse()
        .map_err(|error: loom_studio::InvalidWorkspace| error.to_string())
}

impl TokenCommand {
    /// Does it. Exit codes: 0 done, 2 wrong usage, 3 this machine can't.
    pub(crate) fn run(self) -> ExitCode {
        let path = self.tokens.filter(|path| !path.as_os_str().is_empty());
        let Some(path) = path else {
            say(
                "error: which file?\nhelp: name it with --tokens FILE or STUDIO_TOKENS, here and where the server is started",
            );
            return ExitCode::from(2);
        };
        match act(self.action, &TokenFile::new(&path)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say(&chain(&error));
                ExitCode::from(if matches!(error, TokenFileError::Io { .. }) {
                    3
                } else {
                    2
                })
            }
        }
    }
}

fn act(action: Action, file: &TokenFile) -> Result<(), TokenFileError> {
    match action {
        Action::Add {
            name,
            role,
            workspaces,
        } => {
            let workspaces = TokenWorkspaces::new(workspaces);
            let token = file.add_to(&name, role, workspaces, SystemClock.now())?;
            print(&token);
            say(&format!(
                "This is the token of `{name}` ({role}). It is shown this once: only its hash is kept."
            ));
        }
        Action::List => {
            let tokens = file.read()?;
            let width = tokens.iter().map(|token| token.name.len()).max().unwrap_or(0);
            let is_plain = tokens.iter().all(|token| token.workspaces.is_main_alone());
            for token in tokens {
                let mut line = format!("{:width$}  {:7}  {}", token.name, token.role, token.created);
                if !is_plain {
                    let names: Vec<&str> = token.workspaces.iter().map(WorkspaceName::as_str).collect();
                    line.push_str(&format!("  {}", names.join(",")));
                }
                print(&line);
            }
        }
        Action::Revoke { name } => {
            file.revoke(&name)?;
            say(&format!("`{name}` has no token any more."));
        }
    }
    Ok(())
}

/// That nobody reads is no reason to fail: it is done.
fn print(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
