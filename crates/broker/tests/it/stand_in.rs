//! Programs that know only Salesforce.

use accredit_broker::Reveal;

use crate::world::{CONNECTIONS, World, caller};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

#[tokio::test]
async fn a_caller_key_is_traded_for_a_handle_that_opens_the_proxy_and_nothing_else() {
    let (key, a) = caller("a", "connections = \"default\"");
    let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::Never).await;
    let assertion =
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTVZHOSIsInN1YiI6ImludGVncmF0aW9uQGV4YW1wbGUuY29tIn0.c2ln";
    let forms = [
        format!("grant_type=client_credentials&client_id=3MVG9&client_secret={key}"),
        format!("grant_type=password&client_id=x&client_secret=y&username=integration%40example.com&password={key}")
            .replace("client_secret=y&", ""),
        format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}&client_secret={key}"),
    ];
    for form in forms {
        let reply = world.ask("POST /services/oauth2/token", FORM, &form).await;
        assert_eq!(reply.status, 200, "{form} {reply:?}");
        let document = reply.json();
        assert_eq!(
            document["instance_url"],
            format!("http://{}", world.address)
        );
        assert!(
            document["id"].as_str().unwrap().ends_with("/id/00D/005"),
            "{document}"
        );
        let handle = document["access_token"].as_str().unwrap();
        assert!(!reply.body.contains("canary"), "{reply:?}");
        let bearer = format!("Authorization: Bearer {handle}\r\n");
        let through = world.ask("GET /services/data/v62.0/", &bearer, "").await;
        assert_eq!(through.status, 200, "{through:?}");
        assert!(
            world.rest.take()[0]
                .to_ascii_lowercase()
                .contains("bearer 00dcanary!token1")
        );
        let token = world
            .ask("GET /v1/connections/default/token", &bearer, "")
            .await;
        assert_eq!(token.status, 401, "{token:?}");
    }
    assert_eq!(world.salesforce.asked(), 1);
}

#[tokio::test]
async fn who_shows_no_key_gets_no_handle() {
    let (_, a) = caller("a", "connections = \"default\"");
    let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::Never).await;
    for (form, status) in [
        (
            "grant_type=client_credentials&client_id=3MVG9&client_secret=wrong",
            401,
        ),
        ("grant_type=client_credentials&client_id=3MVG9", 401),
        (
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.e30.c",
            401,
        ),
        ("grant_type=refresh_token&refresh_token=x", 400),
    ] {
        let reply = world.ask("POST /services/oauth2/token", FORM, form).await;
        assert_eq!(reply.status, status, "{form} {reply:?}");
        assert!(reply.json()["error"].is_string(), "{reply:?}");
    }
    let bent = world
        .ask(
            "GET /services/data/",
            "Authorization: Bearer acch_x\r\n",
            "",
        )
        .await;
    assert_eq!(bent.status, 401, "{bent:?}");
    assert_eq!(bent.json()[0]["errorCode"], "INVALID_SESSION_ID");
    assert_eq!(world.salesforce.asked(), 0);
}

#[tokio::test]
async fn a_handle_ends_with_the_caller_it_was_made_for() {
    let (key, a) = caller("a", "connections = \"default\"");
    let (_, b) = caller("b", "connections = \"default\"");
    let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::Never).await;
    let form = format!("grant_type=client_credentials&client_secret={key}");
    let reply = world.ask("POST /services/oauth2/token", FORM, &form).await;
    let bearer = format!(
        "Authorization: Bearer {}\r\n",
        reply.json()["access_token"].as_str().unwrap()
    );
    assert_eq!(
        world.ask("GET /services/data/", &bearer, "").await.status,
        200
    );
    world.reload(&format!("{CONNECTIONS}{b}")).await.unwrap();
    assert_eq!(
        world.ask("GET /services/data/", &bearer, "").await.status,
        401
    );
}

/// What `fetch` of Node says of itself, whoever runs it.
const NODE: &str = "Sec-Fetch-Mode: cors\r\n";

#[tokio::test]
async fn a_program_over_the_fetch_of_node_is_served_and_a_page_is_not() {
    let (key, a) = caller(
        "a",
        "connections = \"default\"\nuses = [\"token\", \"proxy\"]",
    );
    let world = World::start(&format!("{CONNECTIONS}{a}"), Reveal::Never).await;
    let form = format!("grant_type=client_credentials&client_secret={key}");
    let sign_in = "POST /services/oauth2/token";
    let reply = world.ask(sign_in, &format!("{FORM}{NODE}"), &form).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let handle = reply.json()["access_token"].as_str().unwrap().to_owned();
    for credential in [
        format!("Authorization: Bearer {handle}\r\n"),
        format!("Authorization: Bearer {key}\r\n"),
    ] {
        let headers = format!("{credential}{NODE}");
        let through = world.ask("GET /services/data/", &headers, "").await;
        assert_eq!(through.status, 200, "{through:?}");
        let token = "GET /v1/connections/default/token";
        let proxy = "GET /v1/connections/default/proxy/services/data/";
        for line in [token, proxy] {
            assert_eq!(world.ask(line, &headers, "").await.status, 403, "{line}");
        }
        for page in [
            "Sec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: same-origin\r\n",
            "Sec-Fetch-Dest: empty\r\n",
            "Sec-Fetch-User: ?1\r\n",
            "Sec-Fetch-Mode: cors\r\n",
            "Origin: https://attacker.example\r\n",
            "Origin: null\r\n",
        ] {
            let headers = format!("{headers}{page}");
            let through = world.ask("GET /services/data/", &headers, "").await;
            assert_eq!(through.status, 403, "{page} {through:?}");
            let headers = format!("{FORM}{NODE}{page}");
            let asked = world.ask(sign_in, &headers, &form).await;
            assert_eq!(asked.status, 403, "{page} {asked:?}");
        }
    }
    let without = world.ask("GET /services/data/", NODE, "").await;
    assert_eq!(without.status, 403, "no key, no exception: {without:?}");
}
