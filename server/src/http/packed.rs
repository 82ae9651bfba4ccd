//! Long answers in gzip, for those who take it.
//!
//! Packed are answers of 200 to `GET` in JSON or plain text that have more than a packet of bytes. Never what lives on (sockets,
//! `text/event-stream`: a packer would hold events back), nor what is packed already (the page's files, at build time).
//!
//! Who sees how long a packed answer is, may guess what is in it if it can put texts of its own beside it (BREACH). So:
//! - No secret of the studio stands in a body: tokens only come in, a session's id is in a header, which is never packed.
//! - Nothing of a request is repeated in a packed answer: problems, which name what was asked, are not packed. Another site's
//!   page can't ask in somebody's name either: the cookie is `SameSite=Strict`.
//! - Orders and their answers (states of actors, and what was sent to them) are left as they are.
//! - What is left is who may report, and so puts texts into lists, and also sees the encrypted answers of others. Against that
//!   each answer gets as many bytes of no meaning as chance says.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode, Version};
use bytes::Bytes;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

/// Bytes of an answer that is not worth it: it goes in one packet anyway.
const SHORT: u64 = 1_400;
/// Bytes that are packed in one go: a fraction of a millisecond.
const PIECE: usize = 32 * 1024;

/// Whether who asks takes gzip.
pub(super) fn is_taken(headers: &HeaderMap) -> bool {
    let mut all = headers
        .get_all(header::ACCEPT_ENCODING)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    all.any(|item| {
        let (name, quality) = item.split_once(';').unwrap_or((item, ""));
        let refused = quality
            .trim()
            .strip_prefix("q=")
            .is_some_and(|quality| quality.trim().parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// The answer, packed where that makes sense. `taken` says whether who asks takes it.
pub(super) fn packed(response: ServiceResponse<BoxBody>, taken: bool) -> ServiceResponse<BoxBody> {
    let mut response = packed_where_it_may(response, taken);
    let is_old = response.request().version() < Version::HTTP_11;
    if is_old && response.response().body().size() == BodySize::Stream {
        // HTTP/1.0, which nginx speaks unless it is told otherwise, knows no chunks: the end of the connection is the end.
        let head = response.response_mut().head_mut();
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
    response
}

fn packed_where_it_may(mut response: ServiceResponse<BoxBody>, taken: bool) -> ServiceResponse<BoxBody> {
    if !is_packable(&response) {
        return response;
    }
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if !taken {
        return response;
    }
    response
        .headers_mut()
        .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response.map_body(|_, plain| BoxBody::new(Packed::new(plain)))
}

fn is_packable(response: &ServiceResponse<BoxBody>) -> bool {
    let long = match response.response().body().size() {
        BodySize::Sized(bytes) => bytes > SHORT,
        BodySize::Stream => true,
        BodySize::None => false,
    };
    if !long || response.status() != StatusCode::OK || *response.request().method() != Method::GET {
        return false;
    }
    let headers = response.headers();
    let is_text = headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes();
        kind.starts_with(b"application/json") || kind.starts_with(b"text/plain")
    });
    is_text && !headers.contains_key(header::CONTENT_ENCODING) && !is_of_orders(response.request().path())
}

fn is_of_orders(path: &str) -> bool {
    let below = path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api"));
    below.is_some_and(|below| below == "/orders" || below.starts_with("/orders/"))
}

/// A body that is packed as it is sent.
struct Packed {
    plain: BoxBody,
    /// What came of it and was not packed yet.
    rest: Bytes,
    /// Until all of it was packed.
    packer: Option<GzEncoder<Vec<u8>>>,
    /// The packer holds something back, for what comes next may make it shorter.
    holds_back: bool,
}

impl Packed {
    fn new(plain: BoxBody) -> Self {
        // Bytes of chance, in a field that readers skip.
        let noise = uuid::Uuid::new_v4().into_bytes();
        let count = usize::from(noise.first().copied().unwrap_or(0));
        let noise: Vec<u8> = noise.into_iter().cycle().take(count).collect();
        let packer = GzBuilder::new()
            .extra(noise)
            .write(Vec::new(), Compression::fast());
        Self {
            plain,
            rest: Bytes::new(),
            packer: Some(packer),
            holds_back: false,
        }
    }
}

impl MessageBody for Packed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        loop {
            let Some(packer) = this.packer.as_mut() else {
                return Poll::Ready(None);
            };
            if !this.rest.is_empty() {
                let piece = this.rest.split_to(this.rest.len().min(PIECE));
                packer.write_all(&piece)?;
                this.holds_back = true;
                let packed = std::mem::take(packer.get_mut());
                if !packed.is_empty() {
                    return Poll::Ready(Some(Ok(packed.into())));
                }
                continue;
            }
            match Pin::new(&mut this.plain).poll_next(context) {
                // Nobody knows when the next piece comes: who reads gets all that there is until then.
                Poll::Pending if std::mem::take(&mut this.holds_back) => {
                    packer.flush()?;
                    let packed = std::mem::take(packer.get_mut());
                    return Poll::Ready(Some(Ok(packed.into())));
                }
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(piece)) => this.rest = piece?,
                Poll::Ready(None) => {
                    let end = this.packer.take().map(GzEncoder::finish).transpose()?;
                    return Poll::Ready(end.map(|end| Ok(end.into())));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_by_those_who_say_so() {
        for (said, taken) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5, br", true),
            ("gzip; q=0", false),
            ("gzip;q=0.000", false),
            ("br", false),
            ("x-gzip-not", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(said));
            assert_eq!(is_taken(&headers), taken, "{said}");
        }
        assert!(!is_taken(&HeaderMap::new()));
    }

    /// What somebody reads who unpacks as it comes.
    fn read_so_far(packed: &[u8]) -> String {
        use std::io::Read as _;
        let mut read = Vec::new();
        let mut unpacker = flate2::read::MultiGzDecoder::new(packed);
        let mut piece = [0; 512];
        // It ends where more is to come.
        while let Ok(count @ 1..) = unpacker.read(&mut piece) {
            read.extend_from_slice(&piece[..count]);
        }
        String::from_utf8(read).unwrap()
    }

    #[actix_web::test]
    async fn what_is_there_does_not_wait_for_what_is_still_to_come() {
        use std::future::poll_fn;
        use std::pin::pin;

        let (send, pieces) = tokio::sync::mpsc::channel::<Bytes>(4);
        let pieces = futures_util::stream::unfold(pieces, |mut pieces| async move {
            let piece = pieces.recv().await?;
            Some((Ok::<_, std::io::Error>(piece), pieces))
        });
        let plain = actix_web::body::BodyStream::new(Box::pin(pieces));
        let mut body = pin!(Packed::new(BoxBody::new(plain)));
        let mut packed = Vec::new();
        let (mut told, mut waits) = (String::new(), 0);
        for piece in ["[1", ",2", ",3]"] {
            send.send(Bytes::from(piece)).await.unwrap();
            told.push_str(piece);
            // All that there is without another piece.
            loop {
                let next = poll_fn(|context| Poll::Ready(body.as_mut().poll_next(context))).await;
                match next {
                    Poll::Ready(Some(part)) => packed.extend(part.unwrap()),
                    Poll::Ready(None) => panic!("it is not over"),
                    Poll::Pending => break,
                }
            }
            waits += 1;
            assert_eq!(read_so_far(&packed), told);
        }
        drop(send);
        while let Some(part) = poll_fn(|context| body.as_mut().poll_next(context)).await {
            packed.extend(part.unwrap());
        }
        assert_eq!((waits, read_so_far(&packed)), (3, told));
    }

    #[test]
    fn orders_are_left_as_they_are() {
        for path in ["/api/orders", "/api/v1/orders/7"] {
            assert!(is_of_orders(path), "{path}");
        }
        for path in ["/api/actors", "/api/v1/ordersx", "/orders"] {
            assert!(!is_of_orders(path), "{path}");
        }
    }
}
