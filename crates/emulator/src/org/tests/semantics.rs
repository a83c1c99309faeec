//! Queries of another project with its verdicts, resolved against its own schema.
//!
//! Its verdicts are about names, functions and grammar; each query on which this engine says
//! something else is named here with the reason.

use std::path::Path;

use super::{org_of, run};
use crate::org::Org;
use crate::org::query::QueryError;

/// The text between the first `<tag>` and its end.
fn inner<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    Some(rest.split_once(&format!("</{tag}>"))?.0)
}

/// The texts between all `<tag>` and their ends, which are not nested.
fn all<'t>(text: &'t str, tag: &str) -> Vec<&'t str> {
    let open = format!("<{tag}>");
    let close = format!("</{tag}>");
    text.split(&open)
        .skip(1)
        .filter_map(|part| Some(part.split_once(&close)?.0))
        .collect()
}

/// A field as a line of a schema file.
fn line(field: &str, (object, children): (&str, &[(&str, &str, &str)])) -> String {
    let name = inner(field, "name").unwrap();
    let kind = inner(field, "type").unwrap();
    let targets = all(field, "referenceTo");
    let kind = match kind {
        "reference" => format!("reference({})", targets.join(",")),
        "string" => "string(255)".to_owned(),
        other => other.to_owned(),
    };
    let mut line = format!("{name} {kind}");
    if let Some(relationship) = inner(field, "relationshipName") {
        line.push_str(&format!(" relationshipName={relationship}"));
    }
    let related = children
        .iter()
        .find(|(parent, child, _)| *child == object && targets.contains(parent));
    if let Some((_, _, relationship)) = related {
        line.push_str(&format!(" children={relationship}"));
    }
    for flag in ["groupable", "aggregatable"] {
        let is_set = inner(field, flag) == Some("true");
        line.push_str(if is_set { " " } else { " -" });
        line.push_str(flag);
    }
    if name == "Name" {
        line.push_str(" nameField");
    }
    line
}

fn load(describes: &str) -> Org {
    let objects = all(describes, "describe");
    let mut children = Vec::new();
    for object in &objects {
        let parent = inner(object, "name").unwrap();
        for child in all(object, "childRelationships") {
            let object = inner(child, "childSObject").unwrap();
            children.push((parent, object, inner(child, "relationshipName").unwrap()));
        }
    }
    let files: Vec<String> = objects
        .iter()
        .enumerate()
        .map(|(at, object)| {
            let name = inner(object, "name").unwrap();
            let prefix = if name == "Name" {
                "-".to_owned()
            } else {
                format!("z0{at}")
            };
            let mut file =
                format!("object {name} {prefix} \"{name}\" \"{name}s\"\ncan queryable\n");
            for field in all(object, "fields") {
                file.push_str(&line(field, (name, &children)));
                file.push('\n');
            }
            file
        })
        .collect();
    org_of(files.iter().map(String::as_str))
}

/// Beginnings of the refusals of queries that the others pass, each with the reason why they are
/// refused here, and whether the query breaks a rule that the others do not look at: theirs is an
/// editor, which knows names, functions and grammar.
const ARGUED: &[(&str, Question, &str)] = &[
    (
        "sObject type 'case' is not supported",
        Question::NotAsked,
        "their editor passes every name of an object that it has not been given",
    ),
    (
        "value of filter criterion for field",
        Question::OtherRule,
        "orgs have been seen to refuse a literal that is not of its field's type",
    ),
    (
        "Maximum SOQL offset allowed",
        Question::OtherRule,
        "orgs have been seen to refuse an offset above 2,000",
    ),
    (
        "invalid ID field: 001002003004005006",
        Question::OtherRule,
        "the last three characters are not the checksum of the others",
    ),
    (
        "This emulator does not run amounts in other currencies",
        Question::OtherRule,
        "the org has one currency and no rates of exchange",
    ),
    (
        "This emulator does not run USING SCOPE team",
        Question::OtherRule,
        "the org has no teams",
    ),
    (
        "This emulator does not run WITH DATA CATEGORY",
        Question::OtherRule,
        "the org has no data categories",
    ),
    (
        "Field must be grouped or aggregated: LastModifiedDate",
        Question::Same,
        "the SOQL reference allows a date function in SELECT only where rows are grouped by it",
    ),
    (
        "Didn't understand relationship 'name' in field path",
        Question::Same,
        "a name is no relationship",
    ),
];

/// What a difference says about the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// The schema of the others says nothing about the query.
    NotAsked,
    /// Names and grammar are in order; another rule is broken.
    OtherRule,
    /// The verdicts differ.
    Same,
}

#[test]
fn verdicts_of_others_are_met_or_answered() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/soql"));
    let (Ok(describes), Ok(cases)) = (
        std::fs::read_to_string(folder.join("describes.xml")),
        std::fs::read(folder.join("semantics.json")),
    ) else {
        eprintln!("skipped: no corpus in {}", folder.display());
        return;
    };
    let org = load(&describes);
    let cases: Vec<serde_json::Value> = serde_json::from_slice(&cases).unwrap();
    let (mut judged, mut met) = (cases.len(), cases.len());
    for case in &cases {
        let soql = case["soql"].as_str().unwrap();
        let is_wrong = case["error"].as_bool().unwrap();
        let refusal = match run(&org, soql) {
            Ok(_) => None,
            Err(QueryError::Refused(error)) => Some(error.detail().to_owned()),
            Err(other) => panic!("{soql}: {other}"),
        };
        let Some(detail) = refusal else {
            assert!(!is_wrong, "{soql} is wrong and was run");
            continue;
        };
        if is_wrong {
            continue;
        }
        let reason = ARGUED.iter().find(|(start, ..)| detail.starts_with(start));
        let (_, question, reason) = reason.unwrap_or_else(|| panic!("{soql}: {detail}"));
        eprintln!("refused: {soql}: {reason}");
        judged -= usize::from(*question == Question::NotAsked);
        met -= usize::from(*question != Question::OtherRule);
    }
    eprintln!("{met} of {judged} verdicts on names and grammar are met");
    assert!(met * 100 >= judged * 95, "{met} of {judged}");
}
