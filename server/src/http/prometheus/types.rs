//! Types of actors: how many there are in which state, and what they handled.

use std::collections::{BTreeMap, HashSet};
use std::fmt::{Result, Write as _};

use loom_protocol::ActorStatus;

use super::text::{escaped, head, single};
use crate::Workspace;
use crate::directory::Text;
use crate::places::OTHER;
use crate::traffic::{Percentiles, Plumbing, TypeRow};

/// Seconds over which times are told.
const WINDOW: i64 = 60;

/// What is said of one type, or of all without a place together.
#[derive(Default)]
struct Statuses<'a>(BTreeMap<&'a str, u64>);

pub(super) fn write(text: &mut String, workspace: &Workspace) -> Result {
    let now = workspace.intake.now();
    let there = workspace.directory.statuses_of_types();
    let rows = workspace.intake.traffic().types(now, WINDOW, Plumbing::Shown);
    // Those that handled most come first, then those of which there are most, then those of which there are none now.
    let handled: BTreeMap<&str, u64> = rows.iter().map(|row| (row.kind.as_str(), row.handled)).collect();
    let mut names: Vec<(u64, u64, &str)> = there
        .iter()
        .map(|(kind, statuses)| {
            let handled = handled.get(&**kind).copied().unwrap_or(0);
            (handled, statuses.values().sum(), &**kind)
        })
        .collect();
    // Of some types no actor lives long enough to be there at a look.
    let gone = rows
        .iter()
        .filter(|row| row.handled > 0 && !there.contains_key(&*row.kind));
    names.extend(gone.map(|row| (row.handled, 0, row.kind.as_str())));
    names.sort_by(|a, b| {
        let order = |name: &(u64, u64, &str)| (name.1 > 0, name.0, name.1);
        order(b).cmp(&order(a)).then(a.2.cmp(b.2))
    });
    let admitted = workspace
        .series
        .types
        .admit(names.iter().map(|(_, _, kind)| *kind), now);
    write_statuses(text, &there, &admitted)?;
    write_rows(text, &rows, &admitted)?;
    let known: HashSet<&str> = names.iter().map(|(_, _, kind)| *kind).collect();
    let known = known.into_iter().chain(handled.into_keys());
    let without: HashSet<&str> = known.filter(|kind| !admitted.contains(*kind)).collect();
    single(
        text,
        "loom_metrics_types_left_out",
        "gauge",
        "Types known now that have no series of their own here, because there are too many; of their actors and queues \
         `other` tells.",
        without.len(),
    )
}

fn write_statuses(
    text: &mut String,
    there: &BTreeMap<Text, BTreeMap<String, u64>>,
    admitted: &HashSet<Text>,
) -> Result {
    let mut series: BTreeMap<&str, Statuses<'_>> = BTreeMap::new();
    for (kind, statuses) in there {
        let name = if admitted.contains(kind) { &**kind } else { OTHER };
        let told = series.entry(name).or_default();
        for (status, count) in statuses {
            let all = told.0.entry(known_status(status)).or_default();
            *all = all.saturating_add(*count);
        }
    }
    let name = "loom_actors";
    head(text, name, "gauge", "Actors by type and status.")?;
    for (kind, statuses) in series {
        let kind = escaped(kind);
        for (status, count) in statuses.0 {
            writeln!(text, "{name}{{actor_type=\"{kind}\",state=\"{status}\"}} {count}")?;
        }
    }
    Ok(())
}

/// A status that everybody has; words that somebody made up are all one.
fn known_status(status: &str) -> &str {
    let known = status == "unknown" || ActorStatus::ALL.iter().any(|one| one.as_str() == status);
    if known { status } else { OTHER }
}

fn write_rows(text: &mut String, rows: &[TypeRow], admitted: &HashSet<Text>) -> Result {
    let rows_of = |has_place: bool| {
        rows.iter()
            .filter(move |row| admitted.contains(&*row.kind) == has_place)
    };
    type Of = fn(&TypeRow) -> u64;
    // Of totals there is no sum of others: it would fall whenever a type is forgotten, which a counter must not.
    let totals: [(&str, &str, Of); 2] = [
        (
            "loom_type_messages_total",
            "Messages handled by actors of a type, those that are gone included.",
            |row| row.handled,
        ),
        (
            "loom_type_errors_total",
            "Panics and reported errors of actors of a type.",
            |row| row.errors,
        ),
    ];
    for (name, help, of) in totals {
        head(text, name, "counter", help)?;
        for row in rows_of(true) {
            let kind = escaped(&row.kind);
            writeln!(text, "{name}{{actor_type=\"{kind}\"}} {}", of(row))?;
        }
    }
    let name = "loom_type_mailbox_depth";
    head(text, name, "gauge", "Messages that wait for actors of a type.")?;
    for row in rows_of(true) {
        let kind = escaped(&row.kind);
        writeln!(text, "{name}{{actor_type=\"{kind}\"}} {}", row.queued)?;
    }
    if rows_of(false).next().is_some() {
        let queued = rows_of(false).fold(0_u64, |all, row| all.saturating_add(row.queued));
        writeln!(text, "{name}{{actor_type=\"{OTHER}\"}} {queued}")?;
    }
    type Times = fn(&TypeRow) -> Option<Percentiles>;
    let times: [(&str, &str, Times); 2] = [
        (
            "loom_type_wait_p95_seconds",
            "What 95 % of the times in the queue did not exceed, in the last minute, where measured.",
            |row| row.wait_ms,
        ),
        (
            "loom_type_handle_p95_seconds",
            "What 95 % of the times from delivery to the end of handling did not exceed, in the last minute, where measured.",
            |row| row.handle_ms,
        ),
    ];
    for (name, help, of) in times {
        head(text, name, "gauge", help)?;
        for row in rows_of(true) {
            if let Some(times) = of(row) {
                let (kind, seconds) = (escaped(&row.kind), times.p95 / 1e3);
                writeln!(text, "{name}{{actor_type=\"{kind}\"}} {seconds}")?;
            }
        }
    }
    Ok(())
}
