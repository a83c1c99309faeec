//! Companies, people and what is to be sold to them.
//!
//! All of it is invented. Names are read from files beside the source; everything else follows from
//! the number of a record, with gaps in places.

use super::choice::{days_ago, except, pick, whole};
use crate::ids::RecordId;
use crate::org::error::OrgError;
use crate::org::record::Writer;
use crate::org::value::{Value, timestamp};

/// Companies: name, industry, country, city and employees.
const COMPANIES: &str = include_str!("../../../sample/companies.txt");

const FIRST_NAMES: &str = include_str!("../../../sample/first-names.txt");

const LAST_NAMES: &str = include_str!("../../../sample/last-names.txt");

const TITLES: [&str; 7] = [
    "Buyer",
    "Chief Executive",
    "Director of Operations",
    "Engineer",
    "Head of Finance",
    "Office Manager",
    "Vice President, Sales",
];

const STAGES: [&str; 10] = [
    "Prospecting",
    "Qualification",
    "Needs Analysis",
    "Value Proposition",
    "Id. Decision Makers",
    "Perception Analysis",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
];

const SOURCES: [&str; 5] = [
    "Web",
    "Phone Inquiry",
    "Partner Referral",
    "Purchased List",
    "Other",
];

/// Makes all of it.
pub(super) fn plant(writer: &Writer<'_>, owners: &[RecordId]) -> Result<(), OrgError> {
    let accounts = accounts(writer, owners)?;
    let contacts = contacts(writer, (owners, &accounts))?;
    let opportunities = opportunities(writer, (owners, &accounts))?;
    roles(writer, (&opportunities, &contacts))?;
    leads(writer, owners)?;
    cases(writer, (&accounts, &contacts))?;
    tasks(writer, (&accounts, &contacts))
}

/// A company.
#[derive(Clone, Debug, Default)]
struct Company<'t> {
    name: &'t str,
    industry: &'t str,
    country: &'t str,
    city: &'t str,
    employees: u32,
}

fn companies() -> Vec<Company<'static>> {
    COMPANIES
        .lines()
        .map(|line| {
            let mut cells = line.split(" | ");
            let mut cell = || cells.next().unwrap_or_default();
            Company {
                name: cell(),
                industry: cell(),
                country: cell(),
                city: cell(),
                employees: cell().parse().unwrap_or_default(),
            }
        })
        .collect()
}

fn owner(owners: &[RecordId], number: usize) -> Value {
    let id = owners.get(number % owners.len().max(1));
    id.map_or(Value::Null, |id| id.as_str().into())
}

fn accounts(writer: &Writer<'_>, owners: &[RecordId]) -> Result<Vec<RecordId>, OrgError> {
    let mut ids: Vec<RecordId> = Vec::new();
    let companies = companies();
    for (at, company) in companies.iter().enumerate() {
        let Company {
            name,
            industry,
            country,
            city,
            employees,
        } = *company;
        let parent = (at % 9 == 8).then(|| ids.get(at / 3)).flatten();
        let site = name.to_ascii_lowercase().replace([' ', '&', '\''], "-");
        let site = format!("https://{site}.example");
        let kind = if at % 3 == 0 {
            "Prospect"
        } else {
            "Customer - Direct"
        };
        let revenue = Value::Real(f64::from(employees) * 125_000.0);
        let writer = writer.at(days_ago(writer.now, 4 * (companies.len() - at)));
        ids.push(writer.insert(
            "Account",
            [
                ("Name", Value::from(name)),
                ("Industry", industry.into()),
                ("Type", except(5, at, kind)),
                ("Rating", except(4, at, pick(&["Hot", "Warm", "Cold"], at))),
                ("AccountSource", except(3, at, pick(&SOURCES, at))),
                ("BillingCity", city.into()),
                ("BillingCountry", country.into()),
                ("Phone", except(6, at, phone(at).as_str())),
                ("Website", except(7, at, site.as_str())),
                ("NumberOfEmployees", i64::from(employees).into()),
                ("AnnualRevenue", except(8, at, revenue)),
                (
                    "AccountNumber",
                    format!("AC-{:04}", 1000 + at).as_str().into(),
                ),
                ("Description", description(at)),
                (
                    "ParentId",
                    parent.map_or(Value::Null, |id| id.as_str().into()),
                ),
                ("OwnerId", owner(owners, at)),
            ],
        )?);
    }
    Ok(ids)
}

