//! Published ports of services where the job is a container of its label's image: they are on the job's own `localhost`.
//!
//! On GitHub a job without `container:` runs on a virtual machine, and `ports: [5432:5432]` is on that machine's `localhost`.
//! In Loom the job's container stands for the machine: its agent listens on these ports and leads to the service. Nothing is
//! published on the machine that runs Loom, so jobs that ask for the same port run side by side, as on GitHub.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use bollard::models::{ContainerCreateBody, ContainerInspectResponse};

use super::companions::Companions;
use super::options::Options;
use super::place::Steps;
use super::service::{Ready, Service};
use super::settings::StepsBy;
use crate::executor::{ContainerSpec, ExecutorError, Notes, RoomSpec};

/// Where ports are looked for that are not named, as the engine does it.
const FIRST: u16 = 32768;

/// A port of the job's `localhost` and the port of the service that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Forward {
    pub(super) outside: u16,
    pub(super) inside: u16,
}

/// A published port as it is written: the service's port, and which ones may stand for it; none for any.
struct Wanted {
    service: usize,
    inside: u16,
    outside: Option<std::ops::RangeInclusive<u16>>,
}

/// Takes the published ports out of what services are created from, and answers which ports of the job's `localhost` stand
/// for them: a list for each service.
///
/// # Errors
/// When two services want the same port.
pub(super) fn take(
    services: &mut [(&str, &mut ContainerCreateBody)],
    notes: &dyn Notes,
) -> Result<Vec<Vec<Forward>>, ExecutorError> {
    let mut wanted = Vec::new();
    for (number, (alias, body)) in services.iter_mut().enumerate() {
        let published = body
            .host_config
            .as_mut()
            .and_then(|host| host.port_bindings.take());
        let published: BTreeMap<_, _> = published.into_iter().flatten().collect();
        for (port, bindings) in published {
            let (inside, protocol) = port.split_once('/').unwrap_or((&port, "tcp"));
            let Ok(inside) = inside.parse() else { continue };
            if protocol != "tcp" {
                notes.line(&format!(
                    "the port {port} of the service `{alias}` is not on localhost, where only TCP is led on: it is \
                     reached as {alias}:{inside}"
                ));
                continue;
            }
            wanted.extend(bindings.into_iter().flatten().map(|binding| Wanted {
                service: number,
                inside,
                outside: binding.host_port.as_deref().and_then(range),
            }));
        }
    }
    // What is named comes before what may be anything.
    wanted.sort_by_key(|one| match &one.outside {
        Some(outside) => usize::from(outside.end() - outside.start()),
        None => usize::MAX,
    });
    let name = |service: usize| services.get(service).map_or("", |(alias, _)| *alias);
    let mut given: BTreeMap<u16, Wanted> = BTreeMap::new();
    for one in wanted {
        let mut choice = one.outside.clone().unwrap_or(FIRST..=u16::MAX);
        let same = |other: &Wanted| other.service == one.service && other.inside == one.inside;
        let free = choice.find(|port| given.get(port).is_none_or(same));
        let Some(port) = free else {
            let asked = one.outside.as_ref().map_or(FIRST, |outside| *outside.start());
            let other = given.get(&asked).map_or("", |other| name(other.service));
            return Err(ExecutorError::workflow(
                format!(
                    "publish the port {} of the service `{}`",
                    one.inside,
                    name(one.service)
                ),
                format!("the service `{other}` has the port {asked} of localhost already"),
            ));
        };
        given.insert(port, one);
    }
    let mut forwards = vec![Vec::new(); services.len()];
    for (outside, one) in given {
        if let Some(list) = forwards.get_mut(one.service) {
            list.push(Forward {
                outside,
                inside: one.inside,
            });
        }
    }
    Ok(forwards)
}

impl Companions {
    /// In a job whose container stands for GitHub's machine, published ports are its own.
    pub(super) fn take_ports(
        &self,
        specs: &[(&String, &ContainerSpec)],
        bodies: &mut [Options],
    ) -> Result<Vec<Vec<Forward>>, ExecutorError> {
        if !matches!(self.spec.room, RoomSpec::Image(_)) || self.options.steps_by == StepsBy::Exec {
            return Ok(vec![Vec::new(); bodies.len()]);
        }
        let names = specs.iter().map(|(alias, _)| alias.as_str());
        let mut named: Vec<_> = names
            .zip(bodies.iter_mut().map(|options| &mut options.body))
            .collect();
        take(&mut named, self.notes.as_ref())
    }
}

