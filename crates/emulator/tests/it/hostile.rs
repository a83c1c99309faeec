//! What strangers send to make a server swell: packed zeros, entities, nesting.

use std::io::Write as _;

use accredit_emulator::{Emulator, Seed};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::Request;
use serde_json::{Value, json};

use crate::support::{Org, Reply, request};

const MEBIBYTE: usize = 1 << 20;

/// So many mebibytes of zeros, packed with gzip to a thousandth. Nothing says where they end.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    // A full flush forgets what came before: the same bytes may follow again.
    let mut packer = flate2::Compress::new(Compression::best(), false);
    let mut once = Vec::with_capacity(MEBIBYTE);
    let zeros = vec![0; MEBIBYTE];
    packer
        .compress_vec(&zeros, &mut once, flate2::FlushCompress::Full)
        .unwrap();
    assert_eq!(packer.total_in(), zeros.len() as u64);
    [&header[..], &once.repeat(mebibytes)].concat()
}

async fn send(
    org: &Org,
    token: &str,
    (method, path): (&str, &str),
    body: (&str, Vec<u8>),
) -> Reply {
    let (encoding, bytes) = body;
    let request = Request::builder()
        .method(method)
        .uri(format!("/services/data/v60.0{path}"))
        .header("host", "localhost")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("content-encoding", encoding)
        .body(bytes.into())
        .unwrap();
    org.send(request).await
}

#[tokio::test]
async fn a_body_that_unpacks_to_too_much_is_refused() {
    let org = Org::new();
    let token = org.token().await;
    let pack = |text: &str| {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    let accounts = ("POST", "/sobjects/Account");
    let fit = pack(r#"{"Name":"Packed"}"#);
    assert_eq!(
        send(&org, &token, accounts, ("deflate", fit)).await.status,
        201
    );
    let packed = bomb(51);
    assert!(packed.len() < MEBIBYTE / 4, "{}", packed.len());
    let reply = send(&org, &token, accounts, ("gzip", packed)).await;
    assert_eq!(reply.status, 413, "{}", reply.text);
    assert_eq!(reply.json()[0]["errorCode"], "REQUEST_ENTITY_TOO_LARGE");
    for (encoding, body, status) in [
        ("gzip", b"no gzip".to_vec(), 400),
        ("gzip", bomb(1), 400),
        ("gzip, gzip", bomb(1), 415),
        ("br", Vec::new(), 415),
    ] {
        let reply = send(&org, &token, accounts, (encoding, body)).await;
        assert_eq!(reply.status, status, "{encoding}: {}", reply.text);
    }
}

#[tokio::test]
async fn an_upload_that_unpacks_to_too_much_is_refused_and_dropped() {
    let org = Org::new();
    let token = org.token().await;
    let job = json!({"object": "Account", "operation": "insert"}).to_string();
    let jobs = ("POST", "/jobs/ingest");
    let made = send(&org, &token, jobs, ("identity", job.into())).await;
    let job = format!("/jobs/ingest/{}", made.json()["id"].as_str().unwrap());
    let batches = format!("{job}/batches");
    let reply = send(&org, &token, ("PUT", &batches), ("gzip", bomb(151))).await;
    assert_eq!(reply.status, 413, "{}", reply.text);
    // Nothing of it was kept: there is room for what is right.
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(b"Name\nOne\n").unwrap();
    let fit = packer.finish().unwrap();
    let reply = send(&org, &token, ("PUT", &batches), ("gzip", fit)).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let done = json!({"state": "UploadComplete"}).to_string();
    send(&org, &token, ("PATCH", &job), ("identity", done.into())).await;
    let info = send(&org, &token, ("GET", &job), ("identity", Vec::new())).await;
    assert_eq!(info.json()["numberRecordsProcessed"], 1);
}

#[tokio::test]
async fn metadata_has_no_entities_and_is_not_nested_without_end() {
    let org = Org::new();
    let laughs = format!(
        "<!DOCTYPE x [<!ENTITY a0 \"ha\">{}]><CustomObject><label>&a30;</label></CustomObject>",
        (1..=30)
            .map(|at| format!("<!ENTITY a{at} \"&a{0};&a{0};\">", at - 1))
            .collect::<String>()
    );
    let outside = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\
        <CustomObject><label>&a;</label></CustomObject>";
    let deep = format!("<CustomObject>{}", "<a>".repeat(100_000));
    // The end of a tag is not the first of its kind: this one stands in a value.
    let hidden = format!("<CustomObject>{}", "<a b='/>'>".repeat(100_000));
    let undefined = "<CustomObject><label>&a;</label></CustomObject>";
    for (content, problem) in [
        (laughs.as_str(), "expected metadata without a document type"),
        (outside, "expected metadata without a document type"),
        (&deep, "expected elements nested at most 64 deep"),
        (&hidden, "expected elements nested at most 64 deep"),
        (undefined, "expected XML"),
    ] {
        let files = json!({"files": [{"path": "Trip__c.object", "content": content}]});
        let reply = org.manage("POST", "/load", files).await;
        assert_eq!(reply.status, 400, "{problem}");
        assert!(reply.text.contains(problem), "{}", reply.text);
        assert!(!reply.text.contains("root:"), "{}", reply.text);
    }
}

#[tokio::test]
async fn json_that_is_nested_without_end_is_refused() {
    let org = Org::empty(Emulator::builder().seed(Seed::Empty));
    for body in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
        let reply = org.send(request("POST", "/_emulator/apps", &body)).await;
        assert_eq!(reply.status, 400);
    }
    let signed_in = Org::new();
    let token = signed_in.token().await;
    let nested = format!("{}{}", "{\"Name\":".repeat(5_000), "1");
    for path in ["/sobjects/Account", "/composite", "/composite/tree/Account"] {
        let body = ("identity", nested.clone().into_bytes());
        let reply = send(&signed_in, &token, ("POST", path), body).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text);
    }
    let health = org.manage("GET", "/health", Value::Null).await;
    assert_eq!(health.status, 200);
}
