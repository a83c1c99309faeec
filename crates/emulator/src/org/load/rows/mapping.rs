//! CumulusCI mappings: which table of a dump holds which object.

use super::super::error::Trouble;
use super::sql::Dump;
use super::yaml::{self, Node};

/// A lookup of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LookupColumn {
    pub(super) field: String,
    pub(super) column: Option<String>,
    /// The tables that its records are in; more than one for a polymorphic lookup.
    pub(super) tables: Vec<String>,
}

/// A condition on rows: a column that is, or is not, a text or null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) column: String,
    pub(super) is_equal: bool,
    pub(super) value: Option<String>,
}

/// A step: some rows of a table become records of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) object: String,
    pub(super) table: String,
    /// Fields, each with its column.
    pub(super) fields: Vec<(String, String)>,
    pub(super) lookups: Vec<LookupColumn>,
    pub(super) fixed: Vec<(String, String)>,
    pub(super) record_type: Option<String>,
    pub(super) conditions: Vec<Condition>,
}

/// Reads a mapping; nothing if the file is YAML of another kind.
pub(in super::super) fn read(text: &str) -> Result<Option<Mapping>, Trouble> {
    let Node::Map(members) = yaml::read(text)? else {
        return Ok(None);
    };
    let is_step = |node: &Node| node.at("sf_object").is_some();
    if !members.iter().any(|(_, _, node)| is_step(node)) {
        return Ok(None);
    }
    let steps: Result<Vec<Step>, Trouble> = members
        .iter()
        .filter(|(_, _, node)| is_step(node))
        .map(|(_, line, node)| step(*line, node))
        .collect();
    Ok(Some(Mapping { steps: steps? }))
}

/// A mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Mapping {
    pub(super) steps: Vec<Step>,
}

impl Mapping {
    /// Whether one of its tables is in `dump`.
    pub(in super::super) fn is_about(&self, dump: &Dump) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| dump.contains_key(&step.table.to_ascii_lowercase()))
    }
}

fn step(line: usize, node: &Node) -> Result<Step, Trouble> {
    let text = |key: &str| node.at(key).and_then(Node::text).map(str::to_owned);
    let object = text("sf_object").unwrap_or_default();
    Ok(Step {
        line,
        table: text("table").unwrap_or_else(|| object.clone()),
        fields: pairs(node.at("fields"), line)?,
        lookups: lookups(node.at("lookups"), line)?,
        fixed: pairs(node.at("static"), line)?,
        record_type: text("record_type"),
        conditions: conditions(node.at("filters"), line)?,
        object,
    })
}

/// `{Field: column}` or `[Field]`.
fn pairs(node: Option<&Node>, line: usize) -> Result<Vec<(String, String)>, Trouble> {
    match node {
        None => Ok(Vec::new()),
        Some(Node::Scalar(text)) if text.is_empty() || text == "~" || text == "null" => {
            Ok(Vec::new())
        }
        Some(Node::Scalar(_)) => Err(Trouble::new(line, "expected fields with their columns")),
        Some(Node::List(names)) => names
            .iter()
            .map(|(line, name)| match name.text() {
                Some(name) => Ok((name.to_owned(), name.to_owned())),
                None => Err(Trouble::new(*line, "expected the name of a field")),
            })
            .collect(),
        Some(Node::Map(members)) => members
            .iter()
            .map(|(name, line, column)| match column.text() {
                Some(column) => Ok((name.clone(), column.to_owned())),
                None => Err(Trouble::new(*line, "expected the name of a column")),
            })
            .collect(),
    }
}

fn lookups(node: Option<&Node>, line: usize) -> Result<Vec<LookupColumn>, Trouble> {
    let members = match node {
        None | Some(Node::Scalar(_)) => return Ok(Vec::new()),
        Some(Node::Map(members)) => members,
        Some(Node::List(_)) => {
            return Err(Trouble::new(line, "expected lookups with their tables"));
        }
    };
    members
        .iter()
        .map(|(field, line, node)| {
            let tables = match node.at("table").unwrap_or(node) {
                Node::Scalar(table) => vec![table.clone()],
                Node::List(tables) => tables
                    .iter()
                    .filter_map(|(_, table)| table.text().map(str::to_owned))
                    .collect(),
                Node::Map(_) => Vec::new(),
            };
            if tables.is_empty() {
                return Err(Trouble::new(*line, "expected the table of a lookup"));
            }
            Ok(LookupColumn {
                field: field.clone(),
                column: node.at("key_field").and_then(Node::text).map(str::to_owned),
                tables,
            })
        })
        .collect()
}

fn conditions(node: Option<&Node>, line: usize) -> Result<Vec<Condition>, Trouble> {
    let Some(Node::List(filters)) = node else {
        return match node.and_then(Node::text) {
            Some(text) if !text.is_empty() => Ok(vec![condition(text, line)?]),
            _ => Ok(Vec::new()),
        };
    };
    filters
        .iter()
        .map(|(line, filter)| condition(filter.text().unwrap_or_default(), *line))
        .collect()
}

/// `column = 'text'`, `column != 'text'`, `column is null`, `column is not null`.
fn condition(text: &str, line: usize) -> Result<Condition, Trouble> {
    let unfit = || {
        let problem = format!("expected a filter such as column = 'text', found {text:?}");
        Trouble::new(line, problem)
    };
    let lower = text.to_ascii_lowercase();
    let name = |end: usize| {
        let column = text.get(..end).unwrap_or_default().trim();
        column.trim_matches(['"', '`', '[', ']']).to_owned()
    };
    for (ending, is_equal) in [(" is not null", false), (" is null", true)] {
        if let Some(column) = lower.trim_end().strip_suffix(ending) {
            return Ok(Condition {
                column: name(column.len()),
                is_equal,
                value: None,
            });
        }
    }
    let (operator, is_equal) = [("!=", false), ("<>", false), ("==", true), ("=", true)]
        .into_iter()
        .find(|(operator, _)| text.contains(operator))
        .ok_or_else(unfit)?;
    let (column, value) = text.split_once(operator).ok_or_else(unfit)?;
    let value = value.trim();
    let inner = value
        .strip_prefix('\'')
        .and_then(|value| value.strip_suffix('\''))
        .or_else(|| value.parse::<f64>().is_ok().then_some(value))
        .filter(|inner| !inner.contains('\''))
        .ok_or_else(unfit)?;
    Ok(Condition {
        column: name(column.len()),
        is_equal,
        value: Some(inner.to_owned()),
    })
}
