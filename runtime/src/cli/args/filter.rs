//! How lists of runs are filtered.

use clap::Args;

use crate::runs::Asked;

/// The heading of these options.
const FILTERS: &str = "Which runs";

/// The same words as the parameters of `GET /api/runs` and of the page's address.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct FilterArgs {
    /// Only runs of this workflow: its name, its file, or the file's stem
    #[arg(short, long, value_name = "WORKFLOW", help_heading = FILTERS)]
    pub(in crate::cli) workflow: Option<String>,
    /// Only runs in this state, e.g. `failure`, `running`, `paused`
    #[arg(long, value_name = "STATE", help_heading = FILTERS)]
    pub(in crate::cli) state: Option<String>,
    /// Only runs of this branch or tag
    #[arg(long, value_name = "BRANCH", help_heading = FILTERS)]
    pub(in crate::cli) branch: Option<String>,
    /// Only runs that this event triggered
    #[arg(long, value_name = "EVENT", help_heading = FILTERS)]
    pub(in crate::cli) event: Option<String>,
    /// Only runs that this person started
    #[arg(long, value_name = "NAME", help_heading = FILTERS)]
    pub(in crate::cli) actor: Option<String>,
    /// Only runs from then on: `yesterday`, `2026-11-30`, `2h`
    ///
    /// A day of this machine's time zone (`today`, `yesterday`, or its date) from its beginning on, a time as in
    /// 2026-11-30T09:00:00Z, or how long ago it was: 30m, 2h, 3d, 1w.
    #[arg(long, value_name = "TIME", help_heading = FILTERS)]
    pub(in crate::cli) since: Option<String>,
    /// Only runs until then, days with their whole length
    #[arg(long, value_name = "TIME", help_heading = FILTERS)]
    pub(in crate::cli) until: Option<String>,
    /// Only runs with this in their names, title, branch or id
    ///
    /// `#138` is the number of a run.
    #[arg(long, value_name = "TEXT", help_heading = FILTERS)]
    pub(in crate::cli) text: Option<String>,
}

impl FilterArgs {
    /// As typed, but for the workflow.
    pub(in crate::cli) fn asked(&self) -> Asked<'_> {
        Asked {
            state: self.state.as_deref(),
            branch: self.branch.as_deref(),
            event: self.event.as_deref(),
            actor: self.actor.as_deref(),
            since: self.since.as_deref(),
            until: self.until.as_deref(),
            text: self.text.as_deref(),
        }
    }

    /// Whether anything is asked for.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        let Self {
            workflow,
            state,
            branch,
            event,
            actor,
            since,
            until,
            text,
        } = self;
        let all = [workflow, state, branch, event, actor, since, until, text];
        all.iter().all(|word| word.is_none())
    }
}
