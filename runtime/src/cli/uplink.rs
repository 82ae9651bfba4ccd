//! Shipping the actors of a `run` to a studio, so that they are seen while they live.

use loom_bridge::discovery::uplink::{DEFAULT_STUDIO_URL, Uplink, UplinkOptions, is_enabled_by_env};
use loom_bridge::{ActorRegistry, get_discovery_bridge};

use super::{Exit, talk};
use crate::engine::Engine;
use crate::serve::Whereabouts;

/// Connects to the studio that is named, else to the one that the environment names, else to a `serve` of this state
/// directory, if there is one.
pub(super) async fn connect(engine: &Engine, named: Option<&str>) -> Result<(), Exit> {
    let Some(url) = url(engine, named).await else {
        return Ok(());
    };
    let options = UplinkOptions {
        url,
        ..UplinkOptions::from_env()
    };
    let uplink = Uplink::new(&options).map_err(|error| {
        talk::error(&format!("failed to {error}"));
        Exit::Usage
    })?;
    let bridge = get_discovery_bridge();
    bridge.deliver_to(uplink);
    if let Err(error) = bridge.connect(&ActorRegistry::process_wide()) {
        talk::warning(&format!(
            "the studio will not see this run's actors: {error}; the run itself goes on"
        ));
    }
    Ok(())
}

async fn url(engine: &Engine, named: Option<&str>) -> Option<String> {
    if let Some(url) = named {
        return Some(url.to_owned());
    }
    if is_enabled_by_env() {
        let set = std::env::var("STUDIO_URL")
            .ok()
            .filter(|url| !url.trim().is_empty());
        return Some(set.unwrap_or_else(|| DEFAULT_STUDIO_URL.to_owned()));
    }
    let (file, owners) = (engine.directory().serve(), engine.directory().owners());
    let found = engine.io().spawn_blocking(move || {
        let whereabouts = Whereabouts::read(&file)?;
        crate::owner::is_alive(&owners, &whereabouts.owner).then_some(whereabouts)
    });
    let whereabouts = found.await.ok().flatten()?;
    if whereabouts.token && std::env::var_os("STUDIO_TOKEN").is_none() {
        talk::note(&format!(
            "the studio at {} does not show this run's actors: it wants a token; set STUDIO_TOKEN to the one that it was \
             started with",
            whereabouts.url
        ));
        return None;
    }
    Some(whereabouts.url)
}

/// Delivers what is left and takes the actors off the studio.
pub(super) async fn close() {
    get_discovery_bridge().close().await;
}
