//! Users and groups by the files of the place in which the agent runs, with the rules that Docker has for `--user`:
//! a name or a number, optionally `:group`; a number need not be listed; an explicit group means no others.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;

use crate::sys::Identity;

/// Above this, an account file is not read: nobody has one.
const MAX_FILE: u64 = 8 * 1024 * 1024;

/// A user as found: who to become, and where its home is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) identity: Identity,
    pub(crate) home: String,
}

/// Looks a user up in `/etc/passwd` and `/etc/group`.
pub(crate) fn find(user: &str) -> Result<Account, String> {
    resolve(user, &read("/etc/passwd"), &read("/etc/group"))
}

/// A missing or unreadable file counts as empty: an image `FROM scratch` has none.
fn read(path: &str) -> String {
    // An earlier step may have put a pipe here: it must not hang the agent.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path);
    let mut bytes = Vec::new();
    if let Ok(file) = file
        && file.metadata().is_ok_and(|m| m.is_file())
    {
        let _ = file.take(MAX_FILE).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn resolve(spec: &str, passwd: &str, group: &str) -> Result<Account, String> {
    let (user, explicit_group) = match spec.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|g| !g.is_empty())),
        None => (spec, None),
    };
    let user = if user.is_empty() { "0" } else { user };
    let number = user.parse::<u32>().ok();
    let entry = passwd
        .lines()
        .filter_map(User::parse)
        .find(|entry| entry.name == user || Some(entry.uid) == number);
    let (uid, mut gid, home) = match (&entry, number) {
        (Some(entry), _) => (entry.uid, entry.gid, entry.home),
        (None, Some(uid)) => (uid, 0, ""),
        (None, None) => return Err(format!("there is no user `{user}` in the image's /etc/passwd")),
    };
    let mut groups = Vec::new();
    if let Some(wanted) = explicit_group {
        gid = group
            .lines()
            .filter_map(Group::parse)
            .find(|group| group.name == wanted || wanted.parse() == Ok(group.gid))
            .map(|group| group.gid)
            .or_else(|| wanted.parse().ok())
            .ok_or_else(|| format!("there is no group `{wanted}` in the image's /etc/group"))?;
    } else if let Some(entry) = &entry {
        groups = group
            .lines()
            .filter_map(Group::parse)
            .filter(|group| group.members.split(',').any(|member| member == entry.name))
            .map(|group| group.gid)
            .collect();
    }
    let home = if home.is_empty() { "/" } else { home };
    Ok(Account {
        identity: Identity { uid, gid, groups },
        home: home.to_owned(),
    })
}

struct User<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

impl<'a> User<'a> {
    /// `name:password:uid:gid:comment:home:shell`
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        let home = fields.nth(1).unwrap_or_default();
        Some(Self { name, uid, gid, home })
    }
}

struct Group<'a> {
    name: &'a str,
    gid: u32,
    members: &'a str,
}

impl<'a> Group<'a> {
    /// `name:password:gid:member,member`
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let gid = fields.nth(1)?.parse().ok()?;
        Some(Self {
            name,
            gid,
            members: fields.next().unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\n\nbroken\nann:x:1000:100:Ann:/home/ann:/bin/sh\nbare:x:7:8\n";
    const GROUP: &str =
        "root:x:0:\nusers:x:100:\nwheel:x:10:root,ann\ndocker:x:999:bob,ann\nann2:x:55:annette\n";

    fn identity(uid: u32, gid: u32, groups: &[u32]) -> Identity {
        Identity {
            uid,
            gid,
            groups: groups.to_vec(),
        }
    }

    #[test]
    fn users_resolve_as_docker_does() {
        for (spec, expected, home) in [
            ("ann", identity(1000, 100, &[10, 999]), "/home/ann"),
            ("1000", identity(1000, 100, &[10, 999]), "/home/ann"),
            ("ann:wheel", identity(1000, 10, &[]), "/home/ann"),
            ("ann:77", identity(1000, 77, &[]), "/home/ann"),
            ("ann:", identity(1000, 100, &[10, 999]), "/home/ann"),
            ("4242", identity(4242, 0, &[]), "/"),
            ("4242:users", identity(4242, 100, &[]), "/"),
            ("", identity(0, 0, &[10]), "/root"),
            ("0:0", identity(0, 0, &[]), "/root"),
            ("bare", identity(7, 8, &[]), "/"),
        ] {
            let account = resolve(spec, PASSWD, GROUP).expect(spec);
            assert_eq!(
                (account.identity, account.home.as_str()),
                (expected, home),
                "{spec}"
            );
        }
    }

    #[test]
    fn without_files_only_numbers_work() {
        assert_eq!(resolve("5:6", "", "").unwrap().identity, identity(5, 6, &[]));
        assert!(resolve("ann", "", "").unwrap_err().contains("`ann`"));
        assert!(resolve("5:staff", "", "").unwrap_err().contains("`staff`"));
        assert!(resolve("-1", "", "").is_err());
    }
}
