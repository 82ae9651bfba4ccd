//! The query of a list, as it stands in the address.

use actix_web::HttpRequest;
use loom_protocol::filter::{Condition, Filter, Pattern};
use loom_protocol::percent;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asked;
use super::error::{ApiError, ApiResult};
use crate::directory::{ActorQuery, Sort};

/// The most items that a page may be asked for.
const MAX_LIMIT: usize = 10_000;

/// Filters, order and page of a list of actors. A parameter that is none of these is an error: a filter that is
/// misspelt must not answer everything.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// Only actors of exactly this type.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Only actors with exactly this status, as shown (`stale` included).
    status: Option<String>,
    /// Only actors with this text in their id, type, status, worker, node, parent or the values of their metadata, in any
    /// case.
    q: Option<String>,
    /// Only actors for which all of these words hold: `type:Order state:failed,stale wait:>50ms -is:system "a text"`. `rate`,
    /// `wait` and `handle` are of the last minute, as in the records.
    #[param(max_length = 2000)]
    filter: Option<String>,
    /// `id` (the default), `type`, `status`, `messageCount`, `queueDepth`, `errorCount`, `restartCount`, `uptime`,
    /// `lastHeartbeat`, `workerId`, `node`, `parentId`, `rate`, `wait` or `handle`; with `-` in front for largest first.
    #[param(
        pattern = "^-?(id|type|status|messageCount|queueDepth|errorCount|uptime|lastHeartbeat|workerId|node|parentId|restartCount|rate|wait|handle)$"
    )]
    sort: Option<String>,
    /// Items at most, from 1 to 10000.
    #[param(minimum = 1, maximum = 10000)]
    limit: Option<usize>,
    /// Where the page before ended, as it was given there.
    cursor: Option<String>,
}

/// A `limit` that may be asked for.
pub(super) fn limit(asked: Option<usize>, most: usize) -> ApiResult<Option<usize>> {
    match asked {
        Some(limit) if !(1..=most).contains(&limit) => {
            let detail = format!("`limit` is {limit}; it must be from 1 to {most}");
            Err(ApiError::bad_request("invalid_query", detail))
        }
        asked => Ok(asked),
    }
}

impl ListParams {
    /// The query that they ask for, with `default_limit` when they name none.
    pub(super) fn query(self, default_limit: Option<usize>) -> ApiResult<ActorQuery> {
        let sort = match self.sort {
            None => Sort::default(),
            Some(text) => text
                .parse()
                .map_err(|detail: String| ApiError::bad_request("invalid_query", detail))?,
        };
        limit(self.limit, MAX_LIMIT)?;
        let mut filter: Filter = self.filter.as_deref().unwrap_or_default().parse()?;
        if let Some(text) = self.q {
            filter = filter.and(Condition::Text(Pattern::literal(&text)));
        }
        Ok(ActorQuery {
            kind: self.kind,
            status: self.status,
            filter,
            sort,
            limit: self.limit.or(default_limit),
            skip: 0,
            cursor: self.cursor,
        })
    }
}

/// The `Link` header of a page that another one follows: the same address with the next cursor, seen from that address, which
/// may be longer than we know when something in front of this server took a part of the path away.
pub fn link_to_next(request: &HttpRequest, cursor: &str) -> String {
    let mut query: Vec<&str> = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
        .collect();
    let cursor = format!("cursor={}", percent::encoded(cursor));
    let workspace = asked::in_address(request);
    query.extend(workspace.as_deref());
    query.push(&cursor);
    format!("<?{}>; rel=\"next\"", query.join("&"))
}
