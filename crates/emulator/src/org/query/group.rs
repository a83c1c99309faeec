//! Groups of rows with their keys, subtotals and aggregates (fact sheet §7.6).
//!
//! Owns what may be grouped and aggregated. In SQL a value that is grouped or aggregated is called
//! `e0`, `e1` …; a group has keys `k0` …, marks of subtotals `s0` …, and aggregates `a0` ….

use accredit_soql::ErrorCode;
use accredit_soql::ast::{Call, Expression, Function, FunctionKind, GroupBy, GroupKind};

use super::error::Refusals;
use super::expression::Typed;
use super::resolve::Resolver;
use super::selection::Columns;
use crate::org::schema::{FieldType, Flag, Storage};

type Error = accredit_soql::Error;

/// How many fields may have subtotals.
const SUBTOTALS_MAX: usize = 3;

/// What rows are grouped by.
#[derive(Clone, Debug)]
struct Key<'s> {
    value: Typed<'s>,
    /// The place among the inner values.
    inner: usize,
}

/// The groups of a query.
#[derive(Clone, Debug)]
pub(super) struct Groups<'s> {
    kind: GroupKind,
    keys: Vec<Key<'s>>,
    pub(super) inner: Columns,
    aggregates: Columns,
}

impl<'s> Groups<'s> {
    pub(super) fn new(
        resolver: &mut Resolver<'s, '_>,
        group_by: Option<&GroupBy>,
    ) -> Result<Self, Error> {
        let mut groups = Self {
            kind: group_by.map_or(GroupKind::Plain, |group_by| group_by.kind),
            keys: Vec::new(),
            inner: Columns::default(),
            aggregates: Columns::default(),
        };
        let refusals = resolver.refusals;
        for expression in group_by.map_or(&[][..], |group_by| &group_by.expressions) {
            let value = resolver.value(expression)?;
            check_groupable(refusals, expression, &value)?;
            let inner = groups.inner.place(value.sql.clone());
            groups.keys.push(Key { value, inner });
        }
        if groups.kind != GroupKind::Plain && groups.keys.len() > SUBTOTALS_MAX {
            let span = groups.keys.last().map(|key| key.value.span);
            let detail = "ROLLUP and CUBE take at most 3 fields";
            let span = span.unwrap_or_default();
            return Err(refusals.at(span, ErrorCode::MalformedQuery, detail));
        }
        Ok(groups)
    }

