//! `accredit exec -- CMD`: a command with a token in its environment.
//!
//! Owns what it finds there: `SF_ACCESS_TOKEN` and `SF_INSTANCE_URL`, under our own names too. The
//! token is on no command line and in no file.

use std::ffi::OsStr;

use tokio::runtime::Builder;

use crate::args::calls::ExecArgs;
use crate::child::Job;
use crate::env_vars;
use crate::error::CliError;
use crate::interrupt;
use crate::output::Output;
use crate::reach::Reach;
use crate::world::World;

/// Signs in, runs the command and gives its exit code.
pub(crate) fn run(
    args: &ExecArgs,
    timeout: Option<&str>,
    world: &World,
    out: &mut Output,
) -> Result<u8, CliError> {
    let reach = Reach::open(&args.org, timeout, world, out)?;
    let token = reach.org.access_token.expose();
    out.mask_in_ci(token, world.environment.as_ref());
    let url = reach.org.instance_url.as_str();
    let (token_value, url_value) = (OsStr::new(token), OsStr::new(url));
    let job = Job {
        words: &args.command,
        variables: vec![
            ("SF_ACCESS_TOKEN", token_value),
            ("SF_INSTANCE_URL", url_value),
            (env_vars::ACCESS_TOKEN.name, token_value),
            (env_vars::INSTANCE_URL.name, url_value),
        ],
        removed: &[],
        secrets: if args.mask {
            vec![token.to_owned()]
        } else {
            Vec::new()
        },
    };
    let failed = |error| CliError::other("signals cannot be waited for").with_source(error);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let mut signals = {
        let _entered = runtime.enter();
        interrupt::hand_over().map_err(failed)?
    };
    runtime.block_on(job.supervise(&mut signals))
}
