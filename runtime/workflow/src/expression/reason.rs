//! Why an expression is refused, or has no value.

use std::fmt;

use super::function::Function;
use super::parser::{MAX_DEPTH, MAX_LENGTH};
use super::value::ValueKind;

/// Why an expression is refused, or has no value. Shown in GitHub's words, without the place:
/// `Unrecognized named-value: 'githb'`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Characters that are no token, or a token that cannot stand there.
    UnexpectedSymbol(String),
    /// Something is missing behind this, the last token.
    UnexpectedEnd(String),
    /// No context of this name can be used there.
    UnknownContext(String),
    /// No function of this name can be used there.
    UnknownFunction(String),
    /// The function, named as written, wants more arguments.
    TooFewArguments(String),
    /// The function, named as written, takes fewer arguments.
    TooManyArguments(String),
    /// The function, named as written, wants pairs and one argument more.
    EvenArguments(String),
    /// The expression, or a text with expressions, is longer than [`MAX_LENGTH`].
    TooLong,
    /// The expression is nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Nothing stands between `${{` and `}}`.
    Empty,
    /// `${{` without `}}`.
    Unclosed,
    /// A text is asked for its value though it was read with errors.
    BrokenTemplate,
    /// A condition is asked for its value though it was read with errors.
    BrokenCondition,
    /// The evaluation of this expression, or putting a text together, took too much memory.
    OutOfMemory(Option<String>),
    /// `fromJSON` was given no JSON: why, as a fragment.
    Json(String),
    /// A test of `case` is no boolean.
    NoBoolean,
    /// No `format`.
    Format(String),
    /// A `format` that asks for more values than it is given.
    FormatArguments(String),
    /// A `format` with specifiers, which no value takes.
    FormatSpecifiers {
        /// What stands behind the colon.
        specifiers: String,
        /// The type of the value.
        kind: ValueKind,
    },
    /// `hashFiles` is called where there are no files.
    NoFiles,
    /// The files could not be hashed: why, as a fragment.
    Files(String),
    /// A status function is called where there is no job.
    NoStatus,
}

impl Reason {
    /// The reason as one sentence: GitHub's words, without what it says beside.
    pub(crate) fn first_sentence(&self) -> String {
        match self {
            Self::Unclosed => "The expression is not closed".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedSymbol(symbol) => write!(f, "Unexpected symbol: '{symbol}'"),
            Self::UnexpectedEnd(last) => write!(f, "Unexpected end of expression: '{last}'"),
            Self::UnknownContext(name) => write!(f, "Unrecognized named-value: '{name}'"),
            Self::UnknownFunction(name) => write!(f, "Unrecognized function: '{name}'"),
            Self::TooFewArguments(name) => write!(f, "Too few parameters supplied: '{name}'"),
            Self::TooManyArguments(name) => write!(f, "Too many parameters supplied: '{name}'"),
            Self::EvenArguments(name) => write!(
                f,
                "Even number of parameters supplied, requires an odd number of parameters: '{name}'"
            ),
            Self::TooLong => write!(f, "Exceeded max expression length {MAX_LENGTH}"),
            Self::TooDeep => write!(f, "Exceeded max expression depth {MAX_DEPTH}"),
            Self::Empty => f.write_str("An expression was expected"),
            Self::Unclosed => write!(
                f,
                "{}. An unescaped ${{{{ sequence was found, but the closing }}}} sequence was not found.",
                self.first_sentence()
            ),
            Self::BrokenTemplate => f.write_str("An expression that cannot be read has no value"),
            Self::BrokenCondition => f.write_str("A condition that cannot be read has no value"),
            Self::OutOfMemory(Some(expression)) => write!(
                f,
                "The maximum allowed memory size was exceeded while evaluating the following expression: {expression}"
            ),
            Self::OutOfMemory(None) => {
                f.write_str("The maximum allowed memory size was exceeded while putting the text together")
            }
            Self::Json(why) => write!(f, "Error parsing fromJson: {why}"),
            Self::NoBoolean => f.write_str("case predicate must evaluate to a boolean value"),
            Self::Format(format) => write!(f, "The following format string is invalid: {format}"),
            Self::FormatArguments(format) => write!(
                f,
                "The following format string references more arguments than were supplied: {format}"
            ),
            Self::FormatSpecifiers { specifiers, kind } => write!(
                f,
                "The format specifiers '{specifiers}' are not valid for objects of type '{}'",
                kind.as_str()
            ),
            Self::NoFiles => write!(
                f,
                "{} needs the files of a job, and there are none here",
                Function::HashFiles.name()
            ),
            Self::Files(why) => write!(f, "{} failed: {why}", Function::HashFiles.name()),
            Self::NoStatus => f.write_str("the status of a job is asked for, and there is no job here"),
        }
    }
}
