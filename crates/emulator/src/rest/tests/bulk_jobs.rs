//! Jobs of Bulk API 2.0.

use std::io::{Read as _, Write as _};

use axum::body::Body;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::Request;
use serde_json::{Value, json};

use super::writes::{error, make};
use super::{Client, Reply};
use crate::org::Seed;

const NOW: &str = "2026-11-21T17:47:00.000+0000";

impl Client {
    /// Makes a job and gives its path.
    async fn job(&self, kind: &str, body: Value) -> String {
        let reply = self.call("POST", &format!("/jobs/{kind}"), body).await;
        assert_eq!(reply.status.as_u16(), 200, "{}", reply.text());
        format!("/jobs/{kind}/{}", reply.json()["id"].as_str().unwrap())
    }

    async fn put(&self, path: &str, headers: &[(&str, &str)], data: Vec<u8>) -> Reply {
        let mut request = Request::builder()
            .method("PUT")
            .uri(format!("/services/data/v60.0{path}/batches"))
            .header("host", "localhost:8080")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "text/csv");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::from(data)).unwrap()).await
    }

    /// Runs an ingest job over a table and gives its path and what it is at the end.
    async fn ingest(&self, body: Value, table: &str) -> (String, Value) {
        let job = self.job("ingest", body).await;
        let reply = self.put(&job, &[], table.into()).await;
        assert_eq!((reply.status.as_u16(), reply.text()), (201, ""));
        let done = json!({"state": "UploadComplete"});
        let reply = self.call("PATCH", &job, done).await;
        assert_eq!(reply.json()["state"], "UploadComplete");
        let info = self.call("GET", &job, "").await.json();
        (job, info)
    }

    async fn report(&self, job: &str, name: &str) -> String {
        let reply = self.call("GET", &format!("{job}/{name}"), "").await;
        assert_eq!(reply.header("content-type"), "text/csv");
        reply.text().to_owned()
    }
}

#[tokio::test]
async fn a_query_job_gives_a_table_page_by_page() {
    let client = Client::new(Seed::Empty);
    for (name, city) in [
        ("a \"b\", c", "Oslo"),
        ("two\nlines", ""),
        ("three", "Rome"),
    ] {
        make(
            &client,
            "Account",
            &json!({"Name": name, "BillingCity": city}),
        )
        .await;
    }
    let soql = "SELECT a.Owner.name, Id, billingcity, a.Name, CreatedDate, IsDeleted FROM Account a ORDER BY Id";
    let reply = client
        .call(
            "POST",
            "/jobs/query",
            json!({"operation": "query", "query": soql}),
        )
        .await;
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    let brief = format!(
        r#"{{"id":"{id}","operation":"query","object":"Account","createdById":"005Ac0000000001IAA","createdDate":"{NOW}","systemModstamp":"{NOW}","state":"UploadComplete","concurrencyMode":"Parallel","contentType":"CSV","apiVersion":60.0,"lineEnding":"LF","columnDelimiter":"COMMA"}}"#
    );
    assert_eq!((reply.status.as_u16(), reply.text()), (200, brief.as_str()));
    let job = format!("/jobs/query/{id}");
    let info = client.call("GET", &job, "").await.json();
    assert_eq!(
        (&info["state"], &info["jobType"]),
        (&json!("JobComplete"), &json!("V2Query"))
    );
    assert_eq!(info["numberRecordsProcessed"], 3);
    let header = "\"Owner.Name\",\"Id\",\"BillingCity\",\"Name\",\"CreatedDate\",\"IsDeleted\"\n";
    let line = |id: &str, city: &str, name: &str| {
        format!(
            "\"Integration User\",\"{id}\",\"{city}\",\"{name}\",\"2026-11-21T17:47:00.000Z\",\"false\"\n"
        )
    };
    let lines = [
        line("001Ac0000000001IAA", "Oslo", "a \"\"b\"\", c"),
        line("001Ac0000000002IAA", "", "two\nlines"),
        line("001Ac0000000003IAA", "Rome", "three"),
    ];
    let reply = client.call("GET", &format!("{job}/results"), "").await;
    assert_eq!(reply.text(), format!("{header}{}", lines.concat()));
    assert_eq!(reply.header("sforce-locator"), "null");
    assert_eq!(reply.header("sforce-numberofrecords"), "3");
    assert_eq!(reply.header("content-type"), "text/csv");
    assert!(reply.header("sforce-limit-info").starts_with("api-usage="));
    page_by_page(&client, &job, (header, &lines)).await;
    let link = |end: &str| json!({"resultLink": format!("/jobs/query/{id}/results{end}")});
    let uri = format!("{job}/resultPages?maxRecords=2");
    let pages = client.call("GET", &uri, "").await.json();
    assert_eq!(pages["resultPages"], json!([link(""), link("?locator=Mg")]));
    let reply = client
        .call("GET", &format!("{job}/results?locator=x"), "")
        .await;
    assert_eq!(error(&reply).1, "INVALIDLOCATOR");
    assert_eq!(client.call("DELETE", &job, "").await.status.as_u16(), 204);
    assert_eq!(error(&client.call("GET", &job, "").await).1, "INVALIDJOB");
}

