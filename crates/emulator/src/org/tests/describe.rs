//! Describe agrees with what was recorded from real orgs.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::org::schema::{DescribeContext, Schema, describe, global};

const CONTEXT: DescribeContext<'_> = DescribeContext {
    version: 48,
    instance_url: "https://acme.my.salesforce.com",
};

/// The recorded answers; nothing, said aloud, where the folder is absent.
fn recorded() -> Option<PathBuf> {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/recorded/describe"
    ));
    if folder.is_dir() {
        return Some(folder.to_owned());
    }
    crate::testing::skipped(format_args!("{} is absent", folder.display()));
    None
}

fn read(folder: &Path, name: &str) -> Value {
    let text = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// What is not compared: the values of this one picklist. They are all time zones, each with its
/// offset on the day of the recording. Custom fields of the recorded org are left out by their
/// names.
fn is_of_the_org(object: &str, field: &str, attribute: &str) -> bool {
    attribute == "picklistValues" && (object, field) == ("Event", "RecurrenceTimeZoneSidKey")
}

const OBJECTS: [&str; 7] = [
    "Account",
    "Contact",
    "Opportunity",
    "Lead",
    "Case",
    "Event",
    "OpportunityContactRole",
];

#[test]
fn every_attribute_of_every_recorded_field_is_the_same() {
    let Some(folder) = recorded() else { return };
    let schema = Schema::standard().unwrap();
    let mut compared = 0;
    for object in OBJECTS {
        let recorded = read(&folder, object);
        let ours = describe(&schema, schema.object(object).unwrap(), CONTEXT);
        let named = |field: &str| {
            let fields = ours["fields"].as_array().unwrap();
            fields.iter().find(|own| own["name"] == field).cloned()
        };
        for field in recorded["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            if name.ends_with("__c") {
                continue;
            }
            let own = named(name).unwrap_or_else(|| panic!("{object} lacks {name}"));
            let recorded = field.as_object().unwrap();
            let keys: Vec<_> = recorded.keys().collect();
            assert_eq!(own.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
            for (attribute, value) in recorded {
                if !is_of_the_org(object, name, attribute) {
                    assert_eq!(&own[attribute], value, "{object}.{name}.{attribute}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 15_000, "{compared}");
}

#[test]
fn what_objects_can_do_is_as_recorded() {
    let Some(folder) = recorded() else { return };
    let schema = Schema::standard().unwrap();
    for object in OBJECTS {
        let recorded = read(&folder, object);
        let ours = describe(&schema, schema.object(object).unwrap(), CONTEXT);
        for (key, value) in recorded.as_object().unwrap() {
            let is_of_the_org = matches!(
                key.as_str(),
                "fields"
                    | "childRelationships"
                    | "recordTypeInfos"
                    | "urls"
                    | "sobjectDescribeOption"
            );
            if !is_of_the_org {
                assert_eq!(&ours[key], value, "{object}.{key}");
            }
        }
        let links: Vec<_> = sorted_keys(&recorded["urls"]);
        assert_eq!(sorted_keys(&ours["urls"]), links, "{object}");
    }
}

fn sorted_keys(value: &Value) -> Vec<String> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    keys
}

#[test]
fn relationships_to_children_are_as_recorded() {
    let Some(folder) = recorded() else { return };
    let schema = Schema::standard().unwrap();
    // Only between objects that were both recorded: of the others not all fields are known.
    for object in OBJECTS {
        let recorded = read(&folder, object);
        let ours = describe(&schema, schema.object(object).unwrap(), CONTEXT);
        let between = |answer: &Value| -> Vec<Value> {
            let all = answer["childRelationships"].as_array().unwrap();
            let mut known: Vec<_> = all
                .iter()
                .filter(|child| OBJECTS.iter().any(|name| child["childSObject"] == **name))
                .filter(|child| !child["field"].as_str().unwrap().ends_with("__c"))
                .cloned()
                .collect();
            known.sort_by_key(|child| {
                child["childSObject"].to_string() + &child["field"].to_string()
            });
            known
        };
        assert_eq!(between(&ours), between(&recorded), "{object}");
    }
}

#[test]
fn the_list_of_objects_is_as_recorded() {
    let Some(folder) = recorded() else { return };
    let schema = Schema::standard().unwrap();
    let recorded = read(&folder, "Global");
    let ours = global(&schema, CONTEXT);
    assert_eq!(sorted_keys(&ours), sorted_keys(&recorded));
    let mut compared = 0;
    for object in recorded["sobjects"].as_array().unwrap() {
        let all = ours["sobjects"].as_array().unwrap();
        let Some(own) = all.iter().find(|own| own["name"] == object["name"]) else {
            continue;
        };
        compared += 1;
        assert_eq!(sorted_keys(own), sorted_keys(object), "{}", object["name"]);
        // These two were put into the recording without what they really are.
        if object["name"] == "Event" || object["name"] == "Lead" {
            continue;
        }
        for (key, value) in object.as_object().unwrap() {
            if key != "urls" {
                assert_eq!(&own[key], value, "{}.{key}", object["name"]);
            }
        }
    }
    assert!(compared >= 10, "{compared}");
}

/// The standard objects that programs count on.
const COUNTED_ON: [&str; 28] = [
    "Account",
    "Attachment",
    "Campaign",
    "CampaignMember",
    "Case",
    "Contact",
    "ContentDocument",
    "ContentDocumentLink",
    "ContentVersion",
    "Event",
    "Group",
    "GroupMember",
    "Lead",
    "Note",
    "Opportunity",
    "OpportunityContactRole",
    "OpportunityHistory",
    "OpportunityLineItem",
    "Order",
    "OrderItem",
    "Organization",
    "PermissionSetAssignment",
    "Pricebook2",
    "PricebookEntry",
    "Product2",
    "RecordType",
    "SetupEntityAccess",
    "Task",
];

#[test]
fn standard_objects_have_their_fields_and_relationships() {
    let Some(folder) = recorded() else { return };
    let facts: Value = read(folder.parent().unwrap(), "standard-objects");
    let schema = Schema::standard().unwrap();
    // Fields of features that not every org has: entitlements and portals.
    let is_of_a_feature = |object: &str, field: &str| match object {
        "Case" => [
            "BusinessHoursId",
            "EntitlementId",
            "HasCommentsUnreadByOwner",
            "HasSelfServiceComments",
            "IsClosedOnCreate",
            "IsSelfServiceClosed",
            "IsStopped",
            "IsVisibleInSelfService",
            "MilestoneStatus",
            "ProductId",
            "SlaExitDate",
            "SlaStartDate",
            "SourceId",
            "StopStartDate",
        ]
        .contains(&field),
        "Contact" => field == "CanAllowPortalSelfReg",
        _ => false,
    };
    for name in COUNTED_ON {
        let object = schema.object(name).unwrap_or_else(|| panic!("no {name}"));
        for field in facts[name]["fields"].as_object().unwrap().keys() {
            let is_known = object.field(field).is_some() || is_of_a_feature(name, field);
            assert!(is_known, "{name}.{field}");
        }
        for (parent, targets) in facts[name]["parents"].as_object().unwrap() {
            let target = targets[0].as_str().unwrap();
            if schema.object(target).is_some() && name != "Case" {
                let reference = object.reference(parent);
                assert!(reference.is_some(), "{name}.{parent} of {target}");
            }
        }
    }
}
