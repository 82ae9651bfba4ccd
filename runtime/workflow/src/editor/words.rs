//! What keys, contexts and functions mean, in words: `data/keys.txt` and `data/contexts.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::expression::{Function, folded};

static KEYS: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| read(include_str!("../../data/keys.txt")).collect());

/// By their names in lowercase.
static CONTEXTS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let all = read(include_str!("../../data/contexts.txt"));
    all.map(|(path, words)| (folded(path), words)).collect()
});

fn read(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(" = "))
}

/// What the key at the end of a path means.
pub(super) fn of_key(path: &str) -> Option<&'static str> {
    // Under the top level a key has a meaning of its own, whatever keys of this name further in mean.
    ends(path).find_map(|end| KEYS.get(end).copied())
}

/// What is at the end of a path in an expression, names that the writer of the file chose as `*` where nothing fits them.
pub(super) fn of_context(path: &[&str]) -> Option<&'static str> {
    let exact = CONTEXTS.get(&folded(&path.join(".")));
    let chosen = || {
        let (first, rest) = path.split_first()?;
        let (_, last) = rest.split_first()?;
        let mut shown = vec![*first, "*"];
        shown.extend(last);
        CONTEXTS.get(&folded(&shown.join(".")))
    };
    let in_job = || match path {
        [job, services, _, rest] => CONTEXTS.get(&folded(&[job, services, "*", rest].join("."))),
        _ => None,
    };
    exact.or_else(chosen).or_else(in_job).copied()
}

/// What a function gives.
pub(super) fn of_function(function: Function) -> Option<&'static str> {
    CONTEXTS.get(&folded(&format!("{}()", function.name()))).copied()
}

/// A path, and what is left of it without its first names, the longest first.
fn ends(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.split_once('.').map(|(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{WorkflowKey, allowed};

    #[test]
    fn every_key_of_the_language_is_explained() {
        let all = crate::schema::every_key();
        let missing: Vec<&String> = all.iter().filter(|path| of_key(path).is_none()).collect();
        assert!(missing.is_empty(), "{missing:#?}");
        // Every entry is of use.
        for (entry, _) in read(include_str!("../../data/keys.txt")) {
            let used = all
                .iter()
                .any(|path| ends(path).find(|end| KEYS.contains_key(end)) == Some(entry));
            assert!(used, "no key is `{entry}`");
        }
    }

    #[test]
    fn every_context_and_function_is_explained() {
        for function in Function::ALL {
            assert!(of_function(function).is_some(), "{}", function.name());
        }
        for key in WorkflowKey::ALL {
            for context in allowed(*key).contexts {
                assert!(of_context(&[context]).is_some(), "{context}");
            }
        }
        assert!(of_context(&["steps", "build", "outputs"]).is_some());
        assert!(of_context(&["GitHub", "REF"]).is_some());
        assert!(of_context(&["job", "services", "db", "ports"]).is_some());
        assert_eq!(of_context(&["github", "nothing"]), None);
    }

    #[test]
    fn a_key_means_what_its_place_says() {
        assert_ne!(of_key("jobs.*.name"), of_key("name"));
        assert!(of_key("jobs.*.steps.run").unwrap().contains("script"));
        assert!(of_key("on.push.branches").unwrap().starts_with("Branches"));
    }
}
