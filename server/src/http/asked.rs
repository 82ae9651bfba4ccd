//! Which workspace a request is about: the one that it names, in the header `Loom-Workspace` or as `workspace` in its address, for sockets
//! and links, which have no headers; or the first one of its token.
//!
//! One that the caller may not see is answered as one that does not exist, by the same way: whoever has a token of some workspaces is
//! measured by those alone, and nobody looks whether there is another.

use std::sync::Arc;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::Uri;
use actix_web::http::header::HeaderName;

use super::error::{ApiError, ApiResult};
use crate::access::Pass;
use crate::workspaces::{Workspace, WorkspaceName, Workspaces};

const HEADER: HeaderName = HeaderName::from_static("loom-workspace");
/// The same in the address.
const PARAMETER: &str = "workspace=";

/// What a request names.
struct Asked {
    /// Nothing where that is no name at all.
    name: Option<WorkspaceName>,
    is_in_address: bool,
}

/// Notes what a request names, and takes it out of its address: handlers read theirs strictly, and it says nothing to them.
pub(super) fn note(request: &mut ServiceRequest) {
    let mut in_header = request.headers().get_all(HEADER);
    let first = in_header.next().map(|name| name.to_str().unwrap_or_default());
    let header = first.map(|name| single(name, in_header.next().is_some()));
    let (mut named, mut rest) = (Vec::new(), Vec::new());
    for pair in request.query_string().split('&') {
        match pair.strip_prefix(PARAMETER) {
            Some(name) => named.push(name),
            None => rest.push(pair),
        }
    }
    let address = named.first().map(|name| single(name, named.len() > 1));
    let is_in_address = address.is_some();
    let without = is_in_address.then(|| without_query(request.uri(), &rest.join("&")));
    if let Some(name) = header.or(address) {
        request.extensions_mut().insert(Asked { name, is_in_address });
    }
    if let Some(Some(uri)) = without {
        request.head_mut().uri = uri;
    }
}

/// The workspace that a request is about, for whoever shows this.
///
/// # Errors
/// 404 `unknown_workspace` where the caller may not see what it names, or there is none of that name.
pub(super) fn choose(
    workspaces: &Workspaces,
    pass: Option<&Pass>,
    request: &impl HttpMessage,
) -> ApiResult<Arc<Workspace>> {
    let seen = workspaces.guard().access().workspaces(pass.map(|pass| &pass.key));
    let name = match request.extensions().get::<Asked>() {
        None => seen.first().cloned(),
        Some(asked) => asked.name.clone().filter(|name| seen.contains(name)),
    };
    name.and_then(|name| workspaces.get(&name)).ok_or_else(|| {
        ApiError::not_found(
            "unknown_workspace",
            "there is no such workspace here for you; GET /api/session names those that your token is of",
        )
    })
}

/// What a link to another page of the same answer must name again.
pub(super) fn in_address(request: &impl HttpMessage) -> Option<String> {
    let extensions = request.extensions();
    let asked = extensions.get::<Asked>().filter(|asked| asked.is_in_address)?;
    asked.name.as_ref().map(|name| format!("{PARAMETER}{name}"))
}

/// The one name, where there is one.
fn single(name: &str, are_more: bool) -> Option<WorkspaceName> {
    name.parse().ok().filter(|_| !are_more)
}

fn without_query(uri: &Uri, query: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    let path = if query.is_empty() {
        uri.path().to_owned()
    } else {
        format!("{}?{query}", uri.path())
    };
    parts.path_and_query = Some(path.parse().ok()?);
    Uri::from_parts(parts).ok()
}
