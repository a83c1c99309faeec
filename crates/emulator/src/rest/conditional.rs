//! Answers that a client need not be sent again (RFC 9110 §13).
//!
//! Owns `ETag` and `Last-Modified` of what describes the schema. A moment is kept for each schema
//! that was described; a schema that took its place is always a second younger.

use accredit::clock::UnixTime;
use http::{StatusCode, header};
use jiff::fmt::rfc2822::DateTimeParser;

use super::call::{Answer, Call};
use crate::org::Org;
use crate::org::value::timestamp;

/// Marks `answer`, or says that the client has it already.
pub(super) fn of_schema(org: &Org, call: &Call<'_>, answer: Answer) -> Answer {
    let changed_at = org.schema_changed_at(call.now);
    let tag = format!("\"{:08x}\"", digest(&answer.body));
    let answer = if is_known(call, (changed_at, &tag)) {
        Answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        answer
    };
    answer
        .with_header(header::ETAG, tag)
        .with_header(header::LAST_MODIFIED, date(changed_at))
}

/// Whether the client has this answer. An entity tag counts for more than a date.
fn is_known(call: &Call<'_>, (changed_at, tag): (UnixTime, &str)) -> bool {
    if let Some(tags) = call.header("if-none-match") {
        // Salesforce writes how the answer was compressed into the tag.
        let plain = |tag: &str| tag.trim().trim_start_matches("W/").replace("--gzip", "");
        return tags
            .split(',')
            .any(|known| known.trim() == "*" || plain(known) == tag);
    }
    let since = call.header("if-modified-since");
    let since = since.and_then(|text| DateTimeParser::new().parse_timestamp(text).ok());
    since.is_some_and(|since| timestamp(changed_at).as_second() <= since.as_second())
}

/// The date of HTTP (RFC 9110 §5.6.7).
fn date(at: UnixTime) -> String {
    timestamp(at)
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

/// FNV-1a, for telling answers apart; no secret depends on it.
fn digest(body: &[u8]) -> u32 {
    body.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
