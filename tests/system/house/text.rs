//! What no file of the project holds, whatever its language.

use super::tree::{files, none, root};

fn in_all_text(offends: impl Fn(&str) -> bool) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files()
        .iter()
        .filter(|f| !f.path.ends_with(".lock") && !f.path.ends_with("package-lock.json"))
    {
        for (at, line) in file.text.lines().enumerate() {
            if offends(line) {
                offences.push(format!("{}:{}: {}", file.path, at + 1, line.trim()));
            }
        }
    }
    offences
}

#[test]
fn what_is_to_be_done_carries_an_issue_number() {
    // Put together here, so that this file does not find itself.
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("HA", "CK:"),
    ];
    let offences = in_all_text(|line| {
        let numbered = line
            .split('#')
            .skip(1)
            .any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        !numbered
            && words.iter().any(|word| {
                line.split(|c: char| !c.is_alphanumeric() && c != ':')
                    .any(|w| w.trim_end_matches(':') == word.trim_end_matches(':'))
            })
    });
    none("without the number of an issue", &offences);
}

#[test]
fn no_path_of_a_machine_is_in_the_project() {
    let paths = [
        concat!("/work", "/main"),
        concat!("/work", "/shared"),
        concat!("/work", "/target"),
        concat!("/root", "/."),
    ];
    none(
        "a path of somebody's machine",
        &in_all_text(|line| paths.iter().any(|path| line.contains(path))),
    );
}

#[test]
fn the_pages_packages_name_no_host_but_the_public_one() {
    let lock =
        std::fs::read_to_string(root().join("studio-ui/package-lock.json")).expect("the page's lock file");
    let offences: Vec<String> = lock
        .lines()
        .filter(|line| line.contains("\"resolved\"") && !line.contains("https://registry.npmjs.org/"))
        .map(|line| line.trim().to_owned())
        .collect();
    none("comes from another host", &offences);
}

/// Where an import of a file leads, from the top; none when it leads out of the project's own files.
fn target(file: &str, import: &str) -> Option<String> {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    if let Some(from_source) = import.strip_prefix("@/") {
        return Some(format!("studio-ui/src/{from_source}"));
    }
    if !import.starts_with('.') {
        return None;
    }
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The layer of a file of the page, `features/NAME` for a feature.
fn layer(path: &str) -> Option<String> {
    let mut parts = path.strip_prefix("studio-ui/src/")?.split('/');
    let first = parts.next()?;
    Some(if first == "features" {
        format!("features/{}", parts.next()?)
    } else {
        first.to_owned()
    })
}

/// app -> features -> (ui, lib, api); a feature never imports a feature.
fn may_import(from: &str, to: &str) -> bool {
    from == to || from == "app" || from.starts_with("main.") || matches!(to, "ui" | "lib" | "api")
}

#[test]
fn the_page_imports_along_its_layers() {
    let mut offences = Vec::new();
    for file in files() {
        let Some(from) = layer(&file.path).filter(|_| !file.is_test()) else {
            continue;
        };
        for (at, line) in file.text.lines().enumerate() {
            let quoted = line
                .split_once(" from \"")
                .or_else(|| line.split_once("import(\""))
                .map(|(_, rest)| rest);
            let import = quoted.and_then(|rest| rest.split('"').next());
            let Some(to) = import
                .and_then(|import| target(&file.path, import))
                .and_then(|path| layer(&path))
            else {
                continue;
            };
            if !may_import(&from, &to) {
                offences.push(format!("{}:{}: {}", file.path, at + 1, line.trim()));
            }
        }
    }
    none("against the layers of the page", &offences);
}

#[test]
fn imports_are_followed_to_their_layers() {
    let led = |import| target("studio-ui/src/features/runs/page.tsx", import).and_then(|path| layer(&path));
    assert_eq!(led("../actors/list").as_deref(), Some("features/actors"));
    assert_eq!(led("../../ui/page").as_deref(), Some("ui"));
    assert_eq!(led("react"), None);
    assert!(!may_import("features/runs", "features/actors") && !may_import("ui", "features/runs"));
    assert!(may_import("features/runs", "ui") && may_import("app", "features/runs"));
}
