//! Which Node.js runs a JavaScript action. Pure: names in, names and sentences out.
//!
//! An action names the version that GitHub's runner would bring along (`using: node20`). Loom brings none: the one at
//! hand serves them all, with a notice where it may be another.

/// What to look for, the first that is there counts: `node` in the room's `PATH`, then what is configured as
/// `node` under `[run]`, a path as it is seen in the room.
#[must_use]
pub fn candidates(configured: Option<&str>) -> Vec<String> {
    let mut programs = vec!["node".to_owned()];
    programs.extend(configured.filter(|path| !path.is_empty()).map(str::to_owned));
    programs
}

/// The major version that an action asks for: 20 of `node20`.
#[must_use]
pub fn wanted(using: &str) -> Option<u32> {
    using.to_ascii_lowercase().strip_prefix("node")?.parse().ok()
}

/// The major version of a Node.js, by what `node --version` prints: 22 of `v22.4.1`.
#[must_use]
pub fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// What to tell of an action that asks for another version than the one at hand; nothing when it is the same. Where the
/// one at hand is not known, that it may be another.
#[must_use]
pub fn notice(using: &str, at_hand: Option<&str>) -> Option<String> {
    match at_hand.and_then(major) {
        Some(found) if wanted(using) == Some(found) => None,
        Some(found) => Some(format!(
            "`using: {using}` runs with the node at hand, which is {found}"
        )),
        None => Some(format!("`using: {using}` runs with the node at hand")),
    }
}

/// Where the steps of a job run, for [`missing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room<'a> {
    /// This machine.
    Host,
    /// An image that a label of `runs-on` was mapped to.
    Label {
        /// The label.
        label: &'a str,
        /// The image.
        image: &'a str,
    },
    /// The image of the job's `container`.
    Container {
        /// The image.
        image: &'a str,
    },
}

/// Why an action cannot run where there is no Node.js, and which line helps.
#[must_use]
pub fn missing(action: &str, using: &str, room: Room<'_>, configured: Option<&str>) -> String {
    let image = wanted(using).map_or_else(|| "node".to_owned(), |version| format!("node:{version}"));
    let configured = match configured.filter(|path| !path.is_empty()) {
        Some(path) => format!(", nor at {path}, where `node` under `[run]` in `loom.toml` has it"),
        None => String::new(),
    };
    let wants = format!("`{action}` is a JavaScript action (`using: {using}`) and wants Node.js");
    let mount = "add `node = \"/path/of/node\"` under `[run]` in `loom.toml`, as it is seen in the container";
    match room {
        Room::Host => format!(
            "{wants}, but there is no `node` in the PATH of this machine{configured}; install it, or add \
             `node = \"/path/of/node\"` under `[run]` in `loom.toml`"
        ),
        Room::Label {
            label,
            image: has_none,
        } => format!(
            "{wants}, but {has_none} has no `node`{configured}; choose an image that has it with `-P {label}={image}`, or {mount}"
        ),
        Room::Container { image: has_none } => format!(
            "{wants}, but {has_none} has no `node`{configured}; write `container: {image}` or another image that has \
             it, or {mount}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_of_the_room_comes_first() {
        assert_eq!(candidates(None), ["node"]);
        assert_eq!(candidates(Some("")), ["node"]);
        assert_eq!(
            candidates(Some("/opt/node/bin/node")),
            ["node", "/opt/node/bin/node"]
        );
    }

    #[test]
    fn another_version_is_told() {
        assert_eq!(notice("node20", Some("v20.11.1\n")), None);
        assert_eq!(
            notice("node16", Some("v22.4.1")).as_deref(),
            Some("`using: node16` runs with the node at hand, which is 22")
        );
        assert_eq!(
            notice("Node24", None).as_deref(),
            Some("`using: Node24` runs with the node at hand")
        );
    }

    #[test]
    fn the_line_that_helps_is_named() {
        let label = Room::Label {
            label: "ubuntu-latest",
            image: "ubuntu:latest",
        };
        let text = missing("actions/cache@v4", "node20", label, None);
        assert!(
            text.contains("ubuntu:latest has no `node`") && text.contains("`-P ubuntu-latest=node:20`"),
            "{text}"
        );
        let text = missing("o/r@v1", "node24", Room::Host, Some("/n"));
        assert!(text.contains("nor at /n") && !text.contains("-P"), "{text}");
        let text = missing("o/r@v1", "node24", Room::Container { image: "alpine" }, None);
        assert!(
            text.contains("`container: node:24`") && text.contains("[run]"),
            "{text}"
        );
    }
}
