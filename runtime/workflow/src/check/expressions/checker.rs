//! What every rule about expressions has at hand: the place that is looked at, its contexts, and where findings go.

use super::resolver::ContextResolver;
use crate::codes::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::{Environment, Expression, Node, Object, Value, evaluate};
use crate::model::Site;
use crate::span::Span;

/// Memory that an expression of constants may take; real ones are a line long.
const CONSTANT_MEMORY: usize = 1 << 17;

/// Looks at the expressions of one place.
pub(super) struct Checker<'c> {
    pub(super) site: &'c Site,
    pub(super) resolver: &'c mut dyn ContextResolver,
    /// Where findings go; none where only the type is wanted.
    pub(super) found: Option<&'c mut Diagnostics>,
}

impl<'c> Checker<'c> {
    pub(super) fn new(
        site: &'c Site,
        resolver: &'c mut dyn ContextResolver,
        found: Option<&'c mut Diagnostics>,
    ) -> Self {
        Self {
            site,
            resolver,
            found,
        }
    }

    /// A finding with its place; what is known of it is added by whoever makes it.
    pub(super) fn finding(
        &self,
        code: Code,
        message: impl Into<String>,
        part: Span,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(code, message).at(self.site.mark(part), label)
    }

    pub(super) fn report(&mut self, finding: Diagnostic) {
        if let Some(found) = &mut self.found {
            found.push(finding);
        }
    }

    /// Whether anybody will read what is reported: costly words are for them only.
    pub(super) fn is_heard(&self) -> bool {
        self.found.as_ref().is_some_and(|found| !found.is_full())
    }
}

/// The value of an expression that looks at nothing: no context, no state of a job, no file.
pub(super) fn constant(expression: &Expression) -> Option<Value> {
    let is_constant = expression.parts().all(|part| match part.node() {
        Node::Context(_) => false,
        Node::Call { function, .. } => function.is_some_and(crate::expression::Function::is_general),
        _ => true,
    });
    if !is_constant {
        return None;
    }
    let nothing = Object::new();
    let environment = Environment::new(&nothing).with_memory(CONSTANT_MEMORY);
    evaluate(expression, &environment).ok()
}
