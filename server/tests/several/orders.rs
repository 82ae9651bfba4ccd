//! Orders where there are several servers.

use futures_util::future::join;
use loom_protocol::{OrderAnswer, OrderOutcome};
use serde_json::json;

use super::world::{Process, Site, get, same, servers, stop};
use crate::support::send_post;

pub(crate) async fn an_order_reaches_its_process_by_any_server(site: impl Site) {
    let studios = servers(&site, 3).await;
    let mut process = Process::new("one", &["a"]);
    process.tell(&studios[0]).await;
    same(&studios).await;
    let ask = send_post(studios[2].addr, "/api/actors/a/snapshot", "", &[]);
    let carry_out = async {
        let order = loop {
            let outcome = process.report(&studios[0]).await.unwrap();
            if let Some(order) = outcome.orders.into_iter().next() {
                break order;
            }
            tokio::task::yield_now().await;
        };
        let mut batch = process.next();
        batch.answers = vec![OrderAnswer {
            id: order.id,
            outcome: OrderOutcome::Done,
            value: Some(json!({"total": 7})),
            problem: None,
        }];
        process.send(&studios[1], batch).await.unwrap()
    };
    let (answer, outcome) = join(ask, carry_out).await;
    assert_eq!(outcome.orders, [], "once");
    assert_eq!(answer.json()["outcome"], "done");
    assert_eq!(answer.json()["value"]["total"], 7);
    let all = same(&studios).await;
    assert_eq!(all["orders"].as_array().unwrap().len(), 1);
    assert_eq!(get(studios[0].addr, "/api/orders").await[0]["outcome"], "done");
    stop(studios).await;
}
