//! What describe says about an object (fact sheet §5.5).
//!
//! Owns the keys and their order. The schema holds only what differs from object to object.

use serde_json::{Map, Value, json};

use super::field::Choice;
use super::{Child, Field, FieldType, Flag, Object, RecordType, Schema};

/// Where the links of an answer lead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DescribeContext<'a> {
    /// The API version of the call, such as 60.
    pub(crate) version: u16,
    /// The origin that pages for people are under, without a slash at the end.
    pub(crate) instance_url: &'a str,
}

impl DescribeContext<'_> {
    fn base(&self, object: &Object) -> String {
        format!(
            "/services/data/v{}.0/sobjects/{}",
            self.version, object.name
        )
    }
}

/// What is true of no object of a local org, or not known.
const FALSE: [&str; 5] = [
    "activateable",
    "deprecatedAndHidden",
    "hasSubtypes",
    "isInterface",
    "isSubtype",
];

/// What an object may be able to do, in the global answer and in its own.
const ABILITIES: [&str; 14] = [
    "createable",
    "deepCloneable",
    "deletable",
    "feedEnabled",
    "layoutable",
    "mergeable",
    "mruEnabled",
    "queryable",
    "replicateable",
    "retrieveable",
    "searchable",
    "triggerable",
    "undeletable",
    "updateable",
];

/// The record type that every object with record types has.
const MASTER_RECORD_TYPE: &str = "012000000000000AAA";

/// `GET /sobjects`
pub(crate) fn global(schema: &Schema, context: DescribeContext<'_>) -> Value {
    let objects: Vec<Value> = schema
        .objects()
        .iter()
        .map(|object| summary(object, context))
        .collect();
    json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})
}

/// What the list of all objects says about one.
pub(crate) fn summary(object: &Object, context: DescribeContext<'_>) -> Value {
    let mut keys = common(object);
    keys.insert("urls".to_owned(), urls(object, context, Links::Api));
    sorted(keys)
}

/// `GET /sobjects/T/describe`
pub(crate) fn describe(schema: &Schema, object: &Object, context: DescribeContext<'_>) -> Value {
    let mut keys = common(object);
    for ability in ["compactLayoutable", "searchLayoutable"] {
        keys.insert(ability.to_owned(), json!(object.can(ability)));
    }
    for unknown in [
        "defaultImplementation",
        "extendedBy",
        "extendsInterfaces",
        "implementedBy",
        "implementsInterfaces",
        "listviewable",
        "lookupLayoutable",
        "networkScopeFieldName",
    ] {
        keys.insert(unknown.to_owned(), Value::Null);
    }
    for none in ["actionOverrides", "namedLayoutInfos"] {
        keys.insert(none.to_owned(), json!([]));
    }
    let children: Vec<Value> = schema
        .children_of(object)
        .map(|child| child_relationship(&child))
        .collect();
    let fields: Vec<Value> = object.fields.iter().map(field).collect();
    let scopes: Vec<Value> = object
        .scopes
        .iter()
        .map(|scope| json!({"label": scope.label, "name": scope.name}))
        .collect();
    keys.insert("childRelationships".to_owned(), Value::Array(children));
    keys.insert("fields".to_owned(), Value::Array(fields));
    keys.insert("recordTypeInfos".to_owned(), record_types(object, context));
    keys.insert("sobjectDescribeOption".to_owned(), json!("FULL"));
    keys.insert("supportedScopes".to_owned(), Value::Array(scopes));
    keys.insert("urls".to_owned(), urls(object, context, Links::All));
    sorted(keys)
}

/// The keys of both answers.
fn common(object: &Object) -> Map<String, Value> {
    let mut keys = Map::new();
    for ability in ABILITIES {
        keys.insert(ability.to_owned(), json!(object.can(ability)));
    }
    for name in FALSE {
        keys.insert(name.to_owned(), json!(false));
    }
    keys.insert("custom".to_owned(), json!(object.is_custom()));
    keys.insert("customSetting".to_owned(), json!(object.is_setting));
    let (kind, parent) = object.association().unzip();
    keys.insert("associateEntityType".to_owned(), json!(kind));
    keys.insert("associateParentEntity".to_owned(), json!(parent));
    keys.insert("keyPrefix".to_owned(), json!(object.key_prefix));
    keys.insert("label".to_owned(), json!(object.label));
    keys.insert("labelPlural".to_owned(), json!(object.plural));
    keys.insert("name".to_owned(), json!(object.name));
    keys
}

fn sorted(keys: Map<String, Value>) -> Value {
    let mut pairs: Vec<_> = keys.into_iter().collect();
    pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
    Value::Object(pairs.into_iter().collect())
}

/// Which links an answer has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    /// Those of the API.
    Api,
    /// Those of the API and those for people.
    All,
}

