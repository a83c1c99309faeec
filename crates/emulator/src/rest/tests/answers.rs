//! How an answer is written: compressed, or laid out for the eye.

use std::io::Read as _;

use flate2::read::GzDecoder;
use http::Method;

use super::Client;
use crate::org::Seed;

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_accept_it() {
    let client = Client::new(Seed::Sample);
    let uri = "/services/data/v60.0/query?q=SELECT+Id,Name+FROM+Contact";
    let plain = client.get(uri).await;
    assert_eq!(plain.header("content-encoding"), "");
    for (accepted, is_packed) in [
        ("gzip", true),
        ("deflate, gzip;q=0.5", true),
        ("*", true),
        ("gzip;q=0", false),
        ("deflate", false),
    ] {
        let headers = [("accept-encoding", accepted)];
        let reply = client.send(Method::GET, uri, &headers).await;
        let encoding = if is_packed { "gzip" } else { "" };
        assert_eq!(reply.header("content-encoding"), encoding, "{accepted}");
        let mut body = Vec::new();
        if is_packed {
            assert!(reply.body.len() < plain.body.len() / 4);
            GzDecoder::new(reply.body.as_slice())
                .read_to_end(&mut body)
                .unwrap();
        } else {
            body = reply.body;
        }
        assert_eq!(body, plain.body, "{accepted}");
    }
    let headers = [("accept-encoding", "gzip")];
    let small = "/services/data/v60.0/query?q=SELECT+COUNT()+FROM+Contact";
    let reply = client.send(Method::GET, small, &headers).await;
    assert_eq!(reply.header("content-encoding"), "");
}

#[tokio::test]
async fn pretty_printing_is_javas() {
    let client = Client::new(Seed::Sample);
    let headers = [("x-prettyprint", "1")];
    let uri = "/services/data/v60.0/query?q=SELECT+Name,Account.Name+FROM+Contact+LIMIT+1";
    let reply = client.send(Method::GET, uri, &headers).await;
    let expected = r#"{
  "totalSize" : 1,
  "done" : true,
  "records" : [ {
    "attributes" : {
      "type" : "Contact",
      "url" : "/services/data/v60.0/sobjects/Contact/003Ac0000000001IAA"
    },
    "Name" : "Ada Abernathy",
    "Account" : {
      "attributes" : {
        "type" : "Account",
        "url" : "/services/data/v60.0/sobjects/Account/001Ac0000000001IAA"
      },
      "Name" : "Northwind Instruments"
    }
  } ]
}"#;
    assert_eq!(reply.text(), expected);
    let uri = "/services/data/v60.0/query?q=SELECT+Id+FROM+Contact+LIMIT+0";
    let reply = client.send(Method::GET, uri, &headers).await;
    let expected = "{\n  \"totalSize\" : 0,\n  \"done\" : true,\n  \"records\" : [ ]\n}";
    assert_eq!(reply.text(), expected);
}
