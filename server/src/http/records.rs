//! Long lists of actors as answers: matched beside the serving threads, written a piece at a time, so that whoever asks for
//! everything holds up nobody else and costs no more memory than a piece.

use std::convert::Infallible;
use std::sync::Arc;
use std::vec::IntoIter;

use actix_web::{HttpResponse, HttpResponseBuilder, web};
use bytes::Bytes;
use futures_util::{Stream, stream};

use super::error::{ApiError, ApiResult};
use crate::directory::{ActorQuery, Directory, Matches};

/// Records that are written in one go: some hundred kilobytes, well below a millisecond.
const PIECE: usize = 256;
/// Bytes that a record usually has.
const USUAL: usize = 320;
/// Actors that are looked through on a serving thread; of more that is done beside it.
const FEW: usize = 2_000;

/// What `query` asks for, without the records.
pub(super) async fn find(directory: &Arc<Directory>, query: ActorQuery) -> ApiResult<Matches> {
    if query.is_cheap() || directory.len() <= FEW {
        return Ok(directory.find(&query)?);
    }
    let directory = directory.clone();
    let found = web::block(move || directory.find(&query)).await;
    let found = found
        .map_err(|_| ApiError::unavailable("busy", "the list could not be made at the moment; try again"))?;
    Ok(found?)
}

/// The records of `ids` as a JSON array's inside, between `head` and `tail`.
pub(super) fn answer(
    response: &mut HttpResponseBuilder,
    directory: Arc<Directory>,
    ids: Vec<Arc<str>>,
    head: &str,
    tail: String,
) -> HttpResponse {
    response.content_type("application/json");
    let short = ids.len() <= PIECE;
    let mut list = List {
        directory,
        ids: ids.into_iter(),
        before: head.to_owned(),
        tail: Some(tail),
    };
    if short {
        let mut whole = list.next_piece().unwrap_or_default();
        whole.extend(list.next_piece().unwrap_or_default());
        return response.body(whole);
    }
    response.streaming(pieces(list))
}

fn pieces(list: List) -> impl Stream<Item = Result<Bytes, Infallible>> {
    Box::pin(stream::unfold(list, |mut list| async move {
        // Others that wait for this thread come first.
        tokio::task::yield_now().await;
        let piece = list.next_piece()?;
        Some((Ok(Bytes::from(piece)), list))
    }))
}

/// A list that is being written.
struct List {
    directory: Arc<Directory>,
    ids: IntoIter<Arc<str>>,
    /// What stands before the next record.
    before: String,
    /// What stands after the last one, until it was written.
    tail: Option<String>,
}

impl List {
    /// The next records; then the tail, then nothing. An actor that went meanwhile is left out.
    fn next_piece(&mut self) -> Option<Vec<u8>> {
        let now = self.directory.clock().now();
        let mut piece = Vec::with_capacity(self.ids.len().min(PIECE) * USUAL + self.before.len());
        for id in self.ids.by_ref().take(PIECE) {
            let start = piece.len();
            piece.extend(self.before.as_bytes());
            if self.directory.write(&id, now, &mut piece) {
                self.before.clear();
                self.before.push(',');
            } else {
                // It went meanwhile.
                piece.truncate(start);
            }
        }
        if self.ids.len() == 0
            && let Some(tail) = self.tail.take()
        {
            if self.before != "," {
                piece.extend(self.before.as_bytes());
            }
            piece.extend(tail.into_bytes());
        }
        let over = self.tail.is_none() && piece.is_empty();
        (!over).then_some(piece)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use futures_util::StreamExt;
    use loom_protocol::ActorRecord;

    use super::*;
    use crate::{DirectoryOptions, SystemClock};

    fn directory(actors: usize) -> Arc<Directory> {
        let directory = Directory::new(DirectoryOptions::default(), Arc::new(SystemClock));
        for number in 0..actors {
            directory
                .register(ActorRecord::new(format!("a{number:05}"), "T"))
                .unwrap();
        }
        Arc::new(directory)
    }

    fn list(directory: &Arc<Directory>) -> List {
        let found = directory.find(&ActorQuery::default()).unwrap();
        List {
            directory: directory.clone(),
            ids: found.ids.into_iter(),
            before: "[".to_owned(),
            tail: Some("]".to_owned()),
        }
    }

    #[test]
    fn pieces_make_one_array_however_long_it_is() {
        for actors in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
            let directory = directory(actors);
            let mut list = list(&directory);
            let mut whole = Vec::new();
            while let Some(piece) = list.next_piece() {
                whole.extend(piece);
            }
            let records: Vec<ActorRecord> = serde_json::from_slice(&whole).unwrap();
            assert_eq!(records.len(), actors);
        }
    }

    #[test]
    fn actors_that_go_meanwhile_are_left_out() {
        let directory = directory(2 * PIECE);
        let mut list = list(&directory);
        let mut whole = list.next_piece().unwrap();
        for number in PIECE..2 * PIECE {
            directory
                .unregister(&format!("a{number:05}").as_str().into())
                .unwrap();
        }
        while let Some(piece) = list.next_piece() {
            whole.extend(piece);
        }
        let records: Vec<ActorRecord> = serde_json::from_slice(&whole).unwrap();
        assert_eq!(records.len(), PIECE);
    }

    #[actix_web::test]
    async fn others_have_their_turn_between_the_pieces_which_are_bounded() {
        let directory = directory(10 * PIECE);
        let mut pieces = pin!(pieces(list(&directory)));
        let (mut count, mut turns) = (0, 0);
        while let Some(piece) = poll_fn(|context| match pieces.poll_next_unpin(context) {
            Poll::Pending => {
                turns += 1;
                Poll::Pending
            }
            ready => ready,
        })
        .await
        {
            count += 1;
            assert!(piece.unwrap().len() < 1024 * PIECE);
        }
        assert!(count >= 10 && turns >= count, "{count} pieces, {turns} turns");
    }
}
