//! Python: brackets and quotes that are not closed, and names that nothing defines.
//!
//! Not a parser: it splits a script into words, and takes every name that could be defined anywhere in it as defined.
//! What it finds is certain; what it does not find means nothing.

use std::collections::HashSet;

use super::{expression, has_open_expression, names};
use crate::span::Span;

/// A longer script is not looked at.
const LONGEST: usize = 256 * 1024;

/// How many names of a script are reported.
const MOST: usize = 20;

/// A mistake in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// A bracket or a quote that is not closed, or closed by another one.
    NotClosed(Span),
    /// A bracket that closes none.
    NotOpen(Span),
    /// A name that nothing in the script defines.
    Undefined(Span),
}

/// A word of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token<'a> {
    text: &'a str,
    start: usize,
    kind: Kind,
    /// How many brackets are open around it.
    depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Name,
    Operator,
    /// A number, a text, or an expression that is put in before the script runs.
    Value,
    /// The end of a line outside brackets, or `;`.
    End,
}

/// The mistakes of a script: the first that makes it unreadable, else all names that are not defined.
pub(crate) fn check(script: &str) -> Vec<Mistake> {
    if script.len() > LONGEST || has_open_expression(script) {
        return Vec::new();
    }
    let mut lexer = Lexer {
        script,
        at: 0,
        open: Vec::new(),
        tokens: Vec::new(),
        computed: false,
    };
    match lexer.run() {
        Err(mistake) => vec![mistake],
        // What is put in as a statement may define anything.
        Ok(()) if lexer.computed => Vec::new(),
        Ok(()) => undefined(&lexer.tokens),
    }
}

