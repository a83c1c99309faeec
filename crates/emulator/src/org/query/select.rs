//! The list after `SELECT` where rows are not grouped.
//!
//! Owns `FIELDS()`, `TYPEOF` and the names that values have in the answer.

use std::collections::HashSet;

use accredit_soql::ErrorCode;
use accredit_soql::ast::{
    Condition, Expression, FieldGroup, FunctionKind, Name, Operator, Predicate, Query, SelectItem,
    Set, Span, Test, TypeOf,
};

use super::children::{self, Children};
use super::compile::COLUMNS_MAX;
use super::joins::{Node, ROOT};
use super::resolve::{Resolver, too_complicated};
use super::selection::{Columns, Selection, root};
use crate::org::schema::{Field, Flag};

type Error = accredit_soql::Error;

/// How many rows `FIELDS(ALL)` and `FIELDS(CUSTOM)` may be asked of.
const FIELDS_ROWS_MAX: usize = 200;

/// The version of the API that brought `FIELDS()`.
const FIELDS_SINCE: u16 = 51;

/// What is asked of each row.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    pub(super) selection: Selection,
    pub(super) columns: Columns,
    /// How many of the fields are long text.
    pub(super) long_texts: usize,
    pub(super) children: Vec<Children>,
}

/// Puts a list together, item by item.
struct List<'l, 's, 'a> {
    resolver: &'l mut Resolver<'s, 'a>,
    query: &'l Query,
    /// How deep in other queries, from 1.
    level: usize,
    /// How many functions have no name of their own yet.
    unnamed: usize,
    /// The names of functions, in lower case.
    names: HashSet<String>,
    selected: Selected,
}

/// Resolves the list.
pub(super) fn items(
    resolver: &mut Resolver<'_, '_>,
    (query, items): (&Query, &[SelectItem]),
    level: usize,
) -> Result<Selected, Error> {
    let mut columns = Columns::default();
    let selected = Selected {
        selection: root(&resolver.joins, &mut columns),
        columns,
        long_texts: 0,
        children: Vec::new(),
    };
    let mut list = List {
        resolver,
        query,
        level,
        unnamed: 0,
        names: HashSet::new(),
        selected,
    };
    for item in items {
        list.item(item)?;
        if list.selected.columns.len() > COLUMNS_MAX {
            return Err(too_complicated());
        }
    }
    Ok(list.selected)
}

