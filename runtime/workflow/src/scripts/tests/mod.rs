//! The look at shell scripts against the shells themselves: what `bash -n` or `sh -n` takes must bring no finding.
//!
//! A shell is part of every machine that runs these tests; without one they fail.

mod grammar;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Mistake, read_shell};
use crate::tests::chance::{Chance, smallest};

/// How many scripts of the system are looked at.
const MOST_SYSTEM_SCRIPTS: usize = 2_000;

/// Whether a shell takes a script.
///
/// Bash says nothing of some scripts that end too early, as in `for ((`: what follows such a script is swallowed, so a
/// bracket behind it must be refused.
fn takes(shell: &str, script: &str) -> bool {
    match reads(shell, script) {
        Verdict::Refused => false,
        Verdict::Unended => true,
        Verdict::Taken => matches!(reads(shell, &format!("{script}\n)\n")), Verdict::Refused),
    }
}

enum Verdict {
    Taken,
    /// Taken, with a here-document that has no end.
    Unended,
    Refused,
}

/// What a shell says about a script; it runs nothing of it.
fn reads(shell: &str, script: &str) -> Verdict {
    let mut child = Command::new(shell)
        .arg("-n")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{shell}: {error}"));
    // A shell that has seen a mistake reads no more.
    let _closed = child.stdin.take().unwrap().write_all(script.as_bytes());
    let done = child.wait_with_output().unwrap();
    // Bash can go on behind a mistake in `[[`, and end well.
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    match done.status.success() && said.lines().all(|line| line.contains("warning: ")) {
        true if said.is_empty() => Verdict::Taken,
        true => Verdict::Unended,
        false => Verdict::Refused,
    }
}

/// What the look says against a script, with the text it marks.
fn finding(script: &str) -> Option<String> {
    match read_shell(script).mistake? {
        Mistake::NotClosed(span) => Some(format!(
            "{:?} at {} is not closed",
            &script[span.range()],
            span.start
        )),
        Mistake::NotOpen(span) => Some(format!(
            "{:?} at {} closes nothing",
            &script[span.range()],
            span.start
        )),
        other @ Mistake::Undefined(_) => panic!("{other:?} is of Python"),
    }
}

/// The finding when it is a false one: one of the shells takes the script.
fn false_finding(script: &str, shells: &[&str]) -> Option<String> {
    let finding = finding(script)?;
    let shell = shells.iter().find(|shell| takes(shell, script))?;
    Some(format!("{shell} takes what brings: {finding}\n{script}\n"))
}

/// The scripts of a table, which lines of `%%` part.
fn table(text: &str) -> impl Iterator<Item = &str> {
    let (_, scripts) = text.split_once("\n%%\n").unwrap();
    scripts.split("\n%%\n")
}

