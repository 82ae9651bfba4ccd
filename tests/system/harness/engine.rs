//! The engine of the Docker tests, looked at from beside Loom.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::http::Address;
use super::setup::required;

/// One Docker test at a time: each compares what the engine holds before and after.
static TURN: Mutex<()> = Mutex::new(());

/// The engine, for one test alone. When the test ends well, the engine must hold what it held before.
pub(crate) struct Engine {
    /// As in `DOCKER_HOST`.
    pub(crate) host: String,
    address: Address,
    before: Held,
    _turn: MutexGuard<'static, ()>,
}

/// `{"type":["container"]}`, as the value of a query.
const CONTAINERS: &str = "%7B%22type%22%3A%5B%22container%22%5D%7D";

/// What an engine holds, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) containers: BTreeSet<String>,
    pub(crate) networks: BTreeSet<String>,
    pub(crate) volumes: BTreeSet<String>,
    /// Those that Loom built, and those without a name: the layers of a build that broke off are such.
    pub(crate) images: BTreeSet<String>,
}

impl Engine {
    /// The engine, as soon as it is this test's turn.
    pub(crate) fn mine() -> Self {
        Self::at(required("LOOM_TEST_DOCKER_HOST"))
    }

    /// One that sees nothing of what the tests write, as on another machine; where there is none (only root can start
    /// it), its tests are passed over.
    pub(crate) fn apart() -> Option<Self> {
        let host = std::env::var("LOOM_TEST_APART_DOCKER_HOST").ok();
        if host.is_none() {
            eprintln!("passed over: LOOM_TEST_APART_DOCKER_HOST names no engine that does not see our files");
        }
        host.map(Self::at)
    }

    /// The address of the engine that [`Engine::mine`] is, for a test that has its turn with another.
    pub(crate) fn other_host() -> String {
        required("LOOM_TEST_DOCKER_HOST")
    }

    fn at(host: String) -> Self {
        // A test that failed has left its turn poisoned; that is its own failure.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let address = Address::of_engine(&host);
        let mut engine = Self {
            host,
            address,
            before: Held::default(),
            _turn: turn,
        };
        engine.before = engine.holds();
        engine
    }

    /// What it holds now.
    pub(crate) fn holds(&self) -> Held {
        let items = |path: &str, list: Option<&str>| {
            let value = self.address.get(path).send().is(200).value();
            match list {
                Some(key) => value[key].as_array().cloned().unwrap_or_default(),
                None => value.as_array().cloned().expect("a list"),
            }
        };
        let names = |items: Vec<Value>, name: fn(&Value) -> &Value| {
            items
                .iter()
                .map(|item| {
                    name(item)
                        .as_str()
                        .expect("a name")
                        .trim_start_matches('/')
                        .to_owned()
                })
                .collect::<BTreeSet<_>>()
        };
        Held {
            containers: names(items("/containers/json?all=true", None), |c| &c["Names"][0]),
            networks: names(items("/networks", None), |n| &n["Name"]),
            volumes: names(items("/volumes", Some("Volumes")), |v| &v["Name"]),
            images: {
                let mut images = items("/images/json?all=true", None);
                images.retain(|image| has_no_name(image) || !image["Labels"]["loom.instance"].is_null());
                names(images, |image| &image["Id"])
            },
        }
    }

    /// What it holds beside what it held when the test began.
    pub(crate) fn new_containers(&self) -> BTreeSet<String> {
        &self.holds().containers - &self.before.containers
    }

    /// Insists that nothing is left.
    #[track_caller]
    pub(crate) fn holds_nothing_new(&self) {
        assert_eq!(
            self.holds(),
            self.before,
            "the engine holds something that was not there before the test"
        );
    }

    /// A moment, for [`Self::container_actions_since`]: seconds and nanoseconds, as the engine's own log of events has it.
    pub(crate) fn mark(&self) -> String {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("after 1970");
        format!("{}.{:09}", now.as_secs(), now.subsec_nanos())
    }

    /// What the engine did with containers from a moment until now, in order: `create`, `start`, `exec_create: ...`.
    pub(crate) fn container_actions_since(&self, mark: &str) -> Vec<String> {
        let path = format!("/events?since={mark}&until={}&filters={CONTAINERS}", self.mark());
        let text = self.address.get(&path).send().is(200).text();
        serde_json::Deserializer::from_str(&text)
            .into_iter::<Value>()
            .map(|event| {
                event.expect("an event")["Action"]
                    .as_str()
                    .expect("an action")
                    .to_owned()
            })
            .collect()
    }

    /// A container as the engine knows it.
    pub(crate) fn inspect(&self, container: &str) -> Value {
        self.address
            .get(&format!("/containers/{container}/json"))
            .send()
            .is(200)
            .value()
    }

    /// Removes a container, as somebody does who does not know of Loom.
    pub(crate) fn remove_container(&self, container: &str) {
        let path = format!("/containers/{container}?force=true");
        self.address.delete(&path).send().is(204);
    }

    /// Whether it has the image.
    pub(crate) fn has_image(&self, name: &str) -> bool {
        self.address.get(&format!("/images/{name}/json")).send().status == 200
    }

    /// Forgets an image.
    pub(crate) fn remove_image(&self, name: &str) {
        let answer = self.address.delete(&format!("/images/{name}?force=true")).send();
        assert!(matches!(answer.status, 200 | 404), "{}", answer.text());
    }
}

fn has_no_name(image: &Value) -> bool {
    let names = image["RepoTags"].as_array();
    names.is_none_or(|names| names.iter().all(|name| name == "<none>:<none>"))
}
