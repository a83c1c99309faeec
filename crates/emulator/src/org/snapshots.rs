//! Snapshots of the org: its schema, its records, and what the directory keeps in the database.
//!
//! Owns the image that a reset goes back to after something was loaded. It is made by each load, so
//! that what was loaded is there again after every reset.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::schema::Schema;
use super::{Org, OrgError, kept, table};
use crate::store::ImageError;

/// The image of the org as it was after the last load.
const LOADED: &str = "0.loaded";

/// The schemas of the images that this process made, by their names: those need not be read again,
/// and their tables are all there.
#[derive(Debug, Default)]
pub(super) struct Schemas(Mutex<HashMap<String, Arc<Schema>>>);

impl Schemas {
    fn find(&self, name: &str) -> Option<Arc<Schema>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).cloned()
    }

    fn put(&self, name: &str, schema: Option<Arc<Schema>>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match schema {
            Some(schema) => known.insert(name.to_owned(), schema),
            None => known.remove(name),
        };
    }
}

impl Org {
    /// Keeps the org as it is under `name`.
    pub(crate) fn save_snapshot(&self, name: &str) -> Result<(), ImageError> {
        if name == LOADED {
            return Err(ImageError::Name(name.to_owned()));
        }
        self.save(name)
    }

    fn save(&self, name: &str) -> Result<(), ImageError> {
        let _turn = self
            .replacing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.image_schemas.put(name, None);
        self.store.save_image(name)?;
        self.image_schemas.put(name, Some(self.schema()));
        Ok(())
    }

    /// Puts the org back to the snapshot called `name`.
    pub(crate) fn restore_snapshot(&self, name: &str) -> Result<(), ImageError> {
        let _turn = self
            .replacing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.store.restore_image(name)?;
        self.cursors.clear();
        if let Some(schema) = self.image_schemas.find(name) {
            let mut own = self.schema.write().unwrap_or_else(PoisonError::into_inner);
            *own = schema;
            return Ok(());
        }
        let schema = self.store.run(|connection| kept::read(connection))?;
        let schema = schema.map_err(|error| match error {
            OrgError::Database(error) => ImageError::Sqlite(error),
            _ => ImageError::Unknown(name.to_owned()),
        })?;
        self.store
            .run(|connection| table::create_all(connection, &schema))?;
        self.replace_schema(schema);
        Ok(())
    }

    /// Removes the snapshot called `name`; `false` if there is none.
    pub(crate) fn remove_snapshot(&self, name: &str) -> Result<bool, ImageError> {
        self.image_schemas.put(name, None);
        self.store.remove_image(name)
    }

    /// The names of all snapshots.
    pub(crate) fn snapshots(&self) -> Result<Vec<String>, ImageError> {
        let mut names = self.store.images()?;
        names.retain(|name| name != LOADED);
        Ok(names)
    }

    /// Lets resets come back to how the org is now.
    pub(crate) fn save_loaded(&self) -> Result<(), ImageError> {
        self.save(LOADED)
    }

    /// Puts the org back to how it was after the last load; `false` if nothing was loaded.
    pub(crate) fn restore_loaded(&self) -> Result<bool, ImageError> {
        match self.restore_snapshot(LOADED) {
            Ok(()) => {
                self.usage.clear();
                Ok(true)
            }
            Err(ImageError::Unknown(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Goes back to the built-in schema, without records, if anything was loaded.
    pub(super) fn forget_loaded(&self) -> Result<(), OrgError> {
        self.remove_snapshot(LOADED).map_err(|error| match error {
            ImageError::Sqlite(error) => OrgError::Database(error),
            other => OrgError::Schema(other.to_string()),
        })?;
        let _turn = self
            .replacing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let standard = Schema::standard()?;
        let is_standard = |own: &Schema| {
            own.objects().iter().all(|o| {
                standard
                    .object(&o.name)
                    .is_some_and(|known| known.fields == o.fields && o.record_types.is_empty())
            })
        };
        if is_standard(&self.schema()) {
            return Ok(());
        }
        self.store.run(|connection| {
            let transaction = connection.transaction()?;
            table::drop_all(&transaction)?;
            kept::clear(&transaction)?;
            table::create_all(&transaction, &standard)?;
            transaction.commit()
        })?;
        self.replace_schema(standard);
        Ok(())
    }
}
