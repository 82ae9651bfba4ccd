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

#[test]
fn features_of_the_page_do_not_import_features() {
    let mut offences = Vec::new();
    for file in files() {
        let Some(rest) = file.path.strip_prefix("studio-ui/src/features/") else {
            continue;
        };
        let own = rest.split('/').next().unwrap_or_default();
        for (at, line) in file.text.lines().enumerate() {
            let Some((_, from)) = line.split_once(" from \"") else {
                continue;
            };
            let other = from.split_once("features/").map(|(_, rest)| rest);
            // `../other/...` leaves the feature's own folder as well.
            let beside = (rest.matches('/').count() == 1)
                .then(|| from.strip_prefix("../"))
                .flatten();
            for name in other.into_iter().chain(beside) {
                let name = name.split(['/', '"']).next().unwrap_or_default();
                let is_feature = root().join("studio-ui/src/features").join(name).is_dir();
                if name != own && is_feature {
                    offences.push(format!("{}:{}: {}", file.path, at + 1, line.trim()));
                }
            }
        }
    }
    none("a feature imports a feature", &offences);
}
