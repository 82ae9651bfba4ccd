//! A matrix must have combinations, and what is left out must be there.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{
    self, Free, FreeEntry, FreeMapping, FreeValue, Job, List, Literal, MOST_COMBINATIONS, Scalar, Workflow,
};
use crate::span::{Span, Spanned};
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
    written: &'a model::Matrix,
    /// Where it stands.
    span: Span,
    /// Whether all of it is written out: GitHub looks at it before the run then.
    plain: bool,
}

impl<'a> Matrix<'a> {
    pub(super) fn of(job: &'a Job) -> Option<Self> {
        let (strategy, matrix) = job.written_matrix()?;
        let written = matrix.value;
        let lists = written.vectors.values().map(|vector| &vector.value);
        let mut lists = lists.chain([&written.include, &written.exclude].into_iter().flatten());
        let is_computed = is_expression(strategy.fail_fast.as_deref())
            || is_expression(strategy.max_parallel.as_deref())
            || strategy.incomplete
            || lists.any(|list| items(list).is_none_or(|items| !items.iter().all(Free::is_plain)));
        Some(Self {
            job,
            written,
            span: matrix.span,
            plain: !is_computed,
        })
    }

    /// The values of each of its lists that are written out, with the name of the list.
    fn rows(&self) -> impl Iterator<Item = (&'a str, &'a [Free])> + use<'a> {
        let vectors = self.written.vectors.iter();
        vectors.map(|(name, vector)| (&**name, items(&vector.value).unwrap_or_default()))
    }

    /// Every value that is written for a path of keys, `matrix.os.name` without the `matrix`.
    pub(super) fn values(&self, path: &[&str]) -> Vec<&'a Free> {
        let Some((key, rest)) = path.split_first() else {
            return Vec::new();
        };
        let rows = self.rows().filter(|(name, _)| name.eq_ignore_ascii_case(key));
        let rows = rows.flat_map(|(_, values)| values);
        let included = self.included().filter_map(|mapping| mapping.get(key));
        rows.chain(included)
            .filter_map(|value| inner(value, rest))
            .collect()
    }

    fn include(&self) -> &'a [Free] {
        self.written.include.as_ref().and_then(items).unwrap_or_default()
    }

    fn exclude(&self) -> &'a [Free] {
        self.written.exclude.as_ref().and_then(items).unwrap_or_default()
    }

    fn included(&self) -> impl Iterator<Item = &'a FreeMapping> + use<'a> {
        self.include().iter().filter_map(Free::as_mapping)
    }

    fn empty(&self, diagnostics: &mut Diagnostics) {
        for (key, vector) in &self.written.vectors {
            if items(&vector.value).is_some_and(<[_]>::is_empty) {
                diagnostics.push(
                    Diagnostic::new(
                        codes::EMPTY_MATRIX,
                        format!(
                            "{} in the matrix of job {} has no values",
                            name(key),
                            name(self.job.id.as_str())
                        ),
                    )
                    .at(vector.value.span, "at least one value belongs here")
                    .help("give it a value, or remove the key: without values the job would not run at all"),
                );
            }
        }
    }

    /// What GitHub refuses of a matrix that is written out. Of one with expressions it says the same when the job is to run.
    fn shape(&self, diagnostics: &mut Diagnostics) {
        if !self.plain || self.written.incomplete {
            return;
        }
        if self.written.vectors.is_empty() && self.include().is_empty() {
            diagnostics.push(
                Diagnostic::new(
                    codes::MATRIX_SHAPE,
                    format!("the matrix of job {} is empty", name(self.job.id.as_str())),
                )
                .at(self.span, "neither a list of values nor an entry of `include`")
                .help("give it a list of values, e.g. `version: [20, 22]`, or remove it"),
            );
        }
        for (key, list) in [("include", self.include()), ("exclude", self.exclude())] {
            for item in list {
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
        let lengths = self.rows().map(|(_, values)| values.len());
        let product = lengths.fold(1_usize, usize::saturating_mul);
        if !self.plain || self.written.incomplete || product <= MOST_COMBINATIONS {
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
                    let least = if self.written.exclude.is_some() {
                        " at least"
                    } else {
                        ""
                    };
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
        let values: usize = self.rows().map(|(_, values)| values.len()).sum();
        if values.saturating_mul(self.exclude().len()) > MOST {
            return usize::MAX;
        }
        let mut left = MOST;
        let items = self.exclude().iter();
        let entries = items.filter_map(Free::as_mapping).map(|entry| {
            let others = self.rows().filter(|(name, _)| entry.get(name).is_none());
            // Several values of a list may fit one that is a mapping; a list may have a value twice.
            let fitting = self.rows().filter_map(|(name, values)| {
                let wanted = entry.get(name)?;
                let fitting = values.iter().filter(|value| covers(wanted, value, &mut left));
                Some(fitting.count())
            });
            let others = others.map(|(_, values)| values.len());
            others.chain(fitting).fold(1_usize, usize::saturating_mul)
        });
        let count = entries.fold(0, usize::saturating_add);
        if left == 0 { usize::MAX } else { count }
    }

    /// The same value twice makes the same job twice.
    fn twice(&self, left: &mut usize, diagnostics: &mut Diagnostics) {
        for (key, values) in self.rows() {
            for (index, value) in values.iter().enumerate() {
                *left = left.saturating_sub(index);
                if *left == 0 {
                    return;
                }
                let mut earlier = values.iter().take(index);
                let Some(first) = earlier.find(|first| value.is_plain() && same(first, value, left)) else {
                    continue;
                };
                diagnostics.push(
                    Diagnostic::new(
                        codes::MATRIX_TWICE,
                        format!("{} has the same value twice", name(key)),
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
        let included = self.written.include.as_ref();
        if self.written.incomplete || included.is_some_and(|list| items(list).is_none()) {
            return;
        }
        for entry in self
            .exclude()
            .iter()
            .filter_map(Free::as_mapping)
            .flat_map(|mapping| &mapping.entries)
        {
            if entry.key.as_plain().is_none() {
                continue;
            }
            self.exclusion(entry, left, diagnostics);
        }
    }

    fn exclusion(&self, entry: &FreeEntry, left: &mut usize, diagnostics: &mut Diagnostics) {
        let key = &*entry.key.text;
        let mut vectors = self.written.vectors.iter();
        let row = vectors
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, vector)| &vector.value);
        let included: Vec<&Free> = self.included().filter_map(|mapping| mapping.get(key)).collect();
        let refused = self.plain && row.is_none();
        if refused || (row.is_none() && included.is_empty()) {
            let known = self.rows().map(|(name, _)| name);
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
        let listed = match row {
            Some(list) => match items(list) {
                Some(items) => items,
                None => return,
            },
            None => &[],
        };
        *left = left.saturating_sub(listed.len() + included.len());
        if *left == 0 || !entry.value.is_plain() {
            return;
        }
        // What `include` adds comes after what is excluded; only a key that it alone has may be meant so.
        let mut values = listed
            .iter()
            .chain(if row.is_some() { Vec::new() } else { included });
        let matches = values.any(|value| !value.is_plain() || covers(&entry.value, value, left));
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

/// The items of a list that is written out.
fn items(list: &Spanned<List>) -> Option<&[Free]> {
    match &list.value {
        Literal::Value(items) => Some(items),
        Literal::Expression(_) | Literal::Computed(_) => None,
    }
}

fn is_expression<T>(literal: Option<&Literal<T>>) -> bool {
    matches!(literal, Some(Literal::Expression(_) | Literal::Computed(_)))
}

fn inner<'a>(value: &'a Free, path: &[&str]) -> Option<&'a Free> {
    let mut value = value;
    for key in path {
        value = value.as_mapping()?.get(key)?;
    }
    Some(value)
}

/// Whether two values are the same, as text where they are scalars: `1` and `'1'` make jobs that nobody can tell apart.
/// Takes what it costs to find out from `left`; with nothing left, no two values are the same.
fn same(one: &Free, other: &Free, left: &mut usize) -> bool {
    if !pay(one, other, left) {
        return false;
    }
    match (&one.value, &other.value) {
        (FreeValue::Scalar(one), FreeValue::Scalar(other)) => {
            let alike = match (one, other) {
                (Scalar::Number(one), Scalar::Number(other)) => one == other,
                _ => std::mem::discriminant(one) == std::mem::discriminant(other),
            };
            alike && one.to_text() == other.to_text()
        }
        (FreeValue::List(one), FreeValue::List(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other.iter())
                    .all(|(one, other)| same(one, other, left))
        }
        (FreeValue::Mapping(one), FreeValue::Mapping(other)) => {
            one.entries.len() == other.entries.len()
                && one.entries.iter().all(|entry| {
                    other
                        .get(&entry.key.text)
                        .is_some_and(|value| same(&entry.value, value, left))
                })
        }
        _ => false,
    }
}

/// Whether what is excluded fits a value: of a mapping some keys are enough. Scalars are compared as text. Takes what it
/// costs to find out from `left`.
fn covers(excluded: &Free, value: &Free, left: &mut usize) -> bool {
    if !pay(excluded, value, left) {
        return false;
    }
    match (&excluded.value, &value.value) {
        (FreeValue::Scalar(one), FreeValue::Scalar(other)) => {
            one.to_text().eq_ignore_ascii_case(&other.to_text())
        }
        (FreeValue::List(one), FreeValue::List(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other.iter())
                    .all(|(one, other)| covers(one, other, left))
        }
        (FreeValue::Mapping(one), FreeValue::Mapping(other)) => one.entries.iter().all(|entry| {
            other
                .get(&entry.key.text)
                .is_some_and(|value| covers(&entry.value, value, left))
        }),
        _ => false,
    }
}

/// Takes from `left` what a look at two values costs: each key of a mapping is looked for among all of the other one.
fn pay(one: &Free, other: &Free, left: &mut usize) -> bool {
    let cost = match (one.as_mapping(), other.as_mapping()) {
        (Some(one), Some(other)) => one.entries.len().saturating_mul(other.entries.len()).max(1),
        _ => 1,
    };
    *left = left.saturating_sub(cost);
    *left > 0
}
