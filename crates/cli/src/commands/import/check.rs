//! Whether the columns of a table are those of its object, before anything is sent.
//!
//! Owns the explanation of columns that are not there, and of those that are too many: Salesforce
//! would fail the whole job for the one, and each of its records for the other.

use accredit::diagnosis::Diagnosis;

use crate::args::import::{ImportArgs, Operation};
use crate::describe::Object;
use crate::error::CliError;

/// Refuses what cannot be imported; gives what may go wrong as warnings.
pub(super) fn columns(
    columns: &[String],
    object: &Object,
    args: &ImportArgs,
) -> Result<Vec<String>, CliError> {
    let strangers: Vec<&str> = columns
        .iter()
        .map(String::as_str)
        .filter(|column| !is_known(column, object))
        .collect();
    if !strangers.is_empty() {
        return Err(unknown(&strangers, object));
    }
    let has = |name: &str| {
        columns
            .iter()
            .any(|column| column.eq_ignore_ascii_case(name))
    };
    match args.operation {
        Operation::Insert if has("Id") => Err(CliError::usage(
            "the column Id is too many: a record that is inserted gets its id from the org",
        )
        .hint("leave the column out, or change the records: --operation update")),
        Operation::Insert => Ok(missing(columns, object)),
        Operation::Upsert => key(args, object, has).map(|()| Vec::new()),
        _ if !has("Id") => Err(CliError::usage(format!(
            "the column Id is missing: {} finds records by it",
            args.operation.as_str()
        ))
        .hint("query the ids first, or --operation upsert --external-id FIELD")),
        Operation::Update => Ok(Vec::new()),
        Operation::Delete | Operation::HardDelete if columns.len() > 1 => Err(CliError::usage(
            "a table of records to be deleted has the column Id and no other",
        )
        .hint("leave the other columns out")),
        Operation::Delete | Operation::HardDelete => Ok(Vec::new()),
    }
}

/// `Id`, `Name`, `Account.Key__c`, `User:Owner.Key__c`
fn is_known(column: &str, object: &Object) -> bool {
    match column.split_once('.') {
        None => object.field(column).is_some(),
        Some((relationship, _)) => {
            let name = relationship.rsplit(':').next().unwrap_or(relationship);
            object.targets(name).is_some()
        }
    }
}

fn unknown(strangers: &[&str], object: &Object) -> CliError {
    let name = &object.name;
    let what = match strangers {
        [one] => format!("{name} has no field for the column {one}"),
        many => format!("{name} has no fields for the columns {}", many.join(", ")),
    };
    let mut error = CliError::usage(what);
    for stranger in strangers {
        if let Some(field) = object.alike(stranger) {
            error = error.hint(format!("{stranger} may be meant for {field}"));
        }
    }
    match Diagnosis::of_rest("INVALID_FIELD", "") {
        Some(entry) => error.diagnosed(entry),
        None => error,
    }
}

/// What must be set and has no column. A trigger may set it, so it is no error yet.
fn missing(columns: &[String], object: &Object) -> Vec<String> {
    let has = |name: &str| {
        columns.iter().any(|column| {
            let relationship = column.split('.').next().unwrap_or(column);
            let relationship = relationship.rsplit(':').next().unwrap_or(relationship);
            column.eq_ignore_ascii_case(name) || object.is_of(relationship, name)
        })
    };
    let fields: Vec<&str> = object
        .fields
        .iter()
        .filter(|field| field.is_required() && !has(&field.name))
        .map(|field| field.name.as_str())
        .collect();
    if fields.is_empty() {
        return Vec::new();
    }
    let told = |entry: &Diagnosis| {
        let (code, cause, fix) = (entry.code, entry.cause, entry.fix);
        format!("; {code}: {cause}; {fix}")
    };
    let entry = Diagnosis::of_rest("REQUIRED_FIELD_MISSING", "").map(told);
    vec![format!(
        "{} must have a value for {} and the table has no such column{}",
        object.name,
        fields.join(", "),
        entry.unwrap_or_default()
    )]
}

