//! Findings that are meant to be: `# loom: ignore[lint/script-injection] the title is checked before`.
//!
//! Behind something, it is about that line, and behind the head of a block (`run: |`) about the block as well; in a line of
//! its own it is about the key or item below, with all that is in it. Lints can be ignored and nothing else: what a run is refused for does not go away by being unseen.

use std::ops::RangeInclusive;

use crate::codes::{self, Code, Level};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Position, Source};
use crate::span::Span;
use crate::words::{self, name};

/// What a comment begins with that is about findings, in this order: letter case and spaces do not matter.
const MARK: [&str; 2] = ["loom:", "ignore"];

/// One code that one comment names.
struct Ignored {
    code: Code,
    /// The lines that it is about.
    lines: RangeInclusive<usize>,
    /// Where the code is written.
    span: Span,
    /// What to take out, that it is not there any more.
    removal: Span,
    used: bool,
}

/// Takes out what the comments of a file say is meant, and reports comments that are wrong. `unused`: whether comments for which
/// nothing was found are reported; where not all rules ran, that is no news.
pub(crate) fn apply(source: &Source, unused: bool, diagnostics: Diagnostics) -> Diagnostics {
    // Most files have none, and their lines need not be looked at.
    let lines = || source.text().split(['\n', '\r']);
    if !source.text().contains('#') || !lines().any(|line| split(line).is_some()) {
        return diagnostics;
    }
    let mut reports = Vec::new();
    let mut ignored = comments(source, &mut reports);
    let mut kept = diagnostics.without(|diagnostic| {
        let Some(span) = diagnostic.span() else {
            return false;
        };
        let line = source.position(span.start).line;
        let fits = |one: &&mut Ignored| one.code == diagnostic.code && one.lines.contains(&line);
        let mut by = ignored.iter_mut().filter(fits).peekable();
        let is_ignored = by.peek().is_some();
        by.for_each(|one| one.used = true);
        is_ignored
    });
    // What a cut list left out may be what a comment is about.
    if unused && kept.omitted() == 0 {
        for one in ignored.iter().filter(|one| !one.used) {
            reports.push(
                Diagnostic::new(
                    codes::IGNORE_UNUSED,
                    format!("nothing here has the code `{}`", one.code),
                )
                .at(one.span, "ignores nothing")
                .help("remove it")
                // In a text of several lines it may be part of what is written somewhere.
                .guess(one.removal, "", !is_in_block(source, one.span)),
            );
        }
    }
    for report in reports {
        kept.push(report);
    }
    kept.finish()
}

/// Whether a line is part of a block scalar (`|`, `>`).
fn is_in_block(source: &Source, span: Span) -> bool {
    let indent_of = |text: &str| text.len() - text.trim_start().len();
    let mut number = source.position(span.start).line;
    let mut indent = source.line(number).map_or(0, indent_of);
    while number > 1 && indent > 0 {
        number -= 1;
        let Some(text) = source.line(number).filter(|text| !text.trim().is_empty()) else {
            continue;
        };
        if indent_of(text) >= indent {
            continue;
        }
        indent = indent_of(text);
        if begins_block(text) {
            return true;
        }
    }
    false
}

/// Whether a block scalar begins at the end of a line.
fn begins_block(line: &str) -> bool {
    let value = line.split(" #").next().unwrap_or_default().trim_end();
    let head = value.trim_end_matches(|last: char| last.is_ascii_digit() || matches!(last, '+' | '-'));
    let before = head.strip_suffix(['|', '>']);
    before.is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']))
}

