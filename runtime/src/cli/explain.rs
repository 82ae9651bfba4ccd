//! `loom-runtime explain`: what the code of a finding means.

use std::fmt::Write;

use loom_workflow::{Code, Level, codes};

use super::args::ExplainArgs;
use super::{Exit, data, talk};

pub(super) fn explain(args: &ExplainArgs) -> Exit {
    let Some(text) = &args.code else {
        data::print(&list());
        return Exit::Success;
    };
    // People paste what they see: `error[schema/type]`.
    let wanted = text
        .rsplit_once('[')
        .map_or(text.as_str(), |(_, code)| code)
        .trim_end_matches(']');
    let wanted = wanted.to_ascii_lowercase();
    if let Some(code) = Code::find(&wanted) {
        data::print(&explanation(code));
        return Exit::Success;
    }
    talk::error(&format!("no finding has the code `{wanted}`"));
    talk::help(&help(&Code::meant(&wanted)));
    Exit::Usage
}

/// What to do next, when these codes may have been meant.
fn help(meant: &[Code]) -> String {
    let names: Vec<String> = meant.iter().map(|code| format!("`{code}`")).collect();
    if names.is_empty() {
        "`loom-runtime explain` lists all codes".to_owned()
    } else {
        format!("did you mean {}?", names.join(" or "))
    }
}

fn explanation(code: Code) -> String {
    let info = code.info();
    let severity = info.severity.as_str();
    let level = match info.level {
        Level::Schema => "the language does not allow it",
        Level::Lint => "the file is valid, but goes wrong when it runs",
        Level::Engine => "this version of Loom does not do it",
    };
    let mut out = format!("{severity}[{code}]: {}\n({level})\n", info.title);
    let page = code.entry();
    for paragraph in page.explanation.split("\n\n") {
        out.push('\n');
        wrap(paragraph, &mut out);
    }
    if !page.examples.is_empty() {
        out.push('\n');
        examples(page.examples, &mut out);
    }
    out
}

/// The examples as a terminal shows them: indented instead of fenced, with the path of the file where it matters.
fn examples(markdown: &str, out: &mut String) {
    let mut inside = false;
    for line in markdown.lines() {
        if let Some(info) = line.strip_prefix("```") {
            inside = !inside;
            if let Some((_, path)) = info.split_once(' ') {
                out.push_str(path);
                out.push_str(":\n");
            }
        } else {
            out.push_str(if inside && !line.is_empty() { "    " } else { "" });
            out.push_str(line);
            out.push('\n');
        }
    }
}

fn list() -> String {
    let width = codes::all()
        .iter()
        .map(|code| code.as_str().len())
        .max()
        .unwrap_or_default();
    codes::all().iter().fold(String::new(), |mut out, code| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:width$}  {}", code.as_str(), code.info().title);
        out
    })
}

/// Breaks a paragraph into lines that fit a terminal of 80 columns.
fn wrap(text: &str, out: &mut String) {
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > 80 {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_an_explanation_of_short_lines() {
        for code in codes::all() {
            let text = explanation(*code);
            assert!(text.lines().count() > 3, "{text}");
            let mut prose = text.lines().skip(1).filter(|line| !line.starts_with("    "));
            assert!(prose.all(|line| line.chars().count() <= 80), "{text}");
        }
        assert_eq!(list().lines().count(), codes::all().len());
    }

    #[test]
    fn a_code_without_its_area_is_guessed() {
        assert_eq!(
            help(&Code::meant("unknown-key")),
            "did you mean `schema/unknown-key`?"
        );
        assert_eq!(
            help(&Code::meant("matrix")),
            "did you mean `schema/matrix` or `engine/matrix`?"
        );
        assert!(help(&Code::meant("nothing-like-it")).contains("lists all codes"));
    }

    #[test]
    fn examples_are_indented_and_name_their_files() {
        let mut out = String::new();
        examples(
            "Wrong:\n\n```yaml action.yml\na:\n\nb:\n```\n\nRight:\n",
            &mut out,
        );
        assert_eq!(out, "Wrong:\n\naction.yml:\n    a:\n\n    b:\n\nRight:\n");
    }
}
