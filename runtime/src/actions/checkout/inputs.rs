//! What a step asks `actions/checkout` for, and whether Loom does it. Pure.

use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;

/// The inputs of `actions/checkout` that mean something here; the defaults are the action's. Credentials are none of
/// them: the repository at hand needs no token, and nothing of the user's is left for the steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutInputs {
    /// `repository`: another repository, as `owner/name`.
    pub repository: Option<String>,
    /// `ref`: a branch, a tag or a commit.
    pub reference: Option<String>,
    /// `path`: where to, below the workspace.
    pub path: Option<String>,
    /// `clean`: whether what is there goes first.
    pub clean: bool,
    /// `fetch-depth`: how many commits of history; 0 is all of it, with every branch and tag.
    pub fetch_depth: u32,
    /// `fetch-tags`: the tags too, whatever the depth.
    pub fetch_tags: bool,
    /// `submodules`.
    pub submodules: Submodules,
    /// `lfs`: the files that Git LFS keeps elsewhere.
    pub lfs: bool,
    /// `sparse-checkout`: only these folders or patterns.
    pub sparse: Vec<String>,
    /// `sparse-checkout-cone-mode`: whether they are folders.
    pub sparse_cone: bool,
}

/// Which submodules are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Submodules {
    /// None: their folders are empty.
    #[default]
    None,
    /// Those of the repository.
    Direct,
    /// Theirs too.
    Recursive,
}

/// Who does a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// Loom, from the repository at hand.
    Here,
    /// The action itself, and why.
    RealAction(String),
}

impl From<&IndexMap<String, String>> for CheckoutInputs {
    /// Reads the inputs of a step, evaluated; names are compared without regard to case, an empty value is none.
    fn from(inputs: &IndexMap<String, String>) -> Self {
        let get = |name: &str| {
            let mut found = inputs.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
            let value = found.next().map(|(_, value)| value.trim().to_owned());
            value.filter(|value| !value.is_empty())
        };
        let is =
            |name: &str, default: bool| get(name).map_or(default, |value| value.eq_ignore_ascii_case("true"));
        let submodules = match get("submodules")
            .map(|value| value.to_ascii_lowercase())
            .as_deref()
        {
            Some("true") => Submodules::Direct,
            Some("recursive") => Submodules::Recursive,
            _ => Submodules::None,
        };
        let sparse = get("sparse-checkout").unwrap_or_default();
        Self {
            repository: get("repository"),
            reference: get("ref"),
            path: get("path"),
            clean: is("clean", true),
            fetch_depth: get("fetch-depth").map_or(1, |value| depth(&value)),
            fetch_tags: is("fetch-tags", false),
            submodules,
            lfs: is("lfs", false),
            sparse: sparse
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
            sparse_cone: is("sparse-checkout-cone-mode", true),
        }
    }
}

/// A depth as the action reads it: what is no number, or below 0, is all of it.
fn depth(value: &str) -> u32 {
    let number = value.parse::<f64>().unwrap_or(0.0).floor();
    let mut depth = 0;
    if number >= 1.0 {
        depth = u32::MAX;
        if number < f64::from(u32::MAX) {
            depth = format!("{number:.0}").parse().unwrap_or(0);
        }
    }
    depth
}

/// Whether Loom does this checkout: the repository at hand is `owner/name`, as `github.repository` has it.
#[must_use]
pub fn serves(inputs: &CheckoutInputs, repository_at_hand: &str) -> Served {
    match &inputs.repository {
        Some(other) if !other.eq_ignore_ascii_case(repository_at_hand) => Served::RealAction(format!(
            "{other} is not the repository at hand, which is {repository_at_hand}"
        )),
        _ => Served::Here,
    }
}

