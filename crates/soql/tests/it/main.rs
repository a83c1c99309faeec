//! The parser against the verdicts of others, against nonsense, and against its own printing.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod literals;
#[cfg(test)]
mod places;
#[cfg(test)]
mod skip;
