//! `accredit key new`: key, request and certificate, all three or none.

use std::path::{Path, PathBuf};

use accredit::error::Error;
use accredit::secret::Secret;
use accredit_keys::{Fields, KeyLength, NewKey, Recipe, Subject};
use serde_json::json;

use crate::args::key::{KeyFormat, KeyNewArgs};
use crate::env_vars::Holds;
use crate::error::CliError;
use crate::files::{Access, Existing, FileSet};
use crate::output::Output;
use crate::passphrase::PassphraseSource;
use crate::settings::{Environment, Flag, Found, Origin, Picker};
use crate::world::World;

/// The files of a sign-in.
#[derive(Clone, Debug)]
pub(crate) struct NewFiles {
    pub(crate) key: PathBuf,
    pub(crate) request: PathBuf,
    pub(crate) certificate: PathBuf,
}

/// The form of the private key.
#[derive(Debug)]
enum Packing {
    Plain,
    Encrypted(Secret<String>),
    Pkcs12(Secret<String>),
    Jwk,
    Credhub,
}

impl Packing {
    fn of(args: &KeyNewArgs, world: &World) -> Result<Self, CliError> {
        let passphrases = PassphraseSource::new(args.passphrase_file.clone(), world);
        match (args.format, args.encrypt) {
            (KeyFormat::Pem, false) => Ok(Self::Plain),
            (KeyFormat::Pem, true) => Ok(Self::Encrypted(passphrases.chosen()?)),
            (KeyFormat::Pkcs12, _) => Ok(Self::Pkcs12(passphrases.chosen()?)),
            (KeyFormat::Jwk, false) => Ok(Self::Jwk),
            (KeyFormat::Credhub, false) => Ok(Self::Credhub),
            (KeyFormat::Jwk | KeyFormat::Credhub, true) => {
                Err(CliError::usage("this form of a key is never encrypted")
                    .hint("leave --encrypt out, or pass --format pem or --format pkcs12"))
            }
        }
    }

    /// The ending of the file's name.
    const fn ending(&self) -> &'static str {
        match self {
            Self::Plain | Self::Encrypted(_) => "key",
            Self::Pkcs12(_) => "p12",
            Self::Jwk => "jwk",
            Self::Credhub => "json",
        }
    }

    fn pack(&self, made: &NewKey, name: &str, world: &World) -> Result<Secret<Vec<u8>>, Error> {
        let random = world.random.as_ref();
        let bytes = |text: &Secret<String>| text.expose().clone().into_bytes();
        let packed = match self {
            Self::Plain => bytes(&made.private_key),
            Self::Encrypted(passphrase) => {
                made.encrypted(passphrase.expose(), random)?.into_bytes()
            }
            Self::Pkcs12(passphrase) => made.to_pkcs12(passphrase.expose(), random)?,
            Self::Jwk => bytes(&made.to_jwk()?),
            Self::Credhub => bytes(&made.to_credhub(name, world.clock.now(), random)?),
        };
        Ok(Secret::new(packed))
    }
}

impl NewFiles {
    fn named(folder: &Path, name: &str, packing: &Packing) -> Self {
        let path = |ending: &str| folder.join(format!("{name}.{ending}"));
        Self {
            key: path(packing.ending()),
            request: path("csr"),
            certificate: path("crt"),
        }
    }
}

/// Makes the files and says what to do with them.
pub(crate) fn run(args: &KeyNewArgs, world: &World, out: &Output) -> Result<(), CliError> {
    let recipe = recipe(args, world.environment.as_ref())?;
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    let folder = normal(&args.out_dir);
    let packing = Packing::of(args, world)?;
    let files = NewFiles::named(&folder, &args.name, &packing);
    write(&recipe, &files, existing, &packing, world)?;
    let NewFiles {
        key,
        request,
        certificate,
    } = &files;
    let human = format!(
        "{key}\n{request}\n{certificate}\n",
        key = key.display(),
        request = request.display(),
        certificate = certificate.display()
    );
    out.result(
        &human,
        &json!({"key": key, "request": request, "certificate": certificate}),
    )?;
    out.step(&format!(
        "\nNext:\n  1. In Setup, open External Client App Manager (or App Manager), create an \
         app, enable OAuth and the JWT bearer flow, and upload {certificate}.\n  2. Under its \
         policies set Permitted Users to \"Admin approved users are pre-authorized\" and add the \
         user's profile or permission set.\n  3. accredit token -i CONSUMER_KEY -o USERNAME -f \
         {key} -r https://YOUR-DOMAIN.my.salesforce.com\nOr try it here first: accredit emulator \
         run --cert {certificate} -- accredit token\nKeep {key} to yourself: whoever has it can \
         sign in.",
        certificate = certificate.display(),
        key = key.display(),
    ));
    Ok(())
}

