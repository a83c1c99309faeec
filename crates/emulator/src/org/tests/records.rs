//! What the org fills in by itself.

use std::sync::Arc;

use serde_json::json;

use super::{NOW, org, rows, run};
use crate::ids::RecordId;
use crate::org::{Org, Seed, UserDetails};
use crate::store::{Place, Store};

#[test]
fn the_same_moment_gives_the_same_org() {
    let dump = |org: &Org| {
        [
            "Account",
            "Contact",
            "Opportunity",
            "Lead",
            "Case",
            "Task",
            "User",
        ]
        .map(|object| {
            let soql = format!("SELECT Id, CreatedDate, OwnerId FROM {object}");
            let soql = soql.replace(", OwnerId FROM User", " FROM User");
            run(org, &soql).unwrap()
        })
    };
    assert_eq!(dump(&org(Seed::Sample)), dump(&org(Seed::Sample)));
}

#[test]
fn the_sample_has_gaps_and_people_from_everywhere() {
    let org = org(Seed::Sample);
    for (soql, count) in [
        ("Account", 50),
        ("Contact", 150),
        ("Opportunity", 60),
        ("Account WHERE Phone = null", 8),
        ("Account WHERE ParentId != null", 5),
        ("Contact WHERE AccountId = null", 12),
        ("Opportunity WHERE AccountId = null", 4),
        (
            "Opportunity WHERE IsClosed = TRUE AND CloseDate < TODAY",
            12,
        ),
        ("Account WHERE Name LIKE 'ł%'", 1),
        ("Account WHERE Owner.Name = 'Integration User'", 25),
        ("Account WHERE CreatedDate = LAST_N_DAYS:30", 7),
    ] {
        let answer = run(&org, &format!("SELECT COUNT() FROM {soql}")).unwrap();
        assert_eq!(answer["totalSize"], count, "{soql}");
    }
}

#[test]
fn an_empty_org_has_an_organization_and_users() {
    let org = org(Seed::Empty);
    let organization = rows(
        &org,
        "SELECT Id, Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, \
         OrganizationType FROM Organization",
    );
    let expected = json!([
        "00DAc0000000001MAA",
        "Accredit Local Org",
        "LOCAL",
        false,
        "2026-12-21T17:47:00.000+0000",
        null,
        "Developer Edition",
    ]);
    assert_eq!(organization, [expected]);
    assert_eq!(organization[0][0], org.id().as_str());
    let users = rows(
        &org,
        "SELECT Username, Name, Profile.Name, IsActive FROM User",
    );
    assert_eq!(users.len(), 2);
    assert_eq!(users[0][0], "integration@accredit.example");
    assert_eq!(users[0][1], "Integration User");
    assert_eq!(users[1][2]["Name"], "System Administrator");
    assert_eq!(
        run(&org, "SELECT COUNT() FROM Account").unwrap()["totalSize"],
        0
    );
}

#[test]
fn users_are_added_and_found_by_name() {
    let org = org(Seed::Empty);
    let user = UserDetails {
        profile: "Robots".to_owned(),
        ..UserDetails::new("bot@example.com")
    };
    let id = org.insert_user(&user, NOW).unwrap();
    assert_eq!(id, RecordId::numbered("005", 3));
    let users = org.users().unwrap();
    assert!(
        users
            .iter()
            .any(|user| user.id == id && user.username == "bot@example.com")
    );
    let found = rows(
        &org,
        "SELECT Name, Alias, Profile.Name FROM User WHERE LastName = 'bot'",
    );
    assert_eq!(found[0][0], "bot");
    assert_eq!(found[0][2]["Name"], "Robots");
}

#[test]
fn stages_decide_what_follows_from_them() {
    let org = org(Seed::Sample);
    let found = rows(
        &org,
        "SELECT IsClosed, IsWon, Probability, ForecastCategory, Amount, ExpectedRevenue \
         FROM Opportunity WHERE StageName = 'Proposal/Price Quote' AND Amount != null LIMIT 1",
    );
    let row = &found[0];
    assert_eq!((&row[0], &row[1]), (&json!(false), &json!(false)));
    assert_eq!((&row[2], &row[3]), (&json!(75.0), &json!("Pipeline")));
    let expected = row[4].as_f64().unwrap() * 0.75;
    assert_eq!(row[5].as_f64().unwrap(), expected);
}

#[test]
fn an_org_in_a_file_is_not_made_twice() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("org.db"));
    for _ in 0..2 {
        let store = Arc::new(Store::open(&place).unwrap());
        let org = Org::new(store, crate::org::first_id(), (Seed::Sample, NOW)).unwrap();
        let answer = run(&org, "SELECT COUNT() FROM Account").unwrap();
        assert_eq!(answer["totalSize"], 50);
    }
}
