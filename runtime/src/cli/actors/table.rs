//! Actors as a table that fits the terminal.

use loom_protocol::{ActorRecord, ActorStatus};

use super::super::data;
use super::super::output::for_stdout;

const HEAD: [&str; 7] = ["ID", "TYPE", "STATE", "QUEUE", "HANDLED", "RATE", "WAIT"];
/// Columns of numbers begin here; they stand at the right.
const NUMBERS: usize = 3;
/// No narrower than this are ids and types made.
const NARROWEST: usize = 12;

const FAILED: &str = "\u{1b}[31m";
const STALE: &str = "\u{1b}[33m";
const BOLD: &str = "\u{1b}[1m";
const RESET: &str = "\u{1b}[0m";

pub(super) fn table(actors: &[ActorRecord]) -> String {
    let width = data::columns();
    let in_colour = data::in_colour();
    let mut rows: Vec<[String; 7]> = actors.iter().map(row).collect();
    let mut widths = HEAD.map(|head| head.len());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    fit(&mut widths, width);
    let mut text = String::new();
    let head = line(&HEAD.map(str::to_owned), &widths);
    text.push_str(&painted(&head, in_colour.then_some(BOLD)));
    for (row, actor) in rows.iter_mut().zip(actors) {
        let colour = match actor.status {
            Some(ActorStatus::Failed) => Some(FAILED),
            Some(ActorStatus::Stale) => Some(STALE),
            _ => None,
        };
        text.push_str(&painted(&line(row, &widths), colour.filter(|_| in_colour)));
    }
    text
}

/// Makes ids and types narrower until all of it fits.
fn fit(widths: &mut [usize; 7], width: Option<usize>) {
    let Some(width) = width else { return };
    let total = |widths: &[usize; 7]| widths.iter().sum::<usize>() + 2 * (widths.len() - 1);
    while total(widths) > width {
        let [id, kind, ..] = widths;
        let widest = if id >= kind { id } else { kind };
        if *widest <= NARROWEST {
            return;
        }
        *widest -= 1;
    }
}

fn row(actor: &ActorRecord) -> [String; 7] {
    let count = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let rate = actor.rates.as_ref().and_then(|rates| rates.messages);
    let wait = actor.latency.as_ref().and_then(|latency| latency.wait_ms);
    let status = actor.status.as_ref().map_or("-", ActorStatus::as_str);
    [
        for_stdout(&actor.id.0).into_owned(),
        for_stdout(&actor.kind).into_owned(),
        for_stdout(status).into_owned(),
        count(actor.queue_depth),
        count(actor.message_count),
        rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}/s")),
        wait.map_or_else(|| "-".to_owned(), |wait| format!("{wait:.1} ms")),
    ]
}

fn line(cells: &[String; 7], widths: &[usize; 7]) -> String {
    let mut line = String::new();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let cell = shortened(cell, *width);
        let cell = if index < NUMBERS {
            format!("{cell:<width$}  ")
        } else {
            format!("{cell:>width$}  ")
        };
        line.push_str(&cell);
    }
    line.trim_end().to_owned()
}

fn shortened(cell: &str, width: usize) -> String {
    if cell.chars().count() <= width {
        return cell.to_owned();
    }
    let kept: String = cell.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn painted(line: &str, colour: Option<&str>) -> String {
    match colour {
        Some(colour) => format!("{colour}{line}{RESET}\n"),
        None => format!("{line}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_give_way_to_numbers_where_it_is_narrow() {
        let mut widths = [60, 20, 6, 5, 7, 8, 8];
        fit(&mut widths, Some(80));
        assert_eq!(widths.iter().sum::<usize>() + 12, 80);
        assert_eq!(shortened("job-long-name", 6), "job-l…");
    }
}