impl List<'_, '_, '_> {
    fn item(&mut self, item: &SelectItem) -> Result<(), Error> {
        match item {
            SelectItem::Expression {
                expression: Expression::Field(path),
                ..
            } => {
                let resolved = self.resolver.field(path)?;
                self.field(&resolved.parents, resolved.column.field)
            }
            SelectItem::Expression { expression, alias } => self.function(expression, alias),
            SelectItem::Fields { group, span } => self.fields(*group, *span),
            SelectItem::Children(query) => {
                let count = self.selected.children.len();
                let children =
                    children::compile(self.resolver, (self.query, query), (self.level, count))?;
                let name = children.name.clone();
                self.selected.children.push(children);
                self.selected.selection.add_children(name, count);
                Ok(())
            }
            SelectItem::TypeOf(type_of) => self.type_of(type_of),
        }
    }

    fn field(&mut self, parents: &[(String, Node)], field: &Field) -> Result<(), Error> {
        let selected = &mut self.selected;
        selected.long_texts += usize::from(field.is_long_text());
        let joins = &self.resolver.joins;
        let added = (parents, field);
        if selected.selection.add(joins, &mut selected.columns, added) {
            return Ok(());
        }
        let mut path: Vec<&str> = parents.iter().map(|(name, _)| name.as_str()).collect();
        path.push(&field.name);
        Err(duplicate(&path.join(".")))
    }

    /// `toLabel(Industry)`, `FORMAT(Amount) shown`, `DISTANCE(…)`
    fn function(&mut self, expression: &Expression, alias: &Option<Name>) -> Result<(), Error> {
        let value = self.resolver.value(expression)?;
        let refusals = self.resolver.refusals;
        if let Expression::Call(call) = expression
            && call.function.kind() == FunctionKind::Date
        {
            return Err(super::group::not_grouped(refusals, &value));
        }
        let name = match (alias, value.field) {
            (Some(alias), _) => alias.text.clone(),
            (None, Some(field)) => field.name.clone(),
            (None, None) => {
                self.unnamed += 1;
                format!("expr{}", self.unnamed - 1)
            }
        };
        let is_new = self.names.insert(name.to_ascii_lowercase());
        let selection = &mut self.selected.selection;
        if !is_new || selection.has_field(&name) {
            return Err(duplicate(&name));
        }
        let display = refusals.text.get(value.span.start..value.span.end);
        let display = display.unwrap_or_default().to_owned();
        let column = self.selected.columns.place(value.sql);
        selection.add_value((name, display), (column, value.kind));
        Ok(())
    }

    /// `FIELDS(ALL)` and the like.
    fn fields(&mut self, group: FieldGroup, span: Span) -> Result<(), Error> {
        let environment = self.resolver.environment;
        let refusals = environment.refusals;
        if environment.version < FIELDS_SINCE {
            let detail = "The SOQL FIELDS function is not supported in this version of the API";
            return Err(refusals.at(span, ErrorCode::UnsupportedApiVersion, detail));
        }
        if group != FieldGroup::Standard && !is_small(self.query) {
            let detail = "The SOQL FIELDS function must have a LIMIT of at most 200";
            return Err(refusals.at(span, ErrorCode::MalformedQuery, detail));
        }
        let object = self.resolver.object();
        let fields = object.fields.iter().filter(|field| match group {
            FieldGroup::All => true,
            FieldGroup::Custom => field.is(Flag::Custom),
            FieldGroup::Standard => !field.is(Flag::Custom),
        });
        let mut is_empty = true;
        for field in fields {
            is_empty = false;
            self.field(&[], field)?;
        }
        if is_empty {
            let detail = "'FIELDS(...)' expansion function must result in at least one field being \
                          selected.";
            return Err(refusals.at(span, ErrorCode::MalformedQuery, detail));
        }
        Ok(())
    }

    /// `TYPEOF What WHEN Account THEN Phone ELSE Name END`
    fn type_of(&mut self, type_of: &TypeOf) -> Result<(), Error> {
        let refusals = self.resolver.refusals;
        let span = type_of.relationship.span();
        let names: Vec<&Name> = type_of.relationship.names().collect();
        let (parents, names) = self.resolver.start(&names);
        let ([name], []) = (names, parents.as_slice()) else {
            return Err(refusals.unsupported(span, "TYPEOF of a parent's relationship"));
        };
        let unknown = || refusals.unknown_relationship(span, &name.text);
        let reference = self.resolver.object().reference(&name.text);
        let reference = reference.ok_or_else(unknown)?;
        if reference.targets.len() < 2 {
            let detail = format!("relationship '{}' is not polymorphic", name.text);
            return Err(refusals.at(span, ErrorCode::InvalidField, detail));
        }
        let relationship = reference.relationship.clone().unwrap_or_default();
        if self.selected.selection.has_parent(&relationship) {
            return Err(duplicate(&relationship));
        }
        let mut cases = Vec::new();
        for case in &type_of.cases {
            let schema = self.resolver.joins.schema;
            let is_target = |target: &String| case.object.is(target);
            let object = schema.object(&case.object.text);
            let object = object
                .ok_or_else(|| refusals.unknown_object(case.object.span, &case.object.text))?;
            if !reference.targets.iter().any(is_target) {
                let detail = format!("'{relationship}' never refers to '{}'", object.name);
                let span = case.object.span;
                return Err(refusals.at(span, ErrorCode::InvalidType, detail));
            }
            let node = self.resolver.joins.case(ROOT, (reference, object));
            cases.push(self.record(node, &case.fields)?);
        }
        let mut otherwise = None;
        if !type_of.otherwise.is_empty() {
            let node = self.resolver.joins.parent(ROOT, reference);
            let node = node.ok_or_else(unknown)?;
            otherwise = Some(self.record(node, &type_of.otherwise)?);
        }
        let member = (relationship, cases, otherwise);
        self.selected.selection.add_type_of(member);
        Ok(())
    }

    /// The fields of one table of a `TYPEOF`.
    fn record(
        &mut self,
        node: Node,
        fields: &[accredit_soql::ast::FieldPath],
    ) -> Result<Selection, Error> {
        self.resolver.check_parents()?;
        let columns = &mut self.selected.columns;
        let mut record = Selection::new(&self.resolver.joins, columns, node);
        for path in fields {
            let resolved = self.resolver.field_from(node, path)?;
            let field = resolved.column.field;
            let joins = &self.resolver.joins;
            if !record.add(joins, columns, (&resolved.parents, field)) {
                return Err(duplicate(&field.name));
            }
        }
        Ok(record)
    }
}

pub(super) fn duplicate(name: &str) -> Error {
    let detail = format!("duplicate field selected: {name}");
    Error::new(ErrorCode::InvalidField, detail)
}

/// Whether a query can have no more rows than `FIELDS(ALL)` may be asked of.
fn is_small(query: &Query) -> bool {
    let is_limited = query
        .limit
        .is_some_and(|limit| limit.rows as usize <= FIELDS_ROWS_MAX);
    let members = match &query.filter {
        Some(Condition::And(members)) => members.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    is_limited || members.iter().any(is_few_ids)
}

/// `Id = '…'` or `Id IN (…)` with few ids.
fn is_few_ids(condition: &Condition) -> bool {
    let Condition::Test(test) = condition else {
        return false;
    };
    let Test {
        subject: Expression::Field(path),
        predicate,
        ..
    } = test.as_ref()
    else {
        return false;
    };
    let is_id = path.name.is("Id") && path.qualifiers.is_empty();
    is_id
        && match predicate {
            Predicate::Compare(Operator::Equal, _) => true,
            Predicate::In(Set::Values(values)) => values.len() <= FIELDS_ROWS_MAX,
            _ => false,
        }
}
