//! The header `tracestate`: what the tracing systems before this program say of a trace, in words of their own. It is passed on
//! as it came.
//!
//! Messages carry a chain's name and no texts. The texts are here, by that name: those of the newest chains, within a bound.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::ids::TraceId;

/// Chains whose texts are kept.
const MOST: usize = 4_096;

/// Bytes of a text: those that everybody is asked to pass on at least.
const LONGEST: usize = 512;

/// What W3C trace context allows in one header.
const MOST_MEMBERS: usize = 32;

#[derive(Default)]
struct States {
    of: HashMap<TraceId, Arc<str>>,
    /// In the order in which they came.
    order: VecDeque<TraceId>,
}

impl States {
    fn keep(&mut self, trace: TraceId, text: Arc<str>) {
        if self.of.insert(trace, text).is_some() {
            return;
        }
        self.order.push_back(trace);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.of.remove(&oldest);
        }
    }
}

fn states() -> MutexGuard<'static, States> {
    static STATES: LazyLock<Mutex<States>> = LazyLock::new(Mutex::default);
    // Nothing is left half-done under this lock.
    STATES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps what a request says of a trace, where it is something that may be passed on.
pub(super) fn keep(trace: TraceId, header: &str) {
    if let Some(text) = checked(header) {
        states().keep(trace, text.into());
    }
}

/// What is to be passed on of a trace.
pub(super) fn of(trace: TraceId) -> Option<String> {
    states().of.get(&trace).map(|text| text.to_string())
}

/// The text, unless the rules say that it is as good as absent, or it is too long to be kept.
fn checked(header: &str) -> Option<&str> {
    let text = header.trim_matches([' ', '\t']);
    let members = text.split(',').map(|member| member.trim_matches([' ', '\t']));
    let is_right = |member: &str| {
        let printable = member.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        // An empty one is allowed.
        member.is_empty()
            || (printable
                && member
                    .split_once('=')
                    .is_some_and(|(key, value)| !key.is_empty() && !value.is_empty()))
    };
    let is_valid = !text.is_empty()
        && text.len() <= LONGEST
        && members.clone().count() <= MOST_MEMBERS
        && members.clone().all(is_right);
    is_valid.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_rules_allow_is_passed_on_as_it_is() {
        for header in ["a=1", "a=1,b@x=2", "a=1, ,b= 2;3"] {
            assert_eq!(checked(header), Some(header), "{header}");
        }
        assert_eq!(checked(" a=1\t"), Some("a=1"));
        let (long, longest) = (format!("a={}", "x".repeat(511)), format!("a={}", "x".repeat(510)));
        let many = vec!["a=1"; MOST_MEMBERS + 1].join(",");
        for header in [
            "",
            " ",
            "a",
            "=1",
            "a=",
            "a=\u{1}",
            "a=ä",
            "a=1\r\nHost: x",
            &long,
            &many,
        ] {
            assert_eq!(checked(header), None, "{header}");
        }
        assert!(checked(&longest).is_some());
    }

    #[test]
    fn those_of_the_newest_chains_are_kept() {
        let trace = |number| TraceId::new(number).unwrap();
        let mut states = States::default();
        for number in 1..=MOST as u128 {
            states.keep(trace(number), "a=1".into());
        }
        states.keep(trace(1), "a=2".into());
        assert_eq!((states.of.len(), &*states.of[&trace(1)]), (MOST, "a=2"));
        states.keep(trace(u128::MAX), "a=3".into());
        assert_eq!((states.of.len(), states.order.len()), (MOST, MOST));
        assert!(!states.of.contains_key(&trace(1)) && states.of.contains_key(&trace(2)));
    }
}
