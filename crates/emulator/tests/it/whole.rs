//! The whole org over the management API: loads, snapshots, resets.

use accredit_emulator::{Emulator, NewUser};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{CLIENT_ID, OURS, Org, USERNAME};

const OBJECT: &str = "<CustomObject><label>Trip</label></CustomObject>";

fn files(files: &[(&str, &str)]) -> Value {
    let files: Vec<_> = files
        .iter()
        .map(|(path, content)| json!({"path": path, "content": content}))
        .collect();
    json!({"files": files})
}

async fn load(org: &Org, list: &[(&str, &str)]) -> Value {
    let reply = org.manage("POST", "/load", files(list)).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.json()
}

/// How many trips a client sees; nothing if it knows of none.
async fn trips(org: &Org, token: &str) -> Option<u64> {
    let path = "/services/data/v60.0/query?q=SELECT+COUNT()+FROM+Trip__c";
    let reply = org.get_as(token, path).await;
    reply.json()["totalSize"].as_u64()
}

async fn does(org: &Org, method: &str, path: &str, body: Value) {
    let reply = org.manage(method, path, body).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
}

#[tokio::test]
async fn a_load_is_all_or_nothing_and_says_what_it_did() {
    let org = Org::new();
    let token = org.token().await;
    let bad = [("Trip__c.object", OBJECT), ("Trip__c.csv", "Bogus\nx\n")];
    let reply = org.manage("POST", "/load", files(&bad)).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let message = "Trip__c.csv:2: Trip__c has no field Bogus: load its metadata too";
    assert_eq!(reply.json(), json!({"message": message}));
    assert_eq!(trips(&org, &token).await, None);

    let good = [
        ("Trip__c.object", OBJECT),
        ("Trip__c.csv", "Id,Name\n7,One\n"),
    ];
    let report = load(&org, &good).await;
    assert_eq!(report["objects"], json!(["Trip__c"]));
    assert_eq!(report["records"], json!({"Trip__c": 1}));
    assert_eq!(report["ids"]["Trip__c"]["7"], "a00Ac0000000001IAA");
    assert_eq!(trips(&org, &token).await, Some(1));
    let path = "/services/data/v60.0/sobjects/Trip__c/describe";
    assert_eq!(org.get_as(&token, path).await.json()["label"], "Trip");
}

#[tokio::test]
async fn unload_forgets_the_record_types_of_standard_objects() {
    let gala = "<RecordType xmlns=\"http://soap.sforce.com/2006/04/metadata\">\
        <fullName>Gala</fullName><active>true</active><label>Gala</label></RecordType>";
    let org = Org::new();
    let path = "objects/Account/recordTypes/Gala.recordType-meta.xml";
    load(&org, &[(path, gala)]).await;
    let describe = "/services/data/v60.0/sobjects/Account/describe";
    for is_loaded in [true, false] {
        let token = org.token().await;
        let reply = org.get_as(&token, describe).await.json();
        let infos = reply["recordTypeInfos"].as_array().unwrap();
        let is_listed = infos.iter().any(|info| info["developerName"] == "Gala");
        assert_eq!(is_listed, is_loaded, "{infos:?}");
        does(&org, "POST", "/reset", json!({"unload": true})).await;
        org.app.add_app(crate::support::app()).unwrap();
        org.app.add_user(NewUser::named(USERNAME)).unwrap();
    }
}

#[tokio::test]
async fn a_reset_comes_back_to_what_was_loaded_and_unload_forgets_it() {
    let org = Org::new();
    load(
        &org,
        &[("Trip__c.object", OBJECT), ("Trip__c.csv", "Name\nOne\n")],
    )
    .await;
    let extra = NewUser::named("late@example.com");
    org.app.add_user(extra.clone()).unwrap();
    let token = org.token().await;
    does(&org, "POST", "/reset", Value::Null).await;
    assert_eq!(
        org.get_as(&token, "/services/oauth2/userinfo").await.status,
        403
    );
    // App and user are those of the load; whoever came later is gone.
    let token = org.token().await;
    assert_eq!(trips(&org, &token).await, Some(1));
    let reply = org
        .manage("GET", "/users/late@example.com", Value::Null)
        .await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    org.app.add_user(extra).unwrap();

    does(&org, "POST", "/reset", json!({"unload": true})).await;
    assert_eq!(
        org.manage("GET", "/apps", Value::Null).await.json(),
        json!([])
    );
    org.app.add_app(crate::support::app()).unwrap();
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    let token = org.token().await;
    assert_eq!(trips(&org, &token).await, None);
    does(&org, "POST", "/reset", Value::Null).await;
    assert_eq!(
        org.manage("GET", "/apps", Value::Null).await.json(),
        json!([])
    );
}

