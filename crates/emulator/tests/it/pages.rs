//! Setup in the browser: what the pages show and do.

use std::cell::RefCell;

use accredit_emulator::{Emulator, NewApp, NewUser, Upload};
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;

use crate::support::{
    CLIENT_ID, OURS, Org, Reply, THEIRS, USERNAME, app, claims_with, encode, form, request,
};

/// A browser: it keeps the cookie, and copies the hidden token of the page that it saw last.
pub(crate) struct Browser<'o> {
    org: &'o Org,
    cookie: RefCell<String>,
    token: RefCell<String>,
}

impl<'o> Browser<'o> {
    pub(crate) fn new(org: &'o Org) -> Self {
        Self {
            org,
            cookie: RefCell::default(),
            token: RefCell::default(),
        }
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Reply {
        let cookie = self.cookie.borrow().parse().unwrap();
        request.headers_mut().insert("cookie", cookie);
        let reply = self.org.send(request).await;
        if let Some((pair, _)) = reply.header("set-cookie").split_once(';') {
            pair.clone_into(&mut self.cookie.borrow_mut());
        }
        if let Some((_, rest)) = reply.text.split_once("name=\"token\" value=\"") {
            let (token, _) = rest.split_once('"').unwrap();
            token.clone_into(&mut self.token.borrow_mut());
        }
        reply
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(request("GET", path, "")).await
    }

    /// The page that is there, as text.
    pub(crate) async fn see(&self, path: &str) -> String {
        let reply = self.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
        reply.text
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let token = self.token.borrow().clone();
        let mut all = vec![("token", token.as_str())];
        all.extend_from_slice(fields);
        self.send(form(path, &all)).await
    }

    /// Sends a form that must do its work, and gives the address to which it leads.
    pub(crate) async fn done(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let reply = self.post(path, fields).await;
        assert_eq!(
            reply.status,
            StatusCode::SEE_OTHER,
            "{path}: {}",
            reply.text
        );
        reply.header("location").to_owned()
    }
}

/// The fields of an app's form as the page would send them.
const POLICIES: [(&str, &str); 8] = [
    ("name", "CI"),
    ("kind", "external"),
    ("permitted_users", "pre-authorized"),
    ("profile", "System Administrator"),
    ("scope", "api"),
    ("ip_relaxation", "enforce"),
    ("session_level", "standard"),
    ("timeout", "120"),
];

fn policies<'f>(changes: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let is_kept = |pair: &(&str, &str)| changes.iter().all(|(name, _)| *name != pair.0);
    let kept = POLICIES.into_iter().filter(is_kept);
    kept.chain(changes.iter().copied()).collect()
}

/// Every page that an org with an app, a user, a record and a sign-in has.
async fn pages(org: &Org) -> Vec<String> {
    let users = org.manage("GET", "/users", json!(null)).await.json();
    let id = users[0]["id"].as_str().unwrap().to_owned();
    let apps = org.manage("GET", "/apps", json!(null)).await.json();
    let app = encode(&[("", apps[0]["clientId"].as_str().unwrap())]);
    let user = encode(&[(
        "",
        users.as_array().unwrap().last().unwrap()["username"]
            .as_str()
            .unwrap(),
    )]);
    let (app, user) = (&app[1..], &user[1..]);
    [
        "/setup".to_owned(),
        "/setup/apps".to_owned(),
        "/setup/apps/new".to_owned(),
        format!("/setup/apps/{app}"),
        format!("/setup/apps/{app}/delete"),
        "/setup/users".to_owned(),
        "/setup/users/new".to_owned(),
        format!("/setup/users/{user}"),
        "/setup/logins".to_owned(),
        "/setup/logins?only=refused".to_owned(),
        "/setup/logins?only=issued".to_owned(),
        "/setup/logins/1".to_owned(),
        "/setup/sessions".to_owned(),
        "/setup/objects".to_owned(),
        "/setup/objects/User".to_owned(),
        "/setup/objects/user?sort=Name&order=desc&field=IsActive&is=1&from=1".to_owned(),
        format!("/setup/objects/User/{id}"),
        "/setup/soql".to_owned(),
        "/setup/soql?q=SELECT+Id,Name,Profile.Name+FROM+User".to_owned(),
        "/setup/faults".to_owned(),
        "/setup/clock".to_owned(),
        "/setup/snapshots".to_owned(),
        "/setup/settings".to_owned(),
        "/setup/connect".to_owned(),
        format!("/setup/connect?app={app}&user={user}"),
    ]
    .into()
}

