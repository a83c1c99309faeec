//! What a file is, by its name and, for JSON, by what is in it.

/// What is to be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `Property__c.object-meta.xml`, or a whole `Property__c.object`.
    Object,
    Field,
    RecordType,
    ValueSet,
    StandardValueSet,
    /// A record of a custom metadata type.
    CustomMetadata,
    ConnectedApp,
    ExternalApp,
    GlobalOauth,
    OauthSettings,
    OauthPolicies,
    AppPolicies,
    Json,
    Csv,
    Sql,
    Mapping,
}

const EXTENSIONS: [(&str, Kind); 19] = [
    ("object", Kind::Object),
    ("field", Kind::Field),
    ("recordType", Kind::RecordType),
    ("globalValueSet", Kind::ValueSet),
    ("globalPicklist", Kind::ValueSet),
    ("standardValueSet", Kind::StandardValueSet),
    ("connectedApp", Kind::ConnectedApp),
    ("eca", Kind::ExternalApp),
    ("ecaGlblOauth", Kind::GlobalOauth),
    ("ecaOauth", Kind::OauthSettings),
    ("ecaOauthPlcy", Kind::OauthPolicies),
    ("ecaPlcy", Kind::AppPolicies),
    ("json", Kind::Json),
    ("csv", Kind::Csv),
    ("sql", Kind::Sql),
    ("yml", Kind::Mapping),
    ("yaml", Kind::Mapping),
    ("JSON", Kind::Json),
    ("CSV", Kind::Csv),
];

/// Files of tools, of which some have comments in their JSON.
const SETTINGS: [&str; 4] = [
    "jsconfig.json",
    "package-lock.json",
    "package.json",
    "sfdx-project.json",
];

impl Kind {
    /// What the file at `path` is; nothing if it is nothing that can be loaded.
    pub(super) fn of(path: &str) -> Option<Self> {
        let file = segments(path).next().unwrap_or_default();
        if SETTINGS.contains(&file) || file.starts_with("tsconfig") {
            return None;
        }
        let name = path.strip_suffix("-meta.xml").unwrap_or(path);
        let (stem, extension) = name.rsplit_once('.')?;
        if extension == "md" {
            // Any other file with this ending is text for people.
            let is_record = folder(path) == Some("customMetadata") || name.len() < path.len();
            return (is_record && !stem.is_empty()).then_some(Self::CustomMetadata);
        }
        EXTENSIONS
            .iter()
            .find(|(known, _)| *known == extension)
            .map(|(_, kind)| *kind)
    }
}

/// Whether a file of this name is one that [`App::load`](crate::App::load) can look at.
#[must_use]
pub fn is_loadable(path: &str) -> bool {
    Kind::of(path).is_some()
}

/// Whether a folder of this name may hold files to load. Hidden ones, packages and the code of
/// components, whose tests have records of their own, hold none.
#[must_use]
pub fn is_searched(folder: &str) -> bool {
    let others = [
        "node_modules",
        "lwc",
        "aura",
        "classes",
        "staticresources",
        "__tests__",
        "__mocks__",
    ];
    !folder.starts_with('.') && !others.contains(&folder)
}

/// The words of a path, the last first.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.rsplit(['/', '\\'])
}

/// The name of the folder that the file is in.
pub(super) fn folder(path: &str) -> Option<&str> {
    segments(path).nth(1)
}

/// The name of the folder above that one.
pub(super) fn folder_above(path: &str) -> Option<&str> {
    segments(path).nth(2)
}

/// The path up to the file name, without the slash.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once(['/', '\\'])
        .map_or("", |(parent, _)| parent)
}

/// The name of the file up to its first dot.
pub(super) fn stem(path: &str) -> &str {
    let name = segments(path).next().unwrap_or_default();
    name.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_files_are() {
        for (path, kind) in [
            ("a/Broker__c/Broker__c.object-meta.xml", Some(Kind::Object)),
            ("src/objects/Trip__c.object", Some(Kind::Object)),
            ("Case/fields/Rank__c.field-meta.xml", Some(Kind::Field)),
            (
                "customMetadata/Rule.One.md-meta.xml",
                Some(Kind::CustomMetadata),
            ),
            ("customMetadata/Rule.One.md", Some(Kind::CustomMetadata)),
            ("README.md", None),
            ("data/plan.json", Some(Kind::Json)),
            ("package.json", None),
            ("Case/listViews/All.listView-meta.xml", None),
            ("LICENSE", None),
            (".json", Some(Kind::Json)),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }
}
