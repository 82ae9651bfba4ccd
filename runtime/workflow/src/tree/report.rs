//! The findings of the tree that need no more than a place.

use granit_parser::Tag;

use super::limits::Limits;
use crate::codes;
use crate::defect::Defect;
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::words::{name, plain};

pub(super) fn empty() -> Diagnostic {
    Diagnostic::new(codes::YAML_EMPTY, "the file is empty")
        .at(Span::point(0), "")
        .help("a workflow needs at least `jobs` with one job and its `steps`")
}

pub(super) fn second_document(span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::YAML_MULTIPLE_DOCUMENTS,
        "the file has more than one document",
    )
    .at(span, "a second document starts here")
    .help("a workflow file holds one workflow: put the other one in a file of its own")
}

pub(super) fn too_deep(span: Span, depth: usize) -> Diagnostic {
    Diagnostic::new(
        codes::YAML_TOO_DEEP,
        format!("more than {depth} lists and mappings inside each other"),
    )
    .at(Span::point(span.start), "too deep from here on")
    .help("a workflow needs about ten levels; is a bracket not closed?")
}

pub(super) fn too_much(span: Span, limits: &Limits) -> Diagnostic {
    let Limits { nodes, text, .. } = limits;
    Diagnostic::new(
        codes::YAML_TOO_MUCH,
        format!("the file stands for more than {nodes} values or {text} bytes of text"),
    )
    .at(Span::point(span.start), "too much from here on")
    .help("an alias counts as all that it repeats")
}

pub(super) fn unknown_anchor(anchor: &str, span: Span) -> Diagnostic {
    let help = format!(
        "mark a value with `&{}` above, or put quotes around text that starts with `*`",
        plain(anchor)
    );
    Diagnostic::new(
        codes::YAML_UNKNOWN_ANCHOR,
        format!("no anchor {} before this", name(anchor)),
    )
    .at(span, "this repeats a value that does not exist")
    .help(help)
}

pub(super) fn recursive_alias(span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::YAML_RECURSIVE_ALIAS,
        "this alias stands inside the value it repeats",
    )
    .at(span, "would contain itself")
    .help("remove the alias, or put its anchor on a smaller value")
}

/// A tag on something that it does not fit; `value` is what messages call that.
pub(super) fn bad_tag(tag: &Tag, value: &str, span: Span) -> Diagnostic {
    let written = tag.original();
    if tag.is_yaml_core_schema() && value == "nothing" {
        Diagnostic::new(
            codes::YAML_TAG,
            format!("{} stands before an empty value", name(&written)),
        )
        .at(span, "nothing follows that it could be the type of")
        .help("remove the tag, or write the value")
    } else if tag.is_yaml_core_schema() {
        Diagnostic::new(
            codes::YAML_TAG,
            format!("the tag {} does not fit {value}", name(&written)),
        )
        .at(span, "of another type")
        .help("remove the tag, or change the value")
    } else {
        Diagnostic::new(codes::YAML_TAG, format!("unknown tag {}", name(&written)))
            .at(span, "has this tag")
            .help("remove the tag; text that starts with `!` needs quotes")
    }
}

/// A value was given a name that nothing uses.
pub(super) fn unused_anchor(text: &str, written: &str, span: Span) -> Diagnostic {
    // With the blanks that divide it from its value, or else from its key.
    let rest = text.get(span.end..).unwrap_or_default();
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    let before = text.get(..span.start).unwrap_or_default();
    let whole = if rest.trim_start_matches(' ').starts_with(['\n', '\r']) {
        Span::new(before.trim_end_matches(' ').len(), span.end)
    } else {
        Span::new(span.start, span.end + blanks)
    };
    Diagnostic::new(
        codes::YAML_UNUSED_ANCHOR,
        format!("no alias repeats {}", name(written)),
    )
    .at(span, "never used")
    .help("remove it, or repeat the value with `*` and the name")
    .fix(whole, "")
}

/// The finding about a file that has no text.
pub(super) fn defect(defect: &Defect, limits: &Limits) -> Diagnostic {
    match defect {
        Defect::TooLarge { length } => too_large(*length, limits),
        Defect::Byte { at, byte } => {
            let sign = char::REPLACEMENT_CHARACTER.len_utf8();
            Diagnostic::new(codes::YAML_ENCODING, "the file is not UTF-8 text")
                .at(
                    Span::new(*at, *at + sign),
                    format!("the byte 0x{byte:02X} is no part of a character here"),
                )
                .help("save the file as UTF-8; is it a workflow?")
        }
        Defect::Utf16 => Diagnostic::new(codes::YAML_ENCODING, "the file is UTF-16, not UTF-8")
            .at(Span::point(0), "begins with the byte order mark of UTF-16")
            .help("save the file as UTF-8"),
    }
}

/// The finding about a file that is too large, with its length where that is known.
pub(super) fn too_large(length: Option<u64>, limits: &Limits) -> Diagnostic {
    let message = match length {
        Some(length) => format!("the file is too large: {length} bytes"),
        None => format!("the file is too large: more than {} bytes", limits.bytes),
    };
    Diagnostic::new(codes::YAML_TOO_LARGE, message)
        .at(Span::point(0), "")
        .help(format!(
            "files of up to {} bytes are read; is this a workflow?",
            limits.bytes
        ))
}
