//! Which paths there are.
//!
//! Owns the whole surface on one screen. A path is taken as it came, not decoded: nothing here has
//! a second spelling.

use accredit::oauth::TOKEN_PATH;

use crate::failure::Form;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// `/` and `/index`: the report.
    Report,
    /// `/healthz`: this process is alive.
    Health,
    /// `/readyz`: it takes requests.
    Ready,
    /// `/metrics`: numbers for Prometheus.
    Metrics,
    /// `/openapi.json`: what there is.
    OpenApi,
    /// `/v1/connections/NAME/token`: the token itself.
    Token { connection: &'a str },
    /// `/v1/connections/NAME/token/refresh`: forget the token, get another.
    Refresh { connection: &'a str },
    /// `/v1/connections/NAME/proxy/services/…`: a request to be forwarded.
    Proxy {
        connection: &'a str,
        target: &'a str,
    },
    /// `/services/…`: the same, through the connection of a handle or the default one.
    Direct { target: &'a str },
    /// `/services/oauth2/token`: a handle for a caller key.
    StandIn,
    /// Nothing.
    Unknown,
}

impl<'a> Route<'a> {
    /// Finds the route of a target: a path, and a query where there is one.
    pub(crate) fn of(target: &'a str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match path {
            "/" | "/index" => Self::Report,
            "/healthz" => Self::Health,
            "/readyz" => Self::Ready,
            "/metrics" => Self::Metrics,
            "/openapi.json" => Self::OpenApi,
            TOKEN_PATH => Self::StandIn,
            _ => match path.strip_prefix("/v1/connections/") {
                Some(rest) => Self::below_connection(rest, target, query),
                None if path.starts_with("/services/") => Self::Direct { target },
                None => Self::Unknown,
            },
        }
    }

    fn below_connection(rest: &'a str, target: &'a str, query: &str) -> Self {
        let Some((connection, below)) = rest.split_once('/') else {
            return Self::Unknown;
        };
        match below {
            "token" => Self::Token { connection },
            "token/refresh" => Self::Refresh { connection },
            _ if below.starts_with("proxy/services/") => {
                // The target as it came, its query included.
                let query = if query.is_empty() && !target.ends_with('?') {
                    0
                } else {
                    query.len() + 1
                };
                let length = below.len() - "proxy".len() + query;
                let start = target.len().saturating_sub(length);
                target
                    .get(start..)
                    .map_or(Self::Unknown, |target| Self::Proxy { connection, target })
            }
            _ => Self::Unknown,
        }
    }

    /// Who reads what this route answers.
    pub(crate) const fn form(self) -> Form {
        match self {
            Self::Direct { .. } => Form::Rest,
            Self::StandIn => Form::OAuth,
            _ => Form::Broker,
        }
    }

    /// Says whether a token, or the use of one, is behind the route.
    pub(crate) const fn is_guarded(self) -> bool {
        matches!(
            self,
            Self::Token { .. }
                | Self::Refresh { .. }
                | Self::Proxy { .. }
                | Self::Direct { .. }
                | Self::StandIn
        )
    }

    /// Says whether the required header must be there whoever calls. Clients of Salesforce that
    /// are pointed here do not know of it; they show a handle.
    pub(crate) const fn needs_header(self) -> bool {
        self.is_guarded() && !matches!(self, Self::Direct { .. } | Self::StandIn)
    }

    /// The name of the route in metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Health => "health",
            Self::Ready => "ready",
            Self::Metrics => "metrics",
            Self::OpenApi => "openapi",
            Self::Token { .. } => "token",
            Self::Refresh { .. } => "refresh",
            Self::Proxy { .. } | Self::Direct { .. } => "proxy",
            Self::StandIn => "stand_in",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxied_target_is_taken_as_it_came() {
        for (target, expected) in [
            ("/v1/connections/a/proxy/services/data/", "/services/data/"),
            (
                "/v1/connections/a/proxy/services/x?q=/a?b",
                "/services/x?q=/a?b",
            ),
            ("/v1/connections/a/proxy/services/x?", "/services/x?"),
            ("/v1/connections/a/proxy/services/%2e", "/services/%2e"),
        ] {
            let found = Route::of(target);
            let proxied = Route::Proxy {
                connection: "a",
                target: expected,
            };
            assert_eq!(found, proxied, "{target}");
        }
        for target in [
            "/v1/connections/a",
            "/v1/connections/a/b",
            "/v1",
            "/setup",
            "*",
            "",
        ] {
            assert_eq!(Route::of(target), Route::Unknown, "{target}");
        }
    }
}
