//! Bulk API 1.0, and SOAP, which there is not.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use super::writes::make;
use super::{Client, Reply};
use crate::org::Seed;

const NAMESPACE: &str = "xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\"";

impl Client {
    /// Asks as clients of this API do: with the session in a header of its own.
    async fn classic(&self, call: &str, content_type: &str, body: &str) -> Reply {
        let (method, path) = call.split_once(' ').unwrap();
        let request = Request::builder()
            .method(method)
            .uri(format!("/services/async/60.0{path}"))
            .header("host", "localhost:8080")
            .header("x-sfdc-session", &self.token)
            .header("content-type", content_type);
        self.ask(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    /// A job whose records are JSON, and its path.
    async fn json_job(&self, job: Value) -> String {
        let reply = self
            .classic("POST /job", "application/json", &job.to_string())
            .await;
        assert_eq!(reply.status.as_u16(), 201, "{}", reply.text());
        format!("/job/{}", reply.json()["id"].as_str().unwrap())
    }

    /// Adds a batch of JSON and gives its path and what it is after a look.
    async fn json_batch(&self, job: &str, body: &str) -> (String, Value) {
        let json = "application/json";
        let reply = self.classic(&format!("POST {job}/batch"), json, body).await;
        assert_eq!(reply.status.as_u16(), 201, "{}", reply.text());
        assert_eq!(reply.json()["state"], "Queued");
        let path = format!("{job}/batch/{}", reply.json()["id"].as_str().unwrap());
        let info = self.classic(&format!("GET {path}"), json, "").await.json();
        (path, info)
    }
}

/// The text of an element.
fn element<'t>(xml: &'t str, name: &str) -> &'t str {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap();
    rest.split_once(&format!("</{name}>")).unwrap().0
}

#[tokio::test]
async fn a_table_is_loaded_by_a_job_in_xml() {
    let client = Client::new(Seed::Empty);
    let xml = "application/xml; charset=UTF-8";
    let job = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><jobInfo {NAMESPACE}>\
         <operation>insert</operation><object>account</object><contentType>CSV</contentType></jobInfo>"
    );
    let reply = client.classic("POST /job", xml, &job).await;
    assert_eq!(reply.status.as_u16(), 201);
    assert_eq!(reply.header("content-type"), "application/xml");
    assert!(reply.text().contains(&format!("<jobInfo {NAMESPACE}>")));
    assert_eq!(element(reply.text(), "object"), "Account");
    assert_eq!(element(reply.text(), "state"), "Open");
    assert_eq!(
        element(reply.text(), "createdDate"),
        "2026-11-21T17:47:00.000Z"
    );
    let job = format!("/job/{}", element(reply.text(), "id"));
    let table = "Name,Site\n\"a, b\",x\n,y\n";
    let call = format!("POST {job}/batch");
    let reply = client
        .classic(&call, "text/csv; charset=UTF-8", table)
        .await;
    assert_eq!(reply.status.as_u16(), 201);
    assert_eq!(element(reply.text(), "state"), "Queued");
    let batch = format!("{job}/batch/{}", element(reply.text(), "id"));
    let reply = client.classic(&format!("GET {batch}"), xml, "").await;
    assert_eq!(element(reply.text(), "state"), "Completed");
    assert_eq!(element(reply.text(), "numberRecordsProcessed"), "2");
    assert_eq!(element(reply.text(), "numberRecordsFailed"), "1");
    let reply = client
        .classic(&format!("GET {batch}/result"), xml, "")
        .await;
    assert_eq!(reply.header("content-type"), "text/csv");
    assert_eq!(
        reply.text(),
        "\"Id\",\"Success\",\"Created\",\"Error\"\n\
         \"001Ac0000000001IAA\",\"true\",\"true\",\"\"\n\
         \"\",\"false\",\"false\",\
         \"REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --\"\n"
    );
    let closed = format!("<jobInfo {NAMESPACE}><state>Closed</state></jobInfo>");
    let reply = client.classic(&format!("POST {job}"), xml, &closed).await;
    assert_eq!(reply.status.as_u16(), 200);
    assert_eq!(element(reply.text(), "state"), "Closed");
    assert_eq!(element(reply.text(), "numberBatchesCompleted"), "1");
    let reply = client.classic(&call, "text/csv", table).await;
    assert_eq!(reply.status.as_u16(), 400);
    assert_eq!(element(reply.text(), "exceptionCode"), "InvalidJobState");
}

