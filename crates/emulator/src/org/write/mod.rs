//! Writing records as clients may: every rule that binds them is looked at here, and only here.
//!
//! A record that comes in goes through these, in this order: `given` (its text), `input` (names and
//! types), `rules` (what the whole record must be like), `links` (what it refers to). Only then is
//! anything written. A call that is refused leaves the org as it was.

mod delete;
mod error;
mod given;
mod history;
mod input;
mod links;
mod rules;
mod user;
mod value;

use std::sync::atomic::Ordering;

use accredit::clock::UnixTime;
use rusqlite::OptionalExtension as _;

pub(crate) use self::error::{Refusal, WriteError};
pub(crate) use self::given::{Given, parser_error};
pub(crate) use self::history::Span;
use self::input::Purpose;
use super::record::{Values, Writer};
use super::schema::{Field, Flag, Object};
use super::value::Value;
use super::{Org, table};
use crate::ids::RecordId;

/// Who writes, and when.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) user: RecordId,
    pub(crate) now: UnixTime,
}

/// A record told by the value of a field that no two records share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    pub(crate) field: &'a Field,
    pub(crate) text: &'a str,
}

/// What an upsert did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Upserted {
    /// There was no such record: it was made.
    Created(RecordId),
    /// There was one: it was changed.
    Updated(RecordId),
}

/// Whether there is a record with an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Live,
    /// In the recycle bin.
    Deleted,
    Missing,
}

/// Where deleted records go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// Into the recycle bin.
    Bin,
    /// Away.
    Hard,
}

impl Org {
    /// Makes a record.
    pub(crate) fn create(
        &self,
        object: &Object,
        given: &[Given],
        author: &Author,
    ) -> Result<RecordId, WriteError> {
        rules::can(object, "createable", "create")?;
        self.note(object);
        self.transact(&author.user, author.now, |writer| {
            insert(writer, object, given)
        })
    }

    /// Changes a record.
    pub(crate) fn update(
        &self,
        (object, id): (&Object, &RecordId),
        given: &[Given],
        author: &Author,
    ) -> Result<(), WriteError> {
        rules::can(object, "updateable", "update")?;
        self.note(object);
        self.transact(&author.user, author.now, |writer| {
            update(writer, (object, id), given)
        })
    }

    /// Changes the record that `key` names, or makes it.
    pub(crate) fn upsert(
        &self,
        (object, key): (&Object, Key<'_>),
        given: &[Given],
        author: &Author,
    ) -> Result<Upserted, WriteError> {
        rules::can(object, "createable", "create")?;
        rules::can(object, "updateable", "update")?;
        self.note(object);
        self.transact(&author.user, author.now, |writer| {
            let found = links::find(writer, object, key)?;
            match found.as_slice() {
                [] if key.field.name == "Id" => Err(Refusal::missing().into()),
                [] => {
                    let mut whole = vec![Given::text(&key.field.name, key.text)];
                    whole.extend_from_slice(given);
                    insert(writer, object, &whole).map(Upserted::Created)
                }
                [id] => update(writer, (object, id), given).map(|()| Upserted::Updated(id.clone())),
                _ => Err(Refusal::several(key).into()),
            }
        })
    }

    /// Deletes a record, and what cannot be without it.
    pub(crate) fn delete(
        &self,
        (object, id): (&Object, &RecordId),
        removal: Removal,
        author: &Author,
    ) -> Result<(), WriteError> {
        rules::can(object, "deletable", "delete")?;
        self.transact(&author.user, author.now, |writer| {
            delete::delete(writer, (object, id), removal)
        })
    }

    /// The live records that `key` names.
    pub(crate) fn find(&self, object: &Object, key: Key<'_>) -> Result<Vec<RecordId>, WriteError> {
        self.transact(&self.first_user(), UnixTime::from_secs(0), |writer| {
            links::find(writer, object, key)
        })
    }

    /// Whether there is a record with this id.
    pub(crate) fn presence(&self, object: &Object, id: &RecordId) -> Result<Presence, WriteError> {
        let deleted = match object.field("IsDeleted") {
            Some(_) => "\"IsDeleted\"",
            None => "0",
        };
        let sql = format!(
            "SELECT {deleted} FROM {} WHERE \"Id\" = ?",
            table::table(object)
        );
        let found: Option<bool> = self.store.run(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement
                .query_row([id.as_str()], |row| row.get(0))
                .optional()
        })?;
        Ok(match found {
            None => Presence::Missing,
            Some(true) => Presence::Deleted,
            Some(false) => Presence::Live,
        })
    }

    /// Lets everything that `work` writes become true at once, or, after an error, not at all.
    pub(crate) fn together<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.store.together(work)
    }

    /// Whether records of users were written since this was asked the last time.
    pub(crate) fn take_changed_users(&self) -> bool {
        self.users_changed.swap(false, Ordering::AcqRel)
    }

    fn note(&self, object: &Object) {
        if object.name == "User" {
            self.users_changed.store(true, Ordering::Release);
        }
    }
}

fn insert(writer: &Writer<'_>, object: &Object, given: &[Given]) -> Result<RecordId, WriteError> {
    let mut values = input::read(writer, (object, Purpose::Create), given)?;
    user::complete(object, &mut values);
    let changed: Vec<&Field> = values
        .keys()
        .filter_map(|name| object.field(name))
        .collect();
    rules::required(object, &values, Purpose::Create)?;
    rules::check(&changed, &values)?;
    user::check(object, &values)?;
    links::check(writer, &changed, &values)?;
    links::unique(writer, object, (None, &changed, &values))?;
    values.retain(|_, value| *value != Value::Null);
    Ok(writer.make(object, values)?)
}

fn update(
    writer: &Writer<'_>,
    (object, id): (&Object, &RecordId),
    given: &[Given],
) -> Result<(), WriteError> {
    let before = writer.read(object, id)?.ok_or_else(Refusal::missing)?;
    if before.get("IsDeleted") == Some(&Value::Boolean(true)) {
        return Err(Refusal::deleted().into());
    }
    let values = input::read(writer, (object, Purpose::Update), given)?;
    let changed: Vec<&Field> = values
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value))
        .filter_map(|(name, _)| object.field(name))
        .collect();
    rules::required(object, &values, Purpose::Update)?;
    rules::check(&changed, &values)?;
    user::check(object, &values)?;
    links::check(writer, &changed, &values)?;
    links::unique(writer, object, (Some(id), &changed, &values))?;
    let mut after: Values = before.clone();
    after.extend(values);
    Ok(writer.change((object, id), &before, after)?)
}

/// Whether no two records may have the same value in a field.
fn is_unique(object: &Object, field: &Field) -> bool {
    field.is(Flag::Unique) || object.name == "User" && field.name == "Username"
}
