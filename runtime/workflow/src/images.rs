//! Which image a `runs-on` stands for (design, "The file": the table and its rules).

use indexmap::IndexMap;

use crate::dialect::Dialect;

/// What a job runs in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LabelTarget {
    /// A container of this image.
    Image(String),
    /// The machine itself, without a container.
    Host,
    /// Nothing here: the label is not in the table. Its job is skipped, or refused, as the user says.
    Unmapped(String),
}

/// A language of the table.
#[derive(Debug)]
pub struct Language {
    /// The words that name it; a label is one of them, or one with `-VERSION` behind.
    pub words: &'static [&'static str],
    /// The image without its tag.
    pub image: &'static str,
    /// The tag of the bare word: the newest of the row.
    pub newest: &'static str,
    /// Whether `-latest` is a version, as in GitHub's `ubuntu-latest`.
    pub has_latest: bool,
    /// What is put behind a version that is one number: .NET's tags are `8.0`, its labels `dotnet-8`.
    pub single_number_suffix: &'static str,
}

const fn language(words: &'static [&'static str], image: &'static str, newest: &'static str) -> Language {
    Language {
        words,
        image,
        newest,
        has_latest: false,
        single_number_suffix: "",
    }
}

/// The table.
pub static LANGUAGES: &[Language] = &[
    language(&["node"], "node", "22"),
    language(&["python"], "python", "3.12"),
    language(&["golang", "go"], "golang", "1.23"),
    language(&["java"], "openjdk", "21"),
    language(&["php"], "php", "8.3"),
    language(&["ruby"], "ruby", "3.3"),
    language(&["rust"], "rust", "1.75"),
    Language {
        single_number_suffix: ".0",
        ..language(&["dotnet"], "mcr.microsoft.com/dotnet/sdk", "8.0")
    },
    Language {
        has_latest: true,
        ..language(&["ubuntu"], "ubuntu", "latest")
    },
];

/// The image of a job that has no `runs-on`, which only Loom's files may leave out.
pub const DEFAULT_IMAGE: &str = "ubuntu:latest";

/// GitHub's small runner, which is a container, and its image: https://github.com/actions/runner-images, November 2026.
const SLIM: (&str, &str) = ("ubuntu-slim", "ubuntu:24.04");

/// The word that stands for the machine itself where a user maps a label.
const HOST: &str = "host";

/// The table of languages with what the user put over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageTable {
    /// By label in lowercase: labels are compared without case, as on GitHub.
    overrides: IndexMap<String, LabelTarget>,
}

impl ImageTable {
    /// The table as it comes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Maps a label to an image, or to the machine itself by the word `host`. The last word on a label counts.
    #[must_use]
    pub fn with_override(mut self, label: impl AsRef<str>, image: impl Into<String>) -> Self {
        let image = image.into();
        let mapping = if image == HOST {
            LabelTarget::Host
        } else {
            LabelTarget::Image(image)
        };
        self.overrides
            .insert(label.as_ref().trim().to_ascii_lowercase(), mapping);
        self
    }

    /// What a job with these labels runs in: the first label that is mapped counts. In a Loom file, a label that is in
    /// no table is itself an image; in GitHub's only one that cannot be a label (`alpine:3`, `ghcr.io/me/tool`).
    #[must_use]
    pub fn resolve<'a>(
        &self,
        labels: impl IntoIterator<Item = &'a str> + Clone,
        dialect: Dialect,
    ) -> LabelTarget {
        let mapped = labels.clone().into_iter().find_map(|label| self.lookup(label));
        if let Some(mapping) = mapped {
            return mapping;
        }
        match (labels.into_iter().next(), dialect) {
            (Some(label), Dialect::Loom) => LabelTarget::Image(label.to_owned()),
            (Some(label), Dialect::GitHub) => LabelTarget::Unmapped(label.to_owned()),
            (None, Dialect::Loom) => LabelTarget::Image(DEFAULT_IMAGE.to_owned()),
            (None, Dialect::GitHub) => LabelTarget::Unmapped(String::new()),
        }
    }

    /// What a job with these labels and in this group of runners runs in. A group alone is a set of machines that somebody
    /// else keeps: nothing runs it unless it is mapped, as a label is.
    #[must_use]
    pub fn resolve_runner<'a>(
        &self,
        labels: impl IntoIterator<Item = &'a str> + Clone,
        group: Option<&str>,
        dialect: Dialect,
    ) -> LabelTarget {
        match group.filter(|_| labels.clone().into_iter().next().is_none()) {
            Some(group) => self
                .lookup(group)
                .unwrap_or_else(|| LabelTarget::Unmapped(group.to_owned())),
            None => self.resolve(labels, dialect),
        }
    }

    fn lookup(&self, label: &str) -> Option<LabelTarget> {
        let folded = label.trim().to_ascii_lowercase();
        if let Some(mapping) = self.overrides.get(&folded) {
            return Some(mapping.clone());
        }
        let image = (folded == SLIM.0).then(|| SLIM.1.to_owned());
        let image = image.or_else(|| LANGUAGES.iter().find_map(|language| language.image_for(&folded)));
        image
            .or_else(|| is_image_only(label).then(|| label.to_owned()))
            .map(LabelTarget::Image)
    }
}

impl Language {
    fn image_for(&self, label: &str) -> Option<String> {
        self.words.iter().find_map(|word| {
            let rest = label.strip_prefix(word)?;
            if rest.is_empty() {
                return Some(format!("{}:{}", self.image, self.newest));
            }
            let version = rest.strip_prefix('-')?;
            let numbers = version.split('.').count();
            if self.has_latest && version == "latest" {
                Some(format!("{}:latest", self.image))
            } else if is_version(version) {
                let suffix = if numbers == 1 {
                    self.single_number_suffix
                } else {
                    ""
                };
                Some(format!("{}:{version}{suffix}", self.image))
            } else {
                None
            }
        })
    }
}

