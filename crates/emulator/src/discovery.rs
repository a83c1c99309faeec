//! What the org says about itself without being signed in to (fact sheet §4.5).

use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode, Uri, header};
use serde_json::{Value, json};

use crate::app::App;
use crate::error::ApiError;
use crate::oauth_reply;
use crate::origin::Origin;

/// Scopes, as far as the fact sheet names them (§3.5).
const SCOPES: [&str; 33] = [
    "cdp_ingest_api",
    "custom_permissions",
    "cdp_segment_api",
    "content",
    "cdp_api",
    "chatbot_api",
    "cdp_identityresolution_api",
    "interaction_api",
    "wave_api",
    "web",
    "cdp_calculated_insight_api",
    "einstein_gpt_api",
    "offline_access",
    "id",
    "api",
    "eclair_api",
    "pardot_api",
    "cdp_query_api",
    "lightning",
    "visualforce",
    "cdp_profile_api",
    "sfap_api",
    "openid",
    "refresh_token",
    "profile",
    "user_registration_api",
    "pwdless_login_api",
    "chatter_api",
    "mcp_api",
    "forgot_password",
    "full",
    "address",
    "email",
];

/// Claims of `userinfo`.
const CLAIMS: [&str; 24] = [
    "active",
    "address",
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "is_app_installed",
    "language",
    "locale",
    "name",
    "nickname",
    "organization_id",
    "phone_number",
    "phone_number_verified",
    "photos",
    "picture",
    "preferred_username",
    "profile",
    "sub",
    "updated_at",
    "urls",
    "user_id",
    "user_type",
    "zoneinfo",
];

/// `GET /.well-known/openid-configuration`.
pub(crate) async fn openid(origin: Origin) -> Response {
    let url = |path: &str| format!("{}{path}", origin.as_str());
    public(&json!({
        "end_session_endpoint": url("/services/auth/idp/oidc/logout"),
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": false,
        "issuer": origin.as_str(),
        "authorization_endpoint": url("/services/oauth2/authorize"),
        "token_endpoint": url("/services/oauth2/token"),
        "revocation_endpoint": url("/services/oauth2/revoke"),
        "userinfo_endpoint": url("/services/oauth2/userinfo"),
        "jwks_uri": url("/id/keys"),
        "registration_endpoint": url("/services/oauth2/register"),
        "introspection_endpoint": url("/services/oauth2/introspect"),
        "scopes_supported": SCOPES.as_slice(),
        "response_types_supported": ["code", "token", "token id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "display_values_supported": ["page", "popup", "touch"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_post", "client_secret_basic", "private_key_jwt"
        ],
        "claims_supported": CLAIMS,
    }))
}

/// `GET /.well-known/auth-configuration`.
pub(crate) async fn auth(State(app): State<App>, origin: Origin) -> Response {
    public(&json!({
        "OrgId": app.org().id().short(),
        "Url": app.instance_url(&origin),
        "MobileSDK": {
            "UseiOSNativeBrowserForAuthentication": false,
            "UseAndroidNativeBrowserForAuthentication": false,
            "shareBrowserSessionIOS": false,
            "shareBrowserSessionAndroid": false,
        },
        "LoginPage": {},
        "SamlProviders": [],
        "AuthProviders": [],
        "CertificateLogin": {"CertificateLoginUrl": ""},
        "LoginPageType": "standard",
        "LoginPageTypeConfigs": {},
    }))
}

/// `GET /id/keys`. The emulator signs no tokens: those it issues are opaque.
pub(crate) async fn keys() -> Response {
    public(&json!({"keys": []}))
}

/// What a Salesforce org answers and this one does not, though its documents lead there.
pub(crate) async fn not_built(uri: Uri) -> ApiError {
    let path = crate::jws::printable(uri.path());
    ApiError::framework(
        StatusCode::NOT_IMPLEMENTED,
        "NOT_IMPLEMENTED",
        format!("This emulator does not serve {path} yet."),
    )
}

/// These documents may be read by pages of any origin.
fn public(body: &Value) -> Response {
    let mut response = oauth_reply::reply(StatusCode::OK, oauth_reply::JSON, body.to_string());
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("false"),
    );
    response
}