#[test]
fn what_a_shell_takes_brings_no_finding() {
    let mut wrong = Vec::new();
    for script in table(include_str!("right.txt")) {
        // Also without its last line break, and as a part of others.
        for script in [
            script.to_owned(),
            format!("{script}\n"),
            format!("if true; then\n{script}\nfi\n"),
            format!("f() {{\n{script}\n}}; f\n"),
            format!("x=$(\n{script}\n)\n"),
            format!("(\n{script}\n) | cat\n"),
            format!("case x in\n  x)\n{script}\n;;\nesac\n"),
        ] {
            wrong.extend(false_finding(&script, &["bash", "sh"]));
        }
        if !takes("bash", script) && !takes("sh", script) {
            wrong.push(format!("no shell takes this\n{script}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}: {}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_no_shell_takes_is_found() {
    let mut wrong = Vec::new();
    for script in table(include_str!("wrong.txt")) {
        if finding(script).is_none() {
            wrong.push(format!("nothing is found in\n{script}\n"));
        }
        for shell in ["bash", "sh"] {
            if takes(shell, script) {
                wrong.push(format!("{shell} takes\n{script}\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {}", wrong.len(), wrong.join("\n"));
}

/// Scripts by chance, half of them with damage. Only bash is asked: `dash -n` takes broken substitutions such as `"${"}"`.
/// `LOOM_FUZZ_SEED` and `LOOM_FUZZ_SCRIPTS` say which.
#[test]
fn what_a_shell_takes_of_random_scripts_brings_no_finding() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("LOOM_FUZZ_SEED").unwrap_or(1);
    let many = number("LOOM_FUZZ_SCRIPTS").unwrap_or(4_000);
    let (mut wrong, mut found, mut whole, mut taken) = (Vec::new(), 0, 0, 0);
    for seed in first..first + many {
        let mut chance = Chance::new(seed);
        let mut script = grammar::script(&mut chance);
        if chance.one_in(2) {
            // Bash looks into backticks and what could be arithmetic only when it runs them.
            let damaged = grammar::damaged(&script, &mut chance);
            if !damaged.contains(['`']) && !damaged.contains("$((") {
                script = damaged;
            }
        } else if whole < 100 {
            // The grammar must not drift away from the language.
            whole += 1;
            taken += usize::from(takes("bash", &script));
        }
        found += usize::from(finding(&script).is_some());
        if false_finding(&script, &["bash"]).is_some() {
            // What is made smaller must stay what bash looks into.
            let is_wrong = |script: &str| false_finding(script, &["bash"]).is_some();
            let plain = grammar::without_backticks(&script);
            let script = match is_wrong(&plain) {
                true => smallest(&plain, is_wrong),
                false => script,
            };
            wrong.push(format!(
                "seed {seed}: {}",
                false_finding(&script, &["bash"]).unwrap_or_default()
            ));
            if wrong.len() == 5 {
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        taken * 10 >= whole * 5,
        "only {taken} of {whole} whole scripts are of the language"
    );
    assert!(
        many < 1_000 || found > 30,
        "only {found} scripts brought a finding"
    );
}

#[test]
fn the_scripts_of_this_system_bring_no_finding() {
    let mut scripts = Vec::new();
    for folder in ["/usr/bin", "/usr/sbin", "/etc", "/usr/lib", "/usr/share"] {
        collect(Path::new(folder), 6, &mut scripts);
    }
    scripts.sort();
    let wrong: Vec<String> = scripts
        .iter()
        .filter_map(|(path, script)| Some((path, finding(script)?, script)))
        .filter(|(_, _, script)| takes("bash", script) || takes("sh", script))
        .map(|(path, finding, _)| format!("{}: {finding}", path.display()))
        .collect();
    // Every Debian has some.
    assert!(
        scripts.len() > 10,
        "only {} scripts were looked at",
        scripts.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Adds the shell scripts of a folder and its folders.
fn collect(folder: &Path, depth: usize, scripts: &mut Vec<(PathBuf, String)>) {
    // Some folders are not everybody's to read.
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        if scripts.len() == MOST_SYSTEM_SCRIPTS {
            return;
        }
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else {
            continue;
        };
        if kind.is_dir() && depth > 0 {
            collect(&path, depth - 1, scripts);
        } else if kind.is_file()
            && is_script(&path).unwrap_or_default()
            && let Ok(script) = std::fs::read_to_string(&path)
        {
            scripts.push((path, script));
        }
    }
}

/// Whether a file's first line names a shell.
fn is_script(path: &Path) -> std::io::Result<bool> {
    use std::io::Read as _;
    let mut start = [0; 64];
    let length = std::fs::File::open(path)?.read(&mut start)?;
    let start = String::from_utf8_lossy(&start[..length]).into_owned();
    let line = start.lines().next().unwrap_or_default();
    let program = line.strip_prefix("#!").and_then(|line| {
        let mut words = line.split_whitespace();
        let program = words.next()?.rsplit('/').next()?;
        if program == "env" {
            words.next()
        } else {
            Some(program)
        }
    });
    Ok(matches!(program, Some("sh" | "bash" | "dash")))
}
