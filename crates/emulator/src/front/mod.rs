//! The front: which org a request is for.
//!
//! Owns the orgs of the process. An org is chosen by the My Domain in `Host`, by `NAME.localhost`,
//! or by `/orgs/NAME` before the path. Where none of these does, the access token says whose it is:
//! clients put the paths that an org names, such as `nextRecordsUrl`, behind the host alone.
//! Whatever chooses none is for the first one. Orgs share a clock's beginning and nothing else.

mod orgs;
pub(crate) mod peek;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use http::uri::{PathAndQuery, Scheme};
use http::{StatusCode, Uri};

pub(crate) use self::orgs::{Entry, Front};
pub use self::orgs::{NewOrg, OrgRefused};
use crate::app::App;
use crate::audience::LOGIN_HOSTS;
use crate::connection::{Tunnel, host_of};
use crate::error::ApiError;
use crate::jws::printable;
use crate::origin::Prefix;
use crate::proxy::over_tls;
use crate::visit::{is_own, visit};

/// Everything that the emulator answers, for `app` and for the orgs that are made beside it.
pub fn routes(app: App) -> Router {
    Front::new(app).router()
}

impl Front {
    /// Everything that is answered, for those who want a router.
    pub(crate) fn router(self) -> Router {
        let answer =
            |State(front): State<Self>, request| async move { front.answer(request).await };
        Router::new().fallback(answer).with_state(self)
    }

    /// Answers a request as the org that it is for.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let is_clear = request.extensions().get::<Scheme>() == Some(&Scheme::HTTP);
        if let (true, Some(tunnel)) = (is_clear, request.extensions().get::<Tunnel>()) {
            return over_tls(&request, &tunnel.0);
        }
        let host = host_of(&request).unwrap_or_default();
        let (entry, mut request) = match self.choose(&host, request).await {
            Ok(chosen) => chosen,
            Err(no_org) => return no_org.into_response(),
        };
        if is_own(request.uri().path()) {
            request.extensions_mut().insert(self.clone());
        }
        visit(entry, host, request).await
    }

    /// Finds the org of a request, and the request as that org sees it.
    async fn choose(&self, host: &str, request: Request) -> Result<(Entry, Request), NoOrg> {
        if LOGIN_HOSTS.contains(&host) {
            return Ok(self.sign_in(host, request).await);
        }
        if let Some(entry) = self.at_host(host) {
            return Ok((entry, request));
        }
        if request.extensions().get::<Tunnel>().is_some() {
            return Err(NoOrg::Domain(host.to_owned()));
        }
        // The first org is not meant: what is asked of it, a reset perhaps, would be done to it.
        if let Some(name) = host.strip_suffix(".localhost") {
            return Err(NoOrg::Name(name.to_owned()));
        }
        self.below_path(request).await
    }

    /// The shared login hosts know every org: whose app, user or session it is decides.
    async fn sign_in(&self, host: &str, request: Request) -> (Entry, Request) {
        if self.is_alone() {
            return (self.first(), request);
        }
        let (request, named) = self.by_token(request).await;
        if let Some(entry) = named {
            return (entry, request);
        }
        let (request, presented) = peek::presented(request).await;
        (self.for_sign_in(host, &presented), request)
    }

    /// The org of the token that a request is about, or else of the one that it shows.
    async fn by_token(&self, request: Request) -> (Request, Option<Entry>) {
        let (request, subject) = peek::subject(request).await;
        let entry = subject.and_then(|token| self.of_token(&token));
        let entry = entry.or_else(|| self.of_token(&peek::token(&request)?));
        (request, entry)
    }

    async fn below_path(&self, mut request: Request) -> Result<(Entry, Request), NoOrg> {
        let Some(rest) = request.uri().path().strip_prefix("/orgs/") else {
            return Ok(self.at_address(request).await);
        };
        let (name, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let entry = self.named(name).ok_or(NoOrg::Path)?;
        let query = request.uri().query().map(|query| format!("?{query}"));
        let text = format!("{path}{}", query.unwrap_or_default());
        let prefix = Prefix(format!("/orgs/{name}"));
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = PathAndQuery::try_from(text).ok();
        let uri = Uri::from_parts(parts).map_err(|_| NoOrg::Path)?;
        *request.uri_mut() = uri;
        request.extensions_mut().insert(prefix);
        Ok((entry, request))
    }

    /// The org of a request that names none.
    async fn at_address(&self, request: Request) -> (Entry, Request) {
        if self.is_alone() || is_own(request.uri().path()) {
            return (self.first(), request);
        }
        let (mut request, named) = self.by_token(request).await;
        let entry = named.unwrap_or_else(|| self.first());
        if entry.name != self.first().name {
            let prefix = Prefix(format!("/orgs/{}", entry.name));
            request.extensions_mut().insert(prefix);
        }
        (entry, request)
    }
}

/// A request that is for no org.
#[derive(Debug)]
enum NoOrg {
    /// The host is a My Domain that nobody has.
    Domain(String),
    /// The host is below `localhost`, where each org has a name, and nobody has this one.
    Name(String),
    /// The path names an org that is not there.
    Path,
}

impl IntoResponse for NoOrg {
    fn into_response(self) -> Response {
        let host = match self {
            Self::Domain(host) => host,
            Self::Name(name) => {
                let name = printable(&name);
                let text = format!("No org of this emulator has the name {name:?}");
                let status = StatusCode::NOT_FOUND;
                return ApiError::framework(status, "NOT_FOUND", text).into_response();
            }
            Self::Path => return ApiError::not_found().into_response(),
        };
        // The words are Salesforce's as people quote them; no recording shows the page.
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>URL No Longer Exists</title></head><body>\n\
             <h1>URL No Longer Exists</h1>\n<p>You have attempted to reach a URL that no longer \
             exists on salesforce.com.</p>\n<!-- No org of this emulator has the My Domain {host}. \
             -->\n</body></html>\n"
        );
        (StatusCode::NOT_FOUND, Html(page)).into_response()
    }
}
