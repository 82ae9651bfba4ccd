//! The task that carries spans to a collector.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::json;
use super::options::{OtlpError, OtlpOptions};
use crate::connector::{Connector, connector};
use crate::say;
use crate::trace::span;

/// Spans of one request.
const AT_ONCE: usize = 512;

/// Between two requests, unless many wait.
const PERIOD: Duration = Duration::from_secs(1);

/// A collector that takes longer to take a connection counts as away.
const CONNECT: Duration = Duration::from_secs(5);

/// A collector that takes longer to answer counts as away.
const ANSWER: Duration = Duration::from_secs(10);

/// The pauses after requests that failed: the first, doubling up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long [`Traces::close`] tries to send what is left.
const FAREWELL: Duration = Duration::from_secs(2);

/// Bytes of an answer.
const LONGEST_ANSWER: usize = 64 << 10;

/// Spans are sent as long as this is held.
#[must_use = "spans are sent as long as this is held"]
pub struct Traces {
    close: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

/// Begins to send a collector spans of the messages that are handled in this process.
///
/// # Errors
/// The options cannot be used, no runtime runs here, or spans are sent already.
pub fn export(options: &OtlpOptions) -> Result<Traces, OtlpError> {
    let to = options.check()?;
    let connector = connector(&to, CONNECT)?;
    let runtime = Handle::try_current().map_err(|_| OtlpError::NoRuntime)?;
    if !span::begin_to_record(options.ratio) {
        return Err(OtlpError::Twice);
    }
    let (close, closing) = watch::channel(false);
    let exporter = Exporter {
        collector: options.shown(),
        to,
        client: Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(1)
            .build(connector),
        resource: json::resource(options.service.as_deref()),
        closing,
        is_in_trouble: false,
    };
    let task = Some(runtime.spawn(exporter.run()));
    Ok(Traces { close, task })
}

impl Traces {
    /// Spans that were lost since the process began: because too many waited, or because the collector did not take them.
    pub fn dropped(&self) -> u64 {
        span::dropped()
    }

    /// Sends what is left, for two seconds at most, and nothing more.
    pub async fn close(mut self) {
        // Nobody listens when the task is gone.
        let _gone = self.close.send(true);
        if let Some(task) = &mut self.task {
            let _late = timeout(FAREWELL, task).await;
        }
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        span::record_no_more();
    }
}

struct Exporter {
    collector: String,
    to: Uri,
    client: Client<Connector, Full<Bytes>>,
    resource: Value,
    closing: watch::Receiver<bool>,
    /// Said already.
    is_in_trouble: bool,
}

/// Why spans were not taken.
enum Trouble {
    /// They may be taken later.
    Passing(String),
    /// They never will be.
    Refused(String),
}

impl Exporter {
    async fn run(mut self) {
        loop {
            tokio::select! {
                () = sleep(PERIOD) => {}
                () = span::many_wait() => {}
                _ = self.closing.changed() => {}
            }
            let is_last = self.is_closing();
            loop {
                let spans = span::carry_off(AT_ONCE);
                if spans.is_empty() {
                    break;
                }
                let body = json::request(&self.resource, &spans).to_string();
                self.deliver(Bytes::from(body), spans.len()).await;
            }
            if is_last {
                return;
            }
        }
    }

    fn is_closing(&self) -> bool {
        // Whoever held it is gone: nobody wants spans any more.
        *self.closing.borrow() || self.closing.has_changed().is_err()
    }

    /// Until the collector has taken them or refused them.
    async fn deliver(&mut self, body: Bytes, spans: usize) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.post(body.clone()).await {
                Ok(refused) => {
                    self.is_in_trouble = false;
                    span::drop_some(refused);
                    return;
                }
                Err(Trouble::Refused(why)) => {
                    self.say(&why, "these spans are lost");
                    span::drop_some(spans);
                    return;
                }
                Err(Trouble::Passing(why)) => self.say(&why, "it is tried again until it works"),
            }
            if self.is_closing() {
                span::drop_some(spans);
                return;
            }
            tokio::select! {
                () = sleep(pause) => {}
                _ = self.closing.changed() => {}
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Answers how many of the spans the collector did not take.
    async fn post(&self, body: Bytes) -> Result<usize, Trouble> {
        let request = Request::post(self.to.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| Trouble::Refused(error.to_string()))?;
        let answer = async {
            let answer = self.client.request(request).await?;
            let status = answer.status();
            // What it says beside its status matters only where it is short.
            let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await;
            Ok((status, body.map(|body| body.to_bytes()).unwrap_or_default()))
        };
        let answer: Result<_, hyper_util::client::legacy::Error> = timeout(ANSWER, answer)
            .await
            .map_err(|_| Trouble::Passing(format!("no answer within {ANSWER:?}")))?;
        let (status, body) = answer.map_err(|error| Trouble::Passing(chain(&error)))?;
        if status.is_success() {
            return Ok(refused(&body));
        }
        let why = format!("it answers with status {status}");
        match status {
            // Those that OTLP says to send again (its specification, "Retryable response codes"). Of others a collector would
            // say the same for ever, and nothing behind them would come.
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err(Trouble::Passing(why)),
            _ => Err(Trouble::Refused(why)),
        }
    }

    /// Once for each time of trouble, or the log would fill while a collector is away.
    fn say(&mut self, why: &str, then: &str) {
        if !std::mem::replace(&mut self.is_in_trouble, true) {
            say::warn(&format!(
                "traces do not reach the collector at {}: {why}; is it running, and is this its address? {then}, and what does \
                 not fit meanwhile is dropped",
                self.collector
            ));
        }
    }
}

/// What an answer says of spans that were not taken, though the request was.
fn refused(body: &[u8]) -> usize {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    // A number of 64 bits, so text; some write a number.
    let count = answer
        .pointer("/partialSuccess/rejectedSpans")
        .and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
    usize::try_from(count.unwrap_or_default()).unwrap_or_default()
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
