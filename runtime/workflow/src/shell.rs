//! How a `shell:` value is called: data only, starting is the executor's.
//!
//! The table is GitHub's ("Workflow syntax", `jobs.<job_id>.steps[*].shell`), for Linux. A command line of the user's own
//! is read as the runner reads it (`ScriptHandlerHelpers` of `actions/runner`): the first word is the program, what
//! follows is a format text in which `{0}` is the path and `{{`, `}}` are braces, and that text is split as .NET splits
//! the arguments of a process: double quotes group, a backslash makes a quote one of the text, single quotes mean nothing.

/// What runs a script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shell {
    /// No shell was named: `bash -e`, and `sh -e` where there is no bash; in the container of a job always `sh -e`.
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
    /// A template with a brace that is neither doubled nor part of `{0}`.
    #[error("a brace in `{0}` is neither doubled nor part of `{{0}}`")]
    Brace(String),
}

const PATH: &str = "{0}";

impl Shell {
    /// Reads a `shell:` value.
    ///
    /// # Errors
    /// When it is a Windows shell, an unknown command without `{0}` in its arguments, or a template with a stray brace.
    pub fn parse(text: &str) -> Result<Self, ShellError> {
        let text = text.trim();
        match text {
            "bash" => Ok(Self::Bash),
            "sh" => Ok(Self::Sh),
            "python" => Ok(Self::Python),
            "pwsh" => Ok(Self::Pwsh),
            "cmd" | "powershell" => Err(ShellError::Windows(text.to_owned())),
            _ => match text.split_once(' ') {
                Some((program, arguments)) if arguments.contains(PATH) => {
                    let arguments = braces(arguments).ok_or_else(|| ShellError::Brace(text.to_owned()))?;
                    let mut words = vec![program.to_owned()];
                    words.extend(split_arguments(&arguments));
                    Ok(Self::Custom(words))
                }
                _ => Err(ShellError::Unknown(text.to_owned())),
            },
        }
    }

    /// The ways to run a script by it outside the container of a job, in the order to try them.
    #[must_use]
    pub fn commands(&self) -> Vec<ShellCommand> {
        self.commands_for(false)
    }

    /// The ways to run a script by it, in the order to try them. In the container of a job (`container:`) no bash is
    /// looked for where no shell was named.
    #[must_use]
    pub fn commands_for(&self, in_container: bool) -> Vec<ShellCommand> {
        match self {
            Self::Unspecified if in_container => Self::Sh.commands_for(in_container),
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
        let program = match self {
            Self::Pwsh => "pwsh",
            Self::Custom(words) => words.first().map_or("", String::as_str),
            _ => "",
        };
        match program {
            // As on GitHub: stop at the first error, and end as the last program did.
            "pwsh" | "powershell" => format!(
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

/// Makes single braces of doubled ones, and leaves `{0}`. `None` when another brace stands there.
fn braces(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at_checked(at)?;
        out.push_str(before);
        let (kept, after) = if let Some(after) = brace.strip_prefix("{{") {
            ("{", after)
        } else if let Some(after) = brace.strip_prefix("}}") {
            ("}", after)
        } else {
            (PATH, brace.strip_prefix(PATH)?)
        };
        out.push_str(kept);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// Splits arguments as the runner does: at spaces and tabs. Double quotes hold them together, up to the end where none closes; within quotes
/// two of them are one of the text. Backslashes count only in front of a quote: two are one, and one that is left makes
/// the quote one of the text. Single quotes mean nothing.
#[must_use]
pub fn split_arguments(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let mut count = 1;
                while characters.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let word = word.get_or_insert_default();
                if characters.peek() == Some(&'"') {
                    word.extend(std::iter::repeat_n('\\', count / 2));
                    if count % 2 == 1 {
                        word.extend(characters.next());
                    }
                } else {
                    word.extend(std::iter::repeat_n('\\', count));
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                if quoted && characters.next_if_eq(&'"').is_some() {
                    word.push('"');
                } else {
                    quoted = !quoted;
                }
            }
            ' ' | '\t' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
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
        let contained = Shell::Unspecified.commands_for(true);
        let contained: Vec<&str> = contained.iter().map(|command| command.program.as_str()).collect();
        assert_eq!(contained, ["sh"]);
        assert_eq!(Shell::Bash.commands_for(true), Shell::Bash.commands());
    }

    #[test]
    fn templates_are_read_as_the_runner_reads_them() {
        for (text, want) in [
            (
                "python3 -c \"print(\\\"hey\\\")\" {0}",
                "python3 -c|print(\"hey\")|/s ",
            ),
            ("bash -c \"f() {{ . {0}; }}; f\"", "bash -c|f() { . /s; }; f .sh"),
            ("bash -c \"{{{0}}}\"", "bash -c|{/s} .sh"),
            (
                "su -s /bin/bash nobody -c \"bash -e {0}\"",
                "su -s|/bin/bash|nobody|-c|bash -e /s ",
            ),
            // Single quotes are characters like any other.
            ("sh -c '. {0}'", "sh -c|'.|/s' .sh"),
            ("x 'a b' \"c 'd'\" {0}", "x 'a|b'|c 'd'|/s "),
            // A quote that is not closed goes on to the end.
            ("perl \"a {0}", "perl a /s "),
            ("x a\"b c\"d \"\" {0}", "x ab cd||/s "),
            ("x \"a\"\"b\" {0}", "x a\"b|/s "),
            (r#"x \\ \\\"a b\\\\" {0}"#, r#"x \\|\"a|b\\ {0} "#),
            (r#"x C:\dir\ {0}"#, r"x C:\dir\|/s "),
            ("x\ta {0}", "x\ta /s "),
            ("x a\tb {0}", "x a|b|/s "),
            ("x a\nb {0}", "x a\nb|/s "),
            // The program is the first word, quotes or not.
            ("\"my shell\" {0}", "\"my shell {0} "),
        ] {
            let want = want.replace("{0}", "/s");
            assert_eq!(line(&Shell::parse(text).unwrap()), [want], "{text}");
        }
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
            (
                "bash -e",
                "`bash -e` is not a known shell, and has no `{0}` for the script's path",
            ),
            (
                "bash{0}",
                "`bash{0}` is not a known shell, and has no `{0}` for the script's path",
            ),
            (
                "bash -c \"f() { . {0}; }; f\"",
                "a brace in `bash -c \"f() { . {0}; }; f\"` is neither doubled nor part of `{0}`",
            ),
            (
                "x {0} {1}",
                "a brace in `x {0} {1}` is neither doubled nor part of `{0}`",
            ),
        ] {
            assert_eq!(Shell::parse(text).unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn powershell_ends_with_the_error_of_its_script() {
        assert_eq!(Shell::Bash.script("x"), "x");
        for shell in ["pwsh", "pwsh -File {0}"] {
            let script = Shell::parse(shell).unwrap().script("x");
            assert!(
                script.starts_with("$ErrorActionPreference = 'stop'\nx\n"),
                "{shell}"
            );
        }
        assert_eq!(Shell::parse("bash {0}").unwrap().script("x"), "x");
    }
}
