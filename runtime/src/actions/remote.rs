//! What a repository elsewhere says of its branches and tags. Pure: text in, commits out.

/// The branches and tags of a repository, as `git ls-remote` lists them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Advertised {
    /// Commit (or tag object) and full name.
    refs: Vec<(String, String)>,
}

/// What the start of a commit's name leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Short {
    /// One commit.
    One(String),
    /// Several.
    Several,
    /// None of those that branches and tags are at.
    None,
}

/// How many names are offered instead of one that is not there.
const OFFERED: usize = 3;

impl Advertised {
    pub(super) fn parse(text: &str) -> Self {
        let refs = text.lines().filter_map(|line| {
            let (commit, name) = line.split_once('\t')?;
            is_full(commit).then(|| (commit.to_owned(), name.trim_end().to_owned()))
        });
        Self { refs: refs.collect() }
    }

    /// The commit of a tag or a branch, the tag first, as git itself prefers it; what an annotated tag is of.
    pub(super) fn commit_of(&self, version: &str) -> Option<&str> {
        if version.starts_with("refs/") {
            return self.peeled(version);
        }
        self.peeled(&format!("refs/tags/{version}"))
            .or_else(|| self.peeled(&format!("refs/heads/{version}")))
    }

    fn peeled(&self, name: &str) -> Option<&str> {
        let find = |wanted: &str| self.refs.iter().find(|(_, name)| name == wanted);
        let (commit, _) = find(&format!("{name}^{{}}")).or_else(|| find(name))?;
        Some(commit)
    }

    /// The commit whose name begins so, among those that branches and tags are at.
    pub(super) fn short(&self, start: &str) -> Short {
        let mut found: Vec<&str> = self
            .names()
            .filter_map(|name| self.peeled(name))
            .filter(|commit| commit.starts_with(start))
            .collect();
        found.sort_unstable();
        found.dedup();
        match found.as_slice() {
            [] => Short::None,
            [one] => Short::One((*one).to_owned()),
            _ => Short::Several,
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.refs.iter().map(|(_, name)| name.as_str());
        names.filter(|name| !name.ends_with("^{}"))
    }

    /// Branches and tags with names like this one, the likeliest first.
    pub(super) fn closest(&self, version: &str) -> Vec<String> {
        let wanted = version
            .trim_start_matches("refs/tags/")
            .trim_start_matches("refs/heads/")
            .to_lowercase();
        let length = wanted.chars().count();
        let mut names: Vec<(usize, &str)> = self
            .names()
            .filter_map(|name| {
                name.strip_prefix("refs/tags/")
                    .or(name.strip_prefix("refs/heads/"))
            })
            .filter(|name| name.len() <= 200 && length <= 200)
            .filter_map(|name| {
                let lower = name.to_lowercase();
                let distance = strsim::damerau_levenshtein(&wanted, &lower);
                // `v4` for `4`, `v4.1.0` for `v4.1`: one is the start or the end of the other.
                let part =
                    lower.starts_with(&wanted) || lower.ends_with(&wanted) || wanted.starts_with(&lower);
                let near = distance <= (length / 3).clamp(1, 3) && distance < length.max(1);
                (near || (part && length > 0)).then_some((distance, name))
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
            .into_iter()
            .take(OFFERED)
            .map(|(_, name)| name.to_owned())
            .collect()
    }
}

/// Whether a version is the full name of a commit, in SHA-1 or SHA-256.
pub(super) fn is_full(version: &str) -> bool {
    matches!(version.len(), 40 | 64) && version.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a version may be the start of a commit's name.
pub(super) fn is_short(version: &str) -> bool {
    (7..40).contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Why this cannot be the name of a branch, a tag or a commit; after git-check-ref-format(1).
pub(super) fn problem_of_version(version: &str) -> Option<&'static str> {
    let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    if version.is_empty() || version.len() > 1_000 {
        Some("the version is empty or too long")
    } else if version.starts_with('-') || version.starts_with('/') || version.ends_with('/') {
        Some("the version begins or ends with a character that no version does")
    } else if version.contains(forbidden) || version.contains("..") || version.contains("@{") {
        Some("the version has characters that no branch, tag or commit has")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(digit: char) -> String {
        std::iter::repeat_n(digit, 40).collect()
    }

    fn advertised() -> Advertised {
        let lines = [
            (sha('a'), "HEAD"),
            (sha('a'), "refs/heads/main"),
            (sha('b'), "refs/heads/v1"),
            (sha('c'), "refs/tags/v1"),
            (sha('d'), "refs/tags/v1^{}"),
            (sha('e'), "refs/tags/v1.2.0"),
            (sha('f'), "refs/pull/1/head"),
        ];
        let text: String = lines
            .iter()
            .map(|(sha, name)| format!("{sha}\t{name}\n"))
            .collect();
        Advertised::parse(&format!("warning: x\n{text}"))
    }

    #[test]
    fn a_tag_beats_a_branch_and_is_peeled() {
        let advertised = advertised();
        for (version, want) in [
            ("main", Some('a')),
            ("v1", Some('d')),
            ("refs/heads/v1", Some('b')),
            ("refs/pull/1/head", Some('f')),
            ("v1.2.0", Some('e')),
            ("v2", None),
            ("HEAD", None),
        ] {
            let want = want.map(sha);
            assert_eq!(advertised.commit_of(version), want.as_deref(), "{version}");
        }
    }

    #[test]
    fn the_start_of_a_commit_is_enough_where_it_is_one() {
        let advertised = advertised();
        assert_eq!(advertised.short("ddddddd"), Short::One(sha('d')));
        assert_eq!(advertised.short("ccccccc"), Short::None);
        assert_eq!(advertised.short(""), Short::Several);
    }

    #[test]
    fn near_names_are_offered() {
        let advertised = advertised();
        assert_eq!(advertised.closest("mian"), ["main"]);
        assert_eq!(advertised.closest("1.2.0"), ["v1.2.0"]);
        assert_eq!(advertised.closest("v1.2"), ["v1", "v1.2.0"]);
        assert!(advertised.closest("something-else").is_empty());
    }

    #[test]
    fn versions_are_names_that_git_knows() {
        for version in ["v4", "releases/v1", "main", "refs/heads/a", "1.0-beta+2"] {
            assert_eq!(problem_of_version(version), None, "{version}");
        }
        for version in ["", "-x", "/a", "a/", "a b", "a..b", "a:b", "*", "a@{1}", "a\nb"] {
            assert!(problem_of_version(version).is_some(), "{version}");
        }
    }
}