/// Whether a word can be the name of an image: lowercase, no spaces, no empty parts.
#[must_use]
pub fn is_image_name(text: &str) -> bool {
    // A tag or digest may have capitals, the name before it may not.
    let last = text.rfind('/').map_or(0, |slash| slash + 1);
    let tail = text.get(last..).unwrap_or_default();
    let name_end = tail.find([':', '@']).map_or(text.len(), |at| last + at);
    let (name, tag) = text.split_at_checked(name_end).unwrap_or((text, ""));
    let part_is_fine = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | ':'))
    };
    let tag_is_fine = tag
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '@'));
    name.split('/').all(part_is_fine) && tag_is_fine && !tag.ends_with([':', '@'])
}

/// Digits with dots between: `22`, `3.12`, `24.04`.
fn is_version(text: &str) -> bool {
    text.split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Labels hold neither; names of images with a registry, a tag or a digest do.
fn is_image_only(label: &str) -> bool {
    label.contains([':', '/']) && is_image_name(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(name: &str) -> LabelTarget {
        LabelTarget::Image(name.to_owned())
    }

    #[test]
    fn every_row_of_the_design_maps() {
        let table = ImageTable::new();
        for (label, want) in [
            ("node", "node:22"),
            ("node-16", "node:16"),
            ("node-18", "node:18"),
            ("node-20", "node:20"),
            ("node-22", "node:22"),
            ("ubuntu-slim", "ubuntu:24.04"),
            ("node-21", "node:21"),
            ("python", "python:3.12"),
            ("python-3.9", "python:3.9"),
            ("python-3.13", "python:3.13"),
            ("golang", "golang:1.23"),
            ("go", "golang:1.23"),
            ("go-1.21", "golang:1.21"),
            ("golang-1.22", "golang:1.22"),
            ("java", "openjdk:21"),
            ("java-11", "openjdk:11"),
            ("php", "php:8.3"),
            ("php-8.1", "php:8.1"),
            ("ruby", "ruby:3.3"),
            ("ruby-3.1", "ruby:3.1"),
            ("rust", "rust:1.75"),
            ("rust-1.80", "rust:1.80"),
            ("dotnet", "mcr.microsoft.com/dotnet/sdk:8.0"),
            ("dotnet-6", "mcr.microsoft.com/dotnet/sdk:6.0"),
            ("dotnet-9", "mcr.microsoft.com/dotnet/sdk:9.0"),
            ("dotnet-8.0", "mcr.microsoft.com/dotnet/sdk:8.0"),
            ("ubuntu-latest", "ubuntu:latest"),
            ("Ubuntu-Latest", "ubuntu:latest"),
            ("ubuntu-20.04", "ubuntu:20.04"),
            ("ubuntu-24.04", "ubuntu:24.04"),
            ("ubuntu", "ubuntu:latest"),
            ("alpine:latest", "alpine:latest"),
            ("nginx:alpine", "nginx:alpine"),
            ("ghcr.io/me/tool", "ghcr.io/me/tool"),
            ("localhost:5000/x@sha256:abc", "localhost:5000/x@sha256:abc"),
        ] {
            for dialect in [Dialect::Loom, Dialect::GitHub] {
                assert_eq!(table.resolve([label], dialect), image(want), "{label}");
            }
        }
    }

    #[test]
    fn other_words_are_images_in_loom_and_unmapped_on_github() {
        let table = ImageTable::new();
        for label in [
            "macos-latest",
            "self-hosted",
            "alpine",
            "node-18-alpine",
            "ubuntu-24.04-arm",
            "nodejs",
            "node-",
        ] {
            assert_eq!(table.resolve([label], Dialect::Loom), image(label));
            assert_eq!(
                table.resolve([label], Dialect::GitHub),
                LabelTarget::Unmapped(label.to_owned())
            );
        }
        assert_eq!(table.resolve([], Dialect::Loom), image("ubuntu:latest"));
    }

    #[test]
    fn overrides_come_first_and_the_first_mapped_label_counts() {
        let table = ImageTable::new()
            .with_override("Self-Hosted", "host")
            .with_override("ubuntu-latest", "mine:1")
            .with_override("ubuntu-latest", "mine:2");
        assert_eq!(table.resolve(["ubuntu-latest"], Dialect::GitHub), image("mine:2"));
        assert_eq!(
            table.resolve(["linux", "self-hosted"], Dialect::GitHub),
            LabelTarget::Host
        );
        assert_eq!(
            table.resolve(["linux", "ubuntu-22.04", "self-hosted"], Dialect::GitHub),
            image("ubuntu:22.04")
        );
        assert_eq!(
            table.resolve(["linux", "x64"], Dialect::GitHub),
            LabelTarget::Unmapped("linux".to_owned())
        );
        // A list of labels is about machines: the table goes before the word as an image.
        assert_eq!(
            table.resolve(["linux", "node-20"], Dialect::Loom),
            image("node:20")
        );
    }

    #[test]
    fn names_of_images_are_told_from_prose() {
        for name in [
            "alpine",
            "a/b/c:1.2",
            "host:5000/x",
            "x@sha256:0aF",
            "ghcr.io/me/tool:V1",
            "a_b.c-d",
        ] {
            assert!(is_image_name(name), "{name}");
        }
        for name in [
            "",
            "My Image",
            "Alpine",
            "a//b",
            "x:",
            "a b:1",
            "-x",
            "${{ matrix.os }}",
            "a:b c",
        ] {
            assert!(!is_image_name(name), "{name}");
        }
    }
}
