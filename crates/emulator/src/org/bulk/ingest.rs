//! Ingest jobs: the lines of a table become records.
//!
//! Each line is written or refused on its own. Lines are taken in steps, and each step is a
//! transaction: whoever looks at the job sees whole steps. What became of them is told by `report`.

use std::fmt;

use rusqlite::params;

use super::files::File;
use super::job::{Job, Operation, State};
use crate::ids::RecordId;
use crate::org::Org;
use crate::org::schema::{Object, Schema};
use crate::org::write::{Author, Given, Key, Refusal, Removal, Upserted, WriteError};

/// How many lines one step takes.
pub(super) const STEP: usize = 200;

/// Why a job cannot go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The table is wrong.
    Batch(String),
    Database(rusqlite::Error),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Batch(problem) => write!(f, "InvalidBatch : {problem}"),
            Self::Database(error) => write!(f, "InternalServerError : {error}"),
        }
    }
}

impl std::error::Error for Stop {}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<csv::Error> for Stop {
    fn from(error: csv::Error) -> Self {
        Self::Batch(format!("Failed to parse the table: {error}"))
    }
}

/// What became of a line.
pub(crate) struct Outcome {
    pub(crate) id: String,
    pub(crate) is_new: bool,
    /// Code, message and fields, with colons between them.
    pub(crate) error: Option<String>,
}

/// What a column is for.
enum Column {
    /// The id of the record.
    Id,
    /// A field.
    Field(String),
    /// A field of a parent, and the parent's object if it is said.
    Parent {
        object: Option<String>,
        relationship: String,
        field: String,
    },
}

impl Org {
    /// Writes the records of an ingest job.
    pub(super) fn run_ingest(&self, job: &Job, author: &Author) -> Result<(), Stop> {
        let schema = self.schema();
        let object = schema
            .object(&job.task.object)
            .ok_or_else(|| Stop::Batch(format!("Object {} is not there", job.task.object)))?;
        let mut table = self.table(job);
        let mut line = csv::StringRecord::new();
        if !table.read_record(&mut line)? {
            return Ok(self.end_job(&job.id, (State::JobComplete, None), author)?);
        }
        let columns = columns(&schema, (object, job), &line)?;
        let mut first = 1;
        loop {
            let mut lines = Vec::with_capacity(STEP);
            while lines.len() < STEP && table.read_record(&mut line)? {
                lines.push(line.clone());
            }
            if lines.is_empty() {
                break;
            }
            if !self.step(job, (object, &columns), (first, &lines), author)? {
                return Ok(());
            }
            first += lines.len() as i64;
        }
        Ok(self.end_job(&job.id, (State::JobComplete, None), author)?)
    }

    /// The lines of what was uploaded.
    pub(super) fn table<'o>(&'o self, job: &'o Job) -> csv::Reader<File<'o>> {
        csv::ReaderBuilder::new()
            .delimiter(job.task.delimiter.byte())
            .has_headers(false)
            .flexible(true)
            .from_reader(self.file(&job.id))
    }

    /// Writes some lines. Tells whether the job goes on.
    fn step(
        &self,
        job: &Job,
        target: (&Object, &[Column]),
        (first, lines): (i64, &[csv::StringRecord]),
        author: &Author,
    ) -> Result<bool, rusqlite::Error> {
        self.together(|| {
            let Some(mut now) = self.job(&job.id)?.filter(|job| !job.state.is_end()) else {
                return Ok(false);
            };
            for (number, line) in (first..).zip(lines) {
                let outcome = self.line(job, target, line, author)?;
                now.processed += 1;
                now.failed += i64::from(outcome.error.is_some());
                self.note_outcome(job, number, &outcome)?;
            }
            self.keep_job(&now)?;
            Ok(true)
        })
    }

    fn line(
        &self,
        job: &Job,
        (object, columns): (&Object, &[Column]),
        line: &csv::StringRecord,
        author: &Author,
    ) -> Result<Outcome, rusqlite::Error> {
        let (id, given) = read_line(columns, line);
        let written = if line.len() == columns.len() {
            self.write_line(job, (object, &id), given, author)
        } else {
            let message = format!(
                "The number of values is {} and not {}",
                line.len(),
                columns.len()
            );
            Err(Refusal::new("INVALID_FIELD", message).into())
        };
        match written {
            Ok(Upserted::Created(id)) => Ok(Outcome {
                id: id.to_string(),
                is_new: true,
                error: None,
            }),
            Ok(Upserted::Updated(id)) => Ok(Outcome {
                id: id.to_string(),
                is_new: false,
                error: None,
            }),
            Err(WriteError::Refused(refusal)) => Ok(Outcome {
                id,
                is_new: false,
                error: Some(error_text(&refusal)),
            }),
            Err(WriteError::Database(error)) => Err(error),
        }
    }

