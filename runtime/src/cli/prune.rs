//! `loom-runtime runs prune`: removes old runs with their logs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Zoned;

use super::args::PruneArgs;
use super::{Exit, data, kept, talk};
use crate::engine::Engine;
use crate::id::RunId;
use crate::journal::{FORGOTTEN_AT_ONCE, RunQuery};
use crate::runs::{Rules, day_or_moment, old};

pub(super) async fn prune(engine: &Engine, args: &PruneArgs) -> Result<(), Exit> {
    let before = args.older_than.as_deref().map(|word| {
        day_or_moment("--older-than", word, &Zoned::now()).map_err(|wrong| {
            talk::error(&wrong.to_string());
            Exit::Usage
        })
    });
    let rules = Rules {
        before: before.transpose()?,
        keep: args.keep,
        bytes: args.max_size,
    };
    let spared: BTreeSet<RunId> = kept::all(engine)
        .await?
        .into_iter()
        .map(|place| place.run)
        .collect();
    let all = RunQuery {
        limit: usize::MAX,
        ..RunQuery::default()
    };
    let runs = engine.journal().runs(all).await.map_err(|error| failed(&error))?;
    let logs = engine.logs().clone();
    let chosen = engine.io().spawn_blocking(move || {
        // Logs that cannot be looked at take no room that anybody could win.
        let size = |run: &RunId| logs.size(run).unwrap_or_default();
        let gone = old(&runs, rules, &spared, size);
        let sizes: BTreeMap<RunId, u64> = gone
            .iter()
            .flatten()
            .map(|run| (run.clone(), size(run)))
            .collect();
        (gone, sizes)
    });
    let (gone, sizes) = chosen.await.map_err(|error| failed(&error))?;
    let bytes = |runs: &[RunId]| -> u64 { runs.iter().filter_map(|run| sizes.get(run)).sum() };
    if args.dry_run {
        let gone: Vec<RunId> = gone.into_iter().flatten().collect();
        for run in &gone {
            data::print(&format!("{run}\n"));
        }
        talk::note(&format!(
            "{} would go, with {} of logs",
            count(gone.len()),
            size_word(bytes(&gone))
        ));
        return Ok(());
    }
    let (mut removed, mut left) = (Vec::new(), false);
    for some in at_once(gone) {
        let forgotten = engine.journal().forget(some).await;
        let forgotten = forgotten.map_err(|error| failed(&error))?;
        let logs = engine.logs().clone();
        let cleared = engine.io().spawn_blocking(move || {
            let remove = |run: &RunId| logs.remove(run).err();
            let errors: Vec<_> = forgotten.iter().filter_map(remove).collect();
            (forgotten, errors)
        });
        let (forgotten, errors) = cleared.await.map_err(|error| failed(&error))?;
        // Logs whose history is gone are nobody's: they are named with their place.
        for error in &errors {
            failed(error);
            left = true;
        }
        removed.extend(forgotten);
    }
    let stayed = match sizes.len() - removed.len() {
        0 => String::new(),
        stayed => format!(
            "; {} stayed: they are in use again, or the newest that happened here",
            count(stayed)
        ),
    };
    talk::note(&format!(
        "removed {}, with {} of logs{stayed}",
        count(removed.len()),
        size_word(bytes(&removed))
    ));
    if left {
        talk::help("nothing shows the logs that could not be removed any more: remove them by hand");
        return Err(Exit::Machine);
    }
    Ok(())
}

/// As many runs at once as the history forgets, with the attempts at one together.
fn at_once(groups: Vec<Vec<RunId>>) -> Vec<Vec<RunId>> {
    let mut all: Vec<Vec<RunId>> = Vec::new();
    for group in groups {
        match all
            .last_mut()
            .filter(|last| last.len() + group.len() <= FORGOTTEN_AT_ONCE)
        {
            Some(last) => last.extend(group),
            None => all.push(group),
        }
    }
    all
}

fn failed(error: &dyn std::error::Error) -> Exit {
    talk::error(&format!("failed to {}", crate::chain::chain(error)));
    Exit::Machine
}

fn count(runs: usize) -> String {
    match runs {
        1 => "1 run".to_owned(),
        runs => format!("{runs} runs"),
    }
}

/// Bytes as people say them, in units of 1024.
fn size_word(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (bytes, "bytes");
    for next in units {
        if size < 10 * 1024 {
            break;
        }
        (size, unit) = (size / 1024, next);
    }
    format!("{size} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_at_one_run_are_forgotten_at_once() {
        let group = |size: usize| -> Vec<RunId> { (0..size).map(|run| RunId(run.to_string())).collect() };
        let all = at_once(vec![group(FORGOTTEN_AT_ONCE - 1), group(2), group(1)]);
        let sizes: Vec<usize> = all.iter().map(Vec::len).collect();
        assert_eq!(sizes, [FORGOTTEN_AT_ONCE - 1, 3]);
        assert_eq!(at_once(Vec::new()), Vec::<Vec<RunId>>::new());
    }
}
