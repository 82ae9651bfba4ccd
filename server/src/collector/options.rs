//! Where metrics are sent, and how often.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use hyper::Uri;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

/// A collector that metrics are sent to.
#[derive(Clone, Debug)]
pub struct CollectorOptions {
    /// Its address.
    pub url: CollectorUrl,
    /// What it wants to see with each request.
    pub headers: CollectorHeaders,
    /// How often it is told.
    pub every: Duration,
}

/// The address of a collector: `http` or `https`, without a password and without a query. Metrics go to `/v1/metrics` below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorUrl(Uri);

/// Headers of requests to a collector, `name=value` with commas between, such as a token. Never printed.
#[derive(Clone, Default)]
pub struct CollectorHeaders(HeaderMap);

/// A text that can be none of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCollector {
    /// It is no address.
    #[error("it has to look like http://localhost:4318, without a password and without a query")]
    Url,
    /// They are no headers.
    #[error("it has to look like `name=value,other=value`, with names and values that headers may have")]
    Headers,
}

impl CollectorOptions {
    /// One at an address, told each minute.
    pub fn new(url: CollectorUrl) -> Self {
        Self {
            url,
            headers: CollectorHeaders::default(),
            every: Duration::from_secs(60),
        }
    }
}

impl CollectorUrl {
    pub(super) fn metrics(&self) -> &Uri {
        &self.0
    }
}

impl CollectorHeaders {
    pub(super) fn map(&self) -> &HeaderMap {
        &self.0
    }
}

impl FromStr for CollectorUrl {
    type Err = InvalidCollector;

    fn from_str(text: &str) -> Result<Self, InvalidCollector> {
        let base = text.trim();
        // What follows a path would be sent as a part of it.
        if base.contains(['?', '#', '@']) {
            return Err(InvalidCollector::Url);
        }
        let metrics = format!("{}/v1/metrics", base.trim_end_matches('/'));
        let uri: Uri = metrics.parse().map_err(|_| InvalidCollector::Url)?;
        let is_fit = matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty());
        is_fit.then_some(Self(uri)).ok_or(InvalidCollector::Url)
    }
}

impl fmt::Display for CollectorUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CollectorHeaders {
    type Err = InvalidCollector;

    fn from_str(text: &str) -> Result<Self, InvalidCollector> {
        let mut headers = HeaderMap::new();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let header = pair.split_once('=').and_then(|(name, value)| {
                let name: HeaderName = name.trim().parse().ok()?;
                let mut value: HeaderValue = value.trim().parse().ok()?;
                value.set_sensitive(true);
                Some((name, value))
            });
            let (name, value) = header.ok_or(InvalidCollector::Headers)?;
            headers.append(name, value);
        }
        Ok(Self(headers))
    }
}

impl fmt::Debug for CollectorHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CollectorHeaders(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_base_without_anything_secret() {
        for (text, metrics) in [
            ("http://rack:4318", "http://rack:4318/v1/metrics"),
            (" https://h/otlp/ ", "https://h/otlp/v1/metrics"),
        ] {
            assert_eq!(text.parse::<CollectorUrl>().unwrap().to_string(), metrics);
        }
        for text in [
            "",
            "localhost:4318",
            "ftp://h",
            "http://",
            "http://me:s3cret@h",
            "http://h?key=1",
            "http://h/#a",
        ] {
            assert_eq!(text.parse::<CollectorUrl>(), Err(InvalidCollector::Url), "{text}");
        }
    }

    #[test]
    fn headers_are_pairs_and_are_not_printed() {
        let headers: CollectorHeaders = "Authorization=Bearer s3cret=, x-scope=shop,".parse().unwrap();
        assert_eq!(headers.map().len(), 2);
        assert_eq!(headers.map()["authorization"], "Bearer s3cret=");
        assert!(!format!("{headers:?} {:?}", headers.map()).contains("s3cret"));
        for text in ["novalue", "a b=c", "a=\u{7}"] {
            assert_eq!(
                text.parse::<CollectorHeaders>().err(),
                Some(InvalidCollector::Headers),
                "{text:?}"
            );
        }
    }
}
