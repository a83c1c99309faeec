//! `accredit token`: the access token on stdout and nothing else.

use accredit::source::{Exchange, Token};
use accredit_broker::report_document as report;
use serde_json::Value;

use crate::args::{TokenArgs, TokenFormat};
use crate::error::CliError;
use crate::output::{Form, Output, Reveal};
use crate::session::Session;
use crate::settings::network::{Traffic, client};
use crate::settings::sign_in;
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
    let sign_in = sign_in::resolve(&args.sign_in, environment)?;
    let client = client(environment, timeout, Traffic::Tokens, sign_in.url())?;
    let session = Session::open(sign_in, world, client, out)?;
    let exchange = session.exchange(out)?;
    if args.show_assertion && (out.form() == Form::Human || exchange.outcome.is_ok()) {
        let secrets = if args.reveal {
            report::Secrets::Revealed
        } else {
            report::Secrets::Masked
        };
        let report = report::of(&exchange, secrets);
        out.result(&format!("{report}\n"), &report)?;
        return exchange
            .outcome
            .map(drop)
            .map_err(|error| session.explain(&error));
    }
    let (token, body) = match exchange {
        Exchange {
            outcome: Ok(token),
            body,
            ..
        } => (token, body),
        Exchange {
            outcome: Err(error),
            ..
        } => return Err(session.explain(&error)),
    };
    out.mask_in_ci(token.access_token.expose(), environment);
    let answer: Value = serde_json::from_slice(body.expose()).unwrap_or_default();
    let text = String::from_utf8_lossy(body.expose());
    out.result(&document(args.format, &token, &text), &answer)
}

fn document(format: TokenFormat, token: &Token, answer: &str) -> String {
    let text = token.access_token.expose();
    match format {
        TokenFormat::Token => format!("{text}\n"),
        TokenFormat::Json => format!("{}\n", answer.trim_end()),
        TokenFormat::Header => format!("Authorization: Bearer {text}\n"),
        TokenFormat::Env => format!(
            "SF_ACCESS_TOKEN={text}\nSF_INSTANCE_URL={}\n",
            token.instance_url.as_str()
        ),
        TokenFormat::Curl => format!("header = \"Authorization: Bearer {text}\"\n"),
    }
}
