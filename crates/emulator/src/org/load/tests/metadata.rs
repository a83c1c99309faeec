//! What metadata files come to, attribute by attribute.

use serde_json::{Value, json};

use super::{file, load};
use crate::org::Org;
use crate::org::schema::{DescribeContext, describe};
use crate::org::tests::{NOW, org, rows};
use crate::org::{Seed, load::LoadFile};

const OBJECT: &str = "<CustomObject xmlns='http://soap.sforce.com/2006/04/metadata'>
    <label>Trip</label><pluralLabel>Trips</pluralLabel>
    <enableActivities>true</enableActivities>
    <nameField><displayFormat>T-{0000}</displayFormat><label>Trip Number</label>
    <type>AutoNumber</type></nameField>
</CustomObject>";

fn field(name: &str, rest: &str) -> LoadFile {
    let path = format!("objects/Trip__c/fields/{name}.field-meta.xml");
    let content = format!(
        "<CustomField><fullName>{name}</fullName><label>{name}</label>{rest}</CustomField>"
    );
    file(&path, &content)
}

fn object() -> LoadFile {
    file("objects/Trip__c/Trip__c.object-meta.xml", OBJECT)
}

fn described(org: &Org, object: &str) -> Value {
    let context = DescribeContext {
        version: 60,
        instance_url: "https://acme.my.salesforce.com",
    };
    let schema = org.schema();
    describe(&schema, schema.object(object).unwrap(), context)
}

fn attributes(org: &Org, name: &str, keys: &[&str]) -> Vec<Value> {
    let answer = described(org, "Trip__c");
    let fields = answer["fields"].as_array().unwrap();
    let field = fields.iter().find(|field| field["name"] == name);
    let field = field.unwrap_or_else(|| panic!("{name} is not there"));
    keys.iter().map(|key| field[*key].clone()).collect()
}

#[test]
fn every_type_of_field_becomes_what_describe_calls_it() {
    let lookup = "<referenceTo>Account</referenceTo><relationshipName>Trips</relationshipName>";
    for (xml, kind, precision) in [
        ("<type>Text</type><length>80</length>", "string", 0),
        ("<type>TextArea</type>", "textarea", 0),
        (
            "<type>LongTextArea</type><length>32000</length>",
            "textarea",
            0,
        ),
        ("<type>Html</type><length>32000</length>", "textarea", 0),
        (
            "<type>EncryptedText</type><length>20</length>",
            "encryptedstring",
            0,
        ),
        ("<type>Number</type><precision>9</precision>", "double", 9),
        (
            "<type>Currency</type><precision>16</precision>",
            "currency",
            16,
        ),
        ("<type>Percent</type><precision>5</precision>", "percent", 5),
        ("<type>Date</type>", "date", 0),
        ("<type>DateTime</type>", "datetime", 0),
        ("<type>Time</type>", "time", 0),
        (
            "<type>Checkbox</type><defaultValue>true</defaultValue>",
            "boolean",
            0,
        ),
        ("<type>Picklist</type>", "picklist", 0),
        ("<type>MultiselectPicklist</type>", "multipicklist", 0),
        ("<type>Email</type>", "email", 0),
        ("<type>Phone</type>", "phone", 0),
        ("<type>Url</type>", "url", 0),
        ("<type>Location</type><scale>4</scale>", "location", 0),
        (
            "<type>AutoNumber</type><displayFormat>{000}</displayFormat>",
            "string",
            0,
        ),
        (&format!("<type>Lookup</type>{lookup}"), "reference", 0),
        (
            &format!("<type>MasterDetail</type>{lookup}"),
            "reference",
            0,
        ),
        (
            "<type>Summary</type><summaryOperation>count</summaryOperation>",
            "double",
            18,
        ),
        ("<type>Text</type><formula>Name</formula>", "string", 0),
    ] {
        let (org, report) = load(&[object(), field("X__c", xml)]);
        let found = attributes(&org, "X__c", &["type", "precision", "custom"]);
        assert_eq!(found, [json!(kind), json!(precision), json!(true)], "{xml}");
        let is_computed = xml.contains("formula") || xml.contains("Summary");
        let found = attributes(&org, "X__c", &["createable", "updateable", "calculated"]);
        let is_written = !(is_computed || xml.contains("AutoNumber") || kind == "location");
        let is_changed = is_written && !xml.contains("MasterDetail");
        assert_eq!(
            found,
            [is_written, is_changed, is_computed].map(Value::Bool),
            "{xml}"
        );
        assert_eq!(report.warnings.len(), usize::from(is_computed), "{xml}");
    }
}