fn comments(source: &Source, reports: &mut Vec<Diagnostic>) -> Vec<Ignored> {
    let mut found = Vec::new();
    for line in 1.. {
        let Some(text) = source.line(line) else { break };
        let Some((before, after)) = split(text) else {
            continue;
        };
        let at = |byte: usize| {
            let column = text.get(..byte).unwrap_or_default().chars().count() + 1;
            source.offset(Position { line, column }).unwrap_or_default()
        };
        let start = at(before);
        let comment = Span::new(start, start + text.len() - before);
        let list = after.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let Some((list, _)) = list.filter(|(list, _)| !list.trim().is_empty()) else {
            reports.push(
                Diagnostic::new(codes::IGNORE, "the comment ignores nothing")
                    .at(comment, "no code stands here between `[` and `]`")
                    .help("name what is meant: `# loom: ignore[lint/script-injection] why`"),
            );
            continue;
        };
        let lines = if text.get(..before).unwrap_or_default().trim().is_empty() {
            below(source, line)
        } else if begins_block(text) {
            line..=*within(source, line).end()
        } else {
            line..=line
        };
        let whole = whole(source, line, start);
        let parts: Vec<&str> = list.split(',').collect();
        let mut begin = text.len() - after.len() + 1;
        for (index, written) in parts.iter().enumerate() {
            let code = written.trim();
            let first = at(begin + (written.len() - written.trim_start().len()));
            let removal = match (parts.len(), index) {
                (1, _) => whole,
                // With the comma in front, or behind the first.
                (_, 0) => {
                    let next = parts.get(1).copied().unwrap_or_default();
                    let spaces = next.len() - next.trim_start().len();
                    Span::new(at(begin), at(begin + written.len() + 1 + spaces))
                }
                _ => Span::new(at(begin - 1), at(begin + written.len())),
            };
            begin += written.len() + 1;
            let span = Span::new(first, first + code.len());
            match Code::find(code) {
                Some(code) if code.info().level == Level::Lint => found.push(Ignored {
                    code,
                    lines: lines.clone(),
                    span,
                    removal,
                    used: false,
                }),
                Some(code) => reports.push(
                    Diagnostic::new(codes::IGNORE, format!("`{code}` cannot be ignored"))
                        .at(span, "a run is refused for it")
                        .help("mend what it says; lints alone can be ignored"),
                ),
                None => reports.push(unknown(code, span)),
            }
        }
    }
    found
}

fn unknown(code: &str, span: Span) -> Diagnostic {
    let report = Diagnostic::new(codes::IGNORE, format!("there is no code {}", name(code)))
        .at(span, "nothing has this code");
    match Code::meant(code).as_slice() {
        [] => report.help("`loom-runtime explain` lists all codes"),
        [one] => report.help(format!("did you mean `{one}`?")).guess(
            span,
            one.as_str(),
            words::is_certain(code, one.as_str(), lints(), false),
        ),
        [one, ..] => report.help(format!("did you mean `{one}`?")),
    }
}

/// A comment that begins at `start`, with the spaces before it; with its line where nothing else stands in it.
fn whole(source: &Source, line: usize, start: usize) -> Span {
    let text = source.text();
    let before = text
        .get(..start)
        .unwrap_or_default()
        .trim_end_matches([' ', '\t']);
    let after = text.get(start..).unwrap_or_default();
    let end = start + after.find(['\n', '\r']).unwrap_or(after.len());
    let is_alone = before.is_empty() || before.ends_with(['\n', '\r']);
    match source.offset(Position {
        line: line + 1,
        column: 1,
    }) {
        Some(next) if is_alone => Span::new(before.len(), next),
        _ => Span::new(before.len(), end),
    }
}

fn lints() -> impl Iterator<Item = &'static str> {
    let all = codes::all()
        .iter()
        .filter(|code| code.info().level == Level::Lint);
    all.map(|code| code.as_str())
}

/// Where a comment of ours begins in a line, and what follows its first words.
fn split(line: &str) -> Option<(usize, &str)> {
    let mut from = 0;
    while let Some(at) = line.get(from..)?.find('#').map(|at| from + at) {
        let begins = line
            .get(..at)?
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace);
        let words = MARK.iter().try_fold(line.get(at + 1..)?, |rest, word| {
            let rest = rest.trim_start();
            let (first, after) = rest.split_at_checked(word.len())?;
            first.eq_ignore_ascii_case(word).then_some(after)
        });
        if let Some(after) = words.filter(|_| begins) {
            return Some((at, after.trim_start()));
        }
        from = at + 1;
    }
    None
}

/// The key or item below a comment, with all that is in it: the lines that follow and stand further in.
fn below(source: &Source, comment: usize) -> RangeInclusive<usize> {
    let mut first = comment + 1;
    while source
        .line(first)
        .is_some_and(|text| is_blank(text) || is_comment(text))
    {
        first += 1;
    }
    within(source, first)
}

