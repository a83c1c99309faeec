//! Users, as records.

use accredit::clock::UnixTime;
use rusqlite::OptionalExtension;

use super::error::OrgError;
use super::record::Writer;
use super::value::Value;
use super::{Org, sample};
use crate::ids::RecordId;

/// A user to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// The name to sign in with, in the form of an e-mail address.
    pub username: String,
    /// The first name, which may be missing.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: String,
    /// The e-mail address.
    pub email: String,
    /// The name of a profile; one that the org lacks is made.
    pub profile: String,
    /// Whether the user may sign in.
    pub is_active: bool,
}

impl NewUser {
    /// An active user of the profile "Standard User" whose names follow from `username`.
    #[must_use]
    pub fn new(username: &str) -> Self {
        let (stem, _) = username.split_once('@').unwrap_or((username, ""));
        Self {
            username: username.to_owned(),
            first_name: None,
            last_name: stem.to_owned(),
            email: username.to_owned(),
            profile: sample::STANDARD_USER.to_owned(),
            is_active: true,
        }
    }
}

impl Org {
    /// Makes a user at the moment `now`.
    ///
    /// # Errors
    ///
    /// [`OrgError::Database`] if the user cannot be written.
    pub fn insert_user(&self, user: &NewUser, now: UnixTime) -> Result<RecordId, OrgError> {
        self.write(&self.first_user(), now, |writer| insert(writer, user))
    }

    /// The id of the user who signs in with `username`, in any case.
    pub(crate) fn user_named(&self, username: &str) -> Result<Option<RecordId>, OrgError> {
        let sql = "SELECT Id FROM sobject_User WHERE Username = ?";
        let id: Option<String> = self.store.run(|connection| {
            connection
                .query_row(sql, [username], |row| row.get(0))
                .optional()
        })?;
        Ok(id.as_deref().and_then(RecordId::parse))
    }
}

/// Makes a user.
pub(super) fn insert(writer: &Writer<'_>, user: &NewUser) -> Result<RecordId, OrgError> {
    let profile = profile(writer, &user.profile)?;
    let first = user.first_name.as_deref().unwrap_or_default();
    let initial = first.chars().take(1);
    let alias: String = initial.chain(user.last_name.chars()).take(8).collect();
    let nickname: String = user.username.chars().take_while(|c| *c != '@').collect();
    writer.insert(
        "User",
        [
            ("Username", Value::from(user.username.as_str())),
            ("FirstName", first.into()),
            ("LastName", user.last_name.as_str().into()),
            ("Email", user.email.as_str().into()),
            ("Alias", alias.to_lowercase().as_str().into()),
            ("CommunityNickname", nickname.as_str().into()),
            ("ProfileId", profile.as_str().into()),
            ("IsActive", user.is_active.into()),
            ("UserType", "Standard".into()),
            ("TimeZoneSidKey", sample::TIME_ZONE.into()),
            ("LocaleSidKey", "en_US".into()),
            ("LanguageLocaleKey", "en_US".into()),
            ("EmailEncodingKey", "UTF-8".into()),
            ("DigestFrequency", "D".into()),
            ("DefaultGroupNotificationFrequency", "N".into()),
        ],
    )
}

/// The id of the profile called `name`, which is made if it is not there.
fn profile(writer: &Writer<'_>, name: &str) -> Result<RecordId, OrgError> {
    let known: Option<String> = writer
        .connection
        .prepare_cached("SELECT Id FROM sobject_Profile WHERE Name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    match known.as_deref().and_then(RecordId::parse) {
        Some(id) => Ok(id),
        None => writer.insert("Profile", [("Name", Value::from(name))]),
    }
}
