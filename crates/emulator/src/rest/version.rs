//! Versions of the API (fact sheet §5.1).

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::call::Answer;
use crate::error::ApiError;

/// The oldest version that is served.
const OLDEST: u16 = 31;

/// The newest version that is served.
const NEWEST: u16 = 68;

/// The oldest of the versions that were served once.
const RETIRED: u16 = 21;

/// `GET /services/data`
pub(super) fn list() -> Response {
    let versions: Vec<Value> = (OLDEST..=NEWEST)
        .map(|version| {
            json!({
                "label": label(version),
                "url": format!("/services/data/v{version}.0"),
                "version": format!("{version}.0"),
            })
        })
        .collect();
    Answer::json(&Value::Array(versions)).into_response()
}

/// Three a year: v31 is Summer '14.
fn label(version: u16) -> String {
    let releases = version - OLDEST + 1;
    let (season, year) = match releases % 3 {
        0 => ("Spring", 14 + releases / 3),
        1 => ("Summer", 14 + releases / 3),
        _ => ("Winter", 15 + releases / 3),
    };
    format!("{season} '{year}")
}

/// The version that `segment`, such as `v60.0`, names.
pub(super) fn parse(segment: &str) -> Result<u16, ApiError> {
    let number = segment
        .strip_prefix(['v', 'V'])
        .and_then(|rest| rest.strip_suffix(".0"))
        .filter(|number| number.len() == 2)
        .and_then(|number| number.parse::<u16>().ok());
    match number {
        Some(version) if (OLDEST..=NEWEST).contains(&version) => Ok(version),
        Some(version) if (RETIRED..OLDEST).contains(&version) => Err(ApiError::framework(
            StatusCode::GONE,
            "UNSUPPORTED_API_VERSION",
            format!("Version {version}.0 of the API is retired. Use {OLDEST}.0 or a later one."),
        )),
        _ => Err(ApiError::not_found()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_labelled_by_their_season() {
        for (version, season) in [
            (31, "Summer '14"),
            (32, "Winter '15"),
            (33, "Spring '15"),
            (44, "Winter '19"),
            (53, "Winter '22"),
            (58, "Summer '23"),
            (60, "Spring '24"),
            (65, "Winter '26"),
            (66, "Spring '26"),
            (67, "Summer '26"),
            (68, "Winter '27"),
        ] {
            assert_eq!(label(version), season, "{version}");
        }
    }
}
