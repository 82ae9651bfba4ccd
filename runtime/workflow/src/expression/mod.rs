//! GitHub's expressions: `github.ref == 'refs/heads/main' && success()`.
//!
//! ```text
//! text -> tokens -> Expression (tree with places) -> Value, in an Environment
//! ```
//!
//! The rules are those of the expression engine in `actions/runner`, which runs the real workflows; messages are worded
//! as there. Pure like the whole crate: contexts, the status of the job and the files behind `hashFiles` come in through
//! [`Environment`]. Every stage is bounded: length and depth of an expression, nesting of JSON, memory of an evaluation.
//!
//! - [`parse()`] reads one expression, [`Template`] a text with `${{ }}` in it, [`Condition`] the value of an `if`.
//! - [`WorkflowKey`] and [`allowed()`] say which contexts and functions may be used under which key; [`Scope`] carries that into
//!   the parser.
//! - [`evaluate()`] gives a [`Value`].
//!
//! ```
//! use loom_workflow::expression::{Environment, Object, Scope, Template, Value};
//!
//! let mut contexts = Object::new();
//! contexts.insert("github", Value::from_json(r#"{"ref": "refs/heads/main"}"#).unwrap());
//! let (template, errors) = Template::parse("on ${{ github.ref }}", 0, &Scope::of_contexts(&contexts));
//! assert!(errors.is_empty());
//! let value = template.evaluate(&Environment::new(&contexts)).unwrap();
//! assert_eq!(&*value.to_text(), "on refs/heads/main");
//! ```

mod availability;
mod budget;
mod coerce;
mod condition;
mod error;
mod evaluate;
mod fold;
mod function;
mod index;
mod json;
mod lexer;
mod numeral;
mod object;
mod parser;
mod printer;
mod reason;
mod scope;
mod template;
mod tree;
mod value;

#[cfg(test)]
mod tests;

pub use availability::{Availability, WorkflowKey, allowed};
pub(crate) use coerce::number as number_of;
pub use condition::Condition;
pub use error::{ErrorKind, ExpressionError};
pub(crate) use evaluate::placeholders;
pub use evaluate::{Environment, Files, JobStatus, Status, evaluate};
pub(crate) use fold::{equal as equal_names, folded};
pub use function::Function;
pub use object::Object;
pub use parser::{MAX_DEPTH, MAX_LENGTH, Parsed, parse};
pub use reason::Reason;
pub use scope::Scope;
pub(crate) use template::is_in;
pub use template::{Segment, Template};
pub use tree::{Comparison, Expression, Logic, Node};
pub use value::{Value, ValueKind};
