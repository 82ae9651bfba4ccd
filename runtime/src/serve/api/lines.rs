//! A whole log as an answer: a JSON array that is written as it is read, so that its size is nobody's memory.

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use loom_studio::{ApiError, ApiResult, link_to_next};
use tokio::runtime::Handle;

use crate::id::{JobId, RunId};
use crate::logs::{LogError, LogStore, Pages};
use crate::view::LogLine;

/// Which lines of a log, and in which form.
pub(super) struct Asked {
    /// The number of the first line, from 1.
    pub(super) from: u64,
    /// Lines at most.
    pub(super) limit: u64,
    pub(super) form: Form,
}

/// How a list is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The array alone; the rest is in the headers.
    Bare,
    /// The object of `/api/v1`.
    Page,
}

/// Lines of a job's log, with how many there are. The log is that of a run and an attempt of the job: one that was reused from
/// an earlier attempt of its run has it there.
pub(super) async fn answer(
    request: &HttpRequest,
    io: &Handle,
    store: LogStore,
    (run, job): (RunId, JobId),
    (of, attempt): (RunId, u32),
    asked: Asked,
) -> ApiResult<HttpResponse> {
    let Asked { from, limit, form } = asked;
    let at = job.clone();
    let opened = io.spawn_blocking(move || store.pages(&of, &at, attempt, from, limit));
    let pages = opened
        .await
        .map_err(|_| unavailable())?
        .map_err(|error| ApiError::internal(&error))?;
    let total = pages.total();
    let last = from.saturating_add(limit).saturating_sub(1);
    let next = (last < total).then(|| last.to_string());
    let (head, tail) = frame(form, next.as_deref(), total);
    let body = Body {
        pages,
        run,
        job,
        head: Some(head),
        tail,
    };
    // A page is read when the client has taken the one before: one that is slow holds one page and no thread.
    let pieces = stream::unfold((Some(body), io.clone()), |(body, io)| async move {
        let read = io.spawn_blocking(move || body.map(Body::next)).await;
        match read {
            Ok(Some((piece, rest))) => Some((piece, (rest, io))),
            Ok(None) => None,
            Err(broken) => Some((Err(std::io::Error::other(broken)), (None, io))),
        }
    });
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    if form == Form::Bare {
        response.insert_header(("X-Total-Count", total));
        if let Some(cursor) = &next {
            response.insert_header(("Link", link_to_next(request, cursor)));
        }
    }
    Ok(response.streaming(Box::pin(pieces)))
}

/// What stands before and after the items: `super::list::Page`, field for field, or brackets alone.
fn frame(form: Form, next: Option<&str>, total: u64) -> (String, String) {
    if form == Form::Bare {
        return ("[".to_owned(), "]".to_owned());
    }
    let (mut tail, truncated) = ("],".to_owned(), next.is_some());
    if let Some(next) = next {
        tail.push_str(&format!(r#""next":"{next}","#));
    }
    tail.push_str(&format!(r#""total":{total},"truncated":{truncated}}}"#));
    (r#"{"items":["#.to_owned(), tail)
}

struct Body {
    pages: Pages,
    run: RunId,
    job: JobId,
    /// What comes before the first line, until it was written.
    head: Option<String>,
    /// What comes after the last one.
    tail: String,
}

impl Body {
    /// The next piece, and what comes after it. After an error nothing: the client sees that the answer is cut off.
    fn next(mut self) -> (std::io::Result<Bytes>, Option<Self>) {
        match self.pages.next() {
            None => {
                let head = self.head.take().unwrap_or_default();
                (Ok(Bytes::from(head + &self.tail)), None)
            }
            Some(page) => match self.piece(page) {
                Ok(piece) => (Ok(piece), Some(self)),
                Err(error) => {
                    tracing::error!(%error, run = %self.run, job = %self.job, "an answer with a log is cut off");
                    (Err(error), None)
                }
            },
        }
    }

    fn piece(&mut self, page: Result<Vec<crate::logs::Line>, LogError>) -> std::io::Result<Bytes> {
        let mut piece = Vec::new();
        for line in &page.map_err(std::io::Error::other)? {
            match self.head.take() {
                Some(head) => piece.extend(head.into_bytes()),
                None => piece.push(b','),
            }
            serde_json::to_writer(&mut piece, &LogLine::new(&self.run.0, &self.job.0, line))?;
        }
        Ok(Bytes::from(piece))
    }
}

fn unavailable() -> ApiError {
    ApiError::unavailable(
        "log_unavailable",
        "the log cannot be read at the moment; try again",
    )
}

#[cfg(test)]
mod tests {
    use loom_protocol::Timestamp;

    use super::*;
    use crate::executor::Stream;

    fn pieces(store: &LogStore, run: &RunId, job: &JobId, limit: u64) -> Vec<Bytes> {
        let mut body = Some(Body {
            pages: store.pages(run, job, 1, 1, limit).unwrap(),
            run: run.clone(),
            job: job.clone(),
            head: Some("[".to_owned()),
            tail: "]".to_owned(),
        });
        let mut pieces = Vec::new();
        while let Some(now) = body {
            let (piece, rest) = now.next();
            pieces.push(piece.unwrap());
            body = rest;
        }
        pieces
    }

    #[test]
    fn a_large_log_is_one_array_in_pieces_that_are_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let store = LogStore::new(directory.path().to_owned());
        let (run, job) = (RunId("r".into()), JobId("j".into()));
        assert_eq!(pieces(&store, &run, &job, 10).concat(), b"[]");
        let log = store.create(&run, &job, 1).unwrap();
        let mut step = log.step(&crate::id::StepId("0".into()));
        let line = format!("{}\n", "y".repeat(100_000));
        for _ in 0..150 {
            step.write(Stream::Stdout, Timestamp::from_millis(0), line.as_bytes())
                .unwrap();
        }
        let all = pieces(&store, &run, &job, u64::MAX);
        assert!(all.len() > 3 && all.iter().all(|piece| piece.len() < 6_000_000));
        let lines: Vec<serde_json::Value> = serde_json::from_slice(&all.concat()).unwrap();
        let numbers = lines.iter().map(|line| line["line"].as_u64().unwrap());
        assert!(numbers.eq(1..=150));
        let some: Vec<serde_json::Value> =
            serde_json::from_slice(&pieces(&store, &run, &job, 2).concat()).unwrap();
        assert_eq!(some.len(), 2);
    }
}
