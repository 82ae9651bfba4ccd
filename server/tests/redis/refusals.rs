//! How a Redis lets us in: by user, password and TLS; what is said when it does not, and what is not.

use loom_studio::Role;
use loom_studio::replication::{LogError, RedisLog, RedisUrl, ReplicatedLog};

use std::process::{Command, Stdio};

use crate::engine::Engine;
use crate::front::free_port;
use crate::several::world::{Site, get, server_with, until};
use crate::support::Tokens;

#[actix_web::test]
async fn nothing_of_a_password_is_told() {
    let engine = Engine::start_with(&[
        "--user",
        "loom",
        "on",
        ">s3cret-word",
        "~loom:*",
        "+@all",
        "--user",
        "default",
        "off",
    ]);
    let as_user = |password: &str| -> RedisUrl {
        format!("redis+unix://{}?user=loom&pass={password}", engine.socket())
            .parse()
            .unwrap()
    };
    let wrong = RedisLog::new(as_user("wrong-word"), None);
    let told = wrong.head().await.unwrap_err();
    assert!(matches!(told, LogError::Refused { .. }), "{told:?}");
    for text in [
        format!("{told} {told:?}"),
        wrong.name(),
        format!("{:?}", as_user("wrong-word")),
    ] {
        assert!(!text.contains("wrong-word"), "{text}");
    }
    for wrong in [
        "redis://:s3cret-word@",
        "http://s3cret-word@host",
        "redis://u:s3cret-word@h:x",
        "",
    ] {
        let told = wrong.parse::<RedisUrl>().unwrap_err();
        assert!(!format!("{told} {told:?}").contains("s3cret-word"), "{told}");
    }
    let named: RedisUrl = "redis://ann:s3cret-word@example.org:6380/2".parse().unwrap();
    assert_eq!(RedisLog::new(named, None).name(), "Redis at example.org:6380");
    let log = RedisLog::new(as_user("s3cret-word"), None);
    log.append(vec!["a".into()]).await.unwrap();
    assert_eq!(
        log.read(None, 1, std::time::Duration::ZERO).await.unwrap().len(),
        1
    );
}

#[actix_web::test]
async fn all_keys_have_the_prefix_and_expire() {
    let engine = Engine::start();
    engine.command(&["SET", "other", "1"]).unwrap();
    let log = RedisLog::new(engine.url(), Some("mine:"));
    log.append(vec!["a".into()]).await.unwrap();
    let base = loom_studio::replication::Base {
        id: "b".into(),
        after: None,
        body: "all".into(),
    };
    assert!(log.set_base(base, None, None).await.unwrap());
    for key in ["mine:log", "mine:head", "mine:base"] {
        let left = engine.command(&["TTL", key]).unwrap();
        let left: i64 = left.trim_start_matches(':').trim().parse().unwrap();
        assert!((86_000..=86_400).contains(&left), "{key} {left}");
    }
    assert_eq!(engine.command(&["DBSIZE"]).as_deref(), Some(":4\r\n"));
    assert_eq!(
        engine.log().head().await.unwrap(),
        None,
        "other keys are another studio"
    );
}

#[actix_web::test]
async fn by_tls_with_a_user_and_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let certificate = file("cert.pem", made.cert.pem());
    let key = file("key.pem", made.signing_key.serialize_pem());
    let (redis, port) = (free_port().to_string(), free_port());
    let _engine = Engine::start_with(&[
        "--tls-port",
        &redis,
        "--bind",
        "127.0.0.1",
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &certificate,
        "--tls-auth-clients",
        "no",
        "--user",
        "loom",
        "on",
        ">open-sesame",
        "~loom:*",
        "+@connection",
        "+@scripting",
        "+@stream",
        "+@string",
        "+@hash",
        "+@keyspace",
        "+time",
        "-@dangerous",
        "--user",
        "default",
        "off",
    ]);
    let mut server = Command::new(env!("CARGO_BIN_EXE_loom-studio"))
        .args(["--port", &port.to_string()])
        .env(
            "LOOM_REDIS_URL",
            format!("rediss://loom:open-sesame@localhost:{redis}/0"),
        )
        .env("SSL_CERT_FILE", &certificate)
        .env_remove("STUDIO_TOKEN")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let addr = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    until("it listens", || async {
        std::net::TcpStream::connect(addr).is_ok()
    })
    .await;
    until("it follows the log", || async {
        let health = get(addr, "/api/health").await;
        let part = &health["parts"]["servers"];
        assert!(!part.to_string().contains("open-sesame"), "{part}");
        part["status"] == "ok"
    })
    .await;
    server.kill().unwrap();
    server.wait().unwrap();
}

#[actix_web::test]
async fn a_server_has_one_connection_and_one_more_for_each_workspace() {
    let (engine, tokens) = (Engine::start(), Tokens::new());
    for workspace in ["a", "b", "c"] {
        tokens.add(workspace, Role::View, &[workspace]);
    }
    let studio = server_with(&engine, tokens.options()).await;
    let connected = || {
        let told = engine.command(&["INFO", "clients"]).unwrap();
        let line = told
            .lines()
            .find_map(|line| line.strip_prefix("connected_clients:"));
        line.unwrap().trim().parse::<usize>().unwrap()
    };
    // With the one that asks.
    until("all are there", || async { connected() == 1 + 1 + 4 }).await;
    tokens.file().revoke("c").unwrap();
    until("one goes with its workspace", || async {
        connected() == 1 + 1 + 3
    })
    .await;
    let keys = engine.command(&["KEYS", "*"]).unwrap();
    for key in ["loom:log", "loom:workspace:a:log", "loom:workspace:b:log"] {
        assert!(keys.contains(&format!("\r\n{key}\r\n")), "{keys}");
    }
    let others = keys
        .lines()
        .filter(|line| line.contains(':') && !line.starts_with("loom:"));
    assert_eq!(others.count(), 0, "{keys}");
    studio.stop().await;
}
