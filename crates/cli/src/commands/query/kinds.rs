//! The types of the columns of a query: those of its fields, as describe tells them, and those of
//! its functions.

use accredit::http::UreqClient;
use accredit_soql::ast::{Expression, Function, Query, SelectItem, Selection};

use crate::describe::{self, Kind, Kinds, Object};
use crate::error::CliError;
use crate::output::Output;
use crate::reach::Reach;

/// Finds the types of the columns of a query. One that is not understood here has texts alone.
pub(super) fn of_query(
    soql: &str,
    columns: &[String],
    ask: impl FnMut(&str) -> Result<Object, CliError>,
) -> Result<Kinds, CliError> {
    let Ok(query) = accredit_soql::parse(soql) else {
        return Ok(Kinds::default());
    };
    let mut kinds = describe::kinds(&query.from.source.path.name.text, columns, ask)?;
    add_functions(&query, &mut kinds);
    Ok(kinds)
}

/// Asks the org to describe the object at this path.
pub(crate) fn describe(
    reach: &mut Reach,
    client: &UreqClient,
    path: &str,
    out: &mut Output,
) -> Result<Object, CliError> {
    let path = format!("{path}/describe");
    reach.ask(out, |org| {
        let body = org.get(client, &path)?;
        Ok(Object::read(&body, org.host())?)
    })
}

/// Functions without an alias are called `expr0`, `expr1` …
fn add_functions(query: &Query, kinds: &mut Kinds) {
    let Selection::Items(items) = &query.selection else {
        return;
    };
    let mut unnamed = 0;
    for item in items {
        let SelectItem::Expression { expression, alias } = item else {
            continue;
        };
        let name = match (alias, expression) {
            (Some(alias), _) => alias.text.to_string(),
            (None, Expression::Field(_)) => continue,
            (None, _) => {
                unnamed += 1;
                format!("expr{}", unnamed - 1)
            }
        };
        let kind = of_expression(expression, kinds);
        kinds.set(&name, kind);
    }
}

fn of_expression(expression: &Expression, kinds: &Kinds) -> Kind {
    match expression {
        Expression::Field(path) if path.qualifiers.is_empty() => kinds.of(&path.name.text),
        Expression::Field(_) => Kind::Text,
        Expression::Distance(_) => Kind::Double,
        Expression::Call(call) => match call.function {
            Function::Count | Function::CountDistinct => Kind::Integer,
            Function::Sum | Function::Avg => Kind::Double,
            Function::Min | Function::Max => of_expression(&call.argument, kinds),
            _ => Kind::Text,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_types_of_their_own() {
        let soql = "SELECT Industry, COUNT(Id) n, SUM(Amount), MIN(CloseDate), MAX(Owner.Name) \
                    FROM Opportunity GROUP BY Industry";
        let json = r#"{"fields":[{"name":"CloseDate","type":"date"}]}"#;
        let object = || Object::read(json.as_bytes(), "x");
        let kinds = of_query(soql, &[], |_| object()).unwrap();
        let found = ["Industry", "n", "expr0", "expr1", "expr2"].map(|name| kinds.of(name));
        let expected = [
            Kind::Text,
            Kind::Integer,
            Kind::Double,
            Kind::Date,
            Kind::Text,
        ];
        assert_eq!(found, expected);
    }
}
