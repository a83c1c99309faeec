//! What an org holds at the beginning.
//!
//! Owns invented companies and people. The same moment gives the same records with the same ids:
//! every choice follows from a number, and dates are counted from that moment.

use std::time::Duration;

use accredit::clock::UnixTime;

use super::Seed;
use super::error::OrgError;
use super::record::Writer;
use super::users::{self, NewUser};
use super::value::{Value, datetime_text, timestamp};
use crate::ids::RecordId;

/// Where the org is.
pub(super) const TIME_ZONE: &str = "America/Los_Angeles";

/// The profile that users have unless another one is named.
pub(super) const STANDARD_USER: &str = "Standard User";

const DAY: u64 = 24 * 60 * 60;

/// Companies: name, industry, country, city, employees.
const COMPANIES: [(&str, &str, &str, &str, i64); 50] = [
    (
        "Northwind Instruments",
        "Electronics",
        "USA",
        "Portland",
        240,
    ),
    (
        "Blåbär Bakverk",
        "Food & Beverage",
        "Sweden",
        "Göteborg",
        35,
    ),
    ("Quillon Freight", "Transportation", "USA", "Memphis", 1_200),
    ("Marrow & Pike", "Consulting", "United Kingdom", "Leeds", 18),
    ("Sable Ridge Energy", "Energy", "USA", "Tulsa", 860),
    ("Łódź Textile Works", "Apparel", "Poland", "Łódź", 410),
    ("Hollow Oak Press", "Media", "USA", "Asheville", 27),
    (
        "Ferrum Tool and Die",
        "Manufacturing",
        "Germany",
        "Essen",
        530,
    ),
    ("Tidewater Analytics", "Technology", "USA", "Norfolk", 64),
    ("Ostrava Hydraulics", "Machinery", "Czechia", "Ostrava", 305),
    ("Pinecrest Clinics", "Healthcare", "USA", "Boise", 920),
    ("Café Almirante", "Hospitality", "Portugal", "Porto", 22),
    ("Granite State Mutual", "Insurance", "USA", "Concord", 1_750),
    ("Velvet Antler", "Retail", "Canada", "Halifax", 75),
    (
        "Copperline Telecom",
        "Telecommunications",
        "USA",
        "Tucson",
        2_300,
    ),
    ("Île Verte Shipping", "Shipping", "France", "Brest", 190),
    ("Bramblewood Schools", "Education", "USA", "Dayton", 640),
    ("Kestrel Avionics", "Engineering", "USA", "Wichita", 385),
    ("Solmar Foods", "Food & Beverage", "Spain", "Málaga", 270),
    ("Lanternfish Games", "Entertainment", "USA", "Austin", 48),
    (
        "Øresund Chemicals",
        "Chemicals",
        "Denmark",
        "Helsingør",
        720,
    ),
    (
        "Prairie Wind Cooperative",
        "Agriculture",
        "USA",
        "Salina",
        150,
    ),
    ("Harrow Bank", "Banking", "United Kingdom", "London", 3_400),
    ("Juniper and Stone", "Construction", "USA", "Reno", 95),
    ("Mirador Biotech", "Biotechnology", "USA", "San Diego", 210),
    (
        "Zweistrom Logistik",
        "Transportation",
        "Germany",
        "Bremen",
        880,
    ),
    ("Paper Kite Studio", "Media", "USA", "Providence", 9),
    (
        "Stonehaven Council",
        "Government",
        "United Kingdom",
        "Stonehaven",
        560,
    ),
    (
        "Emberglow Stoves",
        "Manufacturing",
        "USA",
        "Burlington",
        130,
    ),
    ("Açaí do Norte", "Food & Beverage", "Brazil", "Belém", 88),
    (
        "Threadneedle Robotics",
        "Machinery",
        "USA",
        "Pittsburgh",
        175,
    ),
    ("Bluff Creek Water", "Utilities", "USA", "Sioux City", 340),
    ("Hikari Optics", "Electronics", "Japan", "Kyoto", 460),
    ("Cloverleaf Credit Union", "Finance", "USA", "Madison", 290),
    (
        "Mount Ida Resorts",
        "Hospitality",
        "USA",
        "Hot Springs",
        410,
    ),
    ("Gràcia Disseny", "Consulting", "Spain", "Barcelona", 14),
    ("Red Lantern Imports", "Retail", "USA", "Oakland", 52),
    ("Fjordkraft Marine", "Energy", "Norway", "Bergen", 610),
    ("Second Harvest Trust", "Not For Profit", "USA", "Omaha", 33),
    ("Tamarack Outfitters", "Recreation", "USA", "Duluth", 68),
    (
        "Rust Belt Recycling",
        "Environmental",
        "USA",
        "Cleveland",
        225,
    ),
    ("Zephyr & Daughters", "Apparel", "Ireland", "Galway", 41),
    (
        "Ironbark Mining Services",
        "Engineering",
        "Australia",
        "Kalgoorlie",
        780,
    ),
    (
        "Dovetail Furniture",
        "Manufacturing",
        "USA",
        "High Point",
        315,
    ),
    ("Šumava Timber", "Manufacturing", "Czechia", "Plzeň", 165),
    ("Saffron Street Market", "Retail", "USA", "Fremont", 57),
    ("Longview Pediatrics", "Healthcare", "USA", "Longview", 120),
    (
        "Mosaic Language Institute",
        "Education",
        "Canada",
        "Montréal",
        83,
    ),
    ("Pale Moon Brewing", "Food & Beverage", "USA", "Bend", 44),
    ("O'Hara's Ferries", "Shipping", "Ireland", "Cork", 138),
];

