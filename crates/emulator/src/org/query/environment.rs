//! What the compilation of a statement and of everything inside it has in common.

use std::cell::Cell;

use super::dates::Calendar;
use super::error::Refusals;
use super::resolve::too_complicated;
use crate::org::value::Value;

/// How many values may be bound to one statement.
const PARAMETERS_MAX: usize = 32_000;

/// Which rows a query sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rows {
    /// Those that are not deleted.
    Live,
    /// Those in the recycle bin too.
    All,
}

/// Who asks, when, and in which words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Environment<'a> {
    pub(super) refusals: Refusals<'a>,
    pub(super) calendar: &'a Calendar,
    pub(super) rows: Rows,
    /// The id of the user.
    pub(super) user: &'a str,
    /// The version of the API.
    pub(super) version: u16,
    /// Set once something went into the statement that another call may see otherwise: the user, or
    /// the moment.
    pub(super) is_passing: &'a Cell<bool>,
}

/// The values that are bound to a statement. Their places have numbers: a piece of SQL may stand
/// anywhere, and more than once.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<Value>);

impl Parameters {
    /// Binds a value and returns its place as SQL.
    pub(super) fn bind(&mut self, value: Value) -> String {
        self.0.push(value);
        format!("?{}", self.0.len())
    }

    /// All values, if one statement takes so many.
    pub(super) fn into_values(self) -> Result<Vec<Value>, accredit_soql::Error> {
        if self.0.len() > PARAMETERS_MAX {
            return Err(too_complicated());
        }
        Ok(self.0)
    }
}
