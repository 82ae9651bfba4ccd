//! Findings as workflow commands, which a job on GitHub turns into annotations of its commit.

use std::path::Path;

use loom_workflow::{Diagnostic, Severity, Source};

use super::super::places::Root;

/// The command for a finding, with its line break.
pub(super) fn command(root: &Root, source: &Source, diagnostic: &Diagnostic) -> String {
    let kind = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let file = root
        .name(source.name())
        .unwrap_or_else(|elsewhere| shown(&elsewhere));
    let mut properties = vec![("file", file)];
    if let Some(span) = diagnostic.span() {
        let start = source.position(span.start);
        let mut end = source.position(span.end);
        if end.line > start.line && end.column == 1 {
            // Up to a line break: that is the line before.
            end.line -= 1;
            end.column = usize::MAX;
        }
        properties.push(("line", start.line.to_string()));
        properties.push(("endLine", end.line.to_string()));
        // GitHub takes columns of one line only.
        if start.line == end.line && end.column < usize::MAX {
            properties.push(("col", start.column.to_string()));
            properties.push(("endColumn", end.column.to_string()));
        }
    }
    properties.push(("title", diagnostic.code.to_string()));
    let properties: Vec<String> = properties
        .iter()
        .map(|(name, value)| format!("{name}={}", property(value)))
        .collect();
    format!(
        "::{kind} {}::{}\n",
        properties.join(","),
        text(&message_of(diagnostic))
    )
}

/// What is wrong, why, and what to do, a line each.
fn message_of(diagnostic: &Diagnostic) -> String {
    let mut lines = match diagnostic.label() {
        Some(label) => format!("{}: {label}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    for cause in diagnostic.causes() {
        lines += &format!("\n{cause}");
    }
    if let Some(help) = &diagnostic.help {
        lines += &format!("\n{help}");
    }
    lines
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Escaped as the text of a command.
fn text(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escaped as the value of a property.
fn property(value: &str) -> String {
    text(value).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use loom_workflow::{Span, codes};

    #[test]
    fn a_finding_is_one_line_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let root = Root::around(folder.path());
        let file = folder.path().join("a,b:c%.yml").display().to_string();
        let source = Source::new(file, "ab: 1\nc: |\n  2\n  3\nd: 1\n");
        let found =
            |start, end| Diagnostic::new(codes::TIMEOUT, "50% of `a`\nb").at(Span::new(start, end), "why");
        for (start, end, want) in [
            (0, 2, "line=1,endLine=1,col=1,endColumn=3"),
            (6, 18, "line=2,endLine=4"),
            (6, 17, "line=2,endLine=4"),
        ] {
            assert_eq!(
                command(&root, &source, &found(start, end).help("do it")),
                format!(
                    "::error file=a%2Cb%3Ac%25.yml,{want},title=lint/timeout::50%25 of `a`%0Ab: why%0Ado it\n"
                )
            );
        }
    }
}
