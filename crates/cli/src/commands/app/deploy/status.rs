//! What the Metadata API says of a deployment.

use serde::Deserialize;
use serde_json::Value;

use crate::error::CliError;

/// A deployment as it was found.
#[derive(Debug)]
pub(in crate::commands::app) struct Deployment {
    pub(in crate::commands::app) id: String,
    pub(in crate::commands::app) status: String,
    pub(in crate::commands::app) is_done: bool,
    pub(in crate::commands::app) is_success: bool,
    /// What is wrong with the deployment as a whole.
    pub(in crate::commands::app) error: Option<String>,
    pub(in crate::commands::app) failures: Vec<Component>,
    successes: Vec<Component>,
    /// `deployResult`, with the id.
    pub(in crate::commands::app) body: Value,
}

/// What is said of one file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::commands::app) struct Component {
    pub(in crate::commands::app) component_type: Option<String>,
    pub(in crate::commands::app) full_name: Option<String>,
    pub(in crate::commands::app) file_name: Option<String>,
    pub(in crate::commands::app) line_number: Option<u64>,
    pub(in crate::commands::app) problem: Option<String>,
    created: bool,
    changed: bool,
}

/// `deployResult`; the answer that begins a deployment has little of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    status: Option<String>,
    done: bool,
    success: bool,
    error_message: Option<String>,
    details: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    component_failures: Vec<Component>,
    component_successes: Vec<Component>,
}

impl Deployment {
    /// Reads an answer of `host`.
    pub(super) fn read(body: &[u8], host: &str) -> Result<Self, CliError> {
        let unknown = || {
            CliError::other(format!(
                "{host} sent a deployment that is not the JSON that was expected"
            ))
        };
        let body: Value = serde_json::from_slice(body).map_err(|_| unknown())?;
        let id = body.get("id").and_then(Value::as_str).ok_or_else(unknown)?;
        let is_id = matches!(id.len(), 15 | 18) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_id {
            return Err(unknown());
        }
        let mut result = body.get("deployResult").cloned().unwrap_or_default();
        let found: Found = match &result {
            Value::Null => Found::default(),
            some => Found::deserialize(some).map_err(|_| unknown())?,
        };
        if let Some(members) = result.as_object_mut() {
            members.insert("id".to_owned(), id.into());
        }
        Ok(Self {
            id: id.to_owned(),
            status: found.status.unwrap_or_else(|| "Pending".to_owned()),
            is_done: found.done,
            is_success: found.success,
            error: found.error_message,
            failures: found.details.component_failures,
            successes: found.details.component_successes,
            body: result,
        })
    }

    /// A line for each component.
    pub(super) fn summary(&self) -> String {
        let named = self.successes.iter().filter(|component| {
            let kind = component.component_type.as_deref();
            kind.is_some_and(|kind| !kind.is_empty())
        });
        named
            .map(|component| {
                let what = match (component.created, component.changed) {
                    (true, _) => "created",
                    (false, true) => "changed",
                    (false, false) => "unchanged",
                };
                let kind = component.component_type.as_deref().unwrap_or("-");
                let name = component.full_name.as_deref().unwrap_or("-");
                crate::output::printable(&format!("{what}\t{kind}\t{name}")) + "\n"
            })
            .collect()
    }
}
