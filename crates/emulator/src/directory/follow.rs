//! Following the records of users: who is made, renamed or deactivated through the API.

use std::sync::{Arc, PoisonError};

use super::{Directory, DirectoryError, UserRecord, UserState, key, tables};
use crate::directory::User;

impl Directory {
    /// Lets the user of a record be what the record says. One who is not known is adopted; the
    /// sessions of one who was renamed or deactivated end.
    pub(crate) fn follow(&self, record: UserRecord) -> Result<(), DirectoryError> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let known = users.values().find(|user| user.id == record.id).cloned();
        drop(users);
        let Some(known) = known else {
            // The record of one who was removed stays, inactive.
            return if record.is_active {
                self.adopt(vec![record])
            } else {
                Ok(())
            };
        };
        if known.record() == record {
            return Ok(());
        }
        let _changing = self.change();
        let mut definition = known.definition.clone();
        definition.state = match (record.is_active, definition.state) {
            (true, UserState::Inactive) => UserState::Active,
            (true, state) => state,
            (false, _) => UserState::Inactive,
        };
        definition.username = record.username;
        definition.profile = record.profile;
        definition.first_name = record.first_name;
        definition.last_name = record.last_name;
        definition.email = record.email;
        let user = User::new(record.id, definition).map_err(DirectoryError::Unfit)?;
        let user = Arc::new(user);
        tables::put_users(&self.store, std::slice::from_ref(&user))?;
        let is_renamed = key(user.username()) != key(known.username());
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        if is_renamed || !user.definition.state.keeps_sessions() {
            self.sessions
                .end_where(|session| session.user_id == user.id);
        }
        users.remove(&key(known.username()));
        users.insert(key(user.username()), user);
        Ok(())
    }
}
