//! The page as it is made from the rows.

use super::rows::{SECTIONS, Section};
use crate::guide::root;
use crate::harness::Project;

const PAGE: &str = "docs/compatibility.md";

const HEAD: &str = "# Compatibility

Key by key: what Loom does with a workflow. This page is made from `tests/system/compatibility/rows.rs`. Every row names
the tests that show it, in `tests/system/compatibility/cases.rs`, or where they begin with `docker::` in
`tests/system/docker/compatibility.rs`. A key that GitHub does not know is a finding, with its line, before anything starts.
";

/// The whole page.
fn page() -> String {
    let mut page = HEAD.to_owned();
    for Section { title, about, rows } in SECTIONS {
        page.push_str(&format!("\n## {title}\n\n"));
        if !about.is_empty() {
            page.push_str(&format!("{about}\n\n"));
        }
        page.push_str("| key | what Loom does | shown by |\n| --- | --- | --- |\n");
        for row in *rows {
            let cases: Vec<String> = row.cases.iter().map(|case| format!("`{case}`")).collect();
            page.push_str(&format!(
                "| {} | {} | {} |
",
                row.key,
                row.does,
                cases.join(", ")
            ));
        }
    }
    page
}

#[test]
fn the_page_is_what_the_rows_say() {
    let path = root().join(PAGE);
    let made = page();
    if std::env::var_os("LOOM_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &made).expect("the page is written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(
        there == made,
        "{PAGE} is not what its rows say: run this test with LOOM_BLESS=1, and commit the page"
    );
}

/// The case of each row.
fn named() -> impl Iterator<Item = &'static str> {
    SECTIONS
        .iter()
        .flat_map(|section| section.rows)
        .flat_map(|row| row.cases)
        .copied()
}

#[test]
fn every_row_names_a_case_that_exists() {
    let docker = std::fs::read_to_string(root().join("tests/system/docker/compatibility.rs"))
        .expect("the Docker cases");
    let exists = |name: &str| match name.strip_prefix("docker::") {
        Some(name) => docker.contains(&format!("fn {name}()")),
        None => super::cases::NAMES.contains(&name),
    };
    let missing: Vec<&str> = named().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "no such case: {missing:?}");
    let rows = SECTIONS.iter().flat_map(|section| section.rows);
    let bare: Vec<&str> = rows
        .filter(|row| row.cases.is_empty())
        .map(|row| row.key)
        .collect();
    assert!(bare.is_empty(), "no case shows: {bare:?}");
}

#[test]
fn every_case_shows_a_row() {
    let idle: Vec<&&str> = super::cases::NAMES
        .iter()
        .filter(|case| named().all(|name| name != **case))
        .collect();
    assert!(idle.is_empty(), "these cases stand in no row: {idle:?}");
}

/// The schema that `loom-runtime schema` prints has all keys; a new one comes with a row.
#[test]
fn every_key_has_a_row() {
    let printed = Project::new().loom(&["schema"]).run().exits(0);
    let schema: serde_json::Value = serde_json::from_str(&printed.stdout).expect("JSON");
    let mut missing = Vec::new();
    for (level, title) in [("workflow", "The workflow"), ("job", "Jobs"), ("step", "Steps")] {
        let section = SECTIONS.iter().find(|section| section.title == title);
        let rows = section.unwrap_or_else(|| panic!("a section called {title}")).rows;
        let keys = schema["$defs"][level]["properties"].as_object();
        for key in keys.unwrap_or_else(|| panic!("keys of a {level}")).keys() {
            if !rows.iter().any(|row| row.key.contains(&format!("`{key}`"))) {
                missing.push(format!("{level}: {key}"));
            }
        }
    }
    assert!(missing.is_empty(), "no row says what becomes of: {missing:?}");
}
