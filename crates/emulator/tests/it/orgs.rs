//! Several orgs in one process.

use http::Request;
use serde_json::{Value, json};

use crate::support::{
    CLIENT_ID, JWT_BEARER, LOGIN, ORIGIN, OURS, Org, Reply, USERNAME, claims_with, form, request,
};

/// An org beside the first, with app and user; gives what the management API says of it.
async fn add(org: &Org, definition: Value) -> Value {
    let reply = org.manage("POST", "/orgs", definition).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let made = reply.json();
    let path = made["path"].as_str().unwrap();
    let app = json!({
        "clientId": CLIENT_ID,
        "certificates": [OURS.certificate],
        "kind": "connected",
    });
    for (what, definition) in [("apps", app), ("users", json!({"username": USERNAME}))] {
        let path = format!("{path}/_emulator/{what}");
        let reply = org
            .send(request("POST", &path, &definition.to_string()))
            .await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    made
}

fn at_host(mut request: Request<axum::body::Body>, host: &str) -> Request<axum::body::Body> {
    request.headers_mut().insert("host", host.parse().unwrap());
    request
}

fn offer(path: &str, audience: &str) -> Request<axum::body::Body> {
    let assertion = OURS.assertion(&claims_with(&json!({"aud": audience})));
    form(
        &format!("{path}/services/oauth2/token"),
        &[("grant_type", JWT_BEARER), ("assertion", &assertion)],
    )
}

async fn accounts(org: &Org, path: &str, reply: &Reply) -> u16 {
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    let query = format!("{path}/services/data/v65.0/query?q=SELECT+Id+FROM+Account");
    org.get_as(&token, &query).await.status.as_u16()
}

#[tokio::test]
async fn an_org_below_a_path_answers_with_urls_that_lead_back_there() {
    let org = Org::new();
    let made = add(&org, json!({"name": "acme", "seed": "empty"})).await;
    assert_eq!(made["myDomain"], "acme.my.salesforce.com");
    let reply = org
        .send(offer("/orgs/acme", &format!("{ORIGIN}/orgs/acme")))
        .await;
    assert_eq!(reply.verdict(), "ok");
    let url = format!("{ORIGIN}/orgs/acme");
    assert_eq!(reply.json()["instance_url"], url);
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with(&format!("{url}/id/00D")), "{id}");
    assert_eq!(accounts(&org, "/orgs/acme", &reply).await, 200);
    assert_eq!(accounts(&org, "/orgs/default", &reply).await, 401);
}

#[tokio::test]
async fn an_org_is_asked_at_its_my_domain_or_under_its_name() {
    let org = Org::new();
    add(
        &org,
        json!({"name": "acme", "myDomain": "Acme-Corp.my.salesforce.com"}),
    )
    .await;
    for (host, audience) in [
        (
            "acme-corp.my.salesforce.com",
            "https://acme-corp.my.salesforce.com",
        ),
        (
            "acme-corp.my.site.com",
            "https://acme-corp.my.salesforce.com",
        ),
        ("acme.localhost", "http://acme.localhost"),
    ] {
        let reply = org.send(at_host(offer("", audience), host)).await;
        assert_eq!(reply.verdict(), "ok", "{host}");
        assert_eq!(accounts(&org, "/orgs/acme", &reply).await, 200, "{host}");
    }
}