const FIRST_NAMES: [&str; 30] = [
    "Ada",
    "Bruno",
    "Céline",
    "Dmitri",
    "Edda",
    "Farid",
    "Greta",
    "Hugo",
    "Inês",
    "Jonah",
    "Katarzyna",
    "Leif",
    "Maren",
    "Nadia",
    "Otis",
    "Petra",
    "Quentin",
    "Rosa",
    "Søren",
    "Tamsin",
    "Ulrike",
    "Viktor",
    "Wren",
    "Xiomara",
    "Yusuf",
    "Zoë",
    "Amina",
    "Björn",
    "Cleo",
    "Dario",
];

const LAST_NAMES: [&str; 37] = [
    "Abernathy",
    "Bielska",
    "Castellan",
    "Drummond",
    "Eklund",
    "Farrow",
    "Grünwald",
    "Hale",
    "Ibarra",
    "Jansson",
    "Kowalczyk",
    "Lindqvist",
    "Marsh",
    "Núñez",
    "O'Dell",
    "Pereira",
    "Quist",
    "Radcliffe",
    "Sørensen",
    "Thorne",
    "Underhill",
    "Vasquez",
    "Whitlock",
    "Xu",
    "Yilmaz",
    "Żak",
    "Ashby",
    "Brandt",
    "Calloway",
    "Dufresne",
    "Escobar",
    "Finch",
    "Gallagher",
    "Hoang",
    "Ivanova",
    "Jimenez",
    "Keller",
];

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

/// The element that `number` chooses.
fn pick<'v>(values: &[&'v str], number: usize) -> &'v str {
    let index = number % values.len().max(1);
    values.get(index).copied().unwrap_or_default()
}

/// Every `nth` value is missing.
fn except(nth: usize, number: usize, value: impl Into<Value>) -> Value {
    if number % nth == nth - 1 {
        return Value::Null;
    }
    value.into()
}

/// A number that fits a column.
fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or_default()
}

/// `days` before `now`.
fn days_ago(now: UnixTime, days: usize) -> UnixTime {
    let seconds = DAY * u64::try_from(days).unwrap_or_default();
    now.saturating_sub(Duration::from_secs(seconds))
}

/// Fills an empty org.
pub(super) fn plant(writer: &Writer<'_>, seed: Seed) -> Result<(), OrgError> {
    organization(writer)?;
    for profile in [
        "System Administrator",
        STANDARD_USER,
        "Minimum Access - API Only Integrations",
    ] {
        writer.insert("Profile", profile_values(profile))?;
    }
    let owners = users(writer)?;
    permission_set(writer)?;
    if seed == Seed::Empty {
        return Ok(());
    }
    let accounts = accounts(writer, &owners)?;
    let contacts = contacts(writer, (&owners, &accounts))?;
    let opportunities = opportunities(writer, (&owners, &accounts))?;
    roles(writer, (&opportunities, &contacts))?;
    leads(writer, &owners)?;
    cases(writer, (&accounts, &contacts))?;
    tasks(writer, (&accounts, &contacts))
}

