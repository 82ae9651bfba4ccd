//! The states of runs, jobs and steps.

use serde::{Deserialize, Serialize};

/// The word for what runs and waits for somebody to say how it goes on. No state of its own: it still runs, for programs too.
pub const PAUSED: &str = "paused";

macro_rules! states {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* } final { $($end:ident),* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$vmeta])* $variant,)* }

        impl $name {
            /// Every state, in the order in which they are passed through.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word on the wire and on the screen.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Whether nothing follows.
            pub fn is_final(self) -> bool {
                matches!(self, $(Self::$end)|*)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

states! {
    /// The state of a run.
    RunState {
        /// Created, not begun.
        Queued = "queued",
        /// Its owner works on it.
        Running = "running",
        /// Every job ended well or was skipped on purpose.
        Success = "success",
        /// A job failed.
        Failure = "failure",
        /// Somebody cancelled it.
        Cancelled = "cancelled",
        /// Nothing of it ran.
        Skipped = "skipped",
        /// The machine failed, not the user's command.
        Lost = "lost",
    } final { Success, Failure, Cancelled, Skipped, Lost }
}

states! {
    /// The state of a job.
    JobState {
        /// Its needs are not done.
        Waiting = "waiting",
        /// Its needs are done, it has no place yet.
        Queued = "queued",
        /// It has a place or is getting one.
        Running = "running",
        /// All its steps ended well.
        Success = "success",
        /// A step failed, or its place could not be made.
        Failure = "failure",
        /// It was cancelled.
        Cancelled = "cancelled",
        /// It did not run: a need did not succeed.
        Skipped = "skipped",
        /// What it did cannot be known.
        Lost = "lost",
    } final { Success, Failure, Cancelled, Skipped, Lost }
}

states! {
    /// The state of a step.
    StepState {
        /// Those before it are not done.
        Waiting = "waiting",
        /// Its process runs.
        Running = "running",
        /// It exited with 0.
        Success = "success",
        /// It did not.
        Failure = "failure",
        /// It was cancelled.
        Cancelled = "cancelled",
        /// It did not run.
        Skipped = "skipped",
        /// What it did cannot be known.
        Lost = "lost",
    } final { Success, Failure, Cancelled, Skipped, Lost }
}
