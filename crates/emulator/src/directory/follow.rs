//! Following the records of users: who is made, renamed or deactivated through the API.

use std::sync::Arc;

use super::{Directory, DirectoryError, ENTRIES_MAX, User, UserRecord, UserState, key, tables};

impl Directory {
    /// Lets the users of records sign in who are active and not known yet. Waits for the database.
    pub(crate) fn adopt(&self, records: Vec<UserRecord>) -> Result<(), DirectoryError> {
        let _changing = self.change();
        let known = self.users_by_name().clone();
        let is_new = |record: &UserRecord| {
            record.is_active
                && !known.contains_key(&*key(&record.username))
                && known.values().all(|user| user.id != record.id)
        };
        let adopted = records
            .into_iter()
            .filter(is_new)
            .take(ENTRIES_MAX.saturating_sub(known.len()))
            .map(|record| User::of(record).map(Arc::new))
            .collect::<Result<Vec<_>, _>>()
            .map_err(DirectoryError::Unfit)?;
        tables::put_users(&self.store, &adopted)?;
        let named = adopted
            .into_iter()
            .map(|user| (key(user.username()).into_owned(), user));
        self.users_mut().extend(named);
        Ok(())
    }

    /// Lets the user of a record be what the record says. One who is not known is adopted; the
    /// sessions of one who was renamed or deactivated end. Waits for the database.
    pub(crate) fn follow(&self, record: UserRecord) -> Result<(), DirectoryError> {
        let changing = self.change();
        let is_it = |user: &&Arc<User>| user.id == record.id;
        let known = self.users_by_name().values().find(is_it).cloned();
        let Some(known) = known else {
            drop(changing);
            return self.adopt(vec![record]);
        };
        if known.record() == record {
            return Ok(());
        }
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
        let mut users = self.users_mut();
        users.remove(&*key(known.username()));
        users.insert(key(user.username()).into_owned(), Arc::clone(&user));
        if is_renamed || !user.definition.state.keeps_sessions() {
            self.sessions
                .end_where(|session| session.user_id == user.id);
        }
        Ok(())
    }
}
