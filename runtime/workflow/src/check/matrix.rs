//! A matrix must have combinations, and what is left out must be there.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::is_in;
use crate::model::{Job, MOST_COMBINATIONS, Workflow};
use crate::span::Span;
use crate::tree::{Entry, Kind, Mapping, Node};
use crate::words::{closest, name};

/// How many pairs of values are compared in one file: more than that nobody has written by hand.
const MOST: usize = 1_000_000;

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    let mut left = MOST;
    for job in workflow.jobs.values() {
        if let Some(matrix) = Matrix::of(job) {
            matrix.empty(diagnostics);
            matrix.shape(diagnostics);
            matrix.size(diagnostics);
            matrix.twice(&mut left, diagnostics);
            matrix.excluded(&mut left, diagnostics);
        }
    }
}

/// The matrix of a job, as written.
pub(super) struct Matrix<'a> {
    job: &'a Job,
    rows: Vec<&'a Entry>,
    include: Option<&'a Node>,
    exclude: Option<&'a Node>,
    /// Where it stands.
    span: Span,
    /// Whether all of it is written out: GitHub looks at it before the run then.
    plain: bool,
    /// Whether keys are missing that have been reported, or are computed.
    open: bool,
}

impl<'a> Matrix<'a> {
    pub(super) fn of(job: &'a Job) -> Option<Self> {
        let strategy = &job.fields.get("strategy")?.value;
        let strategy = strategy.as_mapping()?;
        let node = get(strategy, "matrix")?;
        let mapping = node.as_mapping()?;
        let mut rows = Vec::new();
        let mut open = mapping.incomplete;
        for entry in &mapping.entries {
            open |= is_in(&entry.key.text);
            if !matches!(&*entry.key.text, "include" | "exclude") {
                rows.push(entry);
            }
        }
        Some(Self {
            job,
            rows,
            include: get(mapping, "include"),
            exclude: get(mapping, "exclude"),
            span: node.mark(),
            plain: !strategy.entries.iter().any(|entry| computed(&entry.value)) && !computed(node),
            open,
        })
    }

