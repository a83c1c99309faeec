//! `accredit token`: the access token on stdout and nothing else.

use accredit_broker::report_document as report;
use serde_json::Value;

use crate::access::Access;
use crate::args::{TokenArgs, TokenFormat};
use crate::error::CliError;
use crate::output::{Form, Output, Reveal};
use crate::session::Session;
use crate::settings::network::{Traffic, client};
use crate::settings::sign_in;
use crate::token_cache::Grant;
use crate::world::World;

/// Signs in and prints what was asked for.
pub(crate) fn run(
    args: &TokenArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    let environment = world.environment.as_ref();
    if !args.show_assertion || args.reveal {
        out.refuse_terminal(Reveal::of(args))?;
    }
    if args.show_assertion {
        return show_assertion(args, timeout, world, out);
    }
    let grant = Access::of(&args.sign_in, timeout, world)?.token(out)?;
    out.mask_in_ci(grant.access_token.expose(), environment);
    let answer: Value = serde_json::from_slice(grant.reply.expose()).unwrap_or_default();
    let text = String::from_utf8_lossy(grant.reply.expose());
    out.result(&document(args.format, &grant, &text), &answer)
}

/// Signs in anew and prints everything that passed over the wire.
fn show_assertion(
    args: &TokenArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<(), CliError> {
    let environment = world.environment.as_ref();
    let sign_in = sign_in::resolve(&args.sign_in, environment)?;
    let client = client(environment, timeout, Traffic::Tokens, sign_in.url())?;
    let session = Session::open(sign_in, world, client, out)?;
    let exchange = session.exchange(out)?;
    if out.form() == Form::Human || exchange.outcome.is_ok() {
        let secrets = if args.reveal {
            report::Secrets::Revealed
        } else {
            report::Secrets::Masked
        };
        let report = report::of(&exchange, secrets);
        out.result(&format!("{report}\n"), &report)?;
    }
    exchange
        .outcome
        .map(drop)
        .map_err(|error| session.explain(&error))
}

fn document(format: TokenFormat, grant: &Grant, answer: &str) -> String {
    let text = grant.access_token.expose();
    match format {
        TokenFormat::Token => format!("{text}\n"),
        TokenFormat::Json => format!("{}\n", answer.trim_end()),
        TokenFormat::Header => format!("Authorization: Bearer {text}\n"),
        TokenFormat::Env => format!(
            "SF_ACCESS_TOKEN={text}\nSF_INSTANCE_URL={}\n",
            grant.instance_url.as_str()
        ),
        TokenFormat::Curl => format!("header = \"Authorization: Bearer {text}\"\n"),
    }
}
