//! Reading a source: again where a line of text in quotes is not indented, as the parser wants it.

use super::build;
use super::indented::{Indented, end_of_quoted};
use super::limits::Limits;
use super::node::Node;
use super::report;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Source;

/// Reads the one document of a source. `None` when there is no tree to speak of: the text is not YAML, is empty, or
/// asks for more than the limits; a diagnostic says so. Smaller mistakes are reported and leave the rest readable.
#[must_use]
pub fn parse(source: &Source, limits: &Limits, diagnostics: &mut Diagnostics) -> Option<Node> {
    if let Some(defect) = source.defect() {
        diagnostics.push(report::defect(defect, limits));
        return None;
    }
    let length = source.text().len();
    if length > limits.bytes {
        diagnostics.push(report::too_large(u64::try_from(length).ok(), limits));
        return None;
    }
    let mut text = Indented::new(source.text());
    let mut indented: Option<Run> = None;
    loop {
        let mut found = Diagnostics::new();
        let broken = match build::read(source, &text, limits, &mut found) {
            Ok(root) => {
                diagnostics.extend(found);
                return root;
            }
            Err(broken) => *broken,
        };
        let place = text.written(broken.place);
        let line = source.position(place).line;
        if let Some(Unindented { spaces, after }) = broken.unindented {
            let end = end_of_quoted(source.text(), after, place).unwrap_or(place);
            if text.indent(broken.place, end - place, spaces) {
                let last = source.position(end).line;
                indented = Some(Run::with(indented, line, last, broken.finding));
                continue;
            }
        }
        // Where the text in quotes is followed by what cannot follow, it was not meant to go on there.
        let finding = match indented {
            Some(run) if run.last == line => run.finding,
            _ => broken.finding,
        };
        diagnostics.extend(found);
        diagnostics.push(finding);
        return None;
    }
}

/// Lines that follow each other and had to be indented.
struct Run {
    last: usize,
    /// What is said of the first of them.
    finding: Diagnostic,
}

impl Run {
    fn with(before: Option<Self>, first: usize, last: usize, finding: Diagnostic) -> Self {
        match before {
            Some(run) if run.last + 1 == first => Self { last, ..run },
            _ => Self { last, finding },
        }
    }
}

/// The text is not YAML.
pub(super) struct Broken {
    /// Where, in the text that the parser read.
    pub(super) place: usize,
    /// Where a line of text in quotes is not indented.
    pub(super) unindented: Option<Unindented>,
    pub(super) finding: Diagnostic,
}

/// A line of text in quotes that is not indented.
pub(super) struct Unindented {
    /// With how many spaces it is.
    pub(super) spaces: usize,
    /// Behind what the text begins, in the source.
    pub(super) after: usize,
}
