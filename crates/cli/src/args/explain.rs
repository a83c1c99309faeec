//! The words of `accredit explain`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A code (ACC-1010), the words of Salesforce, a pasted JSON body or a line of a log; - reads
    /// it from stdin; nothing lists every code
    #[arg(value_name = "CODE|TEXT")]
    pub(crate) text: Vec<String>,
}
