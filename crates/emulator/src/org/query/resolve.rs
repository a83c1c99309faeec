//! From names to fields: which table and column a path means.
//!
//! Owns the objects and aliases of `FROM` and the errors about names. Names are looked up in any
//! case; answers use the canonical one.

use std::collections::HashMap;

use accredit_soql::ErrorCode;
use accredit_soql::ast::{FieldPath, From, Name, Source};

use super::environment::Environment;
use super::error::Refusals;
use super::joins::{Column, Joins, Node, ROOT};
use crate::org::schema::{Object, Schema};

type Error = accredit_soql::Error;

/// How many relationships one path may go up.
const PATH_DEPTH_MAX: usize = 5;

/// How many parents one query may reach.
const PARENTS_MAX: usize = 55;

/// A path with what it means.
#[derive(Clone, Debug)]
pub(super) struct Resolved<'s> {
    /// The parents on the way, each by the name of its relationship.
    pub(super) parents: Vec<(String, Node)>,
    pub(super) column: Column<'s>,
}

/// The names of one query.
#[derive(Clone, Debug)]
pub(super) struct Resolver<'s, 'a> {
    pub(super) joins: Joins<'s>,
    pub(super) refusals: Refusals<'a>,
    pub(super) environment: Environment<'a>,
    /// Aliases in lower case, with the parents that lead to them.
    aliases: HashMap<String, Vec<(String, Node)>>,
}

impl<'s, 'a> Resolver<'s, 'a> {
    /// Looks up what stands after `FROM`.
    pub(super) fn new(
        schema: &'s Schema,
        from: &From,
        environment: Environment<'a>,
    ) -> Result<Self, Error> {
        let object = driving_object(schema, &from.source, environment.refusals)?;
        Self::over((schema, object), from, environment)
    }

    /// The same where the object is known.
    pub(super) fn over(
        (schema, object): (&'s Schema, &'s Object),
        from: &From,
        environment: Environment<'a>,
    ) -> Result<Self, Error> {
        let mut resolver = Self {
            joins: Joins::new(schema, object),
            refusals: environment.refusals,
            environment,
            aliases: HashMap::new(),
        };
        resolver.alias(from.source.alias.as_ref(), Vec::new())?;
        for parent in &from.parents {
            resolver.add_parent(parent)?;
        }
        Ok(resolver)
    }

