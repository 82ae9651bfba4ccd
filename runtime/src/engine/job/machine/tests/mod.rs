//! The machine of a job against each rule, and against every order of what it hears.

mod orders;
mod pause;
mod rules;
mod sim;
mod stops;