/// `8080` or `8000-8010`.
fn range(text: &str) -> Option<std::ops::RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

/// Where each port of `localhost` leads to, of services that are ready.
///
/// # Errors
/// When the engine does not say where a service is.
pub(super) fn led(ready: &[(&Service, Ready)]) -> Result<Vec<(u16, SocketAddrV4)>, ExecutorError> {
    let each = ready.iter().flat_map(|(service, ready)| {
        service
            .forwards
            .iter()
            .map(move |forward| (service, ready, forward))
    });
    each.map(|(service, ready, forward)| {
        let address = ready.address.ok_or_else(|| ExecutorError::Setup {
            what: format!(
                "lead localhost:{} to the service `{}`",
                forward.outside, service.alias
            ),
            cause: "the engine names no address of its container".to_owned(),
        })?;
        Ok((forward.outside, SocketAddrV4::new(address, forward.inside)))
    })
    .collect()
}

/// Where a container is in a network.
pub(super) fn address(found: &ContainerInspectResponse, network: &str) -> Option<Ipv4Addr> {
    let networks = found.network_settings.as_ref()?.networks.as_ref()?;
    let ours = networks
        .values()
        .find(|endpoint| endpoint.network_id.as_deref() == Some(network))
        .or_else(|| networks.values().next())?;
    ours.ip_address.as_ref()?.parse().ok()
}

/// Has the job's agent lead its ports to the services.
///
/// # Errors
/// When one cannot be listened on, or the agent is gone.
pub(super) async fn lead(
    steps: &Steps,
    forwards: &[(u16, SocketAddrV4)],
    notes: &dyn Notes,
) -> Result<(), ExecutorError> {
    match steps {
        _ if forwards.is_empty() => Ok(()),
        Steps::Agent { channel, .. } => {
            for (port, to) in forwards {
                channel.forward(*port, *to).await?;
            }
            Ok(())
        }
        Steps::Exec(_) => {
            notes.line(
                "the services of this job are not on localhost, for its image has no agent that would lead to them: they \
                 are reached by their names",
            );
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ports;
    use super::*;
    use crate::executor::SilentNotes;

    fn taken(services: &[(&str, &[&str])]) -> Result<Vec<Vec<(u16, u16)>>, String> {
        let mut bodies: Vec<ContainerCreateBody> = services
            .iter()
            .map(|(_, ports)| {
                let mut body = ContainerCreateBody::default();
                ports
                    .iter()
                    .for_each(|port| ports::publish(&mut body, port).unwrap());
                body
            })
            .collect();
        let mut named: Vec<_> = services
            .iter()
            .map(|(alias, _)| *alias)
            .zip(&mut bodies)
            .collect();
        let forwards = take(&mut named, &SilentNotes).map_err(|error| error.to_string())?;
        for body in &bodies {
            assert!(
                body.host_config
                    .as_ref()
                    .is_none_or(|host| host.port_bindings.is_none())
            );
            assert!(services.is_empty() || body.exposed_ports.is_some());
        }
        let pairs = |list: &Vec<Forward>| list.iter().map(|one| (one.outside, one.inside)).collect();
        Ok(forwards.iter().map(pairs).collect())
    }

    #[test]
    fn ports_are_chosen_as_an_engine_chooses_them() {
        assert_eq!(
            taken(&[
                ("db", &["5432:5432", "127.0.0.1:5432:5432"]),
                ("web", &["80", "8080:80", "32768:81"])
            ])
            .unwrap(),
            [vec![(5432, 5432)], vec![(8080, 80), (32768, 81), (32769, 80)]]
        );
        assert_eq!(
            taken(&[("a", &["8000-8001:80"]), ("b", &["8000:80", "53:53/udp"])]).unwrap(),
            [vec![(8001, 80)], vec![(8000, 80)]]
        );
    }

    #[test]
    fn a_port_that_two_services_want_is_the_workflows_fault() {
        let error = taken(&[("a", &["80:80"]), ("b", &["80:8080"])]).unwrap_err();
        assert!(
            error.contains("`a`") && error.contains("`b`") && error.contains("80"),
            "{error}"
        );
    }
}
