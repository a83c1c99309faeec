//! One call: method, path, headers and body, from the words of the command line.
//!
//! Owns what may stand in them. The token's header is ours alone, and a path never leaves the
//! instance.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use accredit::http::Upload;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request};

use super::{fields, is_reading};
use crate::args::calls::ApiArgs;
use crate::error::CliError;
use crate::rest::{Org, no_url};

/// Headers that are not the user's to set.
const OURS: [&str; 5] = [
    "authorization",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
];

/// What is sent.
enum Body {
    Nothing,
    Json(Vec<u8>),
    File(PathBuf),
    Stdin,
}

/// A call that can be made.
pub(super) struct Call {
    method: Method,
    path: String,
    version: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Body,
}

impl Call {
    pub(super) fn of(args: &ApiArgs) -> Result<Self, CliError> {
        let fields = fields::read(&args.raw_field, &args.field)?;
        let method = method(args, fields.is_empty())?;
        if args.paginate && method != Method::GET {
            return Err(CliError::usage(format!(
                "--paginate follows the pages of GET, and this is {method}"
            )));
        }
        let mut path = args.path.clone();
        let body = match args.input.as_deref() {
            Some(_) if is_reading(&method) => {
                return Err(CliError::usage(format!(
                    "{method} takes no body, found --input"
                )));
            }
            Some("-") => Body::Stdin,
            Some(name) => Body::File(PathBuf::from(name)),
            None if is_reading(&method) || fields.is_empty() => Body::Nothing,
            None => Body::Json(fields::body(&fields)?.to_string().into_bytes()),
        };
        if !fields.is_empty() && !matches!(body, Body::Json(_)) {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&fields::parameters(&fields));
        }
        Ok(Self {
            method,
            path,
            version: None,
            headers: args
                .header
                .iter()
                .map(|text| header(text))
                .collect::<Result<_, _>>()?,
            body,
        })
    }

    /// Says whether the path is one below the version of the API.
    pub(super) fn needs_version(&self) -> bool {
        !self.path.starts_with('/') && !self.path.contains("://")
    }

    /// Places the path below this version.
    pub(super) fn place_below(&mut self, version: &str) {
        self.path = format!("/services/data/v{version}/{}", self.path);
        self.version = Some(version.to_owned());
    }

    /// Takes the instance off a whole URL, and refuses a path that leads elsewhere.
    pub(super) fn settle(&mut self, instance_url: &str) -> Result<(), CliError> {
        if let Some(path) = self.path.strip_prefix(instance_url) {
            self.path = path.to_owned();
        }
        let bare = self.path.split('?').next().unwrap_or_default();
        let is_below = bare.starts_with("/services/") || bare.starts_with("/id/");
        let leaves = bare.split('/').any(|step| matches!(step, "." | ".."))
            || bare.to_ascii_lowercase().contains("%2e%2e");
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '#' && c != '\\';
        if !is_below || leaves || !self.path.chars().all(is_plain) {
            return Err(CliError::usage(format!(
                "the path leads to no place of the API on {instance_url}, expected one like \
                 /services/data or sobjects/Account/describe"
            ))
            .hint("the token is sent to its instance and nowhere else")
            .hint("put a query into quotes, and write its blanks as + or %20"));
        }
        Ok(())
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// `/services/data/vNN.0`, as the path has it.
    pub(super) fn version_root(&self) -> &str {
        let mut steps = self.path.match_indices('/').map(|(at, _)| at);
        let end = steps.nth(3).unwrap_or(self.path.len());
        let root = self.path.get(..end).unwrap_or_default();
        if root.starts_with("/services/data/v") {
            root
        } else {
            ""
        }
    }

    /// Goes on to the next page.
    pub(super) fn go_on(&mut self, path: String) -> Result<(), CliError> {
        if !path.starts_with("/services/") {
            return Err(CliError::other(format!(
                "the next page is named {path:?}, expected a path below /services/"
            )));
        }
        self.path = path;
        Ok(())
    }

    /// Says whether the body is still there after it was sent.
    pub(super) const fn can_be_repeated(&self) -> bool {
        !matches!(self.body, Body::Stdin)
    }

    /// The request with the token.
    pub(super) fn request(&self, org: &Org) -> Result<Request<Upload>, CliError> {
        let mut builder = org.begin(&self.method, &self.path)?;
        let has = |name: &HeaderName| self.headers.iter().any(|(known, _)| known == name);
        if !has(&ACCEPT) {
            builder = builder.header(ACCEPT, HeaderValue::from_static("application/json, */*"));
        }
        if !matches!(self.body, Body::Nothing) && !has(&CONTENT_TYPE) {
            builder = builder.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let body = match &self.body {
            Body::Nothing => Upload::Nothing,
            Body::Json(text) => Upload::Bytes(text.clone()),
            Body::Stdin => Upload::Reader(Box::new(io::stdin())),
            Body::File(path) => {
                let unreadable = |error| {
                    CliError::usage(format!("{} could not be read", path.display()))
                        .with_source(error)
                };
                let file = File::open(path).map_err(unreadable)?;
                let found = file.metadata().map_err(unreadable)?;
                if found.is_dir() {
                    return Err(CliError::usage(format!("{} is a folder", path.display())));
                }
                if found.is_file() {
                    builder = builder.header(CONTENT_LENGTH, found.len());
                }
                Upload::Reader(Box::new(file))
            }
        };
        builder.body(body).map_err(no_url)
    }
}

fn method(args: &ApiArgs, has_no_fields: bool) -> Result<Method, CliError> {
    let Some(text) = &args.method else {
        return Ok(if has_no_fields && args.input.is_none() {
            Method::GET
        } else {
            Method::POST
        });
    };
    match text.to_ascii_uppercase().as_str() {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        _ => Err(CliError::usage(
            "-X is followed by no method of the API, expected GET, HEAD, POST, PUT, PATCH or \
             DELETE",
        )),
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), CliError> {
    let wrong = || CliError::usage("-H is followed by no header, expected NAME: VALUE");
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = HeaderName::try_from(name.trim()).map_err(|_| wrong())?;
    if OURS.contains(&name.as_str()) {
        return Err(CliError::usage(format!(
            "the header {name} is not yours to set"
        )));
    }
    let value = HeaderValue::try_from(value.trim()).map_err(|_| wrong())?;
    Ok((name, value))
}
