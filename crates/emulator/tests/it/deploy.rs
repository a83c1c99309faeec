//! The Metadata REST API: an app that is deployed signs in; what cannot be is told file by file.

use accredit_emulator::{Emulator, NewUser};
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::{Value, json};

use crate::deployment::{FIVE, external, multipart, package, zip};
use crate::support::{CLIENT_ID, OURS, Org, Reply, THEIRS, USERNAME};

const PATH: &str = "/services/data/v65.0/metadata/deployRequest";

/// An org in which somebody else's app gives us a token.
async fn org() -> (Org, String) {
    let org = Org::empty(Emulator::builder());
    org.app.add_user(NewUser::named(USERNAME)).unwrap();
    let first = accredit_emulator::NewApp {
        client_id: Some("3MVG9first".to_owned()),
        ..crate::support::app()
    };
    org.app.add_app(first).unwrap();
    let mut claims = org.fresh_claims();
    claims["iss"] = json!("3MVG9first");
    let reply = org.exchange(&OURS.assertion(&claims)).await;
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    (org, token)
}

async fn call(org: &Org, token: &str, (method, path): (&str, &str), body: Vec<u8>) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "multipart/form-data; boundary=xYx")
        .body(Body::from(body))
        .unwrap();
    org.send(request).await
}

async fn begin(org: &Org, token: &str, files: &[(&str, String)], options: &Value) -> String {
    let files: Vec<_> = files
        .iter()
        .map(|(path, xml)| (*path, xml.as_str()))
        .collect();
    let body = multipart("json", options, "", &zip(&files));
    let reply = call(org, token, ("POST", PATH), body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(reply.json()["deployResult"]["status"], "Pending");
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn end(org: &Org, token: &str, id: &str) -> Value {
    let path = format!("{PATH}/{id}?includeDetails=true");
    org.get_as(token, &path).await.json()["deployResult"].clone()
}

/// What is said of the files that cannot be: `file:line problem`.
fn failures(result: &Value) -> Vec<String> {
    let all = result["details"]["componentFailures"].as_array().unwrap();
    all.iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            let line = one["lineNumber"].as_u64().map(|line| line.to_string());
            let (file, problem) = (text("fileName"), text("problem"));
            format!("{file}:{} {problem}", line.unwrap_or_default())
        })
        .collect()
}

