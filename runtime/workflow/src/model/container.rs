//! Containers: the one a job runs in, and those beside it.

use super::env::Env;
use super::template::{Literal, Template};
use super::values::NamedMap;
use crate::span::Spanned;

/// The value of `container`, or of one of `services`. Written as one text it is the image alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// `image`, or the whole value where it is written as one text; an empty image means no container.
    pub image: Spanned<Template>,
    /// `credentials` for the registry.
    pub credentials: Option<Spanned<Literal<Credentials>>>,
    /// `env`.
    pub env: Option<Spanned<Env>>,
    /// `ports`: each `80`, `8080:80` or `8080:80/tcp`.
    pub ports: Option<Spanned<Literal<Vec<Spanned<Template>>>>>,
    /// `volumes`: each `name:/path`, `/host:/path` or `/path`.
    pub volumes: Option<Spanned<Literal<Vec<Spanned<Template>>>>>,
    /// `options`: further arguments as `docker create` takes them.
    pub options: Option<Spanned<Template>>,
    /// `entrypoint` of a service, instead of that of the image.
    pub entrypoint: Option<Spanned<Template>>,
    /// `command` of a service, instead of that of the image.
    pub command: Option<Spanned<Template>>,
}

/// Who logs in at a registry.
#[derive(Clone, Debug, PartialEq)]
pub struct Credentials {
    /// `username`.
    pub username: Option<Spanned<Template>>,
    /// `password`.
    pub password: Option<Spanned<Template>>,
}

/// The value of `services`, by the names that steps reach them by.
pub type Services = NamedMap<Literal<Container>>;
