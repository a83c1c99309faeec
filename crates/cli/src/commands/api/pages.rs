//! Where the next page is: `nextRecordsUrl` in JSON, `Sforce-Locator` in the head (fact sheet §5.2,
//! §6.1).

use std::io::{self, Read};

use http::HeaderMap;
use serde::Deserialize;

use crate::rest::escape;

/// What comes after a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The page at this path.
    Path(String),
    /// It was the last one.
    Nothing,
}

/// Reads where the next page is from a page of JSON. A path that is none below /services/ is below
/// the version, as the lists of bulk jobs have it.
pub(super) fn after_json(body: &[u8], version_root: &str) -> Next {
    #[derive(Deserialize)]
    struct Page {
        #[serde(rename = "nextRecordsUrl")]
        next: Option<String>,
    }
    match serde_json::from_slice::<Page>(body) {
        Ok(Page { next: Some(path) }) if path.starts_with("/services/") => Next::Path(path),
        Ok(Page { next: Some(path) }) if path.starts_with('/') && !path.starts_with("//") => {
            Next::Path(format!("{version_root}{path}"))
        }
        Ok(Page { next: Some(path) }) if !path.is_empty() => Next::Path(path),
        _ => Next::Nothing,
    }
}

/// Reads where the next page is from the head of a page that is no JSON. The last one says `null`.
pub(super) fn after_headers(headers: &HeaderMap, path: &str) -> Next {
    let locator = headers
        .get("sforce-locator")
        .and_then(|locator| locator.to_str().ok())
        .filter(|locator| !locator.is_empty() && *locator != "null");
    let Some(locator) = locator else {
        return Next::Nothing;
    };
    let (bare, query) = path.split_once('?').unwrap_or((path, ""));
    let others = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("locator="));
    let mut pairs: Vec<String> = others.map(str::to_owned).collect();
    pairs.push(format!("locator={}", escape(locator)));
    Next::Path(format!("{bare}?{}", pairs.join("&")))
}

/// Passes over the header of a table, which each page has and only the first one shows. A line
/// break inside quotes is part of a name.
pub(super) fn skip_line(body: &mut impl Read) -> io::Result<()> {
    let mut byte = [0];
    let mut is_quoted = false;
    while body.read(&mut byte)? == 1 {
        match byte {
            [b'"'] => is_quoted = !is_quoted,
            [b'\n'] if !is_quoted => break,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_in_body_and_head() {
        let root = "/services/data/v65.0";
        for (body, path) in [
            (
                r#"{"nextRecordsUrl":"/services/data/v65.0/query/01g-2"}"#,
                Some("/services/data/v65.0/query/01g-2"),
            ),
            (
                r#"{"nextRecordsUrl":"/jobs/query/750/resultpages?locator=x"}"#,
                Some("/services/data/v65.0/jobs/query/750/resultpages?locator=x"),
            ),
            (r#"{"nextRecordsUrl":null}"#, None),
            (r#"[1]"#, None),
            ("", None),
        ] {
            let expected = path.map_or(Next::Nothing, |path| Next::Path(path.to_owned()));
            assert_eq!(after_json(body.as_bytes(), root), expected, "{body}");
        }
        let mut headers = HeaderMap::new();
        assert_eq!(after_headers(&headers, "/services/x"), Next::Nothing);
        headers.insert("sforce-locator", "MTAw".parse().unwrap());
        let next = after_headers(&headers, "/services/x?maxRecords=2&locator=old");
        assert_eq!(
            next,
            Next::Path("/services/x?maxRecords=2&locator=MTAw".to_owned())
        );
        headers.insert("sforce-locator", "null".parse().unwrap());
        assert_eq!(after_headers(&headers, "/services/x"), Next::Nothing);
    }

    #[test]
    fn a_header_with_a_line_break_in_quotes_is_one_line() {
        let mut body: &[u8] = b"\"A\nB\",\"C\"\n1,2\n";
        skip_line(&mut body).unwrap();
        assert_eq!(body, b"1,2\n");
    }
}
