//! An archive as a deployment: its package.xml and the components that this names.

use std::collections::BTreeSet;

use super::Message;
use super::shapes::Shape;
use crate::archive::Packed;
use crate::org::load::LoadFile;
use crate::org::load::xml::{self, Element};

/// The name of the list of components.
pub(super) const LIST: &str = "package.xml";

/// The longest file, in bytes: a certificate and some lines.
const FILE_LENGTH_MAX: usize = 256 * 1024;

/// A component and its file.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) shape: &'static Shape,
    pub(super) name: String,
    pub(super) file: LoadFile,
}

/// What an archive holds.
#[derive(Debug, Default)]
pub(super) struct Package {
    pub(super) parts: Vec<Part>,
    pub(super) failures: Vec<Message>,
}

/// Sorts the files of an archive by its list.
pub(super) fn read(files: Vec<Packed>) -> Package {
    let mut package = Package::default();
    let Some(list) = files.iter().find(|file| is_list(&file.path)) else {
        package
            .failures
            .push(Message::failed(LIST, "No package.xml found"));
        return package;
    };
    // Everything may be in one folder, as in an archive that others packed.
    let start = list.path.strip_suffix(LIST).unwrap_or_default().to_owned();
    let members = match members(&list.content) {
        Ok(members) => members,
        Err((line, problem)) => {
            let message = Message::failed(LIST, &problem).at(line);
            package.failures.push(message);
            return package;
        }
    };
    for file in files {
        let Some(path) = file.path.strip_prefix(&start) else {
            continue;
        };
        if path != LIST {
            package.take(path.to_owned(), file.content, &members);
        }
    }
    package.miss(&members);
    package
}

fn is_list(path: &str) -> bool {
    path == LIST
        || path
            .strip_suffix("/package.xml")
            .is_some_and(|folder| !folder.contains('/'))
}

impl Package {
    fn take(&mut self, path: String, content: Vec<u8>, members: &BTreeSet<(String, String)>) {
        let Some((shape, name)) = Shape::of(&path) else {
            let problem = "This emulator deploys apps only: `accredit emulator load` takes \
                           objects, fields and records";
            self.failures.push(Message::failed(&path, problem));
            return;
        };
        let name = name.to_owned();
        let is_member = |name: &str| members.contains(&(shape.name.to_owned(), name.to_owned()));
        if !is_member(&name) && !is_member("*") {
            let message = Message::failed(&path, "Not in package.xml").of(shape.name, &name);
            self.failures.push(message);
            return;
        }
        if content.len() > FILE_LENGTH_MAX {
            let message = Message::failed(&path, &too_long()).of(shape.name, &name);
            self.failures.push(message);
            return;
        }
        match String::from_utf8(content) {
            Ok(content) => self.parts.push(Part {
                shape,
                name,
                file: LoadFile {
                    path,
                    content,
                    object: None,
                },
            }),
            Err(_) => {
                let problem = "Error parsing file: expected UTF-8 text";
                self.failures
                    .push(Message::failed(&path, problem).of(shape.name, &name));
            }
        }
    }

    /// Tells of members without a file.
    fn miss(&mut self, members: &BTreeSet<(String, String)>) {
        let parts = self.parts.iter();
        let there: BTreeSet<_> = parts.map(|part| (part.shape.name, &*part.name)).collect();
        let failures = self.failures.iter();
        let told: BTreeSet<_> = failures.map(|one| one.full_name.clone()).collect();
        for (kind, name) in members {
            let is_there = there.contains(&(kind.as_str(), name.as_str())) || told.contains(name);
            if name != "*" && !is_there {
                let problem = format!(
                    "An object '{name}' of type {kind} was named in package.xml, but was not \
                     found in zipped directory"
                );
                self.failures
                    .push(Message::failed(LIST, &problem).of(kind, name));
            }
        }
    }
}

fn too_long() -> String {
    let kilobytes = FILE_LENGTH_MAX >> 10;
    format!("Error parsing file: expected at most {kilobytes} KB")
}

/// Type and name of each component, or what is wrong and where.
fn members(content: &[u8]) -> Result<BTreeSet<(String, String)>, (usize, String)> {
    if content.len() > FILE_LENGTH_MAX {
        return Err((1, too_long()));
    }
    let told = |problem: String| format!("Error parsing file: {problem}");
    let text =
        std::str::from_utf8(content).map_err(|_| (1, told("expected UTF-8 text".to_owned())))?;
    let document = xml::parse(text).map_err(|trouble| (trouble.line, told(trouble.problem)))?;
    let root = Element::root(&document, &["Package"])
        .map_err(|trouble| (trouble.line, told(trouble.problem)))?;
    let mut members = BTreeSet::new();
    for types in root.all("types") {
        let kind = types
            .needed("name")
            .map_err(|trouble| (trouble.line, told(trouble.problem)))?;
        let names = types.all("members").map(Element::own_text);
        members.extend(names.map(|name| (kind.clone(), name)));
    }
    Ok(members)
}
