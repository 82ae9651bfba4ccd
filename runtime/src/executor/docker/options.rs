//! `options:` of a container or service, as `docker create` takes them, in the terms of the engine's API.
//!
//! Source of the flags: `docker create --help` of Docker 28, and the CLI's `opts` package. What Loom decides itself
//! (the network) or cannot give (graphics cards) is refused by name, as is what does not exist.

use std::collections::HashMap;
use std::path::Path;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, HealthConfig, HostConfig, Mount, MountBindOptions, MountTmpfsOptions,
    MountType, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
};

use super::{ports, words};

/// What the options come to.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// What they say of the container.
    pub(super) body: ContainerCreateBody,
    /// Further names in the network.
    pub(super) aliases: Vec<String>,
    /// The container's own name.
    pub(super) name: Option<String>,
    /// For which platform its image is to be.
    pub(super) platform: Option<String>,
}

/// Flags that take no value, or `=true`.
const SWITCHES: [&str; 11] = [
    "tty",
    "interactive",
    "init",
    "privileged",
    "read-only",
    "no-healthcheck",
    "publish-all",
    "oom-kill-disable",
    "disable-content-trust",
    "rm",
    "sig-proxy",
];

const SHORT: [(char, &str); 12] = [
    ('t', "tty"),
    ('i', "interactive"),
    ('P', "publish-all"),
    ('u', "user"),
    ('m', "memory"),
    ('h', "hostname"),
    ('l', "label"),
    ('e', "env"),
    ('v', "volume"),
    ('p', "publish"),
    ('w', "workdir"),
    ('c', "cpu-shares"),
];

/// Reads them.
///
/// # Errors
/// In a sentence: which flag is wrong, and why.
pub(super) fn parse(line: &str, workspace: &Path) -> Result<Options, String> {
    let mut options = Options::default();
    let mut rest = words::split(line)?.into_iter();
    while let Some(word) = rest.next() {
        let mut value = || rest.next();
        if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
            let (flag, given) = match long.split_once('=') {
                Some((flag, given)) => (flag, Some(given.to_owned())),
                None => (long, None),
            };
            options.take_long(flag, given, &mut value, workspace)?;
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            options.take_short(letters, &mut value, workspace)?;
        } else {
            return Err(format!("`{word}` is no option: each begins with `-`"));
        }
    }
    Ok(options)
}

impl Options {
    fn take_long(
        &mut self,
        flag: &str,
        given: Option<String>,
        value: &mut dyn FnMut() -> Option<String>,
        workspace: &Path,
    ) -> Result<(), String> {
        if SWITCHES.contains(&flag) {
            let text = given.unwrap_or_else(|| "true".to_owned());
            let on = words::truth(&text).ok_or_else(|| wrong(flag, &text, "true or false"))?;
            self.switch(flag, on);
            return Ok(());
        }
        if flag == "gpus" {
            return Err("`--gpus` is not supported: Loom gives no graphics cards to containers".to_owned());
        }
        if matches!(flag, "network" | "net") {
            return Err(
                "`--network` is not supported: the network is the job's own, as on GitHub".to_owned(),
            );
        }
        let text = match given.or_else(value) {
            Some(text) => text,
            None => return Err(format!("`--{flag}` needs a value")),
        };
        self.valued(flag, &text, workspace)
    }

