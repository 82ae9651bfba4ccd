//! Which run is meant: by its number, its id, a part of that, or as the latest.
//!
//! There is one number: which run of its workflow's file a run is, `github.run_number`, as GitHub shows it. A second one, over
//! all workflows, would make two meanings of `#138`. Where several workflows have a run of a number, its workflow says which.

use thiserror::Error;

use crate::id::RunId;
use crate::journal::{Journal, JournalError, RunFilter, RunQuery, Summary};

/// The word for the newest run.
const LATEST: &str = "latest";
/// Runs that are looked through for those of a number: its attempts, in all workflows.
const ALIKE: usize = 1000;
/// Runs that are named where several are meant.
const SAID: usize = 5;
/// Digits of a number at most; more are a part of an id.
const DIGITS: usize = 9;

/// No one run is meant.
#[derive(Debug, Error)]
pub(crate) enum NameError {
    /// There is no run at all.
    #[error("nothing has run here yet")]
    Nothing,
    /// None has this number.
    #[error("no run{} has the number {number}", of(.workflow.as_deref()))]
    NoNumber {
        /// The workflow that was named.
        workflow: Option<String>,
        /// The number.
        number: u64,
    },
    /// None has this in its id.
    #[error("no run has `{0}` in its id")]
    NoPart(String),
    /// Runs of several workflows have this number.
    #[error("several workflows have a run {number}; name one: {}", .names.join(", "))]
    Numbers {
        /// The number.
        number: u64,
        /// What would name one.
        names: Vec<String>,
    },
    /// Several have this in their ids.
    #[error("several runs have `{part}` in their ids: {}, …", .ids.join(", "))]
    Parts {
        /// The text.
        part: String,
        /// Some of the ids.
        ids: Vec<String>,
    },
    /// The history cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn of(workflow: Option<&str>) -> String {
    workflow.map(|name| format!(" of `{name}`")).unwrap_or_default()
}

/// A name by its form.
#[derive(Debug, PartialEq, Eq)]
enum Form<'a> {
    Latest,
    Number(Option<&'a str>, u64),
    /// Digits alone: a number, or the part of an id.
    Digits(u64),
    Part(&'a str),
}

fn form(name: &str) -> Form<'_> {
    if name == LATEST {
        return Form::Latest;
    }
    let number = |text: &str| {
        let digits = (1..=DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits)
    };
    if let Some(number) = number(name) {
        return Form::Digits(number);
    }
    let (workflow, rest) = name.rsplit_once('#').unwrap_or(("", ""));
    match (workflow.trim(), number(rest)) {
        (_, None) => Form::Part(name),
        ("", Some(number)) => Form::Number(None, number),
        (workflow, Some(number)) => Form::Number(Some(workflow), number),
    }
}

/// The run that is meant; of a number its newest attempt.
///
/// # Errors
/// See [`NameError`].
pub(crate) async fn find(journal: &dyn Journal, name: &str) -> Result<Summary, NameError> {
    if let Some(run) = journal.summary(&RunId(name.to_owned())).await? {
        return Ok(run);
    }
    match form(name) {
        Form::Latest => {
            let newest = RunQuery {
                limit: 1,
                ..RunQuery::default()
            };
            journal.runs(newest).await?.pop().ok_or(NameError::Nothing)
        }
        Form::Number(workflow, number) => by_number(journal, workflow, number).await,
        Form::Digits(number) => match by_number(journal, None, number).await {
            Err(NameError::NoNumber { .. }) => match by_part(journal, name).await {
                Err(NameError::NoPart(_)) => Err(NameError::NoNumber {
                    workflow: None,
                    number,
                }),
                other => other,
            },
            other => other,
        },
        Form::Part(part) => by_part(journal, part).await,
    }
}

