//! Posting a request to a collector.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use loom_bridge::connector::{Connector, connector};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::options::CollectorOptions;
use crate::chain::chain;

/// The time that a collector has to take a request.
const WITHIN: Duration = Duration::from_secs(5);
/// Bytes of an answer.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Posts to one collector.
#[derive(Default)]
pub(super) struct Http {
    client: OnceCell<Client<Connector, Full<Bytes>>>,
}

impl Http {
    /// Posts metrics. Says what went wrong, for people; points that the collector did not take are told so, too.
    pub(super) async fn post(&self, to: &CollectorOptions, body: Vec<u8>) -> Result<(), String> {
        let mut request = Request::post(to.url.metrics().clone())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("loom-studio/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        for (name, value) in to.headers.map() {
            request.headers_mut().append(name, value.clone());
        }
        let answered = timeout(WITHIN, async {
            let client = self.client(to).await?;
            let answer = client.request(request).await.map_err(|error| chain(&error))?;
            let status = answer.status();
            // What it says beside its status matters only where it is short.
            let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await;
            Ok::<_, String>((status, body.map(|body| body.to_bytes()).unwrap_or_default()))
        });
        match answered.await {
            Ok(Ok((status, body))) => taken(status, &body),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(format!("no answer within {} seconds", WITHIN.as_secs())),
        }
    }

    async fn client(&self, to: &CollectorOptions) -> Result<&Client<Connector, Full<Bytes>>, String> {
        let uri = to.url.metrics().clone();
        let made = self.client.get_or_try_init(|| async {
            // Whom the system trusts is read from the disk.
            let connector = tokio::task::spawn_blocking(move || connector(&uri, WITHIN)).await;
            let connector = connector.map_err(|error| chain(&error))?;
            let connector = connector.map_err(|error| format!("failed to {error}"))?;
            Ok(Client::builder(TokioExecutor::new())
                .pool_max_idle_per_host(1)
                .build(connector))
        });
        made.await
    }
}

fn taken(status: StatusCode, body: &[u8]) -> Result<(), String> {
    if !status.is_success() {
        return Err(format!("it answers with HTTP {}", status.as_u16()));
    }
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    // A number of 64 bits, so text; some write a number.
    let refused = answer
        .pointer("/partialSuccess/rejectedDataPoints")
        .and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
    match refused.unwrap_or(0) {
        0 => Ok(()),
        refused => Err(format!("it did not take {refused} points")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_taken_is_said() {
        let ok = StatusCode::OK;
        assert_eq!(taken(ok, b""), Ok(()));
        assert_eq!(taken(ok, br#"{"partialSuccess":{}}"#), Ok(()));
        let part = br#"{"partialSuccess":{"rejectedDataPoints":"3"}}"#;
        assert_eq!(taken(ok, part), Err("it did not take 3 points".to_owned()));
        assert_eq!(
            taken(StatusCode::NOT_FOUND, b""),
            Err("it answers with HTTP 404".to_owned())
        );
    }
}
