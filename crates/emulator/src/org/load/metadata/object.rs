//! CustomObject and RecordType.

use super::super::error::Trouble;
use super::super::xml::Element;
use super::field::{self, FieldSource};

/// The field that holds the names of an object's records.
#[derive(Clone, Debug)]
pub(in super::super) struct NameField {
    pub(super) label: Option<String>,
    /// How names are counted, where nobody chooses them.
    pub(super) format: Option<String>,
    pub(super) is_number: bool,
}

/// A record type.
#[derive(Clone, Debug)]
pub(in super::super) struct RecordTypeSource {
    pub(in super::super) developer_name: String,
    pub(in super::super) label: String,
    pub(in super::super) description: Option<String>,
    pub(in super::super) is_active: bool,
}

impl RecordTypeSource {
    /// A record type of which nothing but the name is known.
    pub(in super::super) fn named(developer_name: &str) -> Self {
        Self {
            developer_name: developer_name.to_owned(),
            label: developer_name.replace('_', " "),
            description: None,
            is_active: true,
        }
    }
}

/// What was read about an object.
#[derive(Clone, Debug)]
pub(in super::super) struct ObjectSource {
    pub(in super::super) name: String,
    /// The file that describes the object itself, if one did.
    pub(in super::super) path: Option<String>,
    pub(super) label: Option<String>,
    pub(super) plural: Option<String>,
    pub(super) name_field: Option<NameField>,
    /// `Hierarchy` or `List`, for a custom setting.
    pub(super) setting: Option<String>,
    pub(super) has_activities: bool,
    pub(super) has_feeds: bool,
    pub(super) has_search: bool,
    pub(in super::super) fields: Vec<FieldSource>,
    pub(in super::super) record_types: Vec<RecordTypeSource>,
}

impl ObjectSource {
    pub(in super::super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: None,
            label: None,
            plural: None,
            name_field: None,
            setting: None,
            has_activities: false,
            has_feeds: false,
            has_search: true,
            fields: Vec::new(),
            record_types: Vec::new(),
        }
    }

    /// Takes in a field, in place of one of the same name.
    pub(super) fn put(&mut self, field: FieldSource) {
        self.fields
            .retain(|known| !known.name.eq_ignore_ascii_case(&field.name));
        self.fields.push(field);
    }
}

/// Takes in a file of an object: alone, or with its fields and record types in it.
pub(super) fn read(
    object: &mut ObjectSource,
    path: &str,
    root: Element<'_>,
) -> Result<(), Trouble> {
    object.path = Some(path.to_owned());
    object.label = root.text("label").or(object.label.take());
    object.plural = root.text("pluralLabel").or(object.plural.take());
    object.setting = root.text("customSettingsType").or(object.setting.take());
    object.has_activities |= root.is("enableActivities")?;
    object.has_feeds |= root.is("enableFeeds")?;
    object.has_search = root.child("enableSearch").is_none() || root.is("enableSearch")?;
    if let Some(name) = root.child("nameField") {
        object.name_field = Some(NameField {
            label: name.text("label"),
            format: name.text("displayFormat"),
            is_number: name.text("type").as_deref() == Some("AutoNumber"),
        });
    }
    for element in root.all("fields") {
        let mut field = field::read(element, None)?;
        path.clone_into(&mut field.path);
        object.put(field);
    }
    for element in root.all("recordTypes") {
        object.record_types.push(record_type(element, None)?);
    }
    Ok(())
}

/// Reads a record type; `name` is the one that its file has.
pub(super) fn record_type(
    element: Element<'_>,
    name: Option<&str>,
) -> Result<RecordTypeSource, Trouble> {
    let developer_name = match (element.text("fullName"), name) {
        (Some(name), _) => name,
        (None, Some(name)) => name.to_owned(),
        (None, None) => element.needed("fullName")?,
    };
    Ok(RecordTypeSource {
        label: element
            .text("label")
            .unwrap_or_else(|| developer_name.clone()),
        description: element.text("description"),
        is_active: element.is("active")?,
        developer_name,
    })
}
