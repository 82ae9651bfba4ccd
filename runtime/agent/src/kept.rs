//! A job that is over, and whose container was started again for people who look into it: the agent is what keeps it there,
//! for as long as somebody is in it.

use std::fs;
use std::net::SocketAddrV4;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::forward::Forwards;
use crate::{layout, leftovers};

/// How often to look whether somebody is there.
const LOOK: Duration = Duration::from_secs(5);

/// How long nobody may be there: longer than one who comes needs to get in.
const ALONE: Duration = Duration::from_secs(60);

/// Whether somebody is there.
pub(crate) struct Kept {
    next_look: Instant,
    alone_since: Instant,
}

impl Kept {
    /// Whether the job of this directory, which is the current one, is over; its ports lead where they are to lead then.
    pub(crate) fn of(forwards: &mut Forwards) -> Option<Self> {
        let text = fs::read_to_string(Path::new(layout::KEPT)).ok()?;
        for (port, to) in text.lines().filter_map(lead) {
            // A port that something else has leads nowhere; the shell is there all the same.
            let _ = forwards.open(port, to);
        }
        let now = Instant::now();
        Some(Self {
            next_look: now + LOOK,
            alone_since: now,
        })
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.next_look
    }

    /// Whether nobody has been there for long.
    pub(crate) fn is_left(&mut self) -> bool {
        let now = Instant::now();
        if now < self.next_look {
            return false;
        }
        self.next_look = now + LOOK;
        // Who comes in by the engine is no descendant of the agent.
        if leftovers::are_others() {
            self.alone_since = now;
        }
        now >= self.alone_since + ALONE
    }
}

fn lead(line: &str) -> Option<(u16, SocketAddrV4)> {
    let (port, to) = line.split_once(' ')?;
    Some((port.parse().ok()?, to.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_leads_a_port() {
        assert_eq!(
            lead("5432 172.18.0.2:5432"),
            Some((5432, "172.18.0.2:5432".parse().unwrap()))
        );
        for wrong in ["", "5432", "x 172.18.0.2:1", "1 nowhere"] {
            assert_eq!(lead(wrong), None, "{wrong}");
        }
    }
}