#[tokio::test]
async fn every_page_is_there_and_needs_no_script() {
    let org = Org::new();
    let token = org.token().await;
    let browser = Browser::new(&org);
    for path in pages(&org).await {
        let reply = browser.get(&path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
        assert!(
            reply.header("content-type").starts_with("text/html"),
            "{path}"
        );
        let policy = reply.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{path}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        for banned in ["<script", "<style", " style=", "javascript:", &token] {
            assert!(!reply.text.contains(banned), "{path}: {banned}");
        }
        assert_eq!(reply.text.matches("<h1").count(), 1, "{path}: one heading");
        let tables = reply.text.matches("<table").count();
        assert_eq!(
            reply.text.matches("<caption").count(),
            tables,
            "{path}: captions"
        );
        assert_eq!(
            reply.text.matches("aria-current=\"page\"").count(),
            1,
            "{path}: the menu"
        );
    }
    let style = browser.get("/setup/style.css").await;
    assert!(style.header("content-type").starts_with("text/css"));
    assert!(style.text.len() < 12 * 1024, "{} bytes", style.text.len());
    for path in [
        "/setup/nothing",
        "/setup/apps/x",
        "/setup/users/x",
        "/setup/logins/9",
        "/setup/logins/x",
        "/setup/objects/Nothing",
        "/setup/objects/User/001000000000001AAA",
        "/setup/objects/Account/x",
    ] {
        let reply = browser.get(path).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        assert!(reply.text.contains("There is no such"), "{path}");
    }
}

#[tokio::test]
async fn hostile_names_and_values_are_text_on_every_page() {
    const EVIL: &str = "\"'><script>x</script><img src=x onerror=y>";
    let org = Org::new();
    let hostile = NewApp {
        name: EVIL.to_owned(),
        permission_sets: vec![EVIL.to_owned()],
        approved_users: vec![format!("</textarea>{EVIL}")],
        profiles: vec![EVIL.to_owned()],
        client_id: Some("0'\"><script>/../$(id)".to_owned()),
        certificates: vec![Upload::Named {
            certificate: OURS.certificate.clone(),
            kid: EVIL.to_owned(),
        }],
        ..app()
    };
    org.app.add_app(hostile).unwrap();
    org.app
        .add_user(NewUser {
            first_name: EVIL.to_owned(),
            last_name: EVIL.to_owned(),
            email: EVIL.to_owned(),
            profile: EVIL.to_owned(),
            ..NewUser::named("z'\"><script>@example.com")
        })
        .unwrap();
    for claims in [
        json!({"iss": EVIL, "sub": EVIL, "aud": EVIL}),
        json!({"sub": EVIL, "<script>": EVIL}),
    ] {
        org.exchange(&OURS.assertion(&claims_with(&claims))).await;
    }
    let browser = Browser::new(&org);
    let query = encode(&[("q", "SELECT Name, Profile.Name FROM User"), ("x", EVIL)]);
    let mistake = encode(&[("q", "SELECT '<script>' FROM <script>")]);
    let more = [
        format!("/setup/soql?{query}"),
        format!("/setup/soql?{mistake}"),
        format!("/setup/objects?{}", encode(&[("id", EVIL)])),
        format!(
            "/setup/objects/User?{}",
            encode(&[("field", "Name"), ("is", EVIL)])
        ),
        format!("/setup/enter?{}", encode(&[("to", EVIL)])),
        format!("/setup?{}", encode(&[("done", EVIL)])),
    ];
    let mut shown = 0;
    for path in pages(&org).await.into_iter().chain(more) {
        let reply = browser.get(&path).await;
        let text = reply.text;
        assert!(
            reply.status.is_success() || reply.status == 422,
            "{path}: {text}"
        );
        assert!(
            !text.contains("<script") && !text.contains("<img src=x"),
            "{path}: {text}"
        );
        shown += text.matches("&#60;script").count();
    }
    assert!(shown > 20, "the values were shown {shown} times");
}

#[tokio::test]
async fn an_app_is_made_changed_and_deleted_by_forms() {
    let org = Org::empty(Emulator::builder());
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    let browser = Browser::new(&org);
    assert!(browser.see("/setup/apps").await.contains("No apps yet"));
    browser.see("/setup/apps/new").await;
    let made = policies(&[
        ("client_id", CLIENT_ID),
        ("certificate", &THEIRS.certificate),
    ]);
    let address = browser.done("/setup/apps", &made).await;
    assert_eq!(address, format!("/setup/apps/{CLIENT_ID}?done=app-created"));
    assert!(browser.see(&address).await.contains("The app was created."));
    let assertion = || OURS.assertion(&org.fresh_claims());
    assert_eq!(org.exchange(&assertion()).await.code(), "ACC-1003");

    let path = format!("/setup/apps/{CLIENT_ID}");
    let added = format!("{path}/certificates");
    browser
        .done(&added, &[("certificate", &OURS.certificate)])
        .await;
    assert_eq!(org.exchange(&assertion()).await.verdict(), "ok");

    let text = browser.see(&path).await;
    let (_, rest) = text.split_once("name=\"fingerprint\" value=\"").unwrap();
    let theirs = rest.split('"').next().unwrap().to_owned();
    browser
        .done(&format!("{added}/remove"), &[("fingerprint", &theirs)])
        .await;
    assert!(!browser.see(&path).await.contains(&theirs));
    assert_eq!(org.exchange(&assertion()).await.verdict(), "ok");

    let changed = policies(&[
        ("profile", "Standard User"),
        ("name", "CI 2"),
        ("timeout", "7"),
    ]);
    browser.done(&path, &changed).await;
    assert_eq!(org.exchange(&assertion()).await.code(), "ACC-1031");
    let shown = org
        .manage("GET", &format!("/apps/{CLIENT_ID}"), json!(null))
        .await
        .json();
    assert_eq!(
        (&shown["name"], &shown["sessionTimeoutMinutes"]),
        (&json!("CI 2"), &json!(7))
    );

    assert!(
        browser
            .see(&format!("{path}/delete"))
            .await
            .contains("2 sessions end")
    );
    let address = browser.done(&format!("{path}/delete"), &[]).await;
    assert_eq!(address, "/setup/apps?done=app-deleted");
    assert_eq!(org.exchange(&assertion()).await.code(), "ACC-1020");
}

#[tokio::test]
async fn a_certificate_comes_as_a_file_too() {
    let org = Org::empty(Emulator::builder());
    let browser = Browser::new(&org);
    browser.see("/setup/apps/new").await;
    let token = browser.token.borrow().clone();
    let mut body = String::new();
    let fields = policies(&[("token", &token), ("certificate", "")]);
    for (name, value) in fields {
        body.push_str(&format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!(
        "--b\r\nContent-Disposition: form-data; name=\"certificate_file\"; filename=\"s.crt\"\r\n\
         Content-Type: application/x-x509-ca-cert\r\n\r\n{}\r\n--b--\r\n",
        OURS.certificate
    ));
    let mut upload = request("POST", "/setup/apps", &body);
    let kind = "multipart/form-data; boundary=b".parse().unwrap();
    upload.headers_mut().insert("content-type", kind);
    let reply = browser.send(upload).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text);
    assert!(
        browser
            .see(reply.header("location"))
            .await
            .contains("RSA 2048")
    );
}

#[tokio::test]
async fn a_form_that_is_wrong_comes_back_filled_in_and_says_why() {
    let org = Org::new();
    let browser = Browser::new(&org);
    browser.see("/setup/apps/new").await;
    for (changes, reason) in [
        (&[("name", "")][..], "Give the app a name."),
        (&[("timeout", "many")], "expected 1 to 1440 minutes"),
        (&[("certificate", "x")], "That is no certificate."),
        (&[("client_id", CLIENT_ID)], "is there already"),
        (&[("client_id", "a b")], "a blank"),
    ] {
        let fields = policies(&[changes, &[("permission_sets", "Kept\r\nToo")]].concat());
        let reply = browser.post("/setup/apps", &fields).await;
        assert_eq!(
            reply.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{changes:?}"
        );
        assert!(reply.text.contains(reason), "{changes:?}: {}", reply.text);
        assert!(reply.text.contains("role=\"alert\"") && reply.text.contains("Kept\nToo"));
    }
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEsecret\n-----END PRIVATE KEY-----";
    let reply = browser
        .post("/setup/apps", &policies(&[("certificate", key)]))
        .await;
    assert!(reply.text.contains("That is the private key."));
    assert!(
        !reply.text.contains("MIIEsecret"),
        "a private key is not shown again"
    );
    let reply = browser
        .post(
            "/setup/users",
            &[("username", "a b"), ("first_name", "Ann")],
        )
        .await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply.text.contains("1 to 80 bytes") && reply.text.contains("value=\"Ann\""));
}

