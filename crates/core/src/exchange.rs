//! Assertion in, token reply out, without the network (RFC 7523 §2.1, RFC 6749 §5).
//!
//! Owns how a token request is written and how every kind of reply is read: both are pure functions
//! on plain `http` types. A body is never kept in an error.

use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};
use http::{Request, Response, StatusCode};

use crate::assertion::Assertion;
use crate::audience::{Audience, InstanceHost, InstanceUrl, LoginUrl};
use crate::clock::UnixTime;
use crate::diagnosis::LocalCause;
use crate::error::{ClockOffset, Error};
use crate::oauth::{ErrorResponse, JWT_BEARER, TOKEN_PATH, TokenResponse};

/// The longest wait that is taken over from a server.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// A `Date` further off than this is not believed.
const CLOCK_OFFSET_MAX: Duration = Duration::from_secs(86_400);

/// Where assertions are traded for tokens, and what it is called in them. Both are decided
/// together, so that an assertion for one server is never shown to another.
#[derive(Clone, Debug)]
pub struct TokenEndpoint {
    login_url: LoginUrl,
    audience: Audience,
    url: http::Uri,
    instance_hosts: Vec<InstanceHost>,
}

/// A token reply that may be used.
#[derive(Clone, Debug)]
pub struct Granted {
    /// What the server sent.
    pub response: TokenResponse,
    /// Where the token may be sent.
    pub instance_url: InstanceUrl,
    /// How far our clock is off; `None` if the reply does not say.
    pub clock_offset: Option<ClockOffset>,
}

impl TokenEndpoint {
    /// The endpoint of a login host. The audience is the one that the kind of the host has, or
    /// `audience` if it is given: see [`Audience::resolve`].
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::error::ErrorKind::Setting) if the audience cannot be derived
    /// or does not fit the host.
    pub fn new(login_url: LoginUrl, audience: Option<&str>) -> Result<Self, Error> {
        let audience = Audience::resolve(&login_url, audience)?;
        let url = format!("{}{TOKEN_PATH}", login_url.as_str())
            .parse()
            .map_err(|source| Error::setting("the login URL is not a URL").with_source(source))?;
        Ok(Self {
            login_url,
            audience,
            url,
            instance_hosts: Vec::new(),
        })
    }

    /// Lets tokens go to `hosts` too, besides those of Salesforce and the login host.
    #[must_use]
    pub fn with_instance_hosts(mut self, hosts: Vec<InstanceHost>) -> Self {
        self.instance_hosts = hosts;
        self
    }

    /// The hosts that tokens may go to besides those of Salesforce and the login host.
    #[must_use]
    pub fn instance_hosts(&self) -> &[InstanceHost] {
        &self.instance_hosts
    }

    /// Accepts an instance that a token of this endpoint may be sent to: see
    /// [`InstanceUrl::accept`].
    ///
    /// # Errors
    /// [`ErrorKind::Response`](crate::error::ErrorKind::Response) otherwise.
    pub fn accept_instance(&self, text: &str) -> Result<InstanceUrl, Error> {
        InstanceUrl::accept(text, &self.login_url, &self.instance_hosts)
    }

    /// What the endpoint is called in `aud`.
    #[must_use]
    pub const fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The login host that the endpoint belongs to.
    #[must_use]
    pub const fn login_url(&self) -> &LoginUrl {
        &self.login_url
    }

    /// Writes the token request: a form with `grant_type` and `assertion`. The body is a
    /// credential.
    #[must_use]
    pub fn request(&self, assertion: &Assertion) -> Request<Vec<u8>> {
        // Both values need no escapes but the colons of the grant type: an assertion is base64url.
        let grant_type = JWT_BEARER.replace(':', "%3A");
        let body = format!("grant_type={grant_type}&assertion={}", assertion.expose());
        let mut request = Request::new(body.into_bytes());
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, http::HeaderValue::from_static("application/json"));
        headers.insert(
            CONTENT_TYPE,
            http::HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        request
    }

    /// Reads the reply that arrived at `now`.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::error::ErrorKind::Refused) with the server's words if it said
    /// no; [`ErrorKind::Response`](crate::error::ErrorKind::Response) for anything else than a
    /// token: a redirect, a page, broken or empty JSON, an instance that may not get the token.
    /// Statuses 408, 420, 429 and 5xx, and bodies that are damaged, are transient.
    pub fn reply(&self, reply: &Response<Vec<u8>>, now: UnixTime) -> Result<Granted, Error> {
        let offset = clock_offset(reply, now);
        self.read(reply, offset).map_err(|error| {
            let error = error.with_status(reply.status().as_u16());
            let error = match retry_after(reply, now) {
                Some(wait) => error.with_retry_after(wait),
                None => error,
            };
            match offset {
                Some(offset) => error.with_clock_offset(offset),
                None => error,
            }
        })
    }

    fn read(
        &self,
        reply: &Response<Vec<u8>>,
        clock_offset: Option<ClockOffset>,
    ) -> Result<Granted, Error> {
        let status = reply.status();
        let host = self.login_url.authority();
        if status.is_redirection() {
            return Err(redirected(reply, host));
        }
        if status != StatusCode::OK {
            return Err(refused(reply, host));
        }
        if reply.body().is_empty() {
            return Err(
                Error::response(format!("{host} answered 200 with an empty body")).into_transient(),
            );
        }
        if is_page(reply) {
            return Err(Error::response(format!(
                "{host} answered 200 with an HTML page of {} bytes, expected JSON",
                reply.body().len()
            ))
            .with_cause(LocalCause::Page)
            .into_transient());
        }
        let response = TokenResponse::parse(reply.body()).map_err(Error::into_transient)?;
        let instance_url = match &response.instance_url {
            Some(text) => self.accept_instance(text)?,
            None => return Err(Error::response("the token reply names no instance_url")),
        };
        Ok(Granted {
            response,
            instance_url,
            clock_offset,
        })
    }
}