    /// The object that is asked for.
    pub(super) fn object(&self) -> &'s Object {
        self.joins.object(ROOT)
    }

    /// Takes an alias down, which may stand for one thing.
    fn alias(&mut self, alias: Option<&Name>, parents: Vec<(String, Node)>) -> Result<(), Error> {
        let Some(alias) = alias else { return Ok(()) };
        let name = alias.text.to_ascii_lowercase();
        if self.aliases.insert(name, parents).is_none() {
            return Ok(());
        }
        let detail = format!("duplicate alias: {}", alias.text);
        let code = ErrorCode::MalformedQuery;
        Err(self.refusals.at(alias.span, code, detail))
    }

    /// `c.Account a`: an alias of a parent.
    fn add_parent(&mut self, source: &Source) -> Result<(), Error> {
        if source.path.qualifiers.is_empty() {
            let detail = format!(
                "A driving SObject type has already been set, all other entity types in the FROM \
                 clause must be relationships to the initial object.  The driving object is {}",
                self.object().name
            );
            let span = source.path.span();
            return Err(self.refusals.at(span, ErrorCode::MalformedQuery, detail));
        }
        let names: Vec<&Name> = source.path.names().collect();
        let parents = self.walk(&source.path, &names)?;
        self.alias(source.alias.as_ref(), parents)
    }

    /// What a path to a field means.
    pub(super) fn field(&mut self, path: &FieldPath) -> Result<Resolved<'s>, Error> {
        let qualifiers: Vec<&Name> = path.qualifiers.iter().collect();
        let parents = self.walk(path, &qualifiers)?;
        self.field_of(path, parents, ROOT)
    }

    /// What a path means whose relationships begin at `start`.
    pub(super) fn field_from(
        &mut self,
        start: Node,
        path: &FieldPath,
    ) -> Result<Resolved<'s>, Error> {
        let mut parents = Vec::new();
        for name in &path.qualifiers {
            self.step(path, name, (start, &mut parents))?;
        }
        self.field_of(path, parents, start)
    }

    fn field_of(
        &self,
        path: &FieldPath,
        parents: Vec<(String, Node)>,
        start: Node,
    ) -> Result<Resolved<'s>, Error> {
        let node = parents.last().map_or(start, |(_, node)| *node);
        let object = self.joins.object(node);
        let field = object.field(&path.name.text).ok_or_else(|| {
            let names = (path.name.text.as_str(), object.name.as_str());
            self.refusals.unknown_field(path.span(), names)
        })?;
        Ok(Resolved {
            parents,
            column: Column { node, field },
        })
    }

    /// The parents that `names` lead to.
    pub(super) fn walk(
        &mut self,
        path: &FieldPath,
        names: &[&Name],
    ) -> Result<Vec<(String, Node)>, Error> {
        let (mut parents, names) = self.start(names);
        for name in names {
            self.step(path, name, (ROOT, &mut parents))?;
        }
        Ok(parents)
    }

    /// Goes up one relationship.
    fn step(
        &mut self,
        path: &FieldPath,
        name: &Name,
        (start, parents): (Node, &mut Vec<(String, Node)>),
    ) -> Result<(), Error> {
        let node = parents.last().map_or(start, |(_, node)| *node);
        let object = self.joins.object(node);
        let unknown = || self.refusals.unknown_relationship(path.span(), &name.text);
        let reference = object.reference(&name.text).ok_or_else(unknown)?;
        let next = self.joins.parent(node, reference);
        let next =
            next.ok_or_else(|| self.refusals.unknown_relationship(path.span(), &name.text))?;
        let relationship = reference.relationship.clone().unwrap_or_default();
        parents.push((relationship, next));
        if parents.len() > PATH_DEPTH_MAX {
            let what = "paths of more than five relationships";
            return Err(self.refusals.unsupported(path.span(), what));
        }
        self.check_parents()
    }

    /// Refuses more parents than one query may reach.
    pub(super) fn check_parents(&self) -> Result<(), Error> {
        if self.joins.len() > PARENTS_MAX {
            return Err(too_complicated());
        }
        Ok(())
    }

    /// Takes an alias, or the name of the object itself, off the front of a path.
    pub(super) fn start<'n>(&self, names: &'n [&'n Name]) -> (Vec<(String, Node)>, &'n [&'n Name]) {
        let Some((first, rest)) = names.split_first() else {
            return (Vec::new(), names);
        };
        if let Some(parents) = self.aliases.get(&first.text.to_ascii_lowercase()) {
            return (parents.clone(), rest);
        }
        let object = self.object();
        if first.is(&object.name) && object.reference(&first.text).is_none() {
            return (Vec::new(), rest);
        }
        (Vec::new(), names)
    }
}

/// The object that a query is about.
fn driving_object<'s>(
    schema: &'s Schema,
    source: &Source,
    refusals: Refusals<'_>,
) -> Result<&'s Object, Error> {
    let path = &source.path;
    let names: Vec<&str> = path.names().map(|name| name.text.as_str()).collect();
    let name = names.join(".");
    let object = schema.object(&name);
    let object = object.ok_or_else(|| refusals.unknown_object(path.span(), &name))?;
    if object.can("queryable") && object.has_table() {
        return Ok(object);
    }
    let detail = format!("entity type {} does not support query", object.name);
    Err(refusals.at(path.span(), ErrorCode::InvalidTypeForOperation, detail))
}

/// More than the database can do in one statement.
pub(super) fn too_complicated() -> Error {
    Error::new(
        ErrorCode::QueryTooComplicated,
        "Query is either selecting too many fields or the filter conditions are too complicated.",
    )
}
