//! The columns of a result.
//!
//! Owns where they come from: the query's list, and the first page, whose spelling wins and which
//! alone knows the columns of `FIELDS()` and of functions. Parents become columns with dots.

use std::fmt;

use accredit_soql::ast::{Expression, FieldPath, Query, SelectItem, Selection};
use serde::de::{Deserializer, MapAccess, Visitor};

use super::page::{ATTRIBUTES, Visit, is_record};
use crate::describe::Kinds;

/// The columns as a tree: a parent has those of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) nodes: Vec<Node>,
    /// Only the list of a plain query is known to be whole before the first page.
    grows: bool,
    /// `COUNT()`, as far as can be told: the answer is a number and no records.
    pub(crate) counts: bool,
    /// The types of the columns, where the layout has types.
    pub(crate) kinds: Kinds,
}

/// One column, or a parent with columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// The place in a row; of no meaning for a parent.
    pub(crate) slot: usize,
    pub(crate) children: Vec<Self>,
}

/// Reads the columns off a query. Those that only the answer knows are added by [`Columns::learn`].
pub(crate) fn of_query(soql: &str) -> Columns {
    let query = accredit_soql::parse(soql).ok();
    let listed = query.as_ref().and_then(paths);
    let mut columns = Columns {
        nodes: Vec::new(),
        grows: listed.is_none(),
        counts: query.is_none_or(|query| matches!(query.selection, Selection::Count(_))),
        kinds: Kinds::default(),
    };
    for path in listed.unwrap_or_default() {
        add(&mut columns.nodes, &path);
    }
    columns
}

/// The paths of a query that selects fields and sub-queries only.
fn paths(query: &Query) -> Option<Vec<Vec<String>>> {
    let Selection::Items(items) = &query.selection else {
        return None;
    };
    if query.group_by.is_some() || !query.from.parents.is_empty() {
        return None;
    }
    items
        .iter()
        .map(|item| match item {
            SelectItem::Expression {
                expression: Expression::Field(path),
                alias: None,
            } => Some(path_of(path, query)),
            SelectItem::Children(children) => {
                Some(vec![children.from.source.path.name.text.to_string()])
            }
            _ => None,
        })
        .collect()
}

/// The path without the alias or the name of the queried object in front.
fn path_of(path: &FieldPath, query: &Query) -> Vec<String> {
    let source = &query.from.source;
    let own = source.alias.as_ref().unwrap_or(&source.path.name);
    path.qualifiers
        .iter()
        .enumerate()
        .filter(|(at, name)| *at > 0 || !name.text.eq_ignore_ascii_case(&own.text))
        .map(|(_, name)| name.text.to_string())
        .chain(std::iter::once(path.name.text.to_string()))
        .collect()
}

fn add(nodes: &mut Vec<Node>, path: &[String]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let node = find_or_add(nodes, first);
    add(&mut node.children, rest);
}

fn find_or_add<'n>(nodes: &'n mut Vec<Node>, name: &str) -> &'n mut Node {
    let at = position(nodes, name).unwrap_or_else(|| {
        nodes.push(Node {
            name: name.to_owned(),
            slot: 0,
            children: Vec::new(),
        });
        nodes.len() - 1
    });
    #[expect(
        clippy::indexing_slicing,
        reason = "the position was just found or made"
    )]
    &mut nodes[at]
}

/// Where `name` is among `nodes`, in any spelling.
pub(crate) fn position(nodes: &[Node], name: &str) -> Option<usize> {
    nodes
        .iter()
        .position(|node| node.name.eq_ignore_ascii_case(name))
}

impl Columns {
    /// The names of the columns as far as they are known, with dots.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        number(&mut self.nodes.clone(), "", &mut names);
        names
    }

    /// Looks at a page, then numbers the columns. Returns their names.
    pub(crate) fn learn(&mut self, body: &[u8]) -> Vec<String> {
        // What is wrong with the page is told when it is read for good.
        let _told_later = super::page::read(body, self);
        let mut names = Vec::new();
        number(&mut self.nodes, "", &mut names);
        names
    }
}

fn number(nodes: &mut [Node], prefix: &str, names: &mut Vec<String>) {
    for node in nodes {
        let name = format!("{prefix}{}", node.name);
        if node.children.is_empty() {
            node.slot = names.len();
            names.push(name);
        } else {
            number(&mut node.children, &format!("{name}."), names);
        }
    }
}

impl<'de> Visit<'de> for Columns {
    fn record<D: Deserializer<'de>>(&mut self, record: D) -> Result<(), D::Error> {
        record.deserialize_map(Learn {
            nodes: &mut self.nodes,
            grows: self.grows,
        })
    }
}

struct Learn<'n> {
    nodes: &'n mut Vec<Node>,
    grows: bool,
}

impl<'de> Visitor<'de> for Learn<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            let value: &serde_json::value::RawValue = members.next_value()?;
            if name == ATTRIBUTES || (!self.grows && position(self.nodes, &name).is_none()) {
                continue;
            }
            let node = find_or_add(self.nodes, &name);
            node.name = name;
            let has_columns = self.grows || !node.children.is_empty();
            if is_record(value.get()) && has_columns {
                let inner = Learn {
                    nodes: &mut node.children,
                    grows: self.grows,
                };
                serde_json::Deserializer::from_str(value.get())
                    .deserialize_map(inner)
                    .map_err(serde::de::Error::custom)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(soql: &str, records: &str) -> Vec<String> {
        let page = format!(r#"{{"totalSize":1,"done":true,"records":[{records}]}}"#);
        of_query(soql).learn(page.as_bytes())
    }

    #[test]
    fn the_list_of_the_query_decides_even_if_a_parent_is_missing() {
        let record = r#"{"attributes":{},"Id":"1","Account":null}"#;
        assert_eq!(
            names(
                "select id, account.name, Account.Owner.Name from Contact",
                record
            ),
            ["Id", "Account.name", "Account.Owner.Name"]
        );
        assert_eq!(
            names("SELECT c.Id, c.Account.Name FROM Contact c", ""),
            ["Id", "Account.Name"]
        );
        assert_eq!(
            names("SELECT Contact.Id, (SELECT Id FROM Cases) FROM Contact", ""),
            ["Id", "Cases"]
        );
    }

    #[test]
    fn the_spelling_of_the_answer_wins() {
        let record = r#"{"attributes":{},"Id":"1","Account":{"attributes":{},"Name":"x"}}"#;
        assert_eq!(
            names("select ID, ACCOUNT.NAME from contact", record),
            ["Id", "Account.Name"]
        );
    }

    #[test]
    fn columns_that_only_the_answer_knows_are_those_of_all_its_records() {
        let records = r#"{"attributes":{},"Account":null,"expr0":1},
                         {"attributes":{},"Account":{"attributes":{},"Name":"x"},"expr0":2}"#;
        assert_eq!(
            names("SELECT FIELDS(ALL) FROM Contact LIMIT 2", records),
            ["Account.Name", "expr0"]
        );
    }
}
