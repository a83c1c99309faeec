//! Addresses and locations: values that are put together from other fields.

use crate::org::schema::{Field, FieldType, Object};

/// The keys of an address in the answer, with the ends of the names of its parts.
const ADDRESS: [(&str, &str); 8] = [
    ("city", "City"),
    ("country", "Country"),
    ("geocodeAccuracy", "GeocodeAccuracy"),
    ("latitude", "Latitude"),
    ("longitude", "Longitude"),
    ("postalCode", "PostalCode"),
    ("state", "State"),
    ("street", "Street"),
];

/// The same for a location.
const LOCATION: [(&str, &str); 2] = [("latitude", "Latitude"), ("longitude", "Longitude")];

/// The parts of a field by their keys in the answer.
pub(super) fn parts<'s>(object: &'s Object, field: &Field) -> Vec<(&'static str, &'s Field)> {
    let keys: &[_] = match field.kind {
        FieldType::Location => &LOCATION,
        _ => &ADDRESS,
    };
    keys.iter()
        .filter_map(|(key, end)| Some((*key, part(object, field, end)?)))
        .collect()
}

/// `BillingCity` of `BillingAddress`, `Place__Latitude__s` of `Place__c`.
fn part<'s>(object: &'s Object, field: &Field, end: &str) -> Option<&'s Field> {
    let stem = field.name.strip_suffix("__c");
    let custom = stem.and_then(|stem| object.field(&format!("{stem}__{end}__s")));
    custom.or_else(|| {
        object
            .fields
            .iter()
            .find(|part| part.compound.as_ref() == Some(&field.name) && part.name.ends_with(end))
    })
}

/// Latitude and longitude of a field that has them.
pub(super) fn coordinates<'s>(object: &'s Object, field: &Field) -> Option<[&'s Field; 2]> {
    if field.is_stored() {
        return None;
    }
    Some([
        part(object, field, "Latitude")?,
        part(object, field, "Longitude")?,
    ])
}
