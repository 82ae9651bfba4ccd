//! From text to tokens.

use std::sync::Arc;

use super::error::{ErrorKind, ExpressionError};
use super::numeral;
use super::parser::MAX_ERRORS;
use super::reason::Reason;
use crate::span::Span;

/// A token and its bytes in the expression.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Comma,
    Dot,
    Star,
    Not,
    NotEqual,
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    And,
    Or,
    Null,
    Boolean(bool),
    Number(f64),
    Text(Arc<str>),
    /// A name that stands on its own: a context.
    Name,
    /// A name before a parenthesis.
    Function,
    /// A name after a dot.
    Property,
}

/// All tokens. What is none is left out and told.
pub(super) fn tokens(text: &str) -> (Vec<Token>, Vec<ExpressionError>) {
    let mut lexer = Lexer {
        text,
        at: 0,
        // Few expressions have more.
        tokens: Vec::with_capacity(12),
        errors: Vec::new(),
    };
    while lexer.next().is_some() {}
    (lexer.tokens, lexer.errors)
}

/// Whether a text is a name: a letter or `_`, then letters, digits, `_` and `-`, all of ASCII.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    errors: Vec<ExpressionError>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Reads one token; `None` at the end.
    fn next(&mut self) -> Option<()> {
        self.at = self.text.len() - self.rest().trim_start().len();
        let start = self.at;
        let first = self.rest().chars().next()?;
        let kind = match first {
            '(' => self.taken(1, TokenKind::Open),
            ')' => self.taken(1, TokenKind::Close),
            '[' => self.taken(1, TokenKind::OpenIndex),
            ']' => self.taken(1, TokenKind::CloseIndex),
            ',' => self.taken(1, TokenKind::Comma),
            '*' => self.taken(1, TokenKind::Star),
            '.' if !self.begins_operand() => self.taken(1, TokenKind::Dot),
            '\'' => self.string(),
            '!' | '>' | '<' | '=' | '&' | '|' => self.operator(),
            '.' | '-' | '+' | '0'..='9' => self.number(),
            _ => self.word(first),
        };
        let span = Span::new(start, self.at);
        match kind {
            Some(kind) => self.tokens.push(Token { kind, span }),
            None if self.errors.len() >= MAX_ERRORS => {}
            None => {
                let symbol = self.text.get(span.range()).unwrap_or_default();
                let reason = Reason::UnexpectedSymbol(symbol.to_owned());
                let error = ExpressionError::new(ErrorKind::Lexing, reason, span);
                let help = help_for(symbol);
                self.errors.push(match help {
                    Some(help) => error.help(help),
                    None => error,
                });
            }
        }
        Some(())
    }

    fn taken(&mut self, bytes: usize, kind: TokenKind) -> Option<TokenKind> {
        self.at += bytes;
        Some(kind)
    }

    /// Whether a value must come next, so that a dot begins a number.
    fn begins_operand(&self) -> bool {
        match self.tokens.last() {
            None => true,
            Some(token) => !matches!(
                token.kind,
                TokenKind::Close
                    | TokenKind::CloseIndex
                    | TokenKind::Star
                    | TokenKind::Dot
                    | TokenKind::Null
                    | TokenKind::Boolean(_)
                    | TokenKind::Number(_)
                    | TokenKind::Text(_)
                    | TokenKind::Name
                    | TokenKind::Function
                    | TokenKind::Property
            ),
        }
    }

    fn operator(&mut self) -> Option<TokenKind> {
        const OPERATORS: [(&str, TokenKind); 9] = [
            ("!=", TokenKind::NotEqual),
            (">=", TokenKind::GreaterEqual),
            ("<=", TokenKind::LessEqual),
            ("==", TokenKind::Equal),
            ("&&", TokenKind::And),
            ("||", TokenKind::Or),
            ("!", TokenKind::Not),
            (">", TokenKind::Greater),
            ("<", TokenKind::Less),
        ];
        let found = OPERATORS
            .into_iter()
            .find(|(operator, _)| self.rest().starts_with(operator));
        match found {
            Some((operator, kind)) => self.taken(operator.len(), kind),
            None => {
                self.at += 1;
                self.skip(false);
                None
            }
        }
    }

    fn number(&mut self) -> Option<TokenKind> {
        let start = self.at;
        self.at += 1;
        self.skip(true);
        let number = numeral::parse(self.text.get(start..self.at)?);
        (!number.is_nan()).then_some(TokenKind::Number(number))
    }

    fn word(&mut self, first: char) -> Option<TokenKind> {
        let start = self.at;
        self.at += first.len_utf8();
        self.skip(false);
        let word = self.text.get(start..self.at)?;
        if !is_name(word) {
            return None;
        }
        if self
            .tokens
            .last()
            .is_some_and(|token| token.kind == TokenKind::Dot)
        {
            return Some(TokenKind::Property);
        }
        Some(match word {
            "null" => TokenKind::Null,
            "true" => TokenKind::Boolean(true),
            "false" => TokenKind::Boolean(false),
            "NaN" => TokenKind::Number(f64::NAN),
            "Infinity" => TokenKind::Number(f64::INFINITY),
            _ if self.rest().trim_start().starts_with('(') => TokenKind::Function,
            _ => TokenKind::Name,
        })
    }

    /// A text in single quotes; two of them stand for one. Without its end it is no token.
    fn string(&mut self) -> Option<TokenKind> {
        let start = self.at + 1;
        self.at = start;
        let mut doubled = false;
        loop {
            let rest = self.rest();
            let Some(quote) = rest.find('\'') else {
                self.at = self.text.len();
                return None;
            };
            self.at += quote + 1;
            if !self.rest().starts_with('\'') {
                let written = self.text.get(start..self.at - 1)?;
                let value = if doubled {
                    Arc::from(written.replace("''", "'"))
                } else {
                    Arc::from(written)
                };
                return Some(TokenKind::Text(value));
            }
            self.at += 1;
            doubled = true;
        }
    }

    /// Goes on to where a word must end; dots belong to numbers.
    fn skip(&mut self, with_dots: bool) {
        let rest = self.rest();
        let length = rest
            .find(|character: char| is_boundary(character) && !(with_dots && character == '.'))
            .unwrap_or(rest.len());
        self.at += length;
    }
}

fn is_boundary(character: char) -> bool {
    matches!(
        character,
        '(' | '[' | ')' | ']' | ',' | '.' | '!' | '>' | '<' | '=' | '&' | '|'
    ) || character.is_whitespace()
}

/// What people mean by the symbols they bring from other languages.
fn help_for(symbol: &str) -> Option<&'static str> {
    let first = symbol.chars().next()?;
    Some(match first {
        '"' | '`' => "texts stand in single quotes: 'text'",
        '\'' => "the text has no closing quote; a quote within a text is written twice: 'it''s'",
        '=' => "equality is `==`",
        '&' => "and is `&&`",
        '|' => "or is `||`",
        '$' => "within an expression a name stands without `$` and braces: `github.ref`",
        '+' | '-' | '/' | '%' => {
            "there is no arithmetic in expressions; a step can compute and set an output"
        }
        _ if symbol.contains('\'') => "a quote within a text is written twice: 'it''s'",
        _ => return None,
    })
}
