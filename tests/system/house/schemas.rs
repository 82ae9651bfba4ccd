//! What the description of the HTTP interface calls its types.

use std::collections::BTreeMap;

use super::tree::{File, sources};

/// The types that the description tells of, by the name that it has for them.
fn described(file: &File) -> Vec<String> {
    let code = file.code();
    let mut names = Vec::new();
    for (at, (_, line)) in code.iter().enumerate() {
        if !(line.contains("derive(") && line.contains("ToSchema")) {
            continue;
        }
        let attributes: Vec<&str> = code[at..]
            .iter()
            .map(|(_, line)| line.trim())
            .take_while(|line| line.starts_with("#["))
            .collect();
        let mut item = code[at..].iter().map(|(_, line)| line.trim());
        let item = item.nth(attributes.len()).unwrap_or_default();
        if item.contains('$') {
            continue; // A macro names it where it is used.
        }
        let words = item.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        let name = words
            .skip_while(|word| !matches!(*word, "struct" | "enum"))
            .nth(1)
            .unwrap_or_default();
        let other = attributes
            .iter()
            .find_map(|line| line.split_once("schema(as = ")?.1.split([',', ')']).next());
        names.push(other.unwrap_or(name).to_owned());
    }
    names
}

#[test]
fn no_two_types_have_one_name_in_the_description() {
    let mut homes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in sources() {
        for name in described(&file) {
            assert!(!name.is_empty(), "{}: a type without a name", file.path);
            homes.entry(name).or_default().push(file.path.clone());
        }
    }
    assert!(homes.len() > 50, "the types are found: {}", homes.len());
    homes.retain(|_, files| files.len() > 1);
    assert!(
        homes.is_empty(),
        "of types with one name the description tells of only one, for all of them; give them names of their own: {homes:?}"
    );
}