/// Makes the three files in `folder`, in their plain forms.
pub(crate) fn make(
    recipe: &Recipe,
    folder: &Path,
    name: &str,
    existing: Existing,
    world: &World,
) -> Result<NewFiles, CliError> {
    let files = NewFiles::named(folder, name, &Packing::Plain);
    write(recipe, &files, existing, &Packing::Plain, world)?;
    Ok(files)
}

fn write(
    recipe: &Recipe,
    files: &NewFiles,
    existing: Existing,
    packing: &Packing,
    world: &World,
) -> Result<(), CliError> {
    let mut set = FileSet::new(existing);
    set.check(&[&files.key, &files.request, &files.certificate])?;
    let made = recipe.make(world.clock.now(), world.random.as_ref())?;
    let name = files.key.file_stem().unwrap_or_default().to_string_lossy();
    let key = packing.pack(&made, &name, world)?;
    set.stage(files.key.clone(), key.expose(), Access::Owner)?;
    let NewKey {
        request,
        certificate,
        ..
    } = made;
    set.stage(files.request.clone(), request.as_bytes(), Access::Everybody)?;
    set.stage(
        files.certificate.clone(),
        certificate.as_bytes(),
        Access::Everybody,
    )?;
    set.publish()
}

/// The plain recipe: 2048 bits, 365 days, one name.
pub(crate) fn recipe_for(name: &str) -> Result<Recipe, CliError> {
    let fields = Fields {
        common_name: Some(name.to_owned()),
        ..Fields::default()
    };
    Ok(Recipe::new(Subject::new(fields)?))
}

/// `.` is left out of the paths that are printed.
fn normal(folder: &Path) -> PathBuf {
    if folder == Path::new(".") {
        PathBuf::new()
    } else {
        folder.to_owned()
    }
}

fn recipe(args: &KeyNewArgs, environment: &dyn Environment) -> Result<Recipe, CliError> {
    let mut picker = Picker::new(environment);
    if args.name.is_empty() || args.name.contains(['/', '\\', '\0']) || args.name.starts_with('.') {
        picker.problem(
            format!(
                "{:?} is no name for files, expected one without a folder (flag --name)",
                args.name
            ),
            Some("--out-dir DIR names the folder".to_owned()),
        );
    }
    let bits = number(&mut picker, Flag::new("--bits", Some(&args.bits)))
        .and_then(|bits| accepted(&mut picker, "--bits", KeyLength::try_from(bits)));
    let fields = Fields {
        common_name: args.common_name.clone().or_else(|| Some(args.name.clone())),
        organization: args.organization.clone(),
        organization_unit: args.organization_unit.clone(),
        locality: args.locality.clone(),
        state: args.state.clone(),
        country: args.country.clone(),
    };
    let subject = accepted(&mut picker, "the subject", Subject::new(fields));
    let days = number(&mut picker, Flag::new("--days", Some(&args.days)));
    // The days are checked by a recipe; where there is none, by that of another key.
    let has_recipe = subject.is_some() && bits.is_some();
    let stand_in = recipe_for("days").ok();
    let recipe = subject
        .zip(bits)
        .map(|(subject, bits)| Recipe::new(subject).with_length(bits))
        .or(stand_in)
        .zip(days)
        .and_then(|(recipe, days)| accepted(&mut picker, "--days", recipe.with_days(days)))
        .filter(|_| has_recipe);
    picker.finish(recipe)
}

fn number(picker: &mut Picker<'_>, flag: Flag<'_>) -> Option<u32> {
    let found = Found {
        text: flag.value.unwrap_or_default().to_owned(),
        holds: Holds::Value,
        origin: Origin::Flag(flag.name),
    };
    let read = |text: &str| {
        text.parse::<u32>()
            .map_err(|_| Error::setting(format!("{text:?} is no whole number")))
    };
    picker.read(&found, read).map(|setting| setting.value)
}

fn accepted<T>(picker: &mut Picker<'_>, place: &str, result: Result<T, Error>) -> Option<T> {
    result
        .map_err(|error| picker.problem(format!("{error} ({place})"), None))
        .ok()
}
