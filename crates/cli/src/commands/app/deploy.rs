//! `accredit app deploy`: the files of an app through the Metadata REST API.
//!
//! Owns the order: files are found and packed before anybody is asked, one request begins the
//! deployment, and looking at it, which may be repeated, brings its end. A deployment that is under
//! way goes on in the org whatever happens here, and the error says how to look at it.

use std::time::Duration;

use accredit::http::UreqClient;
use accredit::random::Random;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use serde_json::Value;

use super::metadata::{self, Component};
use super::{advice, archive, folder};
use crate::api_version;
use crate::args::app::{DeployArgs, Layout};
use crate::bulk::may_pass;
use crate::error::{CliError, Kind};
use crate::interrupt;
use crate::output::Output;
use crate::pause::{Pause, Pauses};
use crate::reach::Reach;
use crate::rest::{Failure, Org, failure, no_url};
use crate::settings::network::{Traffic, client};
use crate::settings::seconds;
use crate::world::World;

mod again;
mod status;

pub(super) use status::Deployment;

/// The pauses between two looks.
const BETWEEN_LOOKS: Pauses = Pauses::doubling(Duration::from_millis(250), Duration::from_secs(5));

/// Deploys the files and waits for the end.
pub(crate) fn run(
    args: &DeployArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    let wait = seconds(&args.wait)
        .map_err(|_| CliError::usage("--wait is not followed by a number of seconds"))?;
    let version = api_version::given(args.api_version.as_deref(), world.environment.as_ref())?;
    let components = folder::components(&args.folder)?;
    let mut reach = Reach::open(&args.org, timeout, world, out)?;
    let url = reach.org.instance_url.as_str().to_owned();
    let client = client(world.environment.as_ref(), timeout, Traffic::Records, &url)?;
    let version = match version {
        Some(version) => version,
        None => reach.ask(out, |org| {
            api_version::newest(org, &client).map_err(Failure::Final)
        })?,
    };
    let request = Upload::of(&components, &version, args, world.random.as_ref())?;
    let what = if args.check_only {
        "Checking"
    } else {
        "Deploying"
    };
    out.step(&format!(
        "{what} {} files at {}...",
        components.len(),
        reach.org.host()
    ));
    let begun = reach.ask(out, |org| request.send(org, &client));
    let begun = begun.map_err(maybe_begun)?;
    out.step(&format!("The deployment is {}.", begun.id));
    let path = format!("{}/{}?includeDetails=true", request.path, begun.id);
    let mut look = |out: &mut Output| reach.ask(out, |org| look(org, &client, &path));
    let again = again::command_for(world, args, &path);
    let hints = vec![
        GOES_ON.to_owned() + "; look at it with:",
        format!("  {again}"),
    ];
    interrupt::on_signal(out.last_words(hints))
        .map_err(|error| CliError::other("signals cannot be waited for").with_source(error))?;
    let mut watch = Watch {
        again: &again,
        left: wait,
    };
    let ended = watch.end(&mut look, out, world.pause.as_ref());
    interrupt::forget_farewell();
    let ended = ended?;
    report(&ended, &components, args, out)
}

/// Said of a deployment that was left alone.
const GOES_ON: &str = "the deployment goes on in the org";

/// An answer that is lost says nothing of what the org does.
fn maybe_begun(error: CliError) -> CliError {
    if error.kind() != Kind::Unreachable {
        return error;
    }
    error.hint(
        "the deployment may have begun: look at Setup > Deployment Status before you deploy again",
    )
}

/// What is sent: options and archive (RFC 7578).
struct Upload {
    path: String,
    boundary: String,
    body: Vec<u8>,
}

