//! Loom's own keys: `retry`, `on-lost`.

use std::time::Duration;

use super::checked::value;
use super::context::{Context, Owner, What};
use super::fields::Fields;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::model::{OnLost, Retry, parse_delay};
use crate::span::Spanned;
use crate::tree::{Node, Value};
use crate::words::name;

impl Context<'_> {
    /// What becomes of a job or step that fails.
    pub(super) fn retry(&mut self, fields: &Fields<'_>, owner: &Owner<'_>) -> Option<Spanned<Retry>> {
        let node = fields.value("retry")?;
        let mapping = node.as_mapping()?;
        let owner = owner.part(What::Key("retry"));
        let retry = Retry {
            max_attempts: value(mapping, "max-attempts").and_then(|node| self.attempts(node, &owner)),
            delay: value(mapping, "delay").and_then(|node| self.delay(node, "delay", &owner)),
            factor: value(mapping, "factor").and_then(|node| self.factor(node, &owner)),
            max_delay: value(mapping, "max-delay").and_then(|node| self.delay(node, "max-delay", &owner)),
        };
        Some(Spanned::new(retry, node.span))
    }

    /// What becomes of a step whose end was not seen.
    pub(super) fn on_lost(&self, fields: &Fields<'_>) -> Option<Spanned<OnLost>> {
        let node = fields.value("on-lost")?;
        let on_lost = match &*node.as_scalar()?.text {
            "retry" => OnLost::Retry,
            "fail" => OnLost::Fail,
            _ => return None,
        };
        Some(Spanned::new(on_lost, node.span))
    }

    fn attempts(&mut self, node: &Node, owner: &Owner<'_>) -> Option<Spanned<u32>> {
        let number = number(node)?;
        if number.fract() != 0.0 || !(1.0..=f64::from(u32::MAX)).contains(&number) {
            self.refused(
                node,
                "max-attempts",
                owner,
                "it counts the first time too, so it is 1 or more",
            );
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within the type after the check"
        )]
        Some(Spanned::new(number as u32, node.span))
    }

    fn factor(&mut self, node: &Node, owner: &Owner<'_>) -> Option<Spanned<f64>> {
        let number = number(node)?;
        if !(number.is_finite() && number >= 1.0) {
            self.refused(
                node,
                "factor",
                owner,
                "delays do not become shorter, so it is 1 or more",
            );
            return None;
        }
        Some(Spanned::new(number, node.span))
    }

    fn delay(&mut self, node: &Node, key: &str, owner: &Owner<'_>) -> Option<Spanned<Duration>> {
        let scalar = node.as_scalar()?;
        // An expression, or nothing at all, is reported by the tables.
        if scalar.text.contains("${{") || node.is_null() {
            return None;
        }
        match parse_delay(&scalar.text) {
            Some(delay) => Some(Spanned::new(delay, node.span)),
            None => {
                self.refused(
                    node,
                    key,
                    owner,
                    "a length of time is a number with a unit: `500ms`, `10s`, `5m`, `1h`",
                );
                None
            }
        }
    }

    fn refused(&mut self, node: &Node, key: &str, owner: &Owner<'_>, why: &str) {
        let written = node
            .as_scalar()
            .map(|scalar| name(&scalar.text))
            .unwrap_or_default();
        self.report(
            Diagnostic::new(
                codes::WRONG_TYPE,
                format!("`{key}` of {} cannot be {written}", owner),
            )
            .at(node.span, "no such value")
            .help(why),
        );
    }
}

fn number(node: &Node) -> Option<f64> {
    match node.as_scalar()?.value {
        Value::Number(number) => Some(number),
        _ => None,
    }
}
