//! What the studio itself publishes: changes of actors, coalesced, and the metrics.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use loom_protocol::{ActorId, Removed, topic};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::hub::{Draft, Hub};
use super::outbox::OF_ACTORS;
use super::sockets::Sockets;
use crate::Intake;
use crate::certificate::Certificate;
use crate::directory::{Directory, Taken};
use crate::otlp::Receiver;
use crate::replication::Door;
use crate::traffic::Plumbing;
use crate::warnings::Warnings;
use crate::windows::keep_current;
use crate::workspaces::{Workspace, Workspaces};

/// Changes of one actor within this time become one frame: 8 a second at most.
const FLUSH: Duration = Duration::from_millis(125);
/// Actors in one flush; the others wait for the next. Less than a viewer's outbox holds.
const PER_FLUSH: usize = 500;
/// All viewers are told to fetch everything at most this often because very much changed; a list of 30,000 actors has 6 MB. In
/// between each actor's news come round, and the later the more there are, up to what is kept: where ten times as many
/// wait, they are dropped, and all viewers are told to fetch everything at once.
const BULK_PAUSE: Duration = Duration::from_secs(30);
/// How often the metrics are sent, by the studio's contract.
const METRICS: Duration = Duration::from_secs(2);
/// Seconds over which the rates are told that are sent.
const TRAFFIC_WINDOW: i64 = 60;
/// How often silence is looked for.
const SWEEP: Duration = Duration::from_secs(1);
/// Before a task that panicked is started again.
const RESTART: Duration = Duration::from_secs(1);

/// The running tasks; dropping it ends them.
pub(crate) struct Feed {
    tasks: Vec<JoinHandle<()>>,
}

impl Feed {
    /// Starts to publish what happens in a workspace. Must be called within a tokio runtime.
    pub(crate) fn of_workspace(workspace: &Workspace) -> Self {
        let Workspace {
            door,
            intake,
            directory,
            hub,
            sockets,
            windows,
            guard,
            warnings,
            ..
        } = workspace;
        let changes = {
            let (directory, hub) = (directory.clone(), hub.clone());
            let started = AtomicBool::new(false);
            keep_running("changes", move || {
                let again = started.swap(true, Ordering::Relaxed);
                publish_changes(directory.clone(), hub.clone(), again)
            })
        };
        let metrics = {
            let (directory, hub) = (directory.clone(), hub.clone());
            keep_running("metrics", move || publish_metrics(directory.clone(), hub.clone()))
        };
        let sweep = {
            let (door, spans) = (door.clone(), workspace.otlp.clone());
            let (sockets, is_past) = (sockets.clone(), guard.is_of_the_past());
            keep_running("sweep", move || {
                sweep(door.clone(), spans.clone(), sockets.clone(), is_past)
            })
        };
        let watched = {
            let (intake, hub) = (intake.clone(), hub.clone());
            keep_running("watched", move || send_watched(intake.clone(), hub.clone()))
        };
        let windows = {
            let (directory, windows) = (directory.clone(), windows.clone());
            keep_running("windows", move || {
                keep_current(directory.clone(), windows.clone())
            })
        };
        let warned = {
            let (warnings, intake, hub) = (warnings.clone(), intake.clone(), hub.clone());
            let is_past = guard.is_of_the_past();
            keep_running("warnings", move || {
                warn(warnings.clone(), intake.clone(), hub.clone(), is_past)
            })
        };
        let mut tasks = vec![changes, metrics, sweep, watched, windows, warned];
        if let Some(exporter) = workspace.exporter.clone() {
            let intake = intake.clone();
            tasks.push(keep_running("collector", move || {
                let (exporter, intake) = (exporter.clone(), intake.clone());
                async move { exporter.run(intake).await }
            }));
        }
        if let Some(replica) = door.replica().cloned() {
            let hub = hub.clone();
            let restorations = replica.restorations();
            tasks.push(keep_running("takeovers", move || {
                resync_after_takeovers(restorations.clone(), hub.clone())
            }));
        }
        Self { tasks }
    }

