//! Which lines of the framework are worth a look.

/// Where the framework reports what is wrong with what clients send, all of it as an error. It is theirs, and they are told:
/// below `debug` it is left out.
const CLIENTS_FAULTS: &str = "actix_http::h1::dispatcher";

/// A log filter (`info`, `warn,loom_studio=debug`) in which mistakes of clients are no errors of the server. They are shown
/// where the filter shows `debug` of everything, and where it names `actix_http` itself.
pub fn log_filter(filter: &str) -> String {
    let mut directives = filter.split(',').map(str::trim);
    let asked = directives.any(|directive| {
        matches!(directive.to_ascii_lowercase().as_str(), "debug" | "trace")
            || directive.starts_with("actix_http")
    });
    if asked || filter.trim().is_empty() {
        return filter.to_owned();
    }
    format!("{filter},{CLIENTS_FAULTS}=off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_faults_are_shown_to_those_who_ask_for_details() {
        assert_eq!(log_filter("info"), "info,actix_http::h1::dispatcher=off");
        assert_eq!(
            log_filter("warn,loom_studio=debug"),
            "warn,loom_studio=debug,actix_http::h1::dispatcher=off"
        );
        for asked in ["debug", "info, TRACE", "info,actix_http=error", ""] {
            assert_eq!(log_filter(asked), asked);
        }
    }
}
