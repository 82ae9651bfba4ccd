//! Delivering to a studio in another process, over HTTP.
//!
//! HTTP/1.1, plain or, with the feature `tls`, encrypted. The token is sent with each batch and appears nowhere else.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::http::uri::Authority;
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use loom_protocol::{ActorBatch, BootId, Problem};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::asked::Asked;
use super::bridge::DiscoveryBridge;
use super::poll::poll;
use super::sink::{Delivery, Notify, SinkError, StudioSink};
use crate::address;
use crate::connector::{Connector, ConnectorError, connector};
use crate::say;

/// Where a studio is when nobody says otherwise.
pub const DEFAULT_STUDIO_URL: &str = "http://localhost:9090";

/// A studio that takes longer to take a connection counts as away.
const CONNECT: Duration = Duration::from_secs(5);

/// A studio's answer is some rejections at most.
const LONGEST_ANSWER: usize = 4 << 20;

/// So much of a stranger's answer goes into an error.
const LONGEST_DETAIL: usize = 300;

/// Which studio, and how to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UplinkOptions {
    /// Its address, `http://host:port`, with a path where a proxy wants one.
    pub url: String,
    /// What it wants for a bearer token.
    pub token: Option<Token>,
    /// Which of the token's workspaces is reported to; the token's first when absent.
    pub workspace: Option<String>,
}

impl Default for UplinkOptions {
    /// [`DEFAULT_STUDIO_URL`] without a token.
    fn default() -> Self {
        Self {
            url: DEFAULT_STUDIO_URL.to_owned(),
            token: None,
            workspace: None,
        }
    }
}

impl UplinkOptions {
    /// `STUDIO_URL`, `STUDIO_TOKEN` and `STUDIO_WORKSPACE`; what is not set or empty keeps its default.
    pub fn from_env() -> Self {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// The same from wherever variables come from.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| lookup(name).filter(|value: &String| !value.trim().is_empty());
        let url =
            set("STUDIO_URL").map_or_else(|| DEFAULT_STUDIO_URL.to_owned(), |url| url.trim().to_owned());
        Self {
            url,
            token: set("STUDIO_TOKEN").map(Token::new),
            workspace: set("STUDIO_WORKSPACE").map(|name| name.trim().to_owned()),
        }
    }
}

/// Whether the environment asks for a studio: `STUDIO_ENABLED` is `true`, `1`, `yes` or `on`.
pub fn is_enabled_by_env() -> bool {
    Asked::by_env() == Asked::Yes
}

/// A secret that prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes the secret, without blanks around it.
    pub fn new(secret: impl AsRef<str>) -> Self {
        Self(secret.as_ref().trim().to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why there can be no uplink. Fits after "failed to".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UplinkError {
    /// The address is no address.
    #[error("read the studio's address `{url}`; it has to look like {DEFAULT_STUDIO_URL}")]
    Address {
        /// What was given.
        url: String,
    },
    /// There can be no connection to such an address.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// The token cannot stand in a header.
    #[error(
        "use the studio's token: it has characters that a header cannot carry; take letters, digits and punctuation"
    )]
    Token,
    /// The workspace cannot stand in a header.
    #[error(
        "use the workspace `{workspace}`: a name has small letters, digits, `-` and `_`; mend STUDIO_WORKSPACE"
    )]
    Workspace {
        /// What was given.
        workspace: String,
    },
}

/// What names the workspace that a request is about.
const WORKSPACE: HeaderName = HeaderName::from_static("loom-workspace");

/// A studio that is reached over HTTP.
pub struct Uplink {
    studio: String,
    batches: Uri,
    polls: Uri,
    /// What every request shows of us.
    shown: HeaderMap,
    client: Client<Connector, Full<Bytes>>,
    /// What hears of orders; ends with this.
    poll: Mutex<Option<AbortHandle>>,
}

impl Uplink {
    /// Prepares for a studio; nothing is sent before the first batch.
    ///
    /// # Errors
    /// The address, the token or the workspace cannot be used.
    pub fn new(options: &UplinkOptions) -> Result<Self, UplinkError> {
        let studio = options.url.trim_end_matches('/').to_owned();
        let batches = at(&studio, "/api/actor/batch")?;
        let polls = at(&studio, "/api/actor/poll")?;
        let shown = shown(options)?;
        let connector = connector(&batches, CONNECT)?;
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(2)
            .build(connector);
        Ok(Self {
            studio,
            batches,
            polls,
            shown,
            client,
            poll: Mutex::default(),
        })
    }