    fn take_short(
        &mut self,
        letters: &str,
        value: &mut dyn FnMut() -> Option<String>,
        workspace: &Path,
    ) -> Result<(), String> {
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let Some((_, flag)) = SHORT.iter().find(|(short, _)| *short == letter) else {
                return Err(format!("`-{letter}` is no option of a container"));
            };
            if SWITCHES.contains(flag) {
                self.switch(flag, true);
                continue;
            }
            let attached = rest.as_str();
            let attached = attached.strip_prefix('=').unwrap_or(attached);
            let text = if attached.is_empty() {
                value().ok_or_else(|| format!("`-{letter}` needs a value"))?
            } else {
                attached.to_owned()
            };
            return self.valued(flag, &text, workspace);
        }
        Ok(())
    }

    fn host(&mut self) -> &mut HostConfig {
        self.body.host_config.get_or_insert_with(HostConfig::default)
    }

    fn health(&mut self) -> &mut HealthConfig {
        self.body.healthcheck.get_or_insert_with(HealthConfig::default)
    }

    fn switch(&mut self, flag: &str, on: bool) {
        match flag {
            "tty" => self.body.tty = Some(on),
            "interactive" => self.body.open_stdin = Some(on),
            "init" => self.host().init = Some(on),
            "privileged" => self.host().privileged = Some(on),
            "read-only" => self.host().readonly_rootfs = Some(on),
            "publish-all" => self.host().publish_all_ports = Some(on),
            "oom-kill-disable" => self.host().oom_kill_disable = Some(on),
            "no-healthcheck" if on => self.health().test = Some(vec!["NONE".to_owned()]),
            // `--rm` and the like: Loom removes all it makes.
            _ => {}
        }
    }

    fn valued(&mut self, flag: &str, text: &str, workspace: &Path) -> Result<(), String> {
        if let Some(done) = self.container_flag(flag, text, workspace) {
            return done;
        }
        if let Some(done) = self.resource_flag(flag, text) {
            return done;
        }
        if let Some(done) = self.system_flag(flag, text) {
            return done;
        }
        match flag {
            // Which of its loggers the engine uses is Loom's.
            "log-driver" | "log-opt" | "cidfile" | "pull" | "detach-keys" | "attach" | "stop-timeout" => {
                Ok(())
            }
            _ => Err(format!("`--{flag}` is no option of a container that Loom knows")),
        }
    }

    /// What the container is and starts. `None` when the flag is none of these.
    fn container_flag(&mut self, flag: &str, text: &str, workspace: &Path) -> Option<Result<(), String>> {
        let own = || Some(text.to_owned());
        let duration = |name: &str| {
            words::nanoseconds(text).ok_or_else(|| wrong(name, text, "a duration such as 10s or 1m30s"))
        };
        match flag {
            "name" => self.name = own(),
            "platform" => self.platform = own(),
            "network-alias" | "net-alias" => self.aliases.push(text.to_owned()),
            "entrypoint" => {
                self.body.entrypoint = Some(vec![text.to_owned()]);
            }
            "user" => self.body.user = own(),
            "hostname" => self.body.hostname = own(),
            "domainname" => self.body.domainname = own(),
            "workdir" => self.body.working_dir = own(),
            "stop-signal" => self.body.stop_signal = own(),
            "label" => {
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                let labels = self.body.labels.get_or_insert_with(HashMap::new);
                // Loom finds what is its own by these.
                if name.starts_with("loom.") {
                    return Some(Err(format!("the label `{name}` is Loom's own")));
                }
                labels.insert(name.to_owned(), value.to_owned());
            }
            "env" => {
                let entry = if text.contains('=') {
                    Some(text.to_owned())
                } else {
                    std::env::var(text).ok().map(|value| format!("{text}={value}"))
                };
                self.body.env.get_or_insert_with(Vec::new).extend(entry);
            }
            "publish" => return Some(ports::publish(&mut self.body, text)),
            "expose" => return Some(ports::expose(&mut self.body, text)),
            "volume" => return Some(ports::volume(&mut self.body, text, workspace)),
            "mount" => return Some(mount(text, workspace).map(|mount| push(&mut self.host().mounts, mount))),
            "tmpfs" => {
                let (path, options) = text.split_once(':').unwrap_or((text, ""));
                let all = self.host().tmpfs.get_or_insert_with(HashMap::new);
                all.insert(path.to_owned(), options.to_owned());
            }
            "health-cmd" => self.health().test = Some(vec!["CMD-SHELL".to_owned(), text.to_owned()]),
            "health-interval" => return Some(duration(flag).map(|d| self.health().interval = Some(d))),
            "health-timeout" => return Some(duration(flag).map(|d| self.health().timeout = Some(d))),
            "health-start-period" => {
                return Some(duration(flag).map(|d| self.health().start_period = Some(d)));
            }
            "health-start-interval" => {
                return Some(duration(flag).map(|d| self.health().start_interval = Some(d)));
            }
            "health-retries" => return Some(number(flag, text).map(|n| self.health().retries = Some(n))),
            _ => return None,
        }
        Some(Ok(()))
    }

    /// What it may use.
    fn resource_flag(&mut self, flag: &str, text: &str) -> Option<Result<(), String>> {
        let size = || words::bytes(text).ok_or_else(|| wrong(flag, text, "a size such as 512m"));
        Some(match flag {
            "memory" => size().map(|n| self.host().memory = Some(n)),
            "memory-reservation" => size().map(|n| self.host().memory_reservation = Some(n)),
            "memory-swap" if text == "-1" => {
                self.host().memory_swap = Some(-1);
                Ok(())
            }
            "memory-swap" => size().map(|n| self.host().memory_swap = Some(n)),
            "memory-swappiness" => number(flag, text).map(|n| self.host().memory_swappiness = Some(n)),
            "shm-size" => size().map(|n| self.host().shm_size = Some(n)),
            "cpus" => words::processors(text)
                .map(|n| self.host().nano_cpus = Some(n))
                .ok_or_else(|| wrong(flag, text, "a number of processors such as 1.5")),
            "cpu-shares" => number(flag, text).map(|n| self.host().cpu_shares = Some(n)),
            "cpu-period" => number(flag, text).map(|n| self.host().cpu_period = Some(n)),
            "cpu-quota" => number(flag, text).map(|n| self.host().cpu_quota = Some(n)),
            "cpuset-cpus" => {
                self.host().cpuset_cpus = Some(text.to_owned());
                Ok(())
            }
            "cpuset-mems" => {
                self.host().cpuset_mems = Some(text.to_owned());
                Ok(())
            }
            "pids-limit" => number(flag, text).map(|n| self.host().pids_limit = Some(n)),
            "oom-score-adj" => number(flag, text).map(|n| self.host().oom_score_adj = Some(n)),
            "ulimit" => ulimit(text).map(|limit| push(&mut self.host().ulimits, limit)),
            _ => return None,
        })
    }

    /// What it may do and sees of the system.
    fn system_flag(&mut self, flag: &str, text: &str) -> Option<Result<(), String>> {
        let own = text.to_owned();
        let host = self.host();
        match flag {
            "cap-add" => push(&mut host.cap_add, own),
            "cap-drop" => push(&mut host.cap_drop, own),
            "security-opt" => push(&mut host.security_opt, own),
            "group-add" => push(&mut host.group_add, own),
            "dns" => push(&mut host.dns, own),
            "dns-search" => push(&mut host.dns_search, own),
            "dns-option" | "dns-opt" => push(&mut host.dns_options, own),
            // Newer command lines write `name=address` too.
            "add-host" => push(&mut host.extra_hosts, own.replacen('=', ":", 1)),
            "link" => push(&mut host.links, own),
            "volumes-from" => push(&mut host.volumes_from, own),
            "device" => return Some(device(text).map(|device| push(&mut host.devices, device))),
            "device-cgroup-rule" => push(&mut host.device_cgroup_rules, own),
            "ipc" => host.ipc_mode = Some(own),
            "pid" => host.pid_mode = Some(own),
            "uts" => host.uts_mode = Some(own),
            "userns" => host.userns_mode = Some(own),
            "cgroup-parent" => host.cgroup_parent = Some(own),
            "runtime" => host.runtime = Some(own),
            "volume-driver" => host.volume_driver = Some(own),
            "sysctl" => {
                let Some((name, value)) = text.split_once('=') else {
                    return Some(Err(wrong(flag, text, "name=value")));
                };
                let all = host.sysctls.get_or_insert_with(HashMap::new);
                all.insert(name.to_owned(), value.to_owned());
            }
            "storage-opt" => {
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                let all = host.storage_opt.get_or_insert_with(HashMap::new);
                all.insert(name.to_owned(), value.to_owned());
            }
            "restart" => return Some(restart(text).map(|policy| host.restart_policy = Some(policy))),
            _ => return None,
        }
        Some(Ok(()))
    }
}

