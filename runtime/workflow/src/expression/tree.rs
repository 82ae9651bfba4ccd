//! An expression as a tree. Every part knows its place.

use std::sync::Arc;

use super::function::Function;
use crate::span::Span;

/// An expression, or a part of one. Never nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
///
/// Two are equal when they say the same, wherever they stand. It is printed (`to_string`) so that it can be read again.
#[derive(Clone, Debug)]
pub struct Expression {
    node: Node,
    span: Span,
    depth: usize,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum Node {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// `1`, `0x1f`, `NaN`
    Number(f64),
    /// `'text'`
    Text(Arc<str>),
    /// `github`, as it was written.
    Context(String),
    /// `of[index]`; `of.name` is the same with a text as index.
    Index {
        /// What is looked into.
        of: Box<Expression>,
        /// Where.
        index: Box<Expression>,
    },
    /// `of.*` or `of[*]`: a list of all that is in it.
    Every(Box<Expression>),
    /// `name(arguments)`
    Call {
        /// The name as it was written.
        name: String,
        /// The function; `None` when there is no such one, which is an error of parsing.
        function: Option<Function>,
        /// What it is given.
        arguments: Vec<Expression>,
    },
    /// `!value`
    Not(Box<Expression>),
    /// `left == right` and its like.
    Comparison {
        /// How they are compared.
        operator: Comparison,
        /// The left side.
        left: Box<Expression>,
        /// The right side.
        right: Box<Expression>,
    },
    /// `a && b && c`, or the same with `||`; two or more, none of them the same operator again.
    Logic {
        /// Which of both.
        operator: Logic,
        /// From left to right.
        operands: Vec<Expression>,
    },
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// How conditions are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Logic {
    /// `&&`
    And,
    /// `||`
    Or,
}

impl Comparison {
    /// The operator as written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Logic {
    /// The operator as written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::And => "&&",
            Self::Or => "||",
        }
    }
}

impl Expression {
    /// An expression at a place. Who makes one looks at its [`depth`](Self::depth).
    pub(super) fn new(node: Node, span: Span) -> Self {
        let below = node.children().map(Expression::depth).max().unwrap_or_default();
        let depth = 1 + below;
        Self { node, span, depth }
    }

    /// Operands joined; those that are joined by the same operator are taken apart, as GitHub does.
    pub(super) fn logic(operator: Logic, operands: Vec<Expression>, span: Span) -> Self {
        let mut flat = Vec::with_capacity(operands.len());
        for operand in operands {
            match operand.node {
                Node::Logic {
                    operator: inner,
                    operands,
                } if inner == operator => flat.extend(operands),
                _ => flat.push(operand),
            }
        }
        let operands = flat;
        Self::new(Node::Logic { operator, operands }, span)
    }

    /// What it is.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Where it stands in the file.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The same at a wider place, for parentheses around it.
    pub(super) fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// How deeply it is nested; 1 for a literal.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// It and every part of it, from the outside in, from left to right.
    pub fn parts(&self) -> impl Iterator<Item = &Expression> {
        let mut waiting = vec![self];
        std::iter::from_fn(move || {
            let next = waiting.pop()?;
            let below = waiting.len();
            waiting.extend(next.node.children());
            waiting.get_mut(below..).unwrap_or_default().reverse();
            Some(next)
        })
    }

    /// How many parts it has, itself included.
    pub(crate) fn size(&self) -> usize {
        1 + self.node.children().map(Expression::size).sum::<usize>()
    }

    /// Whether it asks how the job went: an `if` without that runs only after success.
    #[must_use]
    pub fn asks_status(&self) -> bool {
        self.parts().any(|part| match &part.node {
            Node::Call { function, .. } => function.is_some_and(Function::is_status),
            _ => false,
        })
    }

    /// `["steps", "build", "outputs"]` for `steps.build.outputs`: a context and names, as far as they are written out.
    ///
    /// `None` when it does not begin with a context, or an index has to be computed.
    #[must_use]
    pub fn path(&self) -> Option<Vec<&str>> {
        let mut names = Vec::new();
        let mut at = self;
        loop {
            match &at.node {
                Node::Context(name) => {
                    names.push(name.as_str());
                    names.reverse();
                    return Some(names);
                }
                Node::Index { of, index } => match &index.node {
                    Node::Text(name) => {
                        names.push(name);
                        at = of;
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
    }
}

impl Node {
    /// The expressions it is made of.
    pub fn children(&self) -> impl Iterator<Item = &Expression> {
        let (first, second, rest): (Option<&Expression>, Option<&Expression>, &[Expression]) = match self {
            Self::Null | Self::Boolean(_) | Self::Number(_) | Self::Text(_) | Self::Context(_) => {
                (None, None, &[])
            }
            Self::Every(one) | Self::Not(one) => (Some(one), None, &[]),
            Self::Index { of, index } => (Some(of), Some(index), &[]),
            Self::Comparison { left, right, .. } => (Some(left), Some(right), &[]),
            Self::Call { arguments, .. } => (None, None, arguments),
            Self::Logic { operands, .. } => (None, None, operands),
        };
        first.into_iter().chain(second).chain(rest)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Boolean(left), Self::Boolean(right)) => left == right,
            // As literals: `NaN` is `NaN`, and `-0` is not `0`.
            (Self::Number(left), Self::Number(right)) => left.to_bits() == right.to_bits(),
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::Context(left), Self::Context(right)) => left == right,
            (Self::Every(left), Self::Every(right)) | (Self::Not(left), Self::Not(right)) => left == right,
            (
                Self::Index { of, index },
                Self::Index {
                    of: of2,
                    index: index2,
                },
            ) => of == of2 && index == index2,
            (
                Self::Call { name, arguments, .. },
                Self::Call {
                    name: name2,
                    arguments: arguments2,
                    ..
                },
            ) => name == name2 && arguments == arguments2,
            (
                Self::Comparison {
                    operator,
                    left,
                    right,
                },
                Self::Comparison {
                    operator: operator2,
                    left: left2,
                    right: right2,
                },
            ) => operator == operator2 && left == left2 && right == right2,
            (
                Self::Logic { operator, operands },
                Self::Logic {
                    operator: operator2,
                    operands: operands2,
                },
            ) => operator == operator2 && operands == operands2,
            _ => false,
        }
    }
}
