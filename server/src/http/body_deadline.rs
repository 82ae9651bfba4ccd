//! The time that a request has to bring its body. The framework bounds only that of its head: a body that trickles would hold
//! its connection, and what was read of it, for as long as the sender likes.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use bytes::Bytes;
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

use super::error::ApiError;
use super::guard::is_upgrade;
use crate::app::Services;

/// The middleware. Wants `web::Data<Services>` in the application.
///
/// # Errors
/// What the routes behind it return.
pub(crate) async fn body_deadline(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let within = request
        .app_data::<web::Data<Services>>()
        .map(|services| services.body_within);
    let payload = request.take_payload();
    let (Some(within), false, false) = (
        within,
        is_upgrade(request.headers()),
        matches!(payload, Payload::None),
    ) else {
        request.set_payload(payload);
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let late = Rc::new(Cell::new(false));
    request.set_payload(Payload::Stream {
        payload: Box::pin(BodyWithDeadline {
            payload,
            end: Box::pin(sleep(within)),
            late: late.clone(),
        }),
    });
    let response = next.call(request).await?.map_into_boxed_body();
    if !late.get() {
        return Ok(response);
    }
    // Whatever the handler made of a body that did not come.
    let mut answer = too_late(within).response();
    answer
        .head_mut()
        .set_connection_type(actix_web::http::ConnectionType::Close);
    Ok(response.into_response(answer))
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
}

impl Stream for BodyWithDeadline {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(part) = Pin::new(&mut self.payload).poll_next(context) {
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
