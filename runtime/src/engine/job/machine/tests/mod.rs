//! The machine of a job against each rule, and against every order of what it hears.

mod attached;
mod orders;
mod pause;
mod retry;
mod rules;
mod sim;
mod stops;

/// A `retry` with so many attempts and no delay.
fn retries(attempts: u32) -> loom_workflow::RetryPlan {
    let attempts = loom_workflow::Spanned::new(attempts, loom_workflow::Span::default());
    loom_workflow::RetryPlan::of(&loom_workflow::model::Retry {
        max_attempts: Some(attempts),
        ..loom_workflow::model::Retry::default()
    })
}
