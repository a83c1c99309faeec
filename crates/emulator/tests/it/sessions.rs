//! How long sessions live, and what ends them.

use accredit_emulator::store::Place;
use accredit_emulator::{Emulator, NewApp, NewUser};
use serde_json::{Value, json};

use crate::support::{CLIENT_ID, NOW, Org, USERNAME, app};

async fn is_alive(org: &Org, token: &str) -> bool {
    org.get_as(token, "/services/oauth2/userinfo").await.status == 200
}

#[tokio::test]
async fn a_session_slides_with_each_use_and_ends_without() {
    let org = Org::new();
    let token = org.token().await;
    for _ in 0..5 {
        org.advance(7_199);
        assert!(is_alive(&org, &token).await);
    }
    org.advance(7_200);
    assert!(!is_alive(&org, &token).await);
}

#[tokio::test]
async fn the_app_says_how_long_a_session_lives() {
    let org = Org::empty(Emulator::builder());
    let short = NewApp {
        session_timeout_minutes: 1,
        ..app()
    };
    org.app.add_app(short).unwrap();
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    let token = org.token().await;
    org.advance(59);
    assert!(is_alive(&org, &token).await);
    org.advance(60);
    assert!(!is_alive(&org, &token).await);
}

#[tokio::test]
async fn several_sessions_live_side_by_side() {
    let org = Org::new();
    let (first, second) = (org.token().await, org.token().await);
    assert_ne!(first, second);
    assert!(is_alive(&org, &first).await && is_alive(&org, &second).await);
}

#[tokio::test]
async fn a_session_ends_with_its_user_and_its_app_for_good() {
    let user = format!("/users/{USERNAME}");
    let app_path = format!("/apps/{CLIENT_ID}");
    for (method, path, off, on) in [
        (
            "PATCH",
            &user,
            json!({"state": "inactive"}),
            json!({"state": "active"}),
        ),
        (
            "PATCH",
            &user,
            json!({"state": "frozen"}),
            json!({"state": "active"}),
        ),
        (
            "PATCH",
            &app_path,
            json!({"enabled": "off"}),
            json!({"enabled": "on"}),
        ),
        ("DELETE", &user, Value::Null, Value::Null),
        ("DELETE", &app_path, Value::Null, Value::Null),
    ] {
        let org = Org::new();
        let token = org.token().await;
        let reply = org.manage(method, path, off).await;
        assert!(reply.status.is_success(), "{reply:?}");
        assert!(!is_alive(&org, &token).await, "{method} {path}");
        if !on.is_null() {
            org.manage(method, path, on).await;
            assert!(!is_alive(&org, &token).await, "{method} {path}");
            org.token().await;
        }
    }
}

#[tokio::test]
async fn a_lock_out_keeps_sessions() {
    let org = Org::new();
    let token = org.token().await;
    let path = format!("/users/{USERNAME}");
    org.manage("PATCH", &path, json!({"state": "locked"})).await;
    assert!(is_alive(&org, &token).await);
}

#[tokio::test]
async fn a_file_keeps_apps_users_and_sessions_but_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("org.db");
    let open = || Org::empty(Emulator::builder().place(Place::File(path.clone())));
    let token = {
        let org = open();
        org.app.add_app(app()).unwrap();
        org.app.add_user(NewUser::named(USERNAME)).unwrap();
        let token = org.token().await;
        org.advance(100);
        assert!(is_alive(&org, &token).await);
        token
    };
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let secret = token.split_once('!').unwrap().1.as_bytes();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    let org = open();
    let sessions = org.manage("GET", "/sessions", Value::Null).await.json();
    // The use a hundred seconds later was far enough from the sign-in to be written.
    assert_eq!(sessions[0]["expiresAt"], NOW + 100 + 7_200);
    assert!(is_alive(&org, &token).await);
    let again = org.token().await;
    assert!(is_alive(&org, &again).await);
}
