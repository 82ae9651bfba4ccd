//! What the workflow commands of one step mean.

use memchr::memmem;

use super::annotation::{Annotation, Level, within};
use super::commands::Command;
use super::sink::Kind;

/// The commands that there are. `internal-set-repo-path` is not for steps.
const KNOWN: &[&str] = &[
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];
/// A token that stops commands is masked when it is longer, as in the runner.
const LONGEST_SHOWN_TOKEN: usize = 6;

/// What a step's environment opts into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// `ACTIONS_ALLOW_UNSECURE_COMMANDS` is `true`: `set-env` and `add-path` are taken.
    pub unsecure_commands: bool,
    /// `ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS` is `true`: any token stops commands.
    pub unsecure_stop_tokens: bool,
}

impl Allowed {
    /// Reads it from the environment that a step has, by name.
    pub fn from_env<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        let is_true = |name| variable(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        Self {
            unsecure_commands: is_true("ACTIONS_ALLOW_UNSECURE_COMMANDS"),
            // The runner reads this one by another function, which takes more words.
            unsecure_stop_tokens: variable("ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS")
                .is_some_and(|value| ["1", "true", "$true"].contains(&value.to_ascii_lowercase().as_str())),
        }
    }
}

/// Something a command asks for. No `Debug`: it may hold a secret.
#[derive(PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Action {
    /// A line to be shown.
    Show(Kind, String),
    /// A value to be masked from now on, with all its forms.
    Mask(String),
    /// A token to be masked as it is written.
    MaskToken(String),
    /// An annotation, which is shown too.
    Annotate(Annotation),
    /// An output of the step.
    Output(String, String),
    /// State for the post step of the same action.
    State(String, String),
    /// A variable for the steps after this one.
    Env(String, String),
    /// A directory to go before the `PATH` of the steps after this one.
    Path(String),
    /// A file of problem matchers to be read.
    AddMatchers(String),
    /// Problem matchers to be taken away.
    RemoveMatchers(Removal),
    /// The step fails, whatever its exit code. Shown as an error already.
    Fail(String),
}

/// Which problem matchers go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// Those of this owner.
    Owner(String),
    /// Those of the owners in this file.
    File(String),
}

/// Reads a step's lines for commands. One a step: whether commands are stopped or echoed is the step's own.
pub(super) struct Interpreter {
    allowed: Allowed,
    workspace: String,
    echo: bool,
    stopped: Option<String>,
    warned_output: bool,
    warned_state: bool,
    new_form: memmem::Finder<'static>,
    old_form: memmem::Finder<'static>,
}

impl Interpreter {
    /// For a step whose workspace is this directory, as the step sees it. With `debug` commands are echoed, as GitHub
    /// does when debugging of steps is on.
    pub(super) fn new(allowed: Allowed, workspace: impl Into<String>, debug: bool) -> Self {
        Self {
            allowed,
            workspace: workspace.into(),
            echo: debug,
            stopped: None,
            warned_output: false,
            warned_state: false,
            new_form: memmem::Finder::new("::"),
            old_form: memmem::Finder::new("##["),
        }
    }

    /// What a line asks for; `None` for a line that is no command and is shown as it is.
    pub(super) fn read(&mut self, line: &str) -> Option<Vec<Action>> {
        let bytes = line.as_bytes();
        if self.new_form.find(bytes).is_none() && self.old_form.find(bytes).is_none() {
            return None;
        }
        let command = Command::parse(line, |name| {
            is_known(name)
                || self
                    .stopped
                    .as_ref()
                    .is_some_and(|token| token.eq_ignore_ascii_case(name))
        })?;
        if let Some(token) = &self.stopped {
            // A token that is a command's name can only be one that was opted into; it resumes as any other.
            if !token.eq_ignore_ascii_case(command.name) {
                return None;
            }
            self.stopped = None;
            return Some(vec![Action::Show(Kind::Command, line.to_owned())]);
        }
        Some(self.perform(line, &command))
    }

