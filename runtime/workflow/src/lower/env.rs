//! `env`, and `defaults.run`.

use super::context::{Context, Owner, Path, Wanted, What};
use super::fields::{Fields, read};
use super::free::named;
use super::scalars::Empty;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::model::{Defaults, Env, NamedMap};
use crate::schema::keys::{DEFAULTS, DEFAULTS_RUN};
use crate::span::Spanned;
use crate::tree::Kind;

impl Context<'_> {
    /// `env`: a mapping of texts, or one expression for all of it.
    pub(super) fn env(&mut self, fields: &Fields<'_>, owner: &Owner<'_>) -> Option<Spanned<Env>> {
        let node = fields.value("env")?;
        let env = match &node.kind {
            Kind::Mapping(mapping) => {
                let env = Path::new("env");
                let mut variables = NamedMap::with_capacity(mapping.entries.len());
                variables.incomplete = mapping.incomplete;
                for entry in &mapping.entries {
                    if entry.key.text.is_empty() {
                        self.report(
                            Diagnostic::new(
                                codes::EMPTY_VALUE,
                                format!("a variable of {} has no name", owner),
                            )
                            .at(entry.key.span, "a name belongs here"),
                        );
                        variables.incomplete = true;
                        continue;
                    }
                    let key = env.part(&entry.key.text);
                    match self.text_of(&entry.value, key, Empty::Allowed, owner) {
                        Some(value) => variables.add(&entry.key.text, || named(&entry.key, value)),
                        None => variables.incomplete = true,
                    }
                }
                Env::Variables(variables)
            }
            Kind::Scalar(scalar) if scalar.text.trim_start().starts_with("${{") => {
                Env::Expression(self.template(scalar, node.span))
            }
            _ => {
                self.expected(node, "env", owner, &Wanted::MAPPING);
                return None;
            }
        };
        Some(Spanned::new(env, node.span))
    }

    /// `defaults.run`.
    pub(super) fn defaults(&mut self, fields: &Fields<'_>, owner: &Owner<'_>) -> Defaults {
        let Some(written) = fields.value("defaults") else {
            return Defaults::default();
        };
        let Some(outer) = read(self, &DEFAULTS, written, "defaults", owner) else {
            return Defaults::default();
        };
        let owner = owner.part(What::Key("defaults"));
        let Some(run) = outer.value("run") else {
            return Defaults::default();
        };
        let Some(run) = read(self, &DEFAULTS_RUN, run, "run", &owner) else {
            return Defaults::default();
        };
        Defaults {
            shell: self.text(&run, "shell", Empty::Refused, &owner),
            working_directory: self.text(&run, "working-directory", Empty::Refused, &owner),
        }
    }
}
