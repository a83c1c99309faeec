//! The parser against recorded queries, broken queries and nonsense.

mod corpus;
mod hostile;
