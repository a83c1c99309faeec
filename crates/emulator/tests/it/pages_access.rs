//! Setup in the browser: who may see the pages, and whose forms are believed.

use accredit::secret::Secret;
use accredit_emulator::Emulator;
use http::StatusCode;
use serde_json::json;

use crate::pages::Browser;
use crate::support::{CLIENT_ID, Org, form, request, send};

/// A form that would end all sessions.
const END: [(&str, &str); 1] = [("fingerprint", "all")];

async fn sessions(org: &Org) -> usize {
    let all = org.manage("GET", "/sessions", json!(null)).await.json();
    all.as_array().unwrap().len()
}

#[tokio::test]
async fn a_form_without_the_token_of_its_visit_changes_nothing() {
    let org = Org::new();
    org.token().await;
    let (browser, stranger) = (Browser::new(&org), Browser::new(&org));
    browser.see("/setup/sessions").await;
    let text = stranger.see("/setup/sessions").await;
    let (_, rest) = text.split_once("name=\"token\" value=\"").unwrap();
    let foreign = rest.split('"').next().unwrap();
    for token in ["", "x", foreign] {
        let fields = [END[0], ("token", token)];
        let reply = browser.send(form("/setup/sessions", &fields)).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{token}");
        assert!(reply.text.contains("This form is too old"), "{token}");
    }
    let reply = org
        .send(form("/setup/sessions", &[END[0], ("token", foreign)]))
        .await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN, "no cookie");
    for path in [
        "/setup/apps".to_owned(),
        format!("/setup/apps/{CLIENT_ID}"),
        format!("/setup/apps/{CLIENT_ID}/certificates"),
        format!("/setup/apps/{CLIENT_ID}/certificates/remove"),
        format!("/setup/apps/{CLIENT_ID}/delete"),
        "/setup/users".to_owned(),
        "/setup/users/x".to_owned(),
        "/setup/clock".to_owned(),
        "/setup/enter".to_owned(),
        "/setup/leave".to_owned(),
    ] {
        let reply = browser.send(form(&path, &[])).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(sessions(&org).await, 1);
}

