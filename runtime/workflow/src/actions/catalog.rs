//! The most used public actions, as data: `data/actions.txt`, which says of what day it is.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::{Input, Interface, Runtime};

static TEXT: &str = include_str!("../../data/actions.txt");

/// The day the data was looked up.
pub(crate) static DATE: LazyLock<&str> = LazyLock::new(|| {
    let mut lines = TEXT.lines();
    lines
        .find_map(|line| line.strip_prefix("# date: "))
        .unwrap_or_default()
});

/// Versions by name in lowercase.
static ACTIONS: LazyLock<HashMap<String, Vec<Version>>> = LazyLock::new(|| read(TEXT));

struct Version {
    name: &'static str,
    interface: Arc<Interface>,
}

/// What is known of a public action, whose name is given in lowercase, at a version.
pub(crate) fn find(name: &str, version: &str) -> Option<Arc<Interface>> {
    let versions = ACTIONS.get(name)?;
    let exact = versions.iter().find(|known| known.name == version);
    let found = exact.or_else(|| {
        let major = major(version)?;
        versions.iter().find(|known| known.name == major)
    });
    found.map(|found| Arc::clone(&found.interface))
}

/// Every action that is known, with its newest version, in the order of their names.
pub(crate) fn newest() -> Vec<(&'static str, &'static str)> {
    let newest = |versions: &[Version]| Some(versions.last()?.name);
    let mut all: Vec<_> = ACTIONS
        .iter()
        .filter_map(|(name, known)| Some((name.as_str(), newest(known)?)))
        .collect();
    all.sort_unstable();
    all
}

/// `v4` of `v4.1.0`.
fn major(version: &str) -> Option<&str> {
    let (major, rest) = version.split_once('.')?;
    let digits = major.strip_prefix('v')?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (number(digits) && rest.split('.').all(number)).then_some(major)
}

/// Reads the table: a line with the name of an action, whether it is archived (`!`), then for one or more versions what
/// runs them (`@`), and what they take (`<`), give (`>`), and should not be given any more (`-`).
fn read(text: &'static str) -> HashMap<String, Vec<Version>> {
    let mut actions: HashMap<String, Vec<Version>> = HashMap::new();
    let mut name = String::new();
    let mut group: Vec<(&'static str, Runtime)> = Vec::new();
    let mut shared = Interface::default();
    let mut archived = false;
    for line in text.lines().chain(["end"]) {
        let (mark, rest) = line.split_at_checked(1).unwrap_or_default();
        // A version begins anew, and so does a name.
        if !matches!(mark, "<" | ">" | "-" | "" | "#" | "!") {
            close(&mut actions, &name, &mut group, &mut shared);
            shared.archived = archived;
        }
        match mark {
            "" | "#" => {}
            "@" => group.extend(rest.split_whitespace().filter_map(version)),
            "<" => {
                let inputs = shared.inputs.get_or_insert_default();
                inputs.extend(rest.split_whitespace().map(input));
            }
            ">" => {
                let outputs = shared.outputs.get_or_insert_default();
                outputs.extend(rest.split_whitespace().map(str::to_owned));
            }
            "-" => {
                let (input, instead) = rest.trim().split_once(": ").unwrap_or((rest.trim(), ""));
                shared.inputs.get_or_insert_default().push(Input {
                    name: input.to_owned(),
                    required: false,
                    deprecated: Some(instead.to_owned()),
                });
            }
            "!" => archived = true,
            _ => {
                name = line.to_ascii_lowercase();
                archived = false;
            }
        }
    }
    actions
}

fn version(text: &'static str) -> Option<(&'static str, Runtime)> {
    let (name, runtime) = text.split_once('=')?;
    let runtime = match runtime {
        "docker" => Runtime::Docker,
        "composite" => Runtime::Composite,
        "refused" => Runtime::Refused,
        node => Runtime::Node(node.strip_prefix("node")?.parse().ok()?),
    };
    Some((name, runtime))
}

/// `name`, or `name!` when it must be given.
fn input(text: &str) -> Input {
    let name = text.strip_suffix('!');
    Input {
        name: name.unwrap_or(text).to_owned(),
        required: name.is_some(),
        deprecated: None,
    }
}

fn close(
    actions: &mut HashMap<String, Vec<Version>>,
    name: &str,
    group: &mut Vec<(&'static str, Runtime)>,
    shared: &mut Interface,
) {
    let shared = std::mem::take(shared);
    for (version, runtime) in group.drain(..) {
        let interface = Arc::new(Interface {
            runtime,
            ..shared.clone()
        });
        let versions = actions.entry(name.to_owned()).or_default();
        versions.push(Version {
            name: version,
            interface,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_as_it_is_written() {
        let actions = read(
            "# c\na/B\n@ v1=node12 v2=node16\n@ v3=node20 v4=node24\n< x y!\n> o\n- z: use x\n\nc/d\n! archived\n@ v1=docker\n@ v2=docker\n< p\ne/f\n@ v1=refused\n",
        );
        let ab = &actions["a/b"];
        let names: Vec<_> = ab.iter().map(|version| version.name).collect();
        assert_eq!(names, ["v1", "v2", "v3", "v4"]);
        let takes = |versions: &[Version]| -> Vec<_> {
            let known = versions.iter().map(|version| version.interface.inputs.is_some());
            known.collect()
        };
        assert_eq!(takes(ab), [false, false, true, true]);
        assert_eq!(takes(&actions["c/d"]), [false, true]);
        assert!(actions["c/d"].iter().all(|version| version.interface.archived));
        let refused = &actions["e/f"][0].interface;
        assert_eq!((refused.runtime, refused.archived), (Runtime::Refused, false));
    }

    #[test]
    fn every_line_of_the_data_is_understood() {
        let mut names = 0;
        for line in TEXT
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            match line.split_at(1) {
                ("@", rest) => {
                    for word in rest.split_whitespace() {
                        assert!(version(word).is_some(), "{line}");
                    }
                }
                ("<" | ">", rest) => assert!(!rest.contains([':', ',']), "{line}"),
                ("-", rest) => assert!(rest.contains(": "), "{line}"),
                ("!", rest) => assert_eq!(rest, " archived"),
                _ => {
                    assert!(line.split('/').count() >= 2 && !line.contains(' '), "{line}");
                    names += 1;
                }
            }
        }
        assert_eq!(ACTIONS.len(), names, "an action is there twice or has no version");
        assert!(names >= 50, "{names}");
        assert!(DATE.starts_with("20"), "{}", *DATE);
    }

    #[test]
    fn versions_are_found_by_their_major_number() {
        for (version, known) in [
            ("v4", true),
            ("v4.1.0", true),
            ("v4.1", true),
            ("v99", false),
            ("main", false),
            ("v4.x", false),
            ("08c6903cd8c0fde910a37f88322edcfb5dd907a8", false),
        ] {
            assert_eq!(find("actions/checkout", version).is_some(), known, "{version}");
        }
    }
}
