//! `accredit quickstart`: the whole sign-in on a local org, step by step, each with the command
//! that does it alone.

use std::path::{Path, PathBuf};

use accredit::http::UreqClient;
use accredit::source::Exchange;
use accredit_emulator::{Emulator, NewApp, Upload};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::args::{QuickstartArgs, SfArgs, SignInArgs};
use crate::certificate::CertificateFile;
use crate::commands::emulator::{INTEGRATION_USER, builder, passing_folder, runtime};
use crate::commands::key::{self, NewFiles};
use crate::commands::query;
use crate::error::CliError;
use crate::files::Existing;
use crate::output::{Form, Output, Verbosity};
use crate::rest::Org;
use crate::session::Session;
use crate::settings::network::{Traffic, client};
use crate::settings::sign_in;
use crate::world::World;

/// What is asked of the org in the end.
const SOQL: &str =
    "SELECT Name, Industry, BillingCity, AnnualRevenue FROM Account ORDER BY Name LIMIT 5";

/// The flags of a sign-in at an emulator that was started by hand.
const FLAGS: &str =
    "-i CLIENT_ID -o integration@accredit.example -f server.key -r http://127.0.0.1:8580";

/// The name of the files.
const NAME: &str = "server";

/// Shows it all.
pub(crate) fn run(args: &QuickstartArgs, world: &World, out: &mut Output) -> Result<(), CliError> {
    let runtime = runtime()?;
    let folder = Folder::open(args.keep.as_deref())?;
    let emulator =
        runtime.block_on(builder(&crate::args::emulator::OrgArgs::sample(), world).start())?;
    let told = show(&emulator, &folder, world);
    runtime.block_on(emulator.shutdown());
    let story = told?;
    out.result(&story.text(), &story.json())
}

/// Where key and certificate are made: a folder that goes, or one that stays.
enum Folder {
    Passing(TempDir),
    Kept(PathBuf),
}

