//! The way out: it goes where it is told, and nowhere else.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::time::Duration;

use runtime::HttpClient;

/// A peer that sends everybody elsewhere, or talks without end: as many requests as it tells of reached it.
fn peer(answer: fn(u16) -> String) -> (u16, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut head = [0; 4_096];
            let n = connection.read(&mut head).unwrap_or(0);
            let line = String::from_utf8_lossy(head.get(..n).unwrap_or_default())
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned();
            if tell.send(line).is_err() {
                return;
            }
            let _ = connection.write_all(answer(port).as_bytes());
        }
    });
    (port, told)
}

async fn asks(port: u16) -> Result<runtime::HttpResponse, domain::Fault> {
    let wire = HttpClient::to_everybody().unwrap();
    let limit = Duration::from_secs(10);
    wire.send(
        "asking a peer",
        "POST",
        &format!("http://127.0.0.1:{port}/payments"),
        &[],
        b"{}".to_vec(),
        limit,
    )
    .await
}

#[tokio::test]
async fn ab_56_a_peer_cannot_send_us_elsewhere() {
    let (port, told) = peer(|port| {
        format!(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{port}/latest/meta-data\r\ncontent-length: 0\r\n\r\n"
        )
    });
    let answer = asks(port).await.unwrap();
    assert_eq!(answer.status, 302);
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["POST /payments HTTP/1.1"], "no second request");
}

#[tokio::test]
async fn ab_56_a_peer_cannot_fill_our_memory() {
    let (port, _told) = peer(|_| {
        let body = "x".repeat(300 * 1024);
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    });
    assert!(asks(port).await.is_err_and(|fault| fault.source.to_string().contains("too long")));
}
