//! Connections to a studio or a collector: plain HTTP/1.1, and TLS with the feature `tls`.

use std::time::Duration;

use hyper::Uri;
use hyper_util::client::legacy::connect::HttpConnector;

/// What opens connections.
#[cfg(not(feature = "tls"))]
pub type Connector = HttpConnector;
/// What opens connections.
#[cfg(feature = "tls")]
pub type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

/// Why there can be no connection to an address. Fits after "failed to".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectorError {
    /// The address wants TLS, which was not built in.
    #[error(
        "connect by https, which this program was built without; build it with the feature `tls` of loom-bridge, or take a plain \
         http address (an ssh tunnel to it does)"
    )]
    WithoutTls,
    /// Nothing is trusted, so that no certificate could be.
    #[error(
        "connect by https: no certificate authority is trusted here ({0}); install the system's (Debian: ca-certificates), or name \
         a PEM file of those to trust in SSL_CERT_FILE"
    )]
    NothingTrusted(String),
}

/// What opens connections to `address`, each within a time. For `https` the authorities are trusted that the system trusts, or those
/// in the files that `SSL_CERT_FILE` and `SSL_CERT_DIR` name; that reads them from the disk.
///
/// # Errors
/// See [`ConnectorError`].
pub fn connector(address: &Uri, within: Duration) -> Result<Connector, ConnectorError> {
    let mut plain = HttpConnector::new();
    plain.set_connect_timeout(Some(within));
    plain.set_nodelay(true);
    with_tls(plain, address.scheme_str() == Some("https"))
}

#[cfg(not(feature = "tls"))]
fn with_tls(plain: HttpConnector, is_wanted: bool) -> Result<Connector, ConnectorError> {
    if is_wanted {
        Err(ConnectorError::WithoutTls)
    } else {
        Ok(plain)
    }
}

#[cfg(feature = "tls")]
fn with_tls(mut plain: HttpConnector, is_wanted: bool) -> Result<Connector, ConnectorError> {
    use std::sync::Arc;

    use rustls::crypto::ring;
    use rustls::{ClientConfig, RootCertStore};

    plain.enforce_http(false);
    let mut roots = RootCertStore::empty();
    if is_wanted {
        let found = rustls_native_certs::load_native_certs();
        let (trusted, _unreadable) = roots.add_parsable_certificates(found.certs);
        if trusted == 0 {
            let reasons: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
            let reason = if reasons.is_empty() {
                "none was found".to_owned()
            } else {
                reasons.join("; ")
            };
            return Err(ConnectorError::NothingTrusted(reason));
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectorError::NothingTrusted(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(plain))
}
