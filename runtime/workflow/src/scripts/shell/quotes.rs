//! Quotes of a shell, and `${…}` with what stands in it.

use super::{Inside, Reader, Stop, Until, expression, not_closed};

impl Reader<'_> {
    /// `${name…}`.
    pub(super) fn parameter(&mut self, depth: usize, quoted: bool) -> Result<(), Stop> {
        let opened = self.at.saturating_sub(1);
        while let Some(next) = self.next() {
            match next {
                '}' => {
                    self.at += 1;
                    return Ok(());
                }
                '\\' => self.skip(2),
                '\'' if !quoted || self.is_quote() => self.raw()?,
                '"' => self.quoted(depth + 1)?,
                '`' => {
                    self.at += 1;
                    self.commands(Until::Backtick, depth + 1)?;
                }
                '$' => self.dollar(depth + 1, quoted)?,
                _ => self.at += next.len_utf8(),
            }
        }
        Err(not_closed(opened))
    }

    /// Whether `'` in `"${…}"` begins a text: to bash it does, to `sh` it is a letter behind `:-` and its kin.
    fn is_quote(&self) -> bool {
        let rest = self.rest().get(1..).unwrap_or_default();
        let text = rest.split_once('\'').map(|(text, _)| text);
        text.is_some_and(|text| !text.contains("}\"") && !text.contains('\n'))
    }

    /// Text in double quotes.
    pub(super) fn quoted(&mut self, depth: usize) -> Result<(), Stop> {
        let opened = self.at;
        self.at += 1;
        while let Some(next) = self.next() {
            match next {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                '\\' => self.skip(2),
                '`' => {
                    self.at += 1;
                    self.commands(Until::Backtick, depth + 1)?;
                }
                '$' => self.dollar(depth + 1, true)?,
                _ => self.skip_to(|next| matches!(next, '"' | '\\' | '`' | '$')),
            }
        }
        Err(not_closed(opened))
    }

    /// Text in single quotes, in which nothing is special but what is put in before the script runs.
    pub(super) fn raw(&mut self) -> Result<(), Stop> {
        let opened = self.at;
        self.at += 1;
        while let Some(next) = self.next() {
            match next {
                '\'' => {
                    self.at += 1;
                    return Ok(());
                }
                '$' if self.rest().starts_with("${{") => {
                    self.at += expression(self.rest());
                }
                _ => self.at += next.len_utf8(),
            }
        }
        Err(not_closed(opened))
    }

    /// `$'…'`, in which `\'` is a quote.
    pub(super) fn escaped(&mut self) -> Result<(), Stop> {
        let opened = self.at;
        self.at += 2;
        while let Some(next) = self.next() {
            match next {
                '\'' => {
                    self.at += 1;
                    return Ok(());
                }
                '\\' => self.skip(2),
                _ => self.at += next.len_utf8(),
            }
        }
        Err(not_closed(opened))
    }

    /// Whether a `\` of a list, in a substitution, is followed by what bash reads as if it was not escaped:
    /// `$(a=(\"))` is not closed to it, `$(a=(\ #))` has a comment.
    pub(super) fn is_misread_escape(&self) -> bool {
        let mut behind = self.rest().chars().skip(1);
        let escaped = behind.next();
        self.inside == Inside::Substitution
            && (matches!(escaped, Some('"' | '\'' | '`'))
                || escaped.is_some_and(char::is_whitespace) && behind.next() == Some('#'))
    }
}
