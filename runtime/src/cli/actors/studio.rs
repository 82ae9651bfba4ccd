//! Asking a studio over HTTP. The token goes into the header and nowhere else.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use loom_bridge::connector::{Connector, connector};
use loom_bridge::discovery::uplink::DEFAULT_STUDIO_URL;
use loom_protocol::Problem;
use loom_protocol::filter::Filter;
use loom_protocol::percent::encoded;

use super::super::{Exit, talk};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer: 10,000 actors with rich metadata stay below.
const LONGEST: usize = 64 << 20;

/// A studio that is asked.
pub(super) struct Studio {
    address: String,
    client: Client<Connector, Empty<Bytes>>,
}

/// What a studio answered.
#[derive(Default)]
pub(super) struct Found {
    /// The text of it, JSON.
    pub(super) body: String,
    /// Of a list: how many there are, those that are not in the answer too.
    pub(super) total: Option<usize>,
}

/// Why there is no answer.
pub(super) enum Failure {
    /// It cannot be reached, and why: it may be another time.
    Unreachable(String),
    /// It does not know what was asked for.
    Unknown,
    /// It does not answer this.
    Refused(Complaint),
}

/// What is wrong, to be said. Whoever draws on the whole screen leaves that first: what is said there goes with it.
#[must_use = "a failure has to be said"]
#[derive(Debug)]
pub(super) struct Complaint {
    error: String,
    help: Option<String>,
    exit: Exit,
}

