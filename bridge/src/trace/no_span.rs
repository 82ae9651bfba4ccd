//! What `span.rs` is without the feature `otlp`: nothing is recorded.

use super::cause::Cause;
use crate::cell::ActorCell;

pub(crate) struct Span;

impl Span {
    #[inline]
    pub(crate) fn begin(cause: Cause, _: &ActorCell, _: &'static str) -> (Cause, Self) {
        (cause, Self)
    }

    #[inline]
    pub(crate) fn end(self, _is_error: bool) {}
}

#[inline]
pub(super) fn samples(_: u128) -> bool {
    false
}