struct Lexer<'a> {
    script: &'a str,
    at: usize,
    open: Vec<(char, usize)>,
    tokens: Vec<Token<'a>>,
    /// Whether an expression stands where a statement begins.
    computed: bool,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) -> Result<(), Mistake> {
        while let Some(first) = self.rest().chars().next() {
            let start = self.at;
            if self.rest().starts_with("${{") {
                let end = start + expression(self.rest());
                self.computed |= self.tokens.last().is_none_or(|last| last.kind == Kind::End);
                self.push(Kind::Value, end);
            } else if first == '#' {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if first == '\n' || first == ';' {
                if self.open.is_empty() {
                    self.push(Kind::End, start + 1);
                } else {
                    self.at += 1;
                }
            } else if first == '\\' {
                self.at += 1 + self.rest().chars().nth(1).map_or(0, char::len_utf8);
            } else if first.is_whitespace() {
                self.at += first.len_utf8();
            } else if let Some(length) = prefix(self.rest()) {
                let formatted = self
                    .rest()
                    .get(..length)
                    .is_some_and(|prefix| prefix.contains(['f', 'F', 't', 'T']));
                self.at += length;
                self.quoted(formatted)?;
                let end = self.at;
                self.at = start;
                self.push(Kind::Value, end);
            } else if first.is_alphabetic() || first == '_' {
                let rest = self.rest();
                let length = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                self.push(Kind::Name, start + length);
            } else if first.is_ascii_digit() {
                let rest = self.rest();
                let length = rest
                    .find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.'))
                    .unwrap_or(rest.len());
                self.push(Kind::Value, start + length);
            } else {
                self.operator(first)?;
            }
        }
        match self.open.last() {
            Some((_, start)) => Err(Mistake::NotClosed(Span::new(*start, start + 1))),
            None => Ok(()),
        }
    }

    fn operator(&mut self, first: char) -> Result<(), Mistake> {
        let start = self.at;
        let place = Span::new(start, start + first.len_utf8());
        if matches!(first, ')' | ']' | '}') {
            match self.open.pop() {
                None => return Err(Mistake::NotOpen(place)),
                Some((open, at)) if closing(open) != first => {
                    return Err(Mistake::NotClosed(Span::new(at, at + 1)));
                }
                Some(_) => {}
            }
        }
        let two = self.rest().get(..2).is_some_and(|two| {
            matches!(
                two,
                "==" | "!="
                    | "<="
                    | ">="
                    | ":="
                    | "->"
                    | "+="
                    | "-="
                    | "*="
                    | "/="
                    | "|="
                    | "&="
                    | "%="
                    | "^="
                    | "@="
            )
        });
        self.push(Kind::Operator, start + if two { 2 } else { first.len_utf8() });
        if matches!(first, '(' | '[' | '{') {
            self.open.push((first, start));
        }
        Ok(())
    }

    /// Passes over a text; `at` is at its first quote.
    fn quoted(&mut self, formatted: bool) -> Result<(), Mistake> {
        let start = self.at;
        let broken = Err(Mistake::NotClosed(Span::new(start, start + 1)));
        let Some(quote) = self.rest().chars().next() else {
            return broken;
        };
        let triple: String = [quote; 3].iter().collect();
        let long = self.rest().starts_with(&triple);
        let end: &str = if long {
            &triple
        } else {
            triple.get(..1).unwrap_or_default()
        };
        self.at += end.len();
        // The `{` that are open, each with the brackets that are open in its code and whether its format has begun.
        let mut fields: Vec<(usize, bool)> = Vec::new();
        while let Some(next) = self.rest().chars().next() {
            if fields.is_empty() && self.rest().starts_with(end) {
                self.at += end.len();
                return Ok(());
            }
            match next {
                '\\' => self.at += 1 + self.rest().chars().nth(1).map_or(0, char::len_utf8),
                '$' if self.rest().starts_with("${{") => {
                    let length = expression(self.rest());
                    self.at += length;
                }
                '\n' if !long && fields.is_empty() => return broken,
                '{' | '}'
                    if formatted
                        && self.rest().starts_with(if next == '{' { "{{" } else { "}}" })
                        && fields.is_empty() =>
                {
                    self.at += 2;
                }
                _ if !formatted => self.at += next.len_utf8(),
                // What stands between braces is code, with texts of its own, up to its format, in which a quote is a filling.
                '\'' | '"' if matches!(fields.last(), Some((_, false))) => self.quoted(false)?,
                other => {
                    match (other, fields.last_mut()) {
                        ('{' | '(' | '[', Some((brackets, false))) => *brackets += 1,
                        ('{', _) => fields.push((0, false)),
                        ('}' | ')' | ']', Some((brackets @ 1.., false))) => *brackets -= 1,
                        ('}', _) => {
                            fields.pop();
                        }
                        (':', Some((0, has_format @ false))) => *has_format = true,
                        _ => {}
                    }
                    self.at += other.len_utf8();
                }
            }
        }
        broken
    }

    fn rest(&self) -> &'a str {
        self.script.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, end: usize) {
        self.tokens.push(Token {
            text: self.script.get(self.at..end).unwrap_or_default(),
            start: self.at,
            kind,
            depth: self.open.len(),
        });
        self.at = end;
    }
}

fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

/// How many letters stand before the quote of a text; `None` where there is no text.
fn prefix(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let length = bytes
        .iter()
        .take(3)
        .position(|byte| matches!(byte, b'\'' | b'"'))?;
    let letters = bytes.get(..length)?;
    letters
        .iter()
        .all(|letter| b"rRbBuUfFtT".contains(letter))
        .then_some(length)
}

/// The names that are used and never defined.
fn undefined(tokens: &[Token<'_>]) -> Vec<Mistake> {
    if tokens.iter().any(|token| names::HIDES.contains(&token.text)) {
        return Vec::new();
    }
    let mut defined: HashSet<&str> = HashSet::new();
    for statement in tokens.split(|token| token.kind == Kind::End) {
        if statement.first().is_some_and(|first| first.text == "from")
            && statement.iter().any(|token| token.text == "*")
        {
            return Vec::new();
        }
        define(statement, &mut defined);
    }
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        let after = tokens.get(index + 1);
        let used = token.kind == Kind::Name
            && before.is_none_or(|before| before.text != ".")
            // The name of an argument.
            && !(token.depth > 0 && after.is_some_and(|after| after.text == "="))
            && !names::is_known(token.text)
            && !defined.contains(token.text);
        if found.len() >= MOST {
            break;
        }
        if used && seen.insert(token.text) {
            found.push(Mistake::Undefined(Span::new(
                token.start,
                token.start + token.text.len(),
            )));
        }
    }
    found
}

