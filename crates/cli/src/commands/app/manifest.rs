//! `accredit app manifest`: the files that register an app, all of them or none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::metadata::{self, Component};
use super::registration::{Kind, Registration};
use super::setup;
use crate::api_version;
use crate::args::app::{Layout, ManifestArgs};
use crate::error::CliError;
use crate::files::{Access, Existing, FileSet, unwritable};
use crate::output::Output;
use crate::world::World;

/// The version in package.xml: one that knows all of the files.
const VERSION: &str = "65.0";

/// Writes the files, or says what to click.
pub(crate) fn run(args: &ManifestArgs, world: &World, out: &mut Output) -> Result<(), CliError> {
    let version = api_version::given(args.api_version.as_deref(), world.environment.as_ref())?;
    let app = Registration::of(args, world, out)?;
    if args.explain {
        let text = setup::clicks(&app, &args.cert.display().to_string());
        let steps: Vec<&str> = text.lines().collect();
        return out.result(&text, &json!({"steps": steps}));
    }
    let components = metadata::components(&app);
    let version = version.as_deref().unwrap_or(VERSION);
    let paths = write(args, &components, version)?;
    let human: String = paths
        .iter()
        .map(|path| format!("{}\n", path.display()))
        .collect();
    out.result(&human, &json!({"files": paths, "clientId": app.client_id}))?;
    out.step(&next(args, &app));
    Ok(())
}

fn write(
    args: &ManifestArgs,
    components: &[Component],
    version: &str,
) -> Result<Vec<PathBuf>, CliError> {
    let folder = match args.out_dir.as_path() {
        here if here == Path::new(".") => Path::new(""),
        other => other,
    };
    let mut contents: Vec<(PathBuf, String)> = components
        .iter()
        .map(|component| {
            let path = folder.join(component.path(args.layout));
            (path, component.content.clone())
        })
        .collect();
    if args.layout == Layout::Mdapi {
        let package = metadata::package(components, version);
        contents.push((folder.join("package.xml"), package));
    }
    // Dropped after the files, which have to be out of them first.
    let mut folders = Folders::default();
    let mut files = FileSet::new(if args.force {
        Existing::Replace
    } else {
        Existing::Keep
    });
    let paths: Vec<PathBuf> = contents.iter().map(|(path, _)| path.clone()).collect();
    files.check(&paths.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    for (path, content) in contents {
        folders.make(&path)?;
        files.stage(path, content.as_bytes(), Access::Everybody)?;
    }
    files.publish()?;
    folders.keep();
    Ok(paths)
}

/// Folders that were made for files; they are removed again unless the files are there.
#[derive(Default)]
struct Folders(Vec<PathBuf>);

impl Folders {
    /// Makes the folder of a file, and those above it.
    fn make(&mut self, file: &Path) -> Result<(), CliError> {
        let missing: Vec<&Path> = file
            .ancestors()
            .skip(1)
            .take_while(|above| !above.as_os_str().is_empty() && !above.exists())
            .collect();
        for folder in missing.into_iter().rev() {
            match fs::create_dir(folder) {
                Ok(()) => self.0.push(folder.to_owned()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unwritable(folder, error)),
            }
        }
        Ok(())
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // One that somebody put something into stays.
            let _full = fs::remove_dir(folder);
        }
    }
}

fn next(args: &ManifestArgs, app: &Registration) -> String {
    let folder = args.out_dir.display();
    let other = match args.layout {
        Layout::Source => format!("sf project deploy start --source-dir {folder}"),
        Layout::Mdapi => format!("sf project deploy start --metadata-dir {folder}"),
    };
    let key = match (&app.client_id, app.kind) {
        (Some(key), _) => key.clone(),
        (None, _) => "CONSUMER_KEY".to_owned(),
    };
    let from = if app.client_id.is_some() {
        ""
    } else {
        " (Setup shows the consumer key that Salesforce chose)"
    };
    let kind = match app.kind {
        Kind::External => "",
        Kind::Connected => {
            "\nSince Spring '26 an org takes a new connected app only after Support allowed it; \
             without --connected-app it is an external client app."
        }
    };
    format!(
        "\nNext:\n  1. accredit app deploy {folder} --check-only, then without it; or {other}\n  \
         2. accredit token -i {key} -o USERNAME -f KEY -r https://YOUR-DOMAIN.my.salesforce.com\
         {from}\nOr try it here first: accredit emulator load {folder}{kind}"
    )
}
