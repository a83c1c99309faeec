//! The words of `import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::calls::OrgArgs;

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Table in CSV with API names of fields as its header, - for stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// Object of the records, such as Contact
    #[arg(long, alias = "sobject", value_name = "OBJECT")]
    pub(crate) object: String,
    /// What is done with each record
    #[arg(long, value_enum, default_value_t = Operation::Insert)]
    pub(crate) operation: Operation,
    /// Field by which upsert finds its records, Id or one marked as external id
    #[arg(long, value_name = "FIELD", required_if_eq("operation", "upsert"))]
    pub(crate) external_id: Option<String>,
    /// What stands between values [default: found out from the header]
    #[arg(long, value_enum)]
    pub(crate) delimiter: Option<Delimiter>,
    /// Folder for the files of results [default: that of FILE]
    #[arg(long, value_name = "DIR")]
    pub(crate) results_dir: Option<PathBuf>,
    /// Replace files of results that are there
    #[arg(long)]
    pub(crate) force: bool,
    /// Go on after an interruption: this job has the first part of FILE, the next one the second
    #[arg(long, value_name = "JOBID")]
    pub(crate) resume: Vec<String>,
    /// Version of the API, such as 65.0 [default: the newest of the org]
    #[arg(long, value_name = "VERSION")]
    pub(crate) api_version: Option<String>,
    #[command(flatten)]
    pub(crate) org: OrgArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "camelCase")]
pub(crate) enum Operation {
    /// Make a record of each line
    Insert,
    /// Change the records with these ids
    Update,
    /// Change the records that --external-id finds, make the others
    Upsert,
    /// Put the records with these ids into the recycle bin
    Delete,
    /// Delete the records with these ids for good
    HardDelete,
}

impl Operation {
    /// The word of the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::HardDelete => "hardDelete",
        }
    }

    /// What was done, in the past.
    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Insert => "inserted",
            Self::Update => "updated",
            Self::Upsert => "upserted",
            Self::Delete => "deleted",
            Self::HardDelete => "deleted for good",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Delimiter {
    Comma,
    Semicolon,
    Tab,
    Pipe,
    Caret,
    Backquote,
}

impl Delimiter {
    /// All of them, the likeliest first.
    pub(crate) const ALL: [Self; 6] = [
        Self::Comma,
        Self::Semicolon,
        Self::Tab,
        Self::Pipe,
        Self::Caret,
        Self::Backquote,
    ];

    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
            Self::Caret => b'^',
            Self::Backquote => b'`',
        }
    }

    /// The word of the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Comma => "COMMA",
            Self::Semicolon => "SEMICOLON",
            Self::Tab => "TAB",
            Self::Pipe => "PIPE",
            Self::Caret => "CARET",
            Self::Backquote => "BACKQUOTE",
        }
    }
}
