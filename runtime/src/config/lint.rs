//! `[lint]` of a configuration file: levels by code, labels of own runners, paths that are left out.

use std::collections::BTreeMap;
use std::fmt;

use ignore::gitignore::GitignoreBuilder;
use loom_workflow::{LintLevel, Lints};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::file::both;

/// What is wanted of lints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintConfig {
    /// Levels by code, or by the beginning of codes and `*`. Each name stands for a lint at least.
    pub levels: BTreeMap<String, LintLevel>,
    /// Labels of one's own runners, in which `*` stands for anything.
    pub labels: Vec<String>,
    /// Paths that are left out, from the folder of the file, as in a `.gitignore`.
    pub exclude: Vec<String>,
}

impl LintConfig {
    /// This file's word first; labels and paths of both.
    pub(super) fn or(self, other: Self) -> Self {
        let all = |mut first: Vec<String>, second: Vec<String>| {
            first.extend(second);
            first
        };
        Self {
            levels: both(self.levels, other.levels),
            labels: all(self.labels, other.labels),
            exclude: all(self.exclude, other.exclude),
        }
    }

    /// The same as checks take it.
    #[must_use]
    pub fn lints(&self) -> Lints {
        let levels = self.levels.iter().map(|(name, level)| (name.as_str(), *level));
        // Every name was looked at as it was read.
        Lints::new(levels, self.labels.iter().map(String::as_str)).unwrap_or_default()
    }
}

/// A key of the table.
enum Key {
    Labels,
    Exclude,
    Level(String),
}

/// What stands at a code.
struct Word(LintLevel);

/// A path that is left out.
struct Glob(String);

impl<'de> Deserialize<'de> for LintConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Table;

        impl<'de> Visitor<'de> for Table {
            type Value = LintConfig;

            fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
                text.write_str("levels by code, `labels` and `exclude`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<LintConfig, A::Error> {
                let mut config = LintConfig::default();
                while let Some(key) = table.next_key::<Key>()? {
                    match key {
                        Key::Labels => config.labels = table.next_value()?,
                        Key::Exclude => {
                            let globs: Vec<Glob> = table.next_value()?;
                            config.exclude = globs.into_iter().map(|Glob(glob)| glob).collect();
                        }
                        Key::Level(name) => {
                            let Word(level) = table.next_value()?;
                            config.levels.insert(name, level);
                        }
                    }
                }
                Ok(config)
            }
        }

        from.deserialize_map(Table)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match String::deserialize(from)?.as_str() {
            "labels" => Ok(Self::Labels),
            "exclude" => Ok(Self::Exclude),
            name if !name.contains(['/', '*']) && loom_workflow::Code::meant(name).is_empty() => {
                Err(D::Error::custom(format!(
                    "`{name}` is neither `labels` nor `exclude` nor the code of a lint, e.g. `lint/runner-label`"
                )))
            }
            name => match Lints::meant(name) {
                Ok(_) => Ok(Self::Level(name.to_owned())),
                Err(error) => Err(D::Error::custom(error)),
            },
        }
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        LintLevel::named(&word)
            .map(Self)
            .ok_or_else(|| D::Error::unknown_variant(&word, &LintLevel::WORDS))
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let glob = String::deserialize(from)?;
        match GitignoreBuilder::new("").add_line(None, &glob) {
            Ok(_) => Ok(Self(glob)),
            Err(error) => Err(D::Error::custom(format!(
                "`{glob}` is no pattern of paths: {error}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FileConfig;

    #[test]
    fn levels_labels_and_paths_are_read() {
        let text = "[lint]\nlabels = ['gpu-*']\nexclude = ['vendor/']\n'lint/runner-label' = 'off'\n\"lint/*\" = 'note'\n";
        let config: FileConfig = toml::from_str(text).unwrap();
        assert_eq!(config.lint.labels, ["gpu-*"]);
        assert_eq!(config.lint.exclude, ["vendor/"]);
        assert_eq!(config.lint.levels.get("lint/runner-label"), Some(&LintLevel::Off));
        assert_ne!(&config.lint.lints(), Lints::none());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (line, want) in [
            ("'lint/runner-lable' = 'off'", "did you mean `lint/runner-label`?"),
            ("'schema/unknown-key' = 'off'", "keeps its level"),
            ("'lint/timeout' = 'loud'", "expected one of `off`, `note`"),
            ("'lint/timeout' = 3", "invalid type"),
            ("exclud = []", "neither `labels` nor `exclude`"),
            ("runner-label = 'off'", "did you mean `lint/runner-label`?"),
            ("exclude = ['[z-a]']", "no pattern of paths"),
            ("labels = 'x'", "invalid type"),
        ] {
            let error = toml::from_str::<FileConfig>(&format!("[lint]\n{line}\n")).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains(want) && error.contains("line 2"),
                "{line}: {error}"
            );
        }
    }
}
