//! The schema: the objects of the org, their fields and how they refer to each other.
//!
//! Owns names (any case in, canonical case out) and attributes. Says nothing about records.

mod builtin;
mod describe;
pub(crate) mod field;
mod kept;
mod text;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

pub(crate) use describe::{DescribeContext, describe, global, summary};
pub(crate) use field::{Choice, Field, FieldType, Flag, Shape, Storage};
pub(crate) use text::SchemaError;

/// A scope that `USING SCOPE` and list views offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scope {
    pub(crate) name: String,
    pub(crate) label: String,
}

/// A record type as describe shows it; the record says the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordType {
    pub(crate) id: String,
    pub(crate) developer_name: String,
    pub(crate) label: String,
}

/// An object.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
    pub(crate) record_types: Vec<RecordType>,
    /// Whether it is a custom setting.
    pub(crate) is_setting: bool,
    /// Whether tasks and events can be about its records.
    pub(crate) has_activities: bool,
    /// Where the fields are, once [`index`](Self::index) was called.
    #[serde(skip)]
    pub(crate) places: Places,
}

/// The numbers of fields by their names, and of references by the names of their parents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
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
        let index = self.places.by_name.get(&name.to_ascii_lowercase())?;
        self.fields.get(*index)
    }

    /// The reference whose parent is called `name` in paths, in any case.
    pub(crate) fn reference(&self, name: &str) -> Option<&Field> {
        let index = self
            .places
            .by_relationship
            .get(&name.to_ascii_lowercase())?;
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

    /// Whether records can be asked for. Without a key prefix none can be made.
    pub(crate) fn has_table(&self) -> bool {
        self.key_prefix.is_some() || self.can("queryable")
    }

    /// What it holds of which other object: `AccountShare` holds the `Share`s of `Account`.
    pub(crate) fn association(&self) -> Option<(&'static str, &str)> {
        let kinds = ["ChangeEvent", "Feed", "History", "Share"];
        kinds.into_iter().find_map(|kind| {
            let parent = self.name.strip_suffix(kind)?;
            let is_one = kind == "Share" || self.key_prefix.is_none();
            is_one.then_some((kind, parent))
        })
    }

    /// Whether it is not one of Salesforce's own: `Property__c`, `Rollup__mdt`, `Sent__e`.
    pub(crate) fn is_custom(&self) -> bool {
        self.name.contains("__")
    }

    /// Takes in the fields and record types of `other`, in place of those of the same name, and, if
    /// it describes a whole object, what describe says of it.
    fn absorb(&mut self, other: Self) {
        if other.key_prefix.is_some() {
            self.label = other.label;
            self.plural = other.plural;
            self.abilities = other.abilities;
        }
        for field in other.fields {
            let known = self.places.by_name.get(&field.name.to_ascii_lowercase());
            match known.and_then(|index| self.fields.get_mut(*index)) {
                Some(known) => *known = field,
                None => {
                    let name = field.name.to_ascii_lowercase();
                    self.places.by_name.insert(name, self.fields.len());
                    self.fields.push(field);
                }
            }
        }
        self.index();
        for own in other.record_types {
            self.record_types.retain(|known| known.id != own.id);
            self.record_types.push(own);
        }
        self.is_setting |= other.is_setting;
        self.has_activities |= other.has_activities;
    }

    /// Makes its fields findable, once all are there.
    fn index(&mut self) {
        self.places.by_name.clear();
        self.places.by_relationship.clear();
        for (index, field) in self.fields.iter().enumerate() {
            self.places
                .by_name
                .insert(field.name.to_ascii_lowercase(), index);
            if field.kind != FieldType::Reference {
                continue;
            }
            if let Some(relationship) = &field.relationship {
                self.places
                    .by_relationship
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
        let more = text::sections(builtin::MORE);
        for file in builtin::OBJECTS.into_iter().chain(more) {
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

    /// Takes in objects: new ones, and what is new about those that are there.
    pub(crate) fn extend(&mut self, objects: impl IntoIterator<Item = Object>) {
        for mut object in objects {
            object.index();
            let known = self.by_name.get(&object.name.to_ascii_lowercase()).copied();
            match known.and_then(|index| self.objects.get_mut(index)) {
                Some(known) => known.absorb(object),
                None => self.add(object),
            }
        }
        self.objects.sort_by(|a, b| a.name.cmp(&b.name));
        self.by_name = self
            .objects
            .iter()
            .enumerate()
            .map(|(index, object)| (object.name.to_ascii_lowercase(), index))
            .collect();
        self.point_at_custom_objects();
    }

    /// Lets activities, notes and files refer to custom objects, as they do to every object that is
    /// made in an org.
    fn point_at_custom_objects(&mut self) {
        let custom: Vec<(String, bool)> = self
            .objects
            .iter()
            .filter(|object| object.name.ends_with("__c") && !object.is_setting)
            .map(|object| (object.name.clone(), object.has_activities))
            .collect();
        for (object, field, is_activity) in [
            ("Task", "WhatId", true),
            ("Event", "WhatId", true),
            ("Attachment", "ParentId", false),
            ("Note", "ParentId", false),
            ("ContentDocumentLink", "LinkedEntityId", false),
            ("ContentVersion", "FirstPublishLocationId", false),
        ] {
            let Some(object) = self.objects.iter_mut().find(|known| known.name == object) else {
                continue;
            };
            let Some(field) = object.fields.iter_mut().find(|known| known.name == field) else {
                continue;
            };
            for (target, has_activities) in &custom {
                if (*has_activities || !is_activity) && !field.targets.contains(target) {
                    field.targets.push(target.clone());
                }
            }
        }
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