fn organization(writer: &Writer<'_>) -> Result<(), OrgError> {
    let trial_end = writer.now.saturating_add(Duration::from_secs(30 * DAY));
    let trial_end = datetime_text(timestamp(trial_end));
    writer.insert(
        "Organization",
        [
            ("Name", Value::from("Accredit Local Org")),
            ("Country", "US".into()),
            ("PrimaryContact", "System Administrator".into()),
            ("DefaultLocaleSidKey", "en_US".into()),
            ("TimeZoneSidKey", TIME_ZONE.into()),
            ("LanguageLocaleKey", "en_US".into()),
            ("FiscalYearStartMonth", 1.into()),
            ("OrganizationType", "Developer Edition".into()),
            ("InstanceName", "LOCAL".into()),
            ("IsSandbox", false.into()),
            ("TrialExpirationDate", trial_end.as_str().into()),
            ("UiSkin", "Theme3".into()),
            ("SignupCountryIsoCode", "US".into()),
            ("WebToCaseDefaultOrigin", "Web".into()),
            ("MonthlyPageViewsUsed", 0.into()),
            ("MonthlyPageViewsEntitlement", 0.into()),
        ],
    )?;
    Ok(())
}

fn profile_values(name: &str) -> Vec<(&'static str, Value)> {
    let mut values = vec![
        ("Name", Value::from(name)),
        ("UserType", "Standard".into()),
        ("PermissionsApiEnabled", true.into()),
    ];
    let is_administrator = name == "System Administrator";
    for permission in [
        "PermissionsModifyAllData",
        "PermissionsViewAllData",
        "PermissionsManageUsers",
        "PermissionsCustomizeApplication",
        "PermissionsAuthorApex",
        "PermissionsViewSetup",
    ] {
        values.push((permission, is_administrator.into()));
    }
    values
}

/// The users, who own the records in turn.
fn users(writer: &Writer<'_>) -> Result<Vec<RecordId>, OrgError> {
    let user = |username: &str, (first, last), profile: &str| NewUser {
        first_name: Some(String::from(first)),
        last_name: String::from(last),
        profile: profile.to_owned(),
        ..NewUser::new(username)
    };
    let users = [
        user(
            "integration@accredit.example",
            ("Integration", "User"),
            "System Administrator",
        ),
        user(
            "admin@accredit.example",
            ("System", "Administrator"),
            "System Administrator",
        ),
    ];
    users
        .iter()
        .map(|user| users::insert(writer, user))
        .collect()
}

fn permission_set(writer: &Writer<'_>) -> Result<(), OrgError> {
    let values = [
        ("Name", Value::from("API_Integration")),
        ("Label", "API Integration".into()),
        ("IsCustom", true.into()),
        ("PermissionsApiEnabled", true.into()),
    ];
    writer.insert("PermissionSet", values)?;
    Ok(())
}

fn owner(owners: &[RecordId], number: usize) -> Value {
    let id = owners.get(number % owners.len().max(1));
    id.map_or(Value::Null, |id| id.as_str().into())
}

fn accounts(writer: &Writer<'_>, owners: &[RecordId]) -> Result<Vec<RecordId>, OrgError> {
    let mut ids: Vec<RecordId> = Vec::new();
    for (at, (name, industry, country, city, employees)) in COMPANIES.into_iter().enumerate() {
        let parent = (at % 9 == 8).then(|| ids.get(at / 3)).flatten();
        let site = name.to_ascii_lowercase().replace([' ', '&', '\''], "-");
        let site = format!("https://{site}.example");
        let kind = if at % 3 == 0 {
            "Prospect"
        } else {
            "Customer - Direct"
        };
        let revenue = Value::Real(f64::from(u32::try_from(employees).unwrap_or(0)) * 125_000.0);
        let writer = writer.at(days_ago(writer.now, 4 * (COMPANIES.len() - at)));
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
                ("NumberOfEmployees", employees.into()),
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
    for at in 0..150 {
        let (first, last) = (pick(&FIRST_NAMES, at), pick(&LAST_NAMES, at * 5));
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
    let mut ids = Vec::new();
    for at in 0..60 {
        let account = at * 7 % COMPANIES.len();
        let (company, ..) = COMPANIES.get(account).copied().unwrap_or_default();
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
    for at in 0..25 {
        let writer = writer.at(days_ago(writer.now, at));
        writer.insert(
            "Lead",
            [
                ("FirstName", Value::from(pick(&FIRST_NAMES, at + 11))),
                ("LastName", pick(&LAST_NAMES, at * 3 + 1).into()),
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
