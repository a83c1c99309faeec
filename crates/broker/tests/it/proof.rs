//! What a request shows of its caller, and what becomes of those that show too little.

use accredit_broker::Reveal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use crate::world::{CONNECTIONS, Reply, World, caller};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// A handle got with a caller key, as a header.
async fn handle(world: &World, key: &str) -> String {
    let form = format!("grant_type=client_credentials&client_secret={key}");
    let reply = world.ask("POST /services/oauth2/token", FORM, &form).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let document = reply.json();
    let handle = document["access_token"].as_str().unwrap();
    format!("Authorization: Bearer {handle}\r\n")
}

#[tokio::test]
async fn handles_that_have_ended_are_no_guessed_keys() {
    let (key, a) = caller("a", "connections = \"default\"");
    let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::Never).await;
    let bearer = handle(&world, &key).await;
    (0..1801).for_each(|_| world.pause());
    for number in 1..=13 {
        let reply = world.ask("GET /services/data/", &bearer, "").await;
        assert_eq!(reply.status, 401, "{number} {reply:?}");
        assert_eq!(reply.json()[0]["errorCode"], "INVALID_SESSION_ID");
        let nothing = world.get("/v1/connections/default/token").await;
        assert_eq!(nothing.status, 401, "{number} {nothing:?}");
        let elsewhere = world
            .ask("GET /v1/connections/default/token", &bearer, "")
            .await;
        assert_eq!(elsewhere.status, 401, "{number} {elsewhere:?}");
    }
    let wrong = "grant_type=client_credentials&client_secret=wrong";
    for number in 1..=11 {
        let reply = world.ask("POST /services/oauth2/token", FORM, wrong).await;
        let expected = if number <= 10 { 401 } else { 429 };
        assert_eq!(reply.status, expected, "{number} {reply:?}");
    }
}

#[tokio::test]
async fn the_report_reveals_to_this_machine_only_with_the_header() {
    let world = World::start(CONNECTIONS, Reveal::ToCallers).await;
    let with = world.get("/").await;
    assert!(with.body.contains("canary!T"), "{with:?}");
    let bare = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        world.address
    );
    let bare = String::from_utf8(world.raw(bare.as_bytes()).await).unwrap();
    assert!(bare.starts_with("HTTP/1.1 200") && bare.contains("canary!***"));
    assert!(!bare.contains("canary!T"), "{bare}");
}

#[tokio::test]
async fn a_handle_ends_with_the_key_that_it_was_got_with() {
    let (old, a) = caller("a", "connections = \"default\"");
    let (new, b) = caller("a", "connections = \"default\"");
    let hash = |text: &str| text.split('"').nth(1).unwrap().to_owned();
    let with = |hashes: &str| {
        format!("{CONNECTIONS}[callers.a]\nkey_hash = [{hashes}]\nconnections = \"default\"\n")
    };
    let both = with(&format!("\"{}\", \"{}\"", hash(&a), hash(&b)));
    let world = World::start(&both, Reveal::Never).await;
    let (by_old, by_new) = (handle(&world, &old).await, handle(&world, &new).await);
    world.reload(&both).await.unwrap();
    for bearer in [&by_old, &by_new] {
        let reply = world.ask("GET /services/data/", bearer, "").await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    world
        .reload(&with(&format!("\"{}\"", hash(&b))))
        .await
        .unwrap();
    let reply = world.ask("GET /services/data/", &by_old, "").await;
    assert_eq!(reply.status, 401, "{reply:?}");
    assert_eq!(reply.json()[0]["errorCode"], "INVALID_SESSION_ID");
    let reply = world.ask("GET /services/data/", &by_new, "").await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn a_wrong_key_is_refused_whoever_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broker.sock");
    let own = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(folder.path()).unwrap());
    let text = format!(
        "{CONNECTIONS}[listener]\nsocket = \"{}\"\n[callers.a]\nunix_users = [{own}]\nconnections = \"default\"\nuses = \"token\"\n",
        path.display()
    );
    let _world = World::start(&text, Reveal::Never).await;
    for (headers, expected) in [
        ("", 200),
        ("Authorization: Basic eDp5\r\n", 200),
        ("Authorization: OAuth \r\n", 200),
        ("Authorization: Bearer wrong\r\n", 401),
        ("Accredit-Key: wrong\r\n", 401),
        ("Accredit-Key: wrong\r\nAccredit-Key: wrong\r\n", 401),
        (
            "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
            401,
        ),
    ] {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        let request = format!(
            "GET /v1/connections/default/token HTTP/1.1\r\nHost: x\r\nAccredit-Request: true\r\nConnection: close\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let reply = Reply::parse(&answer);
        assert_eq!(reply.status, expected, "{headers} {reply:?}");
    }
}

#[tokio::test]
async fn who_stands_between_says_the_scheme_only_where_it_may_stand_there() {
    let (key, a) = caller("a", "connections = \"default\"");
    for (forwarded, scheme) in [("refuse", "http"), ("accept", "https")] {
        let text = format!("{CONNECTIONS}[listener]\nforwarded = \"{forwarded}\"\n{a}");
        let world = World::start(&text, Reveal::Never).await;
        let form = format!("grant_type=client_credentials&client_secret={key}");
        let headers = format!("{FORM}X-Forwarded-Proto: https\r\n");
        let reply = world
            .ask("POST /services/oauth2/token", &headers, &form)
            .await;
        let instance = format!("{scheme}://{}", world.address);
        assert_eq!(reply.json()["instance_url"], instance, "{forwarded}");
    }
}
