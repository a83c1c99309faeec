//! Users, as records. Who may sign in is decided by the directory, which takes the id from here.

use accredit::clock::UnixTime;
use rusqlite::OptionalExtension as _;

use super::error::OrgError;
use super::record::Writer;
use super::value::{Value, datetime_text, timestamp};
use super::{Org, sample};
use crate::directory::UserRecord;
use crate::ids::RecordId;

/// A user to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserDetails {
    /// The name to sign in with, in the form of an e-mail address.
    pub(crate) username: String,
    /// The first name, which may be missing.
    pub(crate) first_name: Option<String>,
    /// The last name.
    pub(crate) last_name: String,
    /// The e-mail address.
    pub(crate) email: String,
    /// The name of a profile; one that the org lacks is made.
    pub(crate) profile: String,
    /// Whether the user may sign in.
    pub(crate) is_active: bool,
}

impl UserDetails {
    /// An active user of the profile "Standard User" whose names follow from `username`.
    #[must_use]
    pub(crate) fn new(username: &str) -> Self {
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
    /// Makes the record of a user at the moment `now`. One that is there for the username is taken
    /// over: a username belongs to one record.
    pub(crate) fn insert_user(
        &self,
        user: &UserDetails,
        now: UnixTime,
    ) -> Result<RecordId, OrgError> {
        self.write(&self.first_user(), now, |writer| {
            let known: Option<String> = writer
                .connection
                .prepare_cached("SELECT Id FROM sobject_User WHERE lower(Username) = lower(?)")?
                .query_row([&user.username], |row| row.get(0))
                .optional()?;
            let Some(id) = known.as_deref().and_then(RecordId::parse) else {
                return insert(writer, user);
            };
            let record = UserRecord {
                id: id.clone(),
                username: user.username.clone(),
                first_name: user.first_name.clone().unwrap_or_default(),
                last_name: user.last_name.clone(),
                email: user.email.clone(),
                profile: user.profile.clone(),
                is_active: user.is_active,
            };
            update(writer, &record)?;
            writer
                .connection
                .prepare_cached("UPDATE sobject_User SET Username = ?2 WHERE Id = ?1")?
                .execute([id.as_str(), &user.username])?;
            Ok(id)
        })
    }

    /// All users, by id.
    pub(crate) fn users(&self) -> Result<Vec<UserRecord>, OrgError> {
        let sql = "SELECT u.Id, Username, FirstName, LastName, Email, p.Name, IsActive
            FROM sobject_User u LEFT JOIN sobject_Profile p ON p.Id = ProfileId ORDER BY u.Id";
        let found = self.store.run(|connection| {
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], |row| {
                let text = |at| {
                    row.get::<_, Option<String>>(at)
                        .map(Option::unwrap_or_default)
                };
                Ok((
                    text(0)?,
                    UserRecord {
                        id: self.first_user(),
                        username: text(1)?,
                        first_name: text(2)?,
                        last_name: text(3)?,
                        email: text(4)?,
                        profile: text(5)?,
                        is_active: row.get(6)?,
                    },
                ))
            })?;
            rows.collect::<Result<Vec<_>, _>>()
        })?;
        let with_id = |(id, user): (String, UserRecord)| {
            RecordId::parse(&id).map(|id| UserRecord { id, ..user })
        };
        Ok(found.into_iter().filter_map(with_id).collect())
    }

    /// Lets the record of a user show what the directory says of it.
    pub(crate) fn update_user(&self, user: &UserRecord, now: UnixTime) -> Result<(), OrgError> {
        self.write(&self.first_user(), now, |writer| update(writer, user))
    }
}

fn update(writer: &Writer<'_>, user: &UserRecord) -> Result<(), OrgError> {
    let profile = profile(writer, &user.profile)?;
    let sql = "UPDATE sobject_User SET FirstName = ?2, LastName = ?3, Name = ?4, Email = ?5,
        ProfileId = ?6, IsActive = ?7, LastModifiedDate = ?8, SystemModstamp = ?8
        WHERE Id = ?1";
    let first_name = Some(&user.first_name).filter(|name| !name.is_empty());
    writer
        .connection
        .prepare_cached(sql)?
        .execute(rusqlite::params![
            user.id.as_str(),
            first_name,
            user.last_name,
            user.name(),
            user.email,
            profile.as_str(),
            user.is_active,
            datetime_text(timestamp(writer.now)),
        ])?;
    Ok(())
}

/// Makes a user.
pub(super) fn insert(writer: &Writer<'_>, user: &UserDetails) -> Result<RecordId, OrgError> {
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