fn wrong(flag: &str, text: &str, expected: &str) -> String {
    format!("`--{flag}` takes {expected}, not `{text}`")
}

fn number(flag: &str, text: &str) -> Result<i64, String> {
    text.trim()
        .parse()
        .map_err(|_| wrong(flag, text, "a whole number"))
}

fn push<T>(list: &mut Option<Vec<T>>, item: T) {
    list.get_or_insert_with(Vec::new).push(item);
}

/// `nofile=1024:2048`
fn ulimit(text: &str) -> Result<ResourcesUlimits, String> {
    let parts = || {
        let (name, limits) = text.split_once('=')?;
        let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
        Some((name, soft.parse().ok()?, hard.parse().ok()?))
    };
    let (name, soft, hard) = parts().ok_or_else(|| wrong("ulimit", text, "name=soft[:hard]"))?;
    Ok(ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(soft),
        hard: Some(hard),
    })
}

/// `/dev/outside[:/dev/inside[:rwm]]`
fn device(text: &str) -> Result<DeviceMapping, String> {
    let mut parts = text.split(':');
    let outside = parts.next().filter(|path| path.starts_with('/'));
    let outside = outside.ok_or_else(|| wrong("device", text, "a device's path"))?;
    let (mut inside, mut rights) = (outside, "rwm");
    for part in parts {
        if part.starts_with('/') {
            inside = part;
        } else {
            rights = part;
        }
    }
    Ok(DeviceMapping {
        path_on_host: Some(outside.to_owned()),
        path_in_container: Some(inside.to_owned()),
        cgroup_permissions: Some(rights.to_owned()),
    })
}