    /// Every value that is written for a path of keys, `matrix.os.name` without the `matrix`.
    pub(super) fn values(&self, path: &[&str]) -> Vec<&'a Node> {
        let Some((key, rest)) = path.split_first() else {
            return Vec::new();
        };
        let rows = self
            .rows
            .iter()
            .filter(|row| row.key.text.eq_ignore_ascii_case(key));
        let rows = rows.flat_map(|row| row.value.as_sequence().into_iter().flatten());
        let included = self.included().filter_map(|mapping| get(mapping, key));
        rows.chain(included)
            .filter_map(|node| inner(node, rest))
            .collect()
    }

    fn included(&self) -> impl Iterator<Item = &'a Mapping> {
        let items = self.include.and_then(Node::as_sequence).into_iter().flatten();
        items.filter_map(Node::as_mapping)
    }

    fn empty(&self, diagnostics: &mut Diagnostics) {
        for row in &self.rows {
            if row.value.as_sequence().is_some_and(<[_]>::is_empty) {
                diagnostics.push(
                    Diagnostic::new(
                        codes::EMPTY_MATRIX,
                        format!(
                            "{} in the matrix of job {} has no values",
                            name(&row.key.text),
                            name(self.job.id.as_str())
                        ),
                    )
                    .at(row.value.span, "at least one value belongs here")
                    .help("give it a value, or remove the key: without values the job would not run at all"),
                );
            }
        }
    }

    /// What GitHub refuses of a matrix that is written out. Of one with expressions it says the same when the job is to run.
    fn shape(&self, diagnostics: &mut Diagnostics) {
        if !self.plain || self.open {
            return;
        }
        let is_empty = |node: Option<&Node>| {
            node.is_none_or(|node| node.as_sequence().is_some_and(<[_]>::is_empty) || node.is_null())
        };
        if self.rows.is_empty() && is_empty(self.include) {
            diagnostics.push(
                Diagnostic::new(
                    codes::MATRIX_SHAPE,
                    format!("the matrix of job {} is empty", name(self.job.id.as_str())),
                )
                .at(self.span, "neither a list of values nor an entry of `include`")
                .help("give it a list of values, e.g. `version: [20, 22]`, or remove it"),
            );
        }
        for (key, list) in [("include", self.include), ("exclude", self.exclude)] {
            for item in list.and_then(Node::as_sequence).into_iter().flatten() {
                if item.as_mapping().is_some_and(|item| item.entries.is_empty()) {
                    diagnostics.push(
                        Diagnostic::new(codes::MATRIX_SHAPE, format!("an entry of `{key}` is empty"))
                            .at(item.span, "a value belongs here")
                            .help("give it values, or remove it"),
                    );
                }
            }
        }
    }

    /// More combinations than GitHub runs. Each entry of `exclude` leaves out as many as its other keys have.
    fn size(&self, diagnostics: &mut Diagnostics) {
        let lengths = self
            .rows
            .iter()
            .map(|row| row.value.as_sequence().map_or(0, <[_]>::len));
        let product = lengths.fold(1_usize, usize::saturating_mul);
        if !self.plain || self.open || product <= MOST_COMBINATIONS {
            return;
        }
        let count = product.saturating_sub(self.left_out());
        if count > MOST_COMBINATIONS {
            diagnostics.push(
                Diagnostic::new(
                    codes::MATRIX_SIZE,
                    format!("the matrix of job {} is too large", name(self.job.id.as_str())),
                )
                .at(self.span, {
                    let least = if self.exclude.is_some() { " at least" } else { "" };
                    format!("these are {count} combinations{least}")
                })
                .help(format!(
                    "GitHub runs {MOST_COMBINATIONS} at most: leave some out, or do several in one job"
                )),
            );
        }
    }

    /// How many combinations `exclude` leaves out at most: each of its entries all that have its values.
    fn left_out(&self) -> usize {
        let values = self.rows.iter().filter_map(|row| row.value.as_sequence());
        let values: usize = values.map(<[_]>::len).sum();
        let excluded = self.exclude.and_then(Node::as_sequence).map_or(0, <[_]>::len);
        if values.saturating_mul(excluded) > MOST {
            return usize::MAX;
        }
        let mut left = MOST;
        let items = self.exclude.and_then(Node::as_sequence).into_iter().flatten();
        let entries = items.filter_map(Node::as_mapping).map(|entry| {
            let others = self.rows.iter().filter(|row| get(entry, &row.key.text).is_none());
            // Several values of a list may fit one that is a mapping; a list may have a value twice.
            let fitting = self.rows.iter().filter_map(|row| {
                let wanted = get(entry, &row.key.text)?;
                let values = row.value.as_sequence()?;
                let fitting = values.iter().filter(|value| covers(wanted, value, &mut left));
                Some(fitting.count())
            });
            let others = others.map(|row| row.value.as_sequence().map_or(0, <[_]>::len));
            others.chain(fitting).fold(1_usize, usize::saturating_mul)
        });
        let count = entries.fold(0, usize::saturating_add);
        if left == 0 { usize::MAX } else { count }
    }

    /// The same value twice makes the same job twice.
    fn twice(&self, left: &mut usize, diagnostics: &mut Diagnostics) {
        for row in &self.rows {
            let values = row.value.as_sequence().unwrap_or_default();
            for (index, value) in values.iter().enumerate() {
                *left = left.saturating_sub(index);
                if *left == 0 {
                    return;
                }
                let mut earlier = values.iter().take(index);
                let Some(first) = earlier.find(|first| !computed(value) && same(first, value, left)) else {
                    continue;
                };
                diagnostics.push(
                    Diagnostic::new(
                        codes::MATRIX_TWICE,
                        format!("{} has the same value twice", name(&row.key.text)),
                    )
                    .at(value.alias.unwrap_or_else(|| value.mark()), "again here")
                    .related(first.mark(), "first here")
                    .help("remove one of them: the same job would run twice"),
                );
            }
        }
    }

    fn excluded(&self, left: &mut usize, diagnostics: &mut Diagnostics) {
        // What is computed may have any key and value.
        let unknown = |node: Option<&Node>| node.is_some_and(|node| node.as_sequence().is_none());
        if self.open || unknown(self.include) || self.rows.iter().any(|row| is_in(&row.key.text)) {
            return;
        }
        let items = self.exclude.and_then(Node::as_sequence).into_iter().flatten();
        for entry in items
            .filter_map(Node::as_mapping)
            .flat_map(|mapping| &mapping.entries)
        {
            if is_in(&entry.key.text) {
                continue;
            }
            self.exclusion(entry, left, diagnostics);
        }
    }

    fn exclusion(&self, entry: &Entry, left: &mut usize, diagnostics: &mut Diagnostics) {
        let key = &*entry.key.text;
        let row = self
            .rows
            .iter()
            .find(|row| row.key.text.eq_ignore_ascii_case(key));
        let included: Vec<&Node> = self.included().filter_map(|mapping| get(mapping, key)).collect();
        let refused = self.plain && row.is_none();
        if refused || (row.is_none() && included.is_empty()) {
            let known = self.rows.iter().map(|row| &*row.key.text);
            let help = closest(key, known).map_or_else(
                || "name a key of the matrix".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            diagnostics.push(
                Diagnostic::new(
                    if refused {
                        codes::MATRIX_SHAPE
                    } else {
                        codes::MATRIX_EXCLUDE
                    },
                    format!("{} is excluded, and the matrix has no such key", name(key)),
                )
                .at(entry.key.span, "no list of the matrix")
                .help(help),
            );
            return;
        }
        let listed = match row.map(|row| &row.value) {
            Some(node) => match node.as_sequence() {
                Some(items) => items,
                None => return,
            },
            None => &[],
        };
        *left = left.saturating_sub(listed.len() + included.len());
        if *left == 0 || computed(&entry.value) {
            return;
        }
        // What `include` adds comes after what is excluded; only a key that it alone has may be meant so.
        let mut values = listed
            .iter()
            .chain(if row.is_some() { Vec::new() } else { included });
        let matches = values.any(|value| computed(value) || covers(&entry.value, value, left));
        // With nothing left, nobody knows.
        if !matches && *left > 0 {
            diagnostics.push(
                Diagnostic::new(
                    codes::MATRIX_EXCLUDE,
                    format!("no combination of the matrix has this {}", name(key)),
                )
                .at(
                    entry.value.alias.unwrap_or_else(|| entry.value.mark()),
                    "nothing is excluded by this",
                )
                .help("take one of the values that the matrix has"),
            );
        }
    }
}