impl Folder {
    fn open(keep: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = keep else {
            return passing_folder().map(Self::Passing);
        };
        let taken = ["key", "csr", "crt"]
            .map(|ending| path.join(format!("{NAME}.{ending}")))
            .into_iter()
            .find(|file| std::fs::symlink_metadata(file).is_ok());
        if let Some(file) = taken {
            let what = format!("{} is there already", file.display());
            return Err(CliError::other(what)
                .hint("nothing was written; name another folder with --keep DIR"));
        }
        std::fs::create_dir_all(path).map_err(|error| {
            CliError::other("no folder for key and certificate").with_source(error)
        })?;
        Ok(Self::Kept(path.to_owned()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Passing(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }
}

/// What was done.
#[derive(Default)]
struct Story {
    steps: Vec<Step>,
    table: String,
    records: Value,
    farewell: String,
}

struct Step {
    title: &'static str,
    did: String,
    command: String,
}

impl Story {
    fn tell(&mut self, title: &'static str, did: impl Into<String>, command: impl Into<String>) {
        self.steps.push(Step {
            title,
            did: did.into(),
            command: command.into(),
        });
    }

    fn text(&self) -> String {
        let steps: String = self
            .steps
            .iter()
            .zip(1..)
            .map(|(step, number)| {
                let did = step.did.trim_end().replace('\n', "\n   ");
                format!(
                    "{number}. {}\n   {did}\n   alone: {}\n\n",
                    step.title, step.command
                )
            })
            .collect();
        format!("{steps}{}\n{}", self.table, self.farewell)
    }

    fn json(&self) -> Value {
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|step| json!({"title": step.title, "did": step.did, "command": step.command}))
            .collect();
        json!({"steps": steps, "records": self.records, "next": self.farewell})
    }
}

fn show(emulator: &Emulator, folder: &Folder, world: &World) -> Result<Story, CliError> {
    let url = emulator.url();
    let mut story = Story::default();
    story.tell(
        "A local org",
        format!("An org with sample records answers at {url}."),
        "accredit emulator start",
    );
    let files = make_files(folder, world, &mut story)?;
    let client_id = register(emulator, &files, &mut story)?;
    let args = SignInArgs {
        client_id: Some(client_id),
        username: Some(INTEGRATION_USER.to_owned()),
        key: Some(files.key.display().to_string()),
        passphrase_file: None,
        login_url: Some(url),
        sandbox: false,
        audience: None,
        no_cache: true,
        sf: SfArgs::default(),
    };
    let org = sign_in(&args, world, &mut story)?;
    let client = client(
        &NoVariables,
        None,
        Traffic::Records,
        org.instance_url.as_str(),
    )?;
    first_query(&org, &client, &mut story)?;
    story.farewell = match folder {
        Folder::Passing(_) => format!("{GONE}{}", farewell()),
        Folder::Kept(_) => farewell(),
    };
    Ok(story)
}

fn make_files(folder: &Folder, world: &World, story: &mut Story) -> Result<NewFiles, CliError> {
    let recipe = key::recipe_for("quickstart")?;
    let files = key::make(&recipe, folder.path(), NAME, Existing::Keep, world)?;
    story.tell(
        "A private key and its certificate",
        format!(
            "An RSA key of 2048 bits signs; its certificate, valid for 365 days, lets Salesforce \
             check.\n{}\n{}",
            files.key.display(),
            files.certificate.display()
        ),
        "accredit key new",
    );
    Ok(files)
}

fn register(emulator: &Emulator, files: &NewFiles, story: &mut Story) -> Result<String, CliError> {
    let certificate = CertificateFile::read(&files.certificate)?.text;
    let client_id = emulator.add_app(NewApp {
        name: "Quickstart".to_owned(),
        certificates: vec![Upload::Text(certificate)],
        ..NewApp::default()
    })?;
    story.tell(
        "An app that knows the certificate",
        format!(
            "An external client app with the certificate, for the profile System Administrator.\n\
             Its consumer key (client id) is {client_id}."
        ),
        "accredit emulator app add Quickstart --cert server.crt",
    );
    Ok(client_id.as_str().to_owned())
}

fn sign_in(args: &SignInArgs, world: &World, story: &mut Story) -> Result<Org, CliError> {
    let sign_in = sign_in::resolve(args, &NoVariables)?;
    let mut silent = Output::new(Form::Human, Verbosity::Quiet, &NoVariables);
    let client = client(&NoVariables, None, Traffic::Tokens, sign_in.url())?;
    let session = Session::open(sign_in, world, client, &mut silent)?;
    let Exchange {
        assertion, outcome, ..
    } = session.exchange(&mut silent)?;
    let token = outcome.map_err(|error| session.explain(&error))?;
    story.tell(
        "A signed assertion",
        format!(
            "A JWT that says who asks for whom, valid for three minutes, signed with the key:\n{}",
            crate::commands::inspect::claims_of(assertion.expose())?
        ),
        format!("accredit token --show-assertion {FLAGS}"),
    );
    story.tell(
        "An access token",
        format!(
            "The org checked the assertion and answered 200 with a token (sha256:{}), scope \
             \"{}\".\nIt works at {}.",
            token.access_token.fingerprint(),
            token.scope.as_deref().unwrap_or_default(),
            token.instance_url.as_str()
        ),
        format!("accredit token {FLAGS}"),
    );
    Ok(Org {
        instance_url: token.instance_url,
        access_token: token.access_token,
    })
}

fn first_query(org: &Org, client: &UreqClient, story: &mut Story) -> Result<(), CliError> {
    let found = query::screenful(org, client, SOQL)?;
    story.tell(
        "The first query",
        format!("{} records came back:", found.total_size),
        format!("accredit query \"{SOQL}\" {FLAGS}"),
    );
    story.table = found.table;
    story.records = found.records;
    Ok(())
}

/// What is left of it.
const GONE: &str = "
The org, the key and the token are gone now; accredit quickstart --keep DIR keeps the files.

";

fn farewell() -> String {
    "\
Now on a real org:
  accredit key new
  In Setup, create an external client app: enable OAuth with the scope api and the JWT bearer flow,
  upload server.crt, set Permitted Users to \"Admin approved users are pre-authorized\", add a
  profile.
  accredit token -i CONSUMER_KEY -o USERNAME -f server.key -r https://YOUR-DOMAIN.my.salesforce.com
  accredit query \"SELECT Name FROM Account LIMIT 5\" -i CONSUMER_KEY -o USERNAME -f server.key \\
    -r https://YOUR-DOMAIN.my.salesforce.com
Or run a program of yours against a local org:
  accredit emulator run -- COMMAND
"
    .to_owned()
}

/// The quickstart is the same on every machine.
#[derive(Debug)]
struct NoVariables;

impl crate::settings::Environment for NoVariables {}

impl accredit_keys::Environment for NoVariables {
    fn variable(&self, _name: &str) -> Option<std::ffi::OsString> {
        None
    }
}