    fn perform(&mut self, line: &str, command: &Command<'_>) -> Vec<Action> {
        let name = command.name.to_ascii_lowercase();
        let mut actions = Vec::new();
        let speaks_for_itself = matches!(
            name.as_str(),
            "add-mask" | "debug" | "notice" | "warning" | "error" | "stop-commands"
        );
        if self.echo && !speaks_for_itself {
            actions.push(Action::Show(Kind::Command, line.to_owned()));
        }
        let done = match name.as_str() {
            "stop-commands" => self.stop(line, command, &mut actions),
            "echo" => self.set_echo(command),
            "add-mask" => {
                self.mask(command, &mut actions);
                Ok(())
            }
            "set-output" => self.output(command, &mut actions),
            "save-state" => self.state(command, &mut actions),
            "set-env" => self.env(command, &mut actions),
            "add-path" => self.path(command, &mut actions),
            "add-matcher" => {
                actions.push(match command.message.as_str() {
                    "" => warning("`add-matcher` needs the path of a file: write `::add-matcher::FILE`"),
                    file => Action::AddMatchers(file.to_owned()),
                });
                Ok(())
            }
            "remove-matcher" => {
                actions.push(remove_matcher(command));
                Ok(())
            }
            "debug" => {
                actions.push(Action::Show(Kind::Debug, command.message.clone()));
                Ok(())
            }
            "group" => {
                actions.push(Action::Show(Kind::Group, command.message.clone()));
                Ok(())
            }
            "endgroup" => {
                actions.push(Action::Show(Kind::EndGroup, String::new()));
                Ok(())
            }
            "notice" => self.annotate(Level::Notice, command, &mut actions),
            "warning" => self.annotate(Level::Warning, command, &mut actions),
            _ => self.annotate(Level::Error, command, &mut actions),
        };
        if let Err(reason) = done {
            actions.push(Action::Annotate(Annotation::new(Level::Error, reason.clone())));
            actions.push(Action::Fail(reason));
        }
        actions
    }

    fn stop(&mut self, line: &str, command: &Command<'_>, actions: &mut Vec<Action>) -> Result<(), String> {
        let token = &command.message;
        let unfit = token.is_empty() || is_known(token) || token.eq_ignore_ascii_case("pause-logging");
        if unfit && !self.allowed.unsecure_stop_tokens {
            return Err(
                "`stop-commands` needs a token that is not empty, not `pause-logging` and no other command's name: use \
                 a random one, or set ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS to `true`"
                    .to_owned(),
            );
        }
        if token.len() > LONGEST_SHOWN_TOKEN {
            actions.push(Action::MaskToken(token.clone()));
        }
        actions.push(Action::Show(Kind::Command, line.to_owned()));
        self.stopped = Some(token.clone());
        Ok(())
    }

    fn set_echo(&mut self, command: &Command<'_>) -> Result<(), String> {
        match command.message.trim().to_ascii_lowercase().as_str() {
            "on" => self.echo = true,
            "off" => self.echo = false,
            _ => return Err(format!("`echo` takes `on` or `off`, not `{}`", command.message)),
        }
        Ok(())
    }

    fn mask(&self, command: &Command<'_>, actions: &mut Vec<Action>) {
        if command.message.trim().is_empty() {
            actions.push(warning("`add-mask` needs a value: an empty one masks nothing"));
            return;
        }
        actions.push(Action::Mask(command.message.clone()));
        if self.echo {
            actions.push(Action::Show(Kind::Command, "::add-mask::***".to_owned()));
        }
    }

    fn output(&mut self, command: &Command<'_>, actions: &mut Vec<Action>) -> Result<(), String> {
        if !std::mem::replace(&mut self.warned_output, true) {
            actions.push(warning(
                "`set-output` is deprecated: write `name=value` to the file that GITHUB_OUTPUT names",
            ));
        }
        actions.push(Action::Output(name_of(command)?, command.message.clone()));
        Ok(())
    }

    fn state(&mut self, command: &Command<'_>, actions: &mut Vec<Action>) -> Result<(), String> {
        if !std::mem::replace(&mut self.warned_state, true) {
            actions.push(warning(
                "`save-state` is deprecated: write `name=value` to the file that GITHUB_STATE names",
            ));
        }
        actions.push(Action::State(name_of(command)?, command.message.clone()));
        Ok(())
    }

