//! `container` and `services`.

use std::sync::Arc;

use super::context::Context;
use super::quiet::{node, value};
use crate::model::{Container, Credentials, Env, Fields, Literal, Service, Services};
use crate::span::Spanned;
use crate::tree::{Kind, Node};

impl Context<'_> {
    /// What the steps of a job run in.
    pub(super) fn container(&self, fields: &Fields) -> Option<Spanned<Container>> {
        self.container_of(node(fields, "container")?)
    }

    /// What runs beside a job.
    pub(super) fn services(&self, fields: &Fields) -> Option<Spanned<Literal<Services>>> {
        let node = node(fields, "services")?;
        let Some(mapping) = node.as_mapping() else {
            return self.expression_for(node);
        };
        let mut services = Services::new();
        for entry in &mapping.entries {
            let Some(container) = self.container_of(&entry.value) else {
                continue;
            };
            let own = |key: &str| {
                let node = value(entry.value.as_mapping()?, key)?;
                self.plain_text(node)
            };
            services.entry(Arc::clone(&entry.key.text)).or_insert(Service {
                key: entry.key.span,
                container,
                entrypoint: own("entrypoint"),
                command: own("command"),
            });
        }
        Some(Spanned::new(Literal::Value(services), node.span))
    }

    fn container_of(&self, node: &Node) -> Option<Spanned<Container>> {
        let Some(mapping) = node.as_mapping() else {
            let image = self.plain_text(node)?;
            let container = Container {
                image,
                credentials: None,
                env: None,
                ports: None,
                volumes: None,
                options: None,
            };
            return Some(Spanned::new(container, node.span));
        };
        let container = Container {
            image: self.filled_text(value(mapping, "image")?)?,
            credentials: value(mapping, "credentials").and_then(|node| self.credentials(node)),
            env: value(mapping, "env").and_then(|node| self.quiet_env(node)),
            ports: value(mapping, "ports").and_then(|node| self.text_list(node)),
            volumes: value(mapping, "volumes").and_then(|node| self.text_list(node)),
            options: value(mapping, "options").and_then(|node| self.plain_text(node)),
        };
        Some(Spanned::new(container, node.span))
    }

    fn credentials(&self, node: &Node) -> Option<Spanned<Literal<Credentials>>> {
        let Some(mapping) = node.as_mapping() else {
            return self.expression_for(node);
        };
        let credentials = Credentials {
            username: value(mapping, "username").and_then(|node| self.filled_text(node)),
            password: value(mapping, "password").and_then(|node| self.filled_text(node)),
        };
        Some(Spanned::new(Literal::Value(credentials), node.span))
    }

    /// An `env` whose mistakes the tables report.
    pub(super) fn quiet_env(&self, node: &Node) -> Option<Spanned<Env>> {
        let env = match &node.kind {
            Kind::Mapping(mapping) => {
                let entries = mapping.entries.iter();
                let variables = entries
                    .filter_map(|entry| Some((entry.key.text.to_string(), self.plain_text(&entry.value)?)));
                Env::Variables(variables.collect())
            }
            _ => match self.expression_for::<()>(node)?.value {
                Literal::Expression(template) => Env::Expression(template),
                Literal::Value(()) => return None,
            },
        };
        Some(Spanned::new(env, node.span))
    }
}
