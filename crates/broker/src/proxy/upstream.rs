//! The client that forwards: connections to Salesforce, kept open and shared.
//!
//! Owns what an error on the way is called. It follows no redirect, and reads no body.

use std::error::Error as _;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connector::{Connector, UpstreamSettings};
use super::headers;
use super::payload::{self, UploadError};
use crate::answer::AnswerBody;
use crate::failure::Failure;

/// How long a connection that is not used is kept: less than servers do.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// The way to Salesforce's REST API.
#[derive(Clone, Debug)]
pub struct Upstream(Client<Connector, AnswerBody>);

impl Upstream {
    /// A way as `settings` want it. Nothing is opened yet. Needs a Tokio runtime when used.
    #[must_use]
    pub fn new(settings: UpstreamSettings) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(256)
            .http1_max_buf_size(256 * 1024)
            .http1_title_case_headers(false)
            .build(Connector::new(settings));
        Self(client)
    }

    pub(super) async fn send(
        &self,
        mut request: Request<AnswerBody>,
    ) -> Result<Response<Incoming>, Failure> {
        let captured = capture_connection(&mut request);
        let reply = self.0.request(request).await;
        let reply = reply.map_err(|error| explain(&error))?;
        if headers::has_two_lengths(reply.headers())
            && let Some(connection) = captured.connection_metadata().as_ref()
        {
            connection.poison();
        }
        Ok(reply)
    }
}

fn explain(error: &Error) -> Failure {
    let mut source = error.source();
    while let Some(below) = source {
        if let Some(upload) = below.downcast_ref::<UploadError>() {
            return payload::broken(upload);
        }
        source = below.source();
    }
    if error.is_connect() {
        let why = error.source().map_or_else(String::new, ToString::to_string);
        return Failure::new(
            StatusCode::BAD_GATEWAY,
            "upstream_unreachable",
            format!("Salesforce's REST API could not be reached: {why}"),
        );
    }
    tracing::debug!(%error, "a forwarded request got no answer");
    Failure::new(
        StatusCode::BAD_GATEWAY,
        "upstream_broke_off",
        "Salesforce ended the connection before it answered; whether it did what was asked is not \
         known",
    )
}
