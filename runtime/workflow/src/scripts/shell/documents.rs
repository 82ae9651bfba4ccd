//! Redirections of a shell, and the here-documents that some of them bring.

use super::{Inside, Reader};

impl Reader<'_> {
    /// `<`, and `<<WORD` with the here-document that follows; gives whether a word comes next that belongs to it.
    pub(super) fn redirection(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("<<<") {
            self.at += 3;
            true
        } else if rest.starts_with("<<") {
            self.at += 2;
            let tabs = self.rest().starts_with('-');
            self.at += usize::from(tabs);
            self.skip_to(|next| !matches!(next, ' ' | '\t'));
            let begin = self.at;
            let last = self.last_line();
            // More likely a shift in arithmetic: what follows cannot be told.
            let written = self.script.get(begin..self.at).unwrap_or_default();
            self.computed |= written.starts_with(|c: char| c.is_ascii_digit());
            self.documents.push((last, tabs));
            false
        } else {
            // `<&`, `<>`.
            let more = matches!(self.rest().as_bytes().get(1), Some(b'&' | b'>'));
            self.at += if more && !rest.starts_with("<>(") { 2 } else { 1 };
            true
        }
    }

    /// Reads the word behind `<<`; gives the line that ends the here-document: the word without its quotes.
    fn last_line(&mut self) -> String {
        let mut last = String::new();
        let mut quote = None;
        // How many `{` or `(` of a substitution are open: nothing is put in, but its white space belongs to the word.
        let mut open = 0_usize;
        while let Some(next) = self.next() {
            let after = self
                .rest()
                .get(next.len_utf8()..)
                .and_then(|rest| rest.chars().next());
            match (quote, next) {
                (Some('\''), '\'') | (Some('"'), '"') => quote = None,
                (None, '\'' | '"') => quote = Some(next),
                // A line that goes on.
                (None | Some('"'), '\\') if after == Some('\n') => self.at += 1,
                (None, '\\') => {
                    self.at += 1;
                    last.extend(after);
                    self.at += after.map_or(0, char::len_utf8);
                    continue;
                }
                (Some('"'), '\\') if matches!(after, Some('"' | '\\' | '$' | '`')) => {
                    self.at += 1;
                    last.extend(after);
                }
                (None, '{' | '(') if open > 0 || last.ends_with('$') => {
                    open += 1;
                    last.push(next);
                }
                (None, '}' | ')') if open > 0 => {
                    open -= 1;
                    last.push(next);
                }
                (None, ';' | '&' | '|' | '<' | '>' | '(' | ')' | '`') if open == 0 => break,
                (None, _) if next.is_whitespace() && (open == 0 || next == '\n') => break,
                _ => last.push(next),
            }
            self.at += next.len_utf8();
        }
        last
    }

    /// Passes over the here-documents that begin with this line.
    pub(super) fn documents(&mut self) {
        for (last, tabs) in std::mem::take(&mut self.documents) {
            while !self.rest().is_empty() {
                let rest = self.rest();
                let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
                let whole = rest.get(..length).unwrap_or_default();
                let line = whole.trim_end_matches(['\n', '\r']);
                let line = if tabs { line.trim_start_matches('\t') } else { line };
                let behind = line.strip_prefix(last.as_str());
                if self.inside == Inside::Substitution && behind.is_some_and(|behind| behind.contains(')')) {
                    self.at += whole.find(last.as_str()).unwrap_or_default() + last.len();
                    break;
                }
                if self.inside == Inside::Backticks
                    && let Some(end) = whole
                        .find('`')
                        .filter(|end| !whole.get(..*end).is_some_and(|it| it.ends_with('\\')))
                {
                    self.at += end;
                    break;
                }
                self.at += length;
                if behind == Some("") {
                    break;
                }
            }
        }
    }
}
