//! `accredit explain`: whatever is pasted leads to the setting.

use crate::program::Program;

#[test]
fn a_code_brings_cause_setting_and_fix() {
    let run = Program::new().line("explain acc-1010");
    run.succeeds();
    assert_eq!(
        run.stdout,
        "ACC-1010  the token endpoint says invalid_grant: audience is invalid\n\n  \
         cause    aud does not name the host that got the assertion\n  \
         look at  the login URL (-r) and the audience (--audience); Setup > My Domain shows the \
         right host\n  \
         fix      use the My Domain URL for both; login.salesforce.com is for production, \
         test.salesforce.com for sandboxes\n  \
         retry    no, not until something is changed\n"
    );
}

#[test]
fn a_pasted_body_or_line_leads_to_its_entry_and_to_others_with_the_same_words() {
    let body =
        r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#;
    let program = Program::new();
    for run in [
        program.run(["explain", body]),
        program.run([
            "explain",
            "Error (JwtAuthError): user hasn\u{2019}t approved this consumer",
        ]),
        program.line_with_stdin("explain -", body.as_bytes()),
    ] {
        run.succeeds();
        assert!(run.stdout.starts_with("ACC-1030  "), "{run:?}");
        assert!(run.stdout.contains("Permitted Users"), "{run:?}");
        assert!(
            run.stdout
                .contains("\nThe same words may mean, too:\n  ACC-1032"),
            "{run:?}"
        );
    }
    let run = program.run([
        "explain",
        r#"[{"errorCode":"API_DISABLED_FOR_ORG","message":"x"}]"#,
    ]);
    assert!(run.stdout.starts_with("ACC-2005  "), "{run:?}");
}

#[test]
fn a_code_of_many_meanings_lists_them() {
    let run = Program::new().line("explain invalid_grant");
    run.succeeds();
    assert!(run.stdout.contains("  ACC-1003  "), "{run:?}");
    assert!(
        run.stdout
            .ends_with("Paste the whole message to get to one of them.\n")
    );
}

#[test]
fn json_has_each_entry_with_its_parts() {
    let report = Program::new().line("explain ACC-3013 --json").json();
    let entry = &report["result"][0];
    assert_eq!(entry["code"], "ACC-3013");
    assert_eq!(entry["saidBy"], "accredit itself");
    assert!(entry["fix"].as_str().unwrap().contains("SSL_CERT_FILE"));
    let all = Program::new().line("explain --json").json();
    assert!(all["result"].as_array().unwrap().len() > 100);
}

#[test]
fn what_nobody_knows_is_told_without_repeating_it() {
    for text in ["00D2E000000ncKP!secret", "ACC-9999", "{\"a\":1", ""] {
        let run = Program::new().run(["explain", text]);
        run.fails(1, "no entry for this text")
            .hints("lists every code");
        assert!(!run.stderr.contains("00D2E"), "{run:?}");
    }
}
