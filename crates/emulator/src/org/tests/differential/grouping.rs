//! Groups, the slow way.

use std::cmp::Ordering;

use accredit_soql::ast::{
    Direction, Expression, Function, FunctionKind, GroupKind, Query, SelectItem,
};
use serde_json::{Map, Value};

use super::oracle::{Oracle, Record, Scope, cut, directed};
use super::value::{self, text_key};
use crate::org::schema::Storage;

/// A group: its keys, which of them are subtotaled, and its records.
struct Group<'r> {
    keys: Vec<Value>,
    is_kept: Vec<bool>,
    records: Vec<&'r Record>,
}

/// The keys of a query.
struct Keys<'q> {
    expressions: &'q [Expression],
    storages: Vec<Storage>,
}

impl Oracle<'_> {
    pub(super) fn groups(
        &self,
        query: &Query,
        items: &[SelectItem],
        (scope, records): (&Scope<'_>, &[&Record]),
    ) -> Vec<Value> {
        let expressions: &[Expression] = match &query.group_by {
            Some(group_by) => &group_by.expressions,
            None => &[],
        };
        // Any record shows what kind of value a key is.
        let any = &self.records[&scope.object.name][0];
        let storages = expressions
            .iter()
            .map(|expression| self.value(any, expression, scope).1);
        let keys = Keys {
            expressions,
            storages: storages.collect(),
        };
        let kind = query.group_by.as_ref().map(|group_by| group_by.kind);
        let mut groups = Vec::new();
        for set in sets(kind, expressions.len()) {
            groups.extend(self.split(records, &set, (&keys, scope)));
        }
        let value = |group: &Group<'_>, expression: &Expression| {
            self.of_group(group, expression, (&keys, scope))
        };
        if let Some(having) = query.group_by.as_ref().and_then(|by| by.having.as_ref()) {
            groups.retain(|group| self.holds(having, &|expression| value(group, expression)));
        }
        groups.sort_by(|left, right| {
            let asked = query.order_by.iter().map(|ordering| {
                let (x, storage) = value(left, &ordering.expression);
                let (y, _) = value(right, &ordering.expression);
                directed((&x, &y), storage, (ordering.direction, ordering.nulls))
            });
            let by_keys = (0..left.keys.len()).map(|at| {
                let kept = right.is_kept[at].cmp(&left.is_kept[at]);
                let pair = (&left.keys[at], &right.keys[at]);
                kept.then_with(|| directed(pair, keys.storages[at], (Direction::Ascending, None)))
            });
            let mut orders = asked.chain(by_keys);
            orders
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        let written = |group: &Group<'_>| {
            let mut answer = Map::new();
            let mut unnamed = 0;
            for item in items {
                let SelectItem::Expression { expression, alias } = item else {
                    panic!()
                };
                let name = match (alias, expression) {
                    (Some(alias), _) => alias.text.clone(),
                    (None, Expression::Field(path)) => path.name.text.clone(),
                    (None, _) => {
                        unnamed += 1;
                        format!("expr{}", unnamed - 1)
                    }
                };
                answer.insert(name, value(group, expression).0);
            }
            Value::Object(answer)
        };
        cut(groups, query).iter().map(written).collect()
    }

    /// The groups of one set of keys.
    fn split<'r>(
        &self,
        records: &[&'r Record],
        set: &[bool],
        (keys, scope): (&Keys<'_>, &Scope<'_>),
    ) -> Vec<Group<'r>> {
        let mut groups: Vec<Group<'r>> = Vec::new();
        if !set.contains(&true) {
            groups.push(Group {
                keys: vec![Value::Null; set.len()],
                is_kept: set.to_vec(),
                records: Vec::new(),
            });
        }
        for record in records {
            let values: Vec<Value> = keys
                .expressions
                .iter()
                .zip(set)
                .map(|(expression, is_kept)| match is_kept {
                    true => self.value(record, expression, scope).0,
                    false => Value::Null,
                })
                .collect();
            let known = groups.iter_mut().find(|group| {
                let pairs = group.keys.iter().zip(&values).zip(&keys.storages);
                pairs
                    .into_iter()
                    .all(|((x, y), storage)| value::order(x, y, *storage).is_eq())
            });
            match known {
                Some(group) => {
                    for (key, value) in group.keys.iter_mut().zip(values) {
                        if value.as_str() < key.as_str() {
                            *key = value;
                        }
                    }
                    group.records.push(record);
                }
                None => groups.push(Group {
                    keys: values,
                    is_kept: set.to_vec(),
                    records: vec![record],
                }),
            }
        }
        groups
    }

    fn of_group(
        &self,
        group: &Group<'_>,
        expression: &Expression,
        (keys, scope): (&Keys<'_>, &Scope<'_>),
    ) -> (Value, Storage) {
        let key = |wanted: &Expression| keys.expressions.iter().position(|key| key == wanted);
        if let Some(at) = key(expression) {
            return (group.keys[at].clone(), keys.storages[at]);
        }
        let Expression::Call(call) = expression else {
            panic!("{expression:?} is not grouped")
        };
        if call.function.kind() == FunctionKind::Grouping {
            let at = key(&call.argument).unwrap();
            return (i64::from(!group.is_kept[at]).into(), Storage::Integer);
        }
        let mut storage = Storage::Integer;
        let mut values = Vec::new();
        for record in &group.records {
            let (value, kind) = self.value(record, &call.argument, scope);
            storage = kind;
            if !value.is_null() {
                values.push(value);
            }
        }
        aggregate(call.function, &values, storage)
    }
}