/// `on-failure[:times]` and its like.
fn restart(text: &str) -> Result<RestartPolicy, String> {
    let (name, times) = text.split_once(':').unwrap_or((text, ""));
    let known = match name {
        "no" => RestartPolicyNameEnum::NO,
        "always" => RestartPolicyNameEnum::ALWAYS,
        "unless-stopped" => RestartPolicyNameEnum::UNLESS_STOPPED,
        "on-failure" => RestartPolicyNameEnum::ON_FAILURE,
        _ => return Err(wrong("restart", text, "no, always, unless-stopped or on-failure")),
    };
    Ok(RestartPolicy {
        name: Some(known),
        maximum_retry_count: times.parse().ok(),
    })
}

/// `type=bind,source=/a,target=/b,readonly`
fn mount(text: &str, workspace: &Path) -> Result<Mount, String> {
    let mut mount = Mount {
        typ: Some(MountType::VOLUME),
        ..Mount::default()
    };
    for part in text.split(',') {
        let (name, value) = part.split_once('=').unwrap_or((part, "true"));
        match name {
            "type" => {
                mount.typ = Some(match value {
                    "bind" => MountType::BIND,
                    "volume" => MountType::VOLUME,
                    "tmpfs" => MountType::TMPFS,
                    _ => return Err(wrong("mount", text, "the type bind, volume or tmpfs")),
                });
            }
            "source" | "src" => mount.source = Some(value.to_owned()),
            "target" | "dst" | "destination" => mount.target = Some(value.to_owned()),
            "readonly" | "ro" => mount.read_only = Some(words::truth(value).unwrap_or(true)),
            "tmpfs-size" => {
                mount
                    .tmpfs_options
                    .get_or_insert_with(MountTmpfsOptions::default)
                    .size_bytes = words::bytes(value);
            }
            "tmpfs-mode" => {
                mount
                    .tmpfs_options
                    .get_or_insert_with(MountTmpfsOptions::default)
                    .mode = i64::from_str_radix(value, 8).ok();
            }
            "bind-recursive" => {
                mount
                    .bind_options
                    .get_or_insert_with(MountBindOptions::default)
                    .non_recursive = Some(value == "disabled");
            }
            "consistency" | "bind-propagation" | "volume-nocopy" => {}
            _ => return Err(format!("`--mount` knows no `{name}`")),
        }
    }
    if mount.typ == Some(MountType::BIND)
        && let Some(below) = mount
            .source
            .as_deref()
            .and_then(|source| source.strip_prefix("./"))
    {
        mount.source = Some(workspace.join(below).display().to_string());
    }
    if mount.target.is_none() {
        return Err(wrong("mount", text, "a target"));
    }
    Ok(mount)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Options {
        parse(line, Path::new("/w")).expect(line)
    }

    #[test]
    fn the_usual_options_of_services_are_read() {
        let options = parsed(
            "--health-cmd \"pg_isready -U me\" --health-interval=10s --health-timeout 5s --health-retries 5 \
             --name db --network-alias database -it -p5432:5432 -e A=b -u 1000:1000 --cpus 1.5 -m 512m --shm-size=1g \
             --tmpfs /run:rw --ulimit nofile=10:20 --cap-add NET_ADMIN --privileged --device /dev/null:/dev/x:r \
             --hostname box --add-host a=1.2.3.4 --dns 1.1.1.1 --label a=b -v cache:/cache \
             --mount type=bind,source=./a,target=/b,readonly -w /x --init --ipc host --pid host \
             --security-opt seccomp=unconfined --sysctl net.core.somaxconn=1024 --restart on-failure:3 \
             --stop-signal SIGINT --platform linux/amd64 --read-only --group-add 5 --expose 90 --pids-limit 100 \
             --log-driver none --entrypoint /bin/true",
        );
        let health = options.body.healthcheck.clone().unwrap();
        assert_eq!(health.test.unwrap(), ["CMD-SHELL", "pg_isready -U me"]);
        assert_eq!((health.interval, health.retries), (Some(10_000_000_000), Some(5)));
        assert_eq!(
            (options.name.as_deref(), options.aliases),
            (Some("db"), vec!["database".to_owned()])
        );
        let body = options.body;
        assert_eq!(
            (body.tty, body.open_stdin, body.user.as_deref()),
            (Some(true), Some(true), Some("1000:1000"))
        );
        assert_eq!(body.exposed_ports.unwrap(), ["5432/tcp", "90/tcp"]);
        let host = body.host_config.unwrap();
        assert_eq!(
            (host.nano_cpus, host.memory, host.shm_size),
            (Some(1_500_000_000), Some(536_870_912), Some(1 << 30))
        );
        assert_eq!(host.extra_hosts.unwrap(), ["a:1.2.3.4"]);
        let mount = &host.mounts.unwrap()[0];
        assert_eq!(
            (mount.source.as_deref(), mount.read_only),
            (Some("/w/a"), Some(true))
        );
        assert_eq!(host.restart_policy.unwrap().maximum_retry_count, Some(3));
        assert_eq!(host.ulimits.unwrap()[0].hard, Some(20));
        assert_eq!(host.devices.unwrap()[0].cgroup_permissions.as_deref(), Some("r"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, part) in [
            ("--no-such-flag x", "`--no-such-flag`"),
            ("-Z", "`-Z`"),
            ("--gpus all", "`--gpus`"),
            ("--network host", "`--network`"),
            ("--user", "needs a value"),
            ("--memory lots", "`lots`"),
            ("--health-interval 5", "a duration"),
            ("--restart never", "on-failure"),
            ("stray", "`stray`"),
            ("--label loom.run=x", "Loom's own"),
            ("--health-cmd 'x", "not closed"),
        ] {
            let said = parse(line, Path::new("/w")).expect_err(line);
            assert!(said.contains(part), "{line}: {said}");
        }
        assert_eq!(parsed("--tty=false").body.tty, Some(false));
    }
}
