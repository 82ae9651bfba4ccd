//! `loom-runtime schema`: the JSON Schema of `.loom.yml` for editors.

use super::{Exit, data, talk};

pub(super) fn schema() -> Exit {
    // Made without JSON tools; read once, so that what is printed is JSON for sure, and set out for people.
    let pretty = serde_json::from_str::<serde_json::Value>(&loom_workflow::json_schema())
        .and_then(|schema| serde_json::to_string_pretty(&schema));
    match pretty {
        Ok(text) => {
            data::print(&format!("{text}\n"));
            Exit::Success
        }
        Err(error) => {
            talk::error(&format!("the schema cannot be written: {error}"));
            Exit::Machine
        }
    }
}

#[cfg(test)]
mod tests;