#[tokio::test]
async fn records_are_changed_by_a_job_in_json() {
    let client = Client::new(Seed::Empty);
    let id = make(
        &client,
        "Account",
        &json!({"Name": "a", "Site": "s", "NumberOfEmployees": 1}),
    )
    .await;
    let job = json!({"operation": "update", "object": "Account", "contentType": "JSON"});
    let job = client.json_job(job).await;
    let records = json!([
        {"Id": id, "Site": null, "NumberOfEmployees": 7},
        {"attributes": {"type": "Account"}, "Id": id, "Name": "b"},
        {"Id": "001000000000009AAA", "Name": "c"},
    ]);
    let (batch, info) = client.json_batch(&job, &records.to_string()).await;
    assert_eq!(info["state"], "Completed");
    let results = client
        .classic(&format!("GET {batch}/result"), "application/json", "")
        .await;
    assert_eq!(results.header("content-type"), "application/json");
    let good = json!({"success": true, "created": false, "id": id, "errors": []});
    let results = results.json();
    assert_eq!((&results[0], &results[1]), (&good, &good));
    assert_eq!(results[2]["success"], false);
    assert_eq!(results[2]["errors"][0]["extendedErrorDetails"], Value::Null);
    let record = client
        .get(&format!("/services/data/v60.0/sobjects/Account/{id}"))
        .await
        .json();
    assert_eq!(record["Name"], "b");
    assert_eq!(record["Site"], Value::Null);
    assert_eq!(record["NumberOfEmployees"], 7);
}

#[tokio::test]
async fn what_a_query_finds_is_told_with_moments_as_numbers() {
    let client = Client::new(Seed::Empty);
    make(&client, "Account", &json!({"Name": "a \"b\""})).await;
    make(&client, "Account", &json!({"Name": "c"})).await;
    let asked = json!({"operation": "query", "object": "Account", "contentType": "JSON"});
    let job = client.json_job(asked).await;
    let soql = "SELECT Name, CreatedDate FROM Account ORDER BY Name";
    let (batch, info) = client.json_batch(&job, soql).await;
    assert_eq!(info["numberRecordsProcessed"], 2);
    let json = "application/json";
    let ids = client
        .classic(&format!("GET {batch}/result"), json, "")
        .await;
    let id = ids.json()[0].as_str().unwrap().to_owned();
    assert!(id.starts_with("752"), "{id}");
    let found = client
        .classic(&format!("GET {batch}/result/{id}"), json, "")
        .await
        .json();
    assert_eq!(found.as_array().unwrap().len(), 2);
    assert_eq!(found[0]["Name"], "a \"b\"");
    assert_eq!(found[0]["CreatedDate"], 1_795_283_220_000_i64);
    assert_eq!(found[0]["attributes"]["type"], "Account");
    let (_, info) = client.json_batch(&job, "SELECT Nothing FROM Account").await;
    assert_eq!(info["state"], "Failed");
    assert!(
        info["stateMessage"]
            .as_str()
            .unwrap()
            .contains("No such column")
    );
}

