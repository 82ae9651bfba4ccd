//! JSON to a value: by its standard (RFC 8259), or all that GitHub's runner takes for it.

use std::sync::Arc;

use crate::expression::object::Object;
use crate::expression::value::Value;

/// How deeply lists and mappings may be nested; as deeply as in a workflow file.
const MAX_DEPTH: usize = 100;

/// Reads a whole text.
///
/// # Errors
///
/// What is wrong, and the line and column.
pub(in crate::expression) fn read(text: &str, form: Form) -> Result<Value, String> {
    let mut reader = Reader { text, at: 0, form };
    reader.whole().map_err(|problem| {
        let before = text.get(..reader.at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{problem} at line {line}, column {column}")
    })
}

/// What counts as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::expression) enum Form {
    /// RFC 8259.
    Standard,
    /// What `fromJSON` of the runner reads: its reader is Newtonsoft's `JsonTextReader`, which takes JavaScript's texts in
    /// single quotes, names without any, comments, a comma behind the last item, hexadecimal and octal numbers, and what
    /// stands behind the first value.
    Runner,
}

/// A list or mapping that is being filled.
enum Open {
    Array(Vec<Value>),
    /// With the key whose value comes next.
    Object(Object, Arc<str>),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    form: Form,
}

impl Reader<'_> {
    fn whole(&mut self) -> Result<Value, &'static str> {
        let mut open: Vec<Open> = Vec::new();
        // A comment before the value is taken for the value, which it is none of.
        self.blank();
        if self.peek() == Some(b'/') {
            return Err("this is no value of JSON");
        }
        loop {
            // A value begins here, or a collection that is not empty is entered and its first value begins.
            let mut value = match self.start()? {
                Started::Value(value) => value,
                Started::Open(collection) => {
                    if open.len() >= MAX_DEPTH {
                        return Err("there are more than 100 levels of lists and mappings");
                    }
                    open.push(collection);
                    continue;
                }
            };
            // It ends here, and perhaps what holds it.
            loop {
                let Some(mut holder) = open.pop() else {
                    self.space();
                    return if self.at == self.text.len() || self.form == Form::Runner {
                        Ok(value)
                    } else {
                        Err("the text goes on behind its value")
                    };
                };
                if self.next_within(&mut holder, value)? {
                    open.push(holder);
                    break;
                }
                value = match holder {
                    Open::Array(items) => Value::array(items),
                    Open::Object(object, _) => Value::object(object),
                };
            }
        }
    }

    /// Puts a value into its holder; true when another one follows.
    fn next_within(&mut self, holder: &mut Open, value: Value) -> Result<bool, &'static str> {
        self.space();
        match holder {
            Open::Array(items) => {
                items.push(value);
                match self.take() {
                    Some(b',') => Ok(!self.ends_behind_comma(b']')),
                    Some(b']') => Ok(false),
                    _ => Err(self.back("a comma or `]` is missing")),
                }
            }
            Open::Object(object, key) => {
                object.insert(Arc::clone(key), value);
                match self.take() {
                    Some(b',') if self.ends_behind_comma(b'}') => Ok(false),
                    Some(b',') => {
                        *key = self.key()?;
                        Ok(true)
                    }
                    Some(b'}') => Ok(false),
                    _ => Err(self.back("a comma or `}` is missing")),
                }
            }
        }
    }

    /// Takes the bracket that ends a collection behind a comma, where that is read.
    fn ends_behind_comma(&mut self, bracket: u8) -> bool {
        if self.form == Form::Standard {
            return false;
        }
        self.space();
        self.skip(bracket)
    }

    fn start(&mut self) -> Result<Started, &'static str> {
        self.space();
        match self.peek() {
            Some(b'[') => {
                self.at += 1;
                self.space();
                if self.skip(b']') {
                    return Ok(Started::Value(Value::array(Vec::new())));
                }
                Ok(Started::Open(Open::Array(Vec::new())))
            }
            Some(b'{') => {
                self.at += 1;
                self.space();
                if self.skip(b'}') {
                    return Ok(Started::Value(Value::object(Object::new())));
                }
                let key = self.key()?;
                Ok(Started::Open(Open::Object(Object::new(), key)))
            }
            Some(b'"') => Ok(Started::Value(Value::string(self.string()?))),
            Some(b'\'') if self.form == Form::Runner => Ok(Started::Value(Value::string(self.string()?))),
            Some(b'-') if self.rest().starts_with("-Infinity") => self.word().map(Started::Value),
            Some(b'-' | b'0'..=b'9') => Ok(Started::Value(Value::Number(self.number()?))),
            Some(b'.') if self.form == Form::Runner => Ok(Started::Value(Value::Number(self.number()?))),
            Some(_) => self.word().map(Started::Value),
            None => Err("a value is missing"),
        }
    }

    fn word(&mut self) -> Result<Value, &'static str> {
        let words = [
            ("null", Value::Null),
            ("true", Value::Boolean(true)),
            ("false", Value::Boolean(false)),
        ];
        let numbers = [
            ("NaN", Value::Number(f64::NAN)),
            ("Infinity", Value::Number(f64::INFINITY)),
            ("-Infinity", Value::Number(f64::NEG_INFINITY)),
        ];
        let numbers = numbers.into_iter().filter(|_| self.form == Form::Runner);
        for (word, value) in words.into_iter().chain(numbers) {
            if let Some(behind) = self.rest().strip_prefix(word) {
                // What follows in the standard's form is objected to by whoever reads on.
                let ends = behind.is_empty()
                    || behind.starts_with(|next: char| next.is_whitespace() || "]},)/".contains(next));
                if self.form == Form::Runner && !ends {
                    break;
                }
                self.at += word.len();
                return Ok(value);
            }
        }
        Err("this is no value of JSON")
    }

    fn key(&mut self) -> Result<Arc<str>, &'static str> {
        self.space();
        let key = match (self.peek(), self.form) {
            (Some(b'"'), _) | (Some(b'\''), Form::Runner) => self.string()?,
            (_, Form::Standard) => return Err("a key in double quotes is missing"),
            (_, Form::Runner) => self.name()?,
        };
        self.blank();
        if !self.skip(b':') {
            return Err("a colon is missing behind the key");
        }
        Ok(Arc::from(key))
    }

    /// A key without quotes.
    fn name(&mut self) -> Result<String, &'static str> {
        let rest = self.rest();
        let is_part = |next: char| next.is_alphanumeric() || matches!(next, '_' | '$');
        let length = rest.find(|next| !is_part(next)).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err("a key is missing");
        }
        self.at += length;
        Ok(name)
    }

    fn number(&mut self) -> Result<f64, &'static str> {
        let rest = self.rest();
        let is_part = |byte: &u8| match self.form {
            Form::Standard => matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'),
            Form::Runner => byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'+' | b'.' | b'x' | b'X'),
        };
        let length = rest.bytes().take_while(is_part).count();
        let written = rest.get(..length).unwrap_or_default();
        let number = match self.form {
            Form::Standard if !is_number(written) => None,
            Form::Standard => written.parse().ok(),
            Form::Runner => {
                let behind = rest.get(length..).unwrap_or_default();
                let ends = behind.is_empty()
                    || behind.starts_with(|next: char| next.is_whitespace() || "]},)/".contains(next));
                lenient_number(written).filter(|_| ends)
            }
        };
        let number = number.ok_or("this is no number of JSON")?;
        self.at += length;
        Ok(number)
    }

    fn string(&mut self) -> Result<String, &'static str> {
        let mut value = String::new();
        let quote = self.take();
        let is_runner = self.form == Form::Runner;
        let is_special = |next: char| {
            let is_quote = next.is_ascii() && quote == u8::try_from(next).ok();
            is_quote || next == '\\' || (next < ' ' && !is_runner)
        };
        loop {
            let rest = self.rest();
            let Some(special) = rest.find(is_special) else {
                self.at = self.text.len();
                return Err("the text has no closing quote");
            };
            value.push_str(rest.get(..special).unwrap_or_default());
            self.at += special;
            match self.take() {
                next if next == quote => return Ok(value),
                Some(b'\\') => value.push(self.escape()?),
                _ => return Err(self.back("a control character has to be escaped")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, &'static str> {
        Ok(match self.take() {
            Some(b'"') => '"',
            Some(b'\'') if self.form == Form::Runner => '\'',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode()?,
            _ => return Err(self.back("there is no such escape")),
        })
    }

    /// `\u0041`, or two of them that make one character. Half of such a pair stands for nothing that a text can hold.
    fn unicode(&mut self) -> Result<char, &'static str> {
        let first = self.unit()?;
        if let Some(character) = char::from_u32(first) {
            return Ok(character);
        }
        let after_first = self.at;
        if first < 0xDC00 && self.rest().starts_with("\\u") {
            self.at += 2;
            let second = self.unit()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        self.at = after_first;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn unit(&mut self) -> Result<u32, &'static str> {
        let digits = self.rest().get(..4).unwrap_or_default();
        if digits.len() != 4 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err("`\\u` needs four hexadecimal digits");
        }
        let unit = u32::from_str_radix(digits, 16).map_err(|_| "`\\u` needs four hexadecimal digits")?;
        self.at += 4;
        Ok(unit)
    }

    /// Passes over white space, and over comments where those are read; before one that does not end it stops.
    fn space(&mut self) {
        self.blank();
        while self.form == Form::Runner {
            let rest = self.rest();
            let length = if rest.starts_with("//") {
                rest.find(['\n', '\r']).unwrap_or(rest.len())
            } else if let Some(end) = rest.strip_prefix("/*").and_then(|inner| inner.find("*/")) {
                "/*".len() + end + "*/".len()
            } else {
                return;
            };
            self.at += length;
            self.blank();
        }
    }

    fn blank(&mut self) {
        let rest = self.rest();
        let behind = match self.form {
            Form::Standard => rest.trim_start_matches([' ', '\t', '\n', '\r']),
            Form::Runner => rest.trim_start(),
        };
        self.at += rest.len() - behind.len();
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte. After one that is not ASCII only [`back`](Self::back) may follow.
    fn take(&mut self) -> Option<u8> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    /// An error at the byte that was just taken.
    fn back(&mut self, problem: &'static str) -> &'static str {
        if self.at < self.text.len() || self.text.is_char_boundary(self.at) {
            self.at = self.at.saturating_sub(1);
        }
        problem
    }
}

enum Started {
    Value(Value),
    Open(Open),
}

/// A number as the runner's reader has them: `1.`, `.5`, `-01`, `0x1F`, and `017`, which is octal.
fn lenient_number(text: &str) -> Option<f64> {
    let Some(digits) = text
        .strip_prefix('0')
        .filter(|rest| !rest.is_empty() && !rest.starts_with(['.', 'e', 'E']))
    else {
        return text.parse().ok();
    };
    let (digits, radix) = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (digits, 8),
    };
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let whole = u64::from_str_radix(digits, radix)
        .ok()
        .filter(|_| is_plain)?
        .cast_signed();
    // As the runner does it: what a double cannot hold is rounded.
    #[expect(
        clippy::cast_precision_loss,
        reason = "every number of an expression is a double"
    )]
    Some(whole as f64)
}

/// `-? (0 | digits without a leading zero) [. digits] [e [+-] digits]`
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
