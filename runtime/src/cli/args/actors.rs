//! How `actors` is called.

use clap::{Args, Subcommand};

use super::{DataFormat, OUTPUT, STUDIO, whole};

#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct ActorsArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: Option<ActorsCommand>,
    #[command(flatten)]
    pub(in crate::cli) list: ListActorsArgs,
}

#[derive(Clone, Debug, Subcommand)]
pub(in crate::cli) enum ActorsCommand {
    /// Show one actor: what is known of it, what happened to it, its children, what it takes
    Show(ShowActorArgs),
}

/// Which actor is shown.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ShowActorArgs {
    /// Its id
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,
    /// The studio [default: http://localhost:9090]
    ///
    /// Its token is taken from STUDIO_TOKEN.
    #[arg(long, env = "STUDIO_URL", value_name = "URL")]
    pub(in crate::cli) studio: Option<String>,
    /// So many of the newest lines of its journal
    #[arg(
        long,
        default_value_t = 10,
        value_name = "N",
        value_parser = whole(1_u32, 1_000)
    )]
    pub(in crate::cli) lines: u32,
    /// Text, or one JSON object: `actor`, `children`, `journal`
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(in crate::cli) format: DataFormat,
}

/// Which actors are listed, and how.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ListActorsArgs {
    /// Which actors: words that all must hold, as on the page
    ///
    /// `type:Order state:failed,stale wait:>50ms -is:system "a text"`. Words that begin with - stand behind `--`. Plumbing is
    /// left out unless `is:system` asks for it.
    #[arg(value_name = "FILTER")]
    pub(in crate::cli) filter: Vec<String>,
    /// The studio [default: http://localhost:9090]
    ///
    /// Its token is taken from STUDIO_TOKEN.
    #[arg(long, env = "STUDIO_URL", value_name = "URL", help_heading = STUDIO)]
    pub(in crate::cli) studio: Option<String>,
    /// In this order: id, type, status, rate, wait, queueDepth, …
    ///
    /// With - in front the largest come first: `--sort=-rate`.
    #[arg(long, value_name = "FIELD", default_value = "id", allow_hyphen_values = true, help_heading = OUTPUT)]
    pub(in crate::cli) sort: String,
    /// At most so many
    #[arg(
        long,
        default_value_t = 100,
        value_name = "N",
        value_parser = whole(1_u32, 10_000),
        help_heading = OUTPUT
    )]
    pub(in crate::cli) limit: u32,
    /// Show them anew every second, until Ctrl-C; in a terminal
    #[arg(short, long, conflicts_with = "format", help_heading = OUTPUT)]
    pub(in crate::cli) watch: bool,
    /// Text, or a JSON array
    #[arg(long, value_enum, default_value_t = DataFormat::Text, help_heading = OUTPUT)]
    pub(in crate::cli) format: DataFormat,
}
