//! Which names an expression may use.

use std::borrow::Cow;

use super::availability::{WorkflowKey, allowed};
use super::fold;
use super::function::Function;
use super::object::Object;
use crate::words;

/// How many contexts a message lists; GitHub has twelve.
const LISTED: usize = 12;

/// The contexts and special functions that an expression may use.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// `None`: any name is a context.
    contexts: Option<Cow<'a, [&'a str]>>,
    functions: Cow<'static, [Function]>,
    key: Option<WorkflowKey>,
    /// Whether `success` and `failure` may name jobs: in the `if` of a job.
    names_jobs: bool,
}

impl<'a> Scope<'a> {
    /// Any context and every function: to look at the syntax only.
    #[must_use]
    pub fn anything() -> Self {
        Self {
            contexts: None,
            functions: Cow::Borrowed(&Function::ALL),
            key: None,
            names_jobs: true,
        }
    }

    /// What may be used under this key of a file.
    #[must_use]
    pub fn of(key: WorkflowKey) -> Self {
        let here = allowed(key);
        Self {
            contexts: Some(Cow::Borrowed(here.contexts)),
            functions: Cow::Borrowed(here.functions),
            key: Some(key),
            names_jobs: key == WorkflowKey::JobIf,
        }
    }

    /// These contexts, and the general functions.
    #[must_use]
    pub fn of_names(contexts: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            contexts: Some(contexts.into_iter().collect()),
            functions: Cow::Borrowed(&[]),
            key: None,
            names_jobs: false,
        }
    }

    /// The contexts that have a value, and the general functions.
    #[must_use]
    pub fn of_contexts(contexts: &'a Object) -> Self {
        Self::of_names(contexts.iter().map(|(name, _)| name))
    }

    /// The same with these special functions too.
    #[must_use]
    pub fn with_functions(mut self, functions: &[Function]) -> Self {
        self.functions.to_mut().extend_from_slice(functions);
        self
    }

    pub(super) fn has_context(&self, name: &str) -> bool {
        self.contexts
            .as_ref()
            .is_none_or(|contexts| contexts.iter().any(|context| fold::equal(context, name)))
    }

    pub(super) fn has_function(&self, function: Function) -> bool {
        function.is_general() || self.functions.contains(&function)
    }

    /// The most arguments of a function here: only the `if` of a job lets `success` and `failure` name jobs.
    pub(super) fn most_arguments(&self, function: Function) -> usize {
        if function.is_status() && !self.names_jobs {
            return 0;
        }
        function.arguments().1
    }

    /// The context that was probably meant by `name`.
    pub(super) fn closest_context(&self, name: &str) -> Option<&'a str> {
        words::closest(name, self.contexts.as_deref().unwrap_or_default().iter().copied())
    }

    /// The function that was probably meant by `name`.
    pub(super) fn closest_function(&self, name: &str) -> Option<&'static str> {
        let usable = Function::ALL
            .into_iter()
            .filter(|function| self.has_function(*function));
        words::closest(name, usable.map(Function::name))
    }

    /// The operator or context that was probably meant by `name`.
    pub(super) fn operator_or_context(&self, name: &str) -> Option<&'a str> {
        operator(name)
            .or_else(|| status_call(name))
            .or_else(|| self.closest_context(name))
    }

    /// Whether nothing but [`operator_or_context`](Self::operator_or_context) can have been meant.
    pub(super) fn is_certain_context(&self, name: &str) -> bool {
        let contexts = self.contexts.as_deref().unwrap_or_default();
        operator(name).or_else(|| status_call(name)).is_some()
            || self
                .closest_context(name)
                .is_some_and(|meant| words::is_certain(name, meant, contexts.iter().copied(), false))
    }

    /// Whether nothing but [`closest_function`](Self::closest_function) can have been meant.
    pub(super) fn is_certain_function(&self, name: &str) -> bool {
        let all = || Function::ALL.into_iter().map(Function::name);
        self.closest_function(name)
            .is_some_and(|meant| words::is_certain(name, meant, all(), false))
    }

    /// What to do about a context that is not here.
    pub(super) fn help_for_context(&self, name: &str) -> Option<String> {
        if let Some(operator) = operator(name) {
            return Some(format!("`{name}` is written `{operator}`"));
        }
        if name.eq_ignore_ascii_case("not") {
            return Some(format!("`{name}` is written `!`, within `${{{{` and `}}}}`"));
        }
        if let Some(meant) = self.closest_context(name) {
            return Some(format!("did you mean `{meant}`?"));
        }
        if let Some(call) = status_call(name) {
            return Some(format!("a function is called with parentheses: `{call}`"));
        }
        if Function::find(name).is_some() {
            return Some(format!("a function is called with parentheses: `{name}(…)`"));
        }
        if WorkflowKey::is_context(name) && self.key.is_none() {
            return Some(format!("the context `{name}` has no value here"));
        }
        let contexts = self.contexts.as_deref().unwrap_or_default();
        if let Some(key) = self
            .key
            .filter(|_| contexts.is_empty() && WorkflowKey::is_context(name))
        {
            return Some(format!(
                "no context can be used under `{}`: write the value itself",
                key.as_str()
            ));
        }
        let is_word = name.chars().any(|letter| letter.is_ascii_uppercase());
        if is_word || contexts.is_empty() || contexts.len() > LISTED {
            // `ON`, `V1`: rather a text that lacks its quotes than a context.
            return Some(format!(
                "a text stands in single quotes: `'{}'`",
                words::plain(name)
            ));
        }
        let names = words::listed(contexts);
        Some(match self.key {
            Some(key) if WorkflowKey::is_context(name) => {
                format!(
                    "`{name}` cannot be used under `{}`; available here: {names}",
                    key.as_str()
                )
            }
            _ => format!("a text stands in single quotes; available here: {names}"),
        })
    }

    /// What to do about a function that is not here.
    pub(super) fn help_for_function(&self, name: &str) -> Option<String> {
        match (Function::find(name), self.key) {
            (Some(known), Some(key)) => Some(format!(
                "`{}` cannot be used under `{}`",
                known.name(),
                key.as_str()
            )),
            (Some(known), None) => Some(format!("`{}` cannot be used here", known.name())),
            (None, _) => self
                .closest_function(name)
                .map(|meant| format!("did you mean `{meant}`?")),
        }
    }
}

/// The call of a function that says how things went, for its name alone.
fn status_call(name: &str) -> Option<&'static str> {
    match Function::find(name)? {
        Function::Success => Some("success()"),
        Function::Failure => Some("failure()"),
        Function::Cancelled => Some("cancelled()"),
        Function::Always => Some("always()"),
        _ => None,
    }
}

/// The operator for a word of other languages.
fn operator(name: &str) -> Option<&'static str> {
    if name.eq_ignore_ascii_case("and") {
        Some("&&")
    } else if name.eq_ignore_ascii_case("or") {
        Some("||")
    } else {
        None
    }
}