/// The key or item that begins in a line, with all that is in it.
fn within(source: &Source, first: usize) -> RangeInclusive<usize> {
    let Some(head) = source.line(first) else {
        return first..=first;
    };
    let is_item = |text: &str| {
        let rest = text.trim_start().strip_prefix('-');
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    let (outer, of_list) = (indent(head), is_item(head));
    let mut last = first;
    let mut line = first + 1;
    while let Some(text) = source.line(line) {
        // A list may stand as far out as the key that it is the value of.
        let is_inside = indent(text) > outer || (!of_list && indent(text) == outer && is_item(text));
        if is_inside {
            last = line;
        } else if !is_blank(text) && !is_comment(text) {
            // Comments stand as far out as they like.
            break;
        }
        line += 1;
    }
    first..=last
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn is_comment(text: &str) -> bool {
    text.trim_start().starts_with('#')
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use crate::{Dialect, Source, load};

    /// The codes that are found, with their lines.
    fn found(text: &str) -> Vec<String> {
        let source = Source::new("ci.yml", text);
        let found = load(&source, Dialect::GitHub).diagnostics;
        found
            .iter()
            .map(|one| {
                let line = one.span().map_or(0, |span| source.position(span.start).line);
                format!("{line} {}", one.code)
            })
            .collect()
    }

    const INJECTED: &str = "echo ${{ github.event.issue.title }}";

    fn steps(steps: &str) -> String {
        format!("on: issues\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{steps}")
    }

    #[test]
    fn a_comment_is_about_its_line_or_what_is_below_it() {
        let code = "# loom: ignore[lint/script-injection]";
        let injected = "lint/script-injection";
        for (written, want) in [
            (
                format!("      - run: {INJECTED}\n"),
                vec![format!("6 {injected}")],
            ),
            (format!("      - run: {INJECTED} {code} it is ours\n"), vec![]),
            (
                format!("      {code}\n      - run: {INJECTED}\n      - run: {INJECTED}\n"),
                vec![format!("8 {injected}")],
            ),
            (
                format!(
                    "      - name: x\n        {code}\n        run: |\n          true\n\n          {INJECTED}\n"
                ),
                vec![],
            ),
            (
                format!("      - run: |\n          {code}\n          {INJECTED}\n          {INJECTED}\n"),
                vec![format!("9 {injected}")],
            ),
            // Behind the head of a block it is about the block, and no further.
            (
                format!(
                    "      - name: x\n        run: | {code}\n          true\n          {INJECTED}\n        env: {{A: b}}\n      - run: {INJECTED}\n"
                ),
                vec![format!("11 {injected}")],
            ),
            (
                format!(
                    "      - run: >- {code}\n\n          {INJECTED}\n      - run: |\n          {INJECTED}\n"
                ),
                vec![format!("10 {injected}")],
            ),
            // Comments do not end what is below one, wherever they stand.
            (
                format!("      {code}\n      - name: x\n# out here\n        run: {INJECTED}\n"),
                vec![],
            ),
            (
                format!("      {code}\n      -\n        run: {INJECTED}\n      -\n        run: {INJECTED}\n"),
                vec![format!("10 {injected}")],
            ),
            (
                format!("      - run: x {code}\n      - run: {INJECTED}\n"),
                vec!["6 lint/unused-ignore".to_owned(), format!("7 {injected}")],
            ),
        ] {
            assert_eq!(found(&steps(&written)), want, "{written}");
        }
        let above = steps(&format!("      - run: {INJECTED}\n"))
            .replace("    steps:", &format!("    {code}\n    steps:"));
        assert_eq!(found(&above), [""; 0]);
        let list = above.replace("      - run", "    - run");
        assert_eq!(found(&list), [""; 0]);
    }

    #[test]
    fn it_is_written_in_several_ways() {
        for comment in [
            "#loom:ignore[lint/script-injection]",
            "#  loom:  ignore [ lint/script-injection ]",
            "# Loom: Ignore[lint/script-injection] why",
            "# why # loom: ignore[lint/script-injection]",
        ] {
            let text = steps(&format!("      - run: {INJECTED} {comment}\n"));
            assert_eq!(found(&text), [""; 0], "{comment}");
        }
        for comment in [
            "# loom ignore[lint/script-injection]",
            "# xloom: ignore[lint/script-injection]",
        ] {
            let text = steps(&format!("      - run: {INJECTED} {comment}\n"));
            assert_eq!(found(&text), ["6 lint/script-injection"], "{comment}");
        }
    }

    #[test]
    fn what_cannot_be_ignored_is_said() {
        for (comment, want) in [
            ("# loom: ignore", "lint/ignore"),
            ("# loom: ignore[]", "lint/ignore"),
            ("# loom: ignore[lint/script-injecton]", "lint/ignore"),
            ("# loom: ignore[schema/unknown-key]", "lint/ignore"),
            ("# loom: ignore[lint/pattern, lint/pattern]", "lint/unused-ignore"),
        ] {
            let found = found(&steps(&format!("      - run: x {comment}\n")));
            assert!(
                found.iter().all(|one| one == &format!("6 {want}")) && !found.is_empty(),
                "{comment}: {found:?}"
            );
        }
        assert_eq!(found(&steps("      - run: 'echo x#loom: ignore'\n")), [""; 0]);
    }
}
