//! Records written one by one.

use serde_json::{Value, json};

use super::{Client, Reply};
use crate::org::Seed;
use crate::testing;

/// Makes a record that must be good, and gives its id.
pub(super) async fn make(client: &Client, object: &str, fields: &Value) -> String {
    let path = format!("/sobjects/{object}");
    let reply = client.call("POST", &path, fields).await;
    assert_eq!(reply.status.as_u16(), 201, "{}", reply.text());
    reply.json()["id"].as_str().unwrap().to_owned()
}

/// Code and message of an answer's only error.
pub(super) fn error(reply: &Reply) -> (u16, String, String) {
    let body = reply.json();
    let [error] = body.as_array().unwrap().as_slice() else {
        panic!("{body}");
    };
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    (reply.status.as_u16(), text("errorCode"), text("message"))
}

#[tokio::test]
async fn a_record_is_made_read_changed_and_deleted() {
    let client = Client::new(Seed::Empty);
    let body = json!({"name": "Acme", "AnnualRevenue": 12.5, "attributes": {"type": "Account"}});
    let reply = client.call("POST", "/sobjects/account", &body).await;
    let id = "001Ac0000000001IAA";
    assert_eq!(reply.status.as_u16(), 201);
    assert_eq!(
        reply.text(),
        format!(r#"{{"id":"{id}","success":true,"errors":[]}}"#)
    );
    let url = format!("/services/data/v60.0/sobjects/Account/{id}");
    assert_eq!(reply.header("location"), url);
    let fields = "fields=Name,AnnualRevenue,OwnerId,CreatedById,CreatedDate,IsDeleted";
    let record = client.get(&format!("{url}?{fields}")).await.json();
    assert_eq!(record["Name"], "Acme");
    assert_eq!(record["AnnualRevenue"], 12.5);
    assert_eq!(record["OwnerId"], "005Ac0000000001IAA");
    assert_eq!(record["CreatedById"], "005Ac0000000001IAA");
    assert_eq!(record["CreatedDate"], "2026-11-21T17:47:00.000+0000");
    client.clock.advance(std::time::Duration::from_secs(60));
    let path = format!("/sobjects/Account/{id}");
    let change = json!({"Name": "Acme Ltd", "AnnualRevenue": null});
    let reply = client.call("PATCH", &path, &change).await;
    assert_eq!((reply.status.as_u16(), reply.text()), (204, ""));
    assert_eq!(reply.header("content-type"), "");
    let record = client.get(&url).await.json();
    assert_eq!(record["Name"], "Acme Ltd");
    assert_eq!(record["AnnualRevenue"], Value::Null);
    assert_eq!(record["CreatedDate"], "2026-11-21T17:47:00.000+0000");
    assert_eq!(record["LastModifiedDate"], "2026-11-21T17:48:00.000+0000");
    let old = format!("{path}?_HttpMethod=PATCH");
    let reply = client.call("POST", &old, json!({"Site": "Oslo"})).await;
    assert_eq!(reply.status.as_u16(), 204);
    assert_eq!(client.get(&url).await.json()["Site"], "Oslo");
    let reply = client.call("DELETE", &path, "").await;
    assert_eq!((reply.status.as_u16(), reply.text()), (204, ""));
    for (method, body) in [("GET", ""), ("PATCH", "{}"), ("DELETE", "")] {
        let (status, code, message) = error(&client.call(method, &path, body).await);
        assert_eq!(
            (status, code.as_str()),
            (404, "ENTITY_IS_DELETED"),
            "{method}"
        );
        assert_eq!(message, "entity is deleted");
    }
}

#[tokio::test]
async fn wrong_records_are_refused_word_for_word() {
    let client = Client::new(Seed::Sample);
    let long = "x".repeat(41);
    let too_long = format!("Billing City: data value too large: {long} (max length=40)");
    let account = |more: Value| {
        let mut fields = json!({"Name": "Acme"});
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        fields.to_string()
    };
    let readonly = |names: &str| {
        format!(
            "Unable to create/update fields: {names}. Please check the security settings of this \
             field and verify that it is read/write for your profile or permission set."
        )
    };
    for (object, body, code, message) in [
        ("Account", "{}".to_owned(), "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]".to_owned()),
        ("Account", account(json!({"Name": "  "})), "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]".to_owned()),
        ("Opportunity", r#"{"Name":"x"}"#.to_owned(), "REQUIRED_FIELD_MISSING", "Required fields are missing: [StageName, CloseDate]".to_owned()),
        ("Account", account(json!({"BillingCity": long})), "STRING_TOO_LONG", too_long),
        ("Account", account(json!({"foo": 1})), "INVALID_FIELD", "No such column 'foo' on sobject of type Account".to_owned()),
        ("Account", account(json!({"createddate": "x", "Id": "y"})), "INVALID_FIELD_FOR_INSERT_UPDATE", readonly("CreatedDate, Id")),
        ("Account", account(json!({"CleanStatus": "Odd"})), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Clean Status: bad value for restricted picklist field: Odd".to_owned()),
        ("Contact", r#"{"LastName":"x","Email":"123"}"#.to_owned(), "INVALID_EMAIL_ADDRESS", "Email: invalid email address: 123".to_owned()),
        ("Contact", r#"{"LastName":"x","AccountId":"123"}"#.to_owned(), "MALFORMED_ID", "Account ID: id value of incorrect type: 123".to_owned()),
        ("Contact", r#"{"LastName":"x","AccountId":"003Ac0000000001IAA"}"#.to_owned(), "FIELD_INTEGRITY_EXCEPTION", "Account ID: id value of incorrect type: 003Ac0000000001IAA".to_owned()),
        ("Contact", r#"{"LastName":"x","AccountId":"001Ac00000000ZZIAU"}"#.to_owned(), "MALFORMED_ID", "Account ID: id value of incorrect type: 001Ac00000000ZZIAU".to_owned()),
        ("Contact", r#"{"LastName":"x","AccountId":"001Ac00000000ZZ"}"#.to_owned(), "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id".to_owned()),
        ("Account", account(json!({"NumberOfEmployees": 12_345_678_901_i64})), "NUMBER_OUTSIDE_VALID_RANGE", "Employees: value outside of valid range on numeric field: 12345678901".to_owned()),
        ("Account", r#"{"Name":"x","AnnualRevenue":"N010"}"#.to_owned(), "JSON_PARSER_ERROR", "Cannot deserialize instance of currency from VALUE_STRING value N010 or request may be missing a required field at [line:1, column:35]".to_owned()),
        ("Account", "{\n  \"Name\": 5\n}".to_owned(), "JSON_PARSER_ERROR", "Cannot deserialize instance of string from VALUE_NUMBER_INT value 5 or request may be missing a required field at [line:2, column:12]".to_owned()),
        ("Event", r#"{"StartDateTime":"2017-10-17 00:00:00"}"#.to_owned(), "JSON_PARSER_ERROR", "Cannot deserialize instance of datetime from VALUE_STRING value 2017-10-17 00:00:00 or request may be missing a required field at [line:1, column:39]".to_owned()),
        ("Account", String::new(), "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.".to_owned()),
        ("User", r#"{"Username":"integration@ACCREDIT.example","LastName":"x","Email":"a@b.cc","Alias":"x","TimeZoneSidKey":"GMT","LocaleSidKey":"en_US","EmailEncodingKey":"UTF-8","LanguageLocaleKey":"en_US","ProfileId":"00eAc0000000001"}"#.to_owned(), "DUPLICATE_USERNAME", "Duplicate Username.<br>The username already exists in this or another Salesforce organization. Usernames must be unique across all Salesforce organizations. To resolve, use a different username (it doesn't need to match the user's email address).".to_owned()),
    ] {
        let reply = client.call("POST", &format!("/sobjects/{object}"), &body).await;
        assert_eq!(error(&reply), (400, code.to_owned(), message), "{body}");
    }
    let reply = client
        .call("POST", "/sobjects/Account", r#"{"Name":}"#)
        .await;
    assert_eq!(error(&reply).1, "JSON_PARSER_ERROR");
    assert!(
        error(&reply).2.ends_with(" at [line:1, column:9]"),
        "{}",
        reply.text()
    );
    let reply = client.call("POST", "/sobjects/Account", "{}").await;
    let body = r#"[{"message":"Required fields are missing: [Name]","errorCode":"REQUIRED_FIELD_MISSING","fields":["Name"]}]"#;
    assert_eq!(reply.text(), body);
    let path = "/sobjects/User/005Ac0000000001IAA";
    let (status, code, _) = error(&client.call("DELETE", path, "").await);
    assert_eq!((status, code.as_str()), (405, "INVALID_TYPE_FOR_OPERATION"));
    let (status, code, message) = error(&client.call("DELETE", "/sobjects/Account/rid", "").await);
    let text = "Provided external ID field does not exist or is not accessible: rid";
    assert_eq!(
        (status, code.as_str(), message.as_str()),
        (404, "NOT_FOUND", text)
    );
    let unknown = "/sobjects/Account/001Ac00000000ZZ";
    let (status, code, _) = error(&client.call("PATCH", unknown, "{}").await);
    assert_eq!((status, code.as_str()), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn values_are_kept_in_their_forms() {
    let client = Client::new(Seed::Empty);
    for (field, given, kept) in [
        (
            "StartDateTime",
            json!("2026-01-31T23:30:00-01:00"),
            json!("2026-02-01T00:30:00.000+0000"),
        ),
        (
            "StartDateTime",
            json!("2026-01-31T23:30:00.1239Z"),
            json!("2026-01-31T23:30:00.123+0000"),
        ),
        (
            "StartDateTime",
            json!("2026-01-31T23:30:00+0530"),
            json!("2026-01-31T18:00:00.000+0000"),
        ),
        (
            "StartDateTime",
            json!("2026-01-31"),
            json!("2026-01-31T00:00:00.000+0000"),
        ),
        ("ActivityDate", json!("2026-02-28"), json!("2026-02-28")),
        ("DurationInMinutes", json!("30"), json!(30)),
        ("IsPrivate", json!("TRUE"), json!(true)),
        ("Subject", json!("  Löwe  "), json!("Löwe")),
        ("Subject", json!(""), Value::Null),
        ("Description", json!("a\nb"), json!("a\nb")),
    ] {
        let id = make(&client, "Event", &json!({field: given})).await;
        let uri = format!("/services/data/v60.0/sobjects/Event/{id}?fields={field}");
        assert_eq!(
            client.get(&uri).await.json()[field],
            kept,
            "{field} {given}"
        );
    }
    for (field, given) in [
        ("StartDateTime", "2026-01-31T25:30:00Z"),
        ("StartDateTime", "2026-01-31T23:30:00+99:00"),
        ("ActivityDate", "2026-02-30"),
        ("ActivityDate", "20260228"),
        ("DurationInMinutes", "30.5"),
        ("IsPrivate", "yes"),
    ] {
        let reply = client
            .call("POST", "/sobjects/Event", json!({field: given}))
            .await;
        assert_eq!(error(&reply).1, "JSON_PARSER_ERROR", "{field} {given}");
    }
}

#[tokio::test]
async fn names_and_numbers_follow_from_other_fields() {
    let client = Client::new(Seed::Empty);
    let id = make(
        &client,
        "Contact",
        &json!({"FirstName": "Ada", "LastName": "Byron"}),
    )
    .await;
    let uri = format!("/services/data/v60.0/sobjects/Contact/{id}");
    assert_eq!(client.get(&uri).await.json()["Name"], "Ada Byron");
    let path = format!("/sobjects/Contact/{id}");
    client
        .call("PATCH", &path, json!({"LastName": "Lovelace"}))
        .await;
    assert_eq!(client.get(&uri).await.json()["Name"], "Ada Lovelace");
    let deal = json!({"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-24", "Amount": 1000});
    let id = make(&client, "Opportunity", &deal).await;
    let path = format!("/sobjects/Opportunity/{id}");
    let won = json!({"StageName": "Closed Won"});
    assert_eq!(client.call("PATCH", &path, &won).await.status.as_u16(), 204);
    let record = client.call("GET", &path, "").await.json();
    let parts = [
        "Probability",
        "IsClosed",
        "IsWon",
        "ExpectedRevenue",
        "FiscalQuarter",
    ];
    let values: Vec<_> = parts.iter().map(|name| record[name].clone()).collect();
    assert_eq!(json!(values), json!([100.0, true, true, 1000.0, 4]));
}

#[tokio::test]
async fn deleting_takes_some_children_along_and_others_keep_their_parent() {
    let client = Client::new(Seed::Empty);
    let account = make(&client, "Account", &json!({"Name": "Parent"})).await;
    let child = make(
        &client,
        "Account",
        &json!({"Name": "Child", "ParentId": account}),
    )
    .await;
    let contact = make(
        &client,
        "Contact",
        &json!({"LastName": "x", "AccountId": account}),
    )
    .await;
    let task = make(&client, "Task", &json!({"Subject": "x", "WhoId": contact})).await;
    let case = make(
        &client,
        "Case",
        &json!({"Subject": "x", "AccountId": account}),
    )
    .await;
    let path = format!("/sobjects/Account/{account}");
    let (status, code, message) = error(&client.call("DELETE", &path, "").await);
    assert_eq!((status, code.as_str()), (400, "DELETE_FAILED"));
    let text = "Your attempt to delete Parent could not be completed because it is associated with the following cases.: 00001001\n";
    assert_eq!(message, text);
    for object in [format!("Contact/{contact}"), format!("Task/{task}")] {
        let reply = client.call("GET", &format!("/sobjects/{object}"), "").await;
        assert_eq!(reply.status.as_u16(), 200, "nothing is deleted yet");
    }
    client
        .call("DELETE", &format!("/sobjects/Case/{case}"), "")
        .await;
    assert_eq!(client.call("DELETE", &path, "").await.status.as_u16(), 204);
    for object in [format!("Contact/{contact}"), format!("Task/{task}")] {
        let reply = client.call("GET", &format!("/sobjects/{object}"), "").await;
        assert_eq!(error(&reply).1, "ENTITY_IS_DELETED");
    }
    let child = client
        .call("GET", &format!("/sobjects/Account/{child}"), "")
        .await;
    assert_eq!(child.json()["ParentId"], Value::Null);
    let uri = "/services/data/v60.0/queryAll?q=SELECT+COUNT()+FROM+Contact+WHERE+IsDeleted=true";
    assert_eq!(client.get(uri).await.json()["totalSize"], 1);
    let body = json!({"LastName": "y", "AccountId": account});
    let reply = client.call("POST", "/sobjects/Contact", body).await;
    assert_eq!(error(&reply).1, "ENTITY_IS_DELETED");
    assert_eq!(reply.status.as_u16(), 400);
}

#[tokio::test]
async fn upserts_find_their_record_by_a_field_or_make_it() {
    let client = Client::new(Seed::Empty);
    let path = "/sobjects/Contact/Email/ada%40example.com";
    let reply = client
        .call("PATCH", path, json!({"LastName": "Byron"}))
        .await;
    let body = r#"{"id":"003Ac0000000001IAA","success":true,"errors":[],"created":true}"#;
    assert_eq!((reply.status.as_u16(), reply.text()), (201, body));
    let reply = client
        .call("PATCH", path, json!({"LastName": "Lovelace"}))
        .await;
    let body = r#"{"id":"003Ac0000000001IAA","success":true,"errors":[],"created":false}"#;
    assert_eq!((reply.status.as_u16(), reply.text()), (200, body));
    let record = client.call("GET", path, "").await.json();
    assert_eq!(
        (&record["Name"], &record["Email"]),
        (&json!("Lovelace"), &json!("ada@example.com"))
    );
    let body = json!({"LastName": "x", "Email": "ada@example.com"});
    let (status, code, _) = error(&client.call("PATCH", path, &body).await);
    assert_eq!(
        (status, code.as_str()),
        (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    );
    make(&client, "Contact", &body).await;
    let reply = client.call("PATCH", path, json!({"LastName": "x"})).await;
    assert_eq!(reply.status.as_u16(), 300);
    assert_eq!(
        reply.json()[1],
        "/services/data/v60.0/sobjects/Contact/003Ac0000000002IAA"
    );
    let by_id = "/sobjects/Contact/Id/003Ac0000000001";
    assert_eq!(
        client
            .call("PATCH", by_id, json!({"Title": "Countess"}))
            .await
            .status
            .as_u16(),
        200
    );
    let reply = client
        .call("PATCH", "/sobjects/Contact/Namez/x", "{}")
        .await;
    let text = "Provided external ID field does not exist or is not accessible: Namez";
    assert_eq!(
        error(&reply),
        (404, "NOT_FOUND".to_owned(), text.to_owned())
    );
    let reply = client
        .call("POST", "/sobjects/Contact/Id", json!({"LastName": "new"}))
        .await;
    assert_eq!(reply.status.as_u16(), 201);
}

#[tokio::test]
async fn parents_may_be_named_by_their_key() {
    let client = Client::new(Seed::Empty);
    let boss = json!({"LastName": "Boss", "Email": "boss@example.com"});
    let boss = make(&client, "Contact", &boss).await;
    let body = json!({"LastName": "x", "ReportsTo": {"Email": "boss@example.com"}});
    let id = make(&client, "Contact", &body).await;
    let record = client
        .call("GET", &format!("/sobjects/Contact/{id}"), "")
        .await
        .json();
    assert_eq!(record["ReportsToId"], json!(boss));
    let body = json!({"LastName": "x", "ReportsTo": {"Email": "no@example.com"}});
    let reply = client.call("POST", "/sobjects/Contact", body).await;
    let text =
        "Foreign key external ID: no@example.com not found for field Email in entity Contact";
    assert_eq!(
        error(&reply),
        (400, "INVALID_FIELD".to_owned(), text.to_owned())
    );
}

#[tokio::test]
async fn deleted_and_updated_records_are_listed() {
    let client = Client::new(Seed::Empty);
    client.clock.advance(std::time::Duration::from_secs(60));
    let kept = make(&client, "Account", &json!({"Name": "Kept"})).await;
    let gone = make(&client, "Account", &json!({"Name": "Gone"})).await;
    client
        .call("DELETE", &format!("/sobjects/Account/{gone}"), "")
        .await;
    client.clock.advance(std::time::Duration::from_secs(60));
    let span = "start=2026-11-21T17:48:00%2B00:00&end=2026-11-21T17:48:30Z";
    let base = "/services/data/v60.0/sobjects/Account";
    let reply = client.get(&format!("{base}/deleted?{span}")).await;
    let expected = format!(
        r#"{{"deletedRecords":[{{"deletedDate":"2026-11-21T17:48:00.000+0000","id":"{gone}"}}],"earliestDateAvailable":"2026-11-21T17:47:00.000+0000","latestDateCovered":"2026-11-21T17:48:30.000+0000"}}"#
    );
    assert_eq!(reply.text(), expected);
    let reply = client.get(&format!("{base}/updated?{span}")).await;
    let expected =
        format!(r#"{{"ids":["{kept}"],"latestDateCovered":"2026-11-21T17:48:30.000+0000"}}"#);
    assert_eq!(reply.text(), expected);
    let reply = client
        .get(&format!("{base}/updated?start=2026-11-22&end=2026-11-21"))
        .await;
    assert_eq!(error(&reply).1, "INVALID_REPLICATION_DATE");
    assert_eq!(
        client.get(&format!("{base}/updated")).await.status.as_u16(),
        400
    );
}

#[tokio::test]
async fn a_user_that_is_made_may_sign_in_until_deactivated() {
    let client = Client::new(Seed::Empty);
    let user = json!({
        "Username": "new@accredit.example", "LastName": "New", "Email": "new@accredit.example",
        "Alias": "new", "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US",
        "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US", "ProfileId": "00eAc0000000001",
    });
    let id = make(&client, "User", &user).await;
    let token = testing::sign_in(&client.app, "new@accredit.example");
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let uri = "/services/data/v60.0/limits";
    let reply = client.send(http::Method::GET, uri, &headers).await;
    assert_eq!(reply.status.as_u16(), 200);
    let path = format!("/sobjects/User/{id}");
    let reply = client
        .call("PATCH", &path, json!({"IsActive": false}))
        .await;
    assert_eq!(reply.status.as_u16(), 204);
    let reply = client.send(http::Method::GET, uri, &headers).await;
    assert_eq!(reply.status.as_u16(), 401);
    let change = json!({"IsActive": true, "Username": "other@accredit.example"});
    client.call("PATCH", &path, change).await;
    testing::sign_in(&client.app, "other@accredit.example");
}