#[tokio::test]
async fn a_query_in_xml_leads_to_a_table() {
    let client = Client::new(Seed::Empty);
    let id = make(&client, "Account", &json!({"Name": "only"})).await;
    let xml = "application/xml";
    let job = "<jobInfo><operation>query</operation><object>Account</object>\
               <contentType>CSV</contentType></jobInfo>";
    let reply = client.classic("POST /job", xml, job).await;
    let job = format!("/job/{}", element(reply.text(), "id"));
    for (soql, expected) in [
        (
            "SELECT Id, Name FROM Account",
            format!("\"Id\",\"Name\"\n\"{id}\",\"only\"\n"),
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'none'",
            "Records not found for this query".to_owned(),
        ),
    ] {
        let reply = client
            .classic(&format!("POST {job}/batch"), "text/csv", soql)
            .await;
        let batch = format!("{job}/batch/{}", element(reply.text(), "id"));
        client.classic(&format!("GET {batch}"), xml, "").await;
        let list = client
            .classic(&format!("GET {batch}/result"), xml, "")
            .await;
        assert!(list.text().contains(&format!("<result-list {NAMESPACE}>")));
        let result = element(list.text(), "result");
        let path = format!("GET {batch}/result/{result}");
        assert_eq!(client.classic(&path, xml, "").await.text(), expected);
    }
    let list = client.classic(&format!("GET {job}/batch"), xml, "").await;
    assert_eq!(list.text().matches("<batchInfo>").count(), 2);
}

