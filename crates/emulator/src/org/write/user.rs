//! What is special about users: a record of one lets somebody sign in.

use super::error::Refusal;
use super::rules;
use crate::org::record::Values;
use crate::org::schema::Object;
use crate::org::value::Value;

/// Fills in what Salesforce does not insist on, though describe calls it required.
pub(super) fn complete(object: &Object, values: &mut Values) {
    if object.name != "User" {
        return;
    }
    let nickname = match values.get("Username") {
        Some(Value::Text(name)) => name.split('@').next().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let nickname: String = nickname.chars().take(40).collect();
    for (name, value) in [
        ("CommunityNickname", nickname.as_str()),
        ("DigestFrequency", "D"),
        ("DefaultGroupNotificationFrequency", "N"),
        ("UserType", "Standard"),
    ] {
        let value = Value::from(value);
        values.entry(name.to_owned()).or_insert(value);
    }
    let active = Value::Boolean(true);
    values.entry("IsActive".to_owned()).or_insert(active);
}

/// Refuses a name that nobody can sign in with.
pub(super) fn check(object: &Object, values: &Values) -> Result<(), Refusal> {
    match values.get("Username") {
        Some(Value::Text(name)) if object.name == "User" && !rules::is_email(name) => {
            let message =
                "Username must be in the form of an email address (for example, john@acme.com).";
            let refusal = Refusal::new("FIELD_INTEGRITY_EXCEPTION", message);
            Err(refusal.with_fields(vec!["Username".to_owned()]))
        }
        _ => Ok(()),
    }
}

/// Another user has the name.
pub(super) fn taken() -> Refusal {
    let message = "Duplicate Username.<br>The username already exists in this or another \
        Salesforce organization. Usernames must be unique across all Salesforce organizations. To \
        resolve, use a different username (it doesn't need to match the user's email address).";
    Refusal::new("DUPLICATE_USERNAME", message).with_fields(vec!["Username".to_owned()])
}
