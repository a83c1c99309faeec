//! A job and its states.

use serde::{Deserialize, Serialize};

use super::classic::Classic;
use crate::org::write::Author;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Operation {
    Query,
    QueryAll,
    Insert,
    Update,
    Upsert,
    Delete,
    HardDelete,
}

impl Operation {
    /// Whether it reads.
    pub(crate) const fn is_query(self) -> bool {
        matches!(self, Self::Query | Self::QueryAll)
    }
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Data may be uploaded.
    Open,
    /// All is there that the job needs.
    UploadComplete,
    InProgress,
    JobComplete,
    Failed,
    Aborted,
}

impl State {
    /// Whether nothing comes after it.
    pub(crate) const fn is_end(self) -> bool {
        matches!(self, Self::JobComplete | Self::Failed | Self::Aborted)
    }
}

/// How many looks at a job it takes until it is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Pace {
    /// One: the first look finds it complete.
    #[default]
    AtOnce,
    /// Two: the first look finds it in progress.
    ByLooks,
}

/// What stands between values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Delimiter {
    Backquote,
    Caret,
    #[default]
    Comma,
    Pipe,
    Semicolon,
    Tab,
}

impl Delimiter {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Backquote => b'`',
            Self::Caret => b'^',
            Self::Comma => b',',
            Self::Pipe => b'|',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

/// What ends a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum LineEnding {
    #[default]
    Lf,
    Crlf,
}

impl LineEnding {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::Crlf => "\r\n",
        }
    }
}

/// What a job is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) operation: Operation,
    pub(crate) object: String,
    pub(crate) query: Option<String>,
    /// The field that upserts find their records by.
    pub(crate) external_id: Option<String>,
    pub(crate) delimiter: Delimiter,
    pub(crate) line_ending: LineEnding,
    pub(crate) version: u16,
}

/// A job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) task: Task,
    pub(crate) created_by: String,
    /// Milliseconds.
    pub(crate) created_at: i64,
    /// Milliseconds.
    pub(crate) modified_at: i64,
    pub(crate) state: State,
    /// Whether somebody works on it.
    is_claimed: bool,
    pub(crate) processed: i64,
    pub(crate) failed: i64,
    /// Why it failed.
    pub(crate) error: Option<String>,
    /// What it knows besides if it is of Bulk API 1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) classic: Option<Classic>,
}

impl Job {
    pub(super) fn new(id: String, task: Task, author: &Author) -> Self {
        Self {
            id,
            created_by: author.user.to_string(),
            created_at: super::millis(author.now),
            modified_at: super::millis(author.now),
            state: match task.operation.is_query() {
                true => State::UploadComplete,
                false => State::Open,
            },
            task,
            is_claimed: false,
            processed: 0,
            failed: 0,
            error: None,
            classic: None,
        }
    }

    /// Takes the work on if it is time; only one of many who ask is to do it.
    pub(super) fn claim(&mut self, pace: Pace) -> bool {
        let is_due = match (self.state, pace) {
            (State::UploadComplete, Pace::AtOnce) => true,
            (State::InProgress, _) => !self.is_claimed,
            _ => false,
        };
        if self.state == State::UploadComplete {
            self.state = State::InProgress;
        }
        self.is_claimed |= is_due;
        is_due
    }
}
