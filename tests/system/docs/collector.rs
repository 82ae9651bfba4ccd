//! `docs/service.md` and `docs/embedding.md`: metrics and spans at a real collector of OpenTelemetry.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::embedding::send_a_span;
use crate::harness::{Address, Loom, Project, Running, binary, free_port, required, until};

/// A collector that writes down what it takes.
struct Collector {
    _running: Running,
    url: String,
    /// A line a request, as JSON.
    taken: PathBuf,
    _directory: Project,
}

impl Collector {
    fn start() -> Self {
        // The collector that the setup of the tests makes of OpenTelemetry's own parts.
        let program = required("LOOM_TEST_OTEL_COLLECTOR");
        let directory = Project::new();
        let (port, taken) = (free_port(), directory.path().join("taken.json"));
        let configuration = json!({
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": format!("127.0.0.1:{port}")}}}},
            "exporters": {"file": {"path": taken, "flush_interval": "100ms"}},
            "service": {
                "telemetry": {"metrics": {"level": "none"}},
                "pipelines": {
                    "metrics": {"receivers": ["otlp"], "exporters": ["file"]},
                    "traces": {"receivers": ["otlp"], "exporters": ["file"]},
                },
            },
        });
        // What is JSON is YAML, too.
        directory.file("collector.yaml", &configuration.to_string());
        let configuration = directory.path().join("collector.yaml");
        let configuration = configuration.to_string_lossy();
        let mut running = Loom::program(program.as_ref())
            .args(&["--config", &configuration])
            .start();
        until("the collector listens", || {
            if let Some(end) = running.has_ended() {
                panic!("the collector ended: {end}\n{}", running.so_far());
            }
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self {
            _running: running,
            url: format!("http://127.0.0.1:{port}"),
            taken,
            _directory: directory,
        }
    }

    /// The newest that it took of which there is what is looked for.
    fn newest<T>(&self, find: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let text = std::fs::read_to_string(&self.taken).ok()?;
        // The last line may not be whole.
        let requests = text.lines().rev();
        requests
            .filter_map(|line| serde_json::from_str(line).ok())
            .find_map(|request| find(&request))
    }
}

/// The points of a metric in a request.
fn points(request: &Value, name: &str) -> Option<Vec<Value>> {
    let metrics = request
        .pointer("/resourceMetrics/0/scopeMetrics/0/metrics")?
        .as_array()?;
    let metric = metrics.iter().find(|metric| metric["name"] == name)?;
    let data = ["sum", "gauge", "histogram"]
        .iter()
        .find_map(|data| metric.get(*data))?;
    data["dataPoints"].as_array().cloned()
}

fn attribute<'a>(of: &'a Value, key: &str) -> Option<&'a str> {
    let attributes = of["attributes"].as_array()?;
    let found = attributes.iter().find(|attribute| attribute["key"] == key)?;
    found["value"]["stringValue"].as_str()
}

#[test]
fn a_collector_takes_the_metrics_of_a_studio() {
    let collector = Collector::start();
    let port = free_port();
    let mut studio = Loom::program(&binary("loom-studio"))
        .env("LOOM_PORT", port.to_string())
        .env("LOOM_OTLP_ENDPOINT", &collector.url)
        .env("LOOM_OTLP_EVERY", "1")
        .without_env("STUDIO_TOKEN")
        .without_env("LOOM_STATE_DIR")
        .start();
    let address = Address::local(port);
    studio.until("the studio answers", || {
        address.get("/api/health").try_send().ok()
    });
    // A process that reports again and again, until what it reported has come to the collector.
    let mut seq = 0;
    let mut report = || {
        seq += 1;
        let list = if seq == 1 { "register" } else { "update" };
        let mut batch = json!({"boot": "one", "seq": seq, list: [{"id": "cart-1", "type": "Cart", "messageCount": seq}],
            "types": [{"type": "Cart", "messages": [{"type": "Add", "handled": seq,
                "handle": {"sumUs": 10 * seq, "maxUs": 10, "buckets": [0, 0, 0, seq]}}]}]});
        if seq == 1 {
            batch["source"] = json!({"app": "shop", "node": "here", "pid": 7, "boot": "one"});
        }
        batch["process"] = json!({"cpuUs": 1_000 * seq, "memory": 4_096, "files": 5});
        address.post("/api/actor/batch").json(&batch).send().is(200);
    };
    let (handled, times, memory) = until("metrics are written down", || {
        report();
        collector.newest(|request| {
            let handled = points(request, "messaging.client.consumed.messages")?;
            let times = points(request, "messaging.process.duration")?;
            Some((handled, times, points(request, "process.memory.usage")?))
        })
    });
    let [handled, times, memory] =
        [handled, times, memory].map(|points| points.first().cloned().expect("a point"));
    assert_eq!(
        attribute(&handled, "messaging.destination.template"),
        Some("Cart"),
        "{handled}"
    );
    assert_eq!(
        attribute(&handled, "messaging.operation.name"),
        Some("process"),
        "{handled}"
    );
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok());
    assert!(
        number(&handled["asInt"]).is_some_and(|count| count > 0),
        "{handled}"
    );
    // As the collector understood them: all of one bucket.
    let counts = times["bucketCounts"].as_array().expect("buckets");
    assert_eq!(
        times["explicitBounds"].as_array().map(Vec::len),
        Some(counts.len() - 1),
        "{times}"
    );
    assert!(number(&times["count"]).is_some_and(|count| count > 0), "{times}");
    assert_eq!(counts.get(3), times.get("count"), "{times}");
    assert_eq!(
        attribute(&memory, "loom.process"),
        Some("shop@here:7"),
        "{memory}"
    );
    assert_eq!(number(&memory["asInt"]), Some(4_096), "{memory}");
    let health = address.get("/api/health").send().is(200).value();
    assert_eq!(health["parts"]["collector"]["status"], "ok", "{health}");
    // One that is gone is said, and nothing else goes wrong.
    drop(collector);
    let health = until("health says that it is gone", || {
        let health = address.get("/api/health").send().is(200).value();
        (health["parts"]["collector"]["status"] == "degraded").then_some(health)
    });
    assert_eq!(health["parts"]["directory"]["status"], "ok", "{health}");
}

#[test]
fn a_collector_takes_the_spans_of_an_application() {
    let collector = Collector::start();
    send_a_span(&collector.url);
    let span = until("the span is written down", || {
        collector.newest(|request| {
            let spans = request
                .pointer("/resourceSpans/0/scopeSpans/0/spans")?
                .as_array()?;
            let service = attribute(request.pointer("/resourceSpans/0/resource")?, "service.name")?;
            assert_eq!(service, "shop");
            spans.first().cloned()
        })
    });
    assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(
        (&span["name"], &span["kind"]),
        (&json!("process Order"), &json!(5))
    );
    let template = attribute(&span, "messaging.destination.template");
    assert_eq!(template, Some("Shop"), "{span}");
}