    /// Starts to look after what is of the server as a whole: who may talk to it, and what it shows over TLS.
    pub(crate) fn of_server(workspaces: &Workspaces, certificate: Option<&Arc<Certificate>>) -> Self {
        let workspaces = workspaces.clone();
        let access = keep_running("access", move || keep_access(workspaces.clone()));
        let mut tasks = vec![access];
        if let Some(certificate) = certificate.cloned() {
            tasks.push(keep_running("certificate", move || {
                keep_certificate(certificate.clone())
            }));
        }
        Self { tasks }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// `again` says that it was running before: what it had taken out then was told to nobody.
async fn publish_changes(directory: Arc<Directory>, hub: Hub, again: bool) {
    if again {
        hub.resync_actors();
    }
    let mut resynced: Option<Instant> = None;
    loop {
        directory.changes().wait().await;
        let may_bulk = resynced.is_none_or(|at| at.elapsed() >= BULK_PAUSE);
        match directory.changes().take(PER_FLUSH, may_bulk) {
            Taken::Bulk => {
                resynced = Some(Instant::now());
                hub.resync_actors();
            }
            Taken::Some(ids) => hub.publish_all(ids.iter().map(|id| change(&directory, id)).collect()),
        }
        sleep(FLUSH).await;
    }
}

fn change(directory: &Directory, id: &str) -> Draft {
    let key = format!("{OF_ACTORS}{id}");
    match directory.get(id) {
        Some(record) => Draft::new(topic::ACTOR_UPDATE, Some(&key), &record),
        None => {
            let removed = Removed {
                id: ActorId::from(id),
            };
            Draft::new(topic::ACTOR_REMOVED, Some(&key), &removed)
        }
    }
}

/// What another server knew took the place of all that was shown, journals and traffic included.
async fn resync_after_takeovers(mut restorations: watch::Receiver<u64>, hub: Hub) {
    while restorations.changed().await.is_ok() {
        hub.resync_all();
    }
}

async fn publish_metrics(directory: Arc<Directory>, hub: Hub) {
    let mut ticks = interval(METRICS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Nobody looks: nobody pays.
        if hub.stats().viewers > 0 {
            hub.publish(topic::METRICS, Some("metrics"), &directory.metrics());
        }
    }
}

/// Sends journals and traffic to those who look at them, and to all what is not as it should be.
async fn send_watched(intake: Arc<Intake>, hub: Hub) {
    let mut ticks = interval(FLUSH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sent = Instant::now();
    loop {
        ticks.tick().await;
        if let Some(lints) = intake.lints().take_changed() {
            hub.publish(topic::LINTS, Some("lints"), &lints);
        }
        for (actor, line) in intake.journal().take_fresh() {
            let data = serde_json::json!({"actor": &*actor, "line": &*line});
            let draft = Draft::new(topic::JOURNAL, None, &data);
            hub.send_to(&intake.lookers().of_actor(&actor), vec![draft]);
        }
        if sent.elapsed() < METRICS {
            continue;
        }
        sent = Instant::now();
        let viewers = intake.lookers().of_map();
        if !viewers.is_empty() {
            let types = intake
                .traffic()
                .types(intake.now(), TRAFFIC_WINDOW, Plumbing::LeftOut);
            let data = serde_json::json!({"types": types});
            hub.send_to(&viewers, vec![Draft::new(topic::TRAFFIC, Some("traffic"), &data)]);
        }
    }
}

async fn sweep(door: Door, spans: Arc<Receiver>, sockets: Sockets, is_past: bool) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // With very many actors it takes some tenths of a second, which would hold up every other task of this thread.
        let (looking, spans) = (door.clone(), spans.clone());
        let swept = tokio::task::spawn_blocking(move || {
            // Where time stands still it changes nothing.
            if is_past {
                return;
            }
            // Those that speak by spans are said to be alive before anybody is found to be silent.
            spans.sweep();
            if looking.is_alone() {
                looking.intake().sweep();
            }
        });
        if let Err(error) = swept.await {
            tracing::error!(%error, "what time alone changes could not be looked for");
        }
        sockets.cut_stalled();
    }
}

/// Goes by the tokens that are in the file now, and ends what nothing lets in any more.
async fn keep_access(workspaces: Workspaces) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let guard = workspaces.guard().clone();
    loop {
        ticks.tick().await;
        if guard.access().has_file() {
            let workspaces = workspaces.clone();
            // It waits for the disk. That it panics would be a fault of ours, and the tokens stay as they were.
            let _panic = tokio::task::spawn_blocking(move || workspaces.reload()).await;
        }
        for workspace in workspaces.all() {
            let name = &workspace.name;
            workspace
                .sockets
                .cut_ended(|pass| guard.still_lets_in(pass, name));
        }
    }
}

