//! What type an expression has, and the rules about its parts on the way.

use super::checker::Checker;
use super::types::Type;
use super::{access, comparison, enumerated, functions, property};
use crate::expression::{Expression, Logic, Node, allowed};

impl Checker<'_> {
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
                enumerated::compared(self, *operator, left, right);
                Type::Boolean
            }
            Node::Logic { operator, operands } => self.logic(*operator, operands).all,
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
            Some(context) => self.resolver.context(context, self.site),
            None => Type::Any,
        }
    }

    /// The type of a value, and what it is when it counts as true.
    fn outcomes(&mut self, expression: &Expression) -> Outcomes {
        match expression.node() {
            Node::Logic { operator, operands } => self.logic(*operator, operands),
            _ => Outcomes::same(self.infer(expression)),
        }
    }

    fn logic(&mut self, operator: Logic, operands: &[Expression]) -> Outcomes {
        let mut possible: Option<Outcomes> = None;
        for (place, operand) in operands.iter().enumerate() {
            let decides = place + 1 < operands.len();
            let next = if decides && is_of_matrix(operand) {
                Outcomes::same(self.infer_unreported(operand))
            } else {
                self.outcomes(operand)
            };
            possible = Some(match (possible, operator) {
                (None, _) => next,
                // A list or mapping is as good as true: the one behind it is the value.
                (Some(before), Logic::And) if before.all.is_collection() => next,
                (Some(before), Logic::Or) if before.all.is_collection() => before,
                // True is only what the last one gives.
                (Some(before), Logic::And) => Outcomes {
                    all: Type::any_of([before.all, next.all]),
                    truth: next.truth,
                },
                // What counts as false is passed over: `x && 'a' || 'b'` is text, whatever `x` is.
                (Some(before), Logic::Or) => Outcomes {
                    all: Type::any_of([before.truth.clone(), next.all]),
                    truth: Type::any_of([before.truth, next.truth]),
                },
            });
        }
        possible.unwrap_or(Outcomes::same(Type::Any))
    }

    /// The type of an expression whose findings are not wanted.
    fn infer_unreported(&mut self, expression: &Expression) -> Type {
        let found = self.found.take();
        let inferred = self.infer(expression);
        self.found = found;
        inferred
    }
}

/// What an expression can give.
struct Outcomes {
    all: Type,
    /// When it counts as true.
    truth: Type,
}

impl Outcomes {
    fn same(kind: Type) -> Self {
        Self {
            all: kind.clone(),
            truth: kind,
        }
    }
}

/// Whether it is a property of the matrix: `matrix.x || 'default'` is how workflows ask for what few combinations have,
/// and what a job asks that was copied from one with a matrix: it gets the default, as is written.
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
