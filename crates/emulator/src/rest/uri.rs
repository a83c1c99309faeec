//! What is in a URI: segments and parameters, decoded as `java.net.URLDecoder` does.

use http::StatusCode;

use crate::error::ApiError;

/// The parameters after `?`.
pub(super) fn parameters(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// A segment of a path, in which `+` is a plus.
pub(super) fn segment(text: &str) -> Result<String, ApiError> {
    decode(&text.replace('+', "%2B"))
}

/// Undoes `+` and `%xx`.
fn decode(text: &str) -> Result<String, ApiError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (byte, after) = escaped(after)?;
                bytes.push(byte);
                rest = after;
            }
            other => bytes.push(*other),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The byte that two hexadecimal digits mean.
fn escaped(rest: &[u8]) -> Result<(u8, &[u8]), ApiError> {
    let Some((digits, after)) = rest.split_at_checked(2) else {
        return Err(illegal(
            "URLDecoder: Incomplete trailing escape (%) pattern".to_owned(),
        ));
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    if let Some(index) = digits.iter().position(|byte| digit(byte).is_none()) {
        let digits = String::from_utf8_lossy(digits);
        return Err(illegal(format!(
            "URLDecoder: Illegal hex characters in escape (%) pattern - \
             Error at index {index} in: \"{digits}\""
        )));
    }
    let byte = digits
        .iter()
        .filter_map(digit)
        .fold(0, |byte, digit| byte * 16 + digit);
    Ok((u8::try_from(byte).unwrap_or_default(), after))
}

fn illegal(message: String) -> ApiError {
    let status = StatusCode::BAD_REQUEST;
    ApiError::data(status, "ILLEGAL_QUERY_PARAMETER_VALUE", message)
}