async fn by_number(journal: &dyn Journal, workflow: Option<&str>, number: u64) -> Result<Summary, NameError> {
    let query = RunQuery {
        workflow: workflow.map(str::to_owned),
        filter: RunFilter {
            number: Some(number),
            ..RunFilter::default()
        },
        limit: ALIKE,
        ..RunQuery::default()
    };
    let found = journal.runs(query).await?;
    let mut newest: Vec<Summary> = Vec::new();
    for run in found {
        // The newest comes first; the others of its file are attempts before it.
        if !newest
            .iter()
            .any(|known| known.workflow.file == run.workflow.file)
        {
            newest.push(run);
        }
    }
    if newest.len() > 1 {
        return Err(NameError::Numbers {
            number,
            names: newest
                .iter()
                .take(SAID)
                .map(|run| name_of(run, number, &newest))
                .collect(),
        });
    }
    newest.pop().ok_or_else(|| NameError::NoNumber {
        workflow: workflow.map(str::to_owned),
        number,
    })
}

/// What names a run among others of its number: its workflow's name, or its file where another has that name too.
fn name_of(run: &Summary, number: u64, among: &[Summary]) -> String {
    let name = &run.workflow.name;
    let alone = among.iter().filter(|other| other.workflow.name == *name).count() == 1;
    let called = if alone { name } else { &run.workflow.file };
    if called.contains(' ') {
        format!("'{called}#{number}'")
    } else {
        format!("{called}#{number}")
    }
}

async fn by_part(journal: &dyn Journal, part: &str) -> Result<Summary, NameError> {
    let query = RunQuery {
        id: Some(part.to_owned()),
        limit: 3,
        ..RunQuery::default()
    };
    let mut found = journal.runs(query).await?;
    if found.len() > 1 {
        return Err(NameError::Parts {
            part: part.to_owned(),
            ids: found.into_iter().map(|run| run.id.0).collect(),
        });
    }
    found.pop().ok_or_else(|| NameError::NoPart(part.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::{Event, Rerun, Seq};
    use crate::journal::MemoryJournal;
    use crate::journal::suite::{Ticking, created, owner};

    /// Runs by id, each with its workflow, number, and the run that it is another attempt at.
    async fn journal(runs: &[(&str, &str, u64, Option<&str>)]) -> MemoryJournal {
        let journal = MemoryJournal::new(Arc::new(Ticking::default()));
        for (id, name, of, first) in runs {
            let mut event = created();
            if let Event::RunCreated {
                workflow,
                number,
                rerun,
                ..
            } = &mut event
            {
                workflow.name = (*name).to_owned();
                workflow.file = format!(".github/workflows/{name}.yml");
                *number = Some(*of);
                *rerun = first.map(|first| {
                    Box::new(Rerun {
                        of: RunId(first.into()),
                        first: RunId(first.into()),
                        attempt: 2,
                        failed: false,
                        jobs: Vec::new(),
                        current_files: false,
                        reused: Vec::new(),
                    })
                });
            }
            let (id, end) = (RunId((*id).into()), crate::journal::suite::finished());
            journal
                .append(&id, &owner(1), Seq(0), vec![event, end])
                .await
                .unwrap();
        }
        journal
    }

    #[tokio::test]
    async fn a_run_is_found_by_what_people_call_it() {
        let journal = journal(&[
            ("01a7", "ci", 1, None),
            ("01b7", "ci", 2, None),
            ("01c", "release", 1, None),
            ("01d", "ci", 2, Some("01b7")),
        ])
        .await;
        for (name, id) in [
            ("latest", Ok("01d")),
            ("2", Ok("01d")),
            ("#2", Ok("01d")),
            ("ci#1", Ok("01a7")),
            ("ci #1", Ok("01a7")),
            (".github/workflows/release.yml#1", Ok("01c")),
            ("01b7", Ok("01b7")),
            ("c", Ok("01c")),
            (
                "1",
                Err("several workflows have a run 1; name one: release#1, ci#1"),
            ),
            ("7", Err("several runs have `7` in their ids: 01b7, 01a7, …")),
            ("9", Err("no run has the number 9")),
            ("release#2", Err("no run of `release` has the number 2")),
            ("x", Err("no run has `x` in its id")),
        ] {
            let found = find(&journal, name).await;
            let said = found.map(|run| run.id.0).map_err(|error| error.to_string());
            assert_eq!(said, id.map(str::to_owned).map_err(str::to_owned), "{name}");
        }
    }

    #[tokio::test]
    async fn where_nothing_ran_nothing_is_the_latest() {
        let found = find(&journal(&[]).await, LATEST).await;
        assert!(matches!(found, Err(NameError::Nothing)), "{found:?}");
    }
}
