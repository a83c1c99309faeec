//! `accredit api`: any call of the REST API, with the memory of one buffer.
//!
//! Owns the order of things: what is wrong with the words is told before anybody is asked, a
//! session that has ended is renewed once where the body can be sent again, and a body is handed
//! on as it comes. With `--paginate` a page of JSON is held as a whole, because its end names the
//! next one.

use std::io::{BufWriter, Read, Write};

use accredit::http::{Download, UreqClient};
use http::{HeaderMap, Method, Response};
use serde_json::Value;

use crate::api_version;
use crate::args::calls::ApiArgs;
use crate::error::{CliError, Kind};
use crate::mask::MASK;
use crate::output::{Form, Output, finish};
use crate::reach::Reach;
use crate::rest::{Failure, failure};
use crate::settings::network::{Traffic, client};
use crate::world::World;

mod call;
mod fields;
mod pages;

use call::Call;
use pages::Next;

/// The longest body that is held as a whole, in bytes: an error, a page, the result of `--json`.
const HELD_LENGTH_MAX: u64 = 64 * 1024 * 1024;

/// More pages than any result has.
const PAGES_MAX: u32 = 10_000_000;

/// Headers of an answer that are secrets.
const SECRET_HEADERS: [&str; 1] = ["set-cookie"];

/// Makes the call and prints the answer.
pub(crate) fn run(
    args: &ApiArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    let mut call = Call::of(args)?;
    let flag = api_version::given(args.api_version.as_deref(), world.environment.as_ref())?;
    let mut reach = Reach::open(&args.org, timeout, world, out)?;
    let url = reach.org.instance_url.as_str().to_owned();
    let environment = world.environment.as_ref();
    let client = client(environment, timeout, Traffic::Streams, &url)?;
    if call.needs_version() {
        let version = match flag {
            Some(version) => version,
            None => reach.ask(out, |org| {
                api_version::newest(org, &client).map_err(Failure::Final)
            })?,
        };
        call.place_below(&version);
    }
    call.settle(&url)?;
    let mut conversation = Conversation {
        client,
        reach,
        call,
    };
    match out.form() {
        Form::Json => conversation.envelope(args, out),
        Form::Human => conversation.print(args, out),
    }
}

/// A call on its way, page after page.
struct Conversation {
    client: UreqClient,
    reach: Reach,
    call: Call,
}

impl Conversation {
    /// The answer to the call, if it is a success.
    fn send(&mut self, out: &mut Output) -> Result<Response<Download>, CliError> {
        match self.send_once() {
            Err(Failure::SessionEnded(_))
                if self.reach.can_renew() && self.call.can_be_repeated() =>
            {
                self.reach.renew(out)?;
                self.send_once().map_err(Failure::into_error)
            }
            other => other.map_err(Failure::into_error),
        }
    }

    fn send_once(&mut self) -> Result<Response<Download>, Failure> {
        let request = self.call.request(&self.reach.org)?;
        let reply = self
            .client
            .stream_blocking(request)
            .map_err(CliError::from)?;
        if reply.status().is_success() || reply.status() == http::StatusCode::NOT_MODIFIED {
            return Ok(reply);
        }
        let (parts, body) = reply.into_parts();
        let body = held(body, self.reach.org.host())?;
        let reply = Response::from_parts(parts, body);
        Err(failure(&reply, self.reach.org.host()))
    }

    fn print(&mut self, args: &ApiArgs, out: &mut Output) -> Result<(), CliError> {
        let mut document = out.document();
        let mut page = 0;
        loop {
            let reply = self.send(out).map_err(|error| broken_off(page, error))?;
            if args.include {
                head(&reply, &mut document)?;
            }
            let next = self.write_page(args, page, reply, &mut document)?;
            match next {
                Next::Path(path) => self.call.go_on(path)?,
                Next::Nothing => return finish(document),
            }
            page += 1;
            if page == PAGES_MAX {
                return Err(CliError::new(
                    Kind::Partial,
                    "the result has too many pages",
                ));
            }
        }
    }

