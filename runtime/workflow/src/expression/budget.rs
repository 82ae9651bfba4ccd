//! How much memory an evaluation may take, counted as GitHub counts it: two bytes a UTF-16 unit and something for each
//! thing.

use super::value::Value;

/// What any thing takes.
const OBJECT: usize = 24;
/// What a text takes beside its characters.
const STRING: usize = 26;
/// What a place in a list takes.
const SLOT: usize = 8;

/// The memory of one evaluation. What a part of an expression made is given back once the whole that it belongs to is
/// made of it.
#[derive(Debug)]
pub(super) struct Budget {
    used: usize,
    limit: usize,
}

/// There is not enough memory left.
pub(super) struct Exceeded;

impl Budget {
    /// GitHub's limit for a workflow: 10 MiB.
    pub(super) const DEFAULT: usize = 10 * 1024 * 1024;

    pub(super) fn new(limit: usize) -> Self {
        Self { used: 0, limit }
    }

    /// How much is taken now, to come back to by [`settle`](Self::settle).
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Takes a text of so many bytes of UTF-8.
    pub(super) fn text(&mut self, text: &str) -> Result<(), Exceeded> {
        let units = if text.is_ascii() {
            text.len()
        } else {
            text.encode_utf16().count()
        };
        self.take(STRING.saturating_add(units.saturating_mul(2)))
    }

    /// Takes places in a list.
    pub(super) fn slots(&mut self, count: usize) -> Result<(), Exceeded> {
        self.take(count.saturating_mul(SLOT))
    }

    /// Gives back all since `before` but the result.
    pub(super) fn settle(&mut self, before: usize, result: &Value) -> Result<(), Exceeded> {
        self.release(before);
        match result {
            Value::String(text) => self.text(text),
            Value::Filtered(items) => {
                self.take(OBJECT)?;
                self.slots(items.len())
            }
            _ => self.take(OBJECT),
        }
    }

    /// Gives back all since `before`.
    pub(super) fn release(&mut self, before: usize) {
        self.used = before;
    }

    fn take(&mut self, bytes: usize) -> Result<(), Exceeded> {
        let used = self.used.saturating_add(bytes);
        if used > self.limit {
            return Err(Exceeded);
        }
        self.used = used;
        Ok(())
    }
}
