//! By which names a server is asked, and which pages may ask it.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

use super::super::error::ApiError;
use super::super::origin::{Authority, Origin, is_loopback};
use super::Guard;

impl Guard {
    pub(super) fn check_host(&self, headers: &HeaderMap) -> Result<Authority, ApiError> {
        let mut hosts = headers.get_all(header::HOST);
        let text = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or("");
        let host = Authority::parse(text)
            .filter(|host| hosts.next().is_none() && self.is_ours(host))
            .ok_or_else(|| foreign_host(text))?;
        Ok(host)
    }

    /// A target that names its host itself (`GET http://host/path`) counts before `Host` for whoever is between, so that
    /// name must be ours as well.
    pub(super) fn check_target(&self, request: &ServiceRequest) -> Result<(), ApiError> {
        let Some(named) = request.uri().authority() else {
            return Ok(());
        };
        match Authority::parse(named.as_str()) {
            Some(target) if self.is_ours(&target) => Ok(()),
            _ => Err(foreign_host(named.as_str())),
        }
    }

    fn is_ours(&self, host: &Authority) -> bool {
        // A bare address can't be rebound: only a name can.
        let bound = host
            .address()
            .is_some_and(|address| address == self.bind || self.bind.is_unspecified());
        is_loopback(&host.host) || bound || self.origins.iter().any(|origin| origin.host() == host.host)
    }

    pub(super) fn check_origin(&self, headers: &HeaderMap, host: &Authority) -> Result<(), ApiError> {
        let text = origin_text(headers);
        let origin = text.map(str::parse::<Origin>);
        let listed = matches!(&origin, Some(Ok(origin)) if self.is_listed(origin));
        let fine = match &origin {
            None => true,
            Some(Err(_)) => false,
            Some(Ok(origin)) => listed || origin.is_of(host),
        };
        if !fine {
            return Err(ApiError::forbidden(
                "foreign_origin",
                format!(
                    "a page of `{}` may not do this; if it should, list that origin in LOOM_CORS_ORIGINS",
                    text.unwrap_or("")
                ),
            ));
        }
        let site = headers
            .get("sec-fetch-site")
            .and_then(|value| value.to_str().ok());
        if site == Some("cross-site") && !listed {
            return Err(ApiError::forbidden(
                "cross_site",
                "the browser says that another site asked for this; open the studio's own page, or list that site's \
                 origin in LOOM_CORS_ORIGINS",
            ));
        }
        Ok(())
    }

    fn is_listed(&self, origin: &Origin) -> bool {
        self.origins.iter().any(|listed| listed.is_same(origin))
    }

    /// The origin of the request, when it may read our answers.
    pub(super) fn reader(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let text = origin_text(headers)?;
        let origin: Origin = text.parse().ok()?;
        let listed = self.is_listed(&origin);
        listed.then(|| HeaderValue::from_str(text).ok()).flatten()
    }
}

fn foreign_host(name: &str) -> ApiError {
    ApiError::forbidden(
        "foreign_host",
        format!(
            "`{name}` is not a name of this server; if it should be, list its origin in LOOM_CORS_ORIGINS, e.g. \
             http://studio.example.org:9090"
        ),
    )
}

/// The one origin that a request names. Two are none: who reads the first and who reads the last would disagree.
pub(in crate::http) fn origin_text(headers: &HeaderMap) -> Option<&str> {
    let mut origins = headers.get_all(header::ORIGIN);
    let first = origins.next()?.to_str().unwrap_or("?");
    Some(if origins.next().is_some() {
        "several"
    } else {
        first
    })
}

pub(super) fn allow_reading(headers: &mut HeaderMap, origin: HeaderValue) {
    let set = |headers: &mut HeaderMap, name, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    set(
        headers,
        header::ACCESS_CONTROL_ALLOW_METHODS,
        "GET, POST, PUT, DELETE",
    );
    set(
        headers,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "Authorization, Content-Type, Loom-Workspace, X-Phoenix-AuthToken",
    );
    set(
        headers,
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "X-Total-Count, Link",
    );
    set(headers, header::ACCESS_CONTROL_MAX_AGE, "600");
}
