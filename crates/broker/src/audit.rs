//! One line for each use of a connection: who, which, as whom, what, with what result.
//!
//! Owns what stands in a line, and that no secret ever does: no query, no header, no body, and a
//! path only as a template.

use std::fmt;

use accredit::clock::Clock;
use serde::Serialize;

use crate::answer::Answer;
use crate::failure::Failure;

/// The longest part of a line that a request decides, in bytes.
const PART_MAX: usize = 256;

/// Where lines go.
pub trait AuditLog: Send + Sync + fmt::Debug {
    /// Takes one line.
    fn record(&self, entry: &AuditEntry<'_>);

    /// How many lines could not be kept.
    fn lost(&self) -> u64 {
        0
    }
}

/// One use of a connection.
#[derive(Clone, Debug, Serialize)]
pub struct AuditEntry<'a> {
    /// Milliseconds since 1970.
    pub time: u64,
    /// Who asked.
    pub caller: &'a str,
    /// Through which connection.
    pub connection: &'a str,
    /// As which user; `None` for the connection's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<&'a str>,
    /// `token`, `refresh`, `proxy` or `stand_in`.
    pub way: &'static str,
    /// The method of the request.
    pub method: &'a str,
    /// The path with ids taken out.
    pub path: &'a str,
    /// The status of the answer; 499 if who asked went away before there was one.
    pub status: u16,
}

/// The status of a request that nobody waits for any more.
const GONE: u16 = 499;

/// A use that is under way. Its line is written when it ends, however it ends.
#[derive(Debug)]
#[must_use]
pub(crate) struct Line<'a> {
    pub(crate) log: &'a dyn AuditLog,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) entry: AuditEntry<'a>,
}

impl Line<'_> {
    /// Ends the use with an answer.
    pub(crate) fn end(mut self, done: &Result<Answer, Failure>) {
        let status = match done {
            Ok(answer) => answer.status(),
            Err(failure) => failure.status,
        };
        self.entry.status = status.as_u16();
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.entry.time = self.clock.now().as_millis();
        self.log.record(&self.entry);
    }
}

impl<'a> AuditEntry<'a> {
    /// A use that has no answer yet.
    pub(crate) const fn of(caller: &'a str, way: &'static str, method: &'a str) -> Self {
        Self {
            time: 0,
            caller,
            connection: "",
            subject: None,
            way,
            method,
            path: "",
            status: GONE,
        }
    }
}

/// A path without what tells of records: ids, values, and everything that is no name of an API.
pub(crate) fn template(path: &str) -> String {
    let mut template = String::with_capacity(path.len().min(PART_MAX));
    let mut place = Place::Anywhere;
    for segment in path.split('/').skip(1) {
        let is_shown;
        (is_shown, place) = place.read(segment);
        template.push('/');
        template.push_str(if is_shown { segment } else { "{}" });
        if template.len() > PART_MAX {
            template.push_str("/…");
            break;
        }
    }
    template
}

/// What a segment of a path is, by those before it.
#[derive(Clone, Copy, Debug)]
enum Place {
    Anywhere,
    /// The name of an object, after `sobjects`.
    Object,
    /// The id of a record, a field that tells records apart, or a resource of the object.
    Record,
    /// A relationship or a field of a record.
    Related,
    /// A resource of Apex, and values after it.
    Apex,
    /// A value, and everything after one.
    Value,
}

/// Resources of an object; any other name in their place is a field.
const RESOURCES: [&str; 11] = [
    "approvallayouts",
    "compactlayouts",
    "defaultvalues",
    "deleted",
    "describe",
    "eventseries",
    "layouts",
    "listviews",
    "namedlayouts",
    "quickactions",
    "updated",
];

impl Place {
    /// Says whether a segment may be shown, and what the next one is.
    fn read(self, segment: &str) -> (bool, Self) {
        let is_shown = is_name(segment) && !is_id(segment);
        let lower = segment.to_ascii_lowercase();
        match self {
            Self::Anywhere => match lower.as_str() {
                "sobjects" => (true, Self::Object),
                "apexrest" => (true, Self::Apex),
                _ => (is_shown, Self::Anywhere),
            },
            Self::Object => (is_shown, Self::Record),
            Self::Record if RESOURCES.contains(&lower.as_str()) => (true, Self::Anywhere),
            Self::Record if is_id(segment) => (false, Self::Related),
            Self::Record if is_as_long_as_ids(segment) => (false, Self::Value),
            Self::Record | Self::Related | Self::Apex => (is_shown, Self::Value),
            Self::Value => (false, Self::Value),
        }
    }
}

/// Names of objects, resources and versions are short, and hold few digits.
fn is_name(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let is_version = segment.starts_with('v') && segment.len() <= 6;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    segment.len() <= 80 && segment.bytes().all(is_plain) && (is_version || digits <= 2)
}

/// Ids have 15 or 18 letters and digits, and hardly ever no digit.
fn is_id(segment: &str) -> bool {
    is_as_long_as_ids(segment) && segment.bytes().any(|byte| byte.is_ascii_digit())
}

fn is_as_long_as_ids(segment: &str) -> bool {
    matches!(segment.len(), 15 | 18) && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_holds_no_ids_and_no_values() {
        for (path, expected) in [
            ("/services/data/v62.0/query", "/services/data/v62.0/query"),
            (
                "/services/data/v62.0/sobjects/Account/0015g00000XyZaBAAV",
                "/services/data/v62.0/sobjects/Account/{}",
            ),
            (
                "/services/data/v62.0/sobjects/Account/Ext__c/a%2Fb",
                "/services/data/v62.0/sobjects/Account/Ext__c/{}",
            ),
            (
                "/services/data/v62.0/sobjects/Account/Ext__c/JohnSmith/Contacts",
                "/services/data/v62.0/sobjects/Account/Ext__c/{}/{}",
            ),
            (
                "/services/data/v62.0/sobjects/Account/quickActions/NewCase/describe",
                "/services/data/v62.0/sobjects/Account/quickActions/NewCase/describe",
            ),
            (
                "/services/data/v62.0/sobjects/Account/001gXyZaBCdefGHAAV",
                "/services/data/v62.0/sobjects/Account/{}",
            ),
            (
                "/services/data/v62.0/sobjects/Account/abcdefghijklmnoAAV",
                "/services/data/v62.0/sobjects/Account/{}",
            ),
            (
                "/services/data/v62.0/sobjects/Account/0015g00000XyZaBAAV/Contacts/JohnSmith",
                "/services/data/v62.0/sobjects/Account/{}/Contacts/{}",
            ),
            (
                "/services/data/v62.0/ui-api/records/a0B5gXyZaBCdefG",
                "/services/data/v62.0/ui-api/records/{}",
            ),
            (
                "/services/data/v62.0/composite/sobjects/Account/Ext__c",
                "/services/data/v62.0/composite/sobjects/Account/Ext__c",
            ),
            (
                "/services/data/v62.0/sobjects/Account/JohnSmith",
                "/services/data/v62.0/sobjects/Account/JohnSmith",
            ),
            (
                "/services/apexrest/customers/JohnSmith",
                "/services/apexrest/customers/{}",
            ),
        ] {
            assert_eq!(template(path), expected);
        }
    }
}
