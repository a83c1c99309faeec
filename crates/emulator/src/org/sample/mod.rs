//! What an org holds at the beginning: the organization, its users and, in `business`, their work.
//!
//! Owns invented companies and people. The same moment gives the same records with the same ids:
//! every choice follows from a number, and dates are counted from that moment.

mod business;
mod choice;

use std::time::Duration;

use super::Seed;
use super::error::OrgError;
use super::record::Writer;
use super::users::{self, UserDetails};
use super::value::{Value, datetime_text, timestamp};
use crate::ids::RecordId;

/// Where the org is.
pub(super) const TIME_ZONE: &str = "America/Los_Angeles";

/// The profile that users have unless another one is named.
pub(super) const STANDARD_USER: &str = "Standard User";

/// One day in seconds.
const DAY: u64 = 24 * 60 * 60;

/// Fills an empty org that has this id.
pub(super) fn plant(writer: &Writer<'_>, id: &RecordId, seed: Seed) -> Result<(), OrgError> {
    organization(writer, id)?;
    for profile in [
        "System Administrator",
        STANDARD_USER,
        "Minimum Access - API Only Integrations",
    ] {
        writer.insert("Profile", profile_values(profile))?;
    }
    let owners = users(writer)?;
    permission_set(writer)?;
    if seed == Seed::Empty {
        return Ok(());
    }
    business::plant(writer, &owners)
}

fn organization(writer: &Writer<'_>, id: &RecordId) -> Result<(), OrgError> {
    let trial_end = writer.now.saturating_add(Duration::from_secs(30 * DAY));
    let trial_end = datetime_text(timestamp(trial_end));
    writer.insert_as(
        ("Organization", id),
        [
            ("Name", Value::from("Accredit Local Org")),
            ("Country", "US".into()),
            ("PrimaryContact", "System Administrator".into()),
            ("DefaultLocaleSidKey", "en_US".into()),
            ("TimeZoneSidKey", TIME_ZONE.into()),
            ("LanguageLocaleKey", "en_US".into()),
            ("FiscalYearStartMonth", 1.into()),
            ("OrganizationType", "Developer Edition".into()),
            ("InstanceName", "LOCAL".into()),
            ("IsSandbox", false.into()),
            ("TrialExpirationDate", trial_end.as_str().into()),
            ("UiSkin", "Theme3".into()),
            ("SignupCountryIsoCode", "US".into()),
            ("WebToCaseDefaultOrigin", "Web".into()),
            ("MonthlyPageViewsUsed", 0.into()),
            ("MonthlyPageViewsEntitlement", 0.into()),
        ],
    )
}

fn profile_values(name: &str) -> Vec<(&'static str, Value)> {
    let mut values = vec![
        ("Name", Value::from(name)),
        ("UserType", "Standard".into()),
        ("PermissionsApiEnabled", true.into()),
    ];
    let is_administrator = name == "System Administrator";
    for permission in [
        "PermissionsModifyAllData",
        "PermissionsViewAllData",
        "PermissionsManageUsers",
        "PermissionsCustomizeApplication",
        "PermissionsAuthorApex",
        "PermissionsViewSetup",
    ] {
        values.push((permission, is_administrator.into()));
    }
    values
}

/// The users, who own the records in turn.
fn users(writer: &Writer<'_>) -> Result<Vec<RecordId>, OrgError> {
    let user = |username: &str, (first, last), profile: &str| UserDetails {
        first_name: Some(String::from(first)),
        last_name: String::from(last),
        profile: profile.to_owned(),
        ..UserDetails::new(username)
    };
    let users = [
        user(
            "integration@accredit.example",
            ("Integration", "User"),
            "System Administrator",
        ),
        user(
            "admin@accredit.example",
            ("System", "Administrator"),
            "System Administrator",
        ),
    ];
    users
        .iter()
        .map(|user| users::insert(writer, user))
        .collect()
}

fn permission_set(writer: &Writer<'_>) -> Result<(), OrgError> {
    let values = [
        ("Name", Value::from("API_Integration")),
        ("Label", "API Integration".into()),
        ("IsCustom", true.into()),
        ("PermissionsApiEnabled", true.into()),
    ];
    writer.insert("PermissionSet", values)?;
    Ok(())
}
