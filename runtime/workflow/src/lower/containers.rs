//! `container` and `services`.

use super::checked::value;
use super::context::Context;
use super::fields::Fields;
use super::free::named;
use crate::expression::is_in;
use crate::model::{Container, Credentials, Env, Literal, Services};
use crate::span::Spanned;
use crate::tree::{Kind, Node};

impl Context<'_> {
    /// What the steps of a job run in.
    pub(super) fn container(&self, fields: &Fields<'_>) -> Option<Spanned<Literal<Container>>> {
        self.container_of(fields.value("container")?)
    }

    /// What runs beside a job.
    pub(super) fn services(&self, fields: &Fields<'_>) -> Option<Spanned<Literal<Services>>> {
        self.mapping_or_computed(fields.value("services")?, |mapping| {
            let mut services = Services::with_capacity(mapping.entries.len());
            services.incomplete = mapping.incomplete;
            for entry in &mapping.entries {
                match self.container_of(&entry.value) {
                    Some(value) => services.add(&entry.key.text, || named(&entry.key, value)),
                    None => services.incomplete = true,
                }
            }
            Some(services)
        })
    }

    fn container_of(&self, node: &Node) -> Option<Spanned<Literal<Container>>> {
        if node.as_scalar().is_some_and(|scalar| !is_in(&scalar.text)) {
            let container = Container {
                image: self.plain_text(node)?,
                credentials: None,
                env: None,
                ports: None,
                volumes: None,
                options: None,
                entrypoint: None,
                command: None,
            };
            return Some(Spanned::new(Literal::Value(container), node.span));
        }
        self.mapping_or_computed(node, |mapping| {
            let text = |key: &str| value(mapping, key).and_then(|node| self.plain_text(node));
            Some(Container {
                image: self.filled_text(value(mapping, "image")?)?,
                credentials: value(mapping, "credentials").and_then(|node| self.credentials(node)),
                env: value(mapping, "env").and_then(|node| self.checked_env(node)),
                ports: value(mapping, "ports").and_then(|node| self.text_list(node)),
                volumes: value(mapping, "volumes").and_then(|node| self.text_list(node)),
                options: text("options"),
                entrypoint: text("entrypoint"),
                command: text("command"),
            })
        })
    }

    fn credentials(&self, node: &Node) -> Option<Spanned<Literal<Credentials>>> {
        self.mapping_or_computed(node, |mapping| {
            Some(Credentials {
                username: value(mapping, "username").and_then(|node| self.filled_text(node)),
                password: value(mapping, "password").and_then(|node| self.filled_text(node)),
            })
        })
    }

    /// An `env` whose mistakes the tables report.
    pub(super) fn checked_env(&self, node: &Node) -> Option<Spanned<Env>> {
        let env = match &node.kind {
            Kind::Mapping(_) => Env::Variables(self.named_texts(Some(node))),
            _ => match self.expression_for::<()>(node)?.value {
                Literal::Expression(template) => Env::Expression(template),
                Literal::Value(()) | Literal::Computed(_) => return None,
            },
        };
        Some(Spanned::new(env, node.span))
    }
}
