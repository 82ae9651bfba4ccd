//! The one place where written values become values. It cannot evaluate expressions yet and says so at each.

use indexmap::IndexMap;

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::is_in;
use crate::model::{Env, Literal, Template};
use crate::span::Spanned;
use crate::words;

/// Makes values, and keeps count of their size: jobs and steps get copies of what the workflow says once.
pub(super) struct Evaluator<'a> {
    pub(super) diagnostics: &'a mut Diagnostics,
    /// Bytes that may still be handed out; `None` once something did not fit.
    left: Option<usize>,
}

/// Most bytes that all values of a plan may have together.
const LARGEST: usize = 256 * 1024 * 1024;
/// What a value takes beside its text.
const OVERHEAD: usize = 64;

impl<'a> Evaluator<'a> {
    pub(super) fn new(diagnostics: &'a mut Diagnostics) -> Self {
        Self {
            diagnostics,
            left: Some(LARGEST),
        }
    }

    /// Runs something whose findings do not matter.
    pub(super) fn quietly<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let findings = std::mem::take(self.diagnostics);
        let value = work(self);
        *self.diagnostics = findings;
        value
    }

    /// Reports values that did not fit: what is incomplete must not become a plan.
    pub(super) fn finish(self) {
        if self.left.is_none() {
            self.diagnostics.push(
                Diagnostic::new(codes::TOO_LARGE, "the plan of this workflow would take too much memory")
                    .help("the variables and defaults of a workflow are copied to each job: make them fewer or shorter"),
            );
        }
    }

    /// The text of a template. Where it holds expressions they are reported, and stand in the text as written.
    pub(super) fn text(&mut self, template: &Template) -> String {
        for expression in template.expressions.iter() {
            self.diagnostics.push(
                Diagnostic::new(codes::EXPRESSION, "expressions are not evaluated yet")
                    .at(*expression, "needs a value at run time")
                    .help("write the value itself, or use an environment variable in the script"),
            );
        }
        if self.take(template.text.len() + OVERHEAD) {
            String::from(&*template.text)
        } else {
            String::new()
        }
    }

    /// The value of a literal; an expression is reported and gives none.
    pub(super) fn literal<T: Copy>(&mut self, literal: &Literal<T>) -> Option<T> {
        match literal {
            Literal::Value(value) => Some(*value),
            Literal::Expression(template) => {
                self.text(template);
                None
            }
        }
    }

    /// The variables of an `env`.
    pub(super) fn env(&mut self, env: Option<&Spanned<Env>>) -> IndexMap<String, String> {
        match env.map(|env| &env.value) {
            None => IndexMap::new(),
            Some(Env::Variables(variables)) => {
                let mut values = IndexMap::with_capacity(variables.len());
                for (name, value) in variables {
                    self.check_variable(name, value);
                    if self.take(name.len()) {
                        values.insert(name.clone(), self.text(value));
                    }
                }
                values
            }
            Some(Env::Expression(template)) => {
                self.text(template);
                IndexMap::new()
            }
        }
    }

    fn check_variable(&mut self, name: &str, value: &Spanned<Template>) {
        if is_in(name) {
            self.diagnostics.push(
                Diagnostic::new(codes::EXPRESSION, "expressions are not evaluated yet")
                    .at(value.span, "the name of this variable needs a value at run time")
                    .help("write the name itself"),
            );
            return;
        }
        if name.contains(['=', '\0']) || value.text.contains('\0') {
            let message = format!("the variable {} cannot be passed to a program", words::name(name));
            self.diagnostics.push(
                Diagnostic::new(codes::VARIABLE, message)
                    .at(value.span, "for its name, or a zero byte in it")
                    .help("names hold no `=`, names and values no zero byte"),
            );
        }
    }

    /// A copy of variables, empty when there is no room for it.
    pub(super) fn copy(&mut self, env: &IndexMap<String, String>) -> IndexMap<String, String> {
        let size = env
            .iter()
            .map(|(name, value)| name.len() + value.len() + OVERHEAD)
            .sum();
        if self.take(size) {
            env.clone()
        } else {
            IndexMap::new()
        }
    }

    fn take(&mut self, bytes: usize) -> bool {
        self.left = self.left.and_then(|left| left.checked_sub(bytes));
        self.left.is_some()
    }
}
