//! The time that a request has to bring its body, and what stands before that. The framework bounds only that of its head: a body that trickles would hold
//! its connection, and what was read of it, for as long as the sender likes.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use bytes::{Buf, Bytes};
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

use super::error::ApiError;
use super::guard::is_upgrade;
use crate::Workspace;

/// Whether a body came in time.
pub(super) struct Watched {
    late: Rc<Cell<bool>>,
    within: Duration,
}

/// Watches over the body of a request, where it has one. Wants the workspace with the request.
pub(super) fn watch(request: &mut ServiceRequest) -> Option<Watched> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) || is_upgrade(request.headers()) {
        request.set_payload(payload);
        return None;
    }
    let within = request
        .extensions()
        .get::<Arc<Workspace>>()
        .map(|workspace| workspace.body_within);
    let Some(within) = within else {
        request.set_payload(payload);
        return None;
    };
    let late = Rc::new(Cell::new(false));
    request.set_payload(Payload::Stream {
        payload: Box::pin(BodyWithDeadline {
            payload,
            end: Box::pin(sleep(within)),
            late: late.clone(),
            began: false,
        }),
    });
    Some(Watched { late, within })
}

impl Watched {
    /// The answer, whatever the handler made of a body that did not come.
    pub(super) fn judge(self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        if !self.late.get() {
            return response;
        }
        let mut answer = too_late(self.within).response();
        answer
            .head_mut()
            .set_connection_type(actix_web::http::ConnectionType::Close);
        response.into_response(answer)
    }
}

fn too_late(within: Duration) -> ApiError {
    ApiError::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_too_slow",
        "request timeout",
        format!(
            "the body did not arrive within {} s; send it faster, or less at a time",
            within.as_secs().max(1)
        ),
    )
}

/// A body that ends with an error when its time is over.
struct BodyWithDeadline {
    payload: Payload,
    end: Pin<Box<Sleep>>,
    late: Rc<Cell<bool>>,
    /// Some of it came.
    began: bool,
}

/// What some programs put in front of UTF-8. It is no part of JSON, and readers stumble over it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Stream for BodyWithDeadline {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(mut part) = Pin::new(&mut self.payload).poll_next(context) {
            if let Some(Ok(bytes)) = &mut part
                && !std::mem::replace(&mut self.began, true)
                && bytes.starts_with(BYTE_ORDER_MARK)
            {
                bytes.advance(BYTE_ORDER_MARK.len());
            }
            return Poll::Ready(part);
        }
        match self.end.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                self.late.set(true);
                Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
            }
        }
    }
}