fn redirected(reply: &Response<Vec<u8>>, host: &str) -> Error {
    let target = reply
        .headers()
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| location.parse::<http::Uri>().ok())
        .and_then(|location| location.host().map(str::to_owned))
        .unwrap_or_else(|| "another place".to_owned());
    Error::response(format!(
        "{host} answered {} with a redirect to {target}, which is not followed: the assertion is a \
         credential",
        reply.status().as_u16()
    ))
    .with_cause(LocalCause::Redirect)
}

fn refused(reply: &Response<Vec<u8>>, host: &str) -> Error {
    let status = reply.status();
    let number = status.as_u16();
    let refusal = ErrorResponse::parse(reply.body());
    let may_pass = status.is_server_error() || matches!(number, 408 | 420 | 429);
    if let (true, Some(refusal)) = (status.is_client_error(), refusal) {
        let error = Error::refused(number, refusal);
        return if may_pass {
            error.into_transient()
        } else {
            error
        };
    }
    let is_page = is_page(reply);
    let what = if is_page { "an HTML page" } else { "a body" };
    let error = Error::response(format!(
        "{host} answered {number} with {what} of {} bytes, expected a token or a refusal in JSON",
        reply.body().len()
    ));
    let error = if is_page {
        error.with_cause(LocalCause::Page)
    } else {
        error
    };
    if may_pass {
        error.into_transient()
    } else {
        error
    }
}

fn is_page(reply: &Response<Vec<u8>>) -> bool {
    let is_html = reply
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
    is_html || reply.body().trim_ascii_start().first() == Some(&b'<')
}

/// The moment at which the server says it replied.
fn date(reply: &Response<Vec<u8>>) -> Option<UnixTime> {
    http_date(reply.headers().get(DATE)?.to_str().ok()?)
}

/// What the `Date` of a reply that arrived at `now` says of our clock; `None` if it has none, or
/// one that is not believed because it is off by more than a day.
#[must_use]
pub fn clock_offset(reply: &Response<Vec<u8>>, now: UnixTime) -> Option<ClockOffset> {
    let offset = ClockOffset::between(now, date(reply)?);
    Some(offset).filter(|offset| offset.span() <= CLOCK_OFFSET_MAX)
}

fn retry_after(reply: &Response<Vec<u8>>, now: UnixTime) -> Option<Duration> {
    let text = reply.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        // A date is on the server's clock, and so is what it is compared with.
        Err(_) => http_date(text)?.since(date(reply).unwrap_or(now)),
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// Reads an `IMF-fixdate` (RFC 9110 §5.6.7), the one form that servers may send today.
fn http_date(text: &str) -> Option<UnixTime> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, date) = text.trim().split_once(", ")?;
    let mut words = date.split(' ');
    let day: u64 = words
        .next()?
        .parse()
        .ok()
        .filter(|day| (1..=31).contains(day))?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == name)?;
    let year: u64 = words
        .next()?
        .parse()
        .ok()
        .filter(|year| (1970..=9999).contains(year))?;
    let mut clock = words
        .next()?
        .split(':')
        .map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if words.next() != Some("GMT") || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let before: u64 = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30]
        .iter()
        .take(month)
        .sum::<u64>();
    let leap_day = u64::from(is_leap && month > 1);
    let days =
        (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969) + before + leap_day + day - 1;
    Some(UnixTime::from_secs(
        days * 86_400 + hour * 3_600 + minute * 60 + second,
    ))
}

#[cfg(test)]
mod tests;