/// Reads a result one record at a time, each page twice.
async fn page_by_page(client: &Client, job: &str, (header, lines): (&str, &[String])) {
    let mut locator = String::new();
    for (at, line) in lines.iter().enumerate() {
        let uri = format!("{job}/results?maxRecords=1{locator}");
        for _again in 0..2 {
            let reply = client.call("GET", &uri, "").await;
            assert_eq!(reply.text(), format!("{header}{line}"), "{at}");
            assert_eq!(reply.header("sforce-numberofrecords"), "1");
            locator = format!("&locator={}", reply.header("sforce-locator"));
        }
    }
    assert_eq!(locator, "&locator=null");
}

#[tokio::test]
async fn results_are_packed_for_those_who_accept_it() {
    let client = Client::new(Seed::Sample);
    let soql = "SELECT Id, Name FROM Contact";
    let job = client
        .job("query", json!({"operation": "query", "query": soql}))
        .await;
    let uri = format!("/services/data/v60.0{job}/results");
    let plain = client.get(&uri).await;
    let packed = client
        .send(http::Method::GET, &uri, &[("accept-encoding", "gzip")])
        .await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut body = Vec::new();
    GzDecoder::new(packed.body.as_slice())
        .read_to_end(&mut body)
        .unwrap();
    assert_eq!(body, plain.body);
    let other = client.get(&uri.replace("v60.0", "v59.0")).await;
    assert_eq!(other.status.as_u16(), 409);
}

#[tokio::test]
async fn queries_that_give_no_table_are_refused() {
    let client = Client::new(Seed::Empty);
    for (soql, code) in [
        (
            "SELECT Name, COUNT(Id) FROM Account GROUP BY Name",
            "FUNCTIONALITY_NOT_ENABLED",
        ),
        ("SELECT COUNT() FROM Account", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT MAX(Name) FROM Account", "FUNCTIONALITY_NOT_ENABLED"),
        (
            "SELECT Id FROM Account OFFSET 1",
            "FUNCTIONALITY_NOT_ENABLED",
        ),
        (
            "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
            "FUNCTIONALITY_NOT_ENABLED",
        ),
        (
            "SELECT BillingAddress FROM Account",
            "FUNCTIONALITY_NOT_ENABLED",
        ),
        ("SELECT Bogus FROM Account", "INVALID_FIELD"),
        ("SELECT Id FORM Account", "MALFORMED_QUERY"),
    ] {
        let body = json!({"operation": "query", "query": soql});
        let reply = client.call("POST", "/jobs/query", body).await;
        assert_eq!(
            (reply.status.as_u16(), error(&reply).1.as_str()),
            (400, code),
            "{soql}"
        );
    }
    for body in [
        json!({"operation": "query"}),
        json!({"operation": "insert", "query": "x"}),
        json!({"operation": "fly"}),
    ] {
        let reply = client.call("POST", "/jobs/query", body).await;
        assert_eq!(error(&reply).1, "INVALIDJOB");
    }
}

#[tokio::test]
async fn states_follow_each_other_at_the_pace_that_is_set() {
    let client = Client::new(Seed::Sample);
    let mut settings = client.app.settings();
    settings.bulk_pace = crate::org::bulk::Pace::ByLooks;
    client.app.change_settings(settings);
    let query = json!({"operation": "query", "query": "SELECT Id FROM Account"});
    let job = client.job("query", query.clone()).await;
    for state in ["InProgress", "JobComplete", "JobComplete"] {
        let info = client.call("GET", &job, "").await.json();
        assert_eq!(info["state"], state);
    }
    let job = client.job("query", query).await;
    let reply = client.call("GET", &format!("{job}/results"), "").await;
    let text = "can only download query results of successfully completed bulk job with status: JOB_COMPLETE. Current status: IN_PROGRESS";
    assert_eq!(
        error(&reply),
        (412, "JOB_NOT_COMPLETE".to_owned(), text.to_owned())
    );
    assert_eq!(
        error(&client.call("DELETE", &job, "").await).1,
        "INVALIDJOBSTATE"
    );
    let reply = client
        .call("PATCH", &job, json!({"state": "Aborted"}))
        .await;
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["state"]),
        (200, &json!("Aborted"))
    );
    assert_eq!(
        error(
            &client
                .call("PATCH", &job, json!({"state": "Aborted"}))
                .await
        )
        .1,
        "INVALIDJOBSTATE"
    );
    let list = client.call("GET", "/jobs/query", "").await.json();
    assert_eq!(list["records"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&list["done"], &list["nextRecordsUrl"]),
        (&json!(true), &Value::Null)
    );
}

