//! From tokens to the tree, with every mistake that can be told apart.
//!
//! Unknown symbols and names are all reported, each at its place; of the grammar only the first mistake, because what
//! follows it is guesswork. The first error of [`Parsed`] is the one that GitHub reports, which reads from left to right
//! and stops there.

use std::sync::Arc;

use super::error::{ErrorKind, ExpressionError};
use super::function::Function;
use super::lexer::{Token, TokenKind, tokens};
use super::reason::Reason;
use super::scope::Scope;
use super::tree::{Comparison, Expression, Logic, Node};
use crate::span::Span;

/// How deeply an expression may be nested; GitHub's limit. Parentheses do not count.
pub const MAX_DEPTH: usize = 50;
/// How long an expression may be, in UTF-16 units; GitHub's limit.
pub const MAX_LENGTH: usize = 21_000;
/// How many mistakes of a sort (symbols, names, calls) are told of one expression; it is broken in one way a thousand
/// times over, and each message quotes it.
pub(super) const MAX_ERRORS: usize = 20;
/// How many parentheses, brackets and `!` may be open at once, so that the parser's own stack is bounded.
const MAX_OPEN: usize = 100;

/// A read expression.
#[derive(Clone, Debug)]
#[must_use]
pub struct Parsed {
    /// The tree. `None` for a text without any token, and when the grammar is broken. It may hold names that are not
    /// known; then they are among the errors.
    pub expression: Option<Expression>,
    /// All that is wrong with it; GitHub's own error first.
    pub errors: Vec<ExpressionError>,
}

impl Parsed {
    /// The tree if nothing is wrong; `Ok(None)` for a text without any token.
    ///
    /// # Errors
    ///
    /// The error that GitHub reports.
    pub fn into_result(self) -> Result<Option<Expression>, ExpressionError> {
        match self.errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(self.expression),
        }
    }
}

/// Reads an expression, without `${{` and `}}`. `base` is the byte of the file at which it begins; all places count from
/// there.
pub fn parse(text: &str, base: usize, scope: &Scope<'_>) -> Parsed {
    // There are never more UTF-16 units than bytes.
    if text.len() > MAX_LENGTH && text.encode_utf16().count() > MAX_LENGTH {
        let span = Span::new(base, base + text.len());
        let error = ExpressionError::new(ErrorKind::Parsing, Reason::TooLong, span);
        return Parsed {
            expression: None,
            errors: vec![error.help("let a step compute the value and set an output")],
        };
    }
    let (tokens, lexing) = tokens(text);
    let mut found = Found {
        text,
        base,
        items: Vec::new(),
    };
    let broken = !lexing.is_empty();
    for error in lexing {
        found.add(error.span.start, error);
    }
    names(&tokens, scope, &mut found);
    // A missing token shifts the meaning of its neighbours: with unknown symbols the grammar is not looked at.
    let expression = if broken || tokens.is_empty() {
        None
    } else {
        Parser {
            tokens: &tokens,
            at: 0,
            open: 0,
            miscounted: 0,
            scope,
            found: &mut found,
        }
        .whole()
    };
    Parsed {
        expression,
        errors: found.sorted(),
    }
}

/// Errors with the moment at which a reader from left to right would notice them.
struct Found<'a> {
    text: &'a str,
    base: usize,
    items: Vec<(usize, ExpressionError)>,
}

impl Found<'_> {
    /// Adds an error whose span counts within the expression.
    fn add(&mut self, noticed: usize, mut error: ExpressionError) {
        let before = self.text.get(..error.span.start).unwrap_or_default();
        let position = before.encode_utf16().count() + 1;
        error.place = format!(
            ". Located at position {position} within expression: {}",
            self.text
        )
        .into();
        self.add_without_place(noticed, error);
    }

    fn add_without_place(&mut self, noticed: usize, mut error: ExpressionError) {
        error.span = Span::new(error.span.start + self.base, error.span.end + self.base);
        self.items.push((noticed, error));
    }

    fn sorted(mut self) -> Vec<ExpressionError> {
        self.items.sort_by_key(|(noticed, _)| *noticed);
        self.items.into_iter().map(|(_, error)| error).collect()
    }
}

/// Reports contexts and functions that are not known.
fn names(tokens: &[Token], scope: &Scope<'_>, found: &mut Found<'_>) {
    let mut errors = 0;
    for token in tokens {
        let name = found.text.get(token.span.range()).unwrap_or_default();
        let (reason, help, meant, certain) = match token.kind {
            TokenKind::Name if !scope.has_context(name) => (
                Reason::UnknownContext(name.to_owned()),
                scope.help_for_context(name),
                scope.operator_or_context(name),
                scope.is_certain_context(name),
            ),
            TokenKind::Function if !Function::find(name).is_some_and(|known| scope.has_function(known)) => (
                Reason::UnknownFunction(name.to_owned()),
                scope.help_for_function(name),
                match Function::find(name) {
                    Some(_) => None,
                    None => scope.closest_function(name),
                },
                scope.is_certain_function(name),
            ),
            _ => continue,
        };
        let mut error = ExpressionError::new(ErrorKind::Parsing, reason, token.span);
        error.help = help;
        error.meant = meant.map(str::to_owned);
        error.certain = certain;
        found.add(token.span.start, error);
        errors += 1;
        if errors >= MAX_ERRORS {
            return;
        }
    }
}

