//! What every log must do.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join;
use loom_studio::replication::Base;

use super::world::{Site, until};
use crate::support::name;

const NOW: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_secs(20);

fn bodies(texts: &[&str]) -> Vec<Bytes> {
    texts
        .iter()
        .map(|text| Bytes::copy_from_slice(text.as_bytes()))
        .collect()
}

pub(crate) async fn records_come_in_their_order_and_name_the_one_before(site: impl Site) {
    let (one, other) = (site.log(), site.log());
    assert_eq!(one.head().await.unwrap(), None);
    one.append(bodies(&["a", "b"])).await.unwrap();
    other.append(bodies(&["c"])).await.unwrap();
    let records = one.read(None, 10, NOW).await.unwrap();
    let said: Vec<&[u8]> = records.iter().map(|record| &record.body[..]).collect();
    assert_eq!(said, [b"a", b"b", b"c"]);
    let mut before = None;
    for record in &records {
        assert_eq!(record.before, before);
        assert!(Some(record.position) > before);
        before = Some(record.position);
    }
    assert_eq!(other.head().await.unwrap(), before);
    assert_eq!(
        other.read(Some(records[0].position), 1, NOW).await.unwrap(),
        records[1..2]
    );
    assert_eq!(other.read(before, 1, NOW).await.unwrap(), []);
    let now = one.now().await.unwrap().as_millis();
    let last = records[2].position.to_string();
    let last: i64 = last.split('-').next().unwrap().parse().unwrap();
    assert!((now - 60_000..=now).contains(&last), "{last} is about {now}");
}

pub(crate) async fn a_read_waits_for_the_next_record_and_no_longer(site: impl Site) {
    let (one, other) = (site.log(), site.log());
    assert_eq!(one.read(None, 1, Duration::from_millis(50)).await.unwrap(), []);
    let (read, appended) = join(one.read(None, 1, LONG), other.append(bodies(&["a"]))).await;
    appended.unwrap();
    assert_eq!(read.unwrap()[0].body, "a");
}

pub(crate) async fn an_emptied_log_shows_it_by_its_next_record(site: impl Site) {
    let log = site.log();
    log.append(bodies(&["a", "b"])).await.unwrap();
    let place = log.head().await.unwrap();
    site.lose_all();
    assert_eq!(log.head().await.unwrap(), None);
    assert_eq!(log.base().await.unwrap(), None);
    log.append(bodies(&["c"])).await.unwrap();
    let after = log.read(place, 10, NOW).await.unwrap();
    // Either it is not found from there, or it says that nothing was before it.
    assert!(after.iter().all(|record| record.before.is_none()));
    assert_ne!(log.head().await.unwrap(), place);
}

pub(crate) async fn what_was_dropped_is_named_by_what_comes_after(site: impl Site) {
    let log = site.log();
    log.append(bodies(&["a", "b", "c"])).await.unwrap();
    let all = log.read(None, 10, NOW).await.unwrap();
    site.keep_newest(1);
    let kept = log.read(Some(all[0].position), 10, NOW).await.unwrap();
    assert_eq!(kept, all[2..]);
    assert_ne!(kept[0].before, Some(all[0].position));
}

pub(crate) async fn a_base_takes_the_place_of_the_one_that_was_known(site: impl Site) {
    let (one, other) = (site.log(), site.log());
    one.append(bodies(&["a"])).await.unwrap();
    let after = one.head().await.unwrap();
    let base = |id: &str, after| Base {
        id: id.to_owned(),
        after,
        body: Bytes::from(format!("all of {id}")),
    };
    assert_eq!(one.base().await.unwrap(), None);
    assert!(one.set_base(base("first", None), None, None).await.unwrap());
    assert!(!other.set_base(base("second", after), None, None).await.unwrap());
    assert_eq!(other.base().await.unwrap(), Some(base("first", None)));
    assert!(
        other
            .set_base(base("second", after), Some("first".into()), after)
            .await
            .unwrap()
    );
    assert_eq!(one.base_id().await.unwrap().as_deref(), Some("second"));
    assert_eq!(one.base().await.unwrap(), Some(base("second", after)));
}

