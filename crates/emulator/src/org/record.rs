//! Making and changing records.
//!
//! Owns the values that the org fills in by itself: ids, system fields, defaults, and what
//! [`derived`](super::derived) works out of other values. Rules that bind clients, such as required
//! fields, are not looked at here.

use std::collections::BTreeMap;

use accredit::clock::UnixTime;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _};

use super::error::OrgError;
use super::schema::{Field, Flag, Object, Schema, Storage};
use super::value::{Value, datetime_text, timestamp};
use super::{derived, table};
use crate::ids::RecordId;

/// Values by the name of their field, in canonical case.
pub(super) type Values = BTreeMap<String, Value>;

/// Writes records for one user at one moment.
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
        let (object, values) = self.checked(object, given)?;
        Ok(self.make(object, values)?)
    }

    /// Inserts a record whose id is known before it.
    pub(super) fn insert_as<'v>(
        &self,
        (object, id): (&str, &RecordId),
        given: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<(), OrgError> {
        let (object, values) = self.checked(object, given)?;
        Ok(self.make_as(object, id, values)?)
    }

    /// The object called `object`, and values of fields that it has.
    fn checked<'v>(
        &self,
        object: &str,
        given: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<(&Object, Values), OrgError> {
        let object = self
            .schema
            .object(object)
            .ok_or_else(|| OrgError::UnknownObject(object.to_owned()))?;
        if object.key_prefix.is_none() {
            return Err(OrgError::UnknownObject(object.name.clone()));
        }
        let mut values = Values::new();
        for (name, value) in given {
            let field = object.field(name).filter(|field| field.is_stored());
            let field = field.ok_or_else(|| OrgError::UnknownField {
                object: object.name.clone(),
                field: name.to_owned(),
            })?;
            values.insert(field.name.clone(), value);
        }
        Ok((object, values))
    }

    /// Inserts a record that holds `given`, and what the org fills in, and returns its id.
    pub(super) fn make(&self, object: &Object, given: Values) -> Result<RecordId, rusqlite::Error> {
        let prefix = object.key_prefix.as_deref().unwrap_or_default();
        let id = table::next_id(self.connection, prefix)?;
        self.make_as(object, &id, given)?;
        Ok(id)
    }

    fn make_as(
        &self,
        object: &Object,
        id: &RecordId,
        given: Values,
    ) -> Result<(), rusqlite::Error> {
        let mut values = self.defaults(object, id);
        values.extend(given);
        derived::fill(object, id, &mut values);
        self.store(object, &values)
    }

    /// Writes `after` over the record `before`, where they differ, and who did so and when.
    pub(super) fn change(
        &self,
        (object, id): (&Object, &RecordId),
        before: &Values,
        mut after: Values,
    ) -> Result<(), rusqlite::Error> {
        derived::refill(object, id, before, &mut after);
        let now = Value::Text(datetime_text(timestamp(self.now)));
        let user = Value::Text(self.user.to_string());
        for (name, value) in [
            ("LastModifiedDate", &now),
            ("SystemModstamp", &now),
            ("LastModifiedById", &user),
        ] {
            if object.field(name).is_some() {
                after.insert(name.to_owned(), value.clone());
            }
        }
        after.retain(|name, value| before.get(name) != Some(value));
        if after.is_empty() {
            return Ok(());
        }
        let columns: Vec<String> = after
            .keys()
            .map(|name| format!("{} = ?", table::quoted(name)))
            .collect();
        let sql = format!(
            "UPDATE {} SET {} WHERE \"Id\" = ?",
            table::table(object),
            columns.join(", ")
        );
        let id = Value::Text(id.to_string());
        self.connection
            .prepare_cached(&sql)?
            .execute(rusqlite::params_from_iter(after.values().chain([&id])))?;
        Ok(())
    }

    /// What a record holds; nothing if there is none.
    pub(super) fn read(
        &self,
        object: &Object,
        id: &RecordId,
    ) -> Result<Option<Values>, rusqlite::Error> {
        let fields: Vec<&Field> = object.fields.iter().filter(|f| f.is_stored()).collect();
        let columns: Vec<String> = fields.iter().map(|f| table::quoted(&f.name)).collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE \"Id\" = ?",
            columns.join(", "),
            table::table(object)
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let row = statement.query_row([id.as_str()], |row| {
            let mut values = Values::new();
            for (index, field) in fields.iter().enumerate() {
                let value = kept(field, row.get_ref(index)?);
                values.insert(field.name.clone(), value);
            }
            Ok(values)
        });
        row.optional()
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
                    Some(text) => default(field, text),
                    None => continue,
                },
            };
            values.insert(field.name.clone(), value);
        }
        values
    }

    pub(super) fn store(&self, object: &Object, values: &Values) -> Result<(), rusqlite::Error> {
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

/// The default of a field, as it is kept.
fn default(field: &Field, text: &str) -> Value {
    match field.kind.storage() {
        Storage::Boolean => Value::Boolean(text.eq_ignore_ascii_case("true")),
        _ => Value::Text(text.to_owned()),
    }
}

/// A value out of the database.
fn kept(field: &Field, value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(number) if field.kind.storage() == Storage::Boolean => {
            Value::Boolean(number != 0)
        }
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
    }
}