impl Upload {
    fn of(
        components: &[Component],
        version: &str,
        args: &DeployArgs,
        random: &dyn Random,
    ) -> Result<Self, CliError> {
        let package = metadata::package(components, version);
        let mut files = vec![("package.xml".to_owned(), package)];
        files.extend(components.iter().map(|component| {
            let path = component.path(Layout::Mdapi);
            (path, component.content.clone())
        }));
        let archive = archive::pack(&files)
            .map_err(|error| CliError::usage("the files are too long").with_source(error))?;
        let options = serde_json::json!({"deployOptions": {
            "allowMissingFiles": false,
            "autoUpdatePackage": false,
            "checkOnly": args.check_only,
            "ignoreWarnings": false,
            "performRetrieve": false,
            "purgeOnDelete": false,
            "rollbackOnError": true,
            "runTests": null,
            "singlePackage": true,
        }});
        let mut drawn = [0; 16];
        random.fill(&mut drawn).map_err(|error| {
            CliError::other("no random numbers could be had").with_source(error)
        })?;
        // Sixteen random bytes stand in no file but by design.
        let boundary: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"json\"\r\nContent-Type: \
             application/json\r\n\r\n{options}\r\n--{boundary}\r\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"deploy.zip\"\r\nContent-Type: application/zip\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(&archive);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        Ok(Self {
            path: format!("/services/data/v{version}/metadata/deployRequest"),
            boundary,
            body,
        })
    }

    fn send(&self, org: &Org, client: &UreqClient) -> Result<Deployment, Failure> {
        let kind = format!("multipart/form-data; boundary={}", self.boundary);
        let kind = HeaderValue::try_from(kind).map_err(|error| no_url(error.into()))?;
        let request = org
            .begin(&Method::POST, &self.path)?
            .header(CONTENT_TYPE, kind)
            .body(self.body.clone())
            .map_err(no_url)?;
        let reply = client.send_blocking(request).map_err(CliError::from)?;
        if reply.status() != StatusCode::CREATED && reply.status() != StatusCode::OK {
            return Err(match failure(&reply, org.host()) {
                Failure::Final(error) => Failure::Final(advice::about_request(error)),
                ended => ended,
            });
        }
        Deployment::read(reply.body(), org.host()).map_err(Failure::Final)
    }
}

fn look(org: &Org, client: &UreqClient, path: &str) -> Result<Deployment, Failure> {
    let body = org.get(client, path)?;
    Deployment::read(&body, org.host()).map_err(Failure::Final)
}

/// Looking at a deployment until its end.
struct Watch<'a> {
    /// The command that looks again.
    again: &'a str,
    left: Duration,
}

impl Watch<'_> {
    /// Looks that find nobody are repeated for as long as there is time.
    fn end(
        &mut self,
        look: &mut dyn FnMut(&mut Output) -> Result<Deployment, CliError>,
        out: &mut Output,
        pause: &dyn Pause,
    ) -> Result<Deployment, CliError> {
        let mut status = String::new();
        for next in BETWEEN_LOOKS {
            let mut lost = None;
            match look(out) {
                Ok(found) if found.is_done => return Ok(found),
                Ok(found) if found.status != status => {
                    out.step(&format!("{}...", found.status));
                    status = found.status;
                }
                Ok(_) => {}
                Err(error) if may_pass(&error) => lost = Some(error),
                Err(error) => return Err(self.gone_on("it could not be looked at", Some(error))),
            }
            if self.left.is_zero() {
                return Err(self.gone_on("--wait is over", lost));
            }
            let span = next.min(self.left);
            pause.pause(span);
            self.left -= span;
        }
        Err(self.gone_on("--wait is over", None))
    }

    /// The deployment is neither done nor lost.
    fn gone_on(&self, why: &str, source: Option<CliError>) -> CliError {
        let what = format!("{GOES_ON}, and its end is not known: {why}");
        let error =
            CliError::new(Kind::Partial, what).hint(format!("`{}` looks at it again", self.again));
        match source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// Tells of the end, and what comes next.
fn report(
    ended: &Deployment,
    components: &[Component],
    args: &DeployArgs,
    out: &Output,
) -> Result<(), CliError> {
    if !ended.is_success {
        return Err(advice::about_deployment(ended));
    }
    let value: &Value = &ended.body;
    out.result(&ended.summary(), value)?;
    if args.check_only {
        out.step("Nothing was changed. Without --check-only it is deployed.");
        return Ok(());
    }
    out.step(&next(components));
    Ok(())
}

/// The way from a registered app to a token: which consumer key it has.
fn next(components: &[Component]) -> String {
    let key = components.iter().find_map(Component::consumer_key);
    let is_connected = components.iter().any(Component::is_connected);
    let place = match (&key, is_connected) {
        (Some(_), _) => String::new(),
        (None, false) => {
            "  Salesforce chose the consumer key: Setup > External Client App Manager \
                          > the app > Settings > OAuth Settings > Consumer Key and Secret.\n"
                .to_owned()
        }
        (None, true) => {
            "  Salesforce chose the consumer key: Setup > App Manager > the app > View \
                         > Manage Consumer Details.\n"
                .to_owned()
        }
    };
    let key = key.unwrap_or_else(|| "CONSUMER_KEY".to_owned());
    format!(
        "\nNext:\n{place}  accredit token -i {key} -o USERNAME -f KEY -r \
         https://YOUR-DOMAIN.my.salesforce.com\n  It takes up to ten minutes until the app is \
         known."
    )
}

#[cfg(test)]
mod tests;