/// The field that upsert finds records by.
fn key(args: &ImportArgs, object: &Object, has: impl Fn(&str) -> bool) -> Result<(), CliError> {
    let name = args.external_id.as_deref().unwrap_or("Id");
    if !has(name) {
        return Err(CliError::usage(format!(
            "the column {name} is missing: upsert finds records by it"
        )));
    }
    let is_key = |field: &&crate::describe::Field| field.is_key();
    let field = object.field(name);
    if name.eq_ignore_ascii_case("Id") || field.as_ref().is_some_and(is_key) {
        return Ok(());
    }
    let keys = object.fields.iter().filter(is_key);
    let keys: Vec<&str> = keys.map(|field| field.name.as_str()).collect();
    Err(CliError::usage(format!(
        "{name} is not marked as external id, so upsert cannot find records of {} by it",
        object.name
    ))
    .hint(format!("fields that can be used: {}", keys.join(", ")))
    .hint("Setup > Object Manager > the object > the field > External ID"))
}

/// Refuses a job that was made for something else; what the org does not tell is not held against
/// it.
pub(super) fn job(
    job: &crate::bulk::Job,
    args: &ImportArgs,
    delimiter: crate::args::import::Delimiter,
) -> Result<(), CliError> {
    let told = |text: &Option<String>| text.clone().unwrap_or_default();
    for (what, found, expected) in [
        ("object", job.object.clone(), args.object.as_str()),
        ("operation", told(&job.operation), args.operation.as_str()),
        ("delimiter", told(&job.column_delimiter), delimiter.as_str()),
    ] {
        if !found.is_empty() && !found.eq_ignore_ascii_case(expected) {
            let id = &job.id;
            return Err(CliError::usage(format!(
                "the job {id} is of another import: its {what} is {found}, expected {expected}"
            ))
            .hint("give --resume the jobs that the interrupted command printed"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Command, CommandLine};

    const CONTACT: &str = r#"{"name":"Contact","fields":[
        {"name":"Id","label":"Contact ID","type":"id","idLookup":true},
        {"name":"LastName","label":"Last Name","type":"string","createable":true},
        {"name":"IsFun","label":"Fun","type":"boolean","createable":true,"defaultedOnCreate":true},
        {"name":"Key__c","label":"Key","type":"string","createable":true,"nillable":true,"externalId":true},
        {"name":"OwnerId","label":"Owner","type":"reference","createable":true,"nillable":false,
         "defaultedOnCreate":true,"relationshipName":"Owner","referenceTo":["User"]}]}"#;

    fn check(flags: &str, table: &str) -> Result<Vec<String>, CliError> {
        let line = format!("accredit import x --object Contact {flags}");
        let line = CommandLine::try_parse_from(line.split_whitespace()).unwrap();
        let Command::Import(args) = line.command else {
            panic!("another command");
        };
        let object = Object::read(CONTACT.as_bytes(), "x").unwrap();
        let names: Vec<String> = table.split(',').map(str::to_owned).collect();
        columns(&names, &object, &args)
    }

    #[test]
    fn columns_that_fit_are_taken() {
        for (flags, table) in [
            ("", "LastName,Owner.Username,User:Owner.Key__c"),
            ("--operation update", "id,lastname"),
            ("--operation upsert --external-id Key__c", "Key__c,LastName"),
            ("--operation upsert --external-id Id", "Id,LastName"),
            ("--operation hardDelete", "Id"),
        ] {
            let warnings = check(flags, table).unwrap();
            assert!(warnings.is_empty(), "{flags} {table}: {warnings:?}");
        }
    }

    #[test]
    fn columns_that_do_not_fit_are_explained() {
        for (flags, table, part) in [
            (
                "",
                "Last Name",
                "Contact has no field for the column Last Name",
            ),
            ("", "A,Nobody.Id,LastName", "the columns A, Nobody.Id"),
            ("", "Id,LastName", "the column Id is too many"),
            ("--operation update", "LastName", "the column Id is missing"),
            (
                "--operation delete",
                "Id,LastName",
                "the column Id and no other",
            ),
            (
                "--operation upsert --external-id Key__c",
                "LastName",
                "Key__c is missing",
            ),
            (
                "--operation upsert --external-id LastName",
                "LastName",
                "not marked as external id",
            ),
        ] {
            let error = check(flags, table).unwrap_err();
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
        let error = check("", "Last Name").unwrap_err();
        assert_eq!(error.code(), Some("ACC-2041"));
        assert_eq!(error.hints()[0], "Last Name may be meant for LastName");
        let warnings = check("", "Key__c").unwrap();
        let said = "Contact must have a value for LastName and the table has no such column; \
                    ACC-2045: ";
        assert!(warnings[0].starts_with(said), "{warnings:?}");
    }
}
