//! How long sessions live, and what ends them.

use accredit_emulator::store::Place;
use accredit_emulator::{Emulator, NewApp, NewUser};
use serde_json::{Value, json};

use crate::support::{CLIENT_ID, NOW, OURS, Org, USERNAME, app, claims_with};

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

#[tokio::test]
async fn a_use_counts_from_the_present_when_the_clock_was_moved_back() {
    let org = Org::new();
    let now = |seconds: u64| json!({"now": seconds});
    org.manage("PUT", "/clock", now(NOW + 50_000)).await;
    let claims = claims_with(&json!({"exp": NOW + 50_100}));
    let reply = org.exchange(&OURS.assertion(&claims)).await.json();
    let token = reply["access_token"].as_str().unwrap();
    org.manage("PUT", "/clock", now(NOW)).await;
    assert!(is_alive(&org, token).await);
    org.manage("PUT", "/clock", now(NOW + 7_200)).await;
    assert!(!is_alive(&org, token).await);
}

/// The records of the user.
async fn records(org: &Org) -> Value {
    let token = org.token().await;
    let query = format!("SELECT+IsActive+FROM+User+WHERE+Username='{USERNAME}'");
    let path = format!("/services/data/v60.0/query?q={query}");
    org.get_as(&token, &path).await.json()["records"].clone()
}

#[tokio::test]
async fn a_user_who_is_removed_and_added_again_has_one_record() {
    let org = Org::new();
    org.manage("DELETE", &format!("/users/{USERNAME}"), Value::Null)
        .await;
    let mut again = NewUser::named(USERNAME.to_uppercase());
    again.first_name = "Ada".to_owned();
    org.app.add_user(again).unwrap();
    let records = records(&org).await;
    assert_eq!(records.as_array().map(Vec::len), Some(1), "{records}");
    assert_eq!(records[0]["IsActive"], true);
}

#[tokio::test]
async fn a_user_who_was_removed_stays_so_when_the_emulator_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("org.db");
    let names = async || {
        let org = Org::empty(Emulator::builder().place(Place::File(path.clone())));
        let users = org.manage("GET", "/users", Value::Null).await.json();
        let names = users.as_array().unwrap().iter();
        let names = names.map(|user| user["username"].as_str().unwrap().to_owned());
        (org, names.collect::<Vec<_>>())
    };
    let (org, before) = names().await;
    assert_eq!(before.len(), 2);
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    for name in [USERNAME, before[0].as_str(), before[1].as_str()] {
        org.manage("DELETE", &format!("/users/{name}"), Value::Null)
            .await;
    }
    drop(org);
    assert_eq!(names().await.1, [""; 0]);
    // A reset begins anew.
    let (org, _) = names().await;
    org.manage("POST", "/reset", Value::Null).await;
    drop(org);
    assert_eq!(names().await.1, before);
}