fn description(number: usize) -> Value {
    match number % 4 {
        0 => "Met at a trade fair.\nWants a call each quarter.".into(),
        1 => "Pays early; says \"never on a Monday\".".into(),
        _ => Value::Null,
    }
}

/// A number that is nobody's.
fn phone(number: usize) -> String {
    format!("+1 555 01{:02}", number % 100)
}

fn contacts(
    writer: &Writer<'_>,
    (owners, accounts): (&[RecordId], &[RecordId]),
) -> Result<Vec<RecordId>, OrgError> {
    let mut ids: Vec<RecordId> = Vec::new();
    let first_names: Vec<&str> = FIRST_NAMES.lines().collect();
    let last_names: Vec<&str> = LAST_NAMES.lines().collect();
    for at in 0..150 {
        let (first, last) = (pick(&first_names, at), pick(&last_names, at * 5));
        let account = (at % 12 != 11)
            .then(|| accounts.get(at % accounts.len()))
            .flatten();
        let chief = at.checked_sub(50).and_then(|at| ids.get(at));
        let birthdate = format!("{}-{:02}-{:02}", 1955 + at % 45, at % 12 + 1, at % 28 + 1);
        let email = format!("contact{at:03}@example.com");
        let writer = writer.at(days_ago(writer.now, 150 - at));
        ids.push(writer.insert(
            "Contact",
            [
                ("FirstName", except(20, at, first)),
                ("LastName", last.into()),
                (
                    "Salutation",
                    except(2, at, pick(&["Ms.", "Dr.", "Mr."], at)),
                ),
                (
                    "AccountId",
                    account.map_or(Value::Null, |id| id.as_str().into()),
                ),
                (
                    "ReportsToId",
                    chief.map_or(Value::Null, |id| id.as_str().into()),
                ),
                ("Email", except(10, at, email.as_str())),
                ("Phone", except(6, at, phone(at + 7).as_str())),
                ("Title", except(8, at, pick(&TITLES, at))),
                (
                    "Department",
                    except(3, at, pick(&["Sales", "Finance", "IT"], at)),
                ),
                ("LeadSource", except(4, at, pick(&SOURCES, at / 2))),
                ("Birthdate", except(3, at, birthdate.as_str())),
                ("DoNotCall", (at % 17 == 0).into()),
                ("OwnerId", owner(owners, at / 2)),
            ],
        )?);
    }
    Ok(ids)
}

fn opportunities(
    writer: &Writer<'_>,
    (owners, accounts): (&[RecordId], &[RecordId]),
) -> Result<Vec<RecordId>, OrgError> {
    let companies = companies();
    let mut ids = Vec::new();
    for at in 0..60 {
        let account = at * 7 % companies.len();
        let company = companies.get(account).map_or("", |company| company.name);
        let stage = pick(&STAGES, at);
        // Closed ones lie in the past, open ones ahead.
        let days = if stage.starts_with("Closed") {
            -whole(at * 3 + 1)
        } else {
            whole(at * 2)
        };
        let close = timestamp(writer.now)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date();
        let close = close.saturating_add(jiff::Span::new().days(days));
        let amount = Value::Real(f64::from(u32::try_from(at * at % 97 + 3).unwrap_or(0)) * 1_250.0);
        let writer = writer.at(days_ago(writer.now, 120 - at * 2));
        ids.push(writer.insert(
            "Opportunity",
            [
                (
                    "Name",
                    format!("{company} - Deal {}", at + 1).as_str().into(),
                ),
                (
                    "AccountId",
                    match accounts.get(account) {
                        Some(id) if at % 15 != 14 => id.as_str().into(),
                        _ => Value::Null,
                    },
                ),
                ("StageName", stage.into()),
                ("Amount", except(9, at, amount)),
                ("CloseDate", close.to_string().as_str().into()),
                (
                    "Type",
                    except(
                        3,
                        at,
                        pick(&["New Customer", "Existing Customer - Upgrade"], at),
                    ),
                ),
                ("LeadSource", except(5, at, pick(&SOURCES, at))),
                ("NextStep", except(2, at, "Send the offer")),
                ("OwnerId", owner(owners, at)),
            ],
        )?);
    }
    Ok(ids)
}