#[tokio::test]
async fn jobs_of_both_apis_do_not_meet() {
    let client = Client::new(Seed::Empty);
    let asked = json!({"operation": "insert", "object": "Account", "contentType": "JSON"});
    let job = client.json_job(asked).await;
    client.json_batch(&job, "[{\"Name\":\"a\"}]").await;
    let listed = client.get("/services/data/v60.0/jobs/ingest").await.json();
    assert_eq!(listed["records"], json!([]));
    let id = job.trim_start_matches("/job/");
    let reply = client.call("GET", &format!("/jobs/ingest/{id}"), "").await;
    assert_eq!(reply.status.as_u16(), 404);
    let newer = json!({"operation": "insert", "object": "Account"});
    let newer = client.call("POST", "/jobs/ingest", newer).await.json();
    let call = format!("GET /job/{}", newer["id"].as_str().unwrap());
    let reply = client.classic(&call, "application/json", "").await;
    assert_eq!(reply.status.as_u16(), 400);
    assert_eq!(reply.json()["exceptionCode"], "InvalidJob");
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_its_exception_code() {
    let client = Client::new(Seed::Empty);
    for (call, content_type, body, status, code) in [
        ("POST /job", "application/json", "{", 400, "InvalidJob"),
        (
            "POST /job",
            "application/xml",
            "<jobInfo>",
            400,
            "InvalidJob",
        ),
        (
            "POST /job",
            "application/json",
            "{\"operation\":\"insert\",\"object\":\"Nothing\",\"contentType\":\"CSV\"}",
            400,
            "InvalidJob",
        ),
        (
            "POST /job",
            "application/json",
            "{\"operation\":\"insert\",\"object\":\"Account\",\"contentType\":\"ZIP_CSV\"}",
            501,
            "FeatureNotEnabled",
        ),
        (
            "GET /job/750000000000001AAA",
            "application/xml",
            "",
            400,
            "InvalidJob",
        ),
        ("GET /nothing", "application/xml", "", 400, "InvalidUrl"),
    ] {
        let reply = client.classic(call, content_type, body).await;
        assert_eq!(reply.status.as_u16(), status, "{call} {body}");
        assert!(
            reply.text().contains(code),
            "{call} {body}: {}",
            reply.text()
        );
    }
    let stranger = Client {
        token: "00DAc0000000001!stranger".to_owned(),
        ..client
    };
    let call = "GET /job/750000000000001AAA";
    let reply = stranger.classic(call, "application/xml", "").await;
    assert_eq!(reply.status.as_u16(), 400);
    assert_eq!(element(reply.text(), "exceptionCode"), "InvalidSessionId");
    assert_eq!(
        element(reply.text(), "exceptionMessage"),
        "Invalid session id"
    );
}

#[tokio::test]
async fn soap_is_refused_with_a_fault() {
    let client = Client::new(Seed::Empty);
    for (path, body, code) in [
        (
            "u/60.0",
            "<env:Body><n1:login></n1:login></env:Body>",
            "INVALID_OPERATION",
        ),
        (
            "m/60.0",
            "<env:Body><describeMetadata/></env:Body>",
            "API_NOT_SUPPORTED",
        ),
    ] {
        let request = Request::builder()
            .method("POST")
            .uri(format!("/services/Soap/{path}"))
            .header("content-type", "text/xml");
        let reply = client.ask(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(reply.status.as_u16(), 500);
        assert!(reply.header("content-type").starts_with("text/xml"));
        assert_eq!(element(reply.text(), "sf:exceptionCode"), code);
        assert_eq!(element(reply.text(), "faultcode"), format!("sf:{code}"));
    }
}

#[tokio::test]
async fn a_batch_of_more_than_can_be_is_refused() {
    let client = Client::new(Seed::Empty);
    for (kind, content_type) in [("JSON", "application/json"), ("CSV", "text/csv")] {
        let job = json!({"operation": "insert", "object": "Account", "contentType": kind});
        let job = client.json_job(job).await;
        let body = |count: usize| match kind {
            "JSON" => format!("[{}]", vec!["{\"Name\":\"a\"}"; count].join(",")),
            _ => format!("Name\n{}", "a\n".repeat(count)),
        };
        let call = format!("POST {job}/batch");
        let reply = client.classic(&call, content_type, &body(10_000)).await;
        assert_eq!(reply.status.as_u16(), 201, "{}", reply.text());
        let long = format!("Name\n\"{}\"\n", "a".repeat(10_000_000));
        for body in [body(10_001), long] {
            let reply = client.classic(&call, content_type, &body).await;
            assert_eq!(reply.status.as_u16(), 400, "{kind}");
            assert!(reply.text().contains("InvalidBatch"), "{}", reply.text());
            assert!(reply.text().contains("at most 10000"), "{}", reply.text());
        }
    }
}

#[tokio::test]
async fn a_key_that_is_no_field_is_refused() {
    let client = Client::new(Seed::Empty);
    let job = json!({"operation": "insert", "object": "Contact", "contentType": "JSON"});
    let job = client.json_job(job).await;
    for key in ["Nothing", "Account.Nothing", "Nothing.Name", ""] {
        let body = json!([{"LastName": "a"}, {"LastName": "b", key: "c"}]).to_string();
        let call = format!("POST {job}/batch");
        let reply = client.classic(&call, "application/json", &body).await;
        assert_eq!(reply.status.as_u16(), 400, "{key}");
        let text = format!("Field name not found : {key}");
        let expected = json!({"exceptionCode": "InvalidBatch", "exceptionMessage": text});
        assert_eq!(reply.json(), expected);
    }
    let records = json!([{"LASTNAME": "a", "Id": null}, {"lastname": "b", "Email": "b@b.example"}]);
    let (_, info) = client.json_batch(&job, &records.to_string()).await;
    assert_eq!(info["numberRecordsFailed"], 0, "{info}");
    assert_eq!(info["numberRecordsProcessed"], 2);
}

#[tokio::test]
async fn a_job_that_is_aborted_does_nothing() {
    let client = Client::new(Seed::Empty);
    let mut settings = client.app.settings();
    settings.bulk_pace = crate::org::bulk::Pace::ByLooks;
    client.app.change_settings(settings);
    let json = "application/json";
    let asked = json!({"operation": "insert", "object": "Account", "contentType": "JSON"});
    let job = client.json_job(asked).await;
    let records = "[{\"Name\":\"a\"}]";
    let (_, info) = client.json_batch(&job, records).await;
    assert_eq!(info["state"], "InProgress");
    let call = format!("POST {job}/batch");
    let reply = client.classic(&call, json, records).await;
    assert_eq!(reply.json()["state"], "Queued");
    let aborted = "{\"state\":\"Aborted\"}";
    let reply = client.classic(&format!("POST {job}"), json, aborted).await;
    assert_eq!(reply.status.as_u16(), 200, "{}", reply.text());
    assert_eq!(reply.json()["state"], "Aborted");
    assert_eq!(reply.json()["numberRecordsProcessed"], 0);
    let list = client.classic(&format!("GET {job}/batch"), json, "").await;
    for at in 0..2 {
        assert_eq!(list.json()["batchInfo"][at]["state"], "NotProcessed");
    }
    let found = client.query("SELECT COUNT() FROM Account").await.json();
    assert_eq!(found["totalSize"], 0);
}

#[tokio::test]
async fn a_job_that_has_ended_stays_as_it_is() {
    let client = Client::new(Seed::Empty);
    let json = "application/json";
    let asked = json!({"operation": "insert", "object": "Account", "contentType": "JSON"});
    let job = client.json_job(asked).await;
    let call = format!("POST {job}");
    let mut became = Vec::new();
    for state in ["Closed", "Closed", "Aborted", "Closed", "Aborted"] {
        let body = json!({"state": state}).to_string();
        let reply = client.classic(&call, json, &body).await;
        let info = reply.json();
        let said = info["state"].as_str().or(info["exceptionMessage"].as_str());
        became.push((reply.status.as_u16(), said.unwrap().to_owned()));
    }
    let refused = |state: &str| {
        let text = format!("The job is {state}, which does not allow this");
        (400, text)
    };
    let expected = [
        (200, "Closed".to_owned()),
        refused("Closed"),
        (200, "Aborted".to_owned()),
        refused("Aborted"),
        refused("Aborted"),
    ];
    assert_eq!(became, expected);
    let reply = client.classic(&format!("{call}/batch"), json, "[]").await;
    assert_eq!(reply.json()["exceptionCode"], "InvalidJobState");
    let info = client.classic(&format!("GET {job}"), json, "").await;
    assert_eq!(info.json()["state"], "Aborted");
}

#[tokio::test]
async fn methods_that_there_are_not_are_refused() {
    let client = Client::new(Seed::Empty);
    let json = "application/json";
    let asked = json!({"operation": "insert", "object": "Account", "contentType": "JSON"});
    let job = client.json_job(asked).await;
    for method in ["DELETE", "PATCH", "PUT"] {
        let reply = client.classic(&format!("{method} {job}"), json, "").await;
        assert_eq!(reply.status.as_u16(), 405, "{method}");
        assert_eq!(reply.json()["exceptionCode"], "ClientInputError");
    }
    let reply = client.classic(&format!("HEAD {job}"), json, "").await;
    assert_eq!(reply.status.as_u16(), 200);
}

#[tokio::test]
async fn text_that_looks_like_a_moment_stays_text() {
    let client = Client::new(Seed::Empty);
    let text = "2026-11-21T17:47:00.000+0000";
    let id = make(&client, "Account", &json!({"Name": text})).await;
    make(
        &client,
        "Contact",
        &json!({"LastName": text, "AccountId": id}),
    )
    .await;
    let soql = "SELECT LastName, CreatedDate, Account.Name, Account.CreatedDate FROM Contact";
    let at = 1_795_283_220_000_i64;
    let json = "application/json";
    for kind in ["JSON", "CSV"] {
        let asked = json!({"operation": "query", "object": "Contact", "contentType": kind});
        let job = client.json_job(asked).await;
        let (batch, _) = client.json_batch(&job, soql).await;
        let id = batch.rsplit("/751").next().unwrap();
        let call = format!("GET {batch}/result/752{id}");
        let found = client.classic(&call, json, "").await;
        if kind == "CSV" {
            let moment = "2026-11-21T17:47:00.000Z";
            let line = format!("\"{text}\",\"{moment}\",\"{text}\",\"{moment}\"");
            assert_eq!(found.text().lines().nth(1), Some(line.as_str()));
            continue;
        }
        let record = &found.json()[0];
        assert_eq!(record["LastName"], text);
        assert_eq!(record["CreatedDate"], at);
        assert_eq!(record["Account"]["Name"], text);
        assert_eq!(record["Account"]["CreatedDate"], at);
    }
}
