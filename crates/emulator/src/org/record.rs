//! Making records.
//!
//! Owns the values that the org fills in by itself: ids, system fields, defaults, and what
//! [`derived`](super::derived) works out of other values. Rules that bind clients, such as required
//! fields, are not looked at here.

use std::collections::BTreeMap;

use accredit::clock::UnixTime;
use rusqlite::Connection;

use super::error::OrgError;
use super::schema::{Flag, Object, Schema};
use super::value::{Value, datetime_text, timestamp};
use super::{derived, table};
use crate::ids::RecordId;

/// Values by the name of their field, in canonical case.
pub(super) type Values = BTreeMap<String, Value>;

/// Inserts records for one user at one moment.
pub(super) struct Writer<'a> {
    pub(super) connection: &'a Connection,
    pub(super) schema: &'a Schema,
    pub(super) user: RecordId,
    pub(super) now: UnixTime,
}

impl Writer<'_> {
    /// The same at another moment.
    pub(super) fn at(&self, now: UnixTime) -> Self {
        Self {
            user: self.user.clone(),
            now,
            ..*self
        }
    }

    /// Inserts a record of the object called `object` and returns its id.
    pub(super) fn insert<'v>(
        &self,
        object: &str,
        given: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<RecordId, OrgError> {
        let object = self
            .schema
            .object(object)
            .ok_or_else(|| OrgError::UnknownObject(object.to_owned()))?;
        let prefix = object
            .key_prefix
            .as_deref()
            .ok_or_else(|| OrgError::UnknownObject(object.name.clone()))?;
        let id = table::next_id(self.connection, prefix)?;
        let mut values = self.defaults(object, &id);
        for (name, value) in given {
            let field = object.field(name).filter(|field| field.is_stored());
            let field = field.ok_or_else(|| OrgError::UnknownField {
                object: object.name.clone(),
                field: name.to_owned(),
            })?;
            values.insert(field.name.clone(), value);
        }
        derived::fill(object, &id, &mut values);
        self.store(object, &values)?;
        Ok(id)
    }

    /// What a record holds when nothing is said.
    pub(super) fn defaults(&self, object: &Object, id: &RecordId) -> Values {
        let now = Value::Text(datetime_text(timestamp(self.now)));
        let user = Value::Text(self.user.to_string());
        let mut values = Values::new();
        for field in object.fields.iter().filter(|field| field.is_stored()) {
            let value = match field.name.as_str() {
                "Id" => Value::Text(id.to_string()),
                "CreatedDate" | "LastModifiedDate" | "SystemModstamp" => now.clone(),
                "CreatedById" | "LastModifiedById" => user.clone(),
                "OwnerId" if field.is(Flag::DefaultedOnCreate) => user.clone(),
                _ => match &field.default_value {
                    Some(text) => Value::Text(text.clone()),
                    None => continue,
                },
            };
            values.insert(field.name.clone(), value);
        }
        values
    }

    pub(super) fn store(&self, object: &Object, values: &Values) -> Result<(), OrgError> {
        let columns: Vec<String> = values.keys().map(|name| table::quoted(name)).collect();
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({places})",
            table::table(object),
            columns.join(", ")
        );
        self.connection
            .prepare_cached(&sql)?
            .execute(rusqlite::params_from_iter(values.values()))?;
        Ok(())
    }
}
