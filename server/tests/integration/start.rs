//! Starting, listening and stopping.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use loom_studio::{StartError, Studio, StudioOptions};
use tokio::net::TcpStream;

use crate::support::{options, running, send};

#[actix_web::test]
async fn a_taken_port_is_an_error_of_its_own_with_help() {
    let first = running().await;
    let options = StudioOptions {
        port: first.addr.port(),
        ..options()
    };
    let error = Studio::builder(options).start().await.err().unwrap();
    assert!(
        matches!(error, StartError::PortTaken { address } if address == first.addr),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains(&first.addr.port().to_string()) && text.contains("LOOM_PORT"),
        "{text}"
    );
    first.stop().await;
}

#[actix_web::test]
async fn loopback_is_both_addresses_where_there_are_two() {
    let studio = running().await;
    let other = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), studio.addr.port());
    let has_ipv6 = std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    assert_eq!(TcpStream::connect(other).await.is_ok(), has_ipv6);
    if has_ipv6 {
        let request = format!("GET /api/health HTTP/1.1\r\nHost: {other}\r\nConnection: close\r\n\r\n");
        assert_eq!(send(other, &request).await.status, 200);
    }
    studio.stop().await;
}

#[actix_web::test]
async fn a_stopped_studio_frees_its_port_for_the_next() {
    let first = running().await;
    let addr = first.addr;
    let request = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(send(addr, request).await.status, 200);
    first.stop().await;
    let again = StudioOptions {
        port: addr.port(),
        ..options()
    };
    let second = Studio::builder(again).start().await.unwrap();
    assert_eq!(second.addr, addr);
    second.stop().await;
}

#[test]
fn it_starts_within_plain_tokio_too() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let studio = running().await;
        let mut viewer = crate::support::Viewer::open(&studio).await;
        viewer.next_of("hello").await;
        drop(viewer);
        studio.stop().await;
    });
}
