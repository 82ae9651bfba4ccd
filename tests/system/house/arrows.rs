//! Who may import whom, over `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::tree::{none, root, sources};

/// Our crates, and which of our crates each may import directly. What is not listed is forbidden.
const HOUSE: &[(&str, &[&str])] = &[
    ("loom-protocol", &[]),
    ("loom-macros", &[]),
    ("loom-bridge", &["loom-protocol", "loom-macros"]),
    ("loom-history", &["loom-protocol"]),
    ("loom-studio", &["loom-protocol", "loom-bridge", "loom-history"]),
    ("loom-workflow", &[]),
    ("loom-agent", &[]),
    (
        "loom-runtime",
        &[
            "loom-workflow",
            "loom-agent",
            "loom-bridge",
            "loom-protocol",
            "loom-studio",
        ],
    ),
    (
        "loom-examples",
        &[
            "loom-bridge",
            "loom-protocol",
            "loom-runtime",
            "loom-studio",
            "loom-workflow",
        ],
    ),
    ("loom-tests", &[]),
];

/// Crates that stay small or pure: everything they may import, beside our own.
const CLOSED: &[(&str, &[&str])] = &[
    ("loom-protocol", &["jiff", "serde", "serde_json", "utoipa"]),
    ("loom-macros", &["proc-macro2", "quote", "syn"]),
    (
        "loom-workflow",
        &["granit-parser", "indexmap", "petgraph", "strsim", "thiserror"],
    ),
    ("loom-agent", &["libc"]),
    (
        "loom-history",
        &["flate2", "rusqlite", "rusqlite_migration", "thiserror", "tracing"],
    ),
];

/// What must not be in a crate's tree, however deep, and why.
const ABSENT: &[(&str, &[&str], &str)] = &[
    (
        "loom-bridge",
        &[
            "actix-web",
            "actix-http",
            "rusqlite",
            "redis",
            "tokio-postgres",
            "bollard",
            "clap",
            "loom-workflow",
            "loom-runtime",
        ],
        "light enough that anyone would embed it",
    ),
    (
        "loom-studio",
        &["loom-workflow", "loom-runtime", "bollard", "petgraph"],
        "it knows no workflow, job or step",
    ),
    (
        "loom-workflow",
        &["tokio", "actix", "actix-rt", "mio", "jiff", "chrono", "rand"],
        "no IO, no async, no clock",
    ),
    (
        "loom-history",
        &[
            "actix",
            "actix-web",
            "tokio",
            "dashmap",
            "loom-bridge",
            "loom-studio",
        ],
        "it knows names and numbers",
    ),
    ("loom-agent", &["tokio", "serde", "actix"], "std and libc only"),
];

/// Never, in any crate: measured or read to be broken, or a second way of what is there.
const REFUSED: &[&str] = &[
    "serde_yml",
    "actix-governor",
    "actix-web-rust-embed-responder",
    "fred",
    "madsim",
    "sqlx",
    "openssl",
    "openssl-sys",
];

fn cargo(args: &[&str]) -> String {
    let out = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(args)
        .args(["--offline", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(
        out.status.success(),
        "cargo {args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).expect("cargo prints UTF-8")
}

/// Direct dependencies by crate of ours, those for its own tests left out.
fn direct() -> BTreeMap<String, BTreeSet<String>> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"])).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let names = dependencies
                .iter()
                .filter(|d| d["kind"] != "dev")
                .map(|d| d["name"].as_str().expect("a name").to_owned())
                .collect();
            (package["name"].as_str().expect("a name").to_owned(), names)
        })
        .collect()
}

/// All crates that a crate of ours is built with, itself and its tests' own left out.
fn whole_tree(name: &str) -> BTreeSet<String> {
    cargo(&[
        "tree", "-p", name, "-e", "normal", "--prefix", "none", "--format", "{p}",
    ])
    .lines()
    .skip(1)
    .filter_map(|line| line.split_whitespace().next())
    .map(str::to_owned)
    .collect()
}

#[test]
fn every_crate_is_in_the_plan_of_the_house() {
    let ours: BTreeSet<String> = direct().into_keys().collect();
    let planned: BTreeSet<String> = HOUSE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(ours, planned);
}

