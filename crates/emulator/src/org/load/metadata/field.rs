//! CustomField.

use super::super::error::Trouble;
use super::super::xml::Element;
use crate::org::schema::Choice;

/// What happens to a record when the one that it refers to is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Constraint {
    #[default]
    SetNull,
    Cascade,
    Restrict,
}

/// The values of a picklist.
#[derive(Clone, Debug, Default)]
pub(super) struct Picklist {
    pub(super) choices: Vec<Choice>,
    /// The global value set that has the values.
    pub(super) set: Option<String>,
    pub(super) is_restricted: bool,
    pub(super) is_dependent: bool,
}

/// What was read about a field.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct FieldSource {
    pub(in super::super) path: String,
    pub(in super::super) line: usize,
    pub(in super::super) name: String,
    pub(super) label: Option<String>,
    /// `Text`, `Lookup` …; nothing where a file only adds to a standard field.
    pub(super) kind: Option<String>,
    pub(super) length: Option<u32>,
    pub(super) precision: Option<u32>,
    pub(super) scale: Option<u32>,
    pub(super) is_required: bool,
    pub(super) is_unique: bool,
    pub(super) is_case_sensitive: bool,
    pub(super) is_external_id: bool,
    pub(super) default: Option<String>,
    pub(super) help: Option<String>,
    pub(super) formula: Option<String>,
    /// Whether a formula takes no number for zero.
    pub(super) has_blanks_as_zero: bool,
    pub(super) targets: Vec<String>,
    pub(super) children: Option<String>,
    pub(super) constraint: Constraint,
    pub(super) is_reparentable: bool,
    pub(super) has_master_read: bool,
    pub(super) number_format: Option<String>,
    /// How a roll-up is made: `count`, `sum`, `min`, `max`, and of which `Object__c.Field__c`.
    pub(super) summary: Option<(String, Option<String>)>,
    pub(super) is_in_decimals: bool,
    pub(super) picklist: Option<Picklist>,
}

/// Reads a field; `name` is the one that its file has.
pub(super) fn read(element: Element<'_>, name: Option<&str>) -> Result<FieldSource, Trouble> {
    let name = match (element.text("fullName"), name) {
        (Some(name), _) => name,
        (None, Some(name)) => name.to_owned(),
        (None, None) => element.needed("fullName")?,
    };
    if !is_name(&name) {
        let problem = format!("expected the name of a field in <fullName>, found {name:?}");
        return Err(Trouble::new(element.line(), problem));
    }
    let is = |name: &str| element.is(name);
    Ok(FieldSource {
        path: String::new(),
        line: element.line(),
        name,
        label: element.text("label"),
        kind: element.text("type"),
        length: element.number("length")?,
        precision: element.number("precision")?,
        scale: element.number("scale")?,
        is_required: is("required")?,
        is_unique: is("unique")?,
        is_case_sensitive: is("caseSensitive")?,
        is_external_id: is("externalId")?,
        default: element.text("defaultValue"),
        help: element.text("inlineHelpText"),
        formula: element.text("formula"),
        has_blanks_as_zero: element.text("formulaTreatBlanksAs").as_deref() == Some("BlankAsZero"),
        targets: element.all("referenceTo").map(Element::own_text).collect(),
        children: element.text("relationshipName"),
        constraint: constraint(element)?,
        is_reparentable: is("reparentableMasterDetail")?,
        has_master_read: is("writeRequiresMasterRead")?,
        number_format: element.text("displayFormat"),
        summary: element
            .text("summaryOperation")
            .map(|operation| (operation, element.text("summarizedField"))),
        is_in_decimals: is("displayLocationInDecimal")?,
        picklist: picklist(element)?,
    })
}

/// Whether `name` is fit for a column: letters, digits and underscores.
pub(in super::super) fn is_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    begins && name.len() <= 80 && name.bytes().all(is_word)
}

fn constraint(element: Element<'_>) -> Result<Constraint, Trouble> {
    Ok(match element.text("deleteConstraint").as_deref() {
        None | Some("SetNull") => Constraint::SetNull,
        Some("Cascade") => Constraint::Cascade,
        Some("Restrict") => Constraint::Restrict,
        Some(other) => {
            let problem = format!(
                "expected SetNull, Cascade or Restrict in <deleteConstraint>, found {other:?}"
            );
            return Err(Trouble::new(element.line(), problem));
        }
    })
}

/// `<valueSet>` or, in files of old, `<picklist>`.
fn picklist(element: Element<'_>) -> Result<Option<Picklist>, Trouble> {
    if let Some(old) = element.child("picklist") {
        return Ok(Some(Picklist {
            choices: choices(old)?,
            set: None,
            is_restricted: old.is("restrictedPicklist")?,
            is_dependent: old.child("controllingField").is_some(),
        }));
    }
    let Some(set) = element.child("valueSet") else {
        return Ok(None);
    };
    Ok(Some(Picklist {
        choices: match set.child("valueSetDefinition") {
            Some(definition) => choices(definition)?,
            None => Vec::new(),
        },
        set: set.text("valueSetName"),
        // The values of a global set bind whoever uses it.
        is_restricted: set.is("restricted")? || set.child("valueSetName").is_some(),
        is_dependent: set.child("controllingField").is_some(),
    }))
}

/// The values that are in use, of a definition, a global set or a standard one.
pub(super) fn choices(set: Element<'_>) -> Result<Vec<Choice>, Trouble> {
    let kinds = [
        "value",
        "customValue",
        "standardValue",
        "picklistValues",
        "globalPicklistValues",
    ];
    let mut choices = Vec::new();
    for value in kinds.iter().flat_map(|kind| set.all(kind)) {
        let name = value.needed("fullName")?;
        if value.child("isActive").is_some() && !value.is("isActive")? {
            continue;
        }
        choices.push(Choice {
            label: value.text("label").unwrap_or_else(|| name.clone()),
            is_default: value.is("default")?,
            value: name,
        });
    }
    if set.is("sorted")? {
        choices.sort_by(|a, b| a.label.cmp(&b.label));
    }
    Ok(choices)
}
