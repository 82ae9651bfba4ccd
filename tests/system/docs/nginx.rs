//! The recipe of `docs/reporting.md` for nginx, with a real one.

use std::process::{Child, Command, Stdio};

use super::{example, page};
use crate::harness::{Address, Project, Socket, Studio, free_port, required, until};
use crate::serve::project;

struct Nginx {
    child: Child,
    port: u16,
    _files: Project,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The recipe, without the line if one is given.
fn recipe(without: Option<&str>) -> String {
    let recipe = example(&page("reporting.md"), "nginx");
    let is_kept = |line: &&str| without.is_none_or(|word| !line.contains(word));
    recipe.lines().filter(is_kept).collect::<Vec<_>>().join("\n")
}

/// The recipe for a host on which the studio has a path, in the place of the one in which it has all.
fn recipe_below_a_path() -> String {
    let whole = recipe(None);
    let (before, _) = whole
        .split_once("    location / {")
        .expect("the recipe's location");
    let location = example(&page("reporting.md"), "nginx prefix");
    format!("{before}{location}\n}}\n")
}

/// A server by a recipe, with the ports of this test.
fn nginx(port: u16, studio: &Studio, recipe: &str) -> Nginx {
    let recipe = recipe
        .replace("listen 8080;", &format!("listen 127.0.0.1:{port};"))
        .replace("127.0.0.1:9090", &format!("127.0.0.1:{}", studio.port));
    let files = Project::new();
    let folder = files.path().to_string_lossy().into_owned();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .concat();
    let configuration = format!(
        "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{recipe}\n}}\n"
    );
    files.file("nginx.conf", &configuration);
    let child = Command::new(required("LOOM_TEST_NGINX"))
        .args([
            "-p",
            &folder,
            "-c",
            &format!("{folder}/nginx.conf"),
            "-e",
            "stderr",
        ])
        .stdin(Stdio::null())
        .spawn()
        .expect("nginx starts");
    let nginx = Nginx {
        child,
        port,
        _files: files,
    };
    until("nginx answers", || Address::local(port).get("/").try_send().ok());
    nginx
}

/// A post as `curl -X POST` sends it, without a body and without its length; the status.
fn post_nothing(port: u16, path: &str) -> String {
    let url = format!("http://127.0.0.1:{port}{path}");
    let curl = Command::new("curl")
        .args([
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            "-X",
            "POST",
            &url,
        ])
        .output()
        .expect("curl");
    String::from_utf8_lossy(&curl.stdout).into_owned()
}

#[test]
fn the_recipe_carries_posts_without_a_body_batches_and_sockets() {
    let port = free_port();
    let origin = format!("http://127.0.0.1:{port}");
    let studio = Studio::with(project(), |serve| serve.env("LOOM_CORS_ORIGINS", &origin));
    let nginx = nginx(port, &studio, &recipe(None));
    let address = Address::local(nginx.port);
    assert_eq!(post_nothing(port, "/api/workflows/endless/start"), "202");
    assert_eq!(post_nothing(port, "/api/workflows/endless/stop"), "202");
    let many: Vec<_> = (0..20_000)
        .map(|n| serde_json::json!({"id": format!("a{n}"), "type": "Many"}))
        .collect();
    let batch = serde_json::json!({"boot": "b", "seq": 1, "register": many});
    let outcome = address
        .post("/api/actor/batch")
        .json(&batch)
        .send()
        .is(200)
        .value();
    assert_eq!(outcome["accepted"], 20_000);
    for path in ["/ws", "/socket/websocket?vsn=2.0.0"] {
        let socket = Socket::open(nginx.port, path, Some(&origin));
        assert!(socket.is_ok(), "{path}: {:?}", socket.err());
    }
    address.get("/").send().is(200);
}

#[test]
fn below_a_path_the_page_its_scripts_calls_and_sockets_are_all_there() {
    let port = free_port();
    let origin = format!("http://127.0.0.1:{port}");
    let studio = Studio::with(project(), |serve| serve.env("LOOM_CORS_ORIGINS", &origin));
    let nginx = nginx(port, &studio, &recipe_below_a_path());
    let address = Address::local(nginx.port);
    let entry = address
        .get("/loom/runs")
        .header("accept", "text/html")
        .send()
        .is(200)
        .text();
    assert!(entry.contains(r#"<base href="/loom/""#), "{entry}");
    let scripts: Vec<_> = entry
        .split('"')
        .filter_map(|text| text.strip_prefix("./assets/"))
        .collect();
    assert!(!scripts.is_empty(), "{entry}");
    for script in scripts {
        address.get(&format!("/loom/assets/{script}")).send().is(200);
    }
    let page = address.get("/loom/api/runs?limit=1").send().is(200);
    assert_eq!(page.status, 200);
    assert_eq!(post_nothing(port, "/loom/api/workflows/endless/start"), "202");
    assert_eq!(post_nothing(port, "/loom/api/workflows/endless/stop"), "202");
    let socket = Socket::open(port, "/loom/ws", Some(&origin));
    assert!(socket.is_ok(), "{:?}", socket.err());
    address.get("/api/health").send().is(404);
}

#[test]
fn without_its_line_for_http_1_1_a_post_without_a_body_is_refused() {
    let studio = Studio::of(project());
    let nginx = nginx(free_port(), &studio, &recipe(Some("proxy_http_version")));
    let status = post_nothing(nginx.port, "/api/workflows/endless/start");
    assert_eq!(status, "400", "the recipe's line, and its sentence, can go");
}