    fn env(&self, command: &Command<'_>, actions: &mut Vec<Action>) -> Result<(), String> {
        self.unsecure(command, "GITHUB_ENV")?;
        let name = name_of(command)?;
        actions.push(if is_blocked(&name) {
            Action::Annotate(Annotation::new(
                Level::Error,
                format!("{name} cannot be set by `set-env`: it would change how later actions run; set it in `env`"),
            ))
        } else {
            Action::Env(name, command.message.clone())
        });
        Ok(())
    }

    fn path(&self, command: &Command<'_>, actions: &mut Vec<Action>) -> Result<(), String> {
        self.unsecure(command, "GITHUB_PATH")?;
        if command.message.is_empty() {
            return Err("`add-path` needs a directory: write `::add-path::DIRECTORY`".to_owned());
        }
        actions.push(Action::Path(command.message.clone()));
        Ok(())
    }

    fn unsecure(&self, command: &Command<'_>, file: &str) -> Result<(), String> {
        if self.allowed.unsecure_commands {
            return Ok(());
        }
        Err(format!(
            "`{}` is disabled, because any text that a step prints could use it: write to the file that {file} names, or \
             set ACTIONS_ALLOW_UNSECURE_COMMANDS to `true`",
            command.name
        ))
    }

    fn annotate(&self, level: Level, command: &Command<'_>, actions: &mut Vec<Action>) -> Result<(), String> {
        let text = |name| command.property(name).map(str::to_owned);
        let number = |name| {
            command
                .property(name)
                .and_then(|text| text.trim().parse::<u32>().ok())
        };
        let mut annotation = Annotation {
            title: text("title"),
            file: text("file").map(|file| within(&self.workspace, &file).unwrap_or(file)),
            line: number("line"),
            end_line: number("endLine"),
            column: number("col"),
            end_column: number("endColumn"),
            ..Annotation::new(level, command.message.clone())
        };
        straighten(&mut annotation);
        actions.push(Action::Annotate(annotation));
        Ok(())
    }
}

/// Drops what of a place contradicts itself, by the runner's rules.
fn straighten(annotation: &mut Annotation) {
    let a = annotation;
    a.line = a.line.or(a.end_line);
    a.column = a.column.or(a.end_column);
    if a.line.is_none() || (a.end_line.is_some() && a.line != a.end_line) {
        (a.column, a.end_column) = (None, None);
    }
    if a.end_line
        .is_some_and(|end| a.line.is_some_and(|line| end < line))
    {
        (a.line, a.end_line) = (None, None);
    }
    if a.end_column
        .is_some_and(|end| a.column.is_some_and(|column| end < column))
    {
        (a.column, a.end_column) = (None, None);
    }
}

/// Whether a variable may not be set for later steps, however a step tries.
pub(super) fn is_blocked(name: &str) -> bool {
    name.eq_ignore_ascii_case("NODE_OPTIONS")
}

fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn name_of(command: &Command<'_>) -> Result<String, String> {
    command
        .property("name")
        .map(str::to_owned)
        .ok_or_else(|| format!("`{0}` needs a name: write `::{0} name=NAME::VALUE`", command.name))
}

fn remove_matcher(command: &Command<'_>) -> Action {
    match (command.property("owner"), command.message.as_str()) {
        (Some(owner), "") => Action::RemoveMatchers(Removal::Owner(owner.to_owned())),
        (None, "") => warning("`remove-matcher` needs an owner or the path of a file"),
        (None, file) => Action::RemoveMatchers(Removal::File(file.to_owned())),
        (Some(_), _) => warning("`remove-matcher` takes an owner or the path of a file, not both"),
    }
}

