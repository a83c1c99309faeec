//! What the files of a load come to: a schema, and rows.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value as Json;

use super::error::{LoadError, Trouble};
use super::kind::{self, Kind};
use super::metadata::{Metadata, Prefixes, RecordTypeSource, objects, record_type_field};
use super::rows::mapped::Source;
use super::rows::mapping::Mapping;
use super::rows::{Given, Row, csv, custom_metadata, mapped, mapping, plan, sql, tree};
use super::{LoadFile, describe, inference};
use crate::org::schema::{Object, Schema};

/// The most files of a load.
const FILES_MAX: usize = 100_000;

/// Everything that is to happen.
pub(super) struct Files<'a> {
    files: &'a [LoadFile],
    pub(super) paths: Vec<String>,
    pub(super) schema: Schema,
    pub(super) objects: BTreeSet<String>,
    pub(super) fields: usize,
    pub(super) record_types: Vec<(String, RecordTypeSource)>,
    pub(super) rows: Vec<Row>,
    pub(super) warnings: Vec<String>,
    prefixes: Prefixes,
}

/// What a JSON file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Plan,
    Records,
    Describe,
    Other,
}

impl<'a> Files<'a> {
    /// Reads all files, to be laid over `schema`.
    pub(super) fn read(files: &'a [LoadFile], schema: &Schema) -> Result<Self, LoadError> {
        if files.len() > FILES_MAX {
            let problem = format!("expected at most {FILES_MAX} files, found {}", files.len());
            return Err(LoadError::new("", problem));
        }
        let mut this = Self {
            files,
            paths: files.iter().map(|file| slashed(&file.path)).collect(),
            schema: schema.clone(),
            objects: BTreeSet::new(),
            fields: 0,
            record_types: Vec::new(),
            rows: Vec::new(),
            warnings: Vec::new(),
            prefixes: Prefixes::of(schema),
        };
        let contents = this.contents()?;
        this.describes(&contents)?;
        this.metadata()?;
        this.trees(&contents)?;
        this.tables(&contents)?;
        this.dumps()?;
        this.point_at_record_types();
        Ok(this)
    }

