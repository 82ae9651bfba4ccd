//! Answers of several servers as those of one: whoever saw something at one of them sees at the others nothing older.

use std::sync::Arc;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::replication::{Away, Position, Replica};

/// How far what an answer shows has come. A request that says it is answered by nothing older.
const POSITION: HeaderName = HeaderName::from_static("loom-position");

/// Waits until this server knows what whoever asks has seen.
pub(super) async fn wait(replica: &Arc<Replica>, headers: &HeaderMap) -> Result<(), Away> {
    if !replica.has_picture() {
        // To know nothing yet is not the same as that nobody is there.
        return Err(Away::Starting);
    }
    let seen = headers.get(POSITION).and_then(|seen| seen.to_str().ok());
    match seen.and_then(|seen| seen.parse::<Position>().ok()) {
        Some(seen) => replica.wait_for(seen).await,
        None => Ok(()),
    }
}

/// Says how far the answer has come.
pub(super) fn say(replica: &Arc<Replica>, headers: &mut HeaderMap) {
    let position = replica.position().map(|position| position.to_string());
    if let Some(position) = position.and_then(|position| HeaderValue::try_from(position).ok()) {
        headers.insert(POSITION, position);
    }
}