    /// A value of a group.
    pub(super) fn value(
        &mut self,
        resolver: &mut Resolver<'s, '_>,
        expression: &Expression,
    ) -> Result<Typed<'s>, Error> {
        if let Expression::Call(call) = expression {
            match call.function.kind() {
                FunctionKind::Aggregate => return self.aggregate(resolver, call),
                FunctionKind::Grouping => return self.grouping(resolver, call),
                FunctionKind::Conversion => {
                    let inner = self.value(resolver, &call.argument)?;
                    return resolver.converted(call, inner);
                }
                FunctionKind::Date => {}
            }
        }
        let value = resolver.value(expression)?;
        match self.key(&value) {
            Some(at) => Ok(Typed {
                sql: format!("k{at}{}", value.collation()),
                ..value
            }),
            None => Err(not_grouped(resolver.refusals, &value)),
        }
    }

    /// The same in `ORDER BY`, where the refusal has another text.
    pub(super) fn ordered(
        &mut self,
        resolver: &mut Resolver<'s, '_>,
        expression: &Expression,
    ) -> Result<Typed<'s>, Error> {
        let is_function = matches!(
            expression,
            Expression::Call(call) if call.function.kind() != FunctionKind::Date
        );
        if is_function {
            return self.value(resolver, expression);
        }
        let value = resolver.value(expression)?;
        if self.key(&value).is_none() {
            return Err(not_ordered(resolver.refusals, &value));
        }
        self.value(resolver, expression)
    }

    fn key(&self, value: &Typed<'_>) -> Option<usize> {
        self.keys.iter().position(|key| key.value.sql == value.sql)
    }

    /// `SUM(Amount)`
    fn aggregate(
        &mut self,
        resolver: &mut Resolver<'s, '_>,
        call: &Call,
    ) -> Result<Typed<'s>, Error> {
        let refusals = resolver.refusals;
        let value = resolver.value(&call.argument)?;
        let function = call.function;
        if !may_aggregate(function, &value) {
            let name = function.as_str();
            let detail = format!(
                "field {} does not support aggregate operator {name}",
                value.name
            );
            return Err(refusals.at(value.span, ErrorCode::MalformedQuery, detail));
        }
        if self.key(&value).is_some() {
            let detail = format!("Grouped field should not be aggregated: {}", value.name);
            return Err(refusals.at(value.span, ErrorCode::MalformedQuery, detail));
        }
        let inner = self.inner.place(value.sql.clone());
        let collation = value.collation();
        let (sql, kind) = match function {
            Function::Count => (format!("COUNT(e{inner})"), FieldType::Int),
            Function::CountDistinct => {
                let sql = format!("COUNT(DISTINCT e{inner}{collation})");
                (sql, FieldType::Int)
            }
            Function::Avg => (format!("AVG(e{inner})"), average(value.kind)),
            Function::Sum => (format!("SUM(e{inner})"), value.kind),
            Function::Min => (format!("MIN(e{inner}{collation})"), value.kind),
            _ => (format!("MAX(e{inner}{collation})"), value.kind),
        };
        let at = self.aggregates.place(sql);
        let collation = match kind.storage() {
            Storage::Text => collation,
            _ => "",
        };
        Ok(Typed {
            sql: format!("a{at}{collation}"),
            kind,
            is_plain: false,
            span: call.span,
            ..value
        })
    }

    /// `GROUPING(Industry)`
    fn grouping(
        &mut self,
        resolver: &mut Resolver<'s, '_>,
        call: &Call,
    ) -> Result<Typed<'s>, Error> {
        let refusals = resolver.refusals;
        let value = resolver.value(&call.argument)?;
        if self.kind == GroupKind::Plain {
            let detail = "GROUPING is allowed only with GROUP BY ROLLUP and GROUP BY CUBE";
            return Err(refusals.at(call.span, ErrorCode::MalformedQuery, detail));
        }
        let at = self.key(&value);
        let at = at.ok_or_else(|| not_grouped(refusals, &value))?;
        Ok(Typed {
            sql: format!("s{at}"),
            kind: FieldType::Int,
            is_plain: false,
            span: call.span,
            ..value
        })
    }

    /// Groups by their keys, a subtotal after what it is a subtotal of.
    pub(super) fn order(&self) -> Vec<String> {
        let terms = self.keys.iter().enumerate();
        terms
            .flat_map(|(at, key)| {
                let collation = key.value.collation();
                [format!("s{at}"), format!("k{at}{collation} NULLS FIRST")]
            })
            .collect()
    }

    /// The sets of keys that rows are grouped by, each with a sign for each key.
    pub(super) fn sets(&self) -> Vec<Vec<bool>> {
        let count = self.keys.len();
        match self.kind {
            GroupKind::Plain => vec![vec![true; count]],
            GroupKind::Rollup => (0..=count)
                .rev()
                .map(|kept| (0..count).map(|at| at < kept).collect())
                .collect(),
            GroupKind::Cube => (0..1_u32 << count)
                .map(|absent| (0..count).map(|at| absent & (1 << at) == 0).collect())
                .collect(),
        }
    }

    /// The groups of one set of keys.
    pub(super) fn branch(&self, set: &[bool]) -> String {
        let mut list = vec!["COUNT(*) AS n".to_owned()];
        let mut by = Vec::new();
        for (at, (key, is_kept)) in self.keys.iter().zip(set).enumerate() {
            let inner = key.inner;
            if !is_kept {
                list.push(format!("NULL AS k{at}, 1 AS s{at}"));
                continue;
            }
            by.push(format!("e{inner}{}", key.value.collation()));
            // Of values that differ in case alone, the first in the order of bytes stands for all.
            list.push(match key.value.storage() {
                Storage::Text => format!("MIN(e{inner} COLLATE BINARY) AS k{at}, 0 AS s{at}"),
                _ => format!("e{inner} AS k{at}, 0 AS s{at}"),
            });
        }
        for (at, aggregate) in self.aggregates.list().iter().enumerate() {
            list.push(format!("{aggregate} AS a{at}"));
        }
        let by = match by.is_empty() {
            true => String::new(),
            false => format!(" GROUP BY {}", by.join(", ")),
        };
        format!("SELECT {} FROM base{by}", list.join(", "))
    }
}

fn may_aggregate(function: Function, value: &Typed<'_>) -> bool {
    let is_plain = value.is_plain || value.field.is_some_and(|field| field.kind == value.kind);
    let is_number = matches!(value.storage(), Storage::Integer | Storage::Real);
    let needs_number = matches!(function, Function::Sum | Function::Avg);
    is_plain
        && value
            .field
            .is_some_and(|field| field.is(Flag::Aggregatable))
        && value.kind != FieldType::Multipicklist
        && (is_number || !needs_number)
}

fn average(kind: FieldType) -> FieldType {
    match kind {
        FieldType::Int => FieldType::Double,
        other => other,
    }
}

fn check_groupable(
    refusals: Refusals<'_>,
    expression: &Expression,
    value: &Typed<'_>,
) -> Result<(), Error> {
    let is_groupable = match expression {
        Expression::Field(_) => value.may(Flag::Groupable),
        Expression::Call(call) => call.function.kind() == FunctionKind::Date,
        Expression::Distance(_) => false,
    };
    if is_groupable {
        return Ok(());
    }
    let detail = format!("field '{}' can not be grouped in a query call", value.name);
    Err(refusals.at(value.span, ErrorCode::InvalidField, detail))
}

/// A value of which a group may have several.
pub(super) fn not_grouped(refusals: Refusals<'_>, value: &Typed<'_>) -> Error {
    let detail = format!("Field must be grouped or aggregated: {}", value.name);
    refusals.at(value.span, ErrorCode::MalformedQuery, detail)
}

/// The same in `ORDER BY`.
pub(super) fn not_ordered(refusals: Refusals<'_>, value: &Typed<'_>) -> Error {
    let detail = format!(
        "Ordered field must be grouped or aggregated: {}",
        value.name
    );
    refusals.at(value.span, ErrorCode::MalformedQuery, detail)
}
