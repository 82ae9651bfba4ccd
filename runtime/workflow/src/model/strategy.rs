//! How often a job runs, and with what: `strategy`.

use std::sync::Arc;

use super::free::Free;
use super::template::Literal;
use super::values::NamedMap;
use crate::span::Spanned;

/// How many combinations a matrix may have: GitHub's limit of jobs that one matrix makes.
pub const MOST_COMBINATIONS: usize = 256;

/// The value of `strategy`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strategy {
    /// `matrix`: the combinations; one expression may give all of them.
    pub matrix: Option<Spanned<Literal<Matrix>>>,
    /// `fail-fast`: whether a failure cancels the others; `true` where nothing is written.
    pub fail_fast: Option<Spanned<Literal<bool>>>,
    /// `max-parallel`: how many run at once; all where nothing is written.
    pub max_parallel: Option<Spanned<Literal<f64>>>,
    /// Whether something is missing here because of a mistake that was reported.
    pub incomplete: bool,
}

/// The value of `strategy.matrix`.
///
/// Values are free: texts with expressions, numbers, lists and mappings of any depth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// The lists whose product the combinations are, in the order of the file.
    pub vectors: NamedMap<List>,
    /// `include`: what is added to combinations, or are further ones.
    pub include: Option<Spanned<List>>,
    /// `exclude`: which combinations are left out.
    pub exclude: Option<Spanned<List>>,
    /// Whether something is missing here because of a mistake that was reported.
    pub incomplete: bool,
}

/// A list of free values, or an expression that gives one.
pub type List = Literal<Arc<[Free]>>;
