//! The pages for those who want to be seen: each example is run as it stands.

mod client_faults;
mod clients;
mod collector;
mod embedding;
mod nginx;
mod otel;
mod reporting;
mod service;

use super::guide::root;

fn page(name: &str) -> String {
    let path = root().join("docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The examples of a page in one language, in order.
fn examples(page: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    page.split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```").map(|(block, _)| format!("{block}\n")))
        .collect()
}

/// The only example of a language.
#[track_caller]
fn example(page: &str, language: &str) -> String {
    let mut all = examples(page, language);
    assert_eq!(all.len(), 1, "examples in {language}");
    all.remove(0)
}
