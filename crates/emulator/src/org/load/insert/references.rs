//! References from one record to another.
//!
//! Owns finding the record that is meant: by the key that another row has, by an id that the org
//! has, or by the value of one of its fields.

use super::{Failure, Inserter, Pending};
use crate::ids::RecordId;
use crate::org::load::convert;
use crate::org::load::rows::{Given, id_key};
use crate::org::schema::{Field, FieldType, Object};
use crate::org::table;
use crate::org::value::Value;

/// Objects whose records differ from org to org: a reference to one that is not here is left out.
const OF_THE_ORG: [&str; 7] = [
    "User",
    "Group",
    "Profile",
    "RecordType",
    "UserRole",
    "Organization",
    "BusinessProcess",
];

/// Custom metadata may come with a package that is not loaded.
fn is_of_the_org(target: &str) -> bool {
    OF_THE_ORG.contains(&target) || target.ends_with("__mdt")
}

impl<'a> Inserter<'a> {
    /// The value of a field; nothing if it is left out.
    pub(super) fn value(
        &mut self,
        object: &Object,
        field: &Field,
        given: &Given,
    ) -> Result<Option<Value>, Failure> {
        let name = || format!("{}.{}", object.name, field.name);
        let is_known = |target: &String| self.writer.schema.object(target).is_some();
        if field.kind != FieldType::Reference || !field.targets.iter().any(is_known) {
            let value = convert::value(field, given);
            let value =
                value.map_err(|problem| Failure::Unfit(format!("{}: {problem}", name())))?;
            self.note_rules(object, field, &value);
            return Ok(Some(value));
        }
        let keys = match given {
            Given::Null => return Ok(Some(Value::Null)),
            Given::Key(keys) => keys.clone(),
            Given::Text(text) if text.is_empty() => return Ok(Some(Value::Null)),
            Given::Text(text) => vec![id_key(text)],
            _ => {
                let problem = format!("{}: expected the id of a record", name());
                return Err(Failure::Unfit(problem));
            }
        };
        if let Some(id) = self.known(field, &keys)? {
            return Ok(Some(Value::Text(id.to_string())));
        }
        if field.targets.iter().any(|target| is_of_the_org(target)) {
            let text = format!(
                "{} refers to a record of another org: it is left out",
                name()
            );
            self.made.note(text);
            return Ok(None);
        }
        let word = keys.last().map_or("", String::as_str);
        let word = word.rsplit('/').next().unwrap_or_default();
        Err(Failure::Unfit(format!(
            "{}: expected {} that is loaded or in the org, found {word}",
            name(),
            field.targets.join(" or ")
        )))
    }

    /// The record that one of `keys` is the key of, or an id of a record that the org has.
    fn known(&self, field: &Field, keys: &[String]) -> Result<Option<RecordId>, Failure> {
        let is_fit = |id: &RecordId| {
            let target = self.object_of(id);
            target.is_some_and(|target| field.targets.contains(&target.name))
        };
        let mut loaded = keys.iter().filter_map(|key| self.ids.get(key.as_str()));
        if let Some(id) = loaded.find(|id| is_fit(id)) {
            return Ok(Some(id.clone()));
        }
        let ids = keys.iter().filter_map(|key| key.strip_prefix("id/"));
        for id in ids.filter_map(RecordId::parse).filter(is_fit) {
            let Some(target) = self.object_of(&id) else {
                continue;
            };
            let sql = format!("SELECT 1 FROM {} WHERE \"Id\" = ?", table::table(target));
            let mut statement = self.writer.connection.prepare_cached(&sql)?;
            if statement.exists([id.as_str()])? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    fn object_of(&self, id: &RecordId) -> Option<&'a Object> {
        self.by_prefix.get(id.key_prefix()).copied()
    }

    /// Lets a record refer to the one that has the value.
    pub(super) fn point(&mut self, pending: &Pending<'_>) -> Result<(), Failure> {
        let (by, value) = pending.matched;
        let name = format!("{}.{}", pending.object.name, pending.field.name);
        let mut found: Option<String> = None;
        for target in &pending.field.targets {
            let Some(target) = self.writer.schema.object(target) else {
                continue;
            };
            let field = target.field(by).filter(|field| field.is_stored());
            let (Some(field), true) = (field, target.has_table()) else {
                continue;
            };
            let (table, column) = (table::table(target), table::quoted(&field.name));
            let is_typed = target.name == "RecordType";
            let condition = if is_typed {
                " AND \"SobjectType\" = ?2"
            } else {
                ""
            };
            let sql = format!("SELECT \"Id\" FROM {table} WHERE {column} = ?1{condition} LIMIT 2");
            let mut statement = self.writer.connection.prepare_cached(&sql)?;
            let parameters = [value, pending.object.name.as_str()];
            let parameters = parameters
                .get(..1 + usize::from(is_typed))
                .unwrap_or_default();
            let rows =
                statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(0))?;
            for id in rows {
                if found.replace(id?).is_some() {
                    let problem =
                        format!("{name}: expected one record, found several with {by} {value:?}");
                    return Err(Failure::Unfit(problem));
                }
            }
        }
        let Some(id) = found else {
            return self.unmatched(pending, &name);
        };
        let (table, column) = (
            table::table(pending.object),
            table::quoted(&pending.field.name),
        );
        let sql = format!("UPDATE {table} SET {column} = ?1 WHERE \"Id\" = ?2");
        self.writer
            .connection
            .prepare_cached(&sql)?
            .execute([id.as_str(), pending.id.as_str()])?;
        Ok(())
    }

    fn unmatched(&mut self, pending: &Pending<'_>, name: &str) -> Result<(), Failure> {
        let (by, value) = pending.matched;
        let targets = &pending.field.targets;
        if targets.iter().any(|target| is_of_the_org(target)) {
            let text = format!("{name} refers to a record of another org: it is left out");
            self.made.note(text);
            return Ok(());
        }
        let targets = targets.join(" or ");
        let problem = format!("{name}: expected {targets} whose {by} is {value:?}");
        Err(Failure::Unfit(problem))
    }
}
