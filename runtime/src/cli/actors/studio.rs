//! Asking a studio over HTTP. The token goes into the header and nowhere else.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use loom_bridge::discovery::uplink::DEFAULT_STUDIO_URL;
use loom_protocol::Problem;
use loom_protocol::filter::Filter;
use loom_protocol::percent::encoded;

use super::super::{Exit, talk};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer: 10,000 actors with rich metadata stay below.
const LONGEST: usize = 64 << 20;

/// What a studio answered.
pub(super) struct Found {
    /// The actors, a JSON array.
    pub(super) body: String,
    /// How many the filter matches, those that are not in the answer too.
    pub(super) total: Option<usize>,
}

/// The actors for which the filter holds.
pub(super) async fn actors(
    studio: Option<&str>,
    filter: &Filter,
    sort: &str,
    limit: u32,
) -> Result<Found, Exit> {
    let studio = studio.map(str::trim).filter(|url| !url.is_empty());
    let studio = studio.unwrap_or(DEFAULT_STUDIO_URL).trim_end_matches('/');
    let request = request(studio, filter, sort, limit)?;
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(PATIENCE));
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let asked = async {
        let answer = client
            .request(request)
            .await
            .map_err(|error| crate::chain::chain(&error))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LONGEST).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        Ok::<_, String>((head, String::from_utf8_lossy(&body).into_owned()))
    };
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    let (head, body) = match answer.unwrap_or_else(|_| Err("it does not answer".to_owned())) {
        Ok(answer) => answer,
        Err(why) => {
            talk::error(&format!("the studio at {studio} cannot be reached: {why}"));
            talk::help("`loom-runtime serve` starts one; `--studio URL` or STUDIO_URL names another");
            return Err(Exit::Machine);
        }
    };
    if head.status != StatusCode::OK {
        return Err(refused(studio, head.status, &body));
    }
    let total = head.headers.get("x-total-count");
    let total = total.and_then(|total| total.to_str().ok()?.parse().ok());
    Ok(Found { body, total })
}

fn request(studio: &str, filter: &Filter, sort: &str, limit: u32) -> Result<Request<Empty<Bytes>>, Exit> {
    let (filter, sort) = (encoded(&filter.to_string()), encoded(sort));
    let address = format!("{studio}/api/actors?filter={filter}&sort={sort}&limit={limit}");
    let uri = address.parse::<Uri>().ok().filter(|uri| {
        // A password in the address would be shown with it.
        let is_plain = |host: &hyper::http::uri::Authority| !host.as_str().contains('@');
        uri.scheme_str() == Some("http") && uri.authority().is_some_and(is_plain)
    });
    let Some(uri) = uri else {
        talk::error("the studio's address cannot be used");
        talk::help(&format!(
            "it has to look like {DEFAULT_STUDIO_URL}; where https is wanted, an ssh tunnel to the studio does"
        ));
        return Err(Exit::Usage);
    };
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri;
    let token = std::env::var("STUDIO_TOKEN").unwrap_or_default();
    if !token.trim().is_empty() {
        let mut shown = HeaderValue::from_str(&format!("Bearer {}", token.trim())).map_err(|_| {
            talk::error("STUDIO_TOKEN has characters that a header cannot carry");
            talk::help("take letters, digits and punctuation");
            Exit::Usage
        })?;
        shown.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, shown);
    }
    Ok(request)
}

fn refused(studio: &str, status: StatusCode, body: &str) -> Exit {
    let problem = serde_json::from_str::<Problem>(body).ok();
    let why = problem.map(|problem| problem.detail.unwrap_or(problem.title));
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            talk::error(&format!("the studio at {studio} does not let us in ({status})"));
            talk::help("set STUDIO_TOKEN to a token of it that may view");
            Exit::Usage
        }
        StatusCode::BAD_REQUEST => {
            let why = why.unwrap_or_else(|| status.to_string());
            talk::error(&format!("the studio does not take this: {why}"));
            Exit::Usage
        }
        _ => {
            let why = why.unwrap_or_else(|| status.to_string());
            talk::error(&format!("{studio} does not answer as a studio does: {why}"));
            talk::help("is it a Loom studio, and of the same version as `loom-runtime --version`?");
            Exit::Machine
        }
    }
}
