//! The identity URL and `/services/oauth2/userinfo` (fact sheet §4.1, §4.2).
//!
//! Owns the two descriptions of a user and their errors: one word of plain text, with status 403 or
//! 404.

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::directory::{Live, User, UserRecord};
use crate::form::Form;
use crate::ids::RecordId;
use crate::oauth_reply;
use crate::origin::Origin;
use crate::revoke::is_callback;
use crate::session::{self, Presented};

/// When every user of the emulator was last changed.
const CHANGED: &str = "2026-01-01T00:00:00Z";

/// Milliseconds that the users' time zone is off UTC in winter.
const UTC_OFFSET: i64 = -28_800_000;

/// What cannot be answered: status and word.
type Refused = (StatusCode, &'static str);

/// `GET /id/{org}/{user}`.
pub(crate) async fn identity(
    State(app): State<App>,
    origin: Origin,
    Path((org, user)): Path<(String, String)>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    match describe(&app, &origin, (&org, &user), &headers, &form) {
        Ok(body) => written(&form, &body),
        Err(refused) => word(refused),
    }
}

/// `GET /services/oauth2/userinfo`.
pub(crate) async fn userinfo(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    form: Form,
) -> Response {
    match authenticated(&app, &headers, &form) {
        Ok(live) => {
            let page = Page::of(&app, &origin, &live.user);
            written(&form, &page.userinfo())
        }
        Err(refused) => word(refused),
    }
}

fn describe(
    app: &App,
    origin: &Origin,
    (org, user): (&str, &str),
    headers: &HeaderMap,
    form: &Form,
) -> Result<Value, Refused> {
    let live = authenticated(app, headers, form)?;
    let org = RecordId::parse(org).ok_or((StatusCode::NOT_FOUND, "Bad_Id"))?;
    if &org != app.org().id() {
        return Err((StatusCode::FORBIDDEN, "Wrong_Org"));
    }
    let id = RecordId::parse(user).ok_or((StatusCode::NOT_FOUND, "Bad_Id"))?;
    let users = app.directory().users();
    let user = users
        .iter()
        .find(|user| user.id == id)
        .ok_or((StatusCode::NOT_FOUND, "Bad_Id"))?;
    let scopes: Vec<_> = live.session.issue.scope.split(' ').collect();
    let sees_others = scopes.contains(&"api") || scopes.contains(&"full");
    if user.id != live.user.id && !sees_others {
        return Err((StatusCode::NOT_FOUND, "No_Access"));
    }
    let version = match form.value("version") {
        None => None,
        Some("latest") => Some("68.0"),
        Some(version) if is_version(version) => Some(version),
        Some(_) => return Err((StatusCode::NOT_ACCEPTABLE, "Invalid_Version")),
    };
    let mut body = Page::of(app, origin, user).identity();
    if let Some(version) = version {
        put_version(&mut body, version);
    }
    Ok(body)
}

fn authenticated(app: &App, headers: &HeaderMap, form: &Form) -> Result<Live, Refused> {
    let token = match session::presented(headers) {
        Presented::Token(token) => token,
        _ => ["oauth_token", "access_token"]
            .into_iter()
            .find_map(|name| form.value(name))
            .ok_or((StatusCode::FORBIDDEN, "Missing_OAuth_Token"))?,
    };
    app.directory()
        .use_session(token, app.now())
        .ok_or((StatusCode::FORBIDDEN, "Bad_OAuth_Token"))
}

fn word((status, text): Refused) -> Response {
    oauth_reply::reply(status, "text/html;charset=UTF-8", text.to_owned())
}

/// JSON, or JSONP for `format=jsonp`.
fn written(form: &Form, body: &Value) -> Response {
    match (form.value("format"), form.value("callback")) {
        (None | Some("json"), _) => {
            oauth_reply::reply(StatusCode::OK, oauth_reply::JSON, body.to_string())
        }
        (Some("jsonp"), callback) if callback.is_none_or(is_callback) => oauth_reply::reply(
            StatusCode::OK,
            "application/javascript;charset=UTF-8",
            format!("{}({body});", callback.unwrap_or("callback")),
        ),
        (Some("jsonp"), _) => word((StatusCode::NOT_ACCEPTABLE, "Invalid_Callback")),
        (Some(_), _) => oauth_reply::reply(
            StatusCode::NOT_IMPLEMENTED,
            "text/plain;charset=UTF-8",
            "the emulator writes identities as json or jsonp only\n".to_owned(),
        ),
    }
}

fn is_version(text: &str) -> bool {
    let number = text
        .strip_suffix(".0")
        .and_then(|number| number.parse::<u8>().ok());
    number.is_some_and(|number| (31..=68).contains(&number))
}

fn put_version(body: &mut Value, version: &str) {
    let urls = body.get_mut("urls").and_then(Value::as_object_mut);
    for url in urls.into_iter().flat_map(Map::values_mut) {
        if let Some(text) = url.as_str() {
            *url = Value::from(text.replace("{version}", version));
        }
    }
}

/// A user, and the URLs around the user.
struct Page {
    user: UserRecord,
    id: String,
    org_id: RecordId,
    instance: String,
}

impl Page {
    fn of(app: &App, origin: &Origin, user: &User) -> Self {
        Self {
            user: user.record(),
            id: oauth_reply::identity_url(app, origin, &user.id),
            org_id: app.org().id().clone(),
            instance: app.instance_url(origin),
        }
    }

    fn nickname(&self) -> &str {
        let username = &self.user.username;
        username
            .split_once('@')
            .map_or(username.as_str(), |(name, _)| name)
    }

    fn photo(&self, size: &str) -> String {
        format!("{}/profilephoto/005/{size}", self.instance)
    }

    fn identity(&self) -> Value {
        let user = &self.user;
        json!({
            "id": self.id,
            "asserted_user": true,
            "user_id": user.id.as_str(),
            "organization_id": self.org_id.as_str(),
            "username": user.username,
            "nick_name": self.nickname(),
            "display_name": user.name(),
            "email": user.email,
            "email_verified": true,
            "first_name": Some(&user.first_name).filter(|name| !name.is_empty()),
            "last_name": user.last_name,
            "timezone": "America/Los_Angeles",
            "photos": {"picture": self.photo("F"), "thumbnail": self.photo("T")},
            "addr_street": null,
            "addr_city": null,
            "addr_state": null,
            "addr_country": "US",
            "addr_zip": null,
            "mobile_phone": null,
            "mobile_phone_verified": false,
            "is_lightning_login_user": false,
            "status": {"created_date": null, "body": null},
            "urls": self.urls(),
            "active": user.is_active,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": UTC_OFFSET,
            "last_modified_date": CHANGED,
            "is_app_installed": true,
        })
    }

    fn userinfo(&self) -> Value {
        let user = &self.user;
        let mut body = json!({
            "sub": self.id,
            "user_id": user.id.as_str(),
            "organization_id": self.org_id.as_str(),
            "preferred_username": user.username,
            "nickname": self.nickname(),
            "name": user.name(),
            "email": user.email,
            "email_verified": true,
        });
        let rest = json!({
            "family_name": user.last_name,
            "zoneinfo": "America/Los_Angeles",
            "photos": {"picture": self.photo("F"), "thumbnail": self.photo("T")},
            "profile": format!("{}/{}", self.instance, user.id),
            "picture": self.photo("F"),
            "address": {"country": "US"},
            "urls": self.urls(),
            "active": user.is_active,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": UTC_OFFSET,
            "updated_at": CHANGED,
            "is_app_installed": true,
        });
        if let (Value::Object(body), Value::Object(rest)) = (&mut body, rest) {
            if !user.first_name.is_empty() {
                body.insert("given_name".to_owned(), json!(user.first_name));
            }
            body.extend(rest);
        }
        body
    }

    fn urls(&self) -> Value {
        let instance = &self.instance;
        let org = self.org_id.short();
        let soap = |kind: &str| format!("{instance}/services/Soap/{kind}/{{version}}/{org}");
        let rest = |path: &str| format!("{instance}/services/data/v{{version}}/{path}");
        json!({
            "enterprise": soap("c"),
            "metadata": soap("m"),
            "partner": soap("u"),
            "rest": rest(""),
            "sobjects": rest("sobjects/"),
            "search": rest("search/"),
            "query": rest("query/"),
            "recent": rest("recent/"),
            "tooling_soap": soap("T"),
            "tooling_rest": rest("tooling/"),
            "profile": format!("{instance}/{}", self.user.id),
            "feeds": rest("chatter/feeds"),
            "groups": rest("chatter/groups"),
            "users": rest("chatter/users"),
            "feed_items": rest("chatter/feed-items"),
            "feed_elements": rest("chatter/feed-elements"),
            "custom_domain": instance,
        })
    }
}
