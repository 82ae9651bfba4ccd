//! What only people and the marketplace read of an action.

use std::sync::LazyLock;

use super::action::text;
use super::checked::value;
use super::context::{Context, Owner, What};
use super::fields::{Fields, read_mapping};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::schema::action_keys::BRANDING;
use crate::tree::{Node, Scalar};
use crate::words::{self, alternatives, closest, name};

/// The colours that a badge can have.
static COLORS: &[&str] = &[
    "white",
    "black",
    "yellow",
    "blue",
    "green",
    "orange",
    "red",
    "purple",
    "gray-dark",
];

/// The icons that a badge can have, with comments.
static ICONS_TEXT: &str = include_str!("../../data/icons.txt");

static ICONS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let lines = ICONS_TEXT.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});

impl Context<'_> {
    pub(super) fn metadata(&mut self, fields: &Fields<'_>, root: &Node) {
        // Runners want neither a name nor a description. Who gives an action a badge wants to publish it, which needs both.
        if let Some(branding) = fields.value("branding").and_then(Node::as_mapping) {
            self.described(fields, "name", root);
            // GitHub's documentation lets composite actions go without.
            let using = fields
                .value("runs")
                .and_then(|runs| value(runs.as_mapping()?, "using")?.as_scalar());
            if !using.is_some_and(|using| using.text.eq_ignore_ascii_case("composite")) {
                self.described(fields, "description", root);
            }
            let owner = Owner::new(What::Key("branding"), None);
            let badge = read_mapping(self, &BRANDING, branding, &owner);
            self.badge(&badge, "icon", &ICONS);
            self.badge(&badge, "color", COLORS);
        }
    }

    fn described(&mut self, fields: &Fields<'_>, key: &str, root: &Node) {
        if text(fields, key).is_some_and(|text| !text.is_empty()) {
            return;
        }
        self.report(
            Diagnostic::new(codes::ACTION_METADATA, format!("the action has no `{key}`"))
                .at(root.mark(), format!("`{key}` is missing here"))
                .help(format!(
                    "add `{key}`: GitHub wants it of every action that is published"
                )),
        );
    }

    /// Checks a word of the badge.
    fn badge(&mut self, badge: &Fields<'_>, key: &str, known: &[&'static str]) {
        let Some(node) = badge.value(key) else { return };
        let word = node.as_scalar().map(Scalar::to_text).unwrap_or_default();
        if word.is_empty() || known.iter().any(|one| one.eq_ignore_ascii_case(&word)) {
            return;
        }
        let thing = if key == "color" { "colour" } else { key };
        let diagnostic = Diagnostic::new(
            codes::ACTION_METADATA,
            format!("`{key}` of `branding` cannot be {}", name(&word)),
        )
        .at(node.mark(), format!("the marketplace has no such {thing}"));
        let diagnostic = if let Some(near) = closest(&word, known.iter().copied()) {
            let is_certain = words::is_certain(&word, near, known.iter().copied(), false);
            diagnostic
                .help(format!("did you mean `{near}`?"))
                .guess(node.span, near, is_certain)
        } else if key == "icon" {
            diagnostic.help("it can be most icons of Feather 4.28.0: GitHub's documentation of `branding.icon` lists them")
        } else {
            diagnostic.help(format!("it can be {}", alternatives(known)))
        };
        self.report(diagnostic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_is_a_word_and_there_once() {
        let mut seen = std::collections::HashSet::new();
        for icon in ICONS.iter() {
            assert!(seen.insert(icon), "{icon} is there twice");
            let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(icon.bytes().all(is_word), "{icon}");
        }
        assert!(seen.len() > 200, "{}", seen.len());
    }
}