#[tokio::test]
async fn a_deployed_app_signs_in_and_its_certificate_can_be_changed_by_one_file() {
    let (org, token) = org().await;
    let checked = json!({"checkOnly": true, "singlePackage": true});
    let id = begin(&org, &token, &external(&[]), &checked).await;
    assert!(id.starts_with("0Af"), "{id}");
    let result = end(&org, &token, &id).await;
    assert_eq!(
        (&result["status"], &result["checkOnly"]),
        (&json!("Succeeded"), &json!(true))
    );
    assert_eq!(
        org.exchange(&OURS.assertion(&org.fresh_claims()))
            .await
            .status,
        400
    );

    let id = begin(&org, &token, &external(&[]), &json!({})).await;
    let result = end(&org, &token, &id).await;
    assert_eq!(result["status"], "Succeeded", "{result}");
    assert_eq!(
        (&result["done"], &result["success"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(result["numberComponentsDeployed"], 5);
    let first = &result["details"]["componentSuccesses"][0];
    assert_eq!(first["componentType"], "ExternalClientApplication");
    assert_eq!(
        (&first["fullName"], &first["created"]),
        (&json!("CI"), &json!(true))
    );
    org.token().await;

    // One file, packed in a folder by others, in base64: the rest stays as it was.
    let files = external(&[(&OURS.certificate, &THEIRS.certificate)]);
    let list = package(&FIVE[1..2]);
    let folder = [
        ("app/package.xml", &*list),
        (
            "app/extlClntAppGlobalOauthSets/CIGlblOAuth.ecaGlblOauth",
            &files[2].1,
        ),
    ];
    let head = "Content-Transfer-Encoding: base64\r\n";
    let body = multipart(
        "entity_content",
        &json!({}),
        head,
        STANDARD.encode(zip(&folder)).as_bytes(),
    );
    let reply = call(&org, &token, ("POST", PATH), body).await;
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    let result = end(&org, &token, &id).await;
    assert_eq!(result["status"], "Succeeded", "{result}");
    assert_eq!(result["details"]["componentSuccesses"][0]["created"], false);
    assert_eq!(
        org.exchange(&OURS.assertion(&org.fresh_claims()))
            .await
            .status,
        400
    );
    let reply = org.exchange(&THEIRS.assertion(&org.fresh_claims())).await;
    assert_eq!(reply.verdict(), "ok");
}

/// Changes the files of an app and expects that a failure begins so, and that no app is made.
async fn refused((org, token): &(Org, String), (old, new): (&str, &str), expected: &str) {
    let id = begin(org, token, &external(&[(old, new)]), &json!({})).await;
    let result = end(org, token, &id).await;
    assert_eq!(
        (&result["status"], &result["success"]),
        (&json!("Failed"), &json!(false))
    );
    let found = failures(&result);
    assert!(
        found.iter().any(|one| one.starts_with(expected)),
        "{expected}\n{found:#?}"
    );
    assert_eq!(result["numberComponentErrors"], found.len());
    assert_eq!(org.app_count().await, 1, "{expected}");
}

const GLOBAL: &str = "extlClntAppGlobalOauthSets/CIGlblOAuth.ecaGlblOauth";
const POLICY: &str = "extlClntAppOauthPolicies/CIOAuthSettings_defaultPolicy.ecaOauthPlcy";

#[tokio::test]
async fn what_is_wrong_in_a_file_is_told_with_its_line_and_nothing_is_made() {
    let org = org().await;
    for (old, new, expected) in [
        (
            "<label>CI</label>",
            "",
            "externalClientApps/CI.eca:1 Required field is missing: label",
        ),
        (
            "<isEnabled>true",
            "<isEnabled>yes",
            "extlClntAppPolicies/CI_defaultPolicy.ecaPlcy:2 'yes' is not a valid value for the type \
             xsd:boolean",
        ),
        (
            "AdminApprovedPreAuthorized",
            "Everybody",
            &format!(
                "{POLICY}:3 'Everybody' is not a valid value for the enum 'PermittedUsersPolicyType'"
            ),
        ),
        (
            ">Api<",
            ">Api, Apis<",
            "extlClntAppOauthSettings/CIOAuthSettings.ecaOauth:2 'Apis' is not a valid value for \
             the enum 'ConnectedAppOauthAccessScope'",
        ),
        (
            "<callbackUrl>https://x</callbackUrl>",
            "<callbackUrl>https://x</callbackUrl><callback/>",
            &format!(
                "{GLOBAL}:2 Error parsing file: Element callback invalid at this location in type \
                 ExtlClntAppGlobalOauthSettings"
            ),
        ),
    ] {
        refused(&org, (old, new), expected).await;
    }
}

#[tokio::test]
async fn what_does_not_go_together_is_told_and_nothing_is_made() {
    let org = org().await;
    for (old, new, expected) in [
        (
            "System Administrator",
            "Nobody",
            "externalClientApps/CI.eca: In field: commaSeparatedProfile - no Profile named Nobody \
             found",
        ),
        (
            CLIENT_ID,
            "3MVG9first",
            "externalClientApps/CI.eca: The consumer key is already taken",
        ),
        (
            "</ExternalClientApplication>",
            "",
            "externalClientApps/CI.eca:1 Error parsing file: expected XML: ",
        ),
        (
            "<externalClientApplication>CI<",
            "<externalClientApplication>CD<",
            &format!(
                "{GLOBAL}: In field: externalClientApplication - no ExternalClientApplication named \
                 CD found"
            ),
        ),
        (
            "<members>CIGlblOAuth</members>",
            "<members>Other</members>",
            &format!("{GLOBAL}: Not in package.xml"),
        ),
    ] {
        refused(&org, (old, new), expected).await;
    }
}

#[tokio::test]
async fn a_connected_app_is_made_only_where_support_allowed_it() {
    let (org, token) = org().await;
    let app = format!(
        "<ConnectedApp><contactEmail>a@b.c</contactEmail><label>CI</label><oauthConfig>
         <callbackUrl>https://x</callbackUrl><certificate>{}</certificate>
         <consumerKey>{CLIENT_ID}</consumerKey><isAdminApproved>true</isAdminApproved>
         <scopes>Api</scopes></oauthConfig><profileName>System Administrator</profileName>
         </ConnectedApp>",
        OURS.certificate
    );
    let files = [
        ("package.xml", package(&["ConnectedApp *"])),
        ("connectedApps/CI.connectedApp", app),
    ];
    let id = begin(&org, &token, &files, &json!({})).await;
    let told = failures(&end(&org, &token, &id).await);
    assert_eq!(
        told,
        [
            "connectedApps/CI.connectedApp: You can't create a connected app. To enable connected \
          app creation, contact Salesforce Customer Support."
        ]
    );
    org.manage("PATCH", "/org", json!({"spring26": "off"}))
        .await;
    let id = begin(&org, &token, &files, &json!({})).await;
    assert_eq!(end(&org, &token, &id).await["status"], "Succeeded");
    org.token().await;
    // It may be changed afterwards.
    org.manage("PATCH", "/org", json!({"spring26": "on"})).await;
    let id = begin(&org, &token, &files, &json!({})).await;
    assert_eq!(end(&org, &token, &id).await["status"], "Succeeded");
    let without = files.clone().map(|(path, xml)| {
        (
            path,
            xml.replace("<isAdminApproved>true</isAdminApproved>", ""),
        )
    });
    let id = begin(&org, &token, &without, &json!({})).await;
    let told = failures(&end(&org, &token, &id).await);
    assert!(
        told[0].ends_with("need isAdminApproved to be true"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_deployment_can_be_watched_and_canceled_before_its_end() {
    let (org, token) = org().await;
    org.manage("PATCH", "/org", json!({"bulkPace": "by-looks"}))
        .await;
    let id = begin(&org, &token, &external(&[]), &json!({})).await;
    assert_eq!(end(&org, &token, &id).await["status"], "InProgress");
    let path = format!("{PATH}/{id}");
    let canceling = br#"{"deployResult":{"status":"Canceling"}}"#;
    let reply = call(&org, &token, ("PATCH", &path), canceling.to_vec()).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    assert_eq!(reply.json()["deployResult"]["status"], "Canceling");
    let result = end(&org, &token, &id).await;
    assert_eq!(
        (&result["status"], &result["done"]),
        (&json!("Canceled"), &json!(true))
    );
    let reply = call(&org, &token, ("PATCH", &path), canceling.to_vec()).await;
    assert_eq!(reply.status, 400);
    assert_eq!(org.app_count().await, 1);
}

#[tokio::test]
async fn requests_that_are_no_deployments_are_refused() {
    let (org, token) = org().await;
    let archive = zip(&[("package.xml", &package(&[]))]);
    for (body, status) in [
        (b"--xYx\r\n".to_vec(), 400),
        (Vec::new(), 400),
        (multipart("other", &json!({}), "", &archive), 400),
        (
            multipart(
                "json",
                &json!({}),
                "Content-Transfer-Encoding: base64\r\n",
                b"%",
            ),
            400,
        ),
        (br#"{"validatedDeployRequestId":"0Af"}"#.to_vec(), 400),
    ] {
        let reply = call(&org, &token, ("POST", PATH), body).await;
        assert_eq!(reply.status, status, "{}", reply.text);
    }
    assert_eq!(
        call(&org, &token, ("GET", PATH), Vec::new()).await.status,
        405
    );
    let unknown = format!("{PATH}/0AfAc0000000009");
    assert_eq!(org.get_as(&token, &unknown).await.status, 404);
    assert_eq!(org.get_as("wrong", &unknown).await.status, 401);
    // No archive, and one without a list: deployments that fail.
    for (archive, problem) in [
        (
            b"no archive".to_vec(),
            "package.xml: this is no ZIP archive",
        ),
        (zip(&[("a.xml", "")]), "package.xml: No package.xml found"),
        (
            zip(&[("package.xml", &package(&["ConnectedApp X"]))]),
            "package.xml: An object 'X' of type ConnectedApp was named in package.xml, but was not \
             found in zipped directory",
        ),
        (
            zip(&[("package.xml", &package(&[])), ("classes/A.cls", "")]),
            "classes/A.cls: This emulator deploys apps only",
        ),
    ] {
        let body = multipart("json", &json!({}), "", &archive);
        let reply = call(&org, &token, ("POST", PATH), body).await;
        let id = reply.json()["id"].as_str().unwrap().to_owned();
        let told = failures(&end(&org, &token, &id).await);
        assert!(told[0].starts_with(problem), "{told:?}");
    }
}