fn roles(
    writer: &Writer<'_>,
    (opportunities, contacts): (&[RecordId], &[RecordId]),
) -> Result<(), OrgError> {
    let roles = ["Decision Maker", "Evaluator", "Influencer"];
    for (at, opportunity) in opportunities.iter().enumerate().step_by(2) {
        let contact = contacts.get(at * 2);
        writer.insert(
            "OpportunityContactRole",
            [
                ("OpportunityId", Value::from(opportunity.as_str())),
                (
                    "ContactId",
                    contact.map_or(Value::Null, |id| id.as_str().into()),
                ),
                ("Role", pick(&roles, at / 2).into()),
                ("IsPrimary", (at % 4 == 0).into()),
            ],
        )?;
    }
    Ok(())
}

fn leads(writer: &Writer<'_>, owners: &[RecordId]) -> Result<(), OrgError> {
    let first_names: Vec<&str> = FIRST_NAMES.lines().collect();
    let last_names: Vec<&str> = LAST_NAMES.lines().collect();
    for at in 0..25 {
        let writer = writer.at(days_ago(writer.now, at));
        writer.insert(
            "Lead",
            [
                ("FirstName", Value::from(pick(&first_names, at + 11))),
                ("LastName", pick(&last_names, at * 3 + 1).into()),
                (
                    "Company",
                    format!("Prospect {} GmbH", at + 1).as_str().into(),
                ),
                (
                    "Status",
                    pick(&["Open - Not Contacted", "Working - Contacted"], at).into(),
                ),
                ("LeadSource", except(4, at, pick(&SOURCES, at))),
                (
                    "Email",
                    except(5, at, format!("lead{at:02}@example.org").as_str()),
                ),
                ("OwnerId", owner(owners, at)),
            ],
        )?;
    }
    Ok(())
}

fn cases(
    writer: &Writer<'_>,
    (accounts, contacts): (&[RecordId], &[RecordId]),
) -> Result<(), OrgError> {
    let subjects = [
        "Cannot sign in",
        "Invoice is wrong",
        "Delivery late",
        "Part broken",
    ];
    for at in 0..30 {
        let id = |ids: &[RecordId]| ids.get(at).map_or(Value::Null, |id| id.as_str().into());
        writer.insert(
            "Case",
            [
                ("Subject", Value::from(pick(&subjects, at))),
                (
                    "Status",
                    pick(&["New", "Working", "Escalated", "Closed"], at).into(),
                ),
                ("Priority", pick(&["High", "Medium", "Low"], at).into()),
                (
                    "Origin",
                    except(4, at, pick(&["Phone", "Email", "Web"], at)),
                ),
                ("AccountId", id(accounts)),
                ("ContactId", id(contacts)),
            ],
        )?;
    }
    Ok(())
}

fn tasks(
    writer: &Writer<'_>,
    (accounts, contacts): (&[RecordId], &[RecordId]),
) -> Result<(), OrgError> {
    for at in 0..20 {
        let id = |ids: &[RecordId]| ids.get(at).map_or(Value::Null, |id| id.as_str().into());
        writer.insert(
            "Task",
            [
                (
                    "Subject",
                    Value::from(pick(&["Call", "Send Letter", "Meeting"], at)),
                ),
                ("Status", pick(&["Not Started", "Completed"], at).into()),
                ("Priority", pick(&["High", "Normal", "Low"], at).into()),
                (
                    "WhatId",
                    if at % 3 == 2 {
                        Value::Null
                    } else {
                        id(accounts)
                    },
                ),
                ("WhoId", id(contacts)),
            ],
        )?;
    }
    Ok(())
}
