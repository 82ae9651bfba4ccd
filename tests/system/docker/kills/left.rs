//! What a project's runs hold: in the engine, by their labels; among the processes; in the state directory.

use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Address, Project, until};

/// What belongs to one project.
pub(super) struct Holder {
    engine: Address,
    state: PathBuf,
    project: PathBuf,
}

/// `{"label":["loom.instance"]}`, as the value of a query.
const OURS: &str = "%7B%22label%22%3A%5B%22loom.instance%22%5D%7D";

impl Holder {
    pub(super) fn new(project: &Project, host: &str) -> Self {
        Self {
            engine: Address::of_engine(host),
            state: project.state(),
            project: project.path(),
        }
    }

    /// The things of the project in a list of the engine's. Nothing where it does not answer.
    fn listed(&self, path: &str, list: Option<&str>) -> Vec<Value> {
        let Ok(answer) = self.engine.get(path).try_send() else {
            return Vec::new();
        };
        let value = answer.is(200).value();
        let items = list.map_or(&value, |list| &value[list]).as_array().cloned();
        let state = self.state.display().to_string();
        let is_ours = |item: &Value| {
            item["Labels"]["loom.directory"]
                .as_str()
                .is_some_and(|directory| directory.starts_with(&state))
        };
        items.unwrap_or_default().into_iter().filter(is_ours).collect()
    }

    fn containers(&self) -> Vec<Value> {
        self.listed(&format!("/containers/json?all=true&filters={OURS}"), None)
    }

    fn networks(&self) -> Vec<Value> {
        self.listed(&format!("/networks?filters={OURS}"), None)
    }

    pub(super) fn holds_any(&self) -> bool {
        !self.containers().is_empty() || !self.networks().is_empty()
    }

    fn room(&self) -> Option<String> {
        let rooms = self.containers();
        let room = rooms.iter().find(|one| one["Labels"]["loom.kind"] == "room")?;
        room["Id"].as_str().map(str::to_owned)
    }

    /// The main process of the job's container, where it runs.
    pub(super) fn room_process(&self) -> Option<i32> {
        let answer = self
            .engine
            .get(&format!("/containers/{}/json", self.room()?))
            .send();
        let process = answer.value()["State"]["Pid"].as_i64()?;
        i32::try_from(process).ok().filter(|process| *process > 0)
    }

    /// Pauses the job's container, where there is one that runs.
    pub(super) fn pause_room(&self) {
        if let Some(room) = self.room() {
            let _ = self.engine.post(&format!("/containers/{room}/pause")).send();
        }
    }

    pub(super) fn forget_image(&self, name: &str) {
        let _ = self.engine.delete(&format!("/images/{name}?force=true")).send();
    }

    /// Insists that nothing is left.
    #[track_caller]
    pub(super) fn holds_nothing(&self, said: &str) {
        let volumes = self.listed(&format!("/volumes?filters={OURS}"), Some("Volumes"));
        let images = self.listed(&format!("/images/json?filters={OURS}"), None);
        let left = [self.containers(), self.networks(), volumes, images].concat();
        assert!(left.is_empty(), "{left:#?} is left in the engine\n{said}");
        let jobs: Vec<_> = std::fs::read_dir(self.state.join("jobs"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        assert!(jobs.is_empty(), "{jobs:?} is left\n{said}");
        // A process that was just killed may take a moment to go.
        let mut processes = Vec::new();
        let gone = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            until("the end of the run's processes", || {
                processes = self.processes();
                processes.is_empty().then_some(())
            });
        }));
        assert!(gone.is_ok(), "{processes:?} are left\n{said}");
    }

    /// Processes that have a directory of the project's mounted, or work in it.
    fn processes(&self) -> Vec<String> {
        let (state, project) = (
            self.state.display().to_string(),
            self.project.display().to_string(),
        );
        let of_project = |process: &PathBuf| {
            let mounts = std::fs::read_to_string(process.join("mountinfo")).unwrap_or_default();
            let works = std::fs::read_link(process.join("cwd")).unwrap_or_default();
            mounts.contains(&state) || mounts.contains(&project) || works.starts_with(&self.project)
        };
        std::fs::read_dir("/proc")
            .expect("/proc")
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.join("mountinfo").exists())
            .filter(of_project)
            .map(|path| {
                let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
                format!(
                    "{}: {}",
                    path.display(),
                    String::from_utf8_lossy(&line).replace('\0', " ")
                )
            })
            .collect()
    }
}