fn warning(message: &str) -> Action {
    Action::Annotate(Annotation::new(Level::Warning, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> Interpreter {
        Interpreter::new(Allowed::default(), "/w", false)
    }

    fn unsecure() -> Interpreter {
        let allowed = Allowed {
            unsecure_commands: true,
            ..Allowed::default()
        };
        Interpreter::new(allowed, "/w", false)
    }

    fn failed(actions: &[Action]) -> bool {
        let shown = actions
            .iter()
            .any(|a| matches!(a, Action::Annotate(annotation) if annotation.level == Level::Error));
        let fails = actions.iter().any(|action| matches!(action, Action::Fail(_)));
        assert!(!fails || shown, "a failure says why: {actions:?}");
        fails
    }

    #[test]
    fn ordinary_lines_and_unknown_commands_are_shown_as_they_are() {
        let mut step = step();
        for line in [
            "",
            "hello",
            "a::b::c",
            "::unknown::x",
            "##[section]x",
            "std::string::x",
            "::token::",
        ] {
            assert_eq!(step.read(line), None, "{line}");
        }
    }

    #[test]
    fn simple_commands_say_what_to_do() {
        let show = |kind, text: &str| vec![Action::Show(kind, text.to_owned())];
        let mut step = step();
        assert_eq!(step.read("::debug::x"), Some(show(Kind::Debug, "x")));
        assert_eq!(step.read("::group::x y"), Some(show(Kind::Group, "x y")));
        assert_eq!(step.read("::endgroup::"), Some(show(Kind::EndGroup, "")));
        assert_eq!(
            step.read("::add-mask::x%0Ay"),
            Some(vec![Action::Mask("x\ny".into())])
        );
        assert_eq!(
            step.read("::add-matcher::m.json"),
            Some(vec![Action::AddMatchers("m.json".into())])
        );
        assert_eq!(
            step.read("::remove-matcher owner=x::"),
            Some(vec![Action::RemoveMatchers(Removal::Owner("x".into()))])
        );
        assert_eq!(
            step.read("##[remove-matcher]m.json"),
            Some(vec![Action::RemoveMatchers(Removal::File("m.json".into()))])
        );
    }

    #[test]
    fn outputs_and_state_warn_once_a_step() {
        let mut step = step();
        let first = step.read("::set-output name=a::1").unwrap();
        assert!(matches!(&first[0], Action::Annotate(a) if a.level == Level::Warning));
        assert_eq!(first[1], Action::Output("a".into(), "1".into()));
        assert_eq!(
            step.read("::set-output name=b::2%0A3").unwrap(),
            [Action::Output("b".into(), "2\n3".into())]
        );
        assert_eq!(step.read("::save-state name=s::1").unwrap().len(), 2);
        assert_eq!(
            step.read("::save-state name=s::2").unwrap(),
            [Action::State("s".into(), "2".into())]
        );
        assert!(failed(&step.read("::set-output::2").unwrap()));
        assert!(failed(&step.read("::save-state name=::2").unwrap()));
    }

    #[test]
    fn unsecure_commands_fail_the_step_unless_allowed() {
        assert!(failed(&step().read("::set-env name=A::1").unwrap()));
        assert!(failed(&step().read("::add-path::/x").unwrap()));
        let mut step = unsecure();
        assert_eq!(
            step.read("::set-env name=A::1").unwrap(),
            [Action::Env("A".into(), "1".into())]
        );
        assert_eq!(step.read("::add-path::/x").unwrap(), [Action::Path("/x".into())]);
        assert!(failed(&step.read("::set-env::1").unwrap()));
        assert!(failed(&step.read("::add-path::").unwrap()));
        let blocked = step.read("::set-env name=node_options::x").unwrap();
        assert!(
            !failed(&blocked) && matches!(&blocked[..], [Action::Annotate(a)] if a.level == Level::Error)
        );
    }

    #[test]
    fn commands_are_allowed_by_the_word_true_alone() {
        for (value, allowed) in [
            ("true", true),
            (" TRUE ", true),
            ("1", false),
            ("", false),
            ("yes", false),
        ] {
            let read = Allowed::from_env(|name| (name == "ACTIONS_ALLOW_UNSECURE_COMMANDS").then_some(value));
            assert_eq!(read.unsecure_commands, allowed, "{value:?}");
            assert!(!read.unsecure_stop_tokens);
        }
    }

    #[test]
    fn stopped_commands_resume_at_the_token_alone() {
        let mut step = step();
        let stopped = step.read("::stop-commands::tok42en").unwrap();
        assert_eq!(
            stopped,
            [
                Action::MaskToken("tok42en".into()),
                Action::Show(Kind::Command, "::stop-commands::tok42en".into()),
            ]
        );
        for line in [
            "::set-output name=x::no",
            "::stop-commands::other",
            "::tok42::",
            "::echo::on",
            "::add-mask::x",
        ] {
            assert_eq!(step.read(line), None, "{line}");
        }
        assert_eq!(
            step.read("::TOK42EN::").unwrap(),
            [Action::Show(Kind::Command, "::TOK42EN::".into())]
        );
        assert!(step.read("::debug::again").is_some());
        assert_eq!(step.read("::tok42en::"), None);
        assert_eq!(step.read("::stop-commands::short6").unwrap().len(), 1);
    }

    #[test]
    fn unfit_tokens_fail_the_step_and_stop_nothing() {
        for token in ["", "set-output", "Stop-Commands", "PAUSE-logging"] {
            let mut one = step();
            assert!(
                failed(&one.read(&format!("::stop-commands::{token}")).unwrap()),
                "{token}"
            );
            assert!(one.read("::debug::x").is_some());
        }
        let allowed = Allowed {
            unsecure_stop_tokens: true,
            ..Allowed::default()
        };
        let mut step = Interpreter::new(allowed, "/w", false);
        assert!(!failed(&step.read("::stop-commands::debug").unwrap()));
        assert_eq!(step.read("::notice::x"), None);
        assert!(step.read("::debug::").is_some());
        assert!(step.read("::notice::x").is_some());
    }

    #[test]
    fn echo_shows_the_commands_that_show_nothing_themselves() {
        let mut step = unsecure();
        assert_eq!(step.read("::echo::ON").unwrap(), []);
        for line in ["::set-env name=A::1", "::group::g", "::add-path::/x"] {
            assert_eq!(
                step.read(line).unwrap()[0],
                Action::Show(Kind::Command, line.into())
            );
        }
        assert_eq!(
            step.read("::add-mask::hunter2").unwrap(),
            [
                Action::Mask("hunter2".into()),
                Action::Show(Kind::Command, "::add-mask::***".into())
            ]
        );
        assert_eq!(step.read("::debug::x").unwrap().len(), 1);
        assert!(failed(&step.read("::echo::maybe").unwrap()));
        assert_eq!(step.read("::echo:: off").unwrap().len(), 1);
        assert_eq!(step.read("::add-path::/x").unwrap().len(), 1);
        assert_eq!(
            Interpreter::new(Allowed::default(), "", true)
                .read("::group::g")
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn places_of_annotations_are_straightened() {
        let place = |properties: &str| {
            let actions = step().read(&format!("::error {properties}::m")).unwrap();
            let [Action::Annotate(a)] = &actions[..] else {
                panic!("{actions:?}")
            };
            (a.line, a.end_line, a.column, a.end_column)
        };
        for (properties, expected) in [
            ("line=1,endLine=2", (Some(1), Some(2), None, None)),
            ("endLine=2", (Some(2), Some(2), None, None)),
            ("line=1,col=3,endColumn=4", (Some(1), None, Some(3), Some(4))),
            ("line=1,endColumn=4", (Some(1), None, Some(4), Some(4))),
            ("col=3", (None, None, None, None)),
            ("line=1,endLine=2,col=3", (Some(1), Some(2), None, None)),
            ("line=2,endLine=1", (None, None, None, None)),
            ("line=1,col=4,endColumn=3", (Some(1), None, None, None)),
            ("line=x,col=4", (None, None, None, None)),
            ("line=-3", (None, None, None, None)),
        ] {
            assert_eq!(place(properties), expected, "{properties}");
        }
        let actions = step().read("::notice file=/w/src/a.rs,title=T::m").unwrap();
        let [Action::Annotate(a)] = &actions[..] else {
            panic!("{actions:?}")
        };
        assert_eq!(
            (a.file.as_deref(), a.title.as_deref()),
            (Some("src/a.rs"), Some("T"))
        );
    }
}