#[tokio::test]
async fn a_shared_login_host_finds_the_org_of_app_and_user() {
    let org = Org::empty(accredit_emulator::Emulator::builder());
    add(&org, json!({"name": "acme"})).await;
    add(&org, json!({"name": "trial", "environment": "sandbox"})).await;
    let test = "https://test.salesforce.com";
    for (host, audience, domain) in [
        (
            "login.salesforce.com",
            LOGIN,
            "https://acme.my.salesforce.com",
        ),
        (
            "test.salesforce.com",
            test,
            "https://trial.sandbox.my.salesforce.com",
        ),
    ] {
        let reply = org.send(at_host(offer("", audience), host)).await;
        assert_eq!(reply.verdict(), "ok", "{host}");
        assert_eq!(reply.json()["instance_url"], domain);
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        let mut request = at_host(request("GET", "/services/oauth2/userinfo", ""), host);
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        assert_eq!(org.send(request).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn orgs_are_listed_and_removed_and_the_first_one_stays() {
    let org = Org::new();
    add(&org, json!({"name": "acme"})).await;
    let listed = org.manage("GET", "/orgs", Value::Null).await.json();
    let names: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|org| &org["name"])
        .collect();
    assert_eq!(names, ["default", "acme"]);
    assert_eq!(
        org.manage("DELETE", "/orgs/acme", Value::Null).await.status,
        204
    );
    assert_eq!(
        org.manage("DELETE", "/orgs/acme", Value::Null).await.status,
        404
    );
    assert_eq!(
        org.manage("DELETE", "/orgs/default", Value::Null)
            .await
            .status,
        400
    );
    assert_eq!(org.get("/orgs/acme/services/data").await.status, 404);
    assert_eq!(org.get("/orgs/default/services/data").await.status, 200);
}

#[tokio::test]
async fn an_unfit_org_is_refused_with_what_was_expected() {
    let org = Org::new();
    add(&org, json!({"name": "acme"})).await;
    for (definition, part) in [
        (json!({"name": "acme"}), "there already"),
        (json!({"name": "default"}), "there already"),
        (
            json!({"name": "b", "myDomain": "acme.my.salesforce.com"}),
            "there already",
        ),
        (
            json!({"name": "b", "myDomain": "accredit.my.salesforce.com"}),
            "there already",
        ),
        (json!({"name": ""}), "expected at most 40"),
        (json!({"name": "A"}), "expected at most 40"),
        (json!({"name": "a/b"}), "expected at most 40"),
        (
            json!({"name": "b", "myDomain": "b.example"}),
            "expected a host like",
        ),
        (json!({"name": "b", "size": 1}), "unknown field"),
    ] {
        let reply = org.manage("POST", "/orgs", definition).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.text.contains(part), "{reply:?}");
    }
}

#[tokio::test]
async fn there_are_only_so_many_orgs() {
    let org = Org::empty(accredit_emulator::Emulator::builder());
    let mut last = 201;
    for number in 0..70 {
        let definition = json!({"name": format!("o{number}"), "seed": "empty"});
        last = org
            .manage("POST", "/orgs", definition)
            .await
            .status
            .as_u16();
        if last != 201 {
            assert_eq!(number, 63);
            break;
        }
    }
    assert_eq!(last, 400);
}

#[tokio::test]
async fn each_org_has_an_id_of_its_own_the_same_every_time() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let org = Org::new();
        let acme = add(&org, json!({"name": "acme"})).await;
        let trial = add(&org, json!({"name": "trial", "seed": "empty"})).await;
        let first = org.manage("GET", "/org", Value::Null).await.json();
        let ids = [&first["orgId"], &acme["orgId"], &trial["orgId"]];
        seen.push(ids.map(|id| id.as_str().unwrap().to_owned()));
        let reset = request("POST", "/orgs/acme/_emulator/reset", "");
        assert_eq!(org.send(reset).await.status, 204);
        let again = json!({"clientId": CLIENT_ID, "certificates": [OURS.certificate]});
        let path = "/orgs/acme/_emulator";
        for (what, body) in [("apps", again), ("users", json!({"username": USERNAME}))] {
            let made = request("POST", &format!("{path}/{what}"), &body.to_string());
            assert_eq!(org.send(made).await.status, 201);
        }
        let reply = org
            .send(offer("/orgs/acme", &format!("{ORIGIN}/orgs/acme")))
            .await;
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        let id = &seen.last().unwrap()[1];
        assert!(token.starts_with(&format!("{}!", &id[..15])), "{id}");
        let query = "/orgs/acme/services/data/v65.0/query?q=SELECT+Id+FROM+Organization";
        let found = org.get_as(&token, query).await.json();
        assert_eq!(found["records"][0]["Id"], *id);
    }
    assert_eq!(seen[0], seen[1]);
    let [first, acme, trial] = &seen[0];
    assert_eq!(first, "00DAc0000000001MAA");
    assert!(first != acme && acme != trial && first != trial);
}

