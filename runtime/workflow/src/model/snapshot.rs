//! An image that is made of a job's machine: `snapshot`.

use super::condition::Condition;
use super::template::Template;
use crate::span::Spanned;

/// The value of `snapshot`.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// `image-name`, or the whole value where it is written as one text.
    pub image_name: Spanned<Template>,
    /// `version`.
    pub version: Option<Spanned<Template>>,
    /// `if`.
    pub condition: Option<Spanned<Condition>>,
}
