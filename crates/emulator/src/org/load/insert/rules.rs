//! What Salesforce's rules for clients say about a record.
//!
//! Owns which of them end a load (a value that must be unique and is not) and which are only told.

use super::{Failure, Inserter};
use crate::org::load::rows::Row;
use crate::org::record::Values;
use crate::org::schema::{Field, FieldType, Flag, Object};
use crate::org::table;
use crate::org::value::Value;

impl Inserter<'_> {
    /// Notes what the rules for clients would refuse.
    pub(super) fn note_rules(&mut self, object: &Object, field: &Field, value: &Value) {
        let Value::Text(text) = value else {
            return;
        };
        let name = || format!("{}.{}", object.name, field.name);
        let length = usize::try_from(field.length).unwrap_or(usize::MAX);
        if field.length > 0 && text.len() > length && text.chars().count() > length {
            let text = format!("{} is longer than {length} characters", name());
            self.made.note(text);
        }
        if field.is(Flag::RestrictedPicklist) {
            let mut parts = text.split(';').filter(|part| !part.is_empty());
            let is_value = |part: &str| {
                let mut choices = field.choices.iter();
                choices.any(|choice| choice.value.eq_ignore_ascii_case(part))
            };
            if !parts.all(is_value) {
                let text = format!(
                    "{} is none of the values of its restricted picklist",
                    name()
                );
                self.made.note(text);
            }
        }
    }

    /// Refuses a value that is there already where it must be unique, and notes what is missing.
    pub(super) fn check(
        &mut self,
        row: &Row,
        object: &Object,
        values: &Values,
    ) -> Result<(), Failure> {
        let is_told = |field: &Field| {
            let mut names = row.values.iter().map(|(name, _)| name);
            names.any(|name| {
                let told = object.field(name).or_else(|| object.reference(name));
                told.is_some_and(|told| told.name == field.name)
            })
        };
        for field in object.fields.iter().filter(|field| field.is_stored()) {
            let value = values
                .get(&field.name)
                .filter(|value| **value != Value::Null);
            let is_needed = !field.is(Flag::Nillable) && field.is(Flag::Createable);
            match value {
                None if is_needed && field.kind != FieldType::Boolean && !is_told(field) => {
                    let text = format!("{}.{} is required and empty", object.name, field.name);
                    self.made.note(text);
                }
                Some(value) if field.is(Flag::Unique) => self.refuse_again(object, field, value)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn refuse_again(&self, object: &Object, field: &Field, value: &Value) -> Result<(), Failure> {
        let (table, column) = (table::table(object), table::quoted(&field.name));
        let sql = format!("SELECT 1 FROM {table} WHERE {column} = ?");
        let mut statement = self.writer.connection.prepare_cached(&sql)?;
        if !statement.exists([value])? {
            return Ok(());
        }
        Err(Failure::Unfit(format!(
            "{}.{}: expected a value that no other record has",
            object.name, field.name
        )))
    }
}