    fn write_page(
        &self,
        args: &ApiArgs,
        page: u32,
        reply: Response<Download>,
        document: &mut BufWriter<impl Write>,
    ) -> Result<Next, CliError> {
        let host = self.reach.org.host();
        let (parts, mut body) = reply.into_parts();
        let is_json = is_json(&parts.headers);
        if args.paginate && is_json {
            let body = held(body, host)?;
            let next = pages::after_json(&body, self.call.version_root());
            document.write_all(&body).map_err(CliError::stdout)?;
            document.write_all(b"\n").map_err(CliError::stdout)?;
            return self.checked(next);
        }
        if page > 0 {
            pages::skip_line(&mut body).map_err(|error| cut(host, error))?;
        }
        let ends_line = copy(&mut body, document, host)?;
        if is_json && !ends_line {
            document.write_all(b"\n").map_err(CliError::stdout)?;
        }
        if args.paginate {
            self.checked(pages::after_headers(&parts.headers, self.call.path()))
        } else {
            Ok(Next::Nothing)
        }
    }

    /// A page that names itself as the next one would be asked for without end.
    fn checked(&self, next: Next) -> Result<Next, CliError> {
        match next {
            Next::Path(path) if path == self.call.path() => Err(CliError::new(
                Kind::Partial,
                format!(
                    "{} named the same page as the next one",
                    self.reach.org.host()
                ),
            )),
            other => Ok(other),
        }
    }

    fn envelope(&mut self, args: &ApiArgs, out: &mut Output) -> Result<(), CliError> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let reply = self
                .send(out)
                .map_err(|error| broken_off(u32::from(!all.is_empty()), error))?;
            let (parts, body) = reply.into_parts();
            let body = held(body, self.reach.org.host())?;
            let next = if args.paginate {
                self.checked(pages::after_json(&body, self.call.version_root()))?
            } else {
                Next::Nothing
            };
            all.push(document(&parts, &body, args));
            match next {
                Next::Path(path) => self.call.go_on(path)?,
                Next::Nothing => break,
            }
        }
        match (&*all, args.paginate) {
            ([only], false) => out.result("", only),
            _ => out.result("", &all),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
}

/// What was printed cannot be taken back.
fn broken_off(page: u32, error: CliError) -> CliError {
    if page == 0 || error.is_quiet() {
        return error;
    }
    CliError::new(
        Kind::Partial,
        "the result is not complete: it broke off between two pages",
    )
    .with_source(error)
}

/// The body in the envelope: JSON as it is, anything else as a text; with `--include` the head too.
fn document(parts: &http::response::Parts, body: &[u8], args: &ApiArgs) -> Value {
    let body = serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body).into_owned()));
    if !args.include {
        return body;
    }
    let headers: serde_json::Map<String, Value> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), shown(name.as_str(), value).into()))
        .collect();
    serde_json::json!({"status": parts.status.as_u16(), "headers": headers, "body": body})
}

fn shown(name: &str, value: &http::HeaderValue) -> String {
    if SECRET_HEADERS.contains(&name) {
        MASK.to_owned()
    } else {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    }
}

fn head(reply: &Response<Download>, document: &mut impl Write) -> Result<(), CliError> {
    let mut text = format!("HTTP/1.1 {}\n", reply.status());
    for (name, value) in reply.headers() {
        text.push_str(&format!("{name}: {}\n", shown(name.as_str(), value)));
    }
    text.push('\n');
    document
        .write_all(text.as_bytes())
        .map_err(CliError::stdout)
}

/// Hands the body on as it comes. Says whether it ended with a line.
fn copy(from: &mut impl Read, to: &mut impl Write, host: &str) -> Result<bool, CliError> {
    let mut buffer = [0; 64 * 1024];
    let mut ends_line = true;
    loop {
        let length = from.read(&mut buffer).map_err(|error| cut(host, error))?;
        let Some(chunk) = buffer.get(..length).filter(|chunk| !chunk.is_empty()) else {
            return Ok(ends_line);
        };
        to.write_all(chunk).map_err(CliError::stdout)?;
        ends_line = chunk.ends_with(b"\n");
    }
}

fn held(body: Download, host: &str) -> Result<Vec<u8>, CliError> {
    let mut text = Vec::new();
    body.take(HELD_LENGTH_MAX + 1)
        .read_to_end(&mut text)
        .map_err(|error| cut(host, error))?;
    if text.len() as u64 > HELD_LENGTH_MAX {
        return Err(CliError::other(format!(
            "{host} answered with more than {HELD_LENGTH_MAX} bytes, which --json, --paginate and \
             errors do not hold"
        )));
    }
    Ok(text)
}

fn cut(host: &str, error: std::io::Error) -> CliError {
    CliError::new(
        Kind::Partial,
        format!("the result is not complete: {host} broke off in mid-reply"),
    )
    .with_source(error)
}

/// Methods that have no body of their own.
const fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::DELETE)
}
