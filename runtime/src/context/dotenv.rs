//! Files of `NAME=value` lines, as `act` reads them (it uses joho/godotenv): comments, `export`, quotes over several lines,
//! `\n` in double quotes. Beyond that a value that is a JSON object or list is taken as it stands.

use std::collections::HashMap;

/// What is wrong with a file. It never tells a value: files of secrets are read by this too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// From 1.
    pub(super) line: usize,
    pub(super) what: String,
}

/// Reads a file's text into names and values, in its order. A name may stand there more than once.
///
/// # Errors
/// The first line that is no such line.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, Mistake> {
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n");
    let mut reader = Reader {
        text: &text,
        at: 0,
        known: HashMap::new(),
    };
    let mut pairs = Vec::new();
    while let Some((name, value)) = reader.pair()? {
        reader.known.insert(name.clone(), value.clone());
        pairs.push((name, value));
    }
    Ok(pairs)
}

struct Reader<'a> {
    text: &'a str,
    /// Where it is, in bytes.
    at: usize,
    /// What earlier lines said, for `$NAME`.
    known: HashMap<String, String>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn mistake(&self, what: impl Into<String>) -> Mistake {
        let before = self.text.get(..self.at).unwrap_or_default();
        Mistake {
            line: before.matches('\n').count() + 1,
            what: what.into(),
        }
    }

    /// The next name with its value; `None` at the end.
    fn pair(&mut self) -> Result<Option<(String, String)>, Mistake> {
        loop {
            let rest = self.rest();
            let start = rest.trim_start();
            self.at += rest.len() - start.len();
            if start.is_empty() {
                return Ok(None);
            }
            if !start.starts_with('#') {
                break;
            }
            self.at += start.find('\n').unwrap_or(start.len());
        }
        let name = self.name()?;
        let value = self.value(&name)?;
        Ok(Some((name, value)))
    }

    fn name(&mut self) -> Result<String, Mistake> {
        let line = self.rest().lines().next().unwrap_or_default();
        let Some(end) = line.find(['=', ':']) else {
            return Err(self.mistake("there is no `=` after a name"));
        };
        let written = line.get(..end).unwrap_or_default().trim_end();
        let name = match written.split_once(char::is_whitespace) {
            Some(("export", name)) => name.trim(),
            _ => written,
        };
        let of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || !name.chars().all(of_name) {
            // What stands there may be the middle of a secret: it is not repeated.
            return Err(self.mistake("what is before the `=` is no name"));
        }
        self.at += end + 1;
        Ok(name.to_owned())
    }

    fn value(&mut self, name: &str) -> Result<String, Mistake> {
        let rest = self.rest();
        let start = rest.trim_start_matches([' ', '\t']);
        self.at += rest.len() - start.len();
        match start.chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote, name),
            Some('{' | '[') => Ok(self.json().unwrap_or_else(|| self.plain())),
            _ => Ok(self.plain()),
        }
    }

    /// A value in quotes, which may go over several lines.
    fn quoted(&mut self, quote: char, name: &str) -> Result<String, Mistake> {
        let inner = self.rest().get(1..).unwrap_or_default();
        let mut escaped = false;
        let end = inner.char_indices().find_map(|(at, c)| {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            closes.then_some(at)
        });
        let Some(end) = end else {
            return Err(self.mistake(format!("the value of {name} begins with {quote} and has no end")));
        };
        let text = inner.get(..end).unwrap_or_default();
        let after = inner.get(end + 1..).unwrap_or_default();
        let after = after.lines().next().unwrap_or_default();
        if !(after.trim().is_empty() || after.trim_start().starts_with('#')) {
            return Err(self.mistake(format!("there is more behind the quoted value of {name}")));
        }
        self.at += 1 + end + 1 + after.len();
        Ok(if quote == '"' {
            self.unescaped(text)
        } else {
            text.to_owned()
        })
    }

    /// A JSON object or list, as it is written; `None` when it is none, or something else follows it.
    fn json(&mut self) -> Option<String> {
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<serde::de::IgnoredAny>();
        values.next()?.ok()?;
        let end = values.byte_offset();
        let after = rest.get(end..)?.lines().next().unwrap_or_default();
        let clean = after.trim().is_empty()
            || (after.starts_with([' ', '\t']) && after.trim_start().starts_with('#'));
        let value = rest.get(..end).filter(|_| clean)?;
        self.at += end + after.len();
        Some(value.to_owned())
    }

    /// The rest of the line without a comment.
    fn plain(&mut self) -> String {
        let line = self.rest().lines().next().unwrap_or_default();
        self.at += line.len();
        let comment = line
            .char_indices()
            .zip(line.chars().skip(1))
            .find_map(|((at, before), c)| (c == '#' && before.is_whitespace()).then_some(at));
        let value = if line.starts_with('#') { "" } else { line };
        let value = comment.and_then(|at| value.get(..at)).unwrap_or(value);
        self.expanded(value.trim())
    }

    /// The escapes of double quotes: `\n` and `\r`; any other backslash goes, what follows it stays. `$NAME` is filled in.
    fn unescaped(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['\\', '$']) {
            out.push_str(rest.get(..at).unwrap_or_default());
            let special = rest.get(at..).unwrap_or_default();
            let mut chars = special.chars();
            let taken = match (chars.next(), chars.next()) {
                (Some('\\'), Some(c)) => {
                    out.push(match c {
                        'n' => '\n',
                        'r' => '\r',
                        other => other,
                    });
                    1 + c.len_utf8()
                }
                (Some('$'), _) => self.reference(special, &mut out),
                (first, _) => {
                    out.extend(first);
                    1
                }
            };
            rest = special.get(taken..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }

    /// A text in which `$NAME` is filled in, and `\$` is a `$`.
    fn expanded(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let before = rest.get(..at).unwrap_or_default();
            let special = rest.get(at..).unwrap_or_default();
            let taken = match before.strip_suffix('\\') {
                Some(before) => {
                    out.push_str(before);
                    out.push('$');
                    1
                }
                None => {
                    out.push_str(before);
                    self.reference(special, &mut out)
                }
            };
            rest = special.get(taken..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }

    /// Writes what `$NAME` or `${NAME}` at the start of a text stands for and returns its length in bytes. A name that no
    /// earlier line has stays as it is: a password may look like one.
    fn reference(&self, text: &str, out: &mut String) -> usize {
        let after = text.get(1..).unwrap_or_default();
        let (name, length) = match after.strip_prefix('{') {
            Some(inner) => match inner.split_once('}') {
                Some((name, _)) => (name, name.len() + 3),
                None => ("", 1),
            },
            None => {
                let of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
                let end = after.find(|c| !of_name(c)).unwrap_or(after.len());
                (after.get(..end).unwrap_or_default(), end + 1)
            }
        };
        match self.known.get(name).filter(|_| !name.is_empty()) {
            Some(value) => {
                out.push_str(value);
                length
            }
            None => {
                out.push('$');
                1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> String {
        let pairs = parse(text).unwrap();
        assert_eq!(pairs.len(), 1, "{pairs:?}");
        pairs.into_iter().next().unwrap().1
    }

    #[test]
    fn values_are_read_in_every_form() {
        for (text, value) in [
            ("A=b", "b"),
            ("A = b ", "b"),
            ("export A=b", "b"),
            ("A: b", "b"),
            ("A=", ""),
            ("A=\n", ""),
            ("A=b c # comment", "b c"),
            ("A=b#c", "b#c"),
            ("A=#c", ""),
            ("A= # c", ""),
            ("A='b # c' # d", "b # c"),
            (r#"A='he"llo w/rld&more'"#, r#"he"llo w/rld&more"#),
            (r"A='a\nb'", r"a\nb"),
            (r#"A="a\nb\"c\\d""#, "a\nb\"c\\d"),
            ("A=\"a\nb\"\n", "a\nb"),
            ("A='-----BEGIN\nx=y\n-----END'\n", "-----BEGIN\nx=y\n-----END"),
            ("A=it's", "it's"),
            (r"A=a\nb", r"a\nb"),
            ("A=a=b==", "a=b=="),
            ("\u{feff}A=b\r\n", "b"),
            ("A=ü", "ü"),
            ("A=\"x\"", "x"),
            ("A=\"\"", ""),
        ] {
            assert_eq!(one(text), value, "{text:?}");
        }
    }

    #[test]
    fn json_is_taken_as_it_is() {
        for (text, value) in [
            (
                r##"A={"a": "b c", "d": "x #y"}"##,
                r##"{"a": "b c", "d": "x #y"}"##,
            ),
            (r#"A=["$B", "\n"] # list"#, r#"["$B", "\n"]"#),
            ("A={\n  \"a\": 1\n}\n", "{\n  \"a\": 1\n}"),
            ("A={not json} x", "{not json} x"),
            ("A=[a] b", "[a] b"),
        ] {
            assert_eq!(one(text), value, "{text:?}");
        }
    }

    #[test]
    fn several_lines_and_comments() {
        let pairs = parse("# head\n\nA=1\n  # more\n\tB=\"2\"\nexport C='3'\nA=4").unwrap();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(pairs, [("A", "1"), ("B", "2"), ("C", "3"), ("A", "4")]);
    }

    #[test]
    fn earlier_names_are_filled_in_and_others_are_not_touched() {
        for (text, value) in [
            ("H=x\nA=$H/y", "x/y"),
            ("H=x\nA=\"${H}y\"", "xy"),
            ("H=x\nA='$H'", "$H"),
            ("H=x\nA=\\$H", "$H"),
            ("H=x\nA=\"\\$H\"", "$H"),
            ("A=pa$$wORD$", "pa$$wORD$"),
            ("A=${B", "${B"),
        ] {
            assert_eq!(parse(text).unwrap().last().unwrap().1, value, "{text:?}");
        }
    }

    #[test]
    fn the_example_of_the_documentation_means_what_it_says() {
        let page = include_str!("../../../docs/configuration.md");
        let example = page
            .split("```sh\n")
            .find(|part| part.starts_with("# a comment"))
            .unwrap();
        let pairs = parse(example.split("```").next().unwrap()).unwrap();
        let get = |name: &str| pairs.iter().find(|(found, _)| found == name).unwrap().1.as_str();
        assert_eq!((get("NAME"), get("SPACES")), ("value", " kept "));
        assert_eq!(
            (get("LINES"), get("RAW")),
            ("first\nsecond", "nothing \\n is special")
        );
        assert_eq!(get("JSON"), r##"{"a": [1, "# no comment"]}"##);
        assert_eq!(get("URL"), "https://value/");
    }

    #[test]
    fn mistakes_name_their_line_and_no_value() {
        for (text, line) in [
            ("A=1\nsecret", 2),
            ("A=1\n\nB=\"secret\nmore", 3),
            ("A='secret' secret", 1),
            ("se cret=x", 1),
            ("=secret", 1),
        ] {
            let mistake = parse(text).unwrap_err();
            assert_eq!(mistake.line, line, "{text:?}");
            assert!(!mistake.what.contains("secret"), "{mistake:?}");
        }
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in [
            "",
            "=",
            "\"",
            "A=\"",
            "A=\\",
            "A=\"\\",
            "A=$",
            "A=\"$",
            "A=${",
            "ü",
            "export",
            "export =",
            "A='ü",
            "A=\"ü\\ü$ü\"",
        ] {
            drop(parse(text));
        }
    }
}