    /// Every file of this kind, with its number.
    fn of(&self, wanted: Kind) -> impl Iterator<Item = (usize, &'a LoadFile)> + use<'a> {
        let files = self.files.iter().enumerate();
        files.filter(move |(_, file)| Kind::of(&file.path) == Some(wanted))
    }

    fn add(&mut self, objects: Vec<Object>) {
        for object in &objects {
            self.objects.insert(object.name.clone());
            self.fields += object
                .fields
                .iter()
                .filter(|f| f.name.contains("__"))
                .count();
        }
        self.schema.extend(objects);
    }

    /// What each JSON file is.
    fn contents(&self) -> Result<HashMap<usize, Content>, LoadError> {
        let mut contents = HashMap::new();
        for (number, file) in self.of(Kind::Json) {
            contents.insert(number, content(file)?);
        }
        Ok(contents)
    }

    fn describes(&mut self, contents: &HashMap<usize, Content>) -> Result<(), LoadError> {
        let mut children = Vec::new();
        for (number, file) in self.of(Kind::Json) {
            if contents.get(&number) == Some(&Content::Describe) {
                let read = describe::read(&file.content, &self.schema, &mut self.prefixes);
                let described = read.map_err(|trouble| trouble.at(&file.path))?;
                let name = described.object.name.clone();
                let types = described.record_types.into_iter();
                self.record_types
                    .extend(types.map(|own| (name.clone(), own)));
                children.extend(described.children);
                self.add(vec![described.object]);
            }
        }
        let additions = children.into_iter();
        let additions: Vec<_> = additions.filter_map(|c| c.addition(&self.schema)).collect();
        self.schema.extend(additions);
        Ok(())
    }

    fn metadata(&mut self) -> Result<(), LoadError> {
        let mut metadata = Metadata::default();
        for file in self.files {
            let Some(kind) = Kind::of(&file.path) else {
                let problem = "expected metadata, records (JSON, CSV or SQL) or a describe answer";
                return Err(LoadError::new(&file.path, problem));
            };
            if matches!(
                kind,
                Kind::Object
                    | Kind::Field
                    | Kind::RecordType
                    | Kind::ValueSet
                    | Kind::StandardValueSet
            ) {
                metadata.read(kind, &slashed(&file.path), &file.content)?;
            }
        }
        let built = objects(&metadata, &self.schema, &mut self.prefixes)?;
        self.warnings.extend(built.warnings);
        self.record_types.extend(built.record_types);
        self.add(built.objects);
        for (number, file) in self.of(Kind::CustomMetadata) {
            let read = custom_metadata::read((&file.path, &file.content), number, &self.schema);
            match read.map_err(|trouble| trouble.at(&file.path))? {
                Some(row) => self.rows.push(row),
                None => self.warnings.push(format!(
                    "{} is left out: its custom metadata type is not loaded",
                    file.path
                )),
            }
        }
        Ok(())
    }

    /// Plans with their files, and files of records that no plan names.
    fn trees(&mut self, contents: &HashMap<usize, Content>) -> Result<(), LoadError> {
        let numbers: HashMap<String, usize> = self.paths.iter().cloned().zip(0..).collect();
        let mut planned = HashSet::new();
        let mut folders = HashSet::new();
        for (number, file) in self.of(Kind::Json) {
            if contents.get(&number) != Some(&Content::Plan) {
                continue;
            }
            let path = self.paths.get(number).cloned().unwrap_or_default();
            folders.insert(kind::parent(&path).to_owned());
            let steps = plan::read(&file.content).map_err(|trouble| trouble.at(&file.path))?;
            for step in steps {
                for name in step.files(&path) {
                    let Some(number_of_file) = numbers.get(&name) else {
                        let problem = format!("expected the file {name}, which it names");
                        return Err(LoadError::new(&file.path, problem));
                    };
                    if planned.insert(*number_of_file) {
                        self.tree(*number_of_file, (number, Some(&step.sobject)))?;
                    }
                }
            }
        }
        for (number, file) in self.of(Kind::Json) {
            if contents.get(&number) != Some(&Content::Records) || planned.contains(&number) {
                continue;
            }
            if folders.contains(kind::parent(&slashed(&file.path))) {
                self.warnings.push(format!(
                    "{} is left out: the plan next to it does not name it",
                    file.path
                ));
                continue;
            }
            self.tree(number, (self.files.len(), file.object.as_deref()))?;
        }
        Ok(())
    }

    fn tree(
        &mut self,
        number: usize,
        (scope, object): (usize, Option<&str>),
    ) -> Result<(), LoadError> {
        let Some(file) = self.files.get(number) else {
            return Ok(());
        };
        let reader = tree::Reader {
            schema: &self.schema,
            file: number,
            scope,
            object,
        };
        let rows = tree::read(&file.content, reader).map_err(|trouble| trouble.at(&file.path))?;
        self.rows.extend(rows);
        Ok(())
    }

    fn tables(&mut self, contents: &HashMap<usize, Content>) -> Result<(), LoadError> {
        let has_plan: HashSet<String> = self
            .of(Kind::Json)
            .filter(|(number, _)| contents.get(number) == Some(&Content::Plan))
            .map(|(_, file)| kind::parent(&file.path).to_owned())
            .collect();
        for (number, file) in self.of(Kind::Csv) {
            if file.object.is_none() && has_plan.contains(kind::parent(&file.path)) {
                self.warnings.push(format!(
                    "{} is left out: the plan next to it says what is loaded",
                    file.path
                ));
                continue;
            }
            let object = match &file.object {
                Some(name) => self.schema.object(name),
                None => csv::object_of(&file.path, &self.schema),
            };
            let Some(object) = object else {
                let problem = "expected a file named after its object, such as Account.csv";
                if self.files.len() == 1 || file.object.is_some() {
                    return Err(LoadError::new(&file.path, problem));
                }
                self.warnings
                    .push(format!("{} is left out: {problem}", file.path));
                continue;
            };
            let rows = csv::read(&file.content, number, object);
            self.rows
                .extend(rows.map_err(|trouble| trouble.at(&file.path))?);
        }
        Ok(())
    }

    fn dumps(&mut self) -> Result<(), LoadError> {
        let mut mappings: Vec<(&str, Mapping)> = Vec::new();
        for (_, file) in self.of(Kind::Mapping) {
            // YAML is used for much else, in forms that a mapping never has.
            if !file.content.contains("sf_object") {
                continue;
            }
            let read = mapping::read(&file.content).map_err(|trouble| trouble.at(&file.path))?;
            mappings.extend(read.map(|mapping| (file.path.as_str(), mapping)));
        }
        for (number, file) in self.of(Kind::Sql) {
            let dump = sql::read(&file.content).map_err(|trouble| trouble.at(&file.path))?;
            self.dump(
                Source {
                    dump: &dump,
                    file: number,
                },
                &mappings,
                &file.path,
            )?;
        }
        Ok(())
    }

    fn dump(
        &mut self,
        source: Source<'_>,
        mappings: &[(&str, Mapping)],
        path: &str,
    ) -> Result<(), LoadError> {
        let nearest = mappings
            .iter()
            .filter(|(_, mapping)| mapping.is_about(source.dump))
            .max_by_key(|(own, _)| common(own, path));
        let unmapped;
        let (mapping_path, mapping) = match nearest {
            Some((path, mapping)) => (*path, mapping),
            None => {
                let (made, warnings) = mapped::unmapped(source, &self.schema);
                self.warnings.extend(warnings);
                unmapped = made;
                (path, &unmapped)
            }
        };
        let wanted = mapped::wanted(source, mapping, &self.schema);
        let inferred = inference::objects(&wanted, &self.schema, &mut self.prefixes)?;
        self.warnings.extend(inferred.warnings);
        self.add(inferred.objects);
        let (rows, warnings) =
            mapped::rows(source, mapping).map_err(|trouble: Trouble| trouble.at(mapping_path))?;
        self.warnings.extend(warnings);
        self.want_record_types(&rows);
        self.rows.extend(rows);
        Ok(())
    }

    /// Gives objects that have record types now the field for them.
    fn point_at_record_types(&mut self) {
        let lacks = |name: &String| {
            let object = self.schema.object(name);
            object.is_some_and(|object| object.field("RecordTypeId").is_none())
        };
        let names: BTreeSet<String> = self
            .record_types
            .iter()
            .map(|(name, _)| name.clone())
            .filter(lacks)
            .collect();
        let objects = names.into_iter().map(|name| Object {
            name,
            fields: vec![record_type_field()],
            ..Object::default()
        });
        self.schema.extend(objects.collect::<Vec<_>>());
    }

    /// Record types that a dump's records have and that no metadata describe.
    fn want_record_types(&mut self, rows: &[Row]) {
        for row in rows {
            for (field, given) in &row.values {
                let Given::Match { value, .. } = given else {
                    continue;
                };
                let Some(object) = self.schema.object(&row.object) else {
                    continue;
                };
                let is_known = |(own, source): &(String, RecordTypeSource)| {
                    *own == object.name && source.developer_name == *value
                };
                let known = object.record_types.iter();
                if field != "RecordTypeId"
                    || self.record_types.iter().any(is_known)
                    || known.map(|own| &own.developer_name).any(|own| own == value)
                {
                    continue;
                }
                let name = &object.name;
                self.warnings.push(format!(
                    "record type {value} of {name} is in no metadata: it is made"
                ));
                let source = RecordTypeSource::named(value);
                self.record_types.push((object.name.clone(), source));
            }
        }
    }
}

/// How many bytes two paths begin with together.
fn common(left: &str, right: &str) -> usize {
    let pairs = left.bytes().zip(right.bytes());
    pairs.take_while(|(a, b)| a == b).count()
}

/// A path with slashes, whatever the machine that it comes from.
fn slashed(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").map_or(path.clone(), str::to_owned)
}

/// Whether these are records that say what they are: lists of records stand in files of other
/// kinds.
fn are_records(records: &Json) -> bool {
    let first = records.as_array().map(|records| records.first());
    first.is_some_and(|first| first.is_none_or(|record| record.get("attributes").is_some()))
}

/// What a JSON file is; an error if it is not JSON.
fn content(file: &LoadFile) -> Result<Content, LoadError> {
    let value: Json = serde_json::from_str(&file.content).map_err(|error| {
        Trouble::new(error.line(), format!("expected JSON: {error}")).at(&file.path)
    })?;
    let is_step = |step: &Json| step.get("sobject").is_some() && step.get("files").is_some();
    let described = value.get("result").unwrap_or(&value);
    Ok(match &value {
        Json::Array(steps) if steps.first().is_some_and(is_step) => Content::Plan,
        _ if value.get("records").is_some_and(are_records) => Content::Records,
        _ if described.get("fields").is_some_and(Json::is_array)
            && described.get("keyPrefix").is_some() =>
        {
            Content::Describe
        }
        _ => Content::Other,
    })
}
