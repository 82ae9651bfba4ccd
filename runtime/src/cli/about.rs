//! `loom-runtime completions` and `loom-runtime man`: the command line told to a shell, and as manual pages.

use std::io;
use std::path::Path;

use clap_complete::Shell;
use clap_mangen::Man;

use super::args::{self, CompletionsArgs, ManArgs};
use super::{Exit, data, talk};

const NAME: &str = "loom-runtime";

/// Prints what makes a shell complete.
pub(super) fn completions(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), NAME, &mut script);
    let script = String::from_utf8_lossy(&script);
    if args.shell == Shell::Bash {
        // A program with a hyphen is spelled in two ways, so that nothing behind a command would be completed:
        // https://github.com/clap-rs/clap/issues/6421
        data::print(&script.replace("loom__subcmd__runtime", "loom__runtime"));
    } else {
        data::print(&script);
    }
    Exit::Success
}

/// Prints the page of the program, or writes those of all commands.
pub(super) fn man(args: &ManArgs) -> Exit {
    if args.to == Path::new("-") {
        let mut page = Vec::new();
        return match Man::new(args::command()).render(&mut page) {
            Ok(()) => {
                data::print(&String::from_utf8_lossy(&page));
                Exit::Success
            }
            Err(error) => cannot("the page cannot be made", &error),
        };
    }
    let made =
        std::fs::create_dir_all(&args.to).and_then(|()| clap_mangen::generate_to(args::command(), &args.to));
    match made {
        Ok(()) => {
            talk::note(&format!("the pages are in {}", args.to.display()));
            Exit::Success
        }
        Err(error) => cannot(
            &format!("the pages cannot be written into {}", args.to.display()),
            &error,
        ),
    }
}

fn cannot(what: &str, error: &io::Error) -> Exit {
    talk::error(&format!("{what}: {error}"));
    talk::help("name a folder that can be written to, or `-` to print the page");
    Exit::Machine
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    /// The pages by their file, and the command that each tells of.
    fn pages(command: &Command, found: &mut Vec<(String, Command)>) {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        found.push((format!("{name}.1"), command.clone()));
        let below = command
            .get_subcommands()
            .filter(|one| !one.is_hide_set() && one.get_name() != "help");
        for one in below {
            pages(one, found);
        }
    }

    #[test]
    fn every_page_has_a_name_and_every_option_that_is_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("man/man1");
        assert_eq!(man(&ManArgs { to: to.clone() }), Exit::Success);
        let mut command = args::command();
        command.build();
        let mut found = Vec::new();
        pages(&command, &mut found);
        assert!(found.len() > 15, "{}", found.len());
        for (file, command) in found {
            let page =
                std::fs::read_to_string(to.join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            let page = page.replace("\\-", "-");
            assert!(page.contains("\n.SH NAME\n"), "{file}: {page}");
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                let shown = match (arg.get_long(), arg.get_value_names()) {
                    (Some(long), _) => format!("--{long}"),
                    (None, Some([name, ..])) => name.to_string(),
                    (None, _) => arg.get_id().to_string(),
                };
                assert!(page.contains(&shown), "{file} lacks {shown}: {page}");
            }
            for arg in command.get_arguments().filter(|arg| arg.is_hide_set()) {
                let hidden = arg.get_long().map(|long| format!("--{long}"));
                assert!(hidden.is_none_or(|long| !page.contains(&long)), "{file}: {page}");
            }
        }
    }

    #[test]
    fn pages_that_cannot_be_written_are_the_machines_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("written");
        assert_eq!(man(&ManArgs { to: file }), Exit::Machine);
    }
}
