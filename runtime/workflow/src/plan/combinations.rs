//! The combinations of a matrix, in GitHub's order.
//!
//! The product of the vectors comes first, the last vector running fastest, without what `exclude` matches. Each
//! combination takes the further keys of every `include` whose keys that are vectors fit it. What no combination took
//! is a combination of its own, at the end. Values are compared as `==` compares them. The rules are those of the
//! `MatrixBuilder` in `actions/runner`.

use std::sync::Arc;

use thiserror::Error;

use crate::expression::{Object, Value};
use crate::model::MOST_COMBINATIONS;

/// How many comparisons a matrix may take. Real ones take some thousand.
const MOST_WORK: usize = 20_000_000;

/// How many values an item of `include` or `exclude` may ask for.
const MOST_LEAVES: usize = 10_000;

/// Why a matrix has no combinations.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MatrixError {
    /// It is no mapping.
    #[error("a matrix is a mapping of lists, and this is not one")]
    NoMapping,
    /// A vector, `include` or `exclude` is no list.
    #[error("`{0}` of the matrix is no list")]
    NoList(String),
    /// An item of `include` or `exclude` is no mapping.
    #[error("item {1} of `{0}` is no mapping")]
    NoItem(&'static str, usize),
    /// An item of `include` or `exclude` is empty.
    #[error("item {1} of `{0}` is empty")]
    EmptyItem(&'static str, usize),
    /// A vector is empty.
    #[error("`{0}` of the matrix has no values")]
    Empty(String),
    /// There are neither vectors nor anything in `include`.
    #[error("the matrix has neither a list of values nor an `include`")]
    Nothing,
    /// `exclude` names a key that is no vector.
    #[error("`exclude` names `{0}`, which is no list of the matrix")]
    UnknownKey(String),
    /// There are more than [`MOST_COMBINATIONS`].
    #[error("the matrix has more than {MOST_COMBINATIONS} combinations")]
    TooMany,
    /// It would take too long to find out.
    #[error("the lists of the matrix are so long that their product cannot be looked at")]
    TooLong,
}

/// A combination of the values of a matrix.
#[derive(Clone, Debug)]
pub struct Combination {
    /// The `matrix` context.
    pub matrix: Object,
    /// The texts of its values that are part of the name of the job: those of the vectors, or all of one that
    /// `include` made.
    pub parts: Vec<Arc<str>>,
}

/// The combinations of an evaluated `matrix`, none for one whose product is left out altogether: the job runs once
/// without values then, as on GitHub.
///
/// # Errors
/// See [`MatrixError`].
pub fn combinations(matrix: &Value) -> Result<Vec<Combination>, MatrixError> {
    let matrix = Matrix::read(matrix)?;
    let product = matrix.vectors.iter().try_fold(1_usize, |product, (_, values)| {
        product
            .checked_mul(values.len())
            .filter(|product| *product <= MOST_WORK)
    });
    let product = match product {
        _ if matrix.vectors.is_empty() => 0,
        Some(product) => product,
        None => return Err(MatrixError::TooLong),
    };
    let leaves = |filters: &[Filter]| {
        filters
            .iter()
            .map(|filter| filter.leaves.len() + 1)
            .sum::<usize>()
    };
    let work = leaves(&matrix.exclude)
        + matrix
            .include
            .iter()
            .map(|one| one.filter.leaves.len() + 1)
            .sum::<usize>()
        + 1;
    if product.saturating_mul(work) > MOST_WORK {
        return Err(MatrixError::TooLong);
    }
    let mut taken = vec![false; matrix.include.len()];
    let mut all = Vec::new();
    for index in 0..product {
        let mut values = matrix.at(index, product);
        if matrix.exclude.iter().any(|filter| filter.matches(&values)) {
            continue;
        }
        let parts = texts(&values);
        let mut extra = Object::new();
        for (include, taken) in matrix.include.iter().zip(&mut taken) {
            if include.filter.matches(&values) {
                *taken = true;
                for (key, value) in include.extra.iter() {
                    extra.insert(key, value.clone());
                }
            }
        }
        for (key, value) in extra.iter() {
            values.insert(key, value.clone());
        }
        push(&mut all, values, parts)?;
    }
    for (include, _) in matrix.include.iter().zip(&taken).filter(|(_, taken)| !**taken) {
        let mut values = include.own.clone();
        for (key, value) in include.extra.iter() {
            values.insert(key, value.clone());
        }
        let parts = texts(&values);
        push(&mut all, values, parts)?;
    }
    Ok(all)
}

fn push(all: &mut Vec<Combination>, matrix: Object, parts: Vec<Arc<str>>) -> Result<(), MatrixError> {
    if all.len() >= MOST_COMBINATIONS {
        return Err(MatrixError::TooMany);
    }
    all.push(Combination { matrix, parts });
    Ok(())
}

struct Matrix {
    vectors: Vec<(String, Vec<Value>)>,
    include: Vec<Include>,
    exclude: Vec<Filter>,
}

struct Include {
    /// What its keys that are vectors ask for.
    filter: Filter,
    /// These keys.
    own: Object,
    /// Its other keys.
    extra: Object,
}

impl Matrix {
    fn read(matrix: &Value) -> Result<Self, MatrixError> {
        let object = matrix.as_object().ok_or(MatrixError::NoMapping)?;
        let mut vectors: Vec<(String, Vec<Value>)> = Vec::new();
        let (mut include, mut exclude) = (&[][..], &[][..]);
        for (key, value) in object.iter() {
            let list = value
                .as_array()
                .ok_or_else(|| MatrixError::NoList(crate::words::plain(key).into_owned()))?;
            match key {
                "include" => include = list,
                "exclude" => exclude = list,
                _ if list.is_empty() => {
                    return Err(MatrixError::Empty(crate::words::plain(key).into_owned()));
                }
                _ => vectors.push((key.to_owned(), list.to_vec())),
            }
        }
        if vectors.is_empty() && include.is_empty() {
            return Err(MatrixError::Nothing);
        }
        let names: Object = vectors
            .iter()
            .map(|(name, _)| (name.as_str(), Value::Null))
            .collect();
        let include = include
            .iter()
            .enumerate()
            .map(|(index, item)| self::include(index, item, &names));
        let exclude = exclude
            .iter()
            .enumerate()
            .map(|(index, item)| self::exclude(index, item, &names));
        Ok(Self {
            include: include.collect::<Result<_, _>>()?,
            exclude: exclude.collect::<Result<_, _>>()?,
            vectors,
        })
    }

    /// One combination of the product.
    fn at(&self, index: usize, product: usize) -> Object {
        let mut block = product;
        let mut values = Object::new();
        for (name, vector) in &self.vectors {
            block /= vector.len().max(1);
            let at = index
                .checked_div(block)
                .unwrap_or_default()
                .checked_rem(vector.len());
            if let Some(value) = at.and_then(|at| vector.get(at)) {
                values.insert(name.as_str(), value.clone());
            }
        }
        values
    }
}

fn include(index: usize, item: &Value, vectors: &Object) -> Result<Include, MatrixError> {
    let object = item
        .as_object()
        .ok_or(MatrixError::NoItem("include", index + 1))?;
    if object.is_empty() {
        return Err(MatrixError::EmptyItem("include", index + 1));
    }
    let (mut own, mut extra) = (Object::new(), Object::new());
    for (key, value) in object.iter() {
        if vectors.get(key).is_some() {
            own.insert(key, value.clone());
        } else {
            extra.insert(key, value.clone());
        }
    }
    Ok(Include {
        filter: Filter::of(&own)?,
        own,
        extra,
    })
}

fn exclude(index: usize, item: &Value, vectors: &Object) -> Result<Filter, MatrixError> {
    let object = item
        .as_object()
        .ok_or(MatrixError::NoItem("exclude", index + 1))?;
    if object.is_empty() {
        return Err(MatrixError::EmptyItem("exclude", index + 1));
    }
    match object.iter().find(|(key, _)| vectors.get(key).is_none()) {
        Some((key, _)) => Err(MatrixError::UnknownKey(crate::words::plain(key).into_owned())),
        None => Filter::of(object),
    }
}

/// What a combination must have: every value that is neither list nor mapping, at its place.
struct Filter {
    leaves: Vec<(Vec<Step>, Value)>,
}

/// A step on the way to a value.
#[derive(Clone)]
enum Step {
    Key(String),
    Item(usize),
}

impl Filter {
    fn of(object: &Object) -> Result<Self, MatrixError> {
        let mut leaves = Vec::new();
        let mut waiting: Vec<(Vec<Step>, Value)> = object
            .iter()
            .map(|(key, value)| (vec![Step::Key(key.to_owned())], value.clone()))
            .collect();
        while let Some((path, value)) = waiting.pop() {
            let further = |step: Step| path.iter().cloned().chain([step]).collect::<Vec<_>>();
            match &value {
                Value::Object(object) => {
                    for (key, value) in object.iter() {
                        waiting.push((further(Step::Key(key.to_owned())), value.clone()));
                    }
                }
                Value::Array(items) | Value::Filtered(items) => {
                    for (index, value) in items.iter().enumerate() {
                        waiting.push((further(Step::Item(index)), value.clone()));
                    }
                }
                _ => leaves.push((path, value)),
            }
            if leaves.len() + waiting.len() > MOST_LEAVES {
                return Err(MatrixError::TooLong);
            }
        }
        Ok(Self { leaves })
    }

    fn matches(&self, values: &Object) -> bool {
        self.leaves
            .iter()
            .all(|(path, wanted)| wanted.equals(found(values, path).unwrap_or(&Value::Null)))
    }
}

fn found<'a>(values: &'a Object, path: &[Step]) -> Option<&'a Value> {
    let (Step::Key(first), rest) = path.split_first()? else {
        return None;
    };
    rest.iter().try_fold(values.get(first)?, follow)
}

fn follow<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match (value, step) {
        (Value::Object(object), Step::Key(key)) => object.get(key),
        (Value::Object(object), Step::Item(index)) => object.get(&index.to_string()),
        (Value::Array(items) | Value::Filtered(items), Step::Item(index)) => items.get(*index),
        (Value::Array(items) | Value::Filtered(items), Step::Key(key)) => {
            items.get(key.parse::<usize>().ok()?)
        }
        _ => None,
    }
}

/// The texts of all values that have one, from the outside in.
fn texts(values: &Object) -> Vec<Arc<str>> {
    let mut texts = Vec::new();
    let mut waiting: Vec<&Value> = values.iter().map(|(_, value)| value).collect();
    waiting.reverse();
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(object) => {
                let before = waiting.len();
                waiting.extend(object.iter().map(|(_, value)| value));
                waiting.get_mut(before..).map(<[_]>::reverse);
            }
            Value::Array(items) | Value::Filtered(items) => waiting.extend(items.iter().rev()),
            Value::Null => {}
            _ => texts.push(value.to_text()),
        }
    }
    texts.retain(|text| !text.is_empty());
    texts
}