#[tokio::test]
async fn lines_become_records_or_say_why_not() {
    let client = Client::new(Seed::Empty);
    let table =
        "Name,AnnualRevenue,BillingCity\nAcme,12.5,Oslo\n,1,Rome\n\"Two, Inc\",#N/A,\nx,many,y\n";
    let (job, info) = client
        .ingest(json!({"object": "account", "operation": "insert"}), table)
        .await;
    assert_eq!(info["state"], "JobComplete");
    assert_eq!(
        (&info["object"], &info["jobType"]),
        (&json!("Account"), &json!("V2Ingest"))
    );
    assert_eq!(
        (
            &info["numberRecordsProcessed"],
            &info["numberRecordsFailed"]
        ),
        (&json!(4), &json!(2))
    );
    let good = "\"sf__Id\",\"sf__Created\",\"Name\",\"AnnualRevenue\",\"BillingCity\"\n\"001Ac0000000001IAA\",\"true\",\"Acme\",\"12.5\",\"Oslo\"\n\"001Ac0000000002IAA\",\"true\",\"Two, Inc\",\"#N/A\",\"\"\n";
    assert_eq!(client.report(&job, "successfulResults").await, good);
    let bad = "\"sf__Id\",\"sf__Error\",\"Name\",\"AnnualRevenue\",\"BillingCity\"\n\"\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --\",\"\",\"1\",\"Rome\"\n\"\",\"INVALID_TYPE_ON_FIELD_IN_RECORD:Annual Revenue: value not of required type: many:AnnualRevenue --\",\"x\",\"many\",\"y\"\n";
    assert_eq!(client.report(&job, "failedResults/").await, bad);
    let none = "\"Name\",\"AnnualRevenue\",\"BillingCity\"\n";
    assert_eq!(client.report(&job, "unprocessedrecords").await, none);
    let update = "Id;Name\r\n001Ac0000000001IAA;\"New;Name\"\r\n001Ac00000000ZZ;x\r\n";
    let body = json!({"object": "Account", "operation": "update", "columnDelimiter": "SEMICOLON", "lineEnding": "CRLF"});
    let (job, info) = client.ingest(body, update).await;
    assert_eq!(info["numberRecordsFailed"], 1);
    let bad = "\"sf__Id\";\"sf__Error\";\"Id\";\"Name\"\r\n\"001Ac00000000ZZ\";\"INVALID_CROSS_REFERENCE_KEY:invalid cross reference id: --\";\"001Ac00000000ZZ\";\"x\"\r\n";
    assert_eq!(client.report(&job, "failedResults").await, bad);
    let upsert = "Email,LastName,ReportsTo.Email\na@b.cc,One,\nb@b.cc,Two,a@b.cc\na@b.cc,Uno,\n";
    let body = json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Email"});
    let (job, _) = client.ingest(body, upsert).await;
    let created: Vec<_> = client
        .report(&job, "successfulResults")
        .await
        .lines()
        .skip(1)
        .map(|line| line.contains("\"true\""))
        .collect();
    assert_eq!(created, [true, true, false]);
    let soql = "SELECT LastName, ReportsTo.LastName FROM Contact WHERE Email = 'b@b.cc'";
    assert_eq!(
        client.query(soql).await.json()["records"][0]["ReportsTo"]["LastName"],
        "Uno"
    );
    let body = json!({"object": "Account", "operation": "delete"});
    client.ingest(body, "Id\n001Ac0000000001IAA\n").await;
    let body = json!({"object": "Account", "operation": "hardDelete"});
    client
        .ingest(body, "Id\n001Ac0000000001IAA\n001Ac0000000002IAA\n")
        .await;
    let uri = "/services/data/v60.0/queryAll?q=SELECT+COUNT()+FROM+Account";
    assert_eq!(client.get(uri).await.json()["totalSize"], 0);
}

