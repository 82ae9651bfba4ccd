//! Answers whatever no route claimed: a file, the page for addresses within it, or a problem.

use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};

use super::files::{File, file, media_type};

/// Scripts, sockets and data only from ourselves; inline styles because the component kit writes them.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; \
                      base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// Under which path something in front of this server offers it, which takes the path off before it passes a request on.
const PREFIX: &str = "x-forwarded-prefix";
/// A longer one is none.
const LONGEST_PREFIX: usize = 200;
/// What the page's entry says of where it is, as it was built.
const AT_ROOT: &str = r#"<base href="/" />"#;

/// Compressed forms that the page's build may have put beside a file, best first.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The handler of last resort.
pub(crate) async fn serve(request: HttpRequest) -> HttpResponse {
    let path = request.path();
    if is_below(path, "/api") || is_below(path, "/socket") {
        return HttpResponse::NotFound().finish();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed()
            .insert_header((header::ALLOW, "GET, HEAD"))
            .finish();
    }
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    match file(name) {
        Some(found) => answer(&request, name, found),
        // An address within the page: the page itself knows what to show. A missing script is no page.
        None if !name.starts_with("assets/") && wants_page(request.headers()) => match file("index.html") {
            Some(page) => answer(&request, "index.html", page),
            None => HttpResponse::NotFound().finish(),
        },
        None => HttpResponse::NotFound().finish(),
    }
}

fn answer(request: &HttpRequest, name: &str, plain: File) -> HttpResponse {
    let headers = request.headers();
    if name == "index.html"
        && let Some(prefix) = prefix(headers)
        && let Some(entry) = entry_below(prefix, &plain)
    {
        return entry;
    }
    let packed = ENCODINGS
        .into_iter()
        .filter(|(encoding, _)| accepts(headers, encoding))
        .find_map(|(encoding, end)| Some((encoding, file(&format!("{name}{end}"))?)));
    let (encoding, found) = match packed {
        Some((encoding, found)) => (Some(encoding), found),
        None => (None, plain),
    };
    let etag = format!("\"{}\"", found.etag);
    let known = header_text(headers, header::IF_NONE_MATCH)
        .split(',')
        .any(|known| known.trim().trim_start_matches("W/") == etag);
    let mut response = HttpResponse::build(if known {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    });
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::VARY, "Accept-Encoding, X-Forwarded-Prefix"))
        .insert_header((header::CACHE_CONTROL, caching(name)))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
    if known {
        return response.finish();
    }
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, encoding));
    }
    response.content_type(media_type(name)).body(found.bytes)
}

/// The page's entry for those who come through a path, whose scripts and addresses are all below it.
fn entry_below(prefix: &str, plain: &File) -> Option<HttpResponse> {
    let text = std::str::from_utf8(&plain.bytes).ok()?;
    let (head, rest) = text.split_once(AT_ROOT)?;
    let entry = format!("{head}<base href=\"{prefix}/\" />{rest}");
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::VARY, "Accept-Encoding, X-Forwarded-Prefix"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .content_type(media_type("index.html"));
    Some(response.body(entry))
}

/// A path on this host, in characters that mean nothing in HTML. Two slashes at its start would name another host.
fn prefix(headers: &HeaderMap) -> Option<&str> {
    let prefix = headers.get(PREFIX)?.to_str().ok()?.trim_end_matches('/');
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"/-._~".contains(&letter);
    let is_path = prefix.starts_with('/') && !prefix.contains("//") && prefix.bytes().all(plain);
    (is_path && prefix.len() <= LONGEST_PREFIX).then_some(prefix)
}

/// Files below `assets/` have a hash of their content in their name; the others are asked for anew.
fn caching(name: &str) -> &'static str {
    if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

fn is_below(path: &str, base: &str) -> bool {
    path.strip_prefix(base)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn wants_page(headers: &HeaderMap) -> bool {
    header_text(headers, header::ACCEPT).contains("text/html")
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    header_text(headers, header::ACCEPT_ENCODING)
        .split(',')
        .any(|item| item.trim().split(';').next() == Some(encoding) && !item.contains("q=0"))
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
}
