//! The schema: the objects of the org, their fields and how they refer to each other.
//!
//! Owns names (any case in, canonical case out) and attributes. Says nothing about records.

mod builtin;
mod describe;
pub(crate) mod field;
mod text;

use std::collections::HashMap;

pub(crate) use describe::{DescribeContext, describe, global, summary};
pub(crate) use field::{Field, FieldType, Flag, Storage};
pub(crate) use text::SchemaError;

/// A scope that `USING SCOPE` and list views offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) name: String,
    pub(crate) label: String,
}

/// An object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) plural: String,
    /// The first three characters of its ids.
    pub(crate) key_prefix: Option<String>,
    /// What can be done with it, by the names of describe.
    pub(crate) abilities: Vec<String>,
    pub(crate) scopes: Vec<Scope>,
    /// The links of describe beyond those that every object has.
    pub(crate) urls: Vec<String>,
    pub(crate) fields: Vec<Field>,
    by_name: HashMap<String, usize>,
    by_relationship: HashMap<String, usize>,
}

/// A field that refers to an object: the children of that object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Child<'a> {
    pub(crate) object: &'a Object,
    pub(crate) field: &'a Field,
}

impl Object {
    /// The field called `name`, in any case.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        let index = self.by_name.get(&name.to_ascii_lowercase())?;
        self.fields.get(*index)
    }

    /// The reference whose parent is called `name` in paths, in any case.
    pub(crate) fn reference(&self, name: &str) -> Option<&Field> {
        let index = self.by_relationship.get(&name.to_ascii_lowercase())?;
        self.fields.get(*index)
    }

    /// The field that holds the name of a record.
    pub(crate) fn name_field(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.is(Flag::NameField))
    }

    /// Whether describe says so.
    pub(crate) fn can(&self, ability: &str) -> bool {
        self.abilities.iter().any(|known| known == ability)
    }

    /// Makes its fields findable, once all are there.
    fn index(&mut self) {
        for (index, field) in self.fields.iter().enumerate() {
            self.by_name.insert(field.name.to_ascii_lowercase(), index);
            if field.kind != FieldType::Reference {
                continue;
            }
            if let Some(relationship) = &field.relationship {
                self.by_relationship
                    .insert(relationship.to_ascii_lowercase(), index);
            }
        }
    }
}

/// All objects, in alphabetical order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    objects: Vec<Object>,
    by_name: HashMap<String, usize>,
}

impl Schema {
    /// The standard objects.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] if a built-in file cannot be read, which a test rules out.
    pub(crate) fn standard() -> Result<Self, SchemaError> {
        let shared = text::picklists(builtin::PICKLISTS);
        let mut schema = Self::default();
        for file in builtin::OBJECTS {
            schema.add(text::object(file, &shared)?);
        }
        Ok(schema)
    }

    /// A schema of objects in the form of the built-in files.
    #[cfg(test)]
    pub(crate) fn of_files<'f>(files: impl IntoIterator<Item = &'f str>) -> Self {
        let mut schema = Self::default();
        for file in files {
            let object = text::object(file, &text::Picklists::new());
            schema.add(object.expect("a file of an object"));
        }
        schema
    }

    fn add(&mut self, object: Object) {
        let index = self.objects.len();
        self.by_name.insert(object.name.to_ascii_lowercase(), index);
        self.objects.push(object);
    }

    /// All objects.
    pub(crate) fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The object called `name`, in any case.
    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        let index = self.by_name.get(&name.to_ascii_lowercase())?;
        self.objects.get(*index)
    }

    /// The fields that refer to `parent` and make their records its children. What a record was
    /// merged into is no parent.
    pub(crate) fn children_of<'a>(&'a self, parent: &'a Object) -> impl Iterator<Item = Child<'a>> {
        self.objects.iter().flat_map(move |object| {
            object
                .fields
                .iter()
                .filter(|field| field.name != "MasterRecordId")
                .filter(|field| field.targets.contains(&parent.name))
                .map(move |field| Child { object, field })
        })
    }
}
