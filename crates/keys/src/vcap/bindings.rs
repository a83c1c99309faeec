//! The bindings of an app, wherever the platform puts them.
//!
//! Owns the three places and their forms: one JSON document in a file (`VCAP_SERVICES_FILE_PATH`)
//! or a variable (`VCAP_SERVICES`), and a folder for each binding (`SERVICE_BINDING_ROOT`, the
//! Service Binding Specification for Kubernetes). A place that is named must be readable.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use accredit::error::Error;
use accredit::secret::Secret;
use serde_json::{Map, Value};

use super::parsed;
use crate::FILE_LENGTH_MAX;
use crate::json::Json;
use crate::surroundings::{Surroundings, read, unread};

/// The longest document with all bindings, in bytes: the platform's own limit.
const DOCUMENT_LENGTH_MAX: usize = 1024 * 1024;

/// The most bindings, and the most files of one, that are looked at.
const ENTRIES_MAX: usize = 1000;

/// Facts that stand beside the credentials in a folder; older documentation has hyphens in them.
const ATTRIBUTES: [&str; 12] = [
    "binding_guid",
    "binding_name",
    "instance_guid",
    "instance_name",
    "name",
    "label",
    "tags",
    "plan",
    "syslog_drain_url",
    "volume_mounts",
    "type",
    "provider",
];

/// A service that is bound to the app.
pub(super) struct Binding {
    /// The names it may be called by, without repetition; not empty.
    names: Vec<String>,
    label: String,
    credentials: Json,
}

impl Binding {
    /// The name for messages.
    pub(super) fn name(&self) -> &str {
        self.names.first().map_or("(no name)", String::as_str)
    }

    pub(super) fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    pub(super) fn has_label(&self, label: &str) -> bool {
        self.label == label
    }

    pub(super) const fn credentials(&self) -> &Value {
        self.credentials.value()
    }

    /// What stands in place of the credentials if the platform did not resolve them.
    pub(super) fn reference(&self) -> Option<&str> {
        ["credhub-ref", "credhub_ref"]
            .iter()
            .find_map(|name| self.credentials().get(name))
            .and_then(Value::as_str)
            .map(str::trim)
    }
}

/// What was found at one of the places.
pub(super) enum Bindings {
    /// The variable is not set.
    Absent(&'static str),
    /// The bindings that the variable names or holds.
    Present(&'static str, Vec<Binding>),
}

/// Reads all places, in the order in which they count.
pub(super) fn places(surroundings: &Surroundings) -> Result<[Bindings; 3], Error> {
    Ok([
        from_file(surroundings)?,
        from_folders(surroundings)?,
        from_variable(surroundings)?,
    ])
}

fn from_file(surroundings: &Surroundings) -> Result<Bindings, Error> {
    const NAME: &str = "VCAP_SERVICES_FILE_PATH";
    let Some(path) = surroundings.text(NAME)? else {
        return Ok(Bindings::Absent(NAME));
    };
    let document = read(Path::new(&path), DOCUMENT_LENGTH_MAX)
        .map(Secret::new)
        .map_err(|error| unread(&path, NAME, error))?;
    let bindings = in_document(document.expose(), &format!("{path} (variable {NAME})"))?;
    Ok(Bindings::Present(NAME, bindings))
}

fn from_variable(surroundings: &Surroundings) -> Result<Bindings, Error> {
    const NAME: &str = "VCAP_SERVICES";
    let Some(document) = surroundings.text(NAME)?.map(Secret::new) else {
        return Ok(Bindings::Absent(NAME));
    };
    let bindings = in_document(document.expose().as_bytes(), "the variable VCAP_SERVICES")?;
    Ok(Bindings::Present(NAME, bindings))
}

/// The bindings of a document: an object of arrays, by label.
fn in_document(document: &[u8], origin: &str) -> Result<Vec<Binding>, Error> {
    let damaged = |what: &str| {
        Error::setting(format!(
            "{origin} holds {what}, expected a JSON object of services by label"
        ))
    };
    let json = Json::parse(document).ok_or_else(|| damaged("no JSON"))?;
    let labels = json.value().as_object();
    let mut bindings = Vec::new();
    for (label, services) in labels.ok_or_else(|| damaged("no JSON object"))? {
        let services = services.as_array();
        for service in services.ok_or_else(|| damaged("a label without an array"))? {
            bindings.push(in_entry(label, service));
        }
    }
    Ok(bindings)
}

fn in_entry(label: &str, service: &Value) -> Binding {
    let text = |name: &str| service.get(name).and_then(Value::as_str);
    let label = text("label").unwrap_or(label).to_owned();
    let names = ["name", "binding_name", "instance_name"]
        .iter()
        .filter_map(|name| text(name));
    Binding {
        names: distinct(names),
        label,
        credentials: parsed(service.get("credentials").cloned().unwrap_or_default()),
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        if !distinct.iter().any(|known| known == name) {
            distinct.push(name.to_owned());
        }
    }
    distinct
}

fn from_folders(surroundings: &Surroundings) -> Result<Bindings, Error> {
    const NAME: &str = "SERVICE_BINDING_ROOT";
    let Some(root) = surroundings.text(NAME)? else {
        return Ok(Bindings::Absent(NAME));
    };
    let unread = |error| unread(&root, NAME, error);
    let mut bindings = Vec::new();
    for folder in entries(Path::new(&root)).map_err(unread)? {
        // A folder without a type is no binding (Service Binding Specification, "Workload
        // Projection").
        if folder.join("type").is_file() {
            bindings.push(in_folder(&folder).map_err(unread)?);
        }
    }
    Ok(Bindings::Present(NAME, bindings))
}

/// What is in a folder, but for names that begin with a dot: there Kubernetes keeps its own.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)?.take(ENTRIES_MAX) {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn in_folder(folder: &Path) -> io::Result<Binding> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    let mut credentials = Map::new();
    // What is longer is somebody's trust store or the like, and no credential.
    let is_read = |path: &&PathBuf| {
        let found = path.metadata();
        found.is_ok_and(|found| found.is_file() && found.len() <= FILE_LENGTH_MAX as u64)
    };
    for path in entries(folder)?.iter().filter(is_read) {
        let Some(name) = path.file_name().and_then(OsStr::to_str) else {
            continue;
        };
        let contents = Secret::new(read(path, FILE_LENGTH_MAX)?);
        // Keys in DER have no place among texts.
        let Ok(text) = std::str::from_utf8(contents.expose()) else {
            continue;
        };
        let attribute = name.replace('-', "_");
        if ATTRIBUTES.contains(&attribute.as_str()) {
            attributes.push((attribute, text.trim().to_owned()));
        } else {
            credentials.insert(name.to_owned(), value_of(text));
        }
    }
    let attribute = |wanted: &str| {
        attributes
            .iter()
            .find_map(|(name, text)| (name == wanted).then_some(text.as_str()))
    };
    let own = folder.file_name().and_then(OsStr::to_str);
    let names = ["binding_name", "instance_name", "name"]
        .iter()
        .filter_map(|name| attribute(name));
    Ok(Binding {
        names: distinct(own.into_iter().chain(names)),
        label: attribute("label")
            .or_else(|| attribute("type"))
            .unwrap_or_default()
            .to_owned(),
        credentials: Json::from(Value::Object(credentials)),
    })
}

/// The JSON object that a file holds, or its text as it is.
fn value_of(text: &str) -> Value {
    let is_object = text.trim_start().starts_with('{');
    is_object
        .then(|| serde_json::from_str(text).ok())
        .flatten()
        .unwrap_or_else(|| Value::String(text.to_owned()))
}