fn aggregate(function: Function, values: &[Value], storage: Storage) -> (Value, Storage) {
    let sum: f64 = values.iter().filter_map(Value::as_f64).sum();
    let best = |wanted: Ordering| {
        let better = |old: &Value, new: &Value| value::order(new, old, storage) == wanted;
        let mut best: Option<&Value> = None;
        for value in values {
            if best.is_none_or(|old| better(old, value)) {
                best = Some(value);
            }
        }
        best.cloned().unwrap_or(Value::Null)
    };
    let count = values.len();
    match function {
        Function::Count => (count.into(), Storage::Integer),
        Function::CountDistinct => {
            let mut keys: Vec<_> = values
                .iter()
                .map(|value| match (value, storage) {
                    (Value::String(text), Storage::Text) => format!("{:?}", text_key(text)),
                    (other, _) => other.to_string(),
                })
                .collect();
            keys.sort();
            keys.dedup();
            (keys.len().into(), Storage::Integer)
        }
        Function::Sum | Function::Avg if count == 0 => (Value::Null, Storage::Real),
        Function::Sum if storage == Storage::Integer => ((sum as i64).into(), storage),
        Function::Sum => (sum.into(), storage),
        Function::Avg => ((sum / count as f64).into(), Storage::Real),
        Function::Min => (best(Ordering::Less), storage),
        Function::Max => (best(Ordering::Greater), storage),
        other => panic!("{other:?} is no aggregate"),
    }
}

/// The sets of keys, each with a sign for each key.
fn sets(kind: Option<GroupKind>, count: usize) -> Vec<Vec<bool>> {
    let all = vec![true; count];
    match kind {
        Some(GroupKind::Rollup) => {
            let mut sets = vec![all];
            for last in (0..count).rev() {
                let mut next = sets.last().unwrap().clone();
                next[last] = false;
                sets.push(next);
            }
            sets
        }
        Some(GroupKind::Cube) => {
            let mut sets = vec![Vec::new()];
            for _ in 0..count {
                let with =
                    |is_kept: bool| move |set: &Vec<bool>| [set.as_slice(), &[is_kept]].concat();
                let kept: Vec<_> = sets.iter().map(with(true)).collect();
                let rest: Vec<_> = sets.iter().map(with(false)).collect();
                sets = [kept, rest].concat();
            }
            sets
        }
        _ => vec![all],
    }
}