#[tokio::test]
async fn odd_ingest_jobs_fail_by_name() {
    let client = Client::new(Seed::Empty);
    let insert = || json!({"object": "Account", "operation": "insert"});
    let (job, info) = client.ingest(insert(), "Name,Foo\na,b\n").await;
    assert_eq!(
        (&info["state"], &info["errorMessage"]),
        (
            &json!("Failed"),
            &json!("InvalidBatch : Field name not found : Foo")
        )
    );
    let reply = client.report(&job, "unprocessedrecords").await;
    assert_eq!(reply, "\"Name\",\"Foo\"\n\"a\",\"b\"\n");
    for (body, code) in [
        (
            json!({"object": "Nope", "operation": "insert"}),
            "INVALIDENTITY",
        ),
        (
            json!({"object": "Account", "operation": "upsert"}),
            "INVALIDJOB",
        ),
        (
            json!({"object": "Account", "operation": "query"}),
            "INVALIDJOB",
        ),
        (
            json!({"object": "Account", "operation": "insert", "contentType": "XML"}),
            "INVALIDJOB",
        ),
        (
            json!({"object": "Account", "operation": "insert", "assignmentRuleId": "x"}),
            "NOT_IMPLEMENTED",
        ),
    ] {
        let reply = client.call("POST", "/jobs/ingest", &body).await;
        assert_eq!(error(&reply).1, code, "{body}");
    }
    let reply = client.call("POST", "/jobs/ingest?x=1", insert()).await;
    assert_eq!(
        error(&reply).2,
        "Cannot specify query parameters on this resource"
    );
    let job = client.job("ingest", insert()).await;
    assert_eq!(
        client
            .call("PATCH", &job, json!({"state": "Aborted"}))
            .await
            .status
            .as_u16(),
        200
    );
    let reply = client.put(&job, &[], b"Name\nx\n".to_vec()).await;
    assert_eq!(error(&reply).1, "INVALIDJOBSTATE");
    let reply = client
        .put("/jobs/ingest/750Ac0000000099", &[], Vec::new())
        .await;
    assert_eq!(
        (reply.status.as_u16(), error(&reply).1.as_str()),
        (404, "INVALIDJOB")
    );
}

#[tokio::test]
async fn many_lines_go_in_packed_and_come_out_in_order() {
    let client = Client::new(Seed::Empty);
    let mut table = String::from("Name,Site\n");
    for at in 0..2_500 {
        table.push_str(&format!("Name {at:05},\"{}\"\n", "x".repeat(60)));
    }
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(table.as_bytes()).unwrap();
    let job = client
        .job(
            "ingest",
            json!({"object": "Account", "operation": "insert"}),
        )
        .await;
    let packed = packer.finish().unwrap();
    let reply = client
        .put(&job, &[("content-encoding", "gzip")], packed)
        .await;
    assert_eq!(reply.status.as_u16(), 201);
    client
        .call("PATCH", &job, json!({"state": "UploadComplete"}))
        .await;
    let info = client.call("GET", &job, "").await.json();
    assert_eq!(info["numberRecordsProcessed"], 2_500);
    let soql = "SELECT Name FROM Account ORDER BY Name";
    let job = client
        .job("query", json!({"operation": "query", "query": soql}))
        .await;
    let page = client
        .call("GET", &format!("{job}/results?maxRecords=2100"), "")
        .await;
    let locator = page.header("sforce-locator").to_owned();
    let rest = client
        .call("GET", &format!("{job}/results?locator={locator}"), "")
        .await;
    let mut names: Vec<&str> = page.text().lines().skip(1).collect();
    assert_eq!(names.len(), 2_100);
    names.extend(rest.text().lines().skip(1));
    let expected: Vec<String> = (0..2_500).map(|at| format!("\"Name {at:05}\"")).collect();
    assert_eq!(names, expected);
    let reply = client
        .put(&job.replace("query", "ingest"), &[], Vec::new())
        .await;
    assert_eq!(reply.status.as_u16(), 404);
}

#[tokio::test]
async fn a_refused_upload_leaves_the_accepted_one() {
    let client = Client::new(Seed::Empty);
    let insert = json!({"operation": "insert", "object": "Account"});
    let job = client.job("ingest", insert).await;
    let reply = client.put(&job, &[], "Name\na\nb\n".into()).await;
    assert_eq!(reply.status.as_u16(), 201);
    // Its first megabyte is kept before its end turns out to be cut off.
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(&b"x\n".repeat(2_000_000)).unwrap();
    let mut packed = packer.finish().unwrap();
    packed.truncate(packed.len() - 9);
    let gzip = [("content-encoding", "gzip")];
    let reply = client.put(&job, &gzip, packed).await;
    assert_eq!(error(&reply).1, "INVALIDCONTENT");
    let done = json!({"state": "UploadComplete"});
    client.call("PATCH", &job, done).await;
    let reply = client.put(&job, &[], "Name\nc\n".into()).await;
    assert_eq!(error(&reply).1, "INVALIDJOBSTATE");
    let info = client.call("GET", &job, "").await.json();
    assert_eq!(info["numberRecordsProcessed"], 2, "{info}");
    let reply = client.put(&job, &[], "Name\nd\n".into()).await;
    assert_eq!(error(&reply).1, "INVALIDJOBSTATE");
    let report = client.report(&job, "successfulResults").await;
    assert_eq!(report.lines().count(), 3, "{report}");
}
