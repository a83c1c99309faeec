//! The directory when everything that is kept changes at once: loads, snapshots, resets.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use accredit::oauth::ClientId;
use accredit::random::Random;

use super::{
    Client, Directory, DirectoryError, ENTRIES_MAX, NewApp, Switch, User, checked, consumer_key,
    key, tables, unfit,
};
use crate::store::{ImageError, Store};

impl Directory {
    /// Says what would be wrong with an app.
    pub(crate) fn check_app(&self, definition: &NewApp) -> Result<(), DirectoryError> {
        let id = definition.client_id.as_deref().unwrap_or("3MVG9");
        checked(id, definition.clone()).map(drop)
    }

    /// Registers an app, in place of the one that has the same client id, and gives its client id.
    pub(crate) fn put_app(
        &self,
        definition: NewApp,
        random: &dyn Random,
    ) -> Result<ClientId, DirectoryError> {
        if let Some(id) = definition.client_id.clone()
            && self.change_app(&id, definition.clone())?
        {
            return checked(&id, definition).map(|client| client.id);
        }
        self.add_app(definition, random)
    }

    /// Registers apps as [`Self::put_app`] does, all of them or none. No two of them may have one
    /// client id. Waits for the database.
    pub(crate) fn put_apps(
        &self,
        definitions: Vec<NewApp>,
        random: &dyn Random,
    ) -> Result<(), DirectoryError> {
        let mut made = BTreeMap::new();
        for mut definition in definitions {
            let id = match definition.client_id.take() {
                Some(id) => id,
                None => consumer_key(random)?,
            };
            let client = Arc::new(checked(&id, definition)?);
            if made.insert(id, client).is_some() {
                return Err(unfit(
                    "The consumer key is already taken: two of these apps have it",
                ));
            }
        }
        let _changing = self.change();
        let clients = self.clients();
        let new = made.keys().filter(|id| !clients.contains_key(*id));
        if clients.len() + new.count() > ENTRIES_MAX {
            return Err(unfit("the org has as many apps as it can"));
        }
        drop(clients);
        tables::put_apps(&self.store, made.values().map(Arc::as_ref))?;
        self.clients_mut().extend(made.clone());
        self.sessions.end_where(|session| {
            let changed = made.get(&*session.client_id);
            changed.is_some_and(|client| client.definition.enabled == Switch::Off)
        });
        Ok(())
    }

    /// Lets `work` replace the database, and reads apps and users anew. Sessions go on, if their
    /// apps and users are still there. `false` if `work` did nothing. Waits for the database.
    pub(crate) fn replace(
        &self,
        work: impl FnOnce() -> Result<bool, ImageError>,
    ) -> Result<bool, DirectoryError> {
        let _changing = self.change();
        self.sessions.flush();
        if !work()? {
            return Ok(false);
        }
        let (found_clients, found_users) = (clients(&self.store)?, users(&self.store)?);
        tables::delete_sessions(&self.store)?;
        {
            let (mut clients, mut users) = (self.clients_mut(), self.users_mut());
            *clients = found_clients;
            *users = found_users;
        }
        self.sessions.write_again();
        Ok(true)
    }

    /// Ends every session without a word to the database, which is about to be replaced.
    pub(crate) fn drop_sessions(&self) {
        self.sessions.clear();
    }
}

/// The apps that the database has.
pub(super) fn clients(store: &Store) -> Result<BTreeMap<String, Arc<Client>>, DirectoryError> {
    let mut clients = BTreeMap::new();
    for definition in tables::apps(store)? {
        let id = definition.client_id.clone().unwrap_or_default();
        clients.insert(id.clone(), Arc::new(checked(&id, definition)?));
    }
    Ok(clients)
}

/// The users that the database has.
pub(super) fn users(store: &Store) -> Result<HashMap<String, Arc<User>>, DirectoryError> {
    let mut users = HashMap::new();
    for (id, definition) in tables::users(store)? {
        let user = User::new(id, definition).map_err(DirectoryError::Unfit)?;
        users.insert(key(user.username()).into_owned(), Arc::new(user));
    }
    Ok(users)
}
