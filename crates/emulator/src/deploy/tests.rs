//! What a deployment does to the apps of an org, and how much it may cost.

use serde_json::json;

use super::shapes::Shape;
use super::{Deployment, Status, Wanted, examine};
use crate::app::App;
use crate::archive::tests::pack;
use crate::directory::{AppKind, Switch};
use crate::ids::RecordId;
use crate::org::bulk::Pace;
use crate::org::load::apps::SCOPES;
use crate::org::load::xml;
use crate::{Emulator, Seed};

const POLICIES: &str = "extlClntAppPolicies/CI.ecaPlcy";
const OF: &str = "<externalClientApplication>CI</externalClientApplication>";

fn org() -> App {
    Emulator::builder().seed(Seed::Empty).open().unwrap()
}

/// Deploys files that need not be in the list by name.
fn deploy(app: &App, files: &[(&str, &str)]) -> Deployment {
    let begun = begin(app, files);
    let ended = app.deployments().look(app, &begun.id, Pace::AtOnce);
    ended.unwrap()
}

fn begin(app: &App, files: &[(&str, &str)]) -> Deployment {
    let kinds = [
        "ExternalClientApplication",
        "ExtlClntAppGlobalOauthSettings",
        "ExtlClntAppOauthSettings",
        "ExtlClntAppConfigurablePolicies",
    ];
    let types = kinds.map(|kind| format!("<types><members>*</members><name>{kind}</name></types>"));
    let list = format!("<Package>{}</Package>", types.concat());
    let files = [&[("package.xml", list.as_str())], files].concat();
    let wanted = Wanted {
        options: json!({}),
        by: RecordId::numbered("005", 1),
        by_name: "somebody".to_owned(),
        now: app.now(),
    };
    app.deployments().begin(pack(&files), wanted).unwrap()
}

fn settings(name: &str, more: &str) -> String {
    format!(
        "<ExtlClntAppGlobalOauthSettings><callbackUrl>https://x</callbackUrl>{more}\
         <externalClientApplication>{name}</externalClientApplication>\
         </ExtlClntAppGlobalOauthSettings>"
    )
}

fn eca(name: &str) -> String {
    format!(
        "<ExternalClientApplication><contactEmail>a@b.c</contactEmail><label>{name}</label>\
         </ExternalClientApplication>"
    )
}

#[test]
fn metadata_switch_an_app_off_and_on_again() {
    let app = org();
    let made = deploy(&app, &[("externalClientApps/CI.eca", &eca("CI"))]);
    assert_eq!(made.status, Status::Succeeded, "{made:?}");
    let known = || {
        let client = app.directory().developed_as(AppKind::External, "CI");
        client.unwrap().definition.clone()
    };
    for (word, switch) in [
        ("true", Switch::On),
        ("false", Switch::Off),
        ("true", Switch::On),
    ] {
        let policies = format!(
            "<ExtlClntAppConfigurablePolicies>{OF}<isEnabled>{word}</isEnabled>\
             </ExtlClntAppConfigurablePolicies>"
        );
        let introspection = format!("<isIntrospectAllTokens>{word}</isIntrospectAllTokens>");
        let settings = settings("CI", &introspection);
        let path = "extlClntAppGlobalOauthSets/CI.ecaGlblOauth";
        let ended = deploy(&app, &[(POLICIES, &policies), (path, &settings)]);
        assert_eq!(ended.status, Status::Succeeded, "{ended:?}");
        assert_eq!(known().enabled, switch);
        assert_eq!(known().introspect_all_tokens, switch);
    }
    // What says nothing of it leaves it as it is.
    let silent = format!("<ExtlClntAppConfigurablePolicies>{OF}</ExtlClntAppConfigurablePolicies>");
    deploy(&app, &[(POLICIES, &silent)]);
    assert_eq!(known().enabled, Switch::On);
}

#[test]
fn apps_that_cannot_all_be_made_are_not_made_at_all() {
    let app = org();
    let key = "<consumerKey>3MVG9both.of.them</consumerKey>";
    let (one, two) = (settings("A", key), settings("B", key));
    let (a, b) = (eca("A"), eca("B"));
    let ended = deploy(
        &app,
        &[
            ("externalClientApps/A.eca", &a),
            ("externalClientApps/B.eca", &b),
            ("extlClntAppGlobalOauthSets/A.ecaGlblOauth", &one),
            ("extlClntAppGlobalOauthSets/B.ecaGlblOauth", &two),
        ],
    );
    assert_eq!(ended.status, Status::Failed);
    assert!(app.directory().apps().is_empty());
}

