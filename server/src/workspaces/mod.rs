//! Workspaces: studios of their own within one server, for applications and teams that are to see nothing of each other.
//!
//! Each has a directory, a door, a history, recordings, live frames and sockets of its own. The guard finds out which one a request is
//! about, and hands it to the handlers with the request ([`Here`]); there is no other way to any of it, so that nothing has to be
//! filtered where it is read. What is of the server as a whole (tokens, sessions, certificate) is not in here.

mod make;
mod name;
mod open;
mod workspace;

pub(crate) use make::{Plan, Source};
pub use name::{InvalidWorkspace, WorkspaceName};
pub(crate) use open::Workspaces;
pub use workspace::Workspace;
pub(crate) use workspace::sections;

/// The workspace that a request is about, as handlers take it.
pub(crate) type Here = actix_web::web::ReqData<std::sync::Arc<Workspace>>;