#[tokio::test]
async fn a_user_is_made_frozen_and_freed() {
    let org = Org::new();
    let browser = Browser::new(&org);
    browser.see("/setup/users/new").await;
    let fields = [
        ("username", "New@Example.com"),
        ("state", "active"),
        ("profile", "Standard User"),
    ];
    let address = browser.done("/setup/users", &fields).await;
    assert_eq!(address, "/setup/users/New%40Example.com?done=user-created");
    let text = browser.see(&address).await;
    assert!(
        text.contains("<option selected>Standard User</option>"),
        "{text}"
    );

    let path = "/setup/users/svc.int%40example.com";
    let assertion = || OURS.assertion(&org.fresh_claims());
    for (state, code) in [
        ("frozen", "ACC-1040"),
        ("locked", "ACC-1041"),
        ("active", ""),
    ] {
        browser
            .done(path, &[("state", state), ("last_name", "Int")])
            .await;
        assert_eq!(org.exchange(&assertion()).await.code(), code, "{state}");
    }
    assert!(
        browser
            .see("/setup/soql?q=SELECT+LastName+FROM+User")
            .await
            .contains("<td>Int</td>")
    );
}

#[tokio::test]
async fn login_history_shows_every_check_and_what_to_do() {
    let org = Org::new();
    let browser = Browser::new(&org);
    assert!(browser.see("/setup/logins").await.contains("No sign-ins"));
    org.exchange(&THEIRS.assertion(&org.fresh_claims())).await;
    let text = browser.see("/setup/logins").await;
    for said in [
        "Refused: ACC-1003",
        "invalid_grant",
        "The signature does not verify with a certificate of the app.",
        "Compare the key and the uploaded certificate",
        "<th scope=\"row\" role=\"rowheader\">Signature</th>",
        "Policies of App",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(text.matches(">Not reached<").count(), 7);
    assert_eq!(text.matches(">Failed<").count(), 1);
    org.exchange(&OURS.assertion(&claims_with(
        &json!({"exp": (crate::support::NOW + 120).to_string()}),
    )))
    .await;
    let text = browser.see("/setup/logins/2").await;
    assert!(
        text.contains("strict mode would refuse") && text.contains("exp-as-text"),
        "{text}"
    );
    assert!(text.contains("2026-11-21 00:02:00 UTC"), "{text}");
    assert!(
        !browser
            .see("/setup/logins?only=issued")
            .await
            .contains("ACC-1003")
    );
    assert!(browser.see("/setup").await.contains("Success, leniently"));
}

#[tokio::test]
async fn what_was_missing_at_a_sign_in_is_one_link_away() {
    let org = Org::new();
    let browser = Browser::new(&org);
    let claims = json!({"iss": "3MVG9other", "sub": "new@example.com"});
    org.exchange(&OURS.assertion(&claims_with(&claims))).await;
    let text = browser.see("/setup/logins").await;
    assert!(
        text.contains("href=\"/setup/apps/new?client_id=3MVG9other\""),
        "{text}"
    );
    assert!(
        text.contains("href=\"/setup/users/new?username=new%40example.com\""),
        "{text}"
    );
    let text = browser.see("/setup/apps/new?client_id=3MVG9other").await;
    assert!(text.contains("value=\"3MVG9other\""), "{text}");
    let text = browser
        .see("/setup/users/new?username=new%40example.com")
        .await;
    assert!(text.contains("value=\"new@example.com\""), "{text}");
}

#[tokio::test]
async fn a_session_is_revoked() {
    let org = Org::new();
    let (kept, ended) = (org.token().await, org.token().await);
    let browser = Browser::new(&org);
    let text = browser.see("/setup/sessions").await;
    assert!(!text.contains(&kept) && !text.contains(&ended));
    let (_, rest) = text.split_once("<th scope=\"row\"><code>").unwrap();
    let newest = rest.split('<').next().unwrap().to_owned();
    browser
        .done("/setup/sessions", &[("fingerprint", &newest)])
        .await;
    let path = "/services/oauth2/userinfo";
    assert_eq!(org.get_as(&ended, path).await.status, 403);
    assert_eq!(org.get_as(&kept, path).await.status, 200);
    let reply = browser
        .post("/setup/sessions", &[("fingerprint", &newest)])
        .await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    browser
        .done("/setup/sessions", &[("fingerprint", "all")])
        .await;
    assert_eq!(org.get_as(&kept, path).await.status, 403);
    assert!(browser.see("/setup/sessions").await.contains("No sessions"));
}

#[tokio::test]
async fn the_clock_is_frozen_moved_and_run() {
    let org = Org::new();
    let browser = Browser::new(&org);
    browser.see("/setup/clock").await;
    let act =
        |fields: &'static [(&'static str, &'static str)]| browser.done("/setup/clock", fields);
    act(&[("action", "set"), ("at", "2030-01-02T03:04")]).await;
    org.advance(9);
    assert!(
        browser
            .see("/setup")
            .await
            .contains("Clock frozen: 2030-01-02 03:04:00 UTC")
    );
    act(&[("action", "advance"), ("count", "2"), ("unit", "days")]).await;
    assert!(
        browser
            .see("/setup/clock")
            .await
            .contains("2030-01-04 03:04:00")
    );
    act(&[("action", "run")]).await;
    assert!(
        browser
            .see("/setup/clock")
            .await
            .contains("2026-11-21 00:00:09")
    );
    act(&[("action", "freeze")]).await;
    for fields in [
        &[("action", "set"), ("at", "noon")][..],
        &[("action", "set"), ("at", "1969-12-31T23:59")],
        &[("action", "advance"), ("count", "-1"), ("unit", "days")],
        &[
            ("action", "advance"),
            ("count", "99999999999999999999"),
            ("unit", "days"),
        ],
        &[("action", "advance"), ("count", "3651"), ("unit", "days")],
        &[("action", "stop")],
    ] {
        let reply = browser.post("/setup/clock", fields).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
    }
}

#[tokio::test]
async fn the_console_shows_where_the_mistake_is() {
    let org = Org::new();
    let browser = Browser::new(&org);
    let query = encode(&[("q", "SELECT Id,\r\n  Nmae\r\nFROM User")]);
    let reply = browser.get(&format!("/setup/soql?{query}")).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply.text.contains("INVALID_FIELD") && reply.text.contains("line 2, column 3"));
    let shown = "SELECT Id,\n  Nmae\n<span class=\"caret\" aria-hidden=\"true\">  ^</span>\nFROM User</pre>";
    assert!(reply.text.contains(shown), "{}", reply.text);
    let reply = browser.get("/setup/soql?q=SELECT+COUNT()+FROM+User").await;
    assert!(reply.text.contains("3 records"), "{}", reply.text);
    let reply = browser
        .get("/setup/soql?q=SELECT+Id+FROM+User&locator=0r8000000000009AAA&from=200")
        .await;
    assert!(reply.text.contains("no longer kept"), "{}", reply.text);
}

