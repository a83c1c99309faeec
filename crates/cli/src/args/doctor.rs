//! The words of `accredit doctor`.

use std::path::PathBuf;

use clap::Args;

use crate::args::SignInArgs;

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// The certificate of the app: checked against the key and the calendar
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
}