    async fn post(&self, batch: ActorBatch) -> Result<loom_protocol::BatchOutcome, SinkError> {
        let answer = self
            .client
            .request(self.request(&batch)?)
            .await
            .map_err(|error| self.unreachable(error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST_ANSWER)
            .collect()
            .await
            .map_err(|error| self.unintelligible(error))?
            .to_bytes();
        if status == StatusCode::OK {
            return serde_json::from_slice(&body).map_err(|error| self.unintelligible(error));
        }
        Err(self.refusal(status, &body))
    }

    fn request(&self, batch: &ActorBatch) -> Result<Request<Full<Bytes>>, SinkError> {
        let body = serde_json::to_vec(batch).map_err(|error| self.unintelligible(error))?;
        post_to(&self.batches, &self.shown, body).map_err(|error| self.unreachable(error))
    }

    /// Has this task hear of orders, and nobody else.
    fn poll_by(&self, task: Option<AbortHandle>) {
        let mut poll = self.poll.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *poll, task) {
            before.abort();
        }
    }

    fn refusal(&self, status: StatusCode, body: &[u8]) -> SinkError {
        let (studio, code) = (self.studio.clone(), status.as_u16());
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                SinkError::Unauthorized { studio, status: code }
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => SinkError::Troubled {
                studio,
                status: code,
                detail: detail(body),
            },
            // There may be a studio at this address later, or one that knows batches.
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => SinkError::Unintelligible {
                studio,
                source: format!("status {status}: {}", detail(body)).into(),
            },
            _ if status.is_client_error() => SinkError::Refused {
                studio,
                status: code,
                detail: detail(body),
            },
            _ if status.is_server_error() => SinkError::Troubled {
                studio,
                status: code,
                detail: detail(body),
            },
            _ => SinkError::Unintelligible {
                studio,
                source: format!("status {status}").into(),
            },
        }
    }

    fn unreachable(&self, error: impl std::error::Error + Send + Sync + 'static) -> SinkError {
        SinkError::Unreachable {
            studio: self.studio.clone(),
            source: Box::new(error),
        }
    }

    fn unintelligible(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SinkError {
        SinkError::Unintelligible {
            studio: self.studio.clone(),
            source: error.into(),
        }
    }
}

impl StudioSink for Uplink {
    fn deliver(&self, batch: ActorBatch) -> Delivery<'_> {
        Box::pin(self.post(batch))
    }

    fn notify_of_orders(&self, boot: &BootId, notify: Notify) {
        // Outside of a runtime nobody delivers either.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (to, shown) = (self.polls.clone(), self.shown.clone());
        let request = move |body| post_to(&to, &shown, body).ok();
        let task = runtime.spawn(poll(self.client.clone(), request, boot.clone(), notify));
        self.poll_by(Some(task.abort_handle()));
    }

    fn name(&self) -> String {
        self.studio.clone()
    }
}

impl Drop for Uplink {
    fn drop(&mut self) {
        self.poll_by(None);
    }
}

fn post_to(to: &Uri, shown: &HeaderMap, body: Vec<u8>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(to.clone())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(body.into()))?;
    request
        .headers_mut()
        .extend(shown.iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(request)
}

/// Delivers the bridge to the studio of the environment, when that asks for it.
pub(super) fn deliver_by_environment(bridge: &DiscoveryBridge) {
    if !is_enabled_by_env() {
        return;
    }
    match Uplink::new(&UplinkOptions::from_env()) {
        Ok(uplink) => {
            bridge.deliver_to(uplink);
        }
        Err(error) => say::warn(&format!(
            "the actors of this process are shown in no studio: failed to {error}; mend STUDIO_URL or STUDIO_TOKEN"
        )),
    }
}

fn at(studio: &str, path: &str) -> Result<Uri, UplinkError> {
    let wrong = || UplinkError::Address {
        url: address::shown(studio),
    };
    let uri: Uri = format!("{studio}{path}").parse().map_err(|_| wrong())?;
    // A password in the address would go into every log line that names the studio; and below a query there are no paths.
    let has_password = |authority: &Authority| authority.as_str().contains('@');
    if uri.authority().is_none_or(has_password) || address::has_query(studio) {
        return Err(wrong());
    }
    match uri.scheme_str() {
        Some("http" | "https") => Ok(uri),
        _ => Err(wrong()),
    }
}

