//! The broker between listener and routes: one request in, one answer out.
//!
//! Owns the order in which a request is judged: the place it was sent to, the way it came, whether
//! there is such a route, who sends it. Only then anything is done for it.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use accredit::assertion::Subject;
use http::{Method, Request, Uri};
use hyper::body::Incoming;

use crate::answer::Answer;
use crate::audit::{AuditEntry, AuditLog, template};
use crate::caller::{self, Caller, WrongKeys};
use crate::config::{Config, Mistake, Mistakes};
use crate::exposure::Rules;
use crate::failure::Failure;
use crate::handle::{self, Grant, Handles};
use crate::key_source::KeySource;
use crate::metrics::Metrics;
use crate::proxy::{self, Upstream};
use crate::route::Route;
use crate::session::{Sessions, World};
use crate::setup::{Listening, Setup};
use crate::subject::{self, Wanted};
use crate::{observation, report, stand_in, token};

/// The broker. Clones are the same one.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    setup: RwLock<Arc<Setup>>,
    sessions: Sessions,
    world: World,
    upstream: Upstream,
    keys: Arc<dyn KeySource>,
    audit: Arc<dyn AuditLog>,
    listening: Listening,
    wrong_keys: WrongKeys,
    metrics: Metrics,
    handles: Handles,
}

/// What an app is made of besides its configuration.
#[derive(Debug)]
pub struct Parts {
    /// Time, randomness and the network.
    pub world: World,
    /// The way to Salesforce's REST API.
    pub upstream: Upstream,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// Where the lines of the audit log go.
    pub audit: Arc<dyn AuditLog>,
}

/// One request while it is judged.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) app: &'a App,
    pub(crate) setup: &'a Setup,
    pub(crate) request: &'a Request<Incoming>,
}

impl App {
    /// Reads every key of `config` and makes an app that answers as it says.
    ///
    /// # Errors
    /// Every key that cannot be read, and a listener that may not be.
    pub async fn new(
        config: &Config,
        listening: Listening,
        parts: Parts,
    ) -> Result<Self, Mistakes> {
        let handles = Handles::draw(parts.world.random.as_ref());
        let handles = handles.map_err(|error| {
            Mistakes(vec![Mistake {
                place: "handles".to_owned(),
                what: error.to_string(),
            }])
        })?;
        let sessions = Sessions::default();
        let keys = parts.keys.as_ref();
        let setup = Setup::build(config, listening, keys, &sessions, &parts.world).await?;
        Ok(Self(Arc::new(Inner {
            setup: RwLock::new(Arc::new(setup)),
            sessions,
            world: parts.world,
            upstream: parts.upstream,
            keys: parts.keys,
            audit: parts.audit,
            listening,
            wrong_keys: WrongKeys::default(),
            metrics: Metrics::default(),
            handles,
        })))
    }

    /// Takes over a new configuration, with every key read anew. Requests under way end as they
    /// began; tokens whose identity and key stay the same stay too.
    ///
    /// # Errors
    /// As [`new`](Self::new); then everything stays as it was.
    pub async fn reload(&self, config: &Config) -> Result<(), Mistakes> {
        let inner = &self.0;
        let keys = inner.keys.as_ref();
        let setup =
            Setup::build(config, inner.listening, keys, &inner.sessions, &inner.world).await?;
        let mut current = inner.setup.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(setup);
        Ok(())
    }