#[tokio::test]
async fn long_lists_have_pages_that_lead_to_each_other() {
    let org = Org::new();
    for number in 0..450 {
        org.app
            .add_user(NewUser::named(format!("u{number:03}@example.com")))
            .unwrap();
    }
    let browser = Browser::new(&org);
    let link = |text: &str, rel: &str| {
        let (before, _) = text.split_once(&format!("\" rel=\"{rel}\""))?;
        let (_, link) = before.rsplit_once("href=\"")?;
        Some(link.replace("&#38;", "&"))
    };
    for (path, sizes) in [
        (
            "/setup/soql?q=SELECT+Username+FROM+User+ORDER+BY+Username",
            &[200, 200, 53][..],
        ),
        ("/setup/users", &[100, 100, 100, 100, 53]),
        (
            "/setup/objects/User?sort=Username",
            &[50, 50, 50, 50, 50, 50, 50, 50, 50, 3],
        ),
    ] {
        let mut seen = vec![path.to_owned()];
        let mut text = browser.see(path).await;
        for (at, size) in sizes.iter().enumerate() {
            let (_, body) = text.split_once("<tbody>").unwrap();
            assert_eq!(body.matches("<tr>").count(), *size, "{path}: page {at}");
            assert!(text.contains("of 453"), "{path}: page {at}");
            assert_eq!(link(&text, "prev").is_some(), at > 0, "{path}: page {at}");
            let Some(next) = link(&text, "next") else {
                assert_eq!(at + 1, sizes.len(), "{path}");
                break;
            };
            text = browser.see(&next).await;
            seen.push(next);
        }
        assert_eq!(seen.len(), sizes.len(), "{path}");
        for _ in 1..sizes.len() {
            text = browser.see(&link(&text, "prev").unwrap()).await;
        }
        assert!(
            link(&text, "prev").is_none(),
            "{path}: back at the first page"
        );
    }
    let text = browser
        .see("/setup/objects/User?sort=Username&order=desc&from=99999")
        .await;
    assert!(text.contains("451–453 of 453"), "{text}");
}

#[tokio::test]
async fn browsers_find_the_pages_from_the_root_and_clients_an_error() {
    let org = Org::new();
    let mut from_browser = request("GET", "/", "");
    let accept = "text/html,*/*;q=0.8".parse().unwrap();
    from_browser.headers_mut().insert("accept", accept);
    let reply = org.send(from_browser).await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (StatusCode::SEE_OTHER, "/setup")
    );
    let reply = org.get("/").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(reply.json()[0]["errorCode"], "NOT_FOUND");
}

#[tokio::test]
async fn the_lines_to_copy_hold_the_values_of_the_org() {
    let org = Org::new();
    let browser = Browser::new(&org);
    let text = browser
        .see("/setup/connect?user=svc.int%40example.com")
        .await;
    for said in [
        format!("-i {CLIENT_ID} "),
        format!("-o {USERNAME} -f server.key -r http://localhost"),
        "--instance-url http://localhost --alias local".to_owned(),
        "domain=&#34;accredit.my&#34;".to_owned(),
        format!("issuer: &#34;{CLIENT_ID}&#34;"),
    ] {
        assert!(text.contains(&said), "{said}: {text}");
    }
}
