//! What the address of a remote says: which server, whose repository.

use serde::{Deserialize, Serialize};

/// Where a repository came from. It never holds the name and password that an address may have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Remote {
    /// The server's address for a browser: `https://github.com`.
    pub server_url: String,
    /// `owner/name`.
    pub repository: String,
}

impl Remote {
    /// Takes an address apart, in any of the forms that git knows; `None` for a folder on this machine.
    #[must_use]
    pub fn parse(address: &str) -> Option<Self> {
        let (scheme, host, path) = split(address.trim())?;
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let (above, name) = path.rsplit_once('/')?;
        let (prefix, owner) = match above.rsplit_once('/') {
            Some((prefix, owner)) => (prefix, owner),
            None => ("", above),
        };
        if host.is_empty() || owner.is_empty() || name.is_empty() {
            return None;
        }
        let scheme = if scheme == "http" { "http" } else { "https" };
        let separator = if prefix.is_empty() { "" } else { "/" };
        Some(Self {
            server_url: format!("{scheme}://{host}{separator}{prefix}"),
            repository: format!("{owner}/{name}"),
        })
    }
}

/// Scheme, host (with the port where a browser needs it) and path.
fn split(address: &str) -> Option<(&str, &str, &str)> {
    let without_user = |host: &'_ str| -> usize { host.rfind('@').map_or(0, |at| at + 1) };
    if let Some((scheme, rest)) = address.split_once("://") {
        if scheme == "file" {
            return None;
        }
        let (host, path) = rest.split_once('/')?;
        let host = host.get(without_user(host)..)?;
        let host = match scheme {
            "http" | "https" => host,
            // The port of another protocol is no use to a browser.
            _ => host.rsplit_once(':').map_or(host, |(host, _)| host),
        };
        return Some((scheme, host, path));
    }
    // `git@host:owner/name`; a path has a slash before its first colon, if it has one.
    let (host, path) = address.split_once(':').filter(|(host, _)| !host.contains('/'))?;
    Some(("ssh", host.get(without_user(host)..)?, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_address_gives_server_and_repository() {
        for (address, server, repository) in [
            ("https://github.com/o/r.git", "https://github.com", "o/r"),
            ("https://github.com/o/r/", "https://github.com", "o/r"),
            ("https://me:t0ken@github.com/o/r", "https://github.com", "o/r"),
            ("http://localhost:3000/o/r.git", "http://localhost:3000", "o/r"),
            ("https://h/git/group/o/r", "https://h/git/group", "o/r"),
            ("git@github.com:o/r.git", "https://github.com", "o/r"),
            ("ssh://git@h:2222/o/r.git", "https://h", "o/r"),
            ("git://h/o/r", "https://h", "o/r"),
            ("h:o/r", "https://h", "o/r"),
        ] {
            let found = Remote::parse(address).unwrap_or_default();
            assert_eq!(
                (found.server_url.as_str(), found.repository.as_str()),
                (server, repository),
                "{address}"
            );
        }
    }

    #[test]
    fn a_folder_is_no_server() {
        for address in [
            "/srv/o/r.git",
            "../o/r",
            "file:///srv/o/r",
            "",
            "https://h",
            "h:",
            "./a:b/c",
            "https://h/r",
        ] {
            assert_eq!(Remote::parse(address), None, "{address}");
        }
    }
}