/// Has rules look, tells viewers what changed, and sends what is to be sent.
async fn warn(warnings: Arc<Warnings>, intake: Arc<Intake>, hub: Hub, is_past: bool) {
    if is_past {
        return std::future::pending().await;
    }
    warnings.begin_sending();
    // Ended with this task: what was on its way is sent again.
    let mut sending = JoinSet::new();
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = warnings.wait() => {}
            Some(sent) = sending.join_next() => {
                if let Err(error) = sent {
                    tracing::error!(%error, "a message of a warning could not be sent");
                    warnings.begin_sending();
                }
            }
        }
        let (looking, intake) = (warnings.clone(), intake.clone());
        // It waits for the disk, and looks at all that is remembered.
        let look = move || {
            looking.turn(&intake);
            looking.take_news()
        };
        let looked = tokio::task::spawn_blocking(look).await;
        let news = looked.unwrap_or_else(|error| {
            tracing::error!(%error, "rules could not look");
            None
        });
        for message in warnings.due() {
            let warnings = warnings.clone();
            sending.spawn(async move { warnings.send(message).await });
        }
        if let Some(news) = news {
            hub.publish(topic::WARNINGS, Some("warnings"), &news);
        }
    }
}

/// Shows the certificate that is in the files now.
async fn keep_certificate(certificate: Arc<Certificate>) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let reading = certificate.clone();
        // It waits for the disk. That it panics would be a fault of ours, and what is shown stays as it was.
        let _panic = tokio::task::spawn_blocking(move || reading.reload()).await;
    }
}

/// Runs a task that should never end, and again when it panicked.
fn keep_running<F>(name: &'static str, task: impl Fn() -> F + Send + 'static) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        loop {
            // Aborted together with us.
            let mut running = AbortOnDrop(tokio::spawn(task()));
            if let Err(error) = (&mut running.0).await {
                tracing::error!(task = name, %error, "a task of the studio panicked; it is started again");
            }
            sleep(RESTART).await;
        }
    })
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use loom_protocol::{Frame, Timestamp};

    use super::*;
    use crate::SystemClock;
    use crate::directory::DirectoryOptions;

    #[tokio::test]
    async fn what_a_panic_took_along_is_made_good_by_a_resync() {
        for (again, kinds) in [(false, vec!["hello"]), (true, vec!["hello", "resync"])] {
            let hub = Hub::new(Timestamp::from_millis(1_000));
            let mut viewer = hub.subscribe(None, || true);
            let directory = Arc::new(Directory::new(DirectoryOptions::default(), Arc::new(SystemClock)));
            let publishing = tokio::spawn(publish_changes(directory, hub.clone(), again));
            let mut received: Vec<String> = Vec::new();
            while received.len() < kinds.len() {
                let texts = viewer.take();
                let frames = texts
                    .iter()
                    .map(|text| serde_json::from_str::<Frame>(text).unwrap());
                received.extend(frames.map(|frame| frame.kind));
                tokio::task::yield_now().await;
            }
            assert_eq!(received, kinds);
            publishing.abort();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_started_again_and_ends_with_the_feed() {
        let starts = Arc::new(AtomicUsize::new(0));
        let (done, mut wait) = tokio::sync::mpsc::channel::<()>(1);
        let feed = Feed {
            tasks: vec![keep_running("test", {
                let starts = starts.clone();
                move || {
                    let (start, done) = (starts.fetch_add(1, Ordering::SeqCst), done.clone());
                    async move {
                        assert!(start > 1, "the first two starts panic");
                        // Held until the task is ended from outside.
                        let _held = done;
                        std::future::pending::<()>().await;
                    }
                }
            })],
        };
        while starts.load(Ordering::SeqCst) < 3 {
            tokio::time::advance(RESTART).await;
            tokio::task::yield_now().await;
        }
        drop(feed);
        assert_eq!(wait.recv().await, None, "nobody runs who holds the other end");
    }
}
