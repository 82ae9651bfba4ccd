//! The two forms of a list: a bare array with headers, and in `/api/v1` an object that says whether there is more.

use actix_web::{HttpRequest, HttpResponse};
use loom_studio::link_to_next;
use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Debug)]
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
    /// How many the filter matched, on all pages.
    pub(super) total: usize,
    /// The cursor of the next page, when there is one.
    pub(super) next: Option<String>,
}

/// One page of a list, as `/api/v1` answers it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    /// The items of this page.
    items: Vec<T>,
    /// The `cursor` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// How many the filter matched, on all pages.
    total: usize,
    /// Whether there are more than this page holds.
    truncated: bool,
}

impl<T: Serialize> Listed<T> {
    /// Cuts a page out of those of all that `wanted` says; `cursor` names an item, which need not be wanted any more. Nothing when
    /// the cursor is no item's.
    pub(super) fn cut(
        mut all: Vec<T>,
        cursor: Option<&str>,
        limit: Option<usize>,
        name: impl Fn(&T) -> &str,
        wanted: impl Fn(&T) -> bool,
    ) -> Option<Self> {
        let total = all.iter().filter(|item| wanted(item)).count();
        if let Some(cursor) = cursor {
            let place = all.iter().position(|item| name(item) == cursor)?;
            all.drain(..=place);
        }
        all.retain(wanted);
        let more = limit.is_some_and(|limit| all.len() > limit);
        all.truncate(limit.unwrap_or(usize::MAX));
        let next = all.last().filter(|_| more).map(|last| name(last).to_owned());
        Some(Self {
            items: all,
            total,
            next,
        })
    }

    /// The items alone; the rest is in the headers.
    pub(super) fn bare(&self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.insert_header(("X-Total-Count", self.total));
        if let Some(cursor) = &self.next {
            response.insert_header(("Link", link_to_next(request, cursor)));
        }
        response.json(&self.items)
    }

    pub(super) fn page(self) -> Page<T> {
        Page {
            items: self.items,
            truncated: self.next.is_some(),
            next: self.next,
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_and_the_last_has_no_next() {
        let all = || vec!["a", "b", "c"];
        let cut = |cursor, limit| Listed::cut(all(), cursor, limit, |item| item, |_| true);
        let first = cut(None, Some(2)).unwrap();
        assert_eq!(
            (first.items, first.total, first.next.as_deref()),
            (vec!["a", "b"], 3, Some("b"))
        );
        let last = cut(Some("b"), Some(2)).unwrap();
        assert_eq!((last.items, last.total, last.next), (vec!["c"], 3, None));
        assert_eq!(cut(None, None).unwrap().items, all());
        assert!(cut(Some("nobody"), None).is_none());
        // The page before ended with `b`, which is wanted no more.
        let rest = Listed::cut(all(), Some("b"), Some(2), |item| item, |item| *item != "b").unwrap();
        assert_eq!((rest.items, rest.total, rest.next), (vec!["c"], 2, None));
    }
}
