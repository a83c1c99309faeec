//! Keys in AWS KMS: what is asked, and what is said if it refuses. The real protocol is held against
//! a program of others in `peers`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::data::body;
use crate::server::{Asked, Reply, serve};
use crate::world::{fetch, refusal, with};

fn reply(asked: &Asked) -> Reply {
    let said =
        |status: u16, body: &Value| Some((status, "application/x-amz-json-1.1", body.to_string()));
    assert_eq!(asked.line, "POST /");
    let scope = "AWS4-HMAC-SHA256 Credential=AKID/20270115/eu-west-1/kms/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, \
                 Signature=";
    assert!(
        asked.header("authorization").unwrap().starts_with(scope),
        "{asked:?}"
    );
    assert_eq!(asked.header("x-amz-security-token"), Some("session"));
    let question: Value = serde_json::from_slice(&asked.body).unwrap();
    let target = asked.header("x-amz-target").unwrap();
    match (target, question["KeyId"].as_str().unwrap()) {
        ("TrentService.GetPublicKey", "alias/right" | "alias/liar") => said(
            200,
            &json!({"PublicKey": body("spki.pub"), "SigningAlgorithms": ["RSASSA_PKCS1_V1_5_SHA_256"]}),
        ),
        ("TrentService.GetPublicKey", "alias/ec") => said(
            200,
            &json!({"PublicKey": "", "SigningAlgorithms": ["ECDSA_SHA_256"]}),
        ),
        ("TrentService.Sign", "alias/right") => {
            assert_eq!(question["MessageType"], "RAW");
            assert_eq!(
                STANDARD
                    .decode(question["Message"].as_str().unwrap())
                    .unwrap(),
                b"a.b"
            );
            said(
                200,
                &json!({"Signature": STANDARD.encode(crate::vault::signature(b"a.b"))}),
            )
        }
        ("TrentService.Sign", _) => said(200, &json!({"Signature": STANDARD.encode([1; 256])})),
        _ => said(
            400,
            &json!({"__type": "com.amazonaws.kms#NotFoundException", "message": "Alias is not found."}),
        ),
    }
}

#[tokio::test]
async fn a_key_signs_and_what_goes_wrong_is_told() {
    let port = serve(None, Arc::new(|asked| reply(&asked)));
    let variables = with(&[("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{port}"))]);
    let told = refusal("awskms:alias/right", &variables).await;
    assert!(told.contains("AWS_REGION, AWS_DEFAULT_REGION"), "{told}");
    variables.set("AWS_DEFAULT_REGION", &["eu-west-1"]);
    let told = refusal("awskms:alias/right", &variables).await;
    assert!(
        told.contains("AWS_ACCESS_KEY_ID (not set), AWS_SECRET_ACCESS_KEY (not set)"),
        "{told}"
    );
    variables.set("AWS_ACCESS_KEY_ID", &["AKID"]);
    variables.set("AWS_SECRET_ACCESS_KEY", &["s3cret"]);
    variables.set("AWS_SESSION_TOKEN", &["session"]);
    let key = fetch("awskms:alias/right", &variables)
        .await
        .unwrap()
        .signer;
    assert_eq!(
        key.sign(b"a.b").await.unwrap(),
        crate::vault::signature(b"a.b")
    );
    let liar = fetch("awskms:alias/liar", &variables).await.unwrap().signer;
    let told = liar.sign(b"a.b").await.unwrap_err().to_string();
    assert!(told.contains("does not verify"), "{told}");
    for (reference, words) in [
        (
            "awskms:alias/none",
            "400: NotFoundException: Alias is not found.",
        ),
        (
            "awskms:alias/ec",
            "does not sign with RSASSA_PKCS1_V1_5_SHA_256",
        ),
    ] {
        let told = refusal(reference, &variables).await;
        assert!(
            told.contains(words) && !told.contains("s3cret"),
            "{reference}: {told}"
        );
    }
    variables.set("AWS_ENDPOINT_URL_KMS", &["http://kms.example.com"]);
    assert!(
        refusal("awskms:alias/right", &variables)
            .await
            .contains("no https URL")
    );
}
