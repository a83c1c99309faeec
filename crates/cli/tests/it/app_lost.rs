//! `accredit app deploy` whose end nobody hears of: the way to it is told.

use std::net::TcpListener;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::program::{Program, Run, files};
use crate::server::{self, Server, TOKEN, json};

const DEPLOY: &str = "app deploy x --access-token-env MY_TOKEN --api-version 65.0 -q";

/// With the files of an app in `x`.
fn with_app() -> Program {
    let program = Program::new().with("MY_TOKEN", TOKEN);
    let certificate = files().join("server.crt");
    let manifest = format!(
        "app manifest Nightly --cert {} --contact-email ops@example.com --permission-set S \
         --out-dir x",
        certificate.display()
    );
    program.line(&manifest).succeeds();
    program
}

#[test]
fn a_deployment_that_may_have_begun_is_told() {
    let server = Server::giving([Vec::new()]);
    let run = with_app().line(&format!("{DEPLOY} -r {}", server.url));
    run.fails(6, "").hints("the deployment may have begun");
}

#[test]
fn a_deployment_that_is_under_way_at_an_interruption_can_be_looked_at() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let program = with_app();
    let child = program
        .command()
        .args(DEPLOY.split(' '))
        .args(["-r", &url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = r#"{"id":"0AfAc0000000001AAA","deployResult":{"status":"Pending"}}"#;
    server::answer_one(&listener, &json(201, begun));
    let _asked = listener.accept().unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 130, "{run:?}");
    run.hints("goes on in the org").hints(&format!(
        "accredit api --access-token-env MY_TOKEN -q -r {url} \
         '/services/data/v65.0/metadata/deployRequest/0AfAc0000000001AAA?includeDetails=true'"
    ));
}
