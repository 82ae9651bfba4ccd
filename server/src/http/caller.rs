//! The caller as handlers get it, and what they may ask of it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::error::{ApiError, ApiResult};
use crate::access::{Caller, Role};

impl Caller {
    /// Says no unless the caller may do what needs `needed`.
    ///
    /// # Errors
    /// 403 `role_too_low`.
    pub fn need(&self, needed: Role) -> ApiResult<()> {
        if self.role().includes(needed) {
            return Ok(());
        }
        Err(ApiError::forbidden(
            "role_too_low",
            format!(
                "the token of `{}` has the role `{}`, and this needs `{needed}`; use one that has it, or have one made: \
                 `loom-studio token add NAME --role {needed}`",
                self.name(),
                self.role(),
            ),
        ))
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        // Only what is open to everybody comes by the guard without.
        let nobody =
            || ApiError::unauthorized("token_required", "nobody knows who asks for this; show a token");
        ready(caller.ok_or_else(nobody))
    }
}
