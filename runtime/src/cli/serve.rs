//! `loom-runtime serve`: the studio and the orchestrator of a project.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::args::{Global, ServeArgs};
use super::signals::Stops;
use super::{Exit, setup, talk};
use crate::config::FileConfig;
use crate::engine::Engine;
use crate::machine::{self, Choice, default_parallel};
use crate::serve::{Listen, ServeOptions, Serving, StartDefaults, TlsFiles, Token, default_runs, serve};

pub(super) async fn run(global: Global, args: ServeArgs) -> Exit {
    match try_serve(&global, &args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn try_serve(global: &Global, args: &ServeArgs) -> Result<Exit, Exit> {
    let workspace = setup::workspace(global)?;
    let config = setup::configuration(&workspace)?;
    if let Some(file) = args.file.as_ref().filter(|file| !file.exists()) {
        talk::error(&format!("there is no file or directory {}", file.display()));
        return Err(Exit::Usage);
    }
    let options = ServeOptions {
        workspace: workspace.clone(),
        workflows: args.file.clone(),
        listen: listen(args, &config)?,
        defaults: defaults(args, &config)?,
        start_on_change: args.watch,
        schedules: !args.no_schedules && config.server.schedules.unwrap_or(true),
    };
    let mut stops = Stops::listen().map_err(|error| {
        talk::error(&format!("signals cannot be listened for: {error}"));
        Exit::Machine
    })?;
    let engine = setup::engine_for_jobs(global, &workspace).await?;
    recover(&engine, options.defaults.executor).await;
    let serving = serve(engine, options).await.map_err(|error| {
        talk::error(&format!("failed to serve: {}", crate::chain::chain(&error)));
        if error.is_mistake() {
            Exit::Usage
        } else {
            Exit::Machine
        }
    })?;
    announce(&serving);
    let by = stops.signal().await;
    talk::note("stopping; once more stops without waiting");
    tokio::select! {
        () = serving.stop(by) => {}
        _ = stops.signal() => talk::warning("stopped without waiting; what still runs is removed at the next start"),
    }
    Ok(Exit::Success)
}

/// How many mistakes of one file are said at the start.
const MISTAKES: usize = 5;

fn announce(serving: &Serving) {
    for (file, mistakes) in serving.unusable() {
        talk::warning(&format!(
            "{file} has mistakes and cannot be started until they are mended:"
        ));
        for mistake in mistakes.iter().take(MISTAKES) {
            talk::raw(&format!("  {mistake}"));
        }
        let more = mistakes.len().saturating_sub(MISTAKES);
        let more = if more > 0 {
            format!(" ({more} more)")
        } else {
            String::new()
        };
        talk::help(&format!(
            "`loom-runtime validate {file}` shows them in their places{more}"
        ));
    }
    let everywhere = if serving.is_everywhere() {
        ", and at every other address of this machine"
    } else {
        ""
    };
    talk::note(&format!(
        "the studio is at {}{everywhere}; Ctrl-C stops it",
        serving.url()
    ));
}

async fn recover(engine: &Engine, choice: Choice) {
    setup::recover_and_go_on(
        engine,
        machine::for_recovery(engine, choice != Choice::Host).await,
        &mut setup::Warned::default(),
    )
    .await;
}

fn listen(args: &ServeArgs, config: &FileConfig) -> Result<Listen, Exit> {
    let bind = args.bind.as_ref().or(config.server.bind.as_ref());
    let origins = match &args.cors_origins {
        Some(list) => list
            .split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .map(str::to_owned)
            .collect(),
        None => config.server.cors_origins.clone().unwrap_or_default(),
    };
    Ok(Listen {
        bind: bind.map(|bind| parse_bind(bind)).transpose()?,
        port: args.port.or(config.server.port),
        origins,
        token: std::env::var("STUDIO_TOKEN")
            .ok()
            .and_then(|token| Token::new(&token)),
        tokens: std::env::var_os("STUDIO_TOKENS")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from),
        tls: tls(args, config)?,
        forget_after: args
            .forget_after
            .or(config.server.forget_after)
            // Below that they are not even shown as stale.
            .map(|seconds| seconds.max(10))
            .map(Duration::from_secs),
        recorder_mb: args.recorder_mb.or(config.server.recorder_mb),
    })
}

/// The certificate to show, which needs its key.
fn tls(args: &ServeArgs, config: &FileConfig) -> Result<Option<TlsFiles>, Exit> {
    let certificate = args.tls_cert.as_ref().or(config.server.tls_cert.as_ref());
    let key = args.tls_key.as_ref().or(config.server.tls_key.as_ref());
    let lacking = match (certificate, key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => {
            return Ok(Some(TlsFiles {
                certificate: certificate.clone(),
                key: key.clone(),
            }));
        }
        (Some(_), None) => {
            "a certificate was given without its key: LOOM_TLS_KEY (`--tls-key`) names its file"
        }
        (None, Some(_)) => {
            "a key was given without its certificate: LOOM_TLS_CERT (`--tls-cert`) names its file"
        }
    };
    talk::error(lacking);
    Err(Exit::Usage)
}

fn parse_bind(bind: &str) -> Result<IpAddr, Exit> {
    if bind == "localhost" {
        return Ok(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
    }
    bind.parse().map_err(|_| {
        talk::error(&format!("`{bind}` is no address to listen on"));
        talk::help("give an IP address such as 127.0.0.1 or 0.0.0.0 (the latter needs STUDIO_TOKEN)");
        Exit::Usage
    })
}

fn defaults(args: &ServeArgs, config: &FileConfig) -> Result<StartDefaults, Exit> {
    let images = config
        .images
        .clone()
        .into_iter()
        .chain(args.platforms.iter().cloned())
        .collect();
    let parallel = args
        .parallel
        .map(|jobs| usize::try_from(jobs).unwrap_or(usize::MAX))
        .or(config.run.parallel.map(NonZeroUsize::get));
    Ok(StartDefaults {
        executor: setup::choice(args.executor, config),
        pull: setup::pull(args.pull, config),
        parallel: parallel.unwrap_or_else(default_parallel),
        runs: config.server.runs.map_or_else(default_runs, NonZeroUsize::get),
        images,
        env: args.env.iter().cloned().collect(),
    })
}