pub(crate) async fn one_that_is_away_says_so_and_comes_back(site: impl Site) {
    let log = site.log();
    log.append(bodies(&["a"])).await.unwrap();
    site.set_away(true);
    assert!(log.append(bodies(&["b"])).await.is_err());
    assert!(log.read(None, 1, LONG).await.is_err());
    assert!(log.head().await.is_err());
    assert!(log.base().await.is_err() && log.now().await.is_err());
    site.set_away(false);
    until("it is back", || async { log.head().await.is_ok() }).await;
    log.append(bodies(&["c"])).await.unwrap();
    let said: Vec<Bytes> = log
        .read(None, 9, NOW)
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.body)
        .collect();
    assert_eq!(said, ["a", "c"]);
    assert!(!log.name().is_empty());
}

pub(crate) async fn what_is_left_for_another_is_picked_up_once(site: impl Site) {
    let (one, other) = (site.log(), site.log());
    assert_eq!(other.pick_up("a".into()).await.unwrap(), None);
    one.leave("a".into(), Bytes::from(vec![7; 100_000]))
        .await
        .unwrap();
    one.leave("b".into(), "other".into()).await.unwrap();
    assert_eq!(
        other.pick_up("a".into()).await.unwrap(),
        Some(Bytes::from(vec![7; 100_000]))
    );
    assert_eq!(one.pick_up("a".into()).await.unwrap(), None);
    assert_eq!(one.pick_up("b".into()).await.unwrap(), Some("other".into()));
}

pub(crate) async fn a_workspace_has_a_log_of_its_own(site: impl Site) {
    let main = site.log();
    let [a, b] = ["a", "b"].map(|of| main.of_workspace(&name(of)));
    let of_a = site.log().of_workspace(&name("a"));
    main.append(bodies(&["main"])).await.unwrap();
    a.append(bodies(&["first"])).await.unwrap();
    let (read, appended) = join(
        of_a.read(a.head().await.unwrap(), 9, LONG),
        a.append(bodies(&["second"])),
    )
    .await;
    appended.unwrap();
    assert_eq!(read.unwrap()[0].body, "second");
    let base = |id: &str| Base {
        id: id.to_owned(),
        after: None,
        body: "all".into(),
    };
    assert!(a.set_base(base("of a"), None, None).await.unwrap());
    a.leave("parcel".into(), "of a".into()).await.unwrap();
    for log in [&main, &b] {
        assert_eq!(log.base_id().await.unwrap(), None);
        assert_eq!(log.pick_up("parcel".into()).await.unwrap(), None);
        assert!(log.set_base(base("own"), None, None).await.unwrap());
    }
    assert_eq!(of_a.base().await.unwrap(), Some(base("of a")));
    assert_eq!(of_a.pick_up("parcel".into()).await.unwrap(), Some("of a".into()));
    assert_eq!(of_a.read(None, 9, NOW).await.unwrap().len(), 2);
    assert_eq!(main.read(None, 9, NOW).await.unwrap().len(), 1);
    assert_eq!(b.read(None, 9, NOW).await.unwrap(), []);
    let names = [main.name(), a.name(), b.name()];
    assert!(names[0] != names[1] && names[1] != names[2], "{names:?}");
    // What becomes of the engine becomes of all.
    site.set_away(true);
    for log in [&main, &a, &b, &main.of_workspace(&name("c"))] {
        assert!(log.head().await.is_err());
    }
    site.set_away(false);
    for log in [&main, &a, &b] {
        until("it is back", || async {
            log.head().await.is_ok() && log.base().await.is_ok()
        })
        .await;
    }
    site.lose_all();
    for log in [&main, &a, &b] {
        assert_eq!(log.head().await.unwrap(), None);
        assert_eq!(log.base().await.unwrap(), None);
    }
}
