//! Test data that lies beside the repository, where it lies.

use serde_json::Value;

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/vectors/derived/"
);

/// A file of cases, or `None` with a word about it where the folder is not.
pub(crate) fn cases(name: &str) -> Option<Value> {
    match std::fs::read(format!("{FOLDER}{name}")) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(error) => {
            eprintln!("skipped: {FOLDER}{name}: {error}");
            None
        }
    }
}

/// A member of a case as text.
pub(crate) fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_default()
}

/// The headers of a case.
pub(crate) fn headers(case: &Value) -> Vec<(String, String)> {
    let list = case["headers"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|pair| {
            (
                pair[0].as_str().unwrap().to_owned(),
                pair[1].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}
