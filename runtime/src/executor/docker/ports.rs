//! Ports and volumes as they are written on Docker's command line and in workflows.

use std::path::Path;

use bollard::models::{ContainerCreateBody, HostConfig, PortBinding};

/// Adds a published port: `80`, `8080:80`, `127.0.0.1:8080:80/tcp`, `8000-8002:80-82`.
pub(super) fn publish(body: &mut ContainerCreateBody, written: &str) -> Result<(), String> {
    let wrong = || format!("`{written}` is no port: expected [[address:]port:]port[/protocol]");
    let (rest, protocol) = written.trim().rsplit_once('/').unwrap_or((written.trim(), "tcp"));
    if !matches!(protocol, "tcp" | "udp" | "sctp") {
        return Err(wrong());
    }
    let (outer, inner) = match rest.rsplit_once(':') {
        Some((outer, inner)) => (Some(outer), inner),
        None => (None, rest),
    };
    let (address, outer) = match outer.and_then(|outer| outer.rsplit_once(':')) {
        Some((address, port)) => (Some(address.trim_matches(['[', ']'])), Some(port)),
        None => (None, outer),
    };
    let inner = range(inner).ok_or_else(wrong)?;
    let outer = match outer.filter(|outer| !outer.is_empty()) {
        None => None,
        Some(outer) => Some(range(outer).ok_or_else(wrong)?),
    };
    let outer_ports: Vec<String> = match &outer {
        None => inner.clone().map(|_| String::new()).collect(),
        Some(outer) if length(outer) == length(&inner) => {
            outer.clone().map(|port| port.to_string()).collect()
        }
        // One port out of a range: the engine takes the first that is free.
        Some(outer) if length(&inner) == 1 => vec![format!("{}-{}", outer.start(), outer.end())],
        Some(_) => return Err(wrong()),
    };
    let exposed = body.exposed_ports.get_or_insert_with(Vec::new);
    let host = body.host_config.get_or_insert_with(HostConfig::default);
    let bindings = host.port_bindings.get_or_insert_with(Default::default);
    for (port, outer) in inner.zip(outer_ports) {
        let name = format!("{port}/{protocol}");
        if !exposed.contains(&name) {
            exposed.push(name.clone());
        }
        let binding = PortBinding {
            host_ip: address.map(str::to_owned),
            host_port: Some(outer),
        };
        bindings
            .entry(name)
            .or_insert_with(|| Some(Vec::new()))
            .get_or_insert_with(Vec::new)
            .push(binding);
    }
    Ok(())
}

/// Adds a port that is only said to be there: `80`, `80-90/udp`.
pub(super) fn expose(body: &mut ContainerCreateBody, written: &str) -> Result<(), String> {
    let (ports, protocol) = written.rsplit_once('/').unwrap_or((written, "tcp"));
    let ports = range(ports).ok_or_else(|| format!("`{written}` is no port"))?;
    let exposed = body.exposed_ports.get_or_insert_with(Vec::new);
    exposed.extend(ports.map(|port| format!("{port}/{protocol}")));
    Ok(())
}

type Range = std::ops::RangeInclusive<u16>;

fn range(text: &str) -> Option<Range> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first > 0 && first <= last).then_some(first..=last)
}

fn length(range: &Range) -> usize {
    usize::from(range.end() - range.start()) + 1
}

/// Adds a volume: `/inside`, `name:/inside`, `/outside:/inside:ro`; `./outside` is in the workspace.
pub(super) fn volume(body: &mut ContainerCreateBody, written: &str, workspace: &Path) -> Result<(), String> {
    let written = written.trim();
    match written.split_once(':') {
        None if written.starts_with('/') => {
            body.volumes.get_or_insert_with(Vec::new).push(written.to_owned());
        }
        Some((outer, inner)) if !outer.is_empty() && inner.starts_with('/') => {
            let outer = match outer.strip_prefix("./") {
                Some(below) => workspace.join(below).display().to_string(),
                None if outer == "." => workspace.display().to_string(),
                None => outer.to_owned(),
            };
            let host = body.host_config.get_or_insert_with(HostConfig::default);
            host.binds
                .get_or_insert_with(Vec::new)
                .push(format!("{outer}:{inner}"));
        }
        _ => {
            return Err(format!(
                "`{written}` is no volume: expected [name-or-folder:]/folder-inside[:options]"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_docker_reads_them() {
        for (written, expected) in [
            ("80", vec![("80/tcp", None, "")]),
            ("8080:80", vec![("80/tcp", None, "8080")]),
            (
                "127.0.0.1:8080:80/udp",
                vec![("80/udp", Some("127.0.0.1"), "8080")],
            ),
            ("127.0.0.1::80", vec![("80/tcp", Some("127.0.0.1"), "")]),
            (
                "81-82:91-92",
                vec![("91/tcp", None, "81"), ("92/tcp", None, "82")],
            ),
        ] {
            let mut body = ContainerCreateBody::default();
            publish(&mut body, written).unwrap();
            let bindings = body.host_config.unwrap().port_bindings.unwrap();
            assert_eq!(bindings.len(), expected.len(), "{written}");
            for (name, address, port) in expected {
                let found = &bindings[name].as_ref().unwrap()[0];
                assert_eq!(
                    (found.host_ip.as_deref(), found.host_port.as_deref()),
                    (address, Some(port)),
                    "{written}"
                );
            }
        }
        for wrong in ["", "x", "0", "80/tpc", "1-3:5-6", "70000"] {
            assert!(
                publish(&mut ContainerCreateBody::default(), wrong).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn volumes_are_anonymous_named_or_folders() {
        let mut body = ContainerCreateBody::default();
        for written in ["/data", "cache:/cache", "/a:/b:ro", "./x:/y"] {
            volume(&mut body, written, Path::new("/w")).unwrap();
        }
        assert_eq!(body.volumes.unwrap(), ["/data"]);
        assert_eq!(
            body.host_config.unwrap().binds.unwrap(),
            ["cache:/cache", "/a:/b:ro", "/w/x:/y"]
        );
        assert!(volume(&mut ContainerCreateBody::default(), "a:b", Path::new("/w")).is_err());
    }
}