impl Complaint {
    fn new(exit: Exit, error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            help: None,
            exit,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says it.
    pub(super) fn say(self) -> Exit {
        talk::error(&self.error);
        if let Some(help) = &self.help {
            talk::help(help);
        }
        self.exit
    }
}

impl Studio {
    /// The one at this address, or the usual one.
    ///
    /// # Errors
    /// The address cannot be used, which was said.
    pub(super) fn at(address: Option<&str>) -> Result<Self, Exit> {
        let address = address.map(str::trim).filter(|url| !url.is_empty());
        let address = address
            .unwrap_or(DEFAULT_STUDIO_URL)
            .trim_end_matches('/')
            .to_owned();
        let uri = address.parse::<Uri>().ok().filter(|uri| {
            // A password in the address would be shown with it.
            let is_plain = |host: &hyper::http::uri::Authority| !host.as_str().contains('@');
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some_and(is_plain)
        });
        let Some(uri) = uri else {
            talk::error("the studio's address cannot be used");
            talk::help(&format!("it has to look like {DEFAULT_STUDIO_URL}"));
            return Err(Exit::Usage);
        };
        let connector = connector(&uri, PATIENCE).map_err(|error| {
            talk::error(&format!("failed to {error}"));
            Exit::Machine
        })?;
        Ok(Self {
            address,
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// The actors for which the filter holds, a JSON array.
    pub(super) async fn actors(&self, filter: &Filter, sort: &str, limit: u32) -> Result<Found, Failure> {
        let (filter, sort) = (encoded(&filter.to_string()), encoded(sort));
        self.get(&format!("/api/actors?filter={filter}&sort={sort}&limit={limit}"))
            .await
    }

    /// One actor.
    pub(super) async fn actor(&self, id: &str) -> Result<Found, Failure> {
        self.get(&format!("/api/actors/{}", encoded(id))).await
    }

    /// The newest lines of an actor's journal, a JSON array.
    pub(super) async fn journal(&self, id: &str, limit: u32) -> Result<Found, Failure> {
        self.get(&format!("/api/journal/{}?limit={limit}", encoded(id)))
            .await
    }

    async fn get(&self, path: &str) -> Result<Found, Failure> {
        let request = self.request(path).map_err(Failure::Refused)?;
        let asked = async {
            let answer = self
                .client
                .request(request)
                .await
                .map_err(|error| crate::chain::chain(&error))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, LONGEST).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            Ok::<_, String>((head, String::from_utf8_lossy(&body).into_owned()))
        };
        let answer = tokio::time::timeout(PATIENCE, asked).await;
        let answer = answer.unwrap_or_else(|_| Err("it does not answer".to_owned()));
        let (head, body) = answer.map_err(Failure::Unreachable)?;
        match head.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND if code_of(&body).as_deref() == Some("unknown_actor") => {
                return Err(Failure::Unknown);
            }
            status => return Err(Failure::Refused(refused(&self.address, status, &body))),
        }
        let total = head.headers.get("x-total-count");
        let total = total.and_then(|total| total.to_str().ok()?.parse().ok());
        Ok(Found { body, total })
    }

    /// Says that it cannot be reached.
    pub(super) fn say_unreachable(&self, why: &str) -> Exit {
        talk::error(&format!(
            "the studio at {} cannot be reached: {why}",
            self.address
        ));
        talk::help("`loom-runtime serve` starts one; `--studio URL` or STUDIO_URL names another");
        Exit::Machine
    }

    fn request(&self, path: &str) -> Result<Request<Empty<Bytes>>, Complaint> {
        let address = format!("{}{path}", self.address);
        let uri = address.parse::<Uri>().map_err(|_| {
            Complaint::new(Exit::Usage, "the studio's address cannot be used")
                .help(format!("it has to look like {DEFAULT_STUDIO_URL}"))
        })?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        let token = std::env::var("STUDIO_TOKEN").unwrap_or_default();
        if !token.trim().is_empty() {
            let mut shown = HeaderValue::from_str(&format!("Bearer {}", token.trim())).map_err(|_| {
                Complaint::new(
                    Exit::Usage,
                    "STUDIO_TOKEN has characters that a header cannot carry",
                )
                .help("take letters, digits and punctuation")
            })?;
            shown.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, shown);
        }
        let workspace = std::env::var("STUDIO_WORKSPACE").unwrap_or_default();
        if !workspace.trim().is_empty() {
            let named = HeaderValue::from_str(workspace.trim()).map_err(|_| {
                Complaint::new(
                    Exit::Usage,
                    "STUDIO_WORKSPACE has characters that a header cannot carry",
                )
                .help("a workspace's name has small letters, digits, `-` and `_`")
            })?;
            request.headers_mut().insert("loom-workspace", named);
        }
        Ok(request)
    }
}

fn refused(studio: &str, status: StatusCode, body: &str) -> Complaint {
    let problem = serde_json::from_str::<Problem>(body).ok();
    let why = problem.map(|problem| problem.detail.unwrap_or(problem.title));
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let error = format!("the studio at {studio} does not let us in ({status})");
            Complaint::new(Exit::Usage, error).help("set STUDIO_TOKEN to a token of it that may view")
        }
        StatusCode::NOT_FOUND if code_of(body).as_deref() == Some("unknown_workspace") => {
            let error = format!("the studio at {studio} has no such workspace for us");
            Complaint::new(Exit::Usage, error).help(
                "set STUDIO_WORKSPACE to one that the token in STUDIO_TOKEN is of, or to nothing for its first",
            )
        }
        StatusCode::BAD_REQUEST => {
            let why = why.unwrap_or_else(|| status.to_string());
            Complaint::new(Exit::Usage, format!("the studio does not take this: {why}"))
        }
        _ => {
            let why = why.unwrap_or_else(|| status.to_string());
            let error = format!("{studio} does not answer as a studio does: {why}");
            Complaint::new(Exit::Machine, error)
                .help("is it a Loom studio, and of the same version as `loom-runtime --version`?")
        }
    }
}

/// Reads an answer.
///
/// # Errors
/// When it is no answer of a studio.
pub(super) fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, Complaint> {
    serde_json::from_str(body).map_err(|error| {
        let error = format!("the studio's answer cannot be read: {error}");
        Complaint::new(Exit::Machine, error)
            .help("is it a Loom studio, and of the same version? `loom-runtime --version` says which this is")
    })
}

fn code_of(body: &str) -> Option<String> {
    Some(serde_json::from_str::<Problem>(body).ok()?.code)
}
