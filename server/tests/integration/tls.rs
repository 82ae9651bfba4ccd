//! Speaking TLS: the certificate, a new one without a restart, and what can be wrong with the files.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use loom_studio::{RunningStudio, StartError, Studio, StudioOptions, TlsFiles, Token};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{LIMIT, options, send};

/// A certificate of its own for `localhost`, in a directory of its own.
fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn files(dir: &TempDir) -> TlsFiles {
    TlsFiles {
        certificate: dir.path().join("cert.pem"),
        key: dir.path().join("key.pem"),
    }
}

fn write(files: &TlsFiles, certificate: &CertifiedKey<KeyPair>) {
    fs::write(&files.certificate, certificate.cert.pem()).unwrap();
    fs::write(&files.key, certificate.signing_key.serialize_pem()).unwrap();
}

fn with(tls: TlsFiles) -> StudioOptions {
    StudioOptions {
        tls: Some(tls),
        ..options()
    }
}

/// A connection that trusts one certificate. Fails where the server shows another.
async fn connect(
    addr: SocketAddr,
    trusted: &CertifiedKey<KeyPair>,
) -> Result<TlsStream<TcpStream>, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from(trusted.cert.der().to_vec()))
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// The answer to a request, as it came.
async fn ask(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that ends without saying so is one of TLS's errors; what it said before counts.
    let _end = timeout(LIMIT, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

const HEALTH: &str = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[actix_web::test]
async fn it_speaks_tls_and_nothing_else_there() {
    let (dir, shown) = (TempDir::new().unwrap(), certificate());
    write(&files(&dir), &shown);
    let studio = Studio::builder(with(files(&dir))).start().await.unwrap();
    assert_eq!(studio.url(), format!("https://localhost:{}", studio.addr.port()));
    assert_eq!(studio.local_url(), studio.url(), "nobody asked for plain HTTP");
    let mut stream = connect(studio.addr, &shown).await.unwrap();
    let answer = ask(&mut stream, HEALTH).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let mut plain = TcpStream::connect(studio.addr).await.unwrap();
    plain.write_all(HEALTH.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let _end = timeout(LIMIT, plain.read_to_end(&mut bytes)).await.unwrap();
    assert!(!bytes.starts_with(b"HTTP/"), "nothing is answered in the open");
    studio.stop().await;
}

#[actix_web::test]
async fn programs_of_this_machine_may_speak_plain_http_where_that_is_wanted() {
    let (dir, shown) = (TempDir::new().unwrap(), certificate());
    write(&files(&dir), &shown);
    let options = StudioOptions {
        plain_on_loopback: true,
        ..with(files(&dir))
    };
    let studio = Studio::builder(options).start().await.unwrap();
    let local = studio.local_url();
    let port: u16 = local.strip_prefix("http://localhost:").unwrap().parse().unwrap();
    assert_ne!(port, studio.addr.port());
    let answer = send(SocketAddr::from(([127, 0, 0, 1], port)), HEALTH).await;
    assert_eq!(answer.status, 200);
    studio.stop().await;
}

#[actix_web::test]
async fn a_cookie_that_came_over_tls_goes_over_tls_only_and_its_socket_ends_with_it() {
    let (dir, shown) = (TempDir::new().unwrap(), certificate());
    write(&files(&dir), &shown);
    let options = StudioOptions {
        token: Token::new("secret"),
        ..with(files(&dir))
    };
    let studio = Studio::builder(options).start().await.unwrap();
    let origin = format!(
        "Host: localhost:{0}\r\nOrigin: https://localhost:{0}\r\n",
        studio.addr.port()
    );
    let body = r#"{"token":"secret"}"#;
    let sign_in = format!(
        "POST /api/session HTTP/1.1\r\n{origin}Connection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = connect(studio.addr, &shown).await.unwrap();
    let answer = ask(&mut stream, &sign_in).await;
    let cookie = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap_or_else(|| panic!("no cookie: {answer}"));
    assert!(cookie.contains("; Secure"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();

    let mut socket = connect(studio.addr, &shown).await.unwrap();
    let upgrade = format!(
        "GET /ws HTTP/1.1\r\n{origin}Cookie: {cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(upgrade.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(LIMIT, socket.read_u8()).await.unwrap().unwrap());
    }
    assert!(
        head.starts_with(b"HTTP/1.1 101 "),
        "{}",
        String::from_utf8_lossy(&head)
    );
    assert_eq!(studio.sockets.len(), 1);
    let sign_out =
        format!("DELETE /api/session HTTP/1.1\r\n{origin}Cookie: {cookie}\r\nConnection: close\r\n\r\n");
    let mut stream = connect(studio.addr, &shown).await.unwrap();
    let answer = ask(&mut stream, &sign_out).await;
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    // What was on its way comes first; then nothing more.
    let mut rest = Vec::new();
    let _cut = timeout(LIMIT, socket.read_to_end(&mut rest))
        .await
        .expect("the socket ends");
    studio.stop().await;
}

/// Waits until the studio shows a certificate.
async fn until_shown(studio: &RunningStudio, certificate: &CertifiedKey<KeyPair>) {
    let shown = async {
        while connect(studio.addr, certificate).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    timeout(LIMIT, shown).await.expect("the new certificate is shown");
}

#[actix_web::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not() {
    let (dir, first, second) = (TempDir::new().unwrap(), certificate(), certificate());
    let files = files(&dir);
    write(&files, &first);
    let studio = Studio::builder(with(files.clone())).start().await.unwrap();
    until_shown(&studio, &first).await;
    // Half of a renewal: the certificate of one and the key of the other.
    fs::write(&files.certificate, second.cert.pem()).unwrap();
    for _ in 0..30 {
        assert!(connect(studio.addr, &first).await.is_ok(), "the one before stays");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    fs::write(&files.key, second.signing_key.serialize_pem()).unwrap();
    until_shown(&studio, &second).await;
    assert!(connect(studio.addr, &first).await.is_err());
    studio.stop().await;
}

#[actix_web::test]
async fn files_that_cannot_be_used_are_named_with_what_is_wrong() {
    let (one, other) = (certificate(), certificate());
    let cert = one.cert.pem();
    let key = one.signing_key.serialize_pem();
    let garbled = cert.replace("CERTIFICATE-----\n", "CERTIFICATE-----\n!");
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (certificate, key, wanted) in [
        (None, Some(key.as_str()), "cert.pem: No such file"),
        (Some(cert.as_str()), None, "key.pem: No such file"),
        (Some(""), Some(key.as_str()), "no certificate in"),
        (Some(cert.as_str()), Some("nothing"), "no private key in"),
        (Some(cert.as_str()), Some(cert.as_str()), "no private key in"),
        (
            Some(garbled.as_str()),
            Some(key.as_str()),
            "cert.pem can't be read as PEM",
        ),
        (Some(no_certificate), Some(key.as_str()), "cert.pem can't be used"),
        (
            Some(cert.as_str()),
            Some(&*other.signing_key.serialize_pem()),
            "is not that of the first certificate",
        ),
    ] {
        let dir = TempDir::new().unwrap();
        let tls = files(&dir);
        let put = |path: &Path, text: Option<&str>| text.map(|text| fs::write(path, text).unwrap());
        put(&tls.certificate, certificate);
        put(&tls.key, key);
        let error = Studio::builder(with(tls)).start().await.err().unwrap();
        assert!(matches!(error, StartError::Certificate(_)), "{error:?}");
        let mut text = error.to_string();
        let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
        while let Some(source) = cause {
            text = text.replacen('\n', &format!(": {source}\n"), 1);
            cause = source.source();
        }
        assert!(
            text.contains(wanted) && text.contains("LOOM_TLS_CERT"),
            "{wanted}: {text}"
        );
        assert!(!text.contains("PRIVATE KEY"), "{text}");
    }
    let dir = TempDir::new().unwrap();
    let directory = TlsFiles {
        certificate: dir.path().to_owned(),
        key: dir.path().to_owned(),
    };
    let error = Studio::builder(with(directory)).start().await.err().unwrap();
    assert!(matches!(error, StartError::Certificate(_)), "{error:?}");
}
