//! JSON (RFC 8259) to a value.

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
pub(in crate::expression) fn read(text: &str) -> Result<Value, String> {
    let mut reader = Reader { text, at: 0 };
    reader.whole().map_err(|problem| {
        let before = text.get(..reader.at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{problem} at line {line}, column {column}")
    })
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
}

impl Reader<'_> {
    fn whole(&mut self) -> Result<Value, &'static str> {
        let mut open: Vec<Open> = Vec::new();
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
                    return if self.at == self.text.len() {
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
                    Some(b',') => Ok(true),
                    Some(b']') => Ok(false),
                    _ => Err(self.back("a comma or `]` is missing")),
                }
            }
            Open::Object(object, key) => {
                object.insert(Arc::clone(key), value);
                match self.take() {
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
            Some(b'-' | b'0'..=b'9') => Ok(Started::Value(Value::Number(self.number()?))),
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
        for (word, value) in words {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err("this is no value of JSON")
    }

    fn key(&mut self) -> Result<Arc<str>, &'static str> {
        self.space();
        if self.peek() != Some(b'"') {
            return Err("a key in double quotes is missing");
        }
        let key = self.string()?;
        self.space();
        if !self.skip(b':') {
            return Err("a colon is missing behind the key");
        }
        Ok(Arc::from(key))
    }

    fn number(&mut self) -> Result<f64, &'static str> {
        let rest = self.rest();
        let length = rest
            .bytes()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .count();
        let written = rest.get(..length).unwrap_or_default();
        if !is_number(written) {
            return Err("this is no number of JSON");
        }
        let number = written.parse().map_err(|_| "this is no number of JSON")?;
        self.at += length;
        Ok(number)
    }

    fn string(&mut self) -> Result<String, &'static str> {
        let mut value = String::new();
        self.at += 1;
        loop {
            let rest = self.rest();
            let Some(special) =
                rest.find(|character: char| matches!(character, '"' | '\\') || character < ' ')
            else {
                self.at = self.text.len();
                return Err("the text has no closing quote");
            };
            value.push_str(rest.get(..special).unwrap_or_default());
            self.at += special;
            match self.take() {
                Some(b'"') => return Ok(value),
                Some(b'\\') => value.push(self.escape()?),
                _ => return Err(self.back("a control character has to be escaped")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, &'static str> {
        Ok(match self.take() {
            Some(b'"') => '"',
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

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
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
