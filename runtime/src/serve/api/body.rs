//! Bodies that may be left out.

use loom_studio::{ApiError, ApiResult};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What a body says, which may be absent or `null`: some clients send that where nothing is to be said. `like` shows one.
pub(super) fn optional<T: Default + DeserializeOwned>(body: &[u8], like: &str) -> ApiResult<T> {
    let body = body.trim_ascii();
    if body.is_empty() {
        return Ok(T::default());
    }
    // An object, and no list of the values of its fields, which serde would take as well.
    let read = serde_json::from_slice::<Option<Map<String, Value>>>(body).and_then(|said| match said {
        None => Ok(T::default()),
        Some(said) => serde_json::from_value(Value::Object(said)),
    });
    read.map_err(|error| {
        ApiError::bad_request("invalid_body", format!("the body must be like {like}: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::optional;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        #[serde(default)]
        again: bool,
    }

    #[test]
    fn nothing_is_said_by_no_body_and_by_null_and_a_list_is_no_object() {
        for nothing in ["", " \n", "null", "{}"] {
            assert_eq!(
                optional::<Wish>(nothing.as_bytes(), "{}").unwrap(),
                Wish::default()
            );
        }
        assert!(optional::<Wish>(br#"{"again":true}"#, "{}").unwrap().again);
        for wrong in ["[]", "[true]", "5", r#"{"agian":true}"#, r#"{"again":1}"#, "{"] {
            let error = optional::<Wish>(wrong.as_bytes(), r#"{"again":true}"#).unwrap_err();
            assert!(error.to_string().contains(r#"like {"again":true}: "#), "{error}");
        }
    }
}