#[tokio::test]
async fn a_form_of_another_origin_changes_nothing() {
    let org = Org::new();
    org.token().await;
    let browser = Browser::new(&org);
    let text = browser.see("/setup/sessions").await;
    let (_, rest) = text.split_once("name=\"token\" value=\"").unwrap();
    let token = rest.split('"').next().unwrap();
    let from = |name: &'static str, value: &str| {
        let mut request = form("/setup/sessions", &[END[0], ("token", token)]);
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    for (name, value) in [
        ("origin", "null"),
        ("origin", "https://localhost"),
        ("origin", "http://localhost:3000"),
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
    ] {
        let reply = browser.send(from(name, value)).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(sessions(&org).await, 1);
    for (name, value) in [
        ("origin", "http://localhost"),
        ("sec-fetch-site", "same-origin"),
    ] {
        let reply = browser.send(from(name, value)).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{name}: {value}");
    }
    assert_eq!(sessions(&org).await, 0);
}

#[tokio::test]
async fn the_pages_answer_their_own_address_on_this_machine_only() {
    let org = Org::new();
    for path in ["/setup", "/setup/style.css", "/setup/nothing"] {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "localhost.",
            "0.0.0.0",
            "",
        ] {
            let mut request = request("GET", path, "");
            request.headers_mut().insert("host", host.parse().unwrap());
            let reply = org.send(request).await;
            assert_eq!(
                reply.status,
                StatusCode::MISDIRECTED_REQUEST,
                "{path} at {host:?}"
            );
            assert_eq!(reply.header("set-cookie"), "", "{path} at {host:?}");
        }
        let far = send(
            &org.router(),
            request("GET", path, ""),
            [192, 0, 2, 1].into(),
        )
        .await;
        assert_eq!(far.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let org = Org::new();
    let cookie = org.get("/setup").await.header("set-cookie").to_owned();
    assert!(cookie.starts_with("accredit-setup="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/setup; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let mut forged = request("GET", "/setup", "");
    let value = format!("accredit-setup={}.{}", "0".repeat(32), "0".repeat(64));
    forged
        .headers_mut()
        .insert("cookie", value.parse().unwrap());
    let reply = org.send(forged).await;
    assert!(
        reply.header("set-cookie").starts_with("accredit-setup="),
        "a new visit begins"
    );
}

#[tokio::test]
async fn odd_requests_are_refused_in_words() {
    let org = Org::new();
    let browser = Browser::new(&org);
    browser.see("/setup/sessions").await;
    let long = "x".repeat(70_000);
    let reply = browser
        .post("/setup/sessions", &[("fingerprint", &long)])
        .await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let reply = browser.send(request(method, "/setup/sessions", "")).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    for kind in [
        "",
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
    ] {
        let mut request = form("/setup/sessions", &END);
        request
            .headers_mut()
            .insert("content-type", kind.parse().unwrap());
        let reply = browser.send(request).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{kind}");
    }
}

fn locked() -> Org {
    Org::empty(
        Emulator::builder()
            .management_key(Secret::new("k3y-of-this-tests".to_owned()))
            .allow_host("emulator:8080"),
    )
}

#[tokio::test]
async fn a_management_key_is_asked_for_once() {
    let org = locked();
    let browser = Browser::new(&org);
    let reply = browser.get("/setup/apps?done=x").await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let door = reply.header("location").to_owned();
    assert_eq!(door, "/setup/enter?to=%2Fsetup%2Fapps%3Fdone%3Dx");
    assert!(browser.see("/setup/style.css").await.contains("body {"));
    assert!(
        browser
            .see(&door)
            .await
            .contains("value=\"/setup/apps?done=x\"")
    );
    for key in ["", "k3y-of-this-test", "k3y-of-this-tests-"] {
        let reply = browser
            .post("/setup/enter", &[("key", key), ("to", "/setup/apps")])
            .await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{key}");
        assert_eq!(
            browser.get("/setup").await.status,
            StatusCode::SEE_OTHER,
            "{key}"
        );
    }
    browser.see(&door).await;
    let to = browser
        .done(
            "/setup/enter",
            &[("key", "k3y-of-this-tests"), ("to", "/setup/apps")],
        )
        .await;
    assert_eq!(to, "/setup/apps");
    let text = browser.see("/setup/apps").await;
    assert!(text.contains("Leave") && !text.contains("k3y-of-this-tests"));
    assert_eq!(browser.done("/setup/leave", &[]).await, "/setup/enter");
    assert_eq!(
        browser.get("/setup/apps").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn the_door_leads_to_pages_of_ours_only() {
    let org = locked();
    for (wanted, to) in [
        ("/setup/soql?q=SELECT", "/setup/soql?q=SELECT"),
        ("/setup", "/setup"),
        ("//evil.example", "/setup"),
        ("//evil.example/setup/", "/setup"),
        ("https://evil.example/setup", "/setup"),
        ("/setup/\\evil", "/setup"),
        ("/setup\r\nx: y", "/setup"),
        ("/setupx", "/setup"),
        ("javascript:x", "/setup"),
        ("", "/setup"),
    ] {
        let browser = Browser::new(&org);
        browser.see("/setup/enter").await;
        let found = browser
            .done(
                "/setup/enter",
                &[("key", "k3y-of-this-tests"), ("to", wanted)],
            )
            .await;
        assert_eq!(found, to, "{wanted:?}");
    }
}

#[tokio::test]
async fn a_visitor_with_the_key_may_come_from_elsewhere() {
    let org = locked();
    let mut request = request("GET", "/setup/enter", "");
    let host = "emulator:8080".parse().unwrap();
    request.headers_mut().insert("host", host);
    let reply = send(&org.router(), request, [192, 0, 2, 1].into()).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.header("set-cookie").starts_with("accredit-8080="));
}

#[tokio::test]
async fn the_pages_of_an_org_below_a_path_lead_back_to_that_org() {
    let org = Org::new();
    let made = org.manage("POST", "/orgs", json!({"name": "acme"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let browser = Browser::new(&org);
    let reply = browser.get("/orgs/acme/setup").await;
    let cookie = reply.header("set-cookie");
    assert!(
        cookie.contains("; Path=/orgs/acme/setup; HttpOnly"),
        "{cookie}"
    );
    for path in [
        "/",
        "/apps/new",
        "/users",
        "/soql?q=x",
        "/connect",
        "/objects",
        "/nothing",
    ] {
        let path = format!("/orgs/acme/setup{}", path.trim_end_matches('/'));
        let text = browser.get(&path).await.text;
        assert!(!text.contains("=\"/setup"), "{path}: {text}");
        assert!(
            text.contains("href=\"/orgs/acme/setup/style.css\""),
            "{path}"
        );
    }
    browser.see("/orgs/acme/setup/users/new").await;
    let fields = [
        ("username", "only@acme.example"),
        ("profile", "Standard User"),
    ];
    let address = browser.done("/orgs/acme/setup/users", &fields).await;
    assert_eq!(
        address,
        "/orgs/acme/setup/users/only%40acme.example?done=user-created"
    );
    assert!(
        browser
            .see(&address)
            .await
            .contains("The user was created.")
    );
    assert!(
        !Browser::new(&org)
            .see("/setup/users")
            .await
            .contains("only@acme.example")
    );
    let reply = browser.post("/setup/users", &fields).await;
    assert_eq!(
        reply.status,
        StatusCode::FORBIDDEN,
        "a form of one org is none of another"
    );
    let mut root = request("GET", "/orgs/acme/", "");
    let accept = "text/html".parse().unwrap();
    root.headers_mut().insert("accept", accept);
    assert_eq!(
        browser.send(root).await.header("location"),
        "/orgs/acme/setup"
    );
}
