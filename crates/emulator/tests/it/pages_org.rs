//! The pages that change how the whole org behaves: faults, snapshots, settings, clock.

use http::StatusCode;
use serde_json::json;

use crate::pages::Browser;
use crate::support::{OURS, Org, USERNAME, claims_with, request};

#[tokio::test]
async fn a_fault_is_added_strikes_and_is_removed() {
    let org = Org::new();
    let browser = Browser::new(&org);
    let page = browser.see("/setup/faults").await;
    assert!(page.contains("Nothing goes wrong"));
    let fields = [
        ("action", "add"),
        ("kind", "error"),
        ("status", "503"),
        ("code", "SERVER_UNAVAILABLE"),
        ("message", "Try later"),
        ("location", "left over from another kind"),
        ("method", "GET"),
        ("path", "/services/data/**"),
        ("user", USERNAME),
        ("count", "1"),
    ];
    let next = browser.done("/setup/faults", &fields).await;
    let page = browser.see(&next).await;
    for part in [
        "The fault was added.",
        "status 503",
        "code SERVER_UNAVAILABLE",
        "/services/data/**",
        "the first</td>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let token = org.token().await;
    let path = "/services/data/v60.0/limits";
    let struck = org.get_as(&token, path).await;
    assert_eq!(struck.status, 503);
    assert_eq!(struck.json()[0]["errorCode"], "SERVER_UNAVAILABLE");
    assert_eq!(org.get_as(&token, path).await.status, 200);
    browser.see("/setup/faults").await;
    let remove = [("action", "remove"), ("id", "1")];
    browser.done("/setup/faults", &remove).await;
    let again = browser.post("/setup/faults", &remove).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    for kind in ["latency", "hang-up"] {
        browser.see("/setup/faults").await;
        let fields = [("action", "add"), ("kind", kind), ("milliseconds", "5")];
        browser.done("/setup/faults", &fields).await;
    }
    assert_eq!(listed(&org).await, 2);
    browser.done("/setup/faults", &[("action", "clear")]).await;
    assert_eq!(listed(&org).await, 0);
}

async fn listed(org: &Org) -> usize {
    let faults = org.manage("GET", "/faults", json!(null)).await.json();
    faults.as_array().unwrap().len()
}

#[tokio::test]
async fn an_unfit_fault_comes_back_filled_in_and_says_why() {
    let org = Org::new();
    let browser = Browser::new(&org);
    browser.see("/setup/faults").await;
    for (fields, problem) in [
        (vec![("kind", "bogus")], "Choose what goes wrong."),
        (vec![("kind", "error")], "Error needs status."),
        (vec![("kind", "redirect")], "Redirect needs location."),
        (
            vec![("kind", "latency"), ("milliseconds", "soon")],
            "expected a whole number.",
        ),
        (
            vec![("kind", "error"), ("status", "99")],
            "expected 200 to 599.",
        ),
        (vec![("kind", "empty"), ("nth", "0")], "Nth counts from 1."),
        (
            vec![("kind", "empty"), ("path", "services")],
            "A path pattern begins with / or *",
        ),
    ] {
        let mut all = vec![("action", "add"), ("message", "kept & shown")];
        all.extend(fields.iter().copied());
        let reply = browser.post("/setup/faults", &all).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert!(reply.text.contains(problem), "{problem}: {}", reply.text);
        assert!(
            reply.text.contains("value=\"kept &#38; shown\""),
            "{problem}"
        );
    }
    assert_eq!(listed(&org).await, 0);
}

#[tokio::test]
async fn a_snapshot_is_taken_restored_and_deleted() {
    let org = Org::new();
    let browser = Browser::new(&org);
    let page = browser.see("/setup/snapshots").await;
    assert!(page.contains("No snapshots yet"));
    let act = |action, name| [("action", action), ("name", name)];
    let unfit = browser.post("/setup/snapshots", &act("take", "../x")).await;
    assert_eq!(unfit.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unfit.text.contains("is no name for a snapshot"));
    browser
        .done("/setup/snapshots", &act("take", "before"))
        .await;
    let removed = org
        .manage("DELETE", &format!("/users/{USERNAME}"), json!(null))
        .await;
    assert_eq!(removed.status, 204);
    let page = browser.see("/setup/snapshots").await;
    assert!(page.contains("before</th>"), "{page}");
    let next = browser
        .done("/setup/snapshots", &act("restore", "before"))
        .await;
    assert!(
        browser
            .see(&next)
            .await
            .contains("as it was in the snapshot")
    );
    let user = format!("/users/{USERNAME}");
    assert_eq!(org.manage("GET", &user, json!(null)).await.status, 200);
    browser
        .done("/setup/snapshots", &act("delete", "before"))
        .await;
    for action in ["restore", "delete"] {
        browser.see("/setup/snapshots").await;
        let reply = browser
            .post("/setup/snapshots", &act(action, "before"))
            .await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{action}");
    }
    browser.see("/setup/snapshots").await;
    let reply = browser.post("/setup/snapshots", &act("", "before")).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_org_is_reset_by_a_button() {
    let org = Org::new();
    let token = org.token().await;
    let browser = Browser::new(&org);
    for action in ["reset", "unload"] {
        browser.see("/setup/snapshots").await;
        let next = browser
            .done("/setup/snapshots", &[("action", action)])
            .await;
        assert!(browser.see(&next).await.contains("The org was reset."));
        let user = format!("/users/{USERNAME}");
        assert_eq!(org.manage("GET", &user, json!(null)).await.status, 404);
        let path = "/services/oauth2/userinfo";
        assert_eq!(org.get_as(&token, path).await.status, 403, "{action}");
    }
}

#[tokio::test]
async fn settings_are_changed_and_kept() {
    let org = Org::new();
    let browser = Browser::new(&org);
    browser.see("/setup/settings").await;
    let fields = [
        ("mode", "strict"),
        ("environment", "sandbox"),
        ("spring26", "off"),
        ("login_limit", "7"),
        ("request_limit", "1000"),
    ];
    let next = browser.done("/setup/settings", &fields).await;
    let page = browser.see(&next).await;
    for chosen in ["strict", "sandbox", "off"] {
        assert!(
            page.contains(&format!("value=\"{chosen}\" checked")),
            "{chosen}"
        );
    }
    let settings = org.manage("GET", "/org", json!(null)).await.json();
    assert_eq!(settings["mode"], "strict");
    assert_eq!(settings["environment"], "sandbox");
    assert_eq!(settings["spring26"], "off");
    assert_eq!(settings["loginLimit"], 7);
    assert_eq!(settings["requestLimit"], 1_000);
    let lenient = OURS.assertion(&claims_with(&json!({"exp": "1795219320"})));
    assert_eq!(org.exchange(&lenient).await.code(), "ACC-1006");
    let unfit = [("login_limit", "many"), ("request_limit", "1")];
    let reply = browser.post("/setup/settings", &unfit).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply.text.contains("value=\"many\""));
}

#[tokio::test]
async fn orgs_are_added_reached_and_removed_by_links_and_buttons() {
    let org = Org::new();
    let browser = Browser::new(&org);
    browser.see("/setup/settings").await;
    let add = |name| [("action", "add"), ("name", name), ("seed", "empty")];
    let unfit = browser.post("/setup/settings/orgs", &add("No Name")).await;
    assert_eq!(unfit.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unfit.text.contains("value=\"No Name\""));
    let next = browser.done("/setup/settings/orgs", &add("acme")).await;
    let page = browser.see(&next).await;
    assert!(page.contains("href=\"/orgs/acme/setup\""), "{page}");
    let there = org.get("/orgs/acme/setup/settings").await.text;
    assert!(there.contains("href=\"/orgs/default/setup\""), "{there}");
    assert!(
        there.contains("acme <span class=\"tag\">this org"),
        "{there}"
    );
    let mut request = request("GET", "/setup/settings", "");
    let host = "acme.localhost".parse().unwrap();
    request.headers_mut().insert("host", host);
    let there = org.send(request).await.text;
    let back = "href=\"http://localhost/orgs/default/setup\"";
    assert!(there.contains(back), "{there}");
    browser.see("/setup/settings").await;
    let remove = [("action", "remove"), ("name", "acme")];
    browser.done("/setup/settings/orgs", &remove).await;
    for name in ["acme", "default"] {
        browser.see("/setup/settings").await;
        let remove = [("action", "remove"), ("name", name)];
        let reply = browser.post("/setup/settings/orgs", &remove).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn the_clock_of_the_pages_ends_with_the_year_9999_too() {
    let org = Org::new();
    let browser = Browser::new(&org);
    org.manage("PUT", "/clock", json!({"now": 253_402_207_100_u64}))
        .await;
    browser.see("/setup/clock").await;
    let step = |count| [("action", "advance"), ("count", count), ("unit", "seconds")];
    browser.done("/setup/clock", &step("100")).await;
    let reply = browser.post("/setup/clock", &step("1")).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply.text.contains("ends with the year 9999"));
    let set = [("action", "set"), ("at", "9999-12-31T23:00")];
    let reply = browser.post("/setup/clock", &set).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
}
