//! Posting JSON to an address. Follows no redirects and reads no more of the answer than its head.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use loom_bridge::connector::{Connector, connector};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::WITHIN;
use super::sign::signature;
use crate::chain::chain;
use crate::warnings::channel::Secret;
use crate::warnings::outbox::Sent;

/// Bytes of the head of an answer.
const LONGEST_HEAD: usize = 64 * 1024;

type Connections = Client<Connector, Full<Bytes>>;

/// Posts to addresses of both kinds.
#[derive(Default)]
pub(super) struct Http {
    plain: OnceCell<Connections>,
    encrypted: OnceCell<Connections>,
}

impl Http {
    /// Posts `body`, signed where there is something to sign it with.
    pub(super) async fn post(
        &self,
        url: &Secret,
        secret: Option<&Secret>,
        body: &Value,
        message: &str,
    ) -> Sent {
        let Ok(uri) = url.reveal().parse::<Uri>() else {
            return Sent::Refused("the address can't be read; give the channel another one".to_owned());
        };
        let body = body.to_string().into_bytes();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&uri)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("loom-studio/", env!("CARGO_PKG_VERSION")))
            .header("X-Loom-Message", message);
        if let Some(secret) = secret {
            request = request.header("X-Loom-Signature", signature(secret, &body));
        }
        let Ok(request) = request.body(Full::new(Bytes::from(body))) else {
            return Sent::Refused("the address can't be asked; give the channel another one".to_owned());
        };
        let answered = timeout(WITHIN, async {
            let client = self.client(&uri).await?;
            let answer = client.request(request).await.map_err(|error| chain(&error))?;
            Ok::<StatusCode, String>(answer.status())
        });
        match answered.await {
            Ok(Ok(status)) => outcome(status),
            Ok(Err(error)) => Sent::Failed(error),
            Err(_) => Sent::Failed(format!("no answer within {} seconds", WITHIN.as_secs())),
        }
    }

    async fn client(&self, uri: &Uri) -> Result<&Connections, String> {
        let is_encrypted = uri.scheme_str() == Some("https");
        let cell = if is_encrypted {
            &self.encrypted
        } else {
            &self.plain
        };
        let uri = uri.clone();
        let made = cell.get_or_try_init(|| async {
            // Whom the system trusts is read from the disk.
            let connector = tokio::task::spawn_blocking(move || connector(&uri, WITHIN)).await;
            let connector = connector.map_err(|error| chain(&error))?;
            let connector = connector.map_err(|error| format!("failed to {error}"))?;
            Ok(Client::builder(TokioExecutor::new())
                // Messages are rare: nobody keeps a connection for the next one.
                .pool_max_idle_per_host(0)
                .http1_max_buf_size(LONGEST_HEAD)
                .build(connector))
        });
        made.await
    }
}

fn outcome(status: StatusCode) -> Sent {
    let said = format!("HTTP {}", status.as_u16());
    match status {
        status if status.is_success() => Sent::Delivered(said),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Sent::Failed(said),
        status if status.is_server_error() => Sent::Failed(said),
        status if status.is_redirection() => Sent::Refused(format!(
            "{said}: redirects are not followed; give the channel the address it leads to"
        )),
        _ => Sent::Refused(said),
    }
}
