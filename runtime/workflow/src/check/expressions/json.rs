//! `fromJSON()` of a text that is written out: it is JSON, and what is in it is known.

use super::checker::{Checker, constant};
use super::types::Type;
use crate::codes;
use crate::expression::{Expression, Value};
use crate::words::visible;

/// The type of `fromJSON(text)`.
pub(super) fn check(checker: &mut Checker<'_>, text: &Expression) -> Type {
    let Some(written) = constant(text) else {
        return Type::Any;
    };
    match Value::read_by_runner(&written.to_text()) {
        Ok(value) => Type::of(&value),
        Err(why) => {
            let finding = checker
                .finding(
                    codes::FROM_JSON,
                    "`fromJSON` is given a text that is no JSON",
                    text.span(),
                    visible(&why),
                )
                .help("JSON has texts in double quotes, and closes every bracket");
            checker.report(finding);
            Type::Any
        }
    }
}