    fn write_line(
        &self,
        job: &Job,
        (object, id): (&Object, &str),
        mut given: Vec<Given>,
        author: &Author,
    ) -> Result<Upserted, WriteError> {
        match job.task.operation {
            Operation::Insert => self.create(object, &given, author).map(Upserted::Created),
            Operation::Upsert => {
                let name = job.task.external_id.as_deref().unwrap_or_default();
                let field = object.field(name).ok_or_else(Refusal::missing)?;
                let text = if field.name == "Id" {
                    id.to_owned()
                } else {
                    take(&mut given, &field.name)
                };
                match (text.is_empty(), field.name == "Id") {
                    (true, true) => self.create(object, &given, author).map(Upserted::Created),
                    (true, false) => {
                        let message = format!("{} not specified", field.name);
                        Err(Refusal::new("MISSING_ARGUMENT", message).into())
                    }
                    _ => self.upsert((object, Key { field, text: &text }), &given, author),
                }
            }
            operation => {
                let id = existing(object, id)?;
                match operation {
                    Operation::Update => self.update((object, &id), &given, author)?,
                    Operation::HardDelete => self.delete((object, &id), Removal::Hard, author)?,
                    _ => self.delete((object, &id), Removal::Bin, author)?,
                }
                Ok(Upserted::Updated(id))
            }
        }
    }

    fn note_outcome(&self, job: &Job, line: i64, outcome: &Outcome) -> Result<(), rusqlite::Error> {
        let sql = "INSERT INTO accredit_bulk_result VALUES (?1, ?2, ?3, ?4, ?5)";
        self.store.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let Outcome { id, is_new, error } = outcome;
            statement.execute(params![job.id, line, id, is_new, error])
        })?;
        Ok(())
    }
}

/// Finds out what the columns are for.
fn columns(
    schema: &Schema,
    (object, job): (&Object, &Job),
    header: &csv::StringRecord,
) -> Result<Vec<Column>, Stop> {
    let columns: Vec<Column> = header
        .iter()
        .map(|name| column(schema, object, plain(name)))
        .collect::<Result<_, _>>()?;
    let has_id = columns.iter().any(|column| matches!(column, Column::Id));
    let needs_id = !matches!(job.task.operation, Operation::Insert | Operation::Upsert);
    if needs_id && !has_id {
        return Err(Stop::Batch("Field name not found : Id".to_owned()));
    }
    let deletes = matches!(
        job.task.operation,
        Operation::Delete | Operation::HardDelete
    );
    if deletes && columns.len() > 1 {
        let problem = "A table of records to be deleted has one column, Id";
        return Err(Stop::Batch(problem.to_owned()));
    }
    Ok(columns)
}

/// What a column of a table of records of `object` is called, in lower case; nothing if there is no
/// such column.
pub(crate) fn column_name(schema: &Schema, object: &Object, name: &str) -> Option<String> {
    let name = plain(name);
    let is_known = column(schema, object, name).is_ok();
    is_known.then(|| name.to_ascii_lowercase())
}

fn plain(name: &str) -> &str {
    name.trim().trim_start_matches('\u{feff}')
}

fn column(schema: &Schema, object: &Object, name: &str) -> Result<Column, Stop> {
    let unknown = || Stop::Batch(format!("Field name not found : {name}"));
    if name.eq_ignore_ascii_case("Id") {
        return Ok(Column::Id);
    }
    let Some((relationship, key)) = name.split_once('.') else {
        let field = object.field(name).ok_or_else(unknown)?;
        return Ok(Column::Field(field.name.clone()));
    };
    let (target, relationship) = match relationship.split_once(':') {
        Some((target, relationship)) => (Some(target), relationship),
        None => (None, relationship),
    };
    let reference = object.reference(relationship).ok_or_else(unknown)?;
    let target = target.or(reference.targets.first().map(String::as_str));
    let parent = schema
        .object(target.unwrap_or_default())
        .ok_or_else(unknown)?;
    let field = parent.field(key).ok_or_else(unknown)?;
    Ok(Column::Parent {
        object: (reference.targets.len() > 1).then(|| parent.name.clone()),
        relationship: relationship.to_owned(),
        field: field.name.clone(),
    })
}

/// The id and the fields of a line. An empty value says nothing; `#N/A` says that there is none.
fn read_line(columns: &[Column], line: &csv::StringRecord) -> (String, Vec<Given>) {
    let mut id = String::new();
    let mut given = Vec::new();
    for (column, text) in columns.iter().zip(line) {
        match column {
            Column::Id => text.trim().clone_into(&mut id),
            _ if text.is_empty() => {}
            Column::Field(name) if text == "#N/A" => given.push(Given::none(name)),
            Column::Parent { relationship, .. } if text == "#N/A" => {
                given.push(Given::none(relationship));
            }
            Column::Field(name) => given.push(Given::text(name, text)),
            Column::Parent {
                object,
                relationship,
                field,
            } => given.push(Given::parent(
                relationship,
                object.as_deref(),
                Given::text(field, text),
            )),
        }
    }
    (id, given)
}

fn take(given: &mut Vec<Given>, name: &str) -> String {
    let at = given.iter().position(|member| member.name == name);
    let taken = at.and_then(|at| given.remove(at).into_text());
    taken.unwrap_or_default()
}

fn existing(object: &Object, id: &str) -> Result<RecordId, Refusal> {
    if id.is_empty() {
        return Err(Refusal::new(
            "MISSING_ARGUMENT",
            "Id not specified in an update call",
        ));
    }
    RecordId::parse(id)
        .filter(|id| object.key_prefix.as_deref() == Some(id.key_prefix()))
        .ok_or_else(|| Refusal::new("MALFORMED_ID", format!("malformed id {id}")))
}

/// `REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --`
fn error_text(refusal: &Refusal) -> String {
    format!(
        "{}:{}:{} --",
        refusal.code,
        refusal.message,
        refusal.fields.join(", ")
    )
}