#[test]
fn every_scope_that_a_file_may_have_is_known_as_tokens_name_it() {
    let (shape, _) = Shape::of("connectedApps/CI.connectedApp").unwrap();
    let file = |scope: &str| {
        format!(
            "<ConnectedApp><contactEmail>a@b.c</contactEmail><label>CI</label><oauthConfig>\
             <callbackUrl>https://x</callbackUrl><scopes>{scope}</scopes></oauthConfig>\
             </ConnectedApp>"
        )
    };
    for (scope, _) in SCOPES {
        assert_eq!(examine::flaws(shape, &file(scope)), [], "{scope}");
    }
    let has = |scope: &str| SCOPES.iter().any(|(known, _)| *known == scope);
    assert!(["Api", "Web", "Full", "OpenID", "Lightning", "Content"].map(has) == [true; 6]);
    let flaws = examine::flaws(shape, &file("Everything"));
    let expected = "'Everything' is not a valid value for the enum 'ConnectedAppOauthAccessScope'";
    assert_eq!(flaws[0].problem, expected);
}

#[test]
fn lines_are_looked_for_where_something_is_wrong_only() {
    let (shape, _) = Shape::of("connectedApps/CI.connectedApp").unwrap();
    let profiles = "<profileName>P</profileName>\n".repeat(1_000);
    let file = format!(
        "<ConnectedApp><contactEmail>a@b.c</contactEmail><label>CI</label>{profiles}</ConnectedApp>"
    );
    let before = xml::lines_asked();
    assert_eq!(examine::flaws(shape, &file), []);
    assert_eq!(xml::lines_asked() - before, 0);
}

#[test]
fn a_file_full_of_flaws_is_given_up_after_a_hundred() {
    let (shape, _) = Shape::of("connectedApps/CI.connectedApp").unwrap();
    let file = format!("<ConnectedApp>{}</ConnectedApp>", "<x/>\n".repeat(2_000));
    let before = xml::lines_asked();
    let flaws = examine::flaws(shape, &file);
    assert_eq!(flaws.len(), 101);
    assert!(flaws[100].problem.contains("not read"), "{:?}", flaws[100]);
    assert!(xml::lines_asked() - before <= 110);
}

#[test]
fn a_file_longer_than_that_of_an_app_is_not_read() {
    let long = format!("{}{}", eca("CI"), " ".repeat(256 * 1024));
    let ended = deploy(&org(), &[("externalClientApps/CI.eca", &long)]);
    assert_eq!(ended.status, Status::Failed);
    let problem = ended.failures.kept[0].problem.as_deref();
    assert_eq!(problem, Some("Error parsing file: expected at most 256 KB"));
}

#[test]
fn deployments_can_be_looked_at_while_one_is_carried_out() {
    let app = org();
    let deployments = app.deployments();
    let [one, two] = [(); 2].map(|()| begin(&app, &[]).id);
    let turn = deployments.turn();
    let (first, archive) = deployments.go_on(&one, Pace::AtOnce).unwrap();
    assert!(archive.is_some() && first.status == Status::InProgress);
    // Who comes second neither waits nor does it once more.
    let again = deployments.look(&app, &one, Pace::AtOnce).unwrap();
    assert_eq!(again.status, Status::InProgress);
    let other = deployments.look(&app, &two, Pace::ByLooks).unwrap();
    assert_eq!(other.status, Status::InProgress);
    drop(turn);
    let other = deployments.look(&app, &two, Pace::ByLooks).unwrap();
    assert!(other.status.is_end(), "{other:?}");
}

#[test]
fn as_much_is_kept_of_a_deployment_as_somebody_reads() {
    let paths: Vec<_> = (0..900)
        .map(|number| format!("classes/{number}.cls"))
        .collect();
    let files: Vec<_> = paths.iter().map(|path| (path.as_str(), "")).collect();
    let ended = deploy(&org(), &files);
    assert_eq!(ended.failures.kept.len(), 501);
    let last = ended.failures.kept[500].problem.as_deref();
    assert_eq!(last, Some("400 more of 900 failures are left out"));

    let long = "x".repeat(10_000);
    let file = format!("<ExternalClientApplication><{long}/></ExternalClientApplication>");
    let ended = deploy(&org(), &[("externalClientApps/CI.eca", &file)]);
    assert!(ended.failures.kept[0].problem.as_ref().unwrap().len() <= 512);
}