/// The keys behind `matrix`, when a text is nothing but `${{ matrix.KEY… }}`.
pub(super) fn reference(text: &str) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix("${{")?.strip_suffix("}}")?.trim();
    let mut parts = inner.split('.');
    let matrix = parts.next()?;
    let word = |part: &&str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let path: Vec<&str> = parts.collect();
    (matrix.eq_ignore_ascii_case("matrix") && !path.is_empty() && path.iter().all(word)).then_some(path)
}

fn get<'a>(mapping: &'a Mapping, key: &str) -> Option<&'a Node> {
    let mut entries = mapping.entries.iter();
    entries
        .find(|entry| entry.key.text.eq_ignore_ascii_case(key))
        .map(|entry| &entry.value)
}

fn inner<'a>(node: &'a Node, path: &[&str]) -> Option<&'a Node> {
    let mut node = node;
    for key in path {
        node = get(node.as_mapping()?, key)?;
    }
    Some(node)
}

/// Whether any part of a value is known only when it runs, or wrong.
fn computed(node: &Node) -> bool {
    match &node.kind {
        Kind::Scalar(scalar) => is_in(&scalar.text),
        Kind::Sequence(items) => items.iter().any(computed),
        Kind::Mapping(mapping) => {
            mapping.incomplete
                || mapping
                    .entries
                    .iter()
                    .any(|entry| is_in(&entry.key.text) || computed(&entry.value))
        }
        Kind::Invalid => true,
    }
}

/// Whether two values are the same, as text where they are scalars: `1` and `'1'` make jobs that nobody can tell apart.
/// Takes what it costs to find out from `left`; with nothing left, no two values are the same.
fn same(one: &Node, other: &Node, left: &mut usize) -> bool {
    if !pay(one, other, left) {
        return false;
    }
    match (&one.kind, &other.kind) {
        (Kind::Scalar(one), Kind::Scalar(other)) => {
            one.value == other.value && one.to_text() == other.to_text()
        }
        (Kind::Sequence(one), Kind::Sequence(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other.iter())
                    .all(|(one, other)| same(one, other, left))
        }
        (Kind::Mapping(one), Kind::Mapping(other)) => {
            one.entries.len() == other.entries.len()
                && one.entries.iter().all(|entry| {
                    get(other, &entry.key.text).is_some_and(|value| same(&entry.value, value, left))
                })
        }
        _ => false,
    }
}

/// Whether what is excluded fits a value: of a mapping some keys are enough. Scalars are compared as text. Takes what it
/// costs to find out from `left`.
fn covers(excluded: &Node, value: &Node, left: &mut usize) -> bool {
    if !pay(excluded, value, left) {
        return false;
    }
    match (&excluded.kind, &value.kind) {
        (Kind::Scalar(one), Kind::Scalar(other)) => one.to_text().eq_ignore_ascii_case(&other.to_text()),
        (Kind::Sequence(one), Kind::Sequence(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other.iter())
                    .all(|(one, other)| covers(one, other, left))
        }
        (Kind::Mapping(one), Kind::Mapping(other)) => one
            .entries
            .iter()
            .all(|entry| get(other, &entry.key.text).is_some_and(|value| covers(&entry.value, value, left))),
        _ => false,
    }
}

/// Takes from `left` what a look at two values costs: each key of a mapping is looked for among all of the other one.
fn pay(one: &Node, other: &Node, left: &mut usize) -> bool {
    let cost = match (one.as_mapping(), other.as_mapping()) {
        (Some(one), Some(other)) => one.entries.len().saturating_mul(other.entries.len()).max(1),
        _ => 1,
    };
    *left = left.saturating_sub(cost);
    *left > 0
}
