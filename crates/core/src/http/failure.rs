//! Why there is no reply, from what the socket and TLS say.

use std::io;

use rustls::CertificateError;

use crate::diagnosis::LocalCause;
use crate::error::Error;

pub(super) fn explain_io(source: io::Error, host: &str) -> Error {
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

pub(super) fn explain_tls(source: rustls::Error, host: &str) -> Error {
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