#[tokio::test]
async fn a_restore_comes_back_to_the_snapshot_and_sessions_go_on() {
    let org = Org::new();
    let token = org.token().await;
    load(
        &org,
        &[("Trip__c.object", OBJECT), ("Trip__c.csv", "Name\nOne\n")],
    )
    .await;
    does(&org, "PUT", "/snapshots/one", Value::Null).await;
    load(
        &org,
        &[("Trip__c.csv", "Name\nTwo\n"), ("Leg__c.object", OBJECT)],
    )
    .await;
    does(&org, "PUT", "/snapshots/two", Value::Null).await;
    assert_eq!(trips(&org, &token).await, Some(2));
    does(&org, "POST", "/snapshots/one/restore", json!({})).await;
    assert_eq!(trips(&org, &token).await, Some(1));
    let path = "/services/data/v60.0/sobjects/Leg__c/describe";
    assert_eq!(org.get_as(&token, path).await.status, StatusCode::NOT_FOUND);
    does(&org, "POST", "/snapshots/two/restore", json!({})).await;
    assert_eq!(org.get_as(&token, path).await.status, StatusCode::OK);
    assert_eq!(trips(&org, &token).await, Some(2));

    let list = org.manage("GET", "/snapshots", Value::Null).await;
    assert_eq!(list.json(), json!(["one", "two"]));
    does(&org, "DELETE", "/snapshots/one", Value::Null).await;
    for (path, status) in [
        ("/snapshots/one/restore", StatusCode::NOT_FOUND),
        ("/snapshots/0.loaded/restore", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(
            org.manage("POST", path, json!({})).await.status,
            status,
            "{path}"
        );
    }
    let bad = org.manage("PUT", "/snapshots/..%2Fx", Value::Null).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST, "{}", bad.text);
}

#[tokio::test]
async fn a_connected_app_comes_from_its_file() {
    let org = Org::empty(Emulator::builder());
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    let body: String = OURS
        .certificate
        .lines()
        .filter(|l| !l.starts_with('-'))
        .collect();
    for certificate in [&OURS.certificate, &body] {
        let xml = format!(
            "<ConnectedApp xmlns='http://soap.sforce.com/2006/04/metadata'><label>CI</label>
             <oauthConfig><callbackUrl>http://localhost</callbackUrl>
             <certificate>{certificate}</certificate><consumerKey>{CLIENT_ID}</consumerKey>
             <isAdminApproved>true</isAdminApproved><scopes>Api</scopes><scopes>RefreshToken</scopes>
             </oauthConfig><oauthPolicy><ipRelaxation>BYPASS</ipRelaxation></oauthPolicy>
             <profileName>System Administrator</profileName></ConnectedApp>"
        );
        let report = load(&org, &[("connectedApps/CI.connectedApp-meta.xml", &xml)]).await;
        assert_eq!(report["apps"], json!([CLIENT_ID]));
    }
    let app = org
        .manage("GET", &format!("/apps/{CLIENT_ID}"), Value::Null)
        .await
        .json();
    assert_eq!(app["kind"], "connected");
    assert_eq!(app["scopes"], json!(["api", "refresh_token"]));
    assert_eq!(app["profiles"], json!(["System Administrator"]));
    assert_eq!(app["ipRestrictions"], "relax");
    org.token().await;
}

/// The five files of an external client app; `users` says who may use it.
fn five(users: &str) -> [(&'static str, String); 5] {
    let of = "<externalClientApplication>CI</externalClientApplication>";
    let global = format!(
        "<ExtlClntAppGlobalOauthSettings>{of}<certificate>{}</certificate>
         <consumerKey>{CLIENT_ID}</consumerKey></ExtlClntAppGlobalOauthSettings>",
        OURS.certificate
    );
    let settings = format!(
        "<ExtlClntAppOauthSettings>{of}<commaSeparatedOauthScopes>Api, Web
         </commaSeparatedOauthScopes></ExtlClntAppOauthSettings>"
    );
    let policies = format!(
        "<ExtlClntAppOauthConfigurablePolicies>{of}
             <commaSeparatedProfile>System Administrator</commaSeparatedProfile>
             <permittedUsersPolicyType>{users}</permittedUsersPolicyType>
             <sessionTimeoutInMinutes>30</sessionTimeoutInMinutes>
             </ExtlClntAppOauthConfigurablePolicies>"
    );
    let switched_on = format!(
        "<ExtlClntAppConfigurablePolicies>{of}<isEnabled>true</isEnabled>
         </ExtlClntAppConfigurablePolicies>"
    );
    [
        (
            "externalClientApps/CI.eca-meta.xml",
            "<ExternalClientApplication>
              <label>Nightly</label></ExternalClientApplication>"
                .to_owned(),
        ),
        ("a/CIGlblOAuth.ecaGlblOauth-meta.xml", global),
        ("b/CIOAuthSettings.ecaOauth-meta.xml", settings),
        (
            "c/CIOAuthSettings_defaultPolicy.ecaOauthPlcy-meta.xml",
            policies,
        ),
        ("d/CI_defaultPolicy.ecaPlcy-meta.xml", switched_on),
    ]
}

#[tokio::test]
async fn an_external_client_app_comes_from_its_five_files() {
    let org = Org::empty(Emulator::builder());
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    let as_files = |five: &[(&str, String)]| {
        files(
            &five
                .iter()
                .map(|(path, xml)| (*path, xml.as_str()))
                .collect::<Vec<_>>(),
        )
    };
    let bad = five("Everybody");
    let reply = org.manage("POST", "/load", as_files(&bad)).await;
    assert!(
        reply
            .text
            .contains("defaultPolicy.ecaOauthPlcy-meta.xml:1: expected Admin")
    );
    assert_eq!(
        org.manage("GET", "/apps", Value::Null).await.json(),
        json!([])
    );
    let good = five("AdminApprovedPreAuthorized");
    let reply = org.manage("POST", "/load", as_files(&good)).await;
    assert_eq!(reply.json()["apps"], json!([CLIENT_ID]), "{}", reply.text);
    let app = org
        .manage("GET", &format!("/apps/{CLIENT_ID}"), Value::Null)
        .await
        .json();
    assert_eq!(
        (&app["name"], &app["kind"]),
        (&json!("Nightly"), &json!("external"))
    );
    assert_eq!(app["sessionTimeoutMinutes"], 30);
    org.token().await;
}