/// Adds every name that a statement could define, rather too many than too few.
fn define<'a>(statement: &[Token<'a>], defined: &mut HashSet<&'a str>) {
    let assigned = statement.iter().rposition(|token| {
        token.depth == 0 && token.text.ends_with('=') && !matches!(token.text, "==" | "!=" | "<=" | ">=")
    });
    let first = statement.first().map(|first| first.text).unwrap_or_default();
    let all = matches!(
        first,
        "import" | "from" | "global" | "nonlocal" | "case" | "def" | "class" | "async" | "type"
    );
    let annotated = statement.get(1).is_some_and(|second| second.text == ":");
    let mut within = false;
    for (index, token) in statement.iter().enumerate() {
        // From these words to what ends them, names are given.
        match token.text {
            "for" | "lambda" | "as" => within = true,
            "in" | ":" => within = false,
            _ => {}
        }
        let walrus = statement.get(index + 1).is_some_and(|next| next.text == ":=");
        let given =
            all || within || walrus || (annotated && index == 0) || assigned.is_some_and(|last| index < last);
        if given && token.kind == Kind::Name {
            defined.insert(token.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(script: &str) -> Vec<String> {
        let shown = |mistake: &Mistake| match mistake {
            Mistake::NotClosed(span) => format!("open {}", &script[span.range()]),
            Mistake::NotOpen(span) => format!("close {}", &script[span.range()]),
            Mistake::Undefined(span) => script[span.range()].to_owned(),
        };
        check(script).iter().map(shown).collect()
    }

    #[test]
    fn certain_mistakes_are_found() {
        for (script, want) in [
            ("print(hello)\nprint(hello)", vec!["hello"]),
            ("print(", vec!["open ("]),
            ("print([1)", vec!["open ["]),
            ("x = 1)", vec!["close )"]),
            ("x = 'a\ny = 1", vec!["open '"]),
            ("x = '''a\ny = 1", vec!["open '"]),
            ("import os\nprint(os.path, sys.argv)", vec!["sys"]),
            ("for a in b: pass", vec!["b"]),
        ] {
            assert_eq!(found(script), want, "{script}");
        }
    }

    #[test]
    fn what_could_be_right_is() {
        for script in [
            "print(${{ x\nfoo(",
            "import sys\nfor sys in ['a']:\n  print(sys)",
            "from time import sleep\nprint(100)",
            "from os import *\nprint(getcwd())",
            "def f(a, *b, c=1, **d):\n    return a + b + c + d\nf(x=1)",
            "with open('x') as f, open('y') as (g, h):\n    print(f, g, h)",
            "try:\n    x\nexcept NameError as e:\n    print(e)",
            "print([y for x in range(3) for y in x if (n := y)], n)",
            "a, (b, c) = 1, (2, 3)\nprint(a, b, c)",
            "a = b = 1\na += b\nc: int = 2\nprint(a, b, c)",
            "print(f'{a[\"b\"]} {{}} {c!r}', rb'x', '''it's''')\na = c = {}",
            "x = 1\nprint(f\"{x:'>10}\", f'{x!r:\"^{x}}', f\"{ {'a': [x]}['a'][0:1] }\")",
            "f = lambda x, y=1: x + y\nprint(f)",
            "match v:\n  case [a, {'k': b}]:\n    print(a, b)\nv = 1",
            "print(${{ steps.a.outputs.b }}, '${{ github.ref }}')",
            "${{ inputs.code }}\nprint(anything)",
            "# don't\nprint('#', \"it's\")",
            "x = (1 +\n  2)  # (\nprint(x, \\\n  x)",
            "class A(object):\n  n: int\n  def m(self): return self.n\nprint(A, __name__)",
            "exec('a = 1')\nprint(a)",
            "async def f():\n  async for a in b():\n    await a\nasync def b(): yield",
            "global_name = 1\ndef f():\n  global other\n  other = global_name\nf()\nprint(other)",
            "raise SystemExit(1) if True else None",
            "print(0x1f, 1e5, 1_000, 1j)",
        ] {
            assert_eq!(found(script), Vec::<String>::new(), "{script}");
        }
    }
}