struct Parser<'a, 'f, 't, 's> {
    tokens: &'a [Token],
    at: usize,
    open: usize,
    /// Calls with a wrong number of arguments so far.
    miscounted: usize,
    scope: &'a Scope<'s>,
    found: &'f mut Found<'t>,
}

/// The grammar is broken; why is already said.
struct Broken;

impl Parser<'_, '_, '_, '_> {
    fn whole(&mut self) -> Option<Expression> {
        let expression = self.expression().ok()?;
        if self.at < self.tokens.len() {
            self.unexpected();
            return None;
        }
        Some(expression)
    }

    fn expression(&mut self) -> Result<Expression, Broken> {
        self.nested(|parser| parser.joined(Logic::Or))
    }

    /// Goes one level down, if it is not too deep.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Broken>) -> Result<T, Broken> {
        if self.open >= MAX_OPEN {
            return Err(self.too_deep());
        }
        self.open += 1;
        let result = read(self);
        self.open -= 1;
        result
    }

    /// `a || b || c`, or one level below `a && b && c`.
    fn joined(&mut self, operator: Logic) -> Result<Expression, Broken> {
        let token = match operator {
            Logic::Or => TokenKind::Or,
            Logic::And => TokenKind::And,
        };
        let below = |parser: &mut Self| match operator {
            Logic::Or => parser.joined(Logic::And),
            Logic::And => parser.compared(true),
        };
        let first = below(self)?;
        if self.peek() != Some(&token) {
            return Ok(first);
        }
        let mut span = first.span();
        let mut operands = vec![first];
        while self.take(&token).is_some() {
            let next = below(self)?;
            span = span.to(next.span());
            operands.push(next);
        }
        self.checked(Expression::logic(operator, operands, span))
    }

    /// `a == b`, or one level below `a < b`; from left to right.
    fn compared(&mut self, equality: bool) -> Result<Expression, Broken> {
        let below = |parser: &mut Self| {
            if equality {
                parser.compared(false)
            } else {
                parser.unary()
            }
        };
        let mut left = below(self)?;
        loop {
            let operator = match self.peek() {
                Some(TokenKind::Equal) if equality => Comparison::Equal,
                Some(TokenKind::NotEqual) if equality => Comparison::NotEqual,
                Some(TokenKind::Less) if !equality => Comparison::Less,
                Some(TokenKind::LessEqual) if !equality => Comparison::LessOrEqual,
                Some(TokenKind::Greater) if !equality => Comparison::Greater,
                Some(TokenKind::GreaterEqual) if !equality => Comparison::GreaterOrEqual,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = below(self)?;
            let span = left.span().to(right.span());
            let (left_box, right) = (Box::new(left), Box::new(right));
            let node = Node::Comparison {
                operator,
                left: left_box,
                right,
            };
            left = self.checked(Expression::new(node, span))?;
        }
    }

    fn unary(&mut self) -> Result<Expression, Broken> {
        let Some(operator) = self.take(&TokenKind::Not) else {
            return self.postfix();
        };
        let operand = self.nested(Self::unary)?;
        let span = self.in_file(operator).to(operand.span());
        self.checked(Expression::new(Node::Not(Box::new(operand)), span))
    }

    /// A value with all that looks into it: `a.b[1].*`.
    fn postfix(&mut self) -> Result<Expression, Broken> {
        let grouped = self.peek() == Some(&TokenKind::Open);
        let mut of = self.primary()?;
        // Nobody can look into a literal, unless it stands in parentheses.
        if !grouped && !matches!(of.node(), Node::Context(_) | Node::Call { .. }) {
            return Ok(of);
        }
        loop {
            let index = if self.take(&TokenKind::Dot).is_some() {
                self.property()?
            } else if self.take(&TokenKind::OpenIndex).is_some() {
                self.index()?
            } else {
                return Ok(of);
            };
            let span = of.span().to(self.last_span());
            let of_box = Box::new(of);
            let node = match index {
                Some(index) => Node::Index {
                    of: of_box,
                    index: Box::new(index),
                },
                None => Node::Every(of_box),
            };
            of = self.checked(Expression::new(node, span))?;
        }
    }

    /// What follows a dot; `None` for the star.
    fn property(&mut self) -> Result<Option<Expression>, Broken> {
        if self.take(&TokenKind::Star).is_some() {
            return Ok(None);
        }
        let Some(span) = self.take(&TokenKind::Property) else {
            return Err(self.unexpected());
        };
        let name: Arc<str> = Arc::from(self.written(span));
        Ok(Some(Expression::new(Node::Text(name), self.in_file(span))))
    }

    /// What stands in brackets; `None` for the star.
    fn index(&mut self) -> Result<Option<Expression>, Broken> {
        let index = if self.take(&TokenKind::Star).is_some() {
            None
        } else {
            Some(self.expression()?)
        };
        self.close(&TokenKind::CloseIndex)?;
        Ok(index)
    }

    fn primary(&mut self) -> Result<Expression, Broken> {
        let Some(token) = self.tokens.get(self.at) else {
            return Err(self.unexpected());
        };
        let span = token.span;
        let node = match &token.kind {
            TokenKind::Null => Node::Null,
            TokenKind::Boolean(value) => Node::Boolean(*value),
            TokenKind::Number(value) => Node::Number(*value),
            TokenKind::Text(value) => Node::Text(Arc::clone(value)),
            TokenKind::Name => Node::Context(self.written(span).to_owned()),
            TokenKind::Function => return self.call(span),
            TokenKind::Open => {
                self.at += 1;
                let inner = self.expression()?;
                let end = self.close(&TokenKind::Close)?;
                return Ok(inner.at(self.in_file(span.to(end))));
            }
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(Expression::new(node, self.in_file(span)))
    }

    fn call(&mut self, name: Span) -> Result<Expression, Broken> {
        self.at += 1;
        if self.take(&TokenKind::Open).is_none() {
            return Err(self.unexpected());
        }
        let mut arguments = Vec::new();
        let end = loop {
            if arguments.is_empty()
                && let Some(end) = self.take(&TokenKind::Close)
            {
                break end;
            }
            arguments.push(self.expression()?);
            if self.take(&TokenKind::Comma).is_none() {
                break self.close(&TokenKind::Close)?;
            }
        };
        let written = self.written(name).to_owned();
        let function = Function::find(&written);
        if let Some(function) = function {
            self.count(function, arguments.len(), name, end);
        }
        let node = Node::Call {
            name: written,
            function,
            arguments,
        };
        let span = self.in_file(name.to(end));
        self.checked(Expression::new(node, span))
    }

    /// Reports a wrong number of arguments.
    fn count(&mut self, function: Function, given: usize, name: Span, end: Span) {
        let fewest = function.arguments().0;
        let most = self.scope.most_arguments(function);
        let reason = if given < fewest {
            Reason::TooFewArguments
        } else if given > most {
            Reason::TooManyArguments
        } else if function == Function::Case && given.is_multiple_of(2) {
            Reason::EvenArguments
        } else {
            return;
        };
        self.miscounted += 1;
        if self.miscounted > MAX_ERRORS {
            return;
        }
        let reason = reason(self.written(name).to_owned());
        let takes = match (fewest, most) {
            _ if function == Function::Case => {
                "pairs of test and value, and a last value for otherwise".to_owned()
            }
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "one argument".to_owned(),
            (fewest, most) if fewest == most => format!("{fewest} arguments"),
            (fewest, most) => format!("{fewest} to {most} arguments"),
        };
        let error = ExpressionError::new(ErrorKind::Parsing, reason, name)
            .help(format!("`{}` takes {takes}", function.name()));
        self.found.add(end.start, error);
    }

    /// Refuses what is nested too deeply.
    fn checked(&mut self, expression: Expression) -> Result<Expression, Broken> {
        if expression.depth() > MAX_DEPTH {
            return Err(self.too_deep());
        }
        Ok(expression)
    }

    fn too_deep(&mut self) -> Broken {
        let span = Span::new(0, self.found.text.len());
        let error = ExpressionError::new(ErrorKind::Parsing, Reason::TooDeep, span);
        let error = error.help("let a step compute the value and set an output");
        // GitHub looks at the depth last.
        self.found.add_without_place(usize::MAX, error);
        Broken
    }

    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    /// Takes a token of this kind, and tells its place.
    fn take(&mut self, kind: &TokenKind) -> Option<Span> {
        let token = self.tokens.get(self.at).filter(|token| token.kind == *kind)?;
        self.at += 1;
        Some(token.span)
    }

    fn close(&mut self, kind: &TokenKind) -> Result<Span, Broken> {
        self.take(kind).ok_or_else(|| self.unexpected())
    }

    /// Reports the token at hand, or the end.
    fn unexpected(&mut self) -> Broken {
        let (token, noticed, reason): (_, _, fn(String) -> Reason) =
            match (self.tokens.get(self.at), self.tokens.last()) {
                (Some(token), _) => (token, token.span.start, Reason::UnexpectedSymbol),
                (None, Some(last)) => (last, usize::MAX - 1, Reason::UnexpectedEnd),
                (None, None) => return Broken,
            };
        let reason = reason(self.written(token.span).to_owned());
        self.found.add(
            noticed,
            ExpressionError::new(ErrorKind::Parsing, reason, token.span),
        );
        Broken
    }

    fn last_span(&self) -> Span {
        let token = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        self.in_file(token.map(|token| token.span).unwrap_or_default())
    }

    fn written(&self, span: Span) -> &str {
        self.found.text.get(span.range()).unwrap_or_default()
    }

    fn in_file(&self, span: Span) -> Span {
        Span::new(span.start + self.found.base, span.end + self.found.base)
    }
}
