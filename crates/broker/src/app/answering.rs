//! The order in which a request is judged: the place it was sent to, the way it came, whether there
//! is such a route, who sends it. Only then anything is done for it.

use std::sync::Arc;
use std::time::Duration;

use accredit::assertion::Subject;
use http::{HeaderMap, Method, Request, Uri};
use hyper::body::Incoming;
use tracing::Span;

use super::{App, Ask};
use crate::answer::Answer;
use crate::audit::{AuditEntry, Line, template};
use crate::caller::{self, Caller};
use crate::exposure::{Pages, Rules};
use crate::failure::Failure;
use crate::handle::{self, Grant};
use crate::peer::Peer;
use crate::route::Route;
use crate::setup::Setup;
use crate::subject::{self, Wanted};
use crate::{observation, proxy, report, stand_in, token};

impl App {
    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Answer {
        let setup = self.setup();
        let began = self.0.world.clock.now();
        let uri = request.uri().clone();
        let target = target_of(&uri);
        let route = Route::of(target);
        Span::current().record("route", route.name());
        let method = request.method().clone();
        let way = Way {
            route,
            method: &method,
            target,
        };
        let answer = match self.judge(&setup, &request, route, peer) {
            Ok(Admitted::Anybody) => self.show(&setup, request, route, peer).await,
            Ok(Admitted::Client) => self.trade(&setup, request, way, peer).await,
            Ok(Admitted::Caller(caller, grant)) => {
                let whom = Whom {
                    caller: &caller,
                    grant,
                    peer,
                };
                self.serve(&setup, whom, request, way).await
            }
            Err(failure) => Err(failure),
        };
        let answer = answer.unwrap_or_else(|failure| {
            let now = self.0.world.clock.now();
            self.0
                .wrong_keys
                .judge(failure, peer.ip, now)
                .answer(route.form())
        });
        let span = self.0.world.clock.now().since(began);
        self.0.metrics.answered(route.name(), answer.status(), span);
        answer
    }

    /// Answers one request on a connection that is one too many: only that this process is alive.
    pub(crate) fn turn_away(&self, request: &Request<Incoming>) -> Answer {
        let route = Route::of(target_of(request.uri()));
        let answer = match route {
            Route::Health => observation::alive(),
            _ => Failure::too_many_connections().answer(route.form()),
        };
        self.0
            .metrics
            .answered(route.name(), answer.status(), Duration::ZERO);
        answer
    }

    /// Decides whether a request is answered, and for whom.
    fn judge(
        &self,
        setup: &Setup,
        request: &Request<Incoming>,
        route: Route<'_>,
        peer: &Peer,
    ) -> Result<Admitted, Failure> {
        let headers = request.headers();
        if request.uri().authority().is_some() {
            return Err(Failure::bad_request(
                "the target names a host; expected a path alone, and the host in Host",
            ));
        }
        // Probes come by address, under whatever name.
        // No page and no name server reaches a Unix socket.
        if !matches!(route, Route::Health | Route::Ready) && peer.uid.is_none() {
            setup.rules.check_host(headers)?;
        }
        if !route.is_guarded() {
            check_method(route, request.method())?;
            return Ok(Admitted::Anybody);
        }
        setup.rules.check_way(headers, pages(route, headers))?;
        if route.needs_header() {
            Rules::check_required(headers)?;
        }
        refuse_keys_in_query(route, request.uri().query().unwrap_or_default())?;
        check_method(route, request.method())?;
        if route == Route::StandIn {
            return Ok(Admitted::Client);
        }
        let is_direct = matches!(route, Route::Direct { .. });
        match caller::shown_key(headers).filter(|key| is_direct && handle::is_handle(key)) {
            Some(handle) => self.admit(setup, handle).ok_or_else(Failure::session_over),
            None => {
                let known = setup.callers.identify(headers, peer, setup.rules.reach())?;
                Ok(Admitted::Caller(known.caller, None))
            }
        }
    }

    /// The caller behind a handle, as the configuration knows it now.
    fn admit(&self, setup: &Setup, handle: &str) -> Option<Admitted> {
        let grant = self.0.handles.open(handle, self.0.world.clock.now())?;
        let caller = setup.callers.vouched(&grant, setup.rules.reach())?;
        Some(Admitted::Caller(caller, Some(grant)))
    }

    /// Answers a client that shows who it is in a form.
    async fn trade(
        &self,
        setup: &Setup,
        request: Request<Incoming>,
        way: Way<'_>,
        peer: &Peer,
    ) -> Result<Answer, Failure> {
        let (parts, body) = request.into_parts();
        let client = stand_in::read(setup, &parts.headers, body, peer).await?;
        let wanted = client.wanted();
        let path = way.path();
        let line = self.line(&client.known.caller, wanted, way, &path);
        let done = client.grant(self, setup, &parts.headers).await;
        line.end(&done);
        done
    }

    /// Answers what anybody may see.
    async fn show(
        &self,
        setup: &Setup,
        request: Request<Incoming>,
        route: Route<'_>,
        peer: &Peer,
    ) -> Result<Answer, Failure> {
        let ask = Ask {
            app: self,
            setup,
            request: &request,
            peer,
        };
        match route {
            Route::Report => report::show(&ask).await,
            Route::Health => Ok(observation::alive()),
            Route::Ready => Ok(observation::ready(self, setup)),
            Route::Metrics => Ok(observation::metrics(self, setup)),
            Route::OpenApi => Ok(observation::open_api()),
            _ => Err(Failure::not_found()),
        }
    }

