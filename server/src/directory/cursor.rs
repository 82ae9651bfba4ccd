//! Where a page of a list ended: opaque text for whoever asks for the next one.

use serde::{Deserialize, Serialize};

use super::query::{Sort, SortValue};

/// The last item of a page, and the order that the page was in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) sort: Sort,
    pub(super) value: SortValue,
    pub(super) id: String,
}

/// The text is no cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that this list gave out in this order; start again without it")]
pub struct InvalidCursor;

impl Cursor {
    /// Hexadecimal, so that it needs no escaping in an address.
    pub(super) fn to_text(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let mut text = String::with_capacity(json.len() * 2);
        for byte in json {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        text
    }

    pub(super) fn parse(text: &str, sort: Sort) -> Result<Self, InvalidCursor> {
        let digits: Vec<u32> = text
            .chars()
            .map(|digit| digit.to_digit(16))
            .collect::<Option<_>>()
            .ok_or(InvalidCursor)?;
        let json: Vec<u8> = digits
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => u8::try_from(high * 16 + low).map_err(|_| InvalidCursor),
                _ => Err(InvalidCursor),
            })
            .collect::<Result<_, _>>()?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| InvalidCursor)?;
        if cursor.sort != sort {
            return Err(InvalidCursor);
        }
        Ok(cursor)
    }
}