fn urls(object: &Object, context: DescribeContext<'_>, links: Links) -> Value {
    let base = context.base(object);
    let mut urls = Map::new();
    let mut put = |name: &str, url: String| urls.insert(name.to_owned(), Value::String(url));
    put("rowTemplate", format!("{base}/{{ID}}"));
    put("describe", format!("{base}/describe"));
    put("sobject", base.clone());
    for name in &object.urls {
        match name.as_str() {
            "compactLayouts" | "layouts" | "approvalLayouts" | "namedLayouts" => {
                put(name, format!("{base}/describe/{name}"))
            }
            "caseArticleSuggestions" => put(name, format!("{base}/suggestedArticles")),
            "caseRowArticleSuggestions" => put(name, format!("{base}/{{ID}}/suggestedArticles")),
            "defaultValues" => put(name, format!("{base}/defaultValues?recordTypeId&fields")),
            "eventSeriesUpdates" => put(name, format!("{base}/{{ID}}/fromThisEventOnwards")),
            "passwordUtilities" => put(name, format!("{base}/{{ID}}/password")),
            _ => put(name, format!("{base}/{name}")),
        };
    }
    if let (Links::All, Some(prefix)) = (links, &object.key_prefix) {
        let origin = context.instance_url;
        put("uiDetailTemplate", format!("{origin}/{{ID}}"));
        put("uiEditTemplate", format!("{origin}/{{ID}}/e"));
        put("uiNewRecord", format!("{origin}/{prefix}/e"));
    }
    Value::Object(urls)
}

fn record_types(object: &Object, context: DescribeContext<'_>) -> Value {
    let has_master = object.can("layoutable") && object.can("searchable");
    if !has_master && object.record_types.is_empty() {
        return json!([]);
    }
    let master = RecordType {
        id: MASTER_RECORD_TYPE.to_owned(),
        developer_name: "Master".to_owned(),
        label: "Master".to_owned(),
    };
    let infos = object.record_types.iter().chain([&master]).map(|own| {
        let is_master = own.id == MASTER_RECORD_TYPE;
        let layout = format!("{}/describe/layouts/{}", context.base(object), own.id);
        json!({
            "active": true,
            "available": true,
            "defaultRecordTypeMapping": is_master,
            "developerName": own.developer_name,
            "master": is_master,
            "name": own.label,
            "recordTypeId": own.id,
            "urls": {"layout": layout},
        })
    });
    infos.collect()
}

fn child_relationship(child: &Child<'_>) -> Value {
    let flags = child.field.flags;
    json!({
        "cascadeDelete": flags.has(Flag::CascadeDelete),
        "childSObject": child.object.name,
        "deprecatedAndHidden": false,
        "field": child.field.name,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": child.field.children,
        "restrictedDelete": flags.has(Flag::RestrictedDelete),
    })
}

/// An element of `fields`.
fn field(field: &Field) -> Value {
    let mut keys = Map::new();
    for (name, is_set) in field.flags.named() {
        // What happens to a child when its parent goes is said in the parent's answer.
        let is_of_parent = matches!(name, "cascadeDelete" | "restrictedDelete");
        keys.insert(name.to_owned(), json!(is_set && !is_of_parent));
    }
    for unknown in [
        "controllerName",
        "defaultValueFormula",
        "filteredLookupInfo",
        "mask",
        "maskType",
        "referenceTargetField",
        "relationshipOrder",
    ] {
        keys.insert(unknown.to_owned(), Value::Null);
    }
    for (name, number) in [
        ("byteLength", field.byte_length),
        ("digits", field.digits),
        ("length", field.length),
        ("precision", field.precision),
        ("scale", field.scale),
    ] {
        keys.insert(name.to_owned(), json!(number));
    }
    let choices: Vec<Value> = field.choices.iter().map(choice).collect();
    for (name, value) in [
        ("calculatedFormula", json!(field.formula)),
        ("compoundFieldName", json!(field.compound)),
        ("defaultValue", default_value(field)),
        ("extraTypeInfo", json!(field.extra_type)),
        ("inlineHelpText", json!(field.help)),
        ("label", json!(field.label)),
        ("name", json!(field.name)),
        ("picklistValues", Value::Array(choices)),
        ("referenceTo", json!(field.targets)),
        ("relationshipName", json!(field.relationship)),
        ("soapType", json!(field.kind.soap())),
        ("type", json!(field.kind.as_str())),
    ] {
        keys.insert(name.to_owned(), value);
    }
    sorted(keys)
}

fn choice(choice: &Choice) -> Value {
    json!({
        "active": true,
        "defaultValue": choice.is_default,
        "label": choice.label,
        "validFor": null,
        "value": choice.value,
    })
}

fn default_value(field: &Field) -> Value {
    match field.kind {
        FieldType::Boolean => json!(field.default_value.as_deref() == Some("true")),
        _ => json!(field.default_value),
    }
}
