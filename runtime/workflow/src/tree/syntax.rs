//! What the parser objects to, in words for people who did not write a YAML parser.

use granit_parser::{ErrorKind, ScanError};

use super::report;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::span::Span;
use crate::words::name;

/// The finding for a text that is not YAML, and where in it.
pub(super) fn explain(source: &Source, error: &ScanError, offset: usize, depth: usize) -> Diagnostic {
    let offset = offset.min(source.text().len());
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return report::too_deep(Span::point(offset), depth);
    }
    if let ErrorKind::UnexpectedCharacter { character } = error.kind()
        && !is_text(*character)
    {
        return no_text(source, offset, *character);
    }
    if matches!(error.kind(), ErrorKind::UnknownQuotedScalarEscape)
        && let Some(diagnostic) = no_escape(source, offset)
    {
        return diagnostic;
    }
    let offset = if is_about_a_tab(error.kind()) {
        tab_after(source, offset)
    } else {
        offset
    };
    let (message, help) = words(error);
    let diagnostic =
        Diagnostic::new(codes::YAML_SYNTAX, message).at(mark(source, offset), "YAML cannot be read here");
    if help.is_empty() {
        diagnostic
    } else {
        diagnostic.help(help)
    }
}

/// A backslash between double quotes that is no escape with what follows.
fn no_escape(source: &Source, offset: usize) -> Option<Diagnostic> {
    let text = source.text();
    let behind = text.get(offset..).is_some_and(|rest| rest.starts_with('\\'));
    let start = if behind {
        offset
    } else {
        text.get(..offset)?.rfind('\\')?
    };
    let next = text
        .get(start + 1..)?
        .chars()
        .next()
        .filter(|next| !next.is_control())?;
    let span = Span::new(start, start + 1 + next.len_utf8());
    Some(
        Diagnostic::new(
            codes::YAML_SYNTAX,
            format!("`\\{next}` is no escape in double quotes"),
        )
        .at(span, "YAML cannot be read here")
        .help(format!("use single quotes, or `\\\\{next}`"))
        .fix(span, format!("\\\\{next}")),
    )
}

/// What is wrong, and what usually helps; the parser's own words for what nobody writes by accident.
fn words(error: &ScanError) -> (String, &'static str) {
    use ErrorKind as E;
    let (message, help) = match error.kind() {
        kind if is_about_a_tab(kind) => ("a tab stands where YAML wants spaces", "indent with spaces"),
        E::MappingValueNotAllowed | E::MappingKeyNotAllowed => (
            "a key stands where none can stand",
            "put quotes around a value that contains `: `, or check how the line is indented",
        ),
        E::InvalidColonPlacement | E::SimpleKeyExpected | E::InvalidSimpleKey => (
            "this `:` makes no key",
            "is a bracket or quote above it not closed, or the key longer than 1024 characters?",
        ),
        E::ExpectedBlockMappingKey => (
            "a key was expected here",
            "the line is indented differently from its neighbours, or a quote before it is not closed",
        ),
        E::ExpectedBlockSequenceEntry => (
            "a list item was expected here",
            "a key cannot stand among list items: put `- ` before it, or check how the line is indented",
        ),
        E::BlockSequenceEntryNotAllowed | E::BlockEntryInFlowCollection => (
            "a list item cannot begin here",
            "put `- ` on a line of its own, below the key",
        ),
        E::UnclosedFlowCollection { open } => {
            return (format!("`{open}` is never closed"), "close the bracket");
        }
        E::MismatchedFlowCollectionEnd { open, close } => {
            return (
                format!("`{open}` is closed by `{close}`"),
                "close each bracket by its own kind",
            );
        }
        E::MisplacedFlowCollectionEnd => (
            "this bracket closes nothing",
            "put quotes around text with brackets",
        ),
        E::UnexpectedEofFlowSequence | E::UnexpectedEofFlowMapping | E::UnexpectedEofImplicitFlowMapping => {
            ("a bracket is never closed", "close the bracket")
        }
        E::ExpectedFlowMappingSeparator | E::ExpectedFlowSequenceSeparator => (
            "a `,` or the closing bracket was expected here",
            "close the bracket, or put quotes around the text",
        ),
        E::UnexpectedCharacter { character } => {
            let character = character.to_string();
            let message = format!("a value cannot start with {}", name(&character));
            return (message, "put quotes around the value");
        }
        E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => {
            ("a quote is never closed", "close the quote")
        }
        E::InvalidQuotedScalarIndent => (
            "text in quotes goes on in a line that is not indented",
            "close the quote, or indent the line",
        ),
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => (
            "text goes on after its closing quote",
            "put the whole value in quotes; a quote inside is doubled in '…', and written \\\" in \"…\"",
        ),
        E::UnknownQuotedScalarEscape => ("no such escape", "use single quotes for text with backslashes"),
        E::ExpectedDocumentStart
        | E::InvalidIndentation
        | E::InvalidFlowScalarIndent
        | E::InvalidBlockScalarIndent => (
            "the line is indented in a way that fits nothing above it",
            "indent it like its neighbours, or deeper than its key",
        ),
        E::InvalidBlockScalarHeader => (
            "text follows `|` or `>` on the same line",
            "start the text on the next line, indented",
        ),
        E::MissingAnchorOrAliasName => (
            "`*` or `&` has no name behind it",
            "put quotes around text that starts with `*` or `&`",
        ),
        E::CommentNotSeparated => (
            "a `#` starts a comment only after a space",
            "put a space before it, or quotes around the text",
        ),
        _ => return (format!("this is not YAML: {}", error.info()), ""),
    };
    (message.to_owned(), help)
}

/// Whether YAML has this character at all, quoted or not: YAML 1.2, `c-printable`.
fn is_text(character: char) -> bool {
    let control = character.is_control() && !matches!(character, '\t' | '\n' | '\r' | '\u{85}');
    !control && !matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// The finding for a character that YAML does not have. The parser names the start of the value that it is in.
fn no_text(source: &Source, offset: usize, character: char) -> Diagnostic {
    let rest = source.text().get(offset..).unwrap_or_default();
    let at = offset + rest.find(character).unwrap_or_default();
    let kind = if character.is_control() {
        "control character"
    } else {
        "character"
    };
    let message = format!(
        "the {kind} U+{:04X} cannot stand in YAML text",
        u32::from(character)
    );
    Diagnostic::new(codes::YAML_SYNTAX, message)
        .at(mark(source, at), "not even in quotes")
        .help("remove it")
}

fn is_about_a_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar
    )
}

/// The tab that is meant: the first one from the line on that the parser was in.
fn tab_after(source: &Source, offset: usize) -> usize {
    let before = source.text().get(..offset).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let rest = source.text().get(line..).unwrap_or_default();
    rest.find('\t').map_or(offset, |at| line + at)
}

/// The character at a place, so that there is something to see.
fn mark(source: &Source, offset: usize) -> Span {
    let next = source.text().get(offset..).and_then(|rest| rest.chars().next());
    let length = next
        .filter(|c| !matches!(c, '\n' | '\r'))
        .map_or(0, char::len_utf8);
    Span::new(offset, offset + length)
}
