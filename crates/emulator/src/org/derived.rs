//! Fields that the org works out of other fields of the same record.

use super::record::Values;
use super::schema::{Flag, Object};
use super::value::Value;
use crate::ids::RecordId;

/// The stages of an opportunity: probability in percent, forecast category and its label.
const STAGES: [(&str, f64, &str, &str); 10] = [
    ("Prospecting", 10.0, "Pipeline", "Pipeline"),
    ("Qualification", 10.0, "Pipeline", "Pipeline"),
    ("Needs Analysis", 20.0, "Pipeline", "Pipeline"),
    ("Value Proposition", 50.0, "Pipeline", "Pipeline"),
    ("Id. Decision Makers", 60.0, "Pipeline", "Pipeline"),
    ("Perception Analysis", 70.0, "Pipeline", "Pipeline"),
    ("Proposal/Price Quote", 75.0, "Pipeline", "Pipeline"),
    ("Negotiation/Review", 90.0, "Pipeline", "Pipeline"),
    ("Closed Won", 100.0, "Closed", "Closed"),
    ("Closed Lost", 0.0, "Omitted", "Omitted"),
];

/// Fills in what follows from `values`.
pub(super) fn fill(object: &Object, id: &RecordId, values: &mut Values) {
    person_name(object, values);
    auto_number(object, id, values);
    match object.name.as_str() {
        "Opportunity" => opportunity(values),
        "Case" => put(values, "IsClosed", is(values, "Status", "Closed")),
        "Task" => {
            put(values, "IsClosed", is(values, "Status", "Completed"));
            put(values, "IsHighPriority", is(values, "Priority", "High"));
        }
        _ => {}
    }
}

/// Fills in anew what follows from values that were changed.
pub(super) fn refill(object: &Object, id: &RecordId, before: &Values, after: &mut Values) {
    let is_same = |after: &Values, name: &str| before.get(name) == after.get(name);
    if object.name == "Opportunity" && !is_same(after, "StageName") && is_same(after, "Probability")
    {
        // The probability is that of the stage, unless it is given too.
        after.remove("Probability");
    }
    fill(object, id, after);
}

fn put(values: &mut Values, name: &str, value: impl Into<Value>) {
    values.insert(name.to_owned(), value.into());
}

fn text<'a>(values: &'a Values, name: &str) -> Option<&'a str> {
    match values.get(name) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn is(values: &Values, name: &str, wanted: &str) -> bool {
    text(values, name) == Some(wanted)
}

/// `Name` of a person is first and last name.
fn person_name(object: &Object, values: &mut Values) {
    let is_person = object.field("Name").is_some_and(|field| {
        field.extra_type.as_deref() == Some("personname") && !field.is(Flag::Createable)
    });
    if !is_person {
        return;
    }
    let parts = [text(values, "FirstName"), text(values, "LastName")];
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    put(values, "Name", name.as_str());
}

/// `CaseNumber` and the like count as the ids do, from 1001 or, in custom fields, from 1.
fn auto_number(object: &Object, id: &RecordId, values: &mut Values) {
    for field in object.fields.iter().filter(|f| f.is(Flag::AutoNumber)) {
        if text(values, &field.name).is_some() {
            continue;
        }
        let number = match &field.number_format {
            Some(format) => numbered(format, id.counter()),
            None => format!("{:08}", 1000 + id.counter()),
        };
        put(values, &field.name, number.as_str());
    }
}

/// `A-0007` of `A-{0000}` and 7. The parts of a date, such as `{YYYY}`, are left out.
fn numbered(format: &str, number: u64) -> String {
    let mut text = String::with_capacity(format.len());
    let mut rest = format;
    while let Some((before, (digits, after))) = rest
        .split_once('{')
        .and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        text.push_str(before);
        if digits.bytes().all(|digit| digit == b'0') {
            text.push_str(&format!("{number:0width$}", width = digits.len()));
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

fn opportunity(values: &mut Values) {
    let stage = text(values, "StageName").and_then(|name| {
        STAGES
            .iter()
            .find(|stage| stage.0.eq_ignore_ascii_case(name))
    });
    if let Some((name, probability, category, label)) = stage {
        values
            .entry("Probability".to_owned())
            .or_insert(Value::Real(*probability));
        put(values, "ForecastCategory", *category);
        put(values, "ForecastCategoryName", *label);
        put(values, "IsClosed", name.starts_with("Closed"));
        put(values, "IsWon", *name == "Closed Won");
    }
    if let (Some(Value::Real(amount)), Some(Value::Real(percent))) =
        (values.get("Amount"), values.get("Probability"))
    {
        let expected = amount * percent / 100.0;
        put(values, "ExpectedRevenue", expected);
    }
    fiscal_period(values);
}

/// The fiscal period of the closing date, in a fiscal year that is the calendar's.
fn fiscal_period(values: &mut Values) {
    let date = text(values, "CloseDate").and_then(|date| date.parse::<jiff::civil::Date>().ok());
    let Some(date) = date else {
        return;
    };
    let year = i64::from(date.year());
    let quarter = i64::from((date.month() - 1) / 3 + 1);
    put(values, "FiscalYear", year);
    put(values, "FiscalQuarter", quarter);
    put(values, "Fiscal", format!("{year} {quarter}").as_str());
}
