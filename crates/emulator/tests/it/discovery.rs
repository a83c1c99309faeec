//! What the org says about itself.

use serde_json::json;

use crate::support::{ORIGIN, Org, request};

#[tokio::test]
async fn openid_configuration_has_the_recorded_keys_in_order() {
    let reply = Org::new().get("/.well-known/openid-configuration").await;
    assert_eq!(
        reply.keys(),
        [
            "end_session_endpoint",
            "frontchannel_logout_supported",
            "frontchannel_logout_session_supported",
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "revocation_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
            "registration_endpoint",
            "introspection_endpoint",
            "scopes_supported",
            "response_types_supported",
            "subject_types_supported",
            "id_token_signing_alg_values_supported",
            "display_values_supported",
            "token_endpoint_auth_methods_supported",
            "claims_supported"
        ]
    );
    let body = reply.json();
    assert_eq!(body["issuer"], ORIGIN);
    assert_eq!(
        body["token_endpoint"],
        format!("{ORIGIN}/services/oauth2/token")
    );
    let mut scopes: Vec<_> = body["scopes_supported"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    scopes.dedup();
    assert_eq!(scopes.len(), 33);
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("access-control-allow-credentials"), "false");
}

#[tokio::test]
async fn auth_configuration_has_the_recorded_keys_in_order() {
    let reply = Org::new().get("/.well-known/auth-configuration").await;
    assert_eq!(
        reply.keys(),
        [
            "OrgId",
            "Url",
            "MobileSDK",
            "LoginPage",
            "SamlProviders",
            "AuthProviders",
            "CertificateLogin",
            "LoginPageType",
            "LoginPageTypeConfigs"
        ]
    );
    assert_eq!(reply.json()["OrgId"].as_str().unwrap().len(), 15);
}

#[tokio::test]
async fn there_are_no_keys_since_nothing_is_signed() {
    assert_eq!(Org::new().get("/id/keys").await.json(), json!({"keys": []}));
}

#[tokio::test]
async fn what_the_documents_name_and_nobody_built_says_so() {
    let org = Org::new();
    let document = org.get("/.well-known/openid-configuration").await.json();
    for name in ["authorization_endpoint", "registration_endpoint"] {
        let path = document[name]
            .as_str()
            .unwrap()
            .strip_prefix(ORIGIN)
            .unwrap();
        let reply = org.get(path).await;
        assert_eq!(reply.status, 501, "{path}");
        assert!(
            reply.text.contains(&format!("does not serve {path} yet")),
            "{path}"
        );
    }
    for path in ["/services/apexrest/mine", "/services/oauth2/singleaccess"] {
        let reply = org.send(request("POST", path, "")).await;
        assert_eq!(reply.status, 501, "{path}");
    }
}
