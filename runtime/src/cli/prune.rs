//! `loom-runtime runs prune`: removes old runs with their logs.

use std::collections::BTreeSet;

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
        let bytes: u64 = gone.iter().map(size).sum();
        (gone, bytes)
    });
    let (gone, bytes) = chosen.await.map_err(|error| failed(&error))?;
    if args.dry_run {
        for run in &gone {
            data::print(&format!("{run}\n"));
        }
        talk::note(&format!(
            "{} would go, with {} of logs",
            count(gone.len()),
            size_word(bytes)
        ));
        return Ok(());
    }
    let mut removed = 0;
    for some in gone.chunks(FORGOTTEN_AT_ONCE) {
        let forgotten = engine.journal().forget(some.to_vec()).await;
        let forgotten = forgotten.map_err(|error| failed(&error))?;
        removed += forgotten.len();
        let logs = engine.logs().clone();
        let cleared = engine
            .io()
            .spawn_blocking(move || forgotten.iter().try_for_each(|run| logs.remove(run)));
        // Logs whose history is gone are nobody's: they are named with their place.
        cleared
            .await
            .map_err(|error| failed(&error))?
            .map_err(|error| failed(&error))?;
    }
    let stayed = match gone.len() - removed {
        0 => String::new(),
        stayed => format!(
            "; {} stayed: somebody began to use them, or nothing changed since",
            count(stayed)
        ),
    };
    talk::note(&format!(
        "removed {}, with {} of logs{stayed}",
        count(removed),
        size_word(bytes)
    ));
    Ok(())
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
