//! An expression as text again, with no more parentheses than it needs.

use std::fmt;

use super::lexer::is_name;
use super::tree::{Comparison, Expression, Logic, Node};

/// How strongly a part holds together. A weaker one within a stronger one needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Or,
    And,
    Equality,
    Order,
    Not,
    Literal,
    Postfix,
}

fn strength(expression: &Expression) -> Strength {
    match expression.node() {
        Node::Logic {
            operator: Logic::Or, ..
        } => Strength::Or,
        Node::Logic {
            operator: Logic::And, ..
        } => Strength::And,
        Node::Comparison {
            operator: Comparison::Equal | Comparison::NotEqual,
            ..
        } => Strength::Equality,
        Node::Comparison { .. } => Strength::Order,
        Node::Not(_) => Strength::Not,
        Node::Null | Node::Boolean(_) | Node::Number(_) | Node::Text(_) => Strength::Literal,
        Node::Context(_) | Node::Index { .. } | Node::Every(_) | Node::Call { .. } => Strength::Postfix,
    }
}

impl fmt::Display for Expression {
    /// Recursion ends where the tree does, whose depth is bounded.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node() {
            Node::Null => out.write_str("null"),
            Node::Boolean(value) => write!(out, "{value}"),
            Node::Number(value) => number(*value, out),
            Node::Text(text) => write!(out, "'{}'", text.replace('\'', "''")),
            Node::Context(name) => out.write_str(name),
            Node::Every(of) => {
                within(of, Strength::Postfix, out)?;
                out.write_str(".*")
            }
            Node::Index { of, index } => {
                within(of, Strength::Postfix, out)?;
                match index.node() {
                    Node::Text(name) if is_name(name) => write!(out, ".{name}"),
                    _ => write!(out, "[{index}]"),
                }
            }
            Node::Call { name, arguments, .. } => {
                write!(out, "{name}(")?;
                for (at, argument) in arguments.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(out, "{comma}{argument}")?;
                }
                out.write_str(")")
            }
            Node::Not(operand) => {
                out.write_str("!")?;
                within(operand, Strength::Not, out)
            }
            Node::Comparison {
                operator,
                left,
                right,
            } => {
                let own = strength(self);
                within(left, own, out)?;
                write!(out, " {} ", operator.as_str())?;
                // On the right the same strength needs parentheses: without them it would belong to the left.
                within(
                    right,
                    if own == Strength::Order {
                        Strength::Not
                    } else {
                        Strength::Order
                    },
                    out,
                )
            }
            Node::Logic { operator, operands } => {
                let needed = match operator {
                    Logic::Or => Strength::And,
                    Logic::And => Strength::Equality,
                };
                for (at, operand) in operands.iter().enumerate() {
                    if at > 0 {
                        write!(out, " {} ", operator.as_str())?;
                    }
                    within(operand, needed, out)?;
                }
                Ok(())
            }
        }
    }
}

fn within(part: &Expression, needed: Strength, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if strength(part) < needed {
        write!(out, "({part})")
    } else {
        write!(out, "{part}")
    }
}

/// A number so that reading it gives exactly the same one.
fn number(value: f64, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if value.is_nan() {
        out.write_str("NaN")
    } else if value.is_infinite() {
        out.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else if value != 0.0 && !(1e-6..1e21).contains(&value.abs()) {
        write!(out, "{value:e}")
    } else {
        write!(out, "{value}")
    }
}
