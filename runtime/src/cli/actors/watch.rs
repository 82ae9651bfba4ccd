//! The list of actors, drawn anew every second.

use std::time::Duration;

use loom_protocol::ActorRecord;
use loom_protocol::filter::Filter;

use super::super::args::ListActorsArgs;
use super::super::signals::Stops;
use super::super::{Exit, data, talk};
use super::studio::{self, Complaint, Failure, Studio};
use super::table;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// The screen that programs draw on, which leaves what was there before, and its cursor, as they were.
const BEGIN: &str = "\u{1b}[?1049h\u{1b}[?25l";
const END: &str = "\u{1b}[?25h\u{1b}[?1049l";
const HOME: &str = "\u{1b}[H";
const REST_OF_LINE: &str = "\u{1b}[K";
const REST_OF_SCREEN: &str = "\u{1b}[J";

/// Draws the actors until somebody ends it. A studio that goes away is waited for; one that is not there at the beginning
/// is not.
pub(super) async fn watch(studio: &Studio, filter: &Filter, args: &ListActorsArgs) -> Result<(), Exit> {
    if !data::on_a_terminal() {
        talk::error("`--watch` draws on a terminal, and stdout is none");
        talk::help("`--format json` gives the actors to a program, once; `GET /ws` tells of every change");
        return Err(Exit::Usage);
    }
    let mut stops = Stops::listen().map_err(|error| {
        talk::error(&format!("signals cannot be listened for: {error}"));
        Exit::Machine
    })?;
    let mut drawn = Drawn::default();
    loop {
        let asked = tokio::select! {
            asked = studio.actors(filter, &args.sort, args.limit) => asked,
            _ = stops.signal() => return Ok(()),
        };
        match asked {
            Ok(found) => {
                let actors: Vec<ActorRecord> = match studio::read(&found.body) {
                    Ok(actors) => actors,
                    Err(complaint) => return Err(drawn.leave(complaint)),
                };
                drawn.draw(&screen(&actors, found.total, data::lines()));
            }
            Err(Failure::Unreachable(why)) if drawn.begun => {
                drawn.draw(&format!("the studio cannot be reached: {why}\n"));
            }
            Err(Failure::Unreachable(why)) => return Err(studio.say_unreachable(&why)),
            Err(Failure::Unknown) => drawn.draw(&screen(&[], None, None)),
            Err(Failure::Refused(complaint)) => return Err(drawn.leave(complaint)),
        }
        if !data::is_taken() {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stops.signal() => return Ok(()),
        }
    }
}

/// What is on the screen.
#[derive(Default)]
struct Drawn {
    begun: bool,
}

impl Drawn {
    fn draw(&mut self, text: &str) {
        let mut whole = String::new();
        if !std::mem::replace(&mut self.begun, true) {
            whole.push_str(BEGIN);
        }
        whole.push_str(HOME);
        for line in text.lines() {
            whole.push_str(line);
            whole.push_str(REST_OF_LINE);
            whole.push_str("\r\n");
        }
        whole.push_str(REST_OF_SCREEN);
        data::print(&whole);
        data::flush();
    }

    /// Leaves the screen, and says what is wrong where it stays.
    fn leave(self, complaint: Complaint) -> Exit {
        drop(self);
        complaint.say()
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        if self.begun {
            data::print(END);
            data::flush();
        }
    }
}

/// The table, cut to the lines that the terminal has, and how many there are.
fn screen(actors: &[ActorRecord], total: Option<usize>, lines: Option<usize>) -> String {
    if actors.is_empty() {
        return "the studio knows no such actor\n".to_owned();
    }
    let table = table::table(actors);
    // The head, the line below, and the one in which the cursor stands.
    let room = lines.map_or(usize::MAX, |lines| lines.saturating_sub(3).max(1));
    let shown = actors.len().min(room);
    let mut text: String = table
        .lines()
        .take(shown + 1)
        .map(|line| format!("{line}\n"))
        .collect();
    let total = total.unwrap_or(actors.len());
    let all = if shown < total {
        format!("{shown} of {total}")
    } else {
        format!("{total} in all")
    };
    text.push_str(&format!("{all}; Ctrl-C ends this\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_drawn_than_the_terminal_has_lines() {
        let actors: Vec<_> = (0..50)
            .map(|number| ActorRecord::new(format!("a-{number}"), "T"))
            .collect();
        let small = screen(&actors, Some(70), Some(10));
        assert_eq!(small.lines().count(), 9, "{small}");
        assert!(small.ends_with("7 of 70; Ctrl-C ends this\n"), "{small}");
        let whole = screen(&actors, Some(50), None);
        assert!(whole.ends_with("50 in all; Ctrl-C ends this\n"), "{whole}");
    }
}
