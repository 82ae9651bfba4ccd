//! The whole of what the lints know, written into a keyframe and made of one again.

use std::sync::{Mutex, PoisonError};

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::store::{CODES, Found, Lint, Lints, Severity, State};

/// In the order in which [`Lints::keep`] writes it.
#[derive(Deserialize)]
struct KeptLints {
    facts: Facts,
    /// What each is about, the lint, and when its rule last found it.
    found: Vec<(String, KeptLint, i64)>,
    measured: Option<i64>,
    shown: Vec<KeptLint>,
    shown_at: i64,
}

#[derive(Serialize, Deserialize)]
struct KeptLint {
    code: String,
    is_problem: bool,
    actor: Option<String>,
    kind: Option<String>,
    sentence: String,
    since: i64,
    value: i64,
    threshold: i64,
}

impl Lints {
    /// Writes all that is known.
    pub(crate) fn keep(&self, to: Vec<u8>) -> postcard::Result<Vec<u8>> {
        let state = self.lock();
        let found = state.found.iter();
        let found = found.map(|((_, about), found)| (about.clone(), KeptLint::of(&found.lint), found.last));
        // Facts are large: written where they are.
        let mut to = postcard::to_extend(&state.facts, to)?;
        to = postcard::to_extend(&found.collect::<Vec<_>>(), to)?;
        to = postcard::to_extend(&state.measured, to)?;
        to = postcard::to_extend(&state.shown.iter().map(KeptLint::of).collect::<Vec<_>>(), to)?;
        postcard::to_extend(&state.shown_at, to)
    }

    /// Lints that know what was written, and what follows in `bytes`.
    pub(crate) fn of_kept(bytes: &[u8]) -> postcard::Result<(Self, &[u8])> {
        let (kept, rest) = postcard::take_from_bytes::<KeptLints>(bytes)?;
        let found = kept.found.into_iter().filter_map(|(about, lint, last)| {
            let lint = lint.lint()?;
            Some(((lint.code, about), Found { lint, last }))
        });
        let state = State {
            facts: kept.facts,
            found: found.collect(),
            measured: kept.measured,
            shown: kept.shown.into_iter().filter_map(KeptLint::lint).collect(),
            shown_at: kept.shown_at,
            changed: false,
        };
        let state = Mutex::new(state);
        Ok((Self { state }, rest))
    }

    /// Become what others know.
    pub(crate) fn take_over(&self, other: Self) {
        let mut state = self.lock();
        *state = other.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.changed = true;
    }
}

impl KeptLint {
    fn of(lint: &Lint) -> Self {
        Self {
            code: lint.code.to_owned(),
            is_problem: lint.severity == Severity::Problem,
            actor: lint.actor.clone(),
            kind: lint.kind.clone(),
            sentence: lint.sentence.clone(),
            since: lint.since.as_millis(),
            value: lint.value,
            threshold: lint.threshold,
        }
    }

    /// Nothing where no rule here has that code.
    fn lint(self) -> Option<Lint> {
        Some(Lint {
            code: CODES.iter().find(|code| **code == self.code)?,
            severity: if self.is_problem {
                Severity::Problem
            } else {
                Severity::Warning
            },
            actor: self.actor,
            kind: self.kind,
            sentence: self.sentence,
            since: Timestamp::from_millis(self.since),
            value: self.value,
            threshold: self.threshold,
        })
    }
}
