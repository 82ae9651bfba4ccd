//! Hearing of orders at once: one request stays open at the studio, which answers it when there is something. What there is
//! comes with the outcome of a batch, as ever; a studio that knows no such request, or is away, costs nothing but that.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use loom_protocol::BootId;
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use super::sink::Notify;
use crate::connector::Connector;

/// Milliseconds that the studio may wait with its answer; less than what stands between may take for silence.
const WAIT: u64 = 30_000;
/// When no answer will come any more.
const NO_ANSWER: Duration = Duration::from_secs(40);
/// Bytes of an answer.
const LONGEST_ANSWER: usize = 4 << 10;
/// Between two requests, so that a studio that always answers at once does not spin us.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
/// After the first request that failed; doubling up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is asked.
#[derive(Serialize)]
struct Poll<'a> {
    boot: &'a BootId,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<&'a str>,
    wait: u64,
}

/// What is answered.
#[derive(Deserialize)]
struct Polled {
    changed: bool,
    seen: String,
}

/// Calls `notify` whenever there is something for `boot`, until that says that nobody listens. `request` makes the request of a
/// body.
pub(super) async fn poll(
    client: Client<Connector, Full<Bytes>>,
    request: impl Fn(Vec<u8>) -> Option<Request<Full<Bytes>>>,
    boot: BootId,
    notify: Notify,
) {
    let mut seen: Option<String> = None;
    let mut pause = FIRST_PAUSE;
    loop {
        let asked = Poll {
            boot: &boot,
            seen: seen.as_deref(),
            wait: WAIT,
        };
        let body = serde_json::to_vec(&asked).ok();
        let Some(request) = body.and_then(&request) else {
            return;
        };
        if let Ok(Some(polled)) = timeout(NO_ANSWER, answer(&client, request)).await {
            if polled.changed && !notify() {
                return;
            }
            seen = Some(polled.seen);
            pause = FIRST_PAUSE;
            sleep(SHORTEST_PAUSE).await;
        } else {
            // Another studio may be there next.
            seen = None;
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }
}

/// What the studio says, if that is an answer. Why not is for the next batch to tell.
async fn answer(client: &Client<Connector, Full<Bytes>>, request: Request<Full<Bytes>>) -> Option<Polled> {
    let answer = client.request(request).await.ok()?;
    if !answer.status().is_success() {
        return None;
    }
    let body = Limited::new(answer.into_body(), LONGEST_ANSWER)
        .collect()
        .await
        .ok()?;
    serde_json::from_slice(&body.to_bytes()).ok()
}