    pub(crate) fn setup(&self) -> Arc<Setup> {
        let current = self.0.setup.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn world(&self) -> &World {
        &self.0.world
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.0.upstream
    }

    pub(crate) fn handles(&self) -> &Handles {
        &self.0.handles
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<Incoming>, peer: Option<IpAddr>) -> Answer {
        let setup = self.setup();
        let began = self.0.world.clock.now();
        let uri = request.uri().clone();
        let target = target_of(&uri);
        let route = Route::of(target);
        let method = request.method().clone();
        let answer = match self.judge(&setup, &request, route) {
            Ok(Admitted::Anybody) => self.show(&setup, request, route).await,
            Ok(Admitted::Client) => {
                let way = Way {
                    route,
                    method: &method,
                    target,
                };
                self.trade(&setup, request, way).await
            }
            Ok(Admitted::Caller(caller, grant)) => {
                let way = Way {
                    route,
                    method: &method,
                    target,
                };
                let whom = (caller.as_ref(), grant);
                self.serve(&setup, whom, request, way).await
            }
            Err(failure) => Err(failure),
        };
        let answer = answer.unwrap_or_else(|failure| {
            let now = self.0.world.clock.now();
            self.0
                .wrong_keys
                .judge(failure, peer, now)
                .answer(route.form())
        });
        let span = self.0.world.clock.now().since(began);
        self.0.metrics.answered(route.name(), answer.status(), span);
        answer
    }

    /// Decides whether a request is answered, and for whom.
    fn judge(
        &self,
        setup: &Setup,
        request: &Request<Incoming>,
        route: Route<'_>,
    ) -> Result<Admitted, Failure> {
        let headers = request.headers();
        if request.uri().authority().is_some() {
            return Err(Failure::bad_request(
                "the target names a host; expected a path alone, and the host in Host",
            ));
        }
        // Probes come by address, under whatever name.
        if !matches!(route, Route::Health | Route::Ready) {
            setup.rules.check_host(headers)?;
        }
        if !route.is_guarded() {
            check_method(route, request.method())?;
            return Ok(Admitted::Anybody);
        }
        setup.rules.check_way(headers)?;
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
                let caller = setup.callers.identify(headers, setup.rules.reach())?;
                Ok(Admitted::Caller(caller, None))
            }
        }
    }

    /// The caller behind a handle, as the configuration knows it now.
    fn admit(&self, setup: &Setup, handle: &str) -> Option<Admitted> {
        let grant = self.0.handles.open(handle, self.0.world.clock.now())?;
        let caller = setup.callers.named(&grant.caller)?;
        Some(Admitted::Caller(caller, Some(grant)))
    }

    /// Answers a client that shows who it is in a form.
    async fn trade(
        &self,
        setup: &Setup,
        request: Request<Incoming>,
        way: Way<'_>,
    ) -> Result<Answer, Failure> {
        let granted = stand_in::trade(self, setup, request, self.0.listening.scheme()).await?;
        let wanted = Wanted {
            connection: &granted.connection,
            subject: granted.subject.as_ref(),
        };
        let done = Ok(granted.answer);
        self.audit(&granted.caller, wanted, way, &done);
        done
    }

    /// Answers what anybody may see.
    async fn show(
        &self,
        setup: &Setup,
        request: Request<Incoming>,
        route: Route<'_>,
    ) -> Result<Answer, Failure> {
        let ask = Ask {
            app: self,
            setup,
            request: &request,
        };
        match route {
            Route::Report => report::show(&ask).await,
            Route::Health => Ok(observation::alive()),
            Route::Ready => Ok(observation::ready(setup)),
            Route::Metrics => Ok(observation::metrics(self, setup)),
            Route::OpenApi => Ok(observation::open_api()),
            _ => Err(Failure::not_found()),
        }
    }

    /// Answers a caller, and writes its line in the audit log.
    async fn serve(
        &self,
        setup: &Setup,
        (caller, grant): (&Caller, Option<Grant>),
        request: Request<Incoming>,
        way: Way<'_>,
    ) -> Result<Answer, Failure> {
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
        let done = match way.route {
            Route::Token { .. } => token::hand_out(self, setup, caller, wanted).await,
            Route::Refresh { .. } => {
                let ask = Ask {
                    app: self,
                    setup,
                    request: &request,
                };
                token::refresh(&ask, caller, wanted).await
            }
            Route::Proxy { target, .. } | Route::Direct { target } => {
                let through = proxy::Through { wanted, target };
                proxy::forward(self, setup, caller, through, request).await
            }
            _ => return Err(Failure::not_found()),
        };
        self.audit(caller, wanted, way, &done);
        done
    }

    fn audit(
        &self,
        caller: &Caller,
        wanted: Wanted<'_>,
        way: Way<'_>,
        done: &Result<Answer, Failure>,
    ) {
        let status = done
            .as_ref()
            .map_or_else(|failure| failure.status, http::Response::status);
        let target = match way.route {
            Route::Proxy { target, .. } => target,
            _ => way.target,
        };
        self.0.audit.record(&AuditEntry {
            time: self.0.world.clock.now().as_millis(),
            caller: &caller.name,
            connection: wanted.connection,
            subject: wanted.subject.map(Subject::as_str),
            way: way.route.name(),
            method: way.method.as_str(),
            path: &template(proxy::target::path_of(target)),
            status: status.as_u16(),
        });
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

/// What a guarded request asks for.
#[derive(Clone, Copy, Debug)]
struct Way<'a> {
    route: Route<'a>,
    method: &'a Method,
    target: &'a str,
}

/// Path and query, as they came.
fn target_of(uri: &Uri) -> &str {
    uri.path_and_query()
        .map_or("", http::uri::PathAndQuery::as_str)
}

/// A key in an address ends up in every log on the way (RFC 6750 §5.3).
fn refuse_keys_in_query(route: Route<'_>, query: &str) -> Result<(), Failure> {
    if matches!(route, Route::Proxy { .. } | Route::Direct { .. }) {
        return Ok(());
    }
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    let is_key = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["token", "key", "secret", "password"]
            .iter()
            .any(|part| name.contains(part))
    };
    match names.into_iter().any(is_key) {
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
