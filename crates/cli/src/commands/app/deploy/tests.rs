//! Waiting for the end of a deployment, with time that passes at once.

use super::*;
use crate::output::{Form, Verbosity};
use crate::pause::tests::Noted;
use crate::settings::ProcessEnvironment;

fn found(status: &str, done: bool) -> Result<Deployment, CliError> {
    let body = serde_json::json!({
        "id": "0AfAc0000000001AAA",
        "deployResult": {"status": status, "done": done, "success": status == "Succeeded"},
    });
    Deployment::read(body.to_string().as_bytes(), "host")
}

fn lost() -> Result<Deployment, CliError> {
    Err(CliError::new(Kind::Unreachable, "no answer"))
}

/// Watches looks that find this; gives the end and the pauses.
fn watch(
    seconds: u64,
    looks: Vec<Result<Deployment, CliError>>,
) -> (Result<Deployment, CliError>, Vec<u128>) {
    let mut looks = looks.into_iter();
    let mut look = |_: &mut Output| looks.next().unwrap();
    let mut out = Output::new(Form::Human, Verbosity::Quiet, &ProcessEnvironment);
    let pause = Noted::default();
    let mut watch = Watch {
        again: "accredit api /services/data/v65.0/metadata/deployRequest/0Af",
        left: Duration::from_secs(seconds),
    };
    let ended = watch.end(&mut look, &mut out, &pause);
    let pauses = pause.0.into_inner().unwrap();
    (ended, pauses.iter().map(Duration::as_millis).collect())
}

#[test]
fn the_end_is_waited_for_with_growing_pauses() {
    let mut looks: Vec<_> = (0..7).map(|_| found("InProgress", false)).collect();
    looks.push(found("Succeeded", true));
    let (ended, pauses) = watch(60, looks);
    assert!(ended.unwrap().is_success);
    assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
}

#[test]
fn looks_that_are_lost_are_repeated_and_then_told() {
    let looks = vec![lost(), lost(), found("Failed", true)];
    assert!(!watch(60, looks).0.unwrap().is_success);
    let looks = (0..40).map(|_| lost()).chain([found("Succeeded", true)]);
    assert!(watch(600, looks.collect()).0.unwrap().is_success);
    let looks = (0..4).map(|_| lost()).collect();
    let error = watch(1, looks).0.unwrap_err();
    assert_eq!(error.exit_code(), 7);
    assert!(error.to_string().contains("goes on in the org"), "{error}");
    assert!(error.hints()[0].contains("deployRequest/0Af"), "{error:?}");
}

#[test]
fn the_wait_is_as_long_as_was_asked() {
    let looks = (0..4).map(|_| found("Pending", false)).collect();
    let (ended, pauses) = watch(1, looks);
    assert_eq!(ended.unwrap_err().exit_code(), 7);
    assert_eq!(pauses, [250, 500, 250]);
}

#[test]
fn what_is_no_deployment_is_refused() {
    for body in [
        "",
        "[]",
        r#"{"id": 1}"#,
        r#"{"id": "../../x"}"#,
        r#"{"id": "0AfAc0000000001AAA", "deployResult": 7}"#,
    ] {
        assert!(Deployment::read(body.as_bytes(), "host").is_err(), "{body}");
    }
}
