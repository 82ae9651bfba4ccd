//! The ways to show a token: the header of every program; for sockets, which browsers let nobody give a header, also a
//! protocol that is offered beside the one that is meant (as `phoenix` 1.8 does with `authToken`), or `token` in the address
//! (as its `params` do). An address may end up in the log of something on the way, so no request but a socket's shows it there.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::guard::is_upgrade;

/// Where a product serves Phoenix's long-poll: a socket in plain requests, whose clients show a token as those of sockets do. Looking is
/// all that it takes to post there.
pub const LONG_POLL: &str = "/socket/longpoll";
/// What tokens of its sessions begin with. They stand in the address as `token`, where the server's may stand, too.
pub const LONG_POLL_SESSION: &str = "poll-session-";
/// As which header its clients show what they call `authToken`.
const AUTH_TOKEN: &str = "x-phoenix-authtoken";

/// What stands before a token that is offered as a protocol.
const OFFERED: &str = "base64url.bearer.phx.";

#[derive(Deserialize)]
struct InAddress {
    token: Option<String>,
}

/// The token that a request for `path` shows. The header counts before the others.
pub(super) fn token(headers: &HeaderMap, path: &str, query: &str) -> Option<String> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned());
    if bearer.is_some() {
        return bearer;
    }
    if path == LONG_POLL {
        let header = headers.get(AUTH_TOKEN).and_then(|value| value.to_str().ok());
        return header
            .map(|token| token.trim().to_owned())
            .or_else(|| in_address(query));
    }
    if !is_upgrade(headers) {
        return None;
    }
    let offered = protocols(headers).find_map(|protocol| protocol.strip_prefix(OFFERED));
    if let Some(offered) = offered {
        // What is no token is a wrong one.
        return Some(decoded(offered).unwrap_or_default());
    }
    let shown = web::Query::<InAddress>::from_query(query).ok()?;
    shown.into_inner().token
}

/// The server's token in the address of a long-poll.
fn in_address(query: &str) -> Option<String> {
    tokens(query).find(|token| !token.starts_with(LONG_POLL_SESSION))
}

/// The session that a long-poll goes on with.
pub(super) fn poll_session(path: &str, query: &str) -> Option<String> {
    let session = || tokens(query).find(|token| token.starts_with(LONG_POLL_SESSION));
    (path == LONG_POLL).then(session).flatten()
}

fn tokens(query: &str) -> impl Iterator<Item = String> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query);
    let pairs = pairs.map(web::Query::into_inner).unwrap_or_default();
    let tokens = pairs.into_iter().filter(|(name, _)| name == "token");
    tokens.map(|(_, token)| token)
}

/// The protocol to take from those that a socket offers, where one of them is a token: a browser gives up a connection that
/// takes none of several.
pub(super) fn protocol_beside_token(headers: &HeaderMap) -> Option<HeaderValue> {
    if !is_upgrade(headers) || !protocols(headers).any(|protocol| protocol.starts_with(OFFERED)) {
        return None;
    }
    let meant = protocols(headers).find(|protocol| !protocol.starts_with(OFFERED))?;
    HeaderValue::from_str(meant).ok()
}

fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|protocol| !protocol.is_empty())
}

/// base64url (RFC 4648, section 5), with or without what fills it up.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Reads base64url; also the two letters of plain base64 that it has others for, which is what `phoenix` writes.
fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', "-").replace('/', "_");
    String::from_utf8(BASE64URL.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_read() {
        for (written, text) in [
            ("", ""),
            ("c2VjcmV0", "secret"),
            ("c2VjcmV0IQ", "secret!"),
            ("c2VjcmV0ISE=", "secret!!"),
            ("w7zDn_Cfjoo", "üß🎊"),
            ("Pz8/Pj4+", "???>>>"),
            ("Pz8_Pj4-", "???>>>"),
        ] {
            assert_eq!(decoded(written).as_deref(), Some(text), "{written}");
        }
        assert_eq!(decoded("a b"), None);
        assert_eq!(decoded("_w"), None, "no UTF-8");
    }
}
