//! `query --check`: whether a query can be parsed, without asking the org.

use accredit::diagnosis::Diagnosis;
use serde_json::json;

use crate::error::CliError;
use crate::output::Output;

/// Says that it can, or where it cannot, in the words and with the caret of Salesforce.
pub(super) fn run(soql: &str, out: &Output) -> Result<(), CliError> {
    match accredit_soql::parse(soql) {
        Ok(_) => out.result("The query is well-formed\n", &json!({"wellFormed": true})),
        Err(error) => {
            let told = CliError::usage(format!("the query is not SOQL: {}", error.message()));
            Err(match Diagnosis::of_rest("MALFORMED_QUERY", "") {
                Some(entry) => told.diagnosed(entry),
                None => told,
            })
        }
    }
}
