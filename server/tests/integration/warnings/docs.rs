//! What `docs/warnings.md` shows is what works.

use actix_web::http::Method;
use serde_json::Value;

use super::World;
use super::receiver::{Does, Receiver};
use crate::support::{call, post};

const PAGE: &str = include_str!("../../../../docs/warnings.md");

/// The blocks of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let parts = PAGE.split(fence.as_str()).skip(1);
    parts.map(|part| part.split_once("```").unwrap().0).collect()
}

#[actix_web::test]
async fn the_examples_of_the_page_on_warnings_work() {
    let world = World::new(None);
    let (mut statuses, mut channel) = (Vec::new(), String::new());
    for command in blocks("sh")
        .into_iter()
        .flat_map(|block| block.split("curl ").skip(1))
    {
        let path = command.split_once("localhost:9090").unwrap().1;
        let path = path.split(char::is_whitespace).next().unwrap();
        let path = path.replace("CHANNEL", &channel);
        let Some((_, body)) = command.split_once("-d '") else {
            let method = if command.contains("-X POST") {
                Method::POST
            } else {
                Method::GET
            };
            statuses.push(call(&world.services, method, &path, None, &[]).await.status);
            continue;
        };
        let body = body.split('\'').next().unwrap().replace("CHANNEL", &channel);
        let body = body.replace("UNTIL", &world.clock_text(3_600_000));
        let answer = post(&world.services, &path, serde_json::from_str(&body).unwrap()).await;
        assert!([200, 201].contains(&answer.status), "{path}: {}", answer.text());
        if path.ends_with("/channels") {
            channel = answer.json()["id"].as_str().unwrap().to_owned();
        }
        statuses.push(answer.status);
    }
    assert!(
        statuses.len() >= 10 && statuses.iter().all(|status| *status < 300),
        "{statuses:?}"
    );
}

/// All names in a value, by the way to them.
fn names(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let at = format!("{at}.{name}");
                names(value, &at, found);
                found.push(at);
            }
        }
        Value::Array(values) => values.iter().take(1).for_each(|value| names(value, at, found)),
        _ => {}
    }
}

#[actix_web::test]
async fn the_body_of_a_webhook_is_the_one_that_is_described() {
    let receiver = Receiver::doing(&[Does::Answer(200)]).await;
    let mut world = World::new(None).without_rules().await;
    let channel = world.webhook(&receiver.url()).await;
    world.rule(0, &[&channel]).await;
    world.seconds(40, 5);
    world.services.send_warnings().await;
    let (mut sent, mut described) = (Vec::new(), Vec::new());
    names(&receiver.requests()[0].json(), "", &mut sent);
    names(
        &serde_json::from_str(blocks("json")[0]).unwrap(),
        "",
        &mut described,
    );
    sent.sort();
    described.sort();
    assert_eq!(sent, described);
}
