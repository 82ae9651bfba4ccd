//! The list of runs: filtered, in order, a page at a time.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::reader::cannot_read;
use super::rows::{SUMMARY_COLUMNS, signed, summary_row, to_json, unsigned};
use crate::journal::filter::files_named;
use crate::journal::{JournalError, RunQuery, StateFilter, Summary};

pub(super) fn runs(connection: &Connection, query: &RunQuery) -> Result<Vec<Summary>, JournalError> {
    let wanted = Wanted::of(query).map_err(cannot_read)?;
    // The ids first: they and all that is filtered by are in an index, and a line is read only when it is wanted.
    let sql = format!(
        "SELECT {SUMMARY_COLUMNS} FROM run WHERE id IN (
             SELECT id FROM run {} WHERE {} ORDER BY created DESC, id DESC LIMIT ?
         ) ORDER BY created DESC, id DESC",
        wanted.index(query),
        wanted.conditions(),
    );
    let limit = Value::from(i64::try_from(query.limit).unwrap_or(i64::MAX));
    let mut statement = connection.prepare_cached(&sql).map_err(cannot_read)?;
    let rows = statement
        .query_map(
            params_from_iter(wanted.values.iter().chain([&limit])),
            summary_row,
        )
        .map_err(cannot_read)?;
    let mut runs = Vec::new();
    for row in rows {
        match row {
            Ok(run) => runs.push(run),
            // A newer Loom wrote a word that this one does not have, or the line is damaged: the others are still listed.
            Err(error @ rusqlite::Error::FromSqlConversionFailure(..)) => {
                tracing::warn!(%error, "a run is not listed");
            }
            Err(error) => return Err(cannot_read(error)),
        }
    }
    Ok(runs)
}

pub(super) fn count(connection: &Connection, query: &RunQuery) -> Result<u64, JournalError> {
    let query = RunQuery {
        after: None,
        ..query.clone()
    };
    let wanted = Wanted::of(&query).map_err(cannot_read)?;
    let sql = format!(
        "SELECT count(*) FROM run {} WHERE {}",
        wanted.index(&query),
        wanted.conditions()
    );
    let mut statement = connection.prepare_cached(&sql).map_err(cannot_read)?;
    let counted = statement.query_row(params_from_iter(&wanted.values), |row| row.get(0));
    counted.map(unsigned).map_err(cannot_read)
}

/// The conditions of a query, with their values in order.
#[derive(Default)]
struct Wanted {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Wanted {
    fn of(query: &RunQuery) -> rusqlite::Result<Self> {
        let mut all = Self::default();
        // Written out rather than bound: only so are the indexes of the few open runs used.
        if query.open_only {
            all.conditions.push("finished IS NULL".to_owned());
        }
        if query.remains_only {
            all.conditions.push("remains = 1".to_owned());
        }
        if let Some(workflow) = &query.workflow {
            let [a, b, c, d] = files_named(workflow);
            all.add(
                "(name = ? OR file IN (?, ?, ?, ?))",
                [workflow.clone(), a, b, c, d],
            );
        }
        all.text("file = ?", query.file.as_ref());
        all.text("instr(id, ?) > 0", query.id.as_ref());
        if let Some(first) = &query.attempts_at {
            all.add("(id = ? OR first = ?)", [first.0.clone(), first.0.clone()]);
        }
        if let Some(place) = &query.after {
            let (created, id) = (place.created_at.as_millis(), place.id.0.clone());
            all.add("(created, id) < (?, ?)", [Value::from(created), Value::from(id)]);
        }
        all.filter(query)?;
        Ok(all)
    }

    fn filter(&mut self, query: &RunQuery) -> rusqlite::Result<()> {
        let filter = &query.filter;
        match filter.state {
            None => {}
            Some(StateFilter::Is(state)) => self.add("state = ?", [to_json(&state)?]),
            // Of those that run: no job is under way that waits for nobody.
            Some(StateFilter::Paused) => self.conditions.push(
                "finished IS NULL AND state = '\"running\"' AND under_way <> '{}'
                 AND NOT EXISTS (SELECT 1 FROM json_each(under_way) AS job WHERE json_array_length(job.value) = 0)"
                    .to_owned(),
            ),
        }
        self.text("branch = ?", filter.branch.as_ref());
        self.text("event = ?", filter.event.as_ref());
        self.text("actor = ?", filter.actor.as_ref());
        if let Some(since) = filter.since {
            self.add("created >= ?", [since.as_millis()]);
        }
        if let Some(until) = filter.until {
            self.add("created < ?", [until.as_millis()]);
        }
        if let Some(number) = filter.number {
            self.add("number = ?", [signed(number)]);
        }
        if let Some(text) = &filter.text {
            let plain = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
            let part = format!("%{plain}%");
            let columns = ["id", "name", "file", "branch", "title"];
            let any = columns.map(|column| format!(r"{column} LIKE ? ESCAPE '\'"));
            self.add(&format!("({})", any.join(" OR ")), columns.map(|_| part.clone()));
        }
        Ok(())
    }

    fn text(&mut self, condition: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.add(condition, [value.clone()]);
        }
    }

    fn add<T: Into<Value>, const N: usize>(&mut self, condition: &str, values: [T; N]) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values.map(Into::into));
    }

    fn conditions(&self) -> String {
        match self.conditions.as_slice() {
            [] => "1".to_owned(),
            all => all.join(" AND "),
        }
    }

    /// The index to be used, where SQLite, which does not know how many runs are alike, might choose another: the one in the
    /// list's order that has all that is filtered by. Few are open, left something, or are attempts at one run, and those of a
    /// file are in its own.
    fn index(&self, query: &RunQuery) -> &'static str {
        let of_few = query.open_only
            || query.remains_only
            || query.attempts_at.is_some()
            || query.filter.state == Some(StateFilter::Paused);
        let filter = &query.filter;
        let by_others = filter.state.is_some()
            || filter.branch.is_some()
            || filter.event.is_some()
            || filter.actor.is_some()
            || filter.number.is_some()
            || filter.text.is_some();
        if of_few {
            ""
        } else if query.file.is_some() && !by_others {
            "INDEXED BY run_file"
        } else if self.conditions.is_empty() {
            ""
        } else {
            "INDEXED BY run_list"
        }
    }
}
