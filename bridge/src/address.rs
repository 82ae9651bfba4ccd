//! Addresses that somebody gave, as they may stand in logs: without what may be secret in them.

/// The address without user, password and query.
pub(crate) fn shown(url: &str) -> String {
    let (known, more) = match url.find(['?', '#']) {
        Some(end) => (url.get(..end).unwrap_or_default(), "?***"),
        None => (url, ""),
    };
    match url.rsplit_once('@') {
        None => format!("{known}{more}"),
        Some((_, host)) if more.is_empty() => format!("***@{host}"),
        // Which of it is the password nobody can tell.
        Some(_) => "***".to_owned(),
    }
}

/// Whether it has a query or a fragment, below which there are no paths.
pub(crate) fn has_query(url: &str) -> bool {
    url.contains(['?', '#'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_left_out() {
        for (url, as_shown) in [
            ("http://rack:4318/a", "http://rack:4318/a"),
            ("", ""),
            ("http://me:s3cret@rack/a", "***@rack/a"),
            ("http://rack/a?key=s3cret", "http://rack/a?***"),
            ("http://rack#s3cret", "http://rack?***"),
            ("http://rack/?key=a@s3cret", "***"),
            ("http://me:s3?cret@rack", "***"),
            ("http://me:s3#cret@rack", "***"),
        ] {
            assert_eq!(shown(url), as_shown, "{url}");
            assert_eq!(has_query(url), as_shown.ends_with("***"), "{url}");
        }
    }
}