#[test]
fn relationships_have_names_from_both_sides() {
    let xml = "<type>Lookup</type><referenceTo>Account</referenceTo>
        <relationshipName>Trips</relationshipName><deleteConstraint>Restrict</deleteConstraint>";
    let (org, _) = load(&[object(), field("Customer__c", xml)]);
    let found = attributes(&org, "Customer__c", &["relationshipName", "referenceTo"]);
    assert_eq!(found, [json!("Customer__r"), json!(["Account"])]);
    let answer = described(&org, "Account");
    let children = answer["childRelationships"].as_array().unwrap();
    let child = children
        .iter()
        .find(|child| child["childSObject"] == "Trip__c")
        .unwrap();
    assert_eq!(child["relationshipName"], "Trips__r");
    assert_eq!(child["restrictedDelete"], true);
    // Activities and files can be about it.
    let answer = described(&org, "Trip__c");
    let children = answer["childRelationships"].as_array().unwrap();
    for (object, field) in [("Task", "WhatId"), ("Attachment", "ParentId")] {
        let is_it = |child: &&Value| child["childSObject"] == object && child["field"] == field;
        assert!(children.iter().any(|child| is_it(&child)), "{object}");
    }
    assert_eq!(answer["keyPrefix"], "a00");
    assert_eq!(answer["custom"], true);
}

#[test]
fn a_file_of_the_metadata_api_holds_fields_record_types_and_values() {
    let content = "<CustomObject><label>Trip</label>
        <fields><fullName>Class__c</fullName><label>Class</label><type>Picklist</type>
            <picklist><picklistValues><fullName>Coach</fullName><default>true</default>
            </picklistValues><picklistValues><fullName>First</fullName><default>false</default>
            </picklistValues><sorted>false</sorted></picklist></fields>
        <fields><fullName>Zone__c</fullName><label>Zone</label><type>Picklist</type>
            <valueSet><valueSetName>Zones</valueSetName></valueSet></fields>
        <recordTypes><fullName>Long</fullName><active>true</active><label>Long Trip</label>
        </recordTypes></CustomObject>";
    let zones = "<GlobalValueSet><customValue><fullName>A</fullName><default>false</default>
        <label>Zone A</label></customValue></GlobalValueSet>";
    let (org, _) = load(&[
        file("src/objects/Trip__c.object", content),
        file("src/globalValueSets/Zones.globalValueSet", zones),
        file("Trip__c.csv", "Name,RecordType.DeveloperName\nOne,Long\n"),
    ]);
    let found = attributes(&org, "Zone__c", &["picklistValues", "restrictedPicklist"]);
    assert_eq!(
        (&found[0][0]["label"], &found[1]),
        (&json!("Zone A"), &json!(true))
    );
    let types = &described(&org, "Trip__c")["recordTypeInfos"];
    assert_eq!(types[0]["developerName"], "Long");
    let soql = "SELECT Name, Class__c, RecordType.Name FROM Trip__c";
    let record_type = json!({
        "attributes": {
            "type": "RecordType",
            "url": format!("/services/data/v60.0/sobjects/RecordType/{}", types[0]["recordTypeId"].as_str().unwrap()),
        },
        "Name": "Long Trip",
    });
    assert_eq!(rows(&org, soql), [json!(["One", "Coach", record_type])]);
}