/// What there is to know before the action itself checks out another repository with no token: it wants one whatever the
/// repository, and says so in words that help nobody here. `at_hand` is the token of the run, empty when there is none.
#[must_use]
pub fn token_hint(inputs: &IndexMap<String, String>, at_hand: &str) -> Option<&'static str> {
    let mut given = inputs
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("token"));
    let token = given.next().map_or(at_hand, |(_, token)| token);
    token.trim().is_empty().then_some(
        "actions/checkout wants a token for another repository than the one at hand, also for a public one, and there is none: run with `-s GITHUB_TOKEN`, or give the step a `token`",
    )
}

impl CheckoutInputs {
    /// Where to, below the workspace; empty for the workspace itself, which has these names. As the action does, a path
    /// is resolved by its words.
    ///
    /// # Errors
    /// The path as written, when it is not below the workspace.
    pub fn place(&self, workspaces: &[&Path]) -> Result<PathBuf, String> {
        let Some(path) = &self.path else {
            return Ok(PathBuf::new());
        };
        let below = Path::new(path);
        let mut inside = workspaces
            .iter()
            .filter_map(|workspace| below.strip_prefix(workspace).ok());
        let below = inside.next().unwrap_or(below);
        let mut place = PathBuf::new();
        for part in below.components() {
            match part {
                Component::Normal(name) => place.push(name),
                Component::CurDir => {}
                Component::ParentDir if place.pop() => {}
                _ => return Err(path.clone()),
            }
        }
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(pairs: &[(&str, &str)]) -> CheckoutInputs {
        let map: IndexMap<String, String> = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        CheckoutInputs::from(&map)
    }

    #[test]
    fn inputs_are_read_as_the_action_reads_them() {
        let plain = inputs(&[("ref", ""), ("repository", " ")]);
        assert_eq!((plain.fetch_depth, plain.clean, plain.reference), (1, true, None));
        let all = inputs(&[
            ("REF", "v1"),
            ("fetch-depth", "0"),
            ("clean", "False"),
            ("submodules", "Recursive"),
            ("sparse-checkout", "a\n\n b\n"),
            ("lfs", "TRUE"),
        ]);
        assert_eq!(all.reference.as_deref(), Some("v1"));
        assert_eq!((all.fetch_depth, all.clean, all.lfs), (0, false, true));
        assert_eq!(all.submodules, Submodules::Recursive);
        assert_eq!(all.sparse, ["a", "b"]);
        for (text, want) in [("3", 3), ("2.9", 2), ("-1", 0), ("many", 0), ("1e30", u32::MAX)] {
            assert_eq!(inputs(&[("fetch-depth", text)]).fetch_depth, want, "{text}");
        }
    }

    #[test]
    fn another_repository_is_the_actions_own() {
        for (repository, here) in [("", true), ("o/r", true), ("O/R", true), ("o/other", false)] {
            let served = serves(&inputs(&[("repository", repository)]), "o/r");
            assert_eq!(served == Served::Here, here, "{repository}: {served:?}");
        }
    }

    #[test]
    fn without_a_token_another_repository_is_hinted_at() {
        for (pairs, at_hand, hinted) in [
            (&[][..], "", true),
            (&[("Token", " ")], "t", true),
            (&[("Token", "t")], "", false),
            (&[], "t", false),
        ] {
            let inputs: IndexMap<String, String> =
                pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            assert_eq!(
                token_hint(&inputs, at_hand).is_some(),
                hinted,
                "{pairs:?} {at_hand}"
            );
        }
    }

    #[test]
    fn a_path_stays_below_the_workspace() {
        for (path, want) in [
            ("", Some("")),
            (".", Some("")),
            ("a/./b/..", Some("a")),
            ("/w/x", Some("x")),
            ("/in/y", Some("y")),
            ("../x", None),
            ("a/../..", None),
            ("/elsewhere", None),
        ] {
            let place = inputs(&[("path", path)])
                .place(&[Path::new("/in"), Path::new("/w")])
                .ok();
            assert_eq!(place.as_deref(), want.map(Path::new), "{path}");
        }
    }
}