fn shown(options: &UplinkOptions) -> Result<HeaderMap, UplinkError> {
    let mut headers = HeaderMap::new();
    if let Some(token) = &options.token {
        let mut value =
            HeaderValue::from_str(&format!("Bearer {}", token.0)).map_err(|_| UplinkError::Token)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    if let Some(workspace) = &options.workspace {
        let value = HeaderValue::from_str(workspace).map_err(|_| UplinkError::Workspace {
            workspace: workspace.escape_default().to_string(),
        })?;
        headers.insert(WORKSPACE, value);
    }
    Ok(headers)
}

/// What an error answer says, in a line.
fn detail(body: &[u8]) -> String {
    if let Ok(problem) = serde_json::from_slice::<Problem>(body) {
        return problem.detail.unwrap_or(problem.title);
    }
    let text = String::from_utf8_lossy(body);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        "no reason given".to_owned()
    } else {
        line.chars().take(LONGEST_DETAIL).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> UplinkOptions {
        UplinkOptions {
            url: url.to_owned(),
            ..UplinkOptions::default()
        }
    }

    #[test]
    fn the_environment_names_studio_token_and_workspace() {
        let lookup = |name: &str| match name {
            "STUDIO_URL" => Some(" http://rack:9091 ".to_owned()),
            "STUDIO_TOKEN" => Some("secret".to_owned()),
            "STUDIO_WORKSPACE" => Some(" shop ".to_owned()),
            _ => None,
        };
        let read = UplinkOptions::from_lookup(lookup);
        assert_eq!(
            read,
            UplinkOptions {
                url: "http://rack:9091".into(),
                token: Some(Token::new("secret")),
                workspace: Some("shop".into()),
            }
        );
        let empty = |_: &str| Some(String::new());
        assert_eq!(UplinkOptions::from_lookup(empty), UplinkOptions::default());
    }

    #[test]
    fn addresses_that_cannot_work_are_refused_with_a_reason() {
        for wrong in ["", "localhost:9090", "ftp://h", "http://", "http://a b"] {
            assert!(
                matches!(Uplink::new(&options(wrong)), Err(UplinkError::Address { .. })),
                "{wrong}"
            );
        }
        let encrypted = Uplink::new(&options("https://h"));
        if cfg!(feature = "tls") {
            // What a machine trusts is its own affair; that there is nothing is the only way to fail.
            assert!(encrypted.is_ok_and(|uplink| uplink.batches == "https://h/api/actor/batch"));
        } else {
            let error = encrypted.err().map(|error| error.to_string());
            assert!(error.is_some_and(|error| error.contains("feature `tls`")));
        }
        let uplink = Uplink::new(&options("http://h:1/loom/")).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(uplink.batches, "http://h:1/loom/api/actor/batch");
    }

    #[test]
    fn a_workspace_that_no_header_carries_is_refused_with_a_reason() {
        let odd = UplinkOptions {
            workspace: Some("a\nb".to_owned()),
            ..UplinkOptions::default()
        };
        let error = Uplink::new(&odd).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("`a\\nb`") && error.contains("STUDIO_WORKSPACE")));
    }

    #[test]
    fn no_secret_is_printed() {
        let token = Token::new("s3cret\n");
        let shown = format!(
            "{:?}",
            UplinkOptions {
                token: Some(token),
                ..UplinkOptions::default()
            }
        );
        assert!(!shown.contains("s3cret"), "{shown}");
        for url in [
            "http://me:s3cret@h",
            "https://me:s3cret@h",
            "http://h?token=s3cret",
            "https://h/?token=s3cret",
            "http://h#s3cret",
        ] {
            let Err(error) = Uplink::new(&options(url)) else {
                panic!("{url} was taken")
            };
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        let odd = UplinkOptions {
            token: Some(Token::new("s3cret\u{1}")),
            ..UplinkOptions::default()
        };
        let Err(error) = Uplink::new(&odd) else {
            panic!("a control character was taken")
        };
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
