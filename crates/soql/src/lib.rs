#![forbid(unsafe_code)]
//! SOQL: text to syntax tree, and back.
//!
//! [`parse`] turns a statement into a [`ast::Query`]; `Display` of a query prints it in one
//! canonical form that parses to an equal tree, as long as it stays within the limits. Mistakes
//! come as an [`Error`] whose [`message`](Error::message) has the layout of Salesforce's own:
//! excerpt, caret, row and column.
//!
//! ```
//! let query = accredit_soql::parse("select id, account.name from contact limit 5")?;
//! assert_eq!(query.to_string(), "SELECT id, account.name FROM contact LIMIT 5");
//!
//! let error = accredit_soql::parse("SELECT Id FROM Account LIMIT ten").unwrap_err();
//! assert_eq!(error.code().as_str(), "MALFORMED_QUERY");
//! assert_eq!(error.detail(), "unexpected token: 'ten'");
//! # Ok::<(), accredit_soql::Error>(())
//! ```
//!
//! The parser knows no schema. Whether an object, a field or a relationship exists, and whether a
//! field may be filtered, grouped or sorted, is for the caller to say, with
//! [`Error::semantic`] at the [`Span`](ast::Span) of the node in question.
//!
//! Some rules need no schema and are left to that caller all the same, since they speak of what a
//! query means: strings of at most 4,000 characters, `COUNT()` with ORDER BY or GROUP BY or in a
//! sub-query, at most three fields in ROLLUP and CUBE, five levels of relationships, semi-joins
//! under OR, aggregates in WHERE, what may stand beside FIELDS and TYPEOF, and the same field
//! twice.
//!
//! Work is linear in the length of the statement, which is at most [`STATEMENT_LENGTH_MAX`], and
//! nesting is bounded by [`DEPTH_MAX`] and [`QUERY_DEPTH_MAX`]: whoever walks the tree may recurse.

pub mod ast;
mod display;
mod error;
mod lexer;
mod parser;
mod report;

pub use error::{Error, ErrorCode};
pub use parser::{DEPTH_MAX, QUERY_DEPTH_MAX, STATEMENT_LENGTH_MAX, parse};
pub use report::Position;