#[test]
fn our_crates_import_only_along_the_arrows() {
    let direct = direct();
    let mut offences = Vec::new();
    for (name, allowed) in HOUSE {
        for import in direct[*name].iter().filter(|d| d.starts_with("loom-")) {
            if !allowed.contains(&import.as_str()) {
                offences.push(format!("{name} -> {import}"));
            }
        }
    }
    none("not an arrow of the design", &offences);
}

#[test]
fn small_and_pure_crates_import_only_what_their_list_has() {
    let direct = direct();
    let mut offences = Vec::new();
    for (name, allowed) in CLOSED {
        for import in direct[*name].iter().filter(|d| !d.starts_with("loom-")) {
            if !allowed.contains(&import.as_str()) {
                offences.push(format!("{name} -> {import}"));
            }
        }
    }
    none(
        "not on the crate's list (a new one is argued in the commit that extends it)",
        &offences,
    );
}

#[test]
fn what_must_be_absent_is_in_no_depth_of_the_tree() {
    let mut offences = Vec::new();
    for (name, absent, why) in ABSENT {
        let tree = whole_tree(name);
        for import in *absent {
            if tree.contains(*import) {
                offences.push(format!("{name} is built with {import}; {why}"));
            }
        }
    }
    none("found in a tree", &offences);
}

#[test]
fn refused_crates_are_nowhere() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let offences: Vec<String> = REFUSED
        .iter()
        .filter(|name| lock.contains(&format!("\nname = \"{name}\"\n")))
        .map(|name| (*name).to_owned())
        .collect();
    none("refused, but locked", &offences);
}

#[test]
fn every_crate_takes_the_shared_lints() {
    let manifests = super::tree::files()
        .into_iter()
        .filter(|f| f.path.ends_with("/Cargo.toml"));
    // What is a workspace of its own, because it needs another compiler, cannot take ours.
    let offences: Vec<String> = manifests
        .filter(|f| !f.text.contains("\n[workspace]\n"))
        .filter(|f| !f.text.contains("[lints]\nworkspace = true"))
        .map(|f| f.path)
        .collect();
    none("no `[lints] workspace = true`", &offences);
}

/// The room of a file of the language: its first folder, or its own name.
fn room(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("runtime/workflow/src/")?;
    let name = inner.split('/').next()?;
    Some(name.strip_suffix(".rs").unwrap_or(name)).filter(|name| !matches!(*name, "lib" | "tests"))
}

/// Which rooms of the language each of them imports, by their names behind `crate::`.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources() {
        let Some(of) = room(&file.path) else { continue };
        let imports = all.entry(of.to_owned()).or_default();
        for (_, line) in file.code() {
            let behind = line.split("crate::").skip(1);
            let names = behind.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
            imports.extend(names.flatten().filter(|name| *name != of).map(str::to_owned));
        }
    }
    let known: BTreeSet<String> = all.keys().cloned().collect();
    for imports in all.values_mut() {
        imports.retain(|name| known.contains(name));
    }
    all
}

#[test]
fn the_model_of_the_language_knows_no_tree() {
    let rooms = rooms();
    let mut reached = BTreeSet::from(["model"]);
    let mut waiting = vec!["model"];
    while let Some(room) = waiting.pop() {
        for import in rooms.get(room).into_iter().flatten() {
            if reached.insert(import) {
                waiting.push(import);
            }
        }
    }
    assert!(reached.contains("span") && rooms["lower"].contains("tree"));
    let offences: Vec<String> = reached
        .into_iter()
        .filter(|room| *room == "tree")
        .map(str::to_owned)
        .collect();
    none(
        "what the typed model of loom-workflow can hold, of which no type may be a node of the file's tree",
        &offences,
    );
}

#[test]
fn the_rooms_of_the_language_import_one_way() {
    let mut left = rooms();
    assert!(left.len() > 20 && left["lower"].contains("model"), "{left:?}");
    // Whoever imports nobody that is left can go; what cannot go is a circle, or leads to one.
    while let Some(free) = left
        .iter()
        .find_map(|(room, imports)| imports.is_empty().then(|| room.clone()))
    {
        left.remove(&free);
        for imports in left.values_mut() {
            imports.remove(&free);
        }
    }
    let offences: Vec<String> = left
        .iter()
        .map(|(room, imports)| format!("{room} -> {imports:?}"))
        .collect();
    none(
        "rooms of loom-workflow that import each other in a circle: a type is in the wrong one",
        &offences,
    );
}
