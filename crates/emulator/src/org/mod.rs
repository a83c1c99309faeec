//! The org: its schema, its records and what can be asked of them.
//!
//! Owns everything that a Salesforce org remembers about business: nothing outside this module
//! knows how records are kept. Sessions, apps and tokens are not its business.

pub(crate) mod browse;
pub(crate) mod bulk;
mod definitions;
mod derived;
mod error;
mod kept;
pub(crate) mod load;
pub(crate) mod query;
mod record;
mod sample;
pub(crate) mod schema;
mod snapshots;
mod stamp;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod usage;
mod users;
pub(crate) mod value;
pub(crate) mod write;

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use accredit::clock::UnixTime;
use jiff::tz::TimeZone;
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

pub use error::OrgError;
pub use query::QueryError;
pub(crate) use users::UserDetails;

use self::query::{Asker, Calendar, OpenCursors, Plans, Rows};
use self::record::Writer;
use self::schema::Schema;
pub(crate) use self::usage::{CALLS_MAX, Usage};
use crate::ids::RecordId;
use crate::store::{Place, Store};

/// The API version of queries that come without one.
const VERSION: u16 = 68;

/// What an org holds when it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seed {
    /// The organization, profiles and two users.
    Empty,
    /// The same, and accounts, contacts, opportunities and what belongs to them.
    #[default]
    Sample,
}

/// An org: schema and records, without a server around them.
///
/// ```
/// use accredit::clock::UnixTime;
/// use accredit_emulator::org::{Org, Seed};
/// use accredit_emulator::store::Place;
///
/// let now = UnixTime::from_secs(1_795_283_220);
/// let org = Org::open(&Place::Memory, Seed::Sample, now)?;
/// let answer = org.soql("SELECT COUNT() FROM Account", now)?;
/// assert_eq!(answer, br#"{"totalSize":50,"done":true,"records":[]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Org {
    store: Arc<Store>,
    /// Read as a whole: whoever works with it keeps the one that he began with.
    schema: RwLock<Arc<Schema>>,
    /// Held by whoever replaces the schema, from reading it to the end.
    replacing: Mutex<()>,
    id: RecordId,
    time_zone: TimeZone,
    fiscal_start: i8,
    cursors: OpenCursors,
    plans: Plans,
    usage: Usage,
    /// Whether the records of users may say something that the directory does not know.
    users_changed: AtomicBool,
    fingerprint: definitions::Fingerprint,
    stamp: stamp::Stamp,
    image_schemas: snapshots::Schemas,
}

impl Org {
    /// Opens the org in the database at `place`. If there is none yet, one is made from `seed` at
    /// the moment `now`.
    ///
    /// # Errors
    ///
    /// [`OrgError::Database`] if the database cannot be opened or written.
    pub fn open(place: &Place, seed: Seed, now: UnixTime) -> Result<Self, OrgError> {
        Self::new(Arc::new(Store::open(place)?), first_id(), (seed, now))
    }

    /// Runs a query as the first user would, and returns the answer of `/query` as JSON.
    ///
    /// # Errors
    ///
    /// [`QueryError::Refused`] if the query is wrong or is not run.
    pub fn soql(&self, text: &str, now: UnixTime) -> Result<Vec<u8>, QueryError> {
        let asker = Asker {
            session: &[],
            version: VERSION,
            batch: None,
            now,
            user: &self.first_user(),
        };
        self.query(text, Rows::Live, &asker)
    }

    /// Opens the org in `store`, whose id is `id`. If there is none yet, one is made from `seed` at
    /// the moment `now`.
    pub(crate) fn new(
        store: Arc<Store>,
        id: RecordId,
        (seed, now): (Seed, UnixTime),
    ) -> Result<Self, OrgError> {
        let schema = Arc::new(store.run(|connection| kept::read(connection))??);
        store.run(|connection| table::create_all(connection, &schema))?;
        store.run(|connection| bulk::create_tables(connection))?;
        let mut org = Self {
            store,
            schema: RwLock::new(schema),
            replacing: Mutex::new(()),
            id,
            time_zone: TimeZone::UTC,
            fiscal_start: 1,
            cursors: OpenCursors::default(),
            plans: Plans::default(),
            usage: Usage::default(),
            users_changed: AtomicBool::new(false),
            fingerprint: definitions::Fingerprint::default(),
            stamp: stamp::Stamp::default(),
            image_schemas: snapshots::Schemas::default(),
        };
        if !org.is_seeded()? {
            org.write(&org.first_user(), now, |writer| {
                sample::plant(writer, &org.id, seed)
            })?;
        }
        org.read_settings()?;
        Ok(org)
    }

    /// Puts the records back to how they began, at the moment `now`. What was loaded is forgotten.
    pub(crate) fn reset(&self, seed: Seed, now: UnixTime) -> Result<(), OrgError> {
        self.cursors.clear();
        self.usage.clear();
        self.forget_loaded()?;
        self.write(&self.first_user(), now, |writer| {
            table::clear_all(writer.connection, writer.schema)?;
            bulk::clear(writer.connection)?;
            sample::plant(writer, &self.id, seed)
        })
    }

    /// The id of the organization.
    pub(crate) fn id(&self) -> &RecordId {
        &self.id
    }

    /// The objects and fields.
    pub(crate) fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets everybody who asks from now on see `schema`.
    fn replace_schema(&self, schema: Schema) {
        *self.schema.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(schema);
    }

    /// Sets how often the API may be called in a day before it refuses.
    pub fn set_request_limit(&self, calls: u64) {
        self.usage.set_max(calls);
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
    pub(crate) fn first_user(&self) -> RecordId {
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
        self.transact(user, now, work)
    }

    /// The same with errors of any kind.
    fn transact<T, E: From<rusqlite::Error>>(
        &self,
        user: &RecordId,
        now: UnixTime,
        work: impl FnOnce(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let schema = self.schema();
        self.store.run(|connection| {
            let mut transaction = connection.savepoint()?;
            let outcome = work(&Writer {
                connection: &transaction,
                schema: &schema,
                user: user.clone(),
                now,
            });
            match outcome {
                Ok(value) => transaction.commit().map(|()| Ok(value)),
                Err(error) => transaction.rollback().map(|()| Err(error)),
            }
        })?
    }
}

/// The id of the first org of a process.
pub(crate) fn first_id() -> RecordId {
    RecordId::numbered("00D", 1)
}

impl fmt::Debug for Org {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Org")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
