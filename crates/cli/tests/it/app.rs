//! `accredit app`: an app from a command line to the token.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::emulator::Served;
use crate::program::{Program, Run, files, key};
use crate::skip::skipped;

const KEY: &str = "3MVG9chosen.by.us";
const USER: &str = "sync@example.com";

/// The words that every manifest needs.
fn manifest(words: &str) -> Vec<String> {
    let certificate = files().join("server.crt");
    let line = format!(
        "app manifest Nightly_Sync --cert {} --contact-email ops@example.com {words}",
        certificate.display()
    );
    line.split_whitespace().map(str::to_owned).collect()
}

const PERMITTED: &str = "--permission-set Sync_Access";

/// Every file below a folder, by path.
fn all_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_below(&path));
        } else {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

fn named(program: &Program, folder: &str) -> Vec<String> {
    let root = program.folder().join(folder);
    let start = format!("{}/", root.display());
    let all = all_below(&root).into_iter();
    all.map(|path| path.strip_prefix(&start).unwrap().to_owned())
        .collect()
}

#[test]
fn five_files_register_an_external_client_app_and_one_a_connected_app() {
    let program = Program::new();
    let run = program.run(manifest(&format!("{PERMITTED} --out-dir force-app/main")));
    let five = [
        "externalClientApps/Nightly_Sync.eca-meta.xml",
        "extlClntAppGlobalOauthSets/Nightly_SyncGlblOAuth.ecaGlblOauth-meta.xml",
        "extlClntAppOauthPolicies/Nightly_SyncOAuthSettings_defaultPolicy.ecaOauthPlcy-meta.xml",
        "extlClntAppOauthSettings/Nightly_SyncOAuthSettings.ecaOauth-meta.xml",
        "extlClntAppPolicies/Nightly_Sync_defaultPolicy.ecaPlcy-meta.xml",
    ];
    assert_eq!(named(&program, "force-app/main"), five);
    let mut printed: Vec<String> = run.succeeds().stdout.lines().map(str::to_owned).collect();
    printed.sort();
    assert_eq!(printed, five.map(|path| format!("force-app/main/{path}")));
    assert!(
        run.stderr.contains("accredit app deploy force-app/main"),
        "{run:?}"
    );

    let words = format!("--connected-app --user-profile Integration {PERMITTED} --layout mdapi");
    let run = program.run(manifest(&format!("{words} --out-dir one -i {KEY} --json")));
    assert_eq!(run.json()["result"]["clientId"], KEY);
    let app = "connectedApps/Nightly_Sync.connectedApp";
    assert_eq!(named(&program, "one"), [app, "package.xml"]);
    let read = |name: &str| fs::read_to_string(program.folder().join("one").join(name)).unwrap();
    let package = read("package.xml");
    assert!(package.contains("<members>Nightly_Sync</members>\n        <name>ConnectedApp</name>"));
    assert!(package.contains("<version>65.0</version>"), "{package}");
    let text = read(app);
    let certificate = fs::read_to_string(files().join("server.crt")).unwrap();
    for part in [
        "<contactEmail>ops@example.com</contactEmail>\n    <label>Nightly Sync</label>",
        &format!("<certificate>{}</certificate>", certificate.trim()),
        &format!("<consumerKey>{KEY}</consumerKey>"),
        "<isAdminApproved>true</isAdminApproved>",
        "<scopes>Api</scopes>\n        <scopes>RefreshToken</scopes>",
        "<permissionSetName>Sync_Access</permissionSetName>\n    \
         <profileName>Integration</profileName>\n</ConnectedApp>",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn settings_land_in_the_elements_that_salesforce_reads() {
    let program = Program::new();
    let words = "--users self-authorize --scope web --scope api --ip-relaxation bypass --out-dir x";
    let mut words = manifest(words);
    words.extend(["--label".to_owned(), "R&D <nightly>".to_owned()]);
    program.run(words).succeeds();
    let all: String = all_below(&program.folder().join("x"))
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for part in [
        "<label>R&amp;D &lt;nightly&gt;</label>",
        "<commaSeparatedOauthScopes>Web, Api</commaSeparatedOauthScopes>",
        "<permittedUsersPolicyType>AllSelfAuthorized</permittedUsersPolicyType>",
        "<ipRelaxationPolicyType>Bypass</ipRelaxationPolicyType>",
        "<isOauthPluginEnabled>true</isOauthPluginEnabled>",
    ] {
        assert!(all.contains(part), "no {part} in {all}");
    }
    for part in [
        "consumerKey>",
        "commaSeparatedProfile",
        "commaSeparatedPermissionSet",
    ] {
        assert!(!all.contains(part), "{part} in {all}");
    }
}

#[test]
fn what_an_app_cannot_be_is_refused_at_once_and_nothing_is_written() {
    let program = Program::new();
    let certificate = files().join("server.crt");
    let run = program.run([
        "app",
        "manifest",
        "1st app",
        "--cert",
        certificate.to_str().unwrap(),
        "--contact-email",
        "nobody",
        "--scope",
        "Everything",
        "-i",
        "short",
        "--callback-url",
        "http://example.com",
    ]);
    for part in [
        "\"1st app\" is no name of an app",
        "\"nobody\" is no e-mail address",
        "\"Everything\" is no scope",
        "8 to 256 letters and digits",
        "is no callback URL",
        "nobody could use the app",
    ] {
        run.fails(3, part);
    }
    for (words, part) in [
        (
            "--users self-authorize --user-profile X",
            "need pre-authorized users",
        ),
        ("--user-profile A,B", "has a comma"),
        (
            "--permission-set X --scope refresh_token",
            "RefreshToken alone is not enough",
        ),
        ("--permission-set X --api-version 1.5", "no API version"),
        (
            "--permission-set X --explain --force",
            "cannot be used with",
        ),
    ] {
        let run = program.run(manifest(words));
        assert!([2, 3].contains(&run.code), "{run:?}");
        run.fails(run.code, part);
    }
    assert_eq!(program.files(), [""; 0]);
}

#[test]
fn a_certificate_that_no_org_takes_is_refused_by_name() {
    let program = Program::new();
    let certificate = fs::read_to_string(files().join("server.crt")).unwrap();
    program.write("two.crt", format!("{certificate}{certificate}").as_bytes());
    let padded = format!("# {}\n{certificate}", "x".repeat(4096));
    program.write("long.crt", padded.as_bytes());
    let with = |file: &str| {
        let line = format!("app manifest A --contact-email a@b.c {PERMITTED} --cert {file}");
        program.line(&line)
    };
    with("two.crt").fails(3, "holds 2 certificates");
    with("long.crt").fails(3, "Salesforce takes at most 4096");
    with(key().to_str().unwrap()).fails(3, "expected a certificate and nothing else");
    let made = Command::new("openssl")
        .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x".split(' '))
        .args(["-keyout", "ec.key", "-out", "ec.crt"])
        .current_dir(program.folder())
        .output();
    if made.is_ok_and(|made| made.status.success()) {
        with("ec.crt").fails(3, "holds no RSA key");
    } else {
        skipped("openssl is not installed");
    }
    assert!(!program.files().iter().any(|name| name.starts_with("ext")));
}

#[test]
fn nothing_is_overwritten_without_force_and_a_failure_leaves_no_folder() {
    let program = Program::new();
    let taken = program.folder().join("extlClntAppPolicies");
    fs::create_dir(&taken).unwrap();
    let file = taken.join("Nightly_Sync_defaultPolicy.ecaPlcy-meta.xml");
    fs::write(&file, "mine").unwrap();
    let run = program.run(manifest(PERMITTED));
    run.fails(1, "is there already")
        .hints("--force replaces it");
    assert_eq!(program.files(), ["extlClntAppPolicies"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    program
        .run(manifest(&format!("{PERMITTED} --force")))
        .succeeds();
    assert!(fs::read_to_string(&file).unwrap().contains("isEnabled"));
    // A file where a folder must be: what was made before it is taken away again.
    let other = Program::new();
    other.write("extlClntAppOauthPolicies", b"a file");
    other
        .run(manifest(PERMITTED))
        .fails(1, "could not be written");
    assert_eq!(other.files(), ["extlClntAppOauthPolicies"]);
}

#[test]
fn the_clicks_in_setup_name_the_same_settings() {
    let program = Program::new();
    let run = program.run(manifest(&format!("{PERMITTED} --explain")));
    for part in [
        "1. Open Setup > External Client App Manager",
        "API Name to Nightly_Sync and Contact Email to ops@example.com",
        "(api), (refresh_token)",
        "Enable JWT Bearer Flow and upload ",
        "\"Admin approved users are pre-authorized\"",
        "permission sets Sync_Access",
        "Enforce IP restrictions",
    ] {
        assert!(run.succeeds().stdout.contains(part), "{part}: {run:?}");
    }
    let words = "--connected-app --users self-authorize --explain --json";
    let run = program.run(manifest(words));
    let steps = run.json()["result"]["steps"].to_string();
    assert!(steps.contains("Use digital signatures"), "{steps}");
    assert!(steps.contains("All users may self-authorize"), "{steps}");
    assert_eq!(program.files(), [""; 0]);
}

/// A token for the app, by a user who has the profile that it permits.
fn token(program: &Program, client_id: &str, url: &str) -> Run {
    let key = key();
    let line = format!(
        "token -i {client_id} -o {USER} -f {} -r {url}",
        key.display()
    );
    program.line(&line)
}

#[test]
fn the_emulator_loads_what_was_written_and_signs_the_app_in() {
    let program = Program::new();
    let served = Served::start(&program, "");
    let program = program.with("ACCREDIT_EMULATOR", &served.url);
    program
        .line(&format!("emulator user add {USER} --profile Integration"))
        .succeeds();
    for (number, words) in [
        "",
        "--layout mdapi",
        "--connected-app",
        "--connected-app --layout mdapi",
    ]
    .iter()
    .enumerate()
    {
        let folder = format!("app{number}");
        let key = format!("{KEY}{number}");
        let words = format!("{words} --user-profile Integration -i {key} --out-dir {folder}");
        program.run(manifest(&words)).succeeds();
        let run = program.line(&format!("emulator load {folder}"));
        assert!(run.succeeds().stdout.ends_with("1 app\n"), "{run:?}");
        token(&program, &key, &served.url).succeeds();
    }
    served.stop();
}

/// An org with a user for the app, and a program that holds a token of an administrator.
fn with_administrator() -> (Program, Served) {
    let program = Program::new();
    let served = Served::start(&program, "");
    let url = served.url.clone();
    let program = program.with("ACCREDIT_EMULATOR", &url);
    let certificate = files().join("server.crt");
    let add = "--users pre-authorized -i 3MVG9admin --profile Integration";
    let line = format!(
        "emulator app add Admin --cert {} {add}",
        certificate.display()
    );
    program.line(&line).succeeds();
    program
        .line(&format!("emulator user add {USER} --profile Integration"))
        .succeeds();
    let run = token(&program, "3MVG9admin", &url);
    let access_token = run.succeeds().stdout.trim().to_owned();
    let program = program
        .with("MY_TOKEN", &access_token)
        .with("ACCREDIT_INSTANCE_URL", &url);
    (program, served)
}

const DEPLOY: &str = "app deploy --access-token-env MY_TOKEN";

#[test]
fn an_app_that_is_deployed_signs_in() {
    let (program, served) = with_administrator();
    for (folder, words) in [("source", ""), ("mdapi", "--layout mdapi")] {
        let key = format!("{KEY}.{folder}");
        let words = format!("{words} --user-profile Integration -i {key} --out-dir {folder}");
        let mut words = manifest(&words);
        words[2] = format!("App_{folder}");
        program.run(words).succeeds();
        let run = program.line(&format!("{DEPLOY} {folder} --check-only"));
        assert!(
            run.succeeds().stderr.contains("Nothing was changed"),
            "{run:?}"
        );
        token(&program, &key, &served.url).fails(4, "ACC-");
        let run = program.line(&format!("{DEPLOY} {folder}"));
        let first = format!("created\tExternalClientApplication\tApp_{folder}\n");
        assert!(run.succeeds().stdout.starts_with(&first), "{run:?}");
        assert_eq!(run.stdout.lines().count(), 5);
        assert!(
            run.stderr.contains(&format!("accredit token -i {key} ")),
            "{run:?}"
        );
        token(&program, &key, &served.url).succeeds();
        let run = program.line(&format!("{DEPLOY} {folder} --json"));
        assert_eq!(run.json()["result"]["status"], "Succeeded", "{run:?}");
    }
    // Without a consumer key of ours the way to that of Salesforce is told.
    let words = "--user-profile Integration --out-dir chosen";
    program.run(manifest(words)).succeeds();
    let run = program.line(&format!("{DEPLOY} chosen"));
    assert!(
        run.succeeds().stderr.contains("> Consumer Key and Secret"),
        "{run:?}"
    );
    let apps = program.line("emulator app list").succeeds().stdout.clone();
    let line = apps
        .lines()
        .find(|line| line.ends_with("Nightly Sync"))
        .unwrap();
    let key = line.split('\t').next().unwrap();
    token(&program, key, &served.url).succeeds();
    // Once more changes the same app.
    program.line(&format!("{DEPLOY} chosen")).succeeds();
    assert_eq!(program.line("emulator app list").succeeds().stdout, apps);
    served.stop();
}

#[test]
fn what_an_org_refuses_is_told_with_what_helps() {
    let (program, served) = with_administrator();
    let words = "--connected-app --user-profile Integration --out-dir connected";
    program.run(manifest(words)).succeeds();
    let run = program.line(&format!("{DEPLOY} connected"));
    run.fails(
        4,
        "Nightly_Sync.connectedApp (ConnectedApp): You can't create a connected app",
    )
    .hints("without --connected-app");
    let words = "--user-profile Integration --out-dir broken";
    program.run(manifest(words)).succeeds();
    let file = program.folder().join("broken/extlClntAppPolicies");
    let file = file.join("Nightly_Sync_defaultPolicy.ecaPlcy-meta.xml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace(">true<", ">perhaps<")).unwrap();
    let run = program.line(&format!("{DEPLOY} broken"));
    run.fails(
        4,
        "extlClntAppPolicies/Nightly_Sync_defaultPolicy.ecaPlcy:4 ",
    );
    let run = program.line(&format!("{DEPLOY} broken --json"));
    assert_eq!(
        (run.code, &run.json()["code"]),
        (4, &"DeploymentFailed".into())
    );
    served.stop();
}

#[test]
fn a_folder_without_an_app_and_a_missing_token_are_told_before_anybody_is_asked() {
    let program = Program::new().with("ACCREDIT_INSTANCE_URL", &crate::server::closed_url());
    program
        .line("app deploy")
        .fails(2, "holds no metadata of an app")
        .hints("`accredit app manifest` writes it");
    program
        .line("app deploy nowhere")
        .fails(3, "nowhere could not be read");
    program.run(manifest(PERMITTED)).succeeds();
    program.line(DEPLOY).fails(3, "MY_TOKEN is not set");
    let program = program.with("MY_TOKEN", "00D!secret");
    program
        .line(&format!("{DEPLOY} --wait soon"))
        .fails(2, "--wait");
    program.line(DEPLOY).fails(6, "refused the connection");
}
