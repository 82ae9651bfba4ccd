//! The one place where written values become values. It cannot evaluate expressions yet and says so at each.

use indexmap::IndexMap;

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Env, Literal, Template};
use crate::span::Spanned;

/// The text of a template. Where it holds expressions they are reported, and stand in the text as written.
pub(super) fn text(template: &Template, diagnostics: &mut Diagnostics) -> String {
    for expression in template.expressions.iter() {
        diagnostics.push(
            Diagnostic::new(codes::EXPRESSION, "expressions are not evaluated yet")
                .at(*expression, "needs a value at run time")
                .help("write the value itself, or use an environment variable in the script"),
        );
    }
    template.text.to_string()
}

/// The value of a literal; an expression is reported and gives none.
pub(super) fn literal<T: Copy>(literal: &Literal<T>, diagnostics: &mut Diagnostics) -> Option<T> {
    match literal {
        Literal::Value(value) => Some(*value),
        Literal::Expression(template) => {
            text(template, diagnostics);
            None
        }
    }
}

/// The variables of an `env`.
pub(super) fn env(env: Option<&Spanned<Env>>, diagnostics: &mut Diagnostics) -> IndexMap<String, String> {
    match env.map(|env| &env.value) {
        None => IndexMap::new(),
        Some(Env::Variables(variables)) => variables
            .iter()
            .map(|(name, value)| (name.clone(), text(value, diagnostics)))
            .collect(),
        Some(Env::Expression(template)) => {
            text(template, diagnostics);
            IndexMap::new()
        }
    }
}
