//! The line of a use in the audit log.

use std::time::Duration;

use accredit_broker::Reveal;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::world::{CONNECTIONS, World, caller};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// Waits until something has happened.
async fn until(has_happened: impl Fn() -> bool) {
    let waiting = async {
        while !has_happened() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect("it did not happen");
}

#[tokio::test]
async fn who_hangs_up_leaves_a_line_all_the_same() {
    let world = World::local().await;
    world.rest.answer("");
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let request = format!(
        "POST /v1/connections/default/proxy/services/data/x HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\n\r\n",
        world.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    until(|| !world.rest.requests.lock().unwrap().is_empty()).await;
    assert_eq!(world.audit().len(), 0, "no line before its end");
    drop(stream);
    until(|| !world.audit().is_empty()).await;
    let lines = world.audit();
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0]
            .ends_with(r#""way":"proxy","method":"POST","path":"/services/data/x","status":499}"#),
        "{lines:?}"
    );
}

#[tokio::test]
async fn who_is_cut_off_at_the_end_leaves_a_line_before_the_end() {
    let world = World::local().await;
    world.rest.answer("");
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let request = format!(
        "GET /v1/connections/default/proxy/services/data/x HTTP/1.1\r\nHost: {}\r\nAccredit-Request: true\r\n\r\n",
        world.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    until(|| !world.rest.requests.lock().unwrap().is_empty()).await;
    tokio::time::pause();
    let lines = world.end().await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(r#""status":499"#), "{lines:?}");
}

#[tokio::test]
async fn a_caller_that_is_refused_a_handle_leaves_a_line() {
    let (key, a) = caller("a", "connections = \"default\"");
    let (token_key, b) = caller("b", "connections = \"*\"\nuses = \"token\"");
    let world = World::start(&format!("{CONNECTIONS}{a}{b}"), Reveal::Never).await;
    let line = "POST /services/oauth2/token";
    for (form, status, part) in [
        (
            format!("grant_type=client_credentials&client_id=prod&client_secret={key}"),
            403,
            r#""caller":"a","connection":"prod","way":"stand_in""#,
        ),
        (
            format!(
                "grant_type=password&client_id=default&username=x%40example.com&password={key}"
            ),
            403,
            r#""caller":"a","connection":"default","subject":"x@example.com","way":"stand_in""#,
        ),
        (
            format!("grant_type=client_credentials&client_secret={token_key}"),
            403,
            r#""caller":"b","connection":"default","way":"stand_in""#,
        ),
        (
            format!("grant_type=client_credentials&client_secret={key}"),
            200,
            r#""caller":"a","connection":"default","way":"stand_in""#,
        ),
    ] {
        let before = world.audit().len();
        let reply = world.ask(line, FORM, &form).await;
        assert_eq!(reply.status, status, "{form} {reply:?}");
        let lines = world.audit();
        assert_eq!(lines.len(), before + 1, "{form}");
        let last = lines.last().unwrap();
        assert!(last.contains(part), "{last}");
        assert!(last.ends_with(&format!("\"status\":{status}}}")), "{last}");
    }
    let wrong = "grant_type=client_credentials&client_secret=wrong";
    world.ask(line, FORM, wrong).await;
    assert_eq!(world.audit().len(), 4, "nobody is known, no line");
}
