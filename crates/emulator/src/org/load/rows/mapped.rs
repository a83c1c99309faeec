//! Rows of a dump as records, as a mapping says, or, without one, as the names of its tables say.

use super::super::error::Trouble;
use super::mapping::{Condition, LookupColumn, Mapping, Step};
use super::sql::{Dump, SqlValue, Table};
use super::{Given, Row, id_key};
use crate::org::schema::{FieldType, Schema};

/// A dump that is read.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Source<'a> {
    pub(in super::super) dump: &'a Dump,
    /// The number of its file.
    pub(in super::super) file: usize,
}

/// A field that a mapping fills and that the schema lacks, with the values that it gets.
#[derive(Debug)]
pub(in super::super) struct Wanted<'a> {
    pub(in super::super) object: &'a str,
    pub(in super::super) field: &'a str,
    /// The objects that it refers to, if it is a lookup.
    pub(in super::super) targets: Vec<String>,
    pub(in super::super) values: Vec<&'a str>,
}

/// The custom fields that the schema lacks.
pub(in super::super) fn wanted<'a>(
    source: Source<'a>,
    mapping: &'a Mapping,
    schema: &Schema,
) -> Vec<Wanted<'a>> {
    let mut wanted = Vec::new();
    for step in &mapping.steps {
        let Some(table) = source.dump.get(&step.table.to_ascii_lowercase()) else {
            continue;
        };
        let object = schema.object(&step.object);
        let lacks = |name: &str| {
            name.contains("__") && object.is_none_or(|object| object.field(name).is_none())
        };
        for (field, column) in step.fields.iter().filter(|(field, _)| lacks(field)) {
            wanted.push(Wanted {
                object: &step.object,
                field,
                targets: Vec::new(),
                values: values(table, table.column(column)),
            });
        }
        for lookup in step.lookups.iter().filter(|lookup| lacks(&lookup.field)) {
            wanted.push(Wanted {
                object: &step.object,
                field: &lookup.field,
                targets: targets(mapping, lookup),
                values: Vec::new(),
            });
        }
    }
    wanted
}

fn values(table: &Table, column: Option<usize>) -> Vec<&str> {
    let Some(column) = column else {
        return Vec::new();
    };
    let rows = table.rows.iter();
    rows.filter_map(|(_, row)| row.get(column)?.as_deref())
        .filter(|text| !text.is_empty())
        .collect()
}

fn targets(mapping: &Mapping, lookup: &LookupColumn) -> Vec<String> {
    let steps = mapping.steps.iter();
    let mut targets: Vec<String> = steps
        .filter(|step| lookup.tables.contains(&step.table))
        .map(|step| step.object.clone())
        .collect();
    targets.dedup();
    targets
}

/// The records, and what is to be said about them.
pub(in super::super) fn rows(
    source: Source<'_>,
    mapping: &Mapping,
) -> Result<(Vec<Row>, Vec<String>), Trouble> {
    let mut rows = Vec::new();
    let mut warnings = Vec::new();
    for step in &mapping.steps {
        match source.dump.get(&step.table.to_ascii_lowercase()) {
            Some(table) => take(source, (step, table), &mut rows)?,
            None => warnings.push(format!(
                "the mapping of {} is left out: the dump has no table {}",
                step.object, step.table
            )),
        }
    }
    Ok((rows, warnings))
}

/// The records of a dump that comes without a mapping.
pub(in super::super) fn unmapped(source: Source<'_>, schema: &Schema) -> (Mapping, Vec<String>) {
    let mut steps = Vec::new();
    let mut warnings = Vec::new();
    for table in source.dump.values() {
        let Some(object) = schema.object(&table.name) else {
            if !table.name.ends_with("_rt_mapping") {
                let name = &table.name;
                warnings.push(format!("table {name} is left out: no object is called so"));
            }
            continue;
        };
        let mut step = Step {
            line: 1,
            object: object.name.clone(),
            table: table.name.clone(),
            fields: Vec::new(),
            lookups: Vec::new(),
            fixed: Vec::new(),
            record_type: None,
            conditions: Vec::new(),
        };
        for column in &table.columns {
            match object.field(column) {
                Some(field) if field.kind == FieldType::Id => {}
                Some(field) if field.kind == FieldType::Reference => {
                    step.lookups.push(LookupColumn {
                        field: field.name.clone(),
                        column: Some(column.clone()),
                        tables: field.targets.clone(),
                    });
                }
                Some(field) => step.fields.push((field.name.clone(), column.clone())),
                None if column.eq_ignore_ascii_case("sf_id") => {}
                None => warnings.push(format!(
                    "column {column} of table {} is left out: {} has no such field",
                    table.name, object.name
                )),
            }
        }
        steps.push(step);
    }
    (Mapping { steps }, warnings)
}

