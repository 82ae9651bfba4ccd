//! How a `shell:` value is called: data only, starting is the executor's.
//!
//! The table is GitHub's ("Workflow syntax", `jobs.<job_id>.steps[*].shell`), for Linux.

/// What runs a script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shell {
    /// No shell was named: `bash -e`, and `sh -e` where there is no bash.
    #[default]
    Unspecified,
    /// `bash`: stops at errors in pipes as well, unlike the unspecified one.
    Bash,
    /// `sh`
    Sh,
    /// `python`
    Python,
    /// `pwsh`: PowerShell on every system.
    Pwsh,
    /// A command line of the user's own in which `{0}` stands for the script's path: program, then arguments.
    Custom(Vec<String>),
}

/// One way to run a script. Of several the first whose program exists is taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShellCommand {
    /// The program, looked up on the path.
    pub program: String,
    /// Its arguments; `{0}` in them stands for the script's path.
    pub arguments: Vec<String>,
    /// What the script's file name ends with, the dot included; empty where nothing is known.
    pub extension: &'static str,
}

/// Why a `shell:` value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShellError {
    /// A shell that only Windows has.
    #[error("`{0}` exists on Windows only")]
    Windows(String),
    /// Neither a known shell nor a template.
    #[error("`{0}` is not a known shell, and has no `{{0}}` for the script's path")]
    Unknown(String),
    /// A template whose quotes do not match.
    #[error("a quote in `{0}` is not closed")]
    Quote(String),
}

const PATH: &str = "{0}";

impl Shell {
    /// Reads a `shell:` value.
    ///
    /// # Errors
    /// When it is a Windows shell, or an unknown word without `{0}`.
    pub fn parse(text: &str) -> Result<Self, ShellError> {
        let text = text.trim();
        match text {
            "bash" => Ok(Self::Bash),
            "sh" => Ok(Self::Sh),
            "python" => Ok(Self::Python),
            "pwsh" => Ok(Self::Pwsh),
            "cmd" | "powershell" => Err(ShellError::Windows(text.to_owned())),
            _ if text.contains(PATH) => {
                let words = split(text).ok_or_else(|| ShellError::Quote(text.to_owned()))?;
                Ok(Self::Custom(words))
            }
            _ => Err(ShellError::Unknown(text.to_owned())),
        }
    }

    /// The ways to run a script by it, in the order to try them.
    #[must_use]
    pub fn commands(&self) -> Vec<ShellCommand> {
        match self {
            Self::Unspecified => vec![
                command("bash", &["-e", PATH], ".sh"),
                command("sh", &["-e", PATH], ".sh"),
            ],
            Self::Bash => vec![command(
                "bash",
                &["--noprofile", "--norc", "-eo", "pipefail", PATH],
                ".sh",
            )],
            Self::Sh => vec![command("sh", &["-e", PATH], ".sh")],
            Self::Python => vec![command("python", &[PATH], ".py")],
            Self::Pwsh => vec![command("pwsh", &["-command", ". '{0}'"], ".ps1")],
            Self::Custom(words) => words.split_first().map_or_else(Vec::new, |(program, arguments)| {
                let extension = extension_of(program);
                vec![ShellCommand {
                    program: program.clone(),
                    arguments: arguments.to_vec(),
                    extension,
                }]
            }),
        }
    }

    /// The text to write into the script's file: what the shell needs around a script to end with its error.
    #[must_use]
    pub fn script(&self, script: &str) -> String {
        match self {
            // As on GitHub: stop at the first error, and end as the last program did.
            Self::Pwsh => format!(
                "$ErrorActionPreference = 'stop'\n{script}\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) {{ exit $LASTEXITCODE }}"
            ),
            _ => script.to_owned(),
        }
    }
}

impl ShellCommand {
    /// The arguments for a script at this path.
    #[must_use]
    pub fn arguments_for(&self, path: &str) -> Vec<String> {
        self.arguments
            .iter()
            .map(|argument| argument.replace(PATH, path))
            .collect()
    }
}

fn command(program: &str, arguments: &[&str], extension: &'static str) -> ShellCommand {
    ShellCommand {
        program: program.to_owned(),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        extension,
    }
}

/// A custom command of a shell we know gets that shell's file name: `bash -x {0}`.
fn extension_of(program: &str) -> &'static str {
    match program.rsplit('/').next().unwrap_or(program) {
        "bash" | "sh" => ".sh",
        "python" => ".py",
        "pwsh" => ".ps1",
        _ => "",
    }
}

/// Splits a command line at spaces; double quotes hold words together. `None` when one is not closed.
fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            space if space.is_whitespace() && !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    (!quoted).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(shell: &Shell) -> Vec<String> {
        let commands = shell.commands();
        let lines = commands.iter().map(|command| {
            format!(
                "{} {} {}",
                command.program,
                command.arguments_for("/s").join("|"),
                command.extension
            )
        });
        lines.collect()
    }

    #[test]
    fn the_table_is_githubs() {
        for (text, want) in [
            ("bash", "bash --noprofile|--norc|-eo|pipefail|/s .sh"),
            ("sh", "sh -e|/s .sh"),
            ("python", "python /s .py"),
            ("pwsh", "pwsh -command|. '/s' .ps1"),
            ("perl {0}", "perl /s "),
            ("bash -x {0}", "bash -x|/s .sh"),
            ("/bin/sh -c \". {0}\"", "/bin/sh -c|. /s .sh"),
            (" env A=\"b c\" tool {0} ", "env A=b c|tool|/s "),
        ] {
            assert_eq!(line(&Shell::parse(text).unwrap()), [want], "{text}");
        }
        assert_eq!(line(&Shell::Unspecified), ["bash -e|/s .sh", "sh -e|/s .sh"]);
    }

    #[test]
    fn what_cannot_run_here_says_why() {
        for (text, want) in [
            ("cmd", "`cmd` exists on Windows only"),
            ("powershell", "`powershell` exists on Windows only"),
            (
                "zsh",
                "`zsh` is not a known shell, and has no `{0}` for the script's path",
            ),
            ("perl \"{0}", "a quote in `perl \"{0}` is not closed"),
        ] {
            assert_eq!(Shell::parse(text).unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn powershell_ends_with_the_error_of_its_script() {
        assert_eq!(Shell::Bash.script("x"), "x");
        assert!(
            Shell::Pwsh
                .script("x")
                .starts_with("$ErrorActionPreference = 'stop'\nx\n")
        );
    }
}
