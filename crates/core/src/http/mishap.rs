//! What went wrong on the way to a server and back, in one sentence each.

use std::io;
use std::time::Duration;

use http::Uri;
use rustls::CertificateError;

use super::ClientSettings;
use crate::diagnosis::LocalCause;
use crate::error::Error;

/// Says in one sentence what went wrong on the way; the rest is the source.
pub(super) fn explain(error: ureq::Error, uri: &Uri, settings: &ClientSettings) -> Error {
    let host = uri
        .authority()
        .map_or("the server", |authority| authority.as_str());
    let seconds = |span: Duration| span.as_secs_f32();
    match error {
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            Error::transport(format!(
                "{host} could not be reached within {} s",
                seconds(settings.connect_timeout)
            ))
            .with_cause(LocalCause::TimedOut)
        }
        ureq::Error::Timeout(_) => Error::transport(format!(
            "{host} did not answer within {} s",
            seconds(settings.total_timeout)
        ))
        .with_cause(LocalCause::TimedOut),
        ureq::Error::BodyExceedsLimit(limit) => {
            Error::response(format!("{host} answered with more than {limit} bytes"))
        }
        ureq::Error::HostNotFound => {
            Error::transport(format!("the name {host} could not be resolved"))
                .with_cause(LocalCause::NameUnknown)
        }
        ureq::Error::Io(source) => explain_io(source, host),
        ureq::Error::Rustls(source) => explain_tls(source, host),
        ureq::Error::ConnectProxyFailed(_) => {
            Error::transport(format!("the proxy did not connect to {host}"))
                .with_cause(LocalCause::Proxy)
        }
        other => Error::transport(format!("{host} could not be asked")).with_source(other),
    }
}

fn explain_io(source: io::Error, host: &str) -> Error {
    let tls = source
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .cloned();
    if let Some(tls) = tls {
        return explain_tls(tls, host);
    }
    let (what, cause) = match source.kind() {
        io::ErrorKind::ConnectionRefused => (
            format!("{host} refused the connection: nothing listens there"),
            Some(LocalCause::ConnectionRefused),
        ),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => (
            format!("{host} closed the connection in mid-reply"),
            Some(LocalCause::BrokenOff),
        ),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => (
            format!("{host} did not answer in time"),
            Some(LocalCause::TimedOut),
        ),
        _ => (format!("{host} could not be reached"), None),
    };
    let error = Error::transport(what).with_source(source);
    match cause {
        Some(cause) => error.with_cause(cause),
        None => error,
    }
}

fn explain_tls(source: rustls::Error, host: &str) -> Error {
    let (what, cause) = match &source {
        rustls::Error::InvalidCertificate(flaw) => (
            format!("the certificate of {host} is not trusted"),
            cause_of_flaw(flaw),
        ),
        _ => (format!("no TLS connection to {host}"), LocalCause::Tls),
    };
    Error::transport(what).with_source(source).with_cause(cause)
}

/// Tells a stranger's certificate from one for another name or time.
const fn cause_of_flaw(flaw: &CertificateError) -> LocalCause {
    match flaw {
        CertificateError::NotValidForName
        | CertificateError::NotValidForNameContext { .. }
        | CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => LocalCause::WrongCertificate,
        _ => LocalCause::UnknownIssuer,
    }
}
