//! The text format.

use std::fmt::{Display, Result, Write as _};

/// What follows is of this metric.
pub(super) fn head(text: &mut String, name: &str, kind: &str, help: &str) -> Result {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

/// A metric without labels.
pub(super) fn single(text: &mut String, name: &str, kind: &str, help: &str, value: impl Display) -> Result {
    head(text, name, kind, help)?;
    writeln!(text, "{name} {value}")
}

/// The value of a label, as it stands between quotes.
pub(super) fn escaped(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
