//! Users, as the authorization server needs them.
//!
//! Owns the definition ([`NewUser`]) and the state that decides whether a user may sign in. The
//! `User` object of the REST API is a record made from [`UserRecord`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::RecordId;

/// The profile of administrators.
pub(crate) const ADMINISTRATOR: &str = "System Administrator";

/// The longest last name, in characters, as in an org.
const NAME_MAX: usize = 80;

/// Whether and how a user may sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserState {
    /// May sign in.
    #[default]
    Active,
    /// Deactivated.
    Inactive,
    /// Frozen by an administrator.
    Frozen,
    /// Locked out after wrong passwords.
    Locked,
    /// Signs in from outside the login IP ranges.
    IpRestricted,
}

impl UserState {
    /// Says whether sessions of the user go on. A lock-out and IP ranges concern signing in only.
    pub(crate) const fn keeps_sessions(self) -> bool {
        !matches!(self, Self::Inactive | Self::Frozen)
    }

    /// The word of the management API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Frozen => "frozen",
            Self::Locked => "locked",
            Self::IpRestricted => "ip-restricted",
        }
    }
}

/// A user as it is made: only the username is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NewUser {
    /// The username; capitals make no difference.
    pub username: String,
    /// The profile.
    pub profile: String,
    /// Permission sets assigned to the user.
    pub permission_sets: Vec<String>,
    /// Whether the user may sign in.
    pub state: UserState,
    /// Client ids of apps that the user approved.
    pub approved_apps: Vec<String>,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The email address; the username if empty.
    pub email: String,
}

impl Default for NewUser {
    fn default() -> Self {
        Self {
            username: String::new(),
            profile: ADMINISTRATOR.to_owned(),
            permission_sets: Vec::new(),
            state: UserState::Active,
            approved_apps: Vec::new(),
            first_name: String::new(),
            last_name: "User".to_owned(),
            email: String::new(),
        }
    }
}

impl NewUser {
    /// An active administrator with this username.
    #[must_use]
    pub fn named(username: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            ..Self::default()
        }
    }

    /// Checks what an org demands of the name of a user. The error says what was expected.
    pub(crate) fn check_name(&self) -> Result<(), String> {
        let last_name = self.last_name.trim();
        if last_name.is_empty() || last_name.chars().count() > NAME_MAX {
            return Err(format!("lastName must have 1 to {NAME_MAX} characters"));
        }
        Ok(())
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: RecordId,
    /// The username, for those who keep it.
    pub(crate) name: Arc<str>,
    pub(crate) definition: NewUser,
}

impl User {
    /// Checks a definition. The error says what was expected.
    pub(crate) fn new(id: RecordId, definition: NewUser) -> Result<Self, String> {
        let username = &definition.username;
        let is_odd = |c: char| c.is_control() || c.is_whitespace();
        if username.is_empty() || username.len() > 80 || username.chars().any(is_odd) {
            return Err(
                "the username must have 1 to 80 bytes without blanks, like an email address".into(),
            );
        }
        Ok(Self {
            id,
            name: username.as_str().into(),
            definition,
        })
    }

    /// The user that a record shows.
    pub(crate) fn of(record: UserRecord) -> Result<Self, String> {
        let definition = NewUser {
            state: if record.is_active {
                UserState::Active
            } else {
                UserState::Inactive
            },
            username: record.username,
            profile: record.profile,
            first_name: record.first_name,
            last_name: record.last_name,
            email: record.email,
            ..NewUser::default()
        };
        Self::new(record.id, definition)
    }

    pub(crate) fn username(&self) -> &str {
        &self.definition.username
    }

    /// What the `User` object of the REST API shows.
    pub(crate) fn record(&self) -> UserRecord {
        let user = &self.definition;
        let email = if user.email.is_empty() {
            &user.username
        } else {
            &user.email
        };
        UserRecord {
            id: self.id.clone(),
            username: user.username.clone(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            email: email.clone(),
            profile: user.profile.clone(),
            is_active: user.state != UserState::Inactive,
        }
    }
}

/// What the record of a user is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// The id, with key prefix 005.
    pub id: RecordId,
    /// The username.
    pub username: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The email address.
    pub email: String,
    /// The name of the profile.
    pub profile: String,
    /// False for deactivated users.
    pub is_active: bool,
}

impl UserRecord {
    /// First and last name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned()
    }
}
