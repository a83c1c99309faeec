//! SQL dumps as SQLite and CumulusCI write them.
//!
//! Owns reading them: tables and rows are read, nothing is ever run. What else a dump says about
//! transactions, indexes or settings is passed over; what would do anything else is refused.

use std::collections::BTreeMap;

use super::sql_values::{Reader, Token};
use crate::org::load::error::Trouble;

/// The most columns of a table.
const COLUMNS_MAX: usize = 2_000;

/// A value; nothing for NULL.
pub(super) type SqlValue = Option<String>;

/// A table and its rows, each with its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<(usize, Vec<SqlValue>)>,
}

impl Table {
    /// The number of the column called `name`, in any case.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        let mut columns = self.columns.iter();
        columns.position(|column| column.eq_ignore_ascii_case(name))
    }
}

/// The tables of a dump, by their names in lower case.
pub(in super::super) type Dump = BTreeMap<String, Table>;

/// Reads a dump.
pub(in super::super) fn read(text: &str) -> Result<Dump, Trouble> {
    let mut reader = Reader::new(text);
    let mut dump = Dump::new();
    while let Some(token) = reader.token()? {
        let Token::Word(word) = &token else {
            if token == Token::Symbol(b';') {
                continue;
            }
            return Err(reader.unfit("a statement"));
        };
        match word.to_ascii_uppercase().as_str() {
            "BEGIN" | "COMMIT" | "END" | "PRAGMA" | "ANALYZE" | "DELETE" | "DROP" => {
                reader.skip()?;
            }
            "CREATE" => reader.create(&mut dump)?,
            "INSERT" => reader.insert(&mut dump)?,
            _ => return Err(reader.unfit("CREATE TABLE or INSERT INTO")),
        }
    }
    Ok(dump)
}

impl Reader<'_> {
    /// Passes over the rest of a statement.
    fn skip(&mut self) -> Result<(), Trouble> {
        while let Some(token) = self.token()? {
            if token == Token::Symbol(b';') {
                return Ok(());
            }
        }
        Ok(())
    }

    fn create(&mut self, dump: &mut Dump) -> Result<(), Trouble> {
        let kind = self.name("TABLE")?.to_ascii_uppercase();
        match kind.as_str() {
            "INDEX" | "UNIQUE" => return self.skip(),
            "TABLE" => {}
            _ => return Err(self.unfit("CREATE TABLE or CREATE INDEX")),
        }
        let mut name = self.name("the name of a table")?;
        if name.eq_ignore_ascii_case("IF") {
            self.keyword("NOT")?;
            self.keyword("EXISTS")?;
            name = self.name("the name of a table")?;
        }
        self.symbol(b'(')?;
        let columns = self.columns()?;
        self.skip()?;
        let table = Table {
            columns,
            rows: Vec::new(),
            name: name.clone(),
        };
        if dump.insert(name.to_ascii_lowercase(), table).is_some() {
            return Err(self.unfit("each table once"));
        }
        Ok(())
    }

    /// The names of columns, up to the closing parenthesis.
    fn columns(&mut self) -> Result<Vec<String>, Trouble> {
        let constraints = ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"];
        let mut columns = Vec::new();
        let (mut depth, mut is_first) = (1, true);
        while depth > 0 {
            match self.needed("the name of a column")? {
                Token::Symbol(b'(') => depth += 1,
                Token::Symbol(b')') => depth -= 1,
                Token::Symbol(b',') if depth == 1 => {
                    is_first = true;
                    continue;
                }
                Token::Name(name) if is_first => columns.push(name),
                Token::Word(word)
                    if is_first && !constraints.contains(&word.to_ascii_uppercase().as_str()) =>
                {
                    columns.push(word);
                }
                _ => {}
            }
            is_first = false;
            if columns.len() > COLUMNS_MAX {
                return Err(self.unfit("fewer columns"));
            }
        }
        Ok(columns)
    }

    fn insert(&mut self, dump: &mut Dump) -> Result<(), Trouble> {
        let mut word = self.name("INTO")?;
        if word.eq_ignore_ascii_case("OR") {
            self.name("IGNORE or REPLACE")?;
            word = self.name("INTO")?;
        }
        if !word.eq_ignore_ascii_case("INTO") {
            return Err(self.unfit("INTO"));
        }
        let line = self.line();
        let name = self.name("the name of a table")?;
        let Some(table) = dump.get_mut(&name.to_ascii_lowercase()) else {
            if name.starts_with("sqlite_") {
                return self.skip();
            }
            let problem = format!("expected a table that was created, found {name}");
            return Err(Trouble::new(line, problem));
        };
        let mut order: Option<Vec<usize>> = None;
        let mut token = self.needed("VALUES")?;
        if token == Token::Symbol(b'(') {
            order = Some(self.chosen(table)?);
            token = self.needed("VALUES")?;
        }
        match token {
            Token::Word(word) if word.eq_ignore_ascii_case("VALUES") => {}
            _ => return Err(self.unfit("VALUES")),
        }
        loop {
            self.symbol(b'(')?;
            let line = self.line();
            let row = self.row(table, order.as_deref())?;
            table.rows.push((line, row));
            match self.token()? {
                Some(Token::Symbol(b',')) => {}
                None | Some(Token::Symbol(b';')) => return Ok(()),
                Some(_) => return Err(self.unfit("; after the values")),
            }
        }
    }

    /// The numbers of the columns that an INSERT names.
    fn chosen(&mut self, table: &Table) -> Result<Vec<usize>, Trouble> {
        let mut order = Vec::new();
        loop {
            let name = self.name("the name of a column")?;
            let Some(column) = table.column(&name) else {
                let problem = format!("expected a column of {}, found {name}", table.name);
                return Err(Trouble::new(self.line(), problem));
            };
            order.push(column);
            match self.needed(")")? {
                Token::Symbol(b',') => {}
                Token::Symbol(b')') => return Ok(order),
                _ => return Err(self.unfit(")")),
            }
        }
    }

    /// The values of a row, in the order of the table's columns.
    fn row(&mut self, table: &Table, order: Option<&[usize]>) -> Result<Vec<SqlValue>, Trouble> {
        let expected = order.map_or(table.columns.len(), <[usize]>::len);
        let mut row: Vec<SqlValue> = vec![None; table.columns.len()];
        let mut count = 0;
        loop {
            let value = self.value(0)?;
            let column = order.map_or(Some(count), |order| order.get(count).copied());
            if let Some(slot) = column.and_then(|column| row.get_mut(column)) {
                *slot = value;
            }
            count += 1;
            match self.needed(")")? {
                Token::Symbol(b',') => {}
                Token::Symbol(b')') if count == expected => return Ok(row),
                Token::Symbol(b')') => {
                    let problem = format!(
                        "expected {expected} values for {}, found {count}",
                        table.name
                    );
                    return Err(Trouble::new(self.line(), problem));
                }
                _ => return Err(self.unfit(", or )")),
            }
        }
    }
}
