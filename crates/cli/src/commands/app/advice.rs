//! What to do about a deployment that was refused.
//!
//! Owns the words by which a problem is known. They are Salesforce's and may change: what is not
//! known is told as it came.

use super::deploy::Deployment;
use crate::error::{CliError, Kind};

/// A part of a message in lower case, and what helps.
const KNOWN: [(&str, &str); 10] = [
    (
        "create a connected app",
        "since Spring '26 an org takes no new connected app: write the manifest without \
         --connected-app, which makes an external client app, or ask Salesforce Support",
    ),
    (
        "no profile named",
        "the profile is called as Setup > Profiles shows it, in the language of the org",
    ),
    (
        "no permissionset named",
        "the permission set is called by its API name: Setup > Permission Sets",
    ),
    (
        "no externalclientapplication named",
        "all five files belong together: deploy the folder that `accredit app manifest` wrote",
    ),
    (
        "consumer key",
        "only a new app can be given a consumer key that no other app of Salesforce has: write \
         the manifest without --client-id, and Salesforce chooses one",
    ),
    (
        "consumerkey",
        "write the manifest without --client-id, and Salesforce chooses the consumer key",
    ),
    (
        "certificate",
        "the certificate must be X.509 in PEM with an RSA key of 2048 bits or more, and below 4 \
         KB: `accredit key show` tells what a file is",
    ),
    (
        "invalid at this location",
        "the org does not know this element in this version of the API: --api-version takes \
         another",
    ),
    (
        "unknown type name",
        "the org does not know this type: --api-version 65.0 or later knows external client apps",
    ),
    (
        "not available for deploy",
        "the org does not have this type: Setup > External Client Apps > Settings switches it on",
    ),
];

/// What helps against a problem.
fn help(problem: &str) -> Option<&'static str> {
    let problem = problem.to_ascii_lowercase();
    let is_it = |(part, _): &&(&str, &str)| problem.contains(part);
    KNOWN.iter().find(is_it).map(|(_, help)| *help)
}

/// A deployment that failed or was canceled, as an error with a line for each component.
pub(super) fn about_deployment(ended: &Deployment) -> CliError {
    let mut what = format!("the deployment {} ended as {}", ended.id, ended.status);
    if let Some(error) = &ended.error {
        what.push_str(&format!(": {error}"));
    }
    let mut helps: Vec<&'static str> = ended.error.as_deref().and_then(help).into_iter().collect();
    for failure in &ended.failures {
        let place = failure.file_name.as_deref();
        let place = place.or(failure.full_name.as_deref()).unwrap_or("-");
        let line = failure.line_number.filter(|line| *line > 0);
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let kind = failure.component_type.as_deref().unwrap_or_default();
        let kind = match kind {
            "" => String::new(),
            kind => format!(" ({kind})"),
        };
        let problem = failure.problem.as_deref().unwrap_or("no reason was given");
        what.push_str(&format!("\n  {place}{line}{kind}: {problem}"));
        helps.extend(help(problem));
    }
    helps.sort_unstable();
    helps.dedup();
    let error = CliError::new(Kind::Refused, what).with_code("DeploymentFailed");
    helps.into_iter().fold(error, CliError::hint)
}

/// A request that did not even begin a deployment.
pub(super) fn about_request(error: CliError) -> CliError {
    match error.code() {
        Some("INSUFFICIENT_ACCESS" | "FUNCTIONALITY_NOT_ENABLED" | "NOT_FOUND") => error.hint(
            "the user of the token needs the permissions Customize Application and Modify \
             Metadata Through Metadata API Functions, and an edition with the Metadata API",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_that_are_known_bring_what_helps() {
        for (problem, part) in [
            (
                "You can't create a connected app. To enable connected app creation, contact \
                 Salesforce Customer Support.",
                "without --connected-app",
            ),
            (
                "In field: profileName - no Profile named X found",
                "Setup > Profiles",
            ),
            ("In field: x - no PermissionSet named X found", "API name"),
            ("The consumer key is already taken", "without --client-id"),
            (
                "Unknown type name 'ExternalClientApplication' specified",
                "--api-version",
            ),
        ] {
            assert!(help(problem).unwrap().contains(part), "{problem}");
        }
        assert_eq!(help("something else"), None);
    }
}
