//! Bodies that are not held in memory: sent as they are read, read as they come.

use std::fmt;
use std::io::{self, Read};

use http::{Method, Request, Response};
use ureq::SendBody;

use super::{UreqClient, explain, run};
use crate::base_url::is_loopback;
use crate::error::Error;

/// The body of a request.
pub enum Upload {
    /// No body.
    Nothing,
    /// These bytes.
    Bytes(Vec<u8>),
    /// What the reader gives. With a header `Content-Length` it is sent whole, else in chunks.
    Reader(Box<dyn Read + Send>),
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Reader(_) => f.write_str("Reader"),
        }
    }
}

/// The body of a reply, read as it comes. It ends with an error if the connection breaks off.
pub struct Download(ureq::BodyReader<'static>);

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Download")
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl UreqClient {
    /// Sends `request` and gives the reply once its headers are there. The limit on the length of
    /// replies does not hold; the time-out is for the whole exchange, the body included.
    ///
    /// # Errors
    /// [`ErrorKind::Transport`](crate::error::ErrorKind::Transport) if there is no reply.
    pub fn stream_blocking(&self, request: Request<Upload>) -> Result<Response<Download>, Error> {
        let uri = request.uri().clone();
        let agent = self.0.agent(&uri)?;
        let is_direct = uri.host().is_some_and(is_loopback);
        let (parts, body) = request.into_parts();
        let takes_body = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
        let sent = match body {
            Upload::Nothing if !takes_body => {
                run(&agent, Request::from_parts(parts, ()), is_direct)
            }
            Upload::Nothing => run(&agent, Request::from_parts(parts, &[][..]), is_direct),
            Upload::Bytes(bytes) => run(&agent, Request::from_parts(parts, &bytes[..]), is_direct),
            Upload::Reader(reader) => {
                let body = SendBody::from_owned_reader(reader);
                run(&agent, Request::from_parts(parts, body), is_direct)
            }
        };
        let (parts, body) = sent
            .map_err(|error| explain(error, &uri, &self.0.settings))?
            .into_parts();
        let body = body.into_with_config().limit(u64::MAX).reader();
        Ok(Response::from_parts(parts, Download(body)))
    }
}
