//! What type an expression has, and the rules about its parts on the way.

use super::surroundings::Surroundings;
use super::types::Type;
use super::{access, answers, comparison, functions, property};
use crate::codes::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::{Environment, Expression, Logic, Node, Object, Value, allowed, evaluate};
use crate::model::Site;
use crate::span::Span;

/// Memory that an expression of constants may take; real ones are a line long.
const CONSTANT_MEMORY: usize = 1 << 17;

/// Looks at the expressions of one place.
pub(super) struct Checker<'c> {
    pub(super) site: &'c Site,
    pub(super) surroundings: &'c mut dyn Surroundings,
    /// Where findings go; none where only the type is wanted.
    found: Option<&'c mut Diagnostics>,
}

impl<'c> Checker<'c> {
    pub(super) fn new(
        site: &'c Site,
        surroundings: &'c mut dyn Surroundings,
        found: Option<&'c mut Diagnostics>,
    ) -> Self {
        Self {
            site,
            surroundings,
            found,
        }
    }

    /// The type of an expression. Recursion ends where the tree does, whose depth is bounded.
    pub(super) fn infer(&mut self, expression: &Expression) -> Type {
        match expression.node() {
            Node::Null => Type::Null,
            Node::Boolean(_) => Type::Boolean,
            Node::Number(_) => Type::Number,
            Node::Text(_) => Type::Text,
            Node::Context(name) => self.context(name),
            Node::Index { of, index } => {
                let of_type = self.infer(of);
                match index.node() {
                    Node::Text(name) => property::check(self, of, &of_type, name, index.span()),
                    _ => {
                        let index_type = self.infer(index);
                        access::index(self, of, &of_type, index, &index_type)
                    }
                }
            }
            Node::Every(of) => {
                let of_type = self.infer(of);
                access::every(self, of, &of_type, expression)
            }
            Node::Not(operand) => {
                self.infer(operand);
                Type::Boolean
            }
            Node::Comparison {
                operator,
                left,
                right,
            } => {
                let (left_type, right_type) = (self.infer(left), self.infer(right));
                comparison::check(self, *operator, (left, &left_type), (right, &right_type));
                answers::compared(self, *operator, left, right);
                Type::Boolean
            }
            Node::Logic { operator, operands } => self.logic(*operator, operands),
            Node::Call {
                function: Some(function),
                arguments,
                ..
            } => {
                let types: Vec<Type> = arguments.iter().map(|argument| self.infer(argument)).collect();
                functions::check(self, *function, arguments, &types)
            }
            // There is no such function, which was reported when it was read.
            Node::Call { arguments, .. } => {
                for argument in arguments {
                    self.infer(argument);
                }
                Type::Any
            }
        }
    }

    /// A context that cannot be used here was reported when the expression was read.
    fn context(&mut self, name: &str) -> Type {
        let here = allowed(self.site.key).contexts;
        let known = here.iter().find(|context| context.eq_ignore_ascii_case(name));
        match known {
            Some(context) => self.surroundings.context(context, self.site),
            None => Type::Any,
        }
    }

    fn logic(&mut self, operator: Logic, operands: &[Expression]) -> Type {
        let mut possible: Option<Type> = None;
        for (place, operand) in operands.iter().enumerate() {
            let decides = place + 1 < operands.len();
            let next = if decides && is_of_matrix(operand) && self.has_matrix() {
                self.quietly(operand)
            } else {
                self.infer(operand)
            };
            possible = Some(match (possible, operator) {
                (None, _) => next,
                // A list or mapping is as good as true: the one behind it is the value.
                (Some(before), Logic::And) if before.is_collection() => next,
                (Some(before), Logic::Or) if before.is_collection() => before,
                (Some(before), _) => Type::any_of([before, next]),
            });
        }
        possible.unwrap_or(Type::Any)
    }

    /// Whether there is a matrix here, some of whose combinations may have what others lack.
    fn has_matrix(&mut self) -> bool {
        match self.context("matrix") {
            Type::Mapping(properties) => properties.names().next().is_some(),
            _ => true,
        }
    }

    /// The type of an expression whose findings are not wanted.
    fn quietly(&mut self, expression: &Expression) -> Type {
        let found = self.found.take();
        let inferred = self.infer(expression);
        self.found = found;
        inferred
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

/// Whether it is a property of the matrix: `matrix.x || 'default'` is how workflows ask for what few combinations have.
fn is_of_matrix(expression: &Expression) -> bool {
    match expression.node() {
        Node::Index { of, index } => {
            matches!(index.node(), Node::Text(_))
                && (is_of_matrix(of)
                    || matches!(of.node(), Node::Context(name) if name.eq_ignore_ascii_case("matrix")))
        }
        _ => false,
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
