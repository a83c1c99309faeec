//! `accredit whoami`: the identity behind the token (fact sheet §4.2).

use std::fmt::Write as _;

use serde_json::Value;

use crate::args::calls::WhoamiArgs;
use crate::error::CliError;
use crate::output::{Output, printable};
use crate::reach::Reach;
use crate::rest::INSTANCE_URL_HINT;
use crate::settings::network::{Traffic, client};
use crate::world::World;

/// Where an org tells whose token it is.
const USERINFO: &str = "/services/oauth2/userinfo";

/// What people see, and its member.
const LINES: [(&str, &str); 6] = [
    ("username", "preferred_username"),
    ("name", "name"),
    ("email", "email"),
    ("user id", "user_id"),
    ("organization", "organization_id"),
    ("user type", "user_type"),
];

/// Asks the org and prints the answer.
pub(crate) fn run(
    args: &WhoamiArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    let mut reach = Reach::open(&args.org, timeout, world, out)?;
    let url = reach.org.instance_url.as_str();
    let client = client(world.environment.as_ref(), timeout, Traffic::Records, url)?;
    let body = reach.ask(out, |org| org.get(&client, USERINFO))?;
    let host = reach.org.host();
    let identity: Value = serde_json::from_slice(&body).map_err(|_| {
        CliError::other(format!("{host} sent an identity that is no JSON")).hint(INSTANCE_URL_HINT)
    })?;
    let mut human = String::new();
    for (label, member) in LINES {
        if let Some(value) = identity.get(member).and_then(Value::as_str) {
            // Writing to a text cannot fail.
            let value = printable(value).replace(['\n', '\t'], "?");
            let _written = writeln!(human, "{label:<13} {value}");
        }
    }
    let _written = writeln!(
        human,
        "{:<13} {}",
        "instance",
        reach.org.instance_url.as_str()
    );
    out.result(&human, &identity)
}
