//! What a sign-in and a change do to each other, and to the database.

use std::sync::{Arc, mpsc};

use accredit::clock::{ManualClock, UnixTime};
use accredit::oauth::JWT_BEARER;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use tower::ServiceExt as _;

use super::{NewApp, NewUser, Switch, UserState, tables};
use crate::app::App;
use crate::front::routes;
use crate::refusal::Refusal;
use crate::store::Place;
use crate::testing::{self, CLIENT_ID, assertion, issue, sign_in, verified};
use crate::{Emulator, Mode, Seed};

const NOW: u64 = 1_795_219_200;
const USERNAME: &str = "svc.int@example.com";

fn org(mode: Mode) -> App {
    let clock = ManualClock::new(UnixTime::from_secs(NOW));
    let app = Emulator::builder()
        .seed(Seed::Empty)
        .mode(mode)
        .clock(Arc::new(clock))
        .open()
        .unwrap();
    app.add_app(testing::app()).unwrap();
    app.add_user(NewUser::named(USERNAME)).unwrap();
    app
}

/// Judges, changes, and only then issues; back and forth again.
fn race(change: impl Fn(&App), back: impl Fn(&App)) {
    let app = org(Mode::Salesforce);
    let verified = verified(&app, USERNAME);
    change(&app);
    let refused = issue(&app, &verified).unwrap_err();
    assert_eq!(refused, Refusal::Changed);
    back(&app);
    assert!(app.directory().sessions(10).is_empty());
    assert_eq!(issue(&app, &verified).unwrap_err(), Refusal::Changed);
    sign_in(&app, USERNAME);
}

#[test]
fn a_user_who_is_switched_off_while_signing_in_gets_no_session() {
    let set = |state| {
        move |app: &App| {
            let to = NewUser {
                state,
                ..NewUser::named(USERNAME)
            };
            app.change_user(USERNAME, to).unwrap();
        }
    };
    race(set(UserState::Inactive), set(UserState::Active));
    race(set(UserState::Frozen), set(UserState::Active));
    let remove = |app: &App| assert!(app.remove_user(USERNAME).unwrap());
    race(remove, |app| {
        app.add_user(NewUser::named(USERNAME)).unwrap();
    });
}

#[test]
fn an_app_that_is_switched_off_while_it_signs_in_gets_no_session() {
    let set = |enabled| {
        move |app: &App| {
            let to = NewApp {
                enabled,
                ..testing::app()
            };
            app.directory().change_app(CLIENT_ID, to).unwrap();
        }
    };
    race(set(Switch::Off), set(Switch::On));
    let remove = |app: &App| assert!(app.directory().remove_app(CLIENT_ID).unwrap());
    race(remove, |app| {
        app.add_app(testing::app()).unwrap();
    });
}

#[test]
fn sessions_are_stored_in_the_order_of_issue_and_their_end_after_their_begin() {
    let folder = tempfile::tempdir().unwrap();
    let app = Emulator::builder()
        .place(Place::File(folder.path().join("org.db")))
        .open()
        .unwrap();
    app.add_app(testing::app()).unwrap();
    app.add_user(NewUser::named(USERNAME)).unwrap();
    let tokens: Vec<_> = (0..20).map(|_| sign_in(&app, USERNAME)).collect();
    for token in tokens.iter().step_by(2) {
        assert!(app.directory().revoke(token));
    }
    app.directory().flush();
    let stored = tables::sessions(&app.directory().store).unwrap();
    let numbers: Vec<_> = stored.iter().map(|session| session.number).collect();
    assert_eq!(numbers, [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
}

#[test]
fn used_assertions_are_kept_while_they_could_be_used_again() {
    let app = org(Mode::Strict);
    let now = UnixTime::from_secs(NOW);
    let redeem = |id: &str, seconds: u64, now| {
        let expires_at = UnixTime::from_secs(NOW + seconds);
        app.directory().redeem(("app", id), expires_at, now)
    };
    let (first, gone) = ("lives on", "expired long ago");
    redeem(gone, 1, now).unwrap();
    redeem(first, 3_600, now).unwrap();
    let later = UnixTime::from_secs(NOW + 1_000);
    for number in 0..102_000 {
        redeem(&number.to_string(), 1_100, later).unwrap();
    }
    assert_eq!(redeem(first, 3_600, later), Err(Refusal::Replayed));
    assert_eq!(redeem("0", 1_100, later), Err(Refusal::Replayed));
    let counted = app.directory().store.run(|connection| {
        let sql = "SELECT COUNT(*) FROM accredit_replay";
        connection.query_row(sql, [], |row| row.get::<_, i64>(0))
    });
    assert_eq!(counted.unwrap(), 102_001, "only the one that expired went");
}

fn request(method: &str, path: &str, body: String) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    request
        .extensions_mut()
        .insert(axum::extract::ConnectInfo(peer));
    request
}

/// Everything runs on one thread: whatever waited for the database on it would stop the rest.
#[tokio::test]
async fn a_database_that_is_stuck_stops_nobody_who_does_not_need_it() {
    let app = org(Mode::Strict);
    let (holding, held) = mpsc::channel();
    let (free, freed) = mpsc::channel::<()>();
    let store = Arc::clone(&app.directory().store);
    let holder = std::thread::spawn(move || {
        store.run(|_| {
            holding.send(()).unwrap();
            // If the thread of the requests waits for us, nobody frees us: the order shows it then.
            let _late = freed.recv_timeout(std::time::Duration::from_secs(3));
            Ok(())
        })
    });
    held.recv().unwrap();
    let (router, ends) = (routes(app.clone()), std::sync::Mutex::new(Vec::new()));
    let send = async |name: &'static str, request: Request<Body>| {
        let reply: Response = router.clone().oneshot(request).await.unwrap();
        ends.lock().unwrap().push((name, reply.status().as_u16()));
    };
    let with_id = testing::assertion_with(&app, USERNAME, "one");
    let offer = |assertion| format!("grant_type={JWT_BEARER}&assertion={assertion}");
    let (one, other) = (offer(with_id), offer(assertion(&app, USERNAME)));
    let path = "/services/oauth2/token";
    let user = format!("/_emulator/users/{USERNAME}");
    tokio::join!(
        send("sign-in with a jti", request("POST", path, one)),
        send(
            "change",
            request("PATCH", &user, r#"{"lastName":"X"}"#.into())
        ),
        async {
            send("sign-in", request("POST", path, other)).await;
            send("health", request("GET", "/_emulator/health", String::new())).await;
            free.send(()).unwrap_or_default();
        }
    );
    holder.join().unwrap().unwrap();
    let ends = ends.into_inner().unwrap();
    assert_eq!(ends[..2], [("sign-in", 200), ("health", 200)], "{ends:?}");
    assert_eq!(ends.len(), 4);
}