    /// Answers a caller, and writes its line in the audit log.
    async fn serve(
        &self,
        setup: &Setup,
        whom: Whom<'_>,
        request: Request<Incoming>,
        way: Way<'_>,
    ) -> Result<Answer, Failure> {
        let Whom {
            caller,
            grant,
            peer,
        } = whom;
        let subject = match (way.route, &grant) {
            (_, Some(grant)) => subject::of_grant(grant)?,
            (Route::Proxy { .. } | Route::Direct { .. }, None) => {
                subject::of_headers(request.headers())?
            }
            _ => subject::of_query(request.uri().query().unwrap_or_default())?,
        };
        let connection = match (way.route, &grant) {
            (_, Some(grant)) => grant.connection.as_str(),
            (
                Route::Token { connection }
                | Route::Refresh { connection }
                | Route::Proxy { connection, .. },
                None,
            ) => connection,
            _ => setup.default_connection().map_or("", |(name, _)| name),
        };
        let wanted = Wanted {
            connection,
            subject: subject.as_ref(),
        };
        let path = way.path();
        let line = self.line(caller, wanted, way, &path);
        let done = match way.route {
            Route::Token { .. } => token::hand_out(self, setup, caller, wanted).await,
            Route::Refresh { .. } => {
                let ask = Ask {
                    app: self,
                    setup,
                    request: &request,
                    peer,
                };
                token::refresh(&ask, caller, wanted).await
            }
            Route::Proxy { target, .. } | Route::Direct { target } => {
                let through = proxy::Through { wanted, target };
                proxy::forward(self, setup, caller, through, request).await
            }
            _ => return Err(Failure::not_found()),
        };
        line.end(&done);
        done
    }

    /// Begins the line of a use in the audit log.
    fn line<'a>(
        &'a self,
        caller: &'a Caller,
        wanted: Wanted<'a>,
        way: Way<'a>,
        path: &'a str,
    ) -> Line<'a> {
        let span = Span::current();
        span.record("caller", &*caller.name);
        span.record("connection", wanted.connection);
        let entry = AuditEntry::of(&caller.name, way.route.name(), way.method.as_str());
        Line {
            log: self.0.audit.as_ref(),
            clock: self.0.world.clock.as_ref(),
            entry: AuditEntry {
                connection: wanted.connection,
                subject: wanted.subject.map(Subject::as_str),
                path,
                ..entry
            },
        }
    }
}

/// Who is let in.
#[derive(Debug)]
enum Admitted {
    /// Whoever it is: what it gets is no secret.
    Anybody,
    /// A client that shows who it is in the body.
    Client,
    /// A caller, and what was granted to it before, if it shows a handle.
    Caller(Arc<Caller>, Option<Grant>),
}

/// Who is served.
#[derive(Debug)]
struct Whom<'a> {
    caller: &'a Caller,
    grant: Option<Grant>,
    peer: &'a Peer,
}

/// What a guarded request asks for.
#[derive(Clone, Copy, Debug)]
struct Way<'a> {
    route: Route<'a>,
    method: &'a Method,
    target: &'a str,
}

impl Way<'_> {
    /// The path as it may stand in the audit log.
    fn path(self) -> String {
        let target = match self.route {
            Route::Proxy { target, .. } => target,
            _ => self.target,
        };
        template(proxy::target::path_of(target))
    }
}

/// Path and query, as they came.
fn target_of(uri: &Uri) -> &str {
    uri.path_and_query()
        .map_or("", http::uri::PathAndQuery::as_str)
}

/// How strictly a request is held to be a page's. What no page knows, a key or a handle, speaks for
/// a program of Salesforce's own routes; at the token endpoint it stands in the form.
fn pages(route: Route<'_>, headers: &HeaderMap) -> Pages {
    match route {
        Route::StandIn => Pages::ByMoreThanMode,
        Route::Direct { .. } if caller::shown_key(headers).is_some() => Pages::ByMoreThanMode,
        _ => Pages::ByAnySign,
    }
}

/// A key in an address ends up in every log on the way (RFC 6750 §5.3).
fn refuse_keys_in_query(route: Route<'_>, query: &str) -> Result<(), Failure> {
    if matches!(route, Route::Proxy { .. } | Route::Direct { .. }) {
        return Ok(());
    }
    let mut names = query.split('&').filter_map(|pair| pair.split('=').next());
    let is_key = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["token", "key", "secret", "password"]
            .iter()
            .any(|part| name.contains(part))
    };
    match names.any(is_key) {
        true => Err(Failure::bad_request(
            "keys and tokens do not belong in an address; expected Authorization: Bearer KEY",
        )),
        false => Ok(()),
    }
}

fn check_method(route: Route<'_>, method: &Method) -> Result<(), Failure> {
    let allow = match route {
        Route::Unknown | Route::Proxy { .. } | Route::Direct { .. } => return Ok(()),
        Route::Refresh { .. } | Route::StandIn => "POST",
        Route::Token { .. } => "GET",
        _ => "GET, HEAD",
    };
    match allow.split(", ").any(|one| one == method.as_str()) {
        true => Ok(()),
        false => Err(Failure::method(allow)),
    }
}