#[test]
fn standard_objects_get_record_types_and_values() {
    let kind = "<RecordType><active>true</active><label>Gala</label></RecordType>";
    let sources = "<StandardValueSet><standardValue><fullName>Fair</fullName>
        <default>true</default></standardValue></StandardValueSet>";
    let (org, _) = load(&[
        file(
            "objects/Campaign/recordTypes/Gala.recordType-meta.xml",
            kind,
        ),
        file(
            "standardValueSets/LeadSource.standardValueSet-meta.xml",
            sources,
        ),
        file(
            "Campaign.csv",
            "Name,RecordType.DeveloperName\nSpring,Gala\n",
        ),
        file("Lead.csv", "LastName,Company\nRoe,Acme\n"),
    ]);
    let found = rows(
        &org,
        "SELECT Name FROM Campaign WHERE RecordType.Name = 'Gala'",
    );
    assert_eq!(found, [json!(["Spring"])]);
    assert_eq!(rows(&org, "SELECT LeadSource FROM Lead"), [json!(["Fair"])]);
}

#[test]
fn a_second_load_adds_to_the_first_and_rows_stay() {
    let text = "<type>Text</type><length>20</length>";
    let org = org(Seed::Empty);
    let first = [
        object(),
        field("From__c", text),
        file("Trip__c.csv", "From__c\nRome\n"),
    ];
    org.load(&first, NOW).unwrap();
    org.load(&[field("To__c", text)], NOW).unwrap();
    let found = rows(&org, "SELECT Name, From__c, To__c FROM Trip__c");
    assert_eq!(found, [json!(["T-0001", "Rome", null])]);
    let number = [field("From__c", "<type>Number</type>")];
    let error = org.load(&number, NOW).unwrap_err().to_string();
    assert!(
        error.starts_with("Trip__c.From__c has values of type string"),
        "{error}"
    );
    assert_eq!(attributes(&org, "From__c", &["type"]), ["string"]);
}

#[test]
fn custom_metadata_are_records_and_events_are_not_queried() {
    let rule = "<CustomObject><label>Rule</label></CustomObject>";
    let value = "<CustomField><fullName>Limit__c</fullName><type>Number</type></CustomField>";
    let record = "<CustomMetadata xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>
        <label>Strict one</label><values><field>Limit__c</field><value>7</value></values>
        </CustomMetadata>";
    let (org, report) = load(&[
        file("objects/Rule__mdt/Rule__mdt.object-meta.xml", rule),
        file("objects/Rule__mdt/fields/Limit__c.field-meta.xml", value),
        file("objects/Sent__e/Sent__e.object-meta.xml", rule),
        file("customMetadata/Rule.Strict.md-meta.xml", record),
    ]);
    assert_eq!(report.warnings, [""; 0]);
    let found = rows(
        &org,
        "SELECT DeveloperName, MasterLabel, Limit__c FROM Rule__mdt",
    );
    assert_eq!(found, [json!(["Strict", "Strict one", 7.0])]);
    let (_, message) = crate::org::tests::refusal(&org, "SELECT ReplayId FROM Sent__e");
    assert!(
        message.contains("entity type Sent__e does not support query"),
        "{message}"
    );
}

#[test]
fn a_describe_answer_is_taken_over_as_it_is() {
    let (first, _) = load(&[
        object(),
        field("From__c", "<type>Text</type><length>20</length>"),
    ]);
    let mut answer = described(&first, "Trip__c");
    let (second, _) = load(&[file(
        "Trip.json",
        &json!({"status": 0, "result": answer}).to_string(),
    )]);
    let mut again = described(&second, "Trip__c");
    for answer in [&mut answer, &mut again] {
        // The formats of numbers and what activities can be about are not said there.
        answer.as_object_mut().unwrap().remove("childRelationships");
    }
    assert_eq!(again, answer);
}
