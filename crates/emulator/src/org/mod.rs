//! The org: its schema, its records and what can be asked of them.
//!
//! Owns everything that a Salesforce org remembers about business: nothing outside this module knows
//! how records are kept. Sessions, apps and tokens are not its business.

mod derived;
mod error;
pub(crate) mod query;
mod record;
mod sample;
pub(crate) mod schema;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod usage;
mod users;
mod value;

use std::fmt;
use std::sync::Arc;

use accredit::clock::UnixTime;
use jiff::tz::TimeZone;
use rusqlite::OptionalExtension;

pub use error::OrgError;
pub use users::NewUser;

use self::query::{Calendar, OpenCursors};
use self::record::Writer;
use self::schema::Schema;
pub(crate) use self::usage::Usage;
use crate::ids::RecordId;
use crate::store::Store;

/// What an org holds when it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seed {
    /// The organization, profiles and two users.
    Empty,
    /// The same, and accounts, contacts, opportunities and what belongs to them.
    #[default]
    Sample,
}

/// An org.
pub(crate) struct Org {
    store: Arc<Store>,
    schema: Arc<Schema>,
    id: RecordId,
    time_zone: TimeZone,
    fiscal_start: i8,
    cursors: OpenCursors,
    usage: Usage,
}

impl Org {
    /// Opens the org in `store`. If there is none yet, one is made from `seed` at the moment `now`.
    pub(crate) fn new(store: Arc<Store>, seed: Seed, now: UnixTime) -> Result<Self, OrgError> {
        let schema = Arc::new(Schema::standard()?);
        store.run(|connection| table::create_all(connection, &schema))?;
        let mut org = Self {
            store,
            schema,
            id: RecordId::numbered("00D", 1),
            time_zone: TimeZone::UTC,
            fiscal_start: 1,
            cursors: OpenCursors::default(),
            usage: Usage::default(),
        };
        if !org.is_seeded()? {
            org.write(&org.first_user(), now, |writer| sample::plant(writer, seed))?;
        }
        org.read_settings()?;
        Ok(org)
    }

    /// The id of the organization.
    pub(crate) fn id(&self) -> &RecordId {
        &self.id
    }

    /// The objects and fields.
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The calls that were counted.
    pub(crate) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The calendar of the org's users.
    fn calendar(&self, now: UnixTime) -> Calendar {
        Calendar {
            now: value::timestamp(now),
            time_zone: self.time_zone.clone(),
            fiscal_start: self.fiscal_start,
        }
    }

    /// The user who made the org, and who its first records belong to.
    fn first_user(&self) -> RecordId {
        RecordId::numbered("005", 1)
    }

    fn is_seeded(&self) -> Result<bool, OrgError> {
        let sql = "SELECT 1 FROM sobject_Organization";
        let row: Option<i64> = self
            .store
            .run(|connection| connection.query_row(sql, [], |row| row.get(0)).optional())?;
        Ok(row.is_some())
    }

    /// Takes time zone and fiscal year from the organization.
    fn read_settings(&mut self) -> Result<(), OrgError> {
        let sql = "SELECT TimeZoneSidKey, FiscalYearStartMonth FROM sobject_Organization";
        let (zone, month): (Option<String>, Option<i8>) = self.store.run(|connection| {
            connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        if let Some(zone) = zone.and_then(|name| TimeZone::get(&name).ok()) {
            self.time_zone = zone;
        }
        self.fiscal_start = month.filter(|month| (1..=12).contains(month)).unwrap_or(1);
        Ok(())
    }

    /// Makes records in one transaction: all of them or none.
    fn write<T>(
        &self,
        user: &RecordId,
        now: UnixTime,
        work: impl FnOnce(&Writer<'_>) -> Result<T, OrgError>,
    ) -> Result<T, OrgError> {
        let outcome = self.store.run(|connection| {
            let transaction = connection.transaction()?;
            let outcome = work(&Writer {
                connection: &transaction,
                schema: &self.schema,
                user: user.clone(),
                now,
            });
            match outcome {
                Ok(value) => transaction.commit().map(|()| Ok(value)),
                Err(error) => transaction.rollback().map(|()| Err(error)),
            }
        })?;
        outcome
    }
}

impl fmt::Debug for Org {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Org")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