/// Where the values of a step are found in its table.
struct Places<'a> {
    id: Option<usize>,
    fields: Vec<(&'a str, usize)>,
    lookups: Vec<(&'a LookupColumn, usize)>,
    record_type: Option<usize>,
    conditions: Vec<(&'a Condition, usize)>,
}

fn take(
    source: Source<'_>,
    (step, table): (&Step, &Table),
    rows: &mut Vec<Row>,
) -> Result<(), Trouble> {
    let places = places(step, table)?;
    let at = |row: &[SqlValue], column: usize| row.get(column).cloned().flatten();
    for (line, values) in &table.rows {
        let is_meant = places.conditions.iter().all(|(condition, column)| {
            let is_same = at(values, *column) == condition.value;
            is_same == condition.is_equal
        });
        let own_type = places.record_type.and_then(|column| at(values, column));
        let is_other = |own: &String| step.record_type.as_ref().is_some_and(|name| name != own);
        if !is_meant || own_type.as_ref().is_some_and(is_other) {
            continue;
        }
        let mut row = Row {
            file: source.file,
            line: *line,
            object: step.object.clone(),
            called: None,
            keys: Vec::new(),
            values: Vec::new(),
        };
        if let Some(id) = places.id.and_then(|column| at(values, column)) {
            row.called = Some(id.clone());
            row.keys
                .extend([id_key(&id), key(source, &step.table, &id)]);
        }
        for (field, column) in &places.fields {
            let text = at(values, *column).filter(|text| !text.is_empty());
            if let Some(text) = text {
                row.values.push(field_value(source, step, (field, text)));
            }
        }
        for (lookup, column) in &places.lookups {
            if let Some(id) = at(values, *column).filter(|id| !id.is_empty()) {
                let tables = lookup.tables.iter();
                let mut keys: Vec<String> = tables.map(|table| key(source, table, &id)).collect();
                keys.push(id_key(&id));
                row.values.push((lookup.field.clone(), Given::Key(keys)));
            }
        }
        for (field, text) in &step.fixed {
            row.values.push((field.clone(), Given::Text(text.clone())));
        }
        if let Some(name) = step.record_type.as_ref().or(own_type.as_ref()) {
            row.values.push(record_type(name.clone()));
        }
        rows.push(row);
    }
    Ok(())
}

fn key(source: Source<'_>, table: &str, id: &str) -> String {
    format!("dump/{}/{table}/{id}", source.file).to_ascii_lowercase()
}

fn record_type(developer_name: String) -> (String, Given) {
    let given = Given::Match {
        field: "DeveloperName".to_owned(),
        value: developer_name,
    };
    ("RecordTypeId".to_owned(), given)
}

/// The value of a field; a record type is known by its id in the org that the dump comes from.
fn field_value(source: Source<'_>, step: &Step, (field, text): (&str, String)) -> (String, Given) {
    if !field.eq_ignore_ascii_case("RecordTypeId") {
        return (field.to_owned(), Given::Text(text));
    }
    let table = format!("{}_rt_mapping", step.table).to_ascii_lowercase();
    let name = source.dump.get(&table).and_then(|table| {
        let id = table.column("record_type_id")?;
        let name = table.column("developer_name")?;
        let mut rows = table.rows.iter();
        let (_, row) = rows.find(|(_, row)| row.get(id) == Some(&Some(text.clone())))?;
        row.get(name)?.clone()
    });
    match name {
        Some(name) => record_type(name),
        None => (field.to_owned(), Given::Key(vec![id_key(&text)])),
    }
}

fn places<'a>(step: &'a Step, table: &Table) -> Result<Places<'a>, Trouble> {
    let needed = |name: &str| {
        table.column(name).ok_or_else(|| {
            let problem = format!("expected a column of table {}, found {name}", table.name);
            Trouble::new(step.line, problem)
        })
    };
    let mut places = Places {
        id: ["id", "sf_id"].iter().find_map(|name| table.column(name)),
        fields: Vec::new(),
        lookups: Vec::new(),
        record_type: table.column("record_type"),
        conditions: Vec::new(),
    };
    for (field, column) in &step.fields {
        if field.eq_ignore_ascii_case("Id") {
            places.id = table.column(column).or(places.id);
        } else {
            places.fields.push((field, needed(column)?));
        }
    }
    for lookup in &step.lookups {
        let names = [
            lookup.column.clone(),
            Some(lookup.field.clone()),
            lookup.column.as_deref().map(snake_case),
            Some(snake_case(&lookup.field)),
        ];
        let column = names.iter().flatten().find_map(|name| table.column(name));
        let column = column.map_or_else(|| needed(&snake_case(&lookup.field)), Ok)?;
        places.lookups.push((lookup, column));
    }
    for condition in &step.conditions {
        places
            .conditions
            .push((condition, needed(&condition.column)?));
    }
    Ok(places)
}

/// The column that a lookup has unless its mapping says another: `account_id` of `AccountId`.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut column = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let after = letters.get(index + 1);
        let begins_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || *before != '_' && after.is_some_and(char::is_ascii_lowercase)
            });
        if begins_word {
            column.push('_');
        }
        column.push(letter.to_ascii_lowercase());
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_lookups_are_named_after_their_fields() {
        for (field, column) in [
            ("AccountId", "account_id"),
            ("npe4__RelatedContact__c", "npe4__related_contact__c"),
            ("Primary_Contact__c", "primary_contact__c"),
            ("General_Accounting_Unit__c", "general_accounting_unit__c"),
            ("HHId__c", "hh_id__c"),
        ] {
            assert_eq!(snake_case(field), column);
        }
    }
}
