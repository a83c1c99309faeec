//! Objects and fields out of metadata files, and what follows from them.
//!
//! Owns reading the XML of CustomObject, CustomField, RecordType and value sets, whole files of the
//! Metadata API as well as the small ones of a source project. The schema decides nothing here:
//! what is read becomes [`Object`](crate::org::schema::Object)s in [`objects`].

mod attributes;
mod build;
mod field;
mod object;
mod standard;

use std::collections::BTreeMap;

use super::error::{LoadError, Trouble};
use super::kind::{self, Kind};
use super::xml::{self, Element};
use crate::org::schema::Choice;

pub(super) use self::build::{Prefixes, objects, standard_object};
pub(super) use self::field::is_name;
pub(super) use self::object::{ObjectSource, RecordTypeSource};
pub(super) use self::standard::{Nature, label_of, record_type_field};

/// Everything that metadata files said.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// By the name of the object.
    pub(super) objects: BTreeMap<String, ObjectSource>,
    /// Values of global value sets, by the name of the set.
    value_sets: BTreeMap<String, Vec<Choice>>,
}

impl Metadata {
    /// Takes in a file; what it is was found out from its name.
    pub(super) fn read(&mut self, kind: Kind, path: &str, text: &str) -> Result<(), LoadError> {
        self.take(kind, path, text)
            .map_err(|trouble| trouble.at(path))
    }

    fn take(&mut self, kind: Kind, path: &str, text: &str) -> Result<(), Trouble> {
        let document = xml::parse(text)?;
        let root = |name: &str| Element::root(&document, &[name]);
        match kind {
            Kind::Object => {
                let name = kind::stem(path).to_owned();
                object::read(self.object(&name), path, root("CustomObject")?)
            }
            Kind::Field => {
                let mut field = field::read(root("CustomField")?, Some(kind::stem(path)))?;
                path.clone_into(&mut field.path);
                self.object(owner(path)?).put(field);
                Ok(())
            }
            Kind::RecordType => {
                let own = object::record_type(root("RecordType")?, Some(kind::stem(path)))?;
                self.object(owner(path)?).record_types.push(own);
                Ok(())
            }
            _ => {
                let set = Element::root(
                    &document,
                    &["GlobalValueSet", "GlobalPicklist", "StandardValueSet"],
                )?;
                let values = field::choices(set)?;
                self.value_sets.insert(kind::stem(path).to_owned(), values);
                Ok(())
            }
        }
    }

    fn object(&mut self, name: &str) -> &mut ObjectSource {
        self.objects
            .entry(name.to_owned())
            .or_insert_with(|| ObjectSource::new(name))
    }
}

/// The object that a file in one of its folders belongs to: `Case` of `Case/fields/Rank__c…`.
fn owner(path: &str) -> Result<&str, Trouble> {
    kind::folder_above(path)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            let problem = "expected a folder of the object: OBJECT/fields/FIELD.field-meta.xml";
            Trouble::new(1, problem)
        })
}