/// Clients put `nextRecordsUrl` behind the instance URL (jsforce) or behind its host alone
/// (simple-salesforce, which forgets the path of the instance URL from the start).
#[tokio::test]
async fn further_pages_are_found_behind_the_instance_url_and_behind_its_host() {
    let org = Org::new();
    add(&org, json!({"name": "acme"})).await;
    let reply = org
        .send(offer("/orgs/acme", &format!("{ORIGIN}/orgs/acme")))
        .await;
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    let page = async |path: &str| {
        let mut request = request("GET", path, "");
        let headers = request.headers_mut();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        headers.insert("sforce-query-options", "batchSize=200".parse().unwrap());
        org.send(request).await
    };
    let records = vec![json!({"attributes": {"type": "Account"}, "Name": "One"}); 200];
    let mut many = request(
        "POST",
        "/orgs/acme/services/data/v65.0/composite/sobjects",
        &json!({"records": records}).to_string(),
    );
    let headers = many.headers_mut();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    headers.insert("content-type", "application/json".parse().unwrap());
    assert_eq!(org.send(many).await.status, 200);
    let query = "services/data/v65.0/query?q=SELECT+Id+FROM+Account";
    for path in ["/orgs/acme/", "/"] {
        let first = page(&format!("{path}{query}")).await.json();
        assert_eq!(first["done"], false, "{first}");
        let next = first["nextRecordsUrl"].as_str().unwrap();
        assert!(next.starts_with("/services/data/"), "{next}");
        for address in ["/orgs/acme", ""] {
            let second = page(&format!("{address}{next}")).await;
            assert_eq!(second.status, 200, "{address}{next}");
        }
    }
    // An address that names an org is for that org alone.
    assert_eq!(page(&format!("/orgs/default/{query}")).await.status, 401);
}

#[tokio::test]
async fn the_pages_and_the_management_of_an_org_answer_below_localhost() {
    let org = Org::new();
    let acme = add(&org, json!({"name": "acme"})).await;
    let reply = org
        .send(at_host(request("GET", "/setup", ""), "acme.localhost"))
        .await;
    assert_eq!(reply.status, 200);
    assert!(reply.text.contains(acme["orgId"].as_str().unwrap()));
    let managed = request("GET", "/_emulator/org", "");
    let reply = org.send(at_host(managed, "acme.localhost")).await;
    assert_eq!(reply.json()["orgId"], acme["orgId"]);
    for host in [
        "acme.localhost.evil.example",
        "evil.example",
        "acme.localhost:81",
        "xlocalhost",
    ] {
        let reply = org.send(at_host(request("GET", "/setup", ""), host)).await;
        assert_eq!(reply.status, 421, "{host}");
    }
    for (host, name) in [
        ("typo.localhost", "typo"),
        ("typo.localhost:81", "typo"),
        ("a.b.localhost", "a.b"),
        (".localhost", ""),
    ] {
        let reset = request("POST", "/_emulator/reset", "");
        let reply = org.send(at_host(reset, host)).await;
        assert_eq!(reply.status, 404, "{host}");
        let expected = format!("No org of this emulator has the name {name:?}");
        assert_eq!(reply.json()[0]["message"], expected);
    }
}

#[tokio::test]
async fn a_token_chooses_its_org_wherever_it_stands() {
    let org = Org::new();
    add(&org, json!({"name": "acme"})).await;
    let token = async || {
        let reply = org
            .send(offer("/orgs/acme", &format!("{ORIGIN}/orgs/acme")))
            .await;
        reply.json()["access_token"].as_str().unwrap().to_owned()
    };
    let mut bulk = request(
        "POST",
        "/services/async/65.0/job",
        r#"{"operation": "insert", "object": "Account", "contentType": "JSON"}"#,
    );
    let headers = bulk.headers_mut();
    headers.insert("content-type", "application/json".parse().unwrap());
    headers.insert("x-sfdc-session", token().await.parse().unwrap());
    let reply = org.send(bulk).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let lines = request("GET", "/orgs/acme/_emulator/requests", "");
    let lines = org.send(lines).await.json();
    assert_eq!(lines[0]["path"], "/services/async/65.0/job");
    assert_eq!(lines[0]["clientId"], CLIENT_ID);
    for host in ["localhost", "login.salesforce.com"] {
        let token = token().await;
        let revoke = form("/services/oauth2/revoke", &[("token", token.as_str())]);
        assert_eq!(org.send(at_host(revoke, host)).await.status, 200, "{host}");
        let limits = "/orgs/acme/services/data/v65.0/limits";
        assert_eq!(org.get_as(&token, limits).await.status, 401, "{host}");
    }
}
