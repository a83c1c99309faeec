//! `[store]`: what replicas share.
//!
//! Owns the words of this table. The key itself never stands in the file.

use accredit::error::Error;

use super::StoreConfig;
use super::section::Section;

pub(super) fn read(section: Section<'_>) -> Option<StoreConfig> {
    let url = section.required("url", url);
    let key = section.required("key", reference);
    let ca = section.optional("ca", file);
    let place = section.place(&section.span(), "url");
    section.finish();
    Some(StoreConfig {
        url: url?.value,
        key: key?.value,
        ca: ca.map(|found| found.value),
        place,
    })
}

fn url(text: &str) -> Result<String, Error> {
    let schemes = ["redis://", "rediss://", "redis+unix://"];
    let is_url = schemes.iter().any(|scheme| text.starts_with(scheme));
    if is_url && !text.contains('@') {
        return Ok(text.to_owned());
    }
    reference(text)
}

fn file(text: &str) -> Result<String, Error> {
    match text.is_empty() || text.contains('\0') || text.len() > 4096 {
        true => Err(Error::setting("expected the path of a file")),
        false => Ok(text.to_owned()),
    }
}

/// A place that holds a secret, never the secret.
fn reference(text: &str) -> Result<String, Error> {
    let is_file = text.len() <= 255 && text.contains(['/', '.']) && !text.contains("://");
    match text
        .strip_prefix("env:")
        .is_some_and(|name| !name.is_empty())
        || is_file
    {
        true => Ok(text.to_owned()),
        false => Err(Error::setting(
            "expected env:NAME or the path of a file (what stands here is not shown: it may be a \
             secret)",
        )),
    }
}
