//! Where spans go, and of which chains.

use hyper::Uri;

use crate::address;
use crate::connector::ConnectorError;

/// Where a collector is when nobody says otherwise.
pub const DEFAULT_COLLECTOR_URL: &str = "http://localhost:4318";

/// Where spans go, and of which chains.
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpOptions {
    /// The collector's address; spans go to `/v1/traces` there.
    pub url: String,
    /// How many of the chains that begin here are recorded, from 0 (none) to 1 (all). Of those that come from outside it is
    /// for their `traceparent` to say.
    pub ratio: f64,
    /// What the application is called; the name of its program by default.
    pub service: Option<String>,
}

impl Default for OtlpOptions {
    /// [`DEFAULT_COLLECTOR_URL`], one chain of a hundred.
    fn default() -> Self {
        Self {
            url: DEFAULT_COLLECTOR_URL.to_owned(),
            ratio: 0.01,
            service: None,
        }
    }
}

impl OtlpOptions {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_SAMPLER_ARG` and `OTEL_SERVICE_NAME`; what is not set, or makes no sense, keeps
    /// its default.
    pub fn from_env() -> Self {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// The same from wherever variables come from.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| {
            let value: String = lookup(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let default = Self::default();
        let ratio = set("OTEL_TRACES_SAMPLER_ARG").and_then(|ratio| ratio.parse().ok());
        Self {
            url: set("OTEL_EXPORTER_OTLP_ENDPOINT").unwrap_or(default.url),
            ratio: ratio.filter(is_ratio).unwrap_or(default.ratio),
            service: set("OTEL_SERVICE_NAME"),
        }
    }

    pub(super) fn check(&self) -> Result<Uri, OtlpError> {
        if !is_ratio(&self.ratio) {
            return Err(OtlpError::Ratio { ratio: self.ratio });
        }
        let to = format!("{}/v1/traces", self.url.trim_end_matches('/'))
            .parse::<Uri>()
            .ok();
        let is_fit = |uri: &Uri| {
            let authority = uri.authority();
            matches!(uri.scheme_str(), Some("http" | "https"))
                && authority.is_some_and(|host| !host.as_str().contains('@'))
        };
        // What follows a path would be sent as a part of it.
        to.filter(|to| is_fit(to) && !address::has_query(&self.url))
            .ok_or_else(|| OtlpError::Address { url: self.shown() })
    }

    /// The address, for whoever reads logs.
    pub(super) fn shown(&self) -> String {
        address::shown(&self.url)
    }
}

fn is_ratio(ratio: &f64) -> bool {
    (0.0..=1.0).contains(ratio)
}

/// Why no spans can be sent. Fits after "failed to".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// The address is none.
    #[error(
        "send traces to `{url}`: it has to look like {DEFAULT_COLLECTOR_URL}, without a password and without a query"
    )]
    Address {
        /// What was given.
        url: String,
    },
    /// There can be no connection to such an address.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// The ratio is none.
    #[error("record {ratio} of all chains: the ratio is a number from 0 to 1")]
    Ratio {
        /// What was given.
        ratio: f64,
    },
    /// They are sent already.
    #[error("send traces: this process sends them already; close what `export` returned before")]
    Twice,
    /// The exporter is a task and needs a runtime.
    #[error("send traces: no runtime runs on this thread; call it from within one, e.g. in `#[actix::main]`")]
    NoRuntime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_collector_ratio_and_service() {
        let lookup = |name: &str| match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(" http://rack:4318/ ".to_owned()),
            "OTEL_TRACES_SAMPLER_ARG" => Some("0.5".to_owned()),
            "OTEL_SERVICE_NAME" => Some("shop".to_owned()),
            _ => None,
        };
        let read = OtlpOptions::from_lookup(lookup);
        assert_eq!((read.ratio, read.service.as_deref()), (0.5, Some("shop")));
        assert_eq!(read.check().unwrap(), "http://rack:4318/v1/traces");
        for ratio in ["", "2", "-1", "NaN", "half"] {
            let lookup = |name: &str| (name == "OTEL_TRACES_SAMPLER_ARG").then(|| ratio.to_owned());
            assert_eq!(
                OtlpOptions::from_lookup(lookup),
                OtlpOptions::default(),
                "{ratio}"
            );
        }
    }

    #[test]
    fn what_cannot_work_is_refused_without_its_password() {
        for url in [
            "",
            "localhost:4318",
            "ftp://h",
            "http://",
            "http://me:s3cret@h",
            "http://h?key=s3cret",
            "http://h/?key=a@s3cret",
            "http://h/#s3cret",
            "http://me:s3?s3cret@h",
            "http://me:s3cret#@h",
            "https://me:s3cret@h/?key=s3cret",
        ] {
            let options = OtlpOptions {
                url: url.to_owned(),
                ..OtlpOptions::default()
            };
            let error = options.check().unwrap_err();
            assert!(matches!(error, OtlpError::Address { .. }), "{url}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
            assert!(!options.shown().contains("s3"), "{}", options.shown());
        }
        for ratio in [-0.1, 1.1, f64::NAN] {
            let options = OtlpOptions {
                ratio,
                ..OtlpOptions::default()
            };
            assert!(matches!(options.check(), Err(OtlpError::Ratio { .. })), "{ratio}");
        }
    }
}
