//! A line of a bulk result as a JSON record, as a query over REST would give it.
//!
//! Owns the way back from columns with dots to parents. An empty value is no value: Salesforce has
//! no empty texts. A parent without any value is none.

use std::io::{self, Write as _};

use crate::describe::{Kind, Kinds};

/// The columns of a table as the members of a record.
#[derive(Debug, Default)]
pub(super) struct Shape(Vec<Member>);

#[derive(Debug)]
enum Member {
    Value {
        name: String,
        column: usize,
        kind: Kind,
    },
    Parent {
        name: String,
        shape: Shape,
    },
}

impl Shape {
    pub(super) fn of(columns: &[String], kinds: &Kinds) -> Self {
        let mut shape = Self::default();
        for (at, column) in columns.iter().enumerate() {
            shape.add(column, at, kinds.of(column));
        }
        shape
    }

    fn add(&mut self, path: &str, column: usize, kind: Kind) {
        let Some((parent, rest)) = path.split_once('.') else {
            let name = path.to_owned();
            self.0.push(Member::Value { name, column, kind });
            return;
        };
        for member in &mut self.0 {
            if let Member::Parent { name, shape } = member
                && name == parent
            {
                return shape.add(rest, column, kind);
            }
        }
        let mut shape = Self::default();
        shape.add(rest, column, kind);
        self.0.push(Member::Parent {
            name: parent.to_owned(),
            shape,
        });
    }

    fn is_empty(&self, line: &csv::StringRecord) -> bool {
        self.0.iter().all(|member| match member {
            Member::Value { column, .. } => line.get(*column).is_none_or(str::is_empty),
            Member::Parent { shape, .. } => shape.is_empty(line),
        })
    }

    /// Writes a line as an object.
    pub(super) fn write(&self, line: &csv::StringRecord, out: &mut Vec<u8>) -> io::Result<()> {
        for (at, member) in self.0.iter().enumerate() {
            out.push(if at == 0 { b'{' } else { b',' });
            match member {
                Member::Value { name, column, kind } => {
                    serde_json::to_writer(&mut *out, name)?;
                    out.push(b':');
                    value(line.get(*column).unwrap_or_default(), *kind, out)?;
                }
                Member::Parent { name, shape } => {
                    serde_json::to_writer(&mut *out, name)?;
                    out.push(b':');
                    if shape.is_empty(line) {
                        out.extend_from_slice(b"null");
                    } else {
                        shape.write(line, out)?;
                    }
                }
            }
        }
        out.push(b'}');
        Ok(())
    }
}

/// A value of its type; what does not look like one is a text.
fn value(text: &str, kind: Kind, out: &mut Vec<u8>) -> io::Result<()> {
    let is_plain = match kind {
        Kind::Boolean => matches!(text, "true" | "false"),
        Kind::Integer | Kind::Double => serde_json::from_str::<serde_json::Number>(text).is_ok(),
        Kind::Text | Kind::Date | Kind::Moment => false,
    };
    match text {
        "" => out.write_all(b"null"),
        _ if is_plain => out.write_all(text.as_bytes()),
        _ => Ok(serde_json::to_writer(out, text)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_a_record_with_parents_and_types() {
        let columns = ["Id", "Account.Name", "Account.Owner.Name", "Amount", "Won"];
        let columns = columns.map(str::to_owned);
        let mut kinds = Kinds::default();
        kinds.set("Amount", Kind::Double);
        kinds.set("Won", Kind::Boolean);
        let shape = Shape::of(&columns, &kinds);
        for (line, expected) in [
            (
                ["1", "A \"B\"", "", "1.50E2", "true"],
                r#"{"Id":"1","Account":{"Name":"A \"B\"","Owner":null},"Amount":1.50E2,"Won":true}"#,
            ),
            (
                ["2", "", "", "", "maybe"],
                r#"{"Id":"2","Account":null,"Amount":null,"Won":"maybe"}"#,
            ),
        ] {
            let mut out = Vec::new();
            let line = csv::StringRecord::from(line.to_vec());
            shape.write(&line, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
